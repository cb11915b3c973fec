// Package pii is the guard that redacts: personal data, keys and what else package redact
// finds, in requests and answers. What it puts in the place of a value is put back where
// the answer has it.
package pii

import (
	"slices"

	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/guard"
	"github.com/postern-gateway/postern/plugin/internal/redact"
)

// Type is the guard for the list.
func Type() guard.Type {
	return guard.Type{
		Name:    "pii",
		Doc:     "Finds personal data, keys and other secrets, and redacts, reports or refuses them.",
		On:      []string{"request", "response"},
		Options: options,
	}
}

type policy struct {
	rules   redact.Rules
	on      [2]bool
	restore bool
}

// actions are in the order of redact's.
var actions = [...]string{"label", "mask", "hash", "token", "block", "report"}

func options(o *strict.Object, s guard.Setting) guard.Policy {
	p := &policy{on: s.On}
	on := redact.All
	if o.Has("entities") {
		on = 0
	}
	for _, name := range o.Enums("entities", "What to look for; none means everything.", nil, redact.Entities()...) {
		on = on.With(redact.Named(name))
	}
	for _, name := range o.Enums("except", "What not to look for.", nil, redact.Entities()...) {
		on = on.Without(redact.Named(name))
	}
	p.rules.On = on
	all := action(o, "token")
	for e := range p.rules.Of {
		p.rules.Of[e] = all
	}
	hashes := all.Action == redact.Hash
	o.Objects("actions", "What becomes of some of them instead; the last that names an entity holds.", func(_ int, o *strict.Object) {
		list := o.Enums("entities", "Which.", nil, redact.Entities()...)
		o.Require("entities", "action")
		rule := action(o, "token")
		hashes = hashes || rule.Action == redact.Hash
		for _, name := range list {
			p.rules.Of[redact.Named(name)] = rule
		}
	})
	p.own(o)
	if p.rules.Terms != nil {
		p.rules.Terms.Compile()
	}
	for _, r := range p.rules.Own {
		hashes = hashes || r.Action == redact.Hash
	}
	p.restore = o.Bool("restore", "Put the values back where the answer has their placeholders.", true)
	if name := o.Str("hash_key_env", "Variable of the Wasm VM's environment with the key of hashes; needed for the action hash.", ""); name != "" {
		if s.Environment != nil {
			if p.rules.Key = []byte(s.Environment(name)); len(p.rules.Key) < 16 {
				o.Fail("hash_key_env", "the variable is not set in the VM's environment, or has less than 16 characters")
			}
		}
	} else if hashes {
		o.Fail("hash_key_env", "missing; hashes without a key can be guessed")
	}
	return p
}

// own reads words and patterns of the operator's own.
func (p *policy) own(o *strict.Object) {
	o.Objects("terms", "Own words and patterns, each found as an entity of its own.", func(_ int, o *strict.Object) {
		name := o.Str("entity", "Its name in placeholders and counts, of capitals and _.", "")
		o.Require("entity")
		rule := action(o, "token")
		words := o.Strings("words", "Found whole, in either case.")
		patterns := o.Strings("patterns", `Regular expressions in RE2's syntax, of which the longest match counts.`)
		if !entityName(name) || redact.Named(name) != redact.None {
			o.Fail("entity", "want capitals, digits and _, and none of the names that there are already")
			return
		}
		t := p.rules.Terms
		if t == nil {
			t = &redact.Terms{}
		}
		if i := t.Add(name, words); i >= 0 {
			o.FailItem("words", i, "want 2 to 128 bytes")
		}
		for i, s := range patterns {
			if err := t.AddPattern(name, s); err != nil {
				o.FailItem("patterns", i, err.Error())
			}
		}
		p.rules.Terms = t
		for len(p.rules.Own) < len(t.Names()) {
			p.rules.Own = append(p.rules.Own, rule)
		}
	})
}

func entityName(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'A' || c > 'Z') && c != '_' && (c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 40 && s[0] >= 'A' && s[0] != '_'
}

func action(o *strict.Object, def string) redact.Rule {
	name := o.Enum("action", "What becomes of a value: label puts its kind in its place, mask stars, hash a keyed hash, token a placeholder that stands for this value; block refuses the text, report only counts.", def, actions[:]...)
	r := redact.Rule{Keep: o.Int("keep", "How many characters mask leaves at the end.", 0, 0, 8)}
	for i := range actions {
		if actions[i] == name {
			r.Action = redact.Action(i)
		}
	}
	return r
}

// New begins a request.
func (p *policy) New(c guard.Caller) guard.Guard {
	return &work{policy: p, Case: redact.Case{Rules: &p.rules, Tenant: c.Tenant}}
}

type work struct {
	*policy
	redact.Case
	counts []guard.Count
	idle   *check // whose text is over
}

// Open begins a text.
func (w *work) Open(d guard.Direction, part guard.Part) guard.Check {
	c := w.idle
	if w.idle = nil; c == nil {
		c = &check{work: w}
	}
	c.Reset()
	w.Blocked = "" // another target's answer may follow on one that was refused
	c.JSON = part.Kind == guard.Arguments
	c.Of = &w.Case
	c.Repeat = part.Repeat
	c.Answer = d == guard.Response
	c.Restore = c.Answer && w.restore && !w.Vault.Empty()
	c.Returns = w.restore
	if c.Blind = !w.on[d]; c.Blind && !c.Restore {
		w.idle = c
		return nil
	}
	return c
}

// Next begins another request, whose placeholders are numbered anew.
func (w *work) Next() { w.Vault = redact.Vault{} }

// Counts is what was found.
func (w *work) Counts() []guard.Count {
	w.counts = w.counts[:0]
	for e, n := range w.Case.Counts {
		if n > 0 {
			w.counts = append(w.counts, guard.Count{Name: redact.Entity(e).String(), N: n})
		}
	}
	for i, n := range w.Own {
		if n > 0 {
			w.counts = append(w.counts, guard.Count{Name: w.rules.Terms.Names()[i], N: n})
		}
	}
	return w.counts
}

type check struct {
	redact.Redactor
	work  *work
	edits []guard.Edit
}

// Feed takes the next bytes.
func (c *check) Feed(text []byte, last bool) guard.Result {
	decided, edits := c.Redactor.Feed(text, last)
	c.edits = slices.Grow(c.edits[:0], len(edits))
	for _, e := range edits {
		c.edits = append(c.edits, guard.Edit(e))
	}
	if last { // the next text may have it, which comes after this result has been read
		c.work.idle = c
	}
	r := guard.Result{Decided: decided, Edits: c.edits}
	if e := c.work.Blocked; e != "" {
		r.Verdict = guard.Verdict{Action: guard.Block, Code: "pii_blocked", Message: "the text has something that may not pass: " + e}
	}
	return r
}

// Ask asks nobody.
func (c *check) Ask() *guard.Callout { return nil }

var _ guard.Check = (*check)(nil)
