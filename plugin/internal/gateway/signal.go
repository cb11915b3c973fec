package gateway

import (
	"github.com/postern-gateway/postern/plugin/internal/cache"
	"github.com/postern-gateway/postern/plugin/internal/config"
)

// signal tells the proxy's other filters about a request that leaves for its provider.
func (s *Stream) signal(step *Step) {
	for _, x := range s.w.plan.Signals.Headers {
		if v := s.fact(x.Fact); v != "" {
			step.set(x.Name, v)
		}
	}
	s.properties(step)
}

func (s *Stream) properties(step *Step) {
	for _, x := range s.w.plan.Signals.Properties {
		if v := s.fact(x.Fact); v != "" {
			step.tell(x.Name, []byte(v))
		}
	}
}

// fact is what is known of a request; empty is nothing.
func (s *Stream) fact(f config.Fact) string {
	v := ""
	switch f {
	case config.FactModel:
		v = s.label
	case config.FactProvider:
		v = s.target.Provider.Name
	case config.FactOperation:
		v = s.endpoint.Op.String()
	case config.FactCacheID:
		if k := s.cache.query.Key; k != (cache.Key{}) && s.cache.keeps() {
			v = hexOf(k)
		}
	case config.FactHash:
		v = s.hashKey()
	case config.FactChain:
		v = s.chain()
	default:
		c := s.caller
		if c == nil {
			return ""
		}
		switch f {
		case config.FactConsumer:
			v = c.Name
		case config.FactTenant:
			v = c.Tenant
		case config.FactTier:
			v = c.Tier
		}
	}
	return escaped(v)
}

// maxFact is how many bytes of a name the proxy is told: a client may choose the model's.
const maxFact = 256

// escaped writes a name so that it can stand in a header, and so that two names stay two:
// all but printable ASCII without blanks is percent-encoded.
func escaped(name string) string {
	if len(name) <= maxFact && plain(name) {
		return name
	}
	const digits = "0123456789ABCDEF"
	var b []byte
	for i := 0; i < len(name) && len(b) < maxFact; i++ {
		if c := name[i]; isPlain(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(b)
}

func plain(s string) bool {
	for i := range len(s) {
		if !isPlain(s[i]) {
			return false
		}
	}
	return true
}

func isPlain(c byte) bool { return c > ' ' && c < 0x7f && c != '%' }

// maxAmount is the largest that Envoy's rate limit filter takes; it leaves out, and so
// does not count, what is more.
const maxAmount = 1_000_000_000

// amounts tells the proxy's other filters what a request has taken, which is nothing if no
// provider has got it.
func (s *Stream) amounts(step *Step) {
	if a := s.attempts; a != nil && a.at > 0 || s.handed != nil { // another model or provider than it left for
		s.properties(step)
	}
	for _, x := range s.w.plan.Signals.Amounts {
		n := min(s.amount(x.Fact), maxAmount)
		step.tell(x.Name, []byte(itoa(int(n))))
	}
}

func (s *Stream) amount(f config.Fact) int64 {
	usage, cost, _ := s.total()
	input, output := min(max(usage.Input, 0), maxAmount), min(max(usage.Output, 0), maxAmount)
	switch f {
	case config.FactInputTokens:
		return input
	case config.FactOutputTokens:
		return output
	case config.FactCost:
		const nanosInMicro = 1000
		return (cost + nanosInMicro - 1) / nanosInMicro // rounded up: nothing is free that has a price
	}
	return input + output
}
