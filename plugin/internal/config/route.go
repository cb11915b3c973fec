package config

import (
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/route"
)

// A Model is a name that clients may ask for.
type Model struct {
	Name    string   // with * for any characters
	Groups  []*Group // branches in their order; the last is for all that no other is for
	Targets []Target // of all groups
	Meaning *Meaning // nil: no branch has examples

	// Told says that clients are told which target has answered: there are several.
	Told bool
}

// A Group is targets that serve the requests of one branch.
type Group struct {
	Name     string      // of the branch; empty: it has none
	When     *route.When // nil: for all
	Class    int         // of the model's Meaning, from 1; 0: it has no examples
	Examples []string
	About    string
	Pick     route.Group
	Targets  []Target // those of Pick, in its order
	Sticky   route.Sticky
	Retry    Retry
	Fallback []Fallback
	Mirror   *Mirror // nil: nothing is copied
	Life     *Life   // of its answers in the cache; nil: as of the model's

	Native  bool   // the proxy retries, and picks among Targets and Fallback
	Cluster string // of a native group: where its requests go, unless their target says
	Picks   bool   // a native group's targets have clusters of their own to choose from

	// Redirect says that the proxy carries what follows, by internal redirects, to the
	// clusters of Targets and Fallback.
	Redirect bool

	FirstToken time.Duration // until a stream has to have content; 0: whenever
	Idle       time.Duration // that a stream may say nothing; 0: as long as it likes
	Continue   Continue
	Timeout    time.Duration // until any other answer has to begin; 0: whenever
	Deadline   time.Duration // until nothing more is begun; 0: never
}

// A Retry says how often and why another target of a group is tried, or one again.
type Retry struct {
	Attempts int
	Backoff  time.Duration // before a target that was tried already
	On       route.Cause
}

// A Continue says whether another target goes on with a stream that breaks off amid its text.
type Continue struct {
	Attempts int // that are made for one stream; 0: none
	Text     int // bytes that there may be to go on with
}

// A Fallback is a target for when a group has failed for one of some reasons.
type Fallback struct {
	Target
	On route.Cause
}

// A Mirror is a target that gets copies of some requests, whose answers nobody gets.
type Mirror struct {
	Target
	Percent    float64 // of conversations
	Concurrent int     // copies that a worker has under way at most
	Timeout    time.Duration
	Number     int // among the plan's
}

// Again reports whether anything can follow on a failure.
func (g *Group) Again() bool { return g.Retry.Attempts > 0 || len(g.Fallback) > 0 }

// HandsOver reports whether the proxy's attempts translate, and not the gateway.
func (g *Group) HandsOver() bool { return g.Native || g.Redirect }

// Next is the first fallback from a place on that is for a reason, or for an answer with a
// status; -1 if there is none.
//
//go:noinline
func (g *Group) Next(from int, why route.Reason, status int) int {
	for i := from; i < len(g.Fallback); i++ {
		if g.Fallback[i].On.Has(why, status) {
			return i
		}
	}
	return -1
}

// Names reports whether an answer's status makes something follow whatever else it says.
func (g *Group) Names(status int) bool {
	if g.Retry.Attempts > 0 && g.Retry.On.Names(status) {
		return true
	}
	for i := range g.Fallback {
		if g.Fallback[i].On.Names(status) {
			return true
		}
	}
	return false
}

// Branch is the group that a request is for by its conditions, and the classes of those
// before it that it would be for if it were about what they are about, as bits.
func (m *Model) Branch(r route.Request, now int64) (g *Group, classes uint64) {
	last := len(m.Groups) - 1
	for _, g := range m.Groups[:last] {
		switch {
		case !g.When.Holds(r, now):
		case g.Class > 0:
			classes |= 1 << (g.Class - 1)
		default:
			return g, classes
		}
	}
	return m.Groups[last], classes
}

// A Usual is the group for most requests of a tenant and a tier for one operation, in one
// piece or as streams: for those that give no branch before it a reason.
type Usual struct {
	Group   *Group   // nil: it depends on the time, or on what requests say
	Headers bool     // they have none of the headers that the configuration names
	Tags    bool     // nor has their caller tags
	Names   []string // nor a name that one of these patterns is for
}

// Usual is that of requests like one, of which only that is asked for.
func (m *Model) Usual(r route.Request) (u Usual) {
	last := len(m.Groups) - 1
	for _, g := range m.Groups[:last] {
		w := g.When
		switch {
		case !w.Admits(r):
		case w.Headers != nil:
			u.Headers = true
		case w.Tags != nil:
			u.Tags = true
		case w.Consumers != nil:
			u.Names = append(u.Names, w.Consumers...)
		case g.Class > 0 || w.Varies():
			return Usual{}
		default:
			u.Group = g
			return u
		}
	}
	u.Group = m.Groups[last]
	return u
}

// spot is the place of a provider and a model of it.
func (r *reader) spot(p *Provider, model string) int {
	key := [2]string{p.Label(), model}
	at, ok := r.spots[key]
	if !ok {
		at = len(r.out.Spots)
		s := route.Spot{Provider: key[0], Model: model, Keys: len(p.Keys), Wide: p.Place}
		for i := range p.Keys {
			if p.Keys[i].Source == Passthrough { // each client has its own
				s.Keys = 0
			}
		}
		r.spots[key] = at
		r.out.Spots = append(r.out.Spots, s)
	}
	return at
}

func (r *reader) models(o *strict.Object, doc string) *Models {
	var list []*Model
	o.Objects("models", doc, func(_ int, o *strict.Object) {
		m := &Model{Name: o.Str("name", "Name for clients, with * for any characters.", "")}
		o.Require("name")
		meaning, otherwise := r.meaning(o)
		o.Objects("when", "Branches for some of the requests, in their order; the first whose conditions all hold serves a request, and the model's own targets the rest.", func(_ int, o *strict.Object) {
			name := o.Str("name", "Name in logs.", "")
			w := r.conditions(o)
			g := r.group(m, o)
			g.Name, g.When = name, w
			r.class(g, o)
			g.Life = r.branchLife(o)
			m.Groups = append(m.Groups, g)
		})
		branches := len(m.Targets)
		m.Groups = append(m.Groups, r.group(m, o))
		r.means(m, meaning, otherwise, o)
		// Who names a provider in the path gets the model's own target there, before a branch's.
		m.Targets = append(m.Targets[branches:len(m.Targets):len(m.Targets)], m.Targets[:branches]...)
		for _, g := range m.Groups {
			m.Told = m.Told || len(m.Targets) > 1 || g.Again()
		}
		list = append(list, m)
	})
	return newModels(list)
}

// group reads targets and how they are used.
func (r *reader) group(m *Model, o *strict.Object) *Group {
	g := &Group{Pick: route.Group{Number: r.out.Groups}}
	r.out.Groups++
	r.mechanism(g, o)
	o.Objects("targets", "Where requests go.", func(_ int, o *strict.Object) {
		t := r.target(m, o)
		t.Weight = o.Int("weight", "Its share of the requests.", 1, 0, 1_000_000)
		t.ownCluster(g, o)
		g.Targets = append(g.Targets, t)
		hash := route.Hash(t.Model)
		if t.Provider != nil {
			hash = route.Hash(t.Provider.Label(), t.Model)
		}
		g.Pick.Targets = append(g.Pick.Targets, route.Target{Hash: hash, Weight: t.Weight, Place: t.Place})
	})
	o.Require("targets")
	total := 0
	for _, t := range g.Targets {
		total += t.Weight
	}
	switch {
	case !o.Has("targets"):
	case len(g.Targets) == 0:
		o.Fail("targets", "want at least one target")
	case len(g.Targets) > route.MaxTargets:
		o.Fail("targets", "want at most 64 targets")
	case total == 0:
		o.Fail("targets", "want a target with a weight above 0")
	}
	m.Targets = append(m.Targets, g.Targets...)
	word := o.Enum("strategy", "How one of them is chosen: weighted by chance, round_robin in turn, least_in_flight where this worker has the fewest requests under way, lowest_latency the faster of two, cheapest by the catalogue among those that the request fits, priority the first that is well.", "weighted", route.StrategyNames()...)
	for s := range route.NumStrategies {
		if s.String() == word {
			g.Pick.Strategy = s
		}
	}
	switch o.Enum("sticky", "What the same target serves as long as it is well: all of a consumer's requests, or all of a conversation (session id, prompt_cache_key, or how it begins).", "none", "none", "consumer", "conversation") {
	case "consumer":
		g.Sticky = route.ByConsumer
	case "conversation":
		g.Sticky = route.ByConversation
	}
	r.retry(g, o)
	o.Objects("fallback", "Where a request goes when the targets have failed, in this order.", func(_ int, o *strict.Object) {
		f := Fallback{Target: r.target(m, o)}
		f.On = cause(o)
		f.ownCluster(g, o)
		if g.Native && o.Has("on") {
			o.Fail("on", "goes with mechanism: plugin; here the proxy picks what follows, for any reason of retry.on")
		}
		g.Fallback = append(g.Fallback, f)
	})
	g.FirstToken = o.Duration("first_token", "Until a stream has to have content, or the next target is tried; 0s: whenever it likes. It is looked at ten times a second, and given up at the last time before.", 0, 0, time.Hour)
	g.Idle = o.Duration("idle", "How long a stream may say nothing once it has begun; 0s: as long as it likes. It is looked at as first_token is.", 0, 0, time.Hour)
	o.Object("continue", "Has the next target go on with a stream that breaks off amid its text, within the same answer. All streams of the model are translated then, also for clients of the provider's own API.", func(o *strict.Object) {
		g.Continue.Attempts = o.Int("attempts", "How often for one stream.", 1, 1, maxRetries)
		g.Continue.Text = o.Bytes("text", "How long the text may be that there is to go on with.", 64<<10, 1<<10, 1<<20)
	})
	g.leaveToProxy(o)
	g.Timeout = o.Duration("timeout", "Until an answer that is no stream has to come, or the next target is tried; 0s: whenever it likes. Models say nothing before they have thought of all, so it has to be long.", 0, 0, time.Hour)
	g.Deadline = o.Duration("deadline", "After this nothing more is tried, counted from the request; 0s: never.", 0, 0, time.Hour)
	r.mirror(m, g, o)
	return g
}

// mirror reads where copies go.
func (r *reader) mirror(m *Model, g *Group, o *strict.Object) {
	o.Object("mirror", "A target that gets a copy of some requests, as guards leave them, by a call of the gateway's own. Nobody gets its answer, which is counted by postern.mirror metrics. It takes no part in limits, health and what clients see.", func(o *strict.Object) {
		x := &Mirror{Target: r.target(m, o), Number: len(r.out.Mirrors)}
		x.Percent = o.Float("percent", "How many of the conversations are copied, each always or never: by session id, prompt_cache_key or how it begins.", 100, 0, 100)
		x.Concurrent = o.Int("concurrent", "How many copies a worker has under way at most; what comes more is not copied.", 8, 1, 64)
		x.Timeout = o.Duration("timeout", "How long the answer to a copy may take.", time.Minute, 100*time.Millisecond, 5*time.Minute)
		if x.Provider == nil {
			return
		}
		r.ownKeys(x.Provider, o)
		g.Mirror = x
		r.out.Mirrors = append(r.out.Mirrors, x)
	})
}

func (r *reader) retry(g *Group, o *strict.Object) {
	usual := 0
	if g.Native {
		usual = min(len(g.Targets)+o.Value("fallback").Len()-1, maxRetries)
	} else if g.Pick.Strategy == route.Priority {
		usual = min(len(g.Targets)-1, maxRetries)
	}
	usual = max(0, usual)
	g.Retry = Retry{Attempts: usual, On: route.Cause{Reasons: route.Failures}}
	o.Object("retry", "How another of the targets is tried when one fails, or the same if there is no other.", func(o *strict.Object) {
		g.Retry.Attempts = o.Int("attempts", "How often, beside the first. With the strategy priority it is as often as there are other targets unless said, with mechanism: native as often as there are other targets and fallbacks.", usual, 0, maxRetries)
		g.Retry.Backoff = o.Duration("backoff", "How long to wait before a target that has failed already, at first; each time twice as long, and by chance up to half less. It is looked at ten times a second.", 500*time.Millisecond, 0, time.Minute)
		g.Retry.On = cause(o)
		switch {
		case g.Native && o.Has("backoff"):
			o.Fail("backoff", "goes with mechanism: plugin; here it is the retry_back_off of the proxy's route")
		case g.Redirect && o.Has("backoff"):
			o.Fail("backoff", "goes with mechanism: plugin; the proxy redirects at once")
		case g.Redirect:
			g.Retry.Backoff = 0
		}
		if g.Native && g.Retry.On.Reasons.Has(route.Guarded) {
			o.Fail("on", "guard goes with mechanism: plugin; here guards read what the proxy has let pass")
		}
	})
}

// maxRetries bounds tries at a group's own targets.
const maxRetries = 10

// cause reads what makes something else be tried.
func cause(o *strict.Object) route.Cause {
	names := route.ReasonNames()
	words, numbers := o.Mixed("on", "For which reasons, or for which statuses of answers, such as 429 or 5xx; none means all reasons but context_length, content_filter and guard, which are about this request and no failures.", 400, 599, append(names[:len(names):len(names)], "4xx", "5xx")...)
	if len(words)+len(numbers) == 0 {
		return route.Cause{Reasons: route.Failures}
	}
	var c route.Cause
	for why := route.Reason(1); why < route.Resting; why++ {
		if slices.Contains(words, why.String()) {
			c.Reasons = c.Reasons.With(why)
		}
	}
	for _, class := range [...]int{4, 5} {
		if slices.Contains(words, string(rune('0'+class))+"xx") {
			c.Statuses = append(c.Statuses, route.Statuses{First: 100 * class, Last: 100*class + 99})
		}
	}
	for _, n := range numbers {
		c.Statuses = append(c.Statuses, route.Statuses{First: n, Last: n})
	}
	return c
}

// target reads one place to go.
func (r *reader) target(m *Model, o *strict.Object) Target {
	name := o.Str("provider", "Name of a provider.", "")
	t := Target{Model: o.Str("model", "What the provider calls the model; empty is the name that the client used.", "")}
	o.Require("provider")
	if t.Provider = r.scope.find(name); t.Provider == nil {
		if name != "" {
			o.Fail("provider", "no provider is called "+strict.Quote(name)+strict.Near(name, r.scope.names()))
		}
		return t
	}
	model := t.Model
	if model == "" {
		model = "as " + m.Name // whatever of it clients ask for
	}
	t.Place = r.spot(t.Provider, model)
	return t
}

// conditions reads for which requests a branch is.
func (r *reader) conditions(o *strict.Object) *route.When {
	w := &route.When{
		Consumers:  o.Strings("consumers", "Names of consumers, with * for any characters. Who is unknown is in no list."),
		Tenants:    o.Strings("tenants", "Names of tenants, with *."),
		Tiers:      o.Strings("tiers", "Names of tiers, with *."),
		Tags:       o.Strings("tags", "Tags, of which the consumer has one, with *."),
		Operations: operations(o),
		Stream:     wish(o, "stream", "Whether the client asks for a stream."),
		MinTokens:  int64(o.Int("min_tokens", "Tokens that the request has at least, by an estimate.", 0, 0, 1<<30)),
		MaxTokens:  int64(o.Int("max_tokens", "Tokens that the request has at most, by an estimate; 0: as many as it likes.", 0, 0, 1<<30)),
		Images:     wish(o, "images", "Whether there are images in it."),
		Tools:      wish(o, "tools", "Whether it brings tools."),
		Languages:  o.Enums("languages", "Languages that the user's last text seems to be in, by its letters and short words.", nil, route.Languages()...),
	}
	w.Hours = hours(o, "Times of the week, such as \"mon-fri 08:00-18:00 +01:00\".")
	for _, s := range o.Strings("text", "Patterns for the user's last text as a whole, with * for any characters, such as *refund*. Case does not matter.") {
		w.Text = append(w.Text, route.NewTextPattern(s))
	}
	w.Headers = r.namedValues(o, "headers", "Headers of the request.", strings.ToLower)
	for i := range w.Headers {
		r.out.Limits.Headers = append(r.out.Limits.Headers, w.Headers[i].Name)
	}
	w.Metadata = r.namedValues(o, "metadata", "Members of the metadata that the client sends in a header, if client_headers allow it.", nil)
	return w
}

func (r *reader) namedValues(o *strict.Object, key, doc string, spell func(string) string) (list []route.Named) {
	o.Objects(key, doc, func(_ int, o *strict.Object) {
		n := route.Named{Name: o.Str("name", "Its name.", ""), Values: o.Strings("values", "Patterns of which its value matches one; none means that it is there.")}
		o.Require("name")
		if spell != nil {
			n.Name = spell(n.Name)
		}
		if len(n.Values) == 0 {
			n.Values = []string{"*"}
		}
		list = append(list, n)
	})
	return list
}

func wish(o *strict.Object, key, doc string) route.Wish {
	if yes := o.Bool(key, doc, false); !o.Has(key) {
		return route.Whatever
	} else if yes {
		return route.With
	}
	return route.Without
}
