package injection

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/guard"
	"github.com/postern-gateway/postern/plugin/internal/glob"
)

// Type is the guard as configurations name it.
func Type() guard.Type {
	return guard.Type{Name: "injection", Doc: "Finds texts that try to take over the model, in many languages and disguises.",
		On: []string{"request"}, Options: options}
}

// Code is that of the error for a request that is refused.
const Code = "prompt_injection"

const defaultThreshold = 0.7

const refusal = "the request looks like an attempt to change what the model has been told"

// against is the family of rules that speak against an attack.
const against = "benign"

// byWords is counted where no rule fired.
const byWords = "words"

// removed is what stands for what was stripped.
const removed = "[removed]"

// An action is what becomes of a text that comes to the threshold.
type action uint8

const (
	block action = iota
	flag
	strip
)

// A policy is the guard's configuration.
type policy struct {
	rules  *Rules
	action action
	usual  thresholds
	of     []exception // the first that a caller is of
}

// thresholds are for users' text and for text that nobody vouches for.
type thresholds [2]float64

// An exception is thresholds of some callers.
type exception struct {
	consumers, tenants, tiers []string
	thresholds
}

// is reports whether a caller is of every list that there is.
func (e *exception) is(c guard.Caller) bool {
	return among(e.consumers, c.Consumer) && among(e.tenants, c.Tenant) && among(e.tiers, c.Tier)
}

// among reports whether a name matches a pattern; every name does if there is none, and who
// is unknown is in no list.
func among(patterns []string, name string) bool {
	return len(patterns) == 0 || name != "" && glob.Any(patterns, name)
}

// least and most are what thresholds can be.
const least, most = 0.05, 1

// readThresholds reads both, the second being the first if nothing else is said.
func readThresholds(o *strict.Object, usual float64) (t thresholds) {
	t[0] = o.Float("threshold", "The score from which on what a user writes is taken for an attack. At 0.7 fewer than one in a hundred harmless texts that talk of such things are.", usual, least, most)
	t[1] = o.Float("untrusted_threshold", "The same for results of tools and documents, whose scores are stricter already.", t[0], least, most)
	return t
}

// readExceptions reads thresholds of some callers.
func readExceptions(o *strict.Object) (list []exception) {
	o.Objects("thresholds", "Other thresholds for some callers: the first that has something of each of its lists counts.", func(_ int, o *strict.Object) {
		e := exception{
			consumers: o.Strings("consumers", "Names of consumers, with * for any characters. Who is unknown is in no list."),
			tenants:   o.Strings("tenants", "Names of tenants, with *."),
			tiers:     o.Strings("tiers", "Names of tiers, with *."),
		}
		if len(e.consumers)+len(e.tenants)+len(e.tiers) == 0 {
			o.Fail("", "want consumers, tenants or tiers that it is for")
		}
		e.thresholds = readThresholds(o, defaultThreshold)
		o.Require("threshold")
		list = append(list, e)
	})
	return list
}

func options(o *strict.Object, s guard.Setting) guard.Policy {
	if s.On[guard.Response] {
		o.Fail("on", "this guard reads requests only")
	}
	p := &policy{}
	switch o.Enum("action", "What becomes of a text that comes to the threshold: block refuses the request, flag only says so, strip takes out the sentences, and all of what it does not understand.",
		"block", "block", "flag", "strip") {
	case "flag":
		p.action = flag
	case "strip":
		p.action = strip
	}
	p.usual = readThresholds(o, defaultThreshold)
	p.of = readExceptions(o)
	var err error
	if p.rules, err = Default(); err != nil {
		o.Fail("", err.Error())
	}
	return p
}

// New begins a request.
func (p *policy) New(c guard.Caller) guard.Guard {
	for i := range p.of {
		if p.of[i].is(c) {
			return &watch{policy: p, thresholds: p.of[i].thresholds}
		}
	}
	return &watch{policy: p, thresholds: p.usual}
}

// A watch is the guard of one request.
type watch struct {
	policy     *policy
	thresholds thresholds
	counts     []guard.Count
}

// Open reads what users, tools and documents say, and descriptions of tools. What the
// caller's own system prompt says is the order that is to be kept, and what a model has said
// is not judged.
func (w *watch) Open(d guard.Direction, p guard.Part) guard.Check {
	if d != guard.Request || p.Kind == guard.Arguments || p.Kind == guard.Reasoning || p.Kind == guard.Refusal {
		return nil
	}
	if p.Untrusted() {
		return &check{watch: w, untrusted: true}
	}
	if p.Role == guard.User || p.Kind == guard.Definition {
		return &check{watch: w}
	}
	return nil
}

// Next begins another request, of which the guard remembers nothing anyway.
func (w *watch) Next() {}

// Counts is how many texts came to the threshold by rules of each family, or by its words
// alone. Which rules those were is not said, as clients can read it: it would help who tries
// what passes.
func (w *watch) Counts() []guard.Count { return w.counts }

// count counts each family of the rules once.
func (w *watch) count(rules []string) {
	var families []string
	for _, r := range rules {
		if family, _, _ := strings.Cut(r, "/"); family != against && !slices.Contains(families, family) {
			families = append(families, family)
		}
	}
	if families == nil {
		families = []string{byWords}
	}
	for _, f := range families {
		if i := slices.IndexFunc(w.counts, func(c guard.Count) bool { return c.Name == f }); i >= 0 {
			w.counts[i].N++
		} else {
			w.counts = append(w.counts, guard.Count{Name: f, N: 1})
		}
	}
}

// A check gathers one text and judges it when it is whole: what comes last can be what the
// rest was written for. A request's texts are in memory anyway.
type check struct {
	watch     *watch
	untrusted bool
	text      []byte
}

// Feed takes the next piece.
func (c *check) Feed(text []byte, last bool) guard.Result {
	if !last {
		c.text = append(c.text, text...)
		return guard.Result{}
	}
	if len(c.text) > 0 {
		text = append(c.text, text...)
	}
	c.text = nil
	p := c.watch.policy
	limit := c.watch.thresholds[modeOf(c.untrusted)]
	found := p.rules.Scan(text, c.untrusted, limit)
	out := guard.Result{Decided: len(text), Verdict: guard.Verdict{Score: found.Score}}
	if found.Score < limit {
		return out
	}
	c.watch.count(found.Rules)
	out.Verdict = guard.Verdict{Action: guard.Flag, Code: Code, Message: refusal, Score: found.Score}
	switch p.action {
	case block:
		out.Verdict.Action = guard.Block
	case strip:
		out.Edits = p.strip(text, found.Spans, c.untrusted, limit)
	}
	return out
}

// Ask asks nobody.
func (c *check) Ask() *guard.Callout { return nil }

// strip takes out the sentences that rules fired in, and everything if what is left is still
// bad: an attack need not be where it shows.
func (p *policy) strip(text []byte, spans []Span, untrusted bool, limit float64) []guard.Edit {
	spans = sentences(text, spans)
	var edits []guard.Edit
	var rest []byte
	at := 0
	for _, s := range spans {
		edits = append(edits, guard.Edit{Start: s.Start, End: s.End, With: []byte(removed)})
		rest = append(append(rest, text[at:s.Start]...), removed...)
		at = s.End
	}
	rest = append(rest, text[at:]...)
	if p.rules.Scan(rest, untrusted, limit).Score >= limit || len(spans) == 0 {
		return []guard.Edit{{Start: 0, End: len(text), With: []byte(removed)}}
	}
	return edits
}
