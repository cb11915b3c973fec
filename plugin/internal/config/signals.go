package config

import (
	"strings"

	"github.com/postern-gateway/postern/adapters/strict"
)

// A Fact is what the proxy's other filters can be told of a request.
type Fact uint8

// Facts: who calls and what for, known when the request leaves for its provider, and what
// it has taken, known when its answer is over.
const (
	FactConsumer Fact = iota
	FactTenant
	FactTier
	FactModel
	FactProvider
	FactOperation
	FactCacheID
	FactHash  // of what sticks
	FactChain // what may follow on the target
	FactTokens
	FactInputTokens
	FactOutputTokens
	FactCost
)

// A Signal is a fact under the name that the proxy gets it by.
type Signal struct {
	Fact Fact
	Name string
}

// Signals are what the proxy's other filters are told.
type Signals struct {
	Headers    []Signal // of the request, for what follows in the chain; the route removes them
	Properties []Signal // set when the request leaves for its provider
	Amounts    []Signal // properties that are set when the stream is over
}

// Header reports whether a header of that name tells something to the proxy.
func (s *Signals) Header(name string) bool {
	for i := range s.Headers {
		if s.Headers[i].Name == name {
			return true
		}
	}
	return false
}

func (r *reader) signals(o *strict.Object) {
	callers := []string{"consumer", "tenant", "tier", "model", "provider", "operation", "cache_id", "hash", "chain"}
	all := append(callers, "tokens", "input_tokens", "output_tokens", "cost_micro_usd")
	out := &r.out.Signals
	o.Object("signals", "What the proxy's other filters are told of a request, for limits, routes, caches and logs of their own.", func(o *strict.Object) {
		for _, name := range o.Enums("headers", "Request headers x-postern-NAME (with - for _) for the filters behind this one and for routes. The route has to remove them. cache_id is the key of the request's answer in the cache, if one may be kept.", nil, callers...) {
			out.Headers = append(out.Headers, Signal{factOf(name, all), "x-postern-" + strings.ReplaceAll(name, "_", "-")})
		}
		for _, name := range o.Enums("properties", "Properties postern_NAME, in Envoy the filter state wasm.postern_NAME. What a request has taken is there when its answer is over.", nil, all...) {
			x := Signal{factOf(name, all), "postern_" + name}
			if x.Fact < FactTokens {
				out.Properties = append(out.Properties, x)
			} else {
				out.Amounts = append(out.Amounts, x)
			}
		}
	})
}

// factOf finds the fact by its name; names are in the order of facts.
func factOf(name string, names []string) Fact {
	for i, n := range names {
		if n == name {
			return Fact(i)
		}
	}
	return 0 // it is one of names: the declaration takes no other
}
