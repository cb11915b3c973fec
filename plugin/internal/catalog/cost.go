package catalog

import "github.com/postern-gateway/postern/adapters/chat"

// Cost is what a request has cost, in nano-dollars (1e-9 USD), rounded up; false where
// no price is known. A price by the size of the input holds for all of its tokens. Images
// cost by their format if the provider has not counted tokens for them.
func (m *Model) Cost(u chat.Usage, f Format) (nanos int64, ok bool) {
	if m == nil {
		return 0, false
	}
	for _, n := range [...]*int64{&u.Input, &u.CachedRead, &u.CacheWrite, &u.ImageInput, &u.Output, &u.Reasoning, &u.Seconds, &u.Searches, &u.Images, &u.Characters} {
		*n = min(max(*n, 0), mostTokens) // whatever a provider says, the sum is a number
	}
	if len(m.Images) > 0 && u.Images > 0 && (u.Estimated || u.Total() == 0) {
		return m.images(u.Images, f)
	}
	if len(m.Prices) == 0 {
		return 0, false
	}
	p := m.price(u.Input)
	plain := u.Input - u.CachedRead - u.CacheWrite - u.ImageInput
	picos := max(plain, 0)*p.Input +
		u.CachedRead*either(p.CachedRead, p.Input) +
		u.CacheWrite*either(p.CacheWrite, p.Input) +
		u.ImageInput*either(p.Image, p.Input) +
		max(u.Output-u.Reasoning, 0)*p.Output +
		u.Reasoning*either(p.Reasoning, p.Output) +
		u.Characters*p.Character
	nanos = (picos+inNano-1)/inNano + (p.Request+u.Seconds*p.Second+u.Searches*p.Search)*inNano
	return nanos, nanos > 0 || u.Images+u.Characters == 0 // what was made is not free only because its price is for something else
}

// inNano is how many times smaller the smaller unit is.
const inNano = 1000

func (m *Model) images(n int64, f Format) (nanos int64, ok bool) {
	for i := range m.Images {
		if p := &m.Images[i]; p.holds(f) {
			return n * p.Each * inNano, true
		}
	}
	return 0, false
}

// mostTokens is far beyond any request.
const mostTokens = 1e9

func (m *Model) price(input int64) *Price {
	for i := range m.Prices {
		if p := &m.Prices[i]; p.UpTo == 0 || input <= p.UpTo {
			return p
		}
	}
	return &m.Prices[len(m.Prices)-1]
}

func either(price, otherwise int64) int64 {
	if price == 0 {
		return otherwise
	}
	return price
}

// EstimateText is Estimate for a request of so many tokens of text, as nearly all are.
func (m *Model) EstimateText(input int64) (fixed, each int64, ok bool) {
	if m == nil || len(m.Prices) == 0 {
		return 0, 0, false
	}
	input = min(max(input, 0), mostTokens)
	p := m.price(input)
	picos := uint64(input)*uint64(p.Input) + uint64(p.Request)*(inNano*inNano)
	return int64((picos + inNano - 1) / inNano), max(p.Output, p.Reasoning), true
}

// Estimate is what a request will cost as far as it tells itself, in nano-dollars rounded
// up, and then for each token of its answer, in thousandths of one; false where no price is
// known. Images whose format has none are those of models that count tokens for them.
// Speech is priced by nothing that its answer would have to tell.
func (m *Model) Estimate(u chat.Usage, f Format) (fixed, each int64, ok bool) {
	if u.Characters > 0 {
		u.Input = 0
	}
	u.Estimated = true
	if fixed, ok = m.Cost(u, f); !ok && u.Images > 0 {
		fixed, ok = m.Cost(chat.Usage{Input: u.Input}, f)
	}
	if !ok || len(m.Prices) == 0 {
		return fixed, 0, ok
	}
	p := m.price(u.Input)
	return fixed, max(p.Output, p.Reasoning), true
}
