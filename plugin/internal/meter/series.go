// Package meter names the gateway's metrics and keeps how many there are in bounds.
//
// Metrics of proxy-wasm have a name and an unsigned value: no labels, no units. So
// labels are written into the name as ;key=value, which Envoy's stats_tags turn back
// into labels, and durations are in milliseconds. The names are those of the
// OpenTelemetry conventions for generative AI
// (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/) where they
// have one.
package meter

import "strconv"

// Kind is what a metric does with its values.
type Kind uint8

// Kinds, numbered as the ABI does.
const (
	Counter Kind = iota
	Gauge
	Histogram
)

// A Series is one metric. Host is the proxy's number for it once it is Defined;
// both belong to whoever talks to the proxy.
type Series struct {
	Kind    Kind
	Name    string
	Host    uint32
	Defined bool
}

// A Sample is a value for a series.
type Sample struct {
	Series *Series
	Value  uint64
}

// Labels say what a request was about. Each is from the configuration or from a short
// list; only where no models are configured is Model what the client wrote, and then
// maxGroups bounds how many there can be.
type Labels struct {
	Operation, Provider, Model string
}

// A Group has the series of one set of labels.
type Group struct {
	labels string

	Duration         *Series // gen_ai.client.operation.duration
	FirstChunk       *Series // gen_ai.client.operation.time_to_first_chunk
	InputUsage       *Series // gen_ai.client.token.usage, type input
	OutputUsage      *Series // the same, type output
	Input, Output    *Series // sums, which a proxy can be asked for
	CachedRead       *Series
	CacheWrite       *Series
	Reasoning        *Series
	Cost             *Series // nano-dollars
	Unpriced         *Series // answers whose model has no price
	Oversized        *Series // requests that seemed larger than their model takes
	Estimated        *Series // answers whose tokens were estimated
	requestsByStatus map[int]*Series
	units            map[string]*Series
}

// maxGroups bounds the label sets of a worker: those that come later are counted
// together, under the model "other".
const maxGroups = 500

// Set is all series of a worker.
type Set struct {
	groups map[Labels]*Group
	all    []*Series
	last   *Group // most requests are like the one before
	lastOf Labels
	plain  map[string]*Series
	cache  []cacheSeries // there are few, and each hit has three
}

type cacheSeries struct {
	what string
	*Series
}

// NewSet returns an empty set.
func NewSet() *Set {
	return &Set{groups: map[Labels]*Group{}, plain: map[string]*Series{}}
}

// All are the series made so far, for a report of their values.
func (s *Set) All() []*Series { return s.all }

// Plain is a counter without labels but those in its name.
//
//go:noinline
func (s *Set) Plain(name string) *Series {
	return s.plainOf(Counter, name)
}

func (s *Set) plainOf(kind Kind, name string) *Series {
	x, ok := s.plain[name]
	if !ok {
		x = s.add(kind, name)
		s.plain[name] = x
	}
	return x
}

// Group finds or makes the series for labels.
//
//go:noinline
func (s *Set) Group(l Labels) *Group {
	if s.last == nil || s.lastOf != l {
		s.last, s.lastOf = s.find(l), l
	}
	return s.last
}

func (s *Set) find(l Labels) *Group {
	if g, ok := s.groups[l]; ok {
		return g
	}
	if len(s.groups) >= maxGroups {
		l.Model = "other"
		if g, ok := s.groups[l]; ok {
			return g
		}
	}
	g := s.newGroup(l)
	s.groups[l] = g
	return g
}

func (s *Set) newGroup(l Labels) *Group {
	labels := ";operation=" + clean(l.Operation) + ";provider=" + clean(l.Provider) + ";model=" + clean(l.Model)
	usage := func(kind string) *Series {
		return s.add(Histogram, "gen_ai.client.token.usage"+labels+";type="+kind)
	}
	sum := func(kind string) *Series { return s.add(Counter, "postern.tokens"+labels+";type="+kind) }
	return &Group{
		labels:           labels,
		Duration:         s.add(Histogram, "gen_ai.client.operation.duration_ms"+labels),
		FirstChunk:       s.add(Histogram, "gen_ai.client.operation.time_to_first_chunk_ms"+labels),
		InputUsage:       usage("input"),
		OutputUsage:      usage("output"),
		Input:            sum("input"),
		Output:           sum("output"),
		CachedRead:       sum("cache_read"),
		CacheWrite:       sum("cache_write"),
		Reasoning:        sum("reasoning"),
		Cost:             s.add(Counter, "postern.cost_nano_usd"+labels),
		Unpriced:         s.add(Counter, "postern.unpriced"+labels),
		Oversized:        s.add(Counter, "postern.oversized"+labels),
		Estimated:        s.add(Counter, "postern.estimated"+labels),
		requestsByStatus: map[int]*Series{},
	}
}

// Exchanges counts how keys were exchanged for tokens; outcome is ok or failed.
func (s *Set) Exchanges(provider, outcome string) *Series {
	return s.Plain("postern.token_exchanges;provider=" + clean(provider) + ";outcome=" + outcome)
}

// KeySets counts how the keys of tokens' issuers were fetched; outcome is ok or failed.
func (s *Set) KeySets(cluster, outcome string) *Series {
	return s.Plain("postern.key_sets;cluster=" + clean(cluster) + ";outcome=" + outcome)
}

// Limited counts what limits have done to requests: refused, shadow, lowered, waited,
// degraded, cut.
func (s *Set) Limited(name, outcome string) Sample {
	return Sample{Series: s.named("postern.limited;limit=", name, ";outcome="+outcome), Value: 1}
}

// FellBack counts targets that did not do, and for which reason.
func (s *Set) FellBack(provider, reason string) Sample {
	return Sample{Series: s.Plain("postern.fallbacks;provider=" + clean(provider) + ";reason=" + reason), Value: 1}
}

// Rested counts how often a provider's place was ejected, or a key of it put to rest.
func (s *Set) Rested(provider string, place bool) Sample {
	what := "key"
	if place {
		what = "target"
	}
	return Sample{Series: s.Plain("postern.rests;provider=" + clean(provider) + ";what=" + what), Value: 1}
}

// Meant counts what requests of a model were found to be about: found, none, or why it could not
// be found out.
func (s *Set) Meant(model, outcome string) Sample {
	return Sample{Series: s.named("postern.meaning;model=", model, ";outcome="+outcome), Value: 1}
}

// MeaningTokens and MeaningCost are what finding that out has used at a provider.
func (s *Set) MeaningTokens(provider string) *Series {
	return s.Plain("postern.meaning_tokens;provider=" + clean(provider))
}

// MeaningCost is the same in nano-dollars.
func (s *Set) MeaningCost(provider string) *Series {
	return s.Plain("postern.meaning_cost_nano_usd;provider=" + clean(provider))
}

// MeaningTime is how long it took, for each model once.
func (s *Set) MeaningTime(model string) *Series {
	return s.add(Histogram, "postern.meaning_duration_ms;model="+clean(model))
}

// Cached counts what the cache has done; what is the rest of the name, with its labels:
// ;outcome=hit, similar, miss, bypass, shadow, similar_shadow, stored, evicted or outdated, _not_kept;outcome= and why, and
// _saved_tokens and _saved_nano_usd.
func (s *Set) Cached(what string, n int64) Sample {
	for i := range s.cache {
		if s.cache[i].what == what {
			return Sample{Series: s.cache[i].Series, Value: uint64(n)}
		}
	}
	x := cacheSeries{what, s.Plain("postern.cache" + what)}
	s.cache = append(s.cache, x)
	return Sample{Series: x.Series, Value: uint64(n)}
}

// CacheBytes is what the cache holds in memory: workers say by how much they change it.
func (s *Set) CacheBytes(change int64) Sample {
	const name = "postern.cache_bytes"
	x, ok := s.plain[name]
	if !ok {
		x = s.add(Gauge, name)
		s.plain[name] = x
	}
	return Sample{Series: x, Value: uint64(change)}
}

// StoreAsked counts questions to the cache's store: what is find, keep, remove or probe,
// outcome ok, unanswered, refused, unread, void or busy. What breaker counts is that it was
// opened and closed.
func (s *Set) StoreAsked(what, outcome string) Sample {
	return Sample{Series: s.Plain("postern.cache_store;what=" + what + ";outcome=" + outcome), Value: 1}
}

// StoreTook is how long a question took, in microseconds.
func (s *Set) StoreTook(what string, nanos int64) Sample {
	name := "postern.cache_store_us;what=" + what
	x, ok := s.plain[name]
	if !ok {
		x = s.add(Histogram, name)
		s.plain[name] = x
	}
	return Sample{Series: x, Value: uint64(max(1, nanos/1e3))}
}

// Threshold counts budgets that have come to a percent of theirs.
func (s *Set) Threshold(budget, percent string) Sample {
	return Sample{Series: s.named("postern.budget_thresholds;budget=", budget, ";percent="+percent), Value: 1}
}

// named is a counter of something that a configuration names, of which there may be
// thousands: those that come late are counted together.
func (s *Set) named(what, name, rest string) *Series {
	full := what + clean(name) + rest
	if _, ok := s.plain[full]; !ok && len(s.plain) >= maxGroups {
		full = what + "other" + rest
	}
	return s.Plain(full)
}

// Access counts what an access rule has refused, or would have: outcome is denied or
// shadow.
func (s *Set) Access(rule, outcome string) *Series {
	return s.Plain("postern.access;rule=" + clean(rule) + ";outcome=" + outcome)
}

// UsageLost counts sums of usage that had to go before their time.
func (s *Set) UsageLost(n int64) Sample {
	return Sample{Series: s.Plain("postern.usage_lost"), Value: uint64(n)}
}

// Guard counts what a guard has found of a kind.
func (s *Set) Guard(guard, kind string) *Series {
	return s.Plain("postern.guard;guard=" + clean(guard) + ";kind=" + clean(kind))
}

// HeldBytes is how much of a streamed answer a guard has held back at once, at most.
func (s *Set) HeldBytes(guard string) *Series {
	return s.plainOf(Histogram, "postern.guard_held_bytes;guard="+clean(guard))
}

// HeldMillis is for how long a guard has held back any part of one, at most.
func (s *Set) HeldMillis(guard string) *Series {
	return s.plainOf(Histogram, "postern.guard_held_ms;guard="+clean(guard))
}

// Requests counts requests that ended with a status; 0 is a client that hung up.
func (s *Set) Requests(g *Group, status int) *Series {
	x, ok := g.requestsByStatus[status]
	if !ok {
		x = s.add(Counter, "postern.requests"+g.labels+";status="+strconv.Itoa(status))
		g.requestsByStatus[status] = x
	}
	return x
}

// Units counts what is no token, such as searches or images. Few groups have such.
//
//go:noinline
func (s *Set) Units(g *Group, unit string) *Series {
	x, ok := g.units[unit]
	if !ok {
		x = s.add(Counter, "postern."+unit+g.labels)
		if g.units == nil {
			g.units = map[string]*Series{}
		}
		g.units[unit] = x
	}
	return x
}

//go:noinline
func (s *Set) add(k Kind, name string) *Series {
	x := &Series{Kind: k, Name: name}
	s.all = append(s.all, x)
	return x
}

// clean keeps a label's value from being read as another label.
//
//go:noinline
func clean(v string) string {
	if v == "" {
		return "none"
	}
	b := []byte(v)
	for i, c := range b {
		if c <= ' ' || c == ';' || c == '=' || c >= 0x7f {
			b[i] = '_'
		}
	}
	return string(b)
}
