package catalog

import "github.com/postern-gateway/postern/adapters/chat"

// Cost is what a request has cost, in nano-dollars (1e-9 USD), rounded up; false where
// no price is known. A price by the size of the input holds for all of its tokens.
func (m *Model) Cost(u chat.Usage) (nanos int64, ok bool) {
	if m == nil || len(m.Prices) == 0 {
		return 0, false
	}
	for _, n := range [...]*int64{&u.Input, &u.CachedRead, &u.CacheWrite, &u.Output, &u.Reasoning, &u.Seconds, &u.Searches} {
		*n = min(max(*n, 0), mostTokens) // whatever a provider says, the sum is a number
	}
	p := m.price(u.Input)
	plain := u.Input - u.CachedRead - u.CacheWrite
	picos := max(plain, 0)*p.Input +
		u.CachedRead*either(p.CachedRead, p.Input) +
		u.CacheWrite*either(p.CacheWrite, p.Input) +
		max(u.Output-u.Reasoning, 0)*p.Output +
		u.Reasoning*either(p.Reasoning, p.Output)
	const inNano = 1000
	return (picos+inNano-1)/inNano + (p.Request+u.Seconds*p.Second+u.Searches*p.Search)*inNano, true
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

// Estimate is what a request will cost as far as its input tells, in nano-dollars rounded
// up, and then for each token of its answer, in thousandths of one; false where no price is
// known.
func (m *Model) Estimate(input int64) (fixed, each int64, ok bool) {
	fixed, ok = m.Cost(chat.Usage{Input: input})
	if !ok {
		return 0, 0, false
	}
	p := m.price(input)
	return fixed, max(p.Output, p.Reasoning), true
}
