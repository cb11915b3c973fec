package injection

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/guard"
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
	rules      *Rules
	action     action
	thresholds [2]float64 // for users' text and for text that nobody vouches for
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
	p.thresholds[0] = o.Float("threshold", "The score from which on what a user writes is taken for an attack. At 0.7 about one in a hundred harmless texts that talk of such things is.", defaultThreshold, 0.05, 1)
	p.thresholds[1] = o.Float("untrusted_threshold", "The same for results of tools and documents, whose scores are stricter already.", p.thresholds[0], 0.05, 1)
	var err error
	if p.rules, err = Default(); err != nil {
		o.Fail("", err.Error())
	}
	return p
}

// New begins a request.
func (p *policy) New(string) guard.Guard { return &watch{policy: p} }

// A watch is the guard of one request.
type watch struct {
	policy *policy
	counts []guard.Count
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

// Counts is how many texts came to the threshold by rules of each family. Which rules those
// were is not said, as clients can read it: it would help who tries what passes.
func (w *watch) Counts() []guard.Count { return w.counts }

// count counts each family of the rules once.
func (w *watch) count(rules []string) {
	var seen []string
next:
	for _, r := range rules {
		family, _, _ := strings.Cut(r, "/")
		if family == against || slices.Contains(seen, family) {
			continue
		}
		seen = append(seen, family)
		for i := range w.counts {
			if w.counts[i].Name == family {
				w.counts[i].N++
				continue next
			}
		}
		w.counts = append(w.counts, guard.Count{Name: family, N: 1})
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
	limit := p.thresholds[0]
	if c.untrusted {
		limit = p.thresholds[1]
	}
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
