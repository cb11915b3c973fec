package redact

import (
	"slices"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

// An Action is what becomes of what was found.
type Action uint8

// Actions.
const (
	Label  Action = iota // <EMAIL_ADDRESS>
	Mask                 // stars, but for the last characters
	Hash                 // <EMAIL_ADDRESS:1f3a…>: the same for the same, if the key is
	Token                // <EMAIL_ADDRESS_1>, which can be put back
	Block                // nothing, for the text does not pass
	Report               // it stays
)

// A Rule is an action and what it needs.
type Rule struct {
	Action Action
	Keep   int // characters that Mask leaves at the end
}

// Rules are what becomes of each entity. They are immutable.
type Rules struct {
	On  Set
	Of  [NumEntities]Rule
	Own []Rule // of the entities of Terms, in their order
	Key []byte // of hashes

	Terms *Terms // nil: none
}

// of is an entity's rule and name.
func (r *Rules) of(m placed) (Rule, string) {
	if m.Term > 0 {
		return r.Own[m.Term-1], r.Terms.names[m.Term-1]
	}
	return r.Of[m.Entity], m.Entity.String()
}

// A Case is one request and its answer: what was found in it, and what stands for it.
type Case struct {
	Rules   *Rules
	Tenant  string // whose values these are
	Vault   Vault
	Counts  [NumEntities]int
	Own     []int  // the same for the entities of the rules' terms
	Blocked string // the last entity found that may not pass; empty: none
}

// An Edit puts With in the place of [Start, End) of the whole text.
type Edit struct {
	Start, End int
	With       []byte
}

// A Redactor changes a text that comes in pieces. What it says about a text does not
// depend on how that is cut.
type Redactor struct {
	// Of says whose text it is.
	Of *Case
	// Answer: the text is an answer. What it says first cannot be put back.
	Answer bool
	// Returns: what the client has said may stay in an answer, since it gets that back anyway.
	Returns bool
	// Restore: what placeholders stand for is put in their place.
	Restore bool
	// Blind: nothing is looked for but placeholders.
	Blind bool
	// Repeat: it was read before, so that nothing of it counts.
	Repeat bool
	// JSON: the text is JSON itself, and stays it.
	JSON bool

	scanner  Scanner
	restorer restorer
	raw      []byte // of the text, what is not decided
	base     int    // where that begins
	done     int    // the end of the last edit
	queue    []placed
	edits    []Edit
	arena    []byte
	quotes   quotes
	rest     continued
}

// A placed is a match of the scanner, or a placeholder.
type placed struct {
	Match
	entry int // in the vault, plus one; 0: it is a match
}

// rank orders what begins at one place.
func (m *placed) rank() int {
	switch {
	case m.entry > 0:
		return 0
	case m.Term > 0:
		return 1
	}
	return 2
}

// A continued is what becomes of the rest of a match that goes on.
type continued struct {
	stays bool
	entry int // to which it is added, plus one; 0: none
}

// Feed takes the next bytes; last means that nothing follows. It returns how many bytes of
// the whole text are decided, and the edits in those that were not before. Both are void
// after the next call.
func (r *Redactor) Feed(p []byte, last bool) (decided int, edits []Edit) {
	r.edits, r.arena = r.edits[:0], r.arena[:0]
	text := p
	if len(r.raw) > 0 {
		r.raw = append(r.raw, p...)
		text = r.raw
	}
	total := r.base + len(text)
	decided = total
	if !r.Blind {
		r.scanner.On, r.scanner.Terms = r.Of.Rules.On, r.Of.Rules.Terms
		d, found := r.scanner.Feed(p, last)
		decided = d
		for i := range found {
			r.queue = append(r.queue, placed{Match: found[i]})
		}
	}
	if r.Restore && !r.Of.Vault.Empty() {
		var d int
		r.queue, d = r.restorer.feed(r.queue, &r.Of.Vault, p, last)
		decided = min(decided, d)
	}
	r.sort()
	decided = r.deliver(text, decided)
	r.raw = append(r.raw[:0], text[decided-r.base:]...)
	r.base = decided
	return decided, r.edits
}

// sort puts matches in order. There are few at a time, mostly in order already.
func (r *Redactor) sort() {
	q := r.queue
	for i := 1; i < len(q); i++ {
		for j := i; j > 0 && (q[j].Start < q[j-1].Start || q[j].Start == q[j-1].Start && q[j].rank() < q[j-1].rank()); j-- {
			q[j], q[j-1] = q[j-1], q[j]
		}
	}
}

// deliver turns the matches that are decided into edits. Of one that is not, all waits.
func (r *Redactor) deliver(text []byte, decided int) int {
	const usual = 24 // bytes that are put in
	n := len(r.queue)
	r.edits, r.arena = slices.Grow(r.edits, n), slices.Grow(r.arena, n*usual)
	for n = 0; n < len(r.queue); n++ {
		m := r.queue[n]
		if m.Start >= decided {
			break
		}
		if m.End > decided {
			decided = m.Start
			break
		}
		if m.End <= r.done {
			continue // within another
		}
		m.Start = max(m.Start, r.done)
		r.pass(text[:m.Start-r.base])
		r.edit(m, text[m.Start-r.base:m.End-r.base])
		r.pass(text[:m.End-r.base])
		r.done = m.End
	}
	r.queue = append(r.queue[:0], r.queue[n:]...)
	r.pass(text[:decided-r.base])
	return decided
}

// pass goes on to the end of text, if it matters whether that is within a string.
func (r *Redactor) pass(text []byte) {
	if r.JSON {
		r.quotes.pass(text, r.base)
	}
}

func (r *Redactor) edit(m placed, value []byte) {
	from := len(r.arena)
	bare := r.JSON && !r.quotes.inside
	if bare {
		r.arena = append(r.arena, '"')
	}
	switch {
	case m.entry > 0:
		if v := r.Of.Vault.entries[m.entry-1].value; r.JSON {
			r.arena = rawjson.AppendEscaped(r.arena, v)
		} else {
			r.arena = append(r.arena, v...)
		}
	case m.Rest:
		if r.rest.entry > 0 {
			r.Of.Vault.extend(r.rest.entry-1, value)
		}
		if !r.rest.stays {
			r.edits = append(r.edits, Edit{Start: m.Start, End: m.End})
		}
		r.arena = r.arena[:from]
		return
	case !r.replace(m, value):
		r.arena = r.arena[:from]
		return
	}
	if bare {
		r.arena = append(r.arena, '"')
	}
	r.edits = append(r.edits, Edit{m.Start, m.End, r.arena[from:len(r.arena):len(r.arena)]})
}

// replace appends what stands for a value; false if the value stays.
func (r *Redactor) replace(m placed, value []byte) bool {
	c := r.Of
	rule, name := c.Rules.of(m)
	r.rest = continued{}
	if r.Answer && r.Returns && c.Vault.Knows(name, value) {
		r.rest.stays = true
		return false
	}
	if !r.Repeat {
		c.count(m)
	}
	switch rule.Action {
	case Mask:
		if !m.More {
			r.arena = masked(r.arena, value, rule.Keep, r.JSON)
			return true
		}
	case Hash:
		r.arena = append(append(append(r.arena, '<'), name...), ':')
		r.arena = append(seal(r.arena, c.Rules.Key, c.Tenant, name, value), '>')
		return true
	case Token:
		if r.Answer {
			break
		}
		fresh := !c.Vault.Knows(name, value)
		var entry int
		if r.arena, entry = c.Vault.Put(r.arena, name, r.said(value)); fresh && m.More {
			r.rest.entry = entry + 1
		}
		return true
	case Block:
		c.Blocked = name
	case Report:
		r.rest.stays = true
		return false
	}
	r.arena = append(append(append(r.arena, '<'), name...), '>')
	return true
}

func (c *Case) count(m placed) {
	if m.Term == 0 {
		c.Counts[m.Entity]++
		return
	}
	if c.Own == nil {
		c.Own = make([]int, len(c.Rules.Own))
	}
	c.Own[m.Term-1]++
}

// said is what a value of a text that is JSON says: it may have escapes.
func (r *Redactor) said(value []byte) []byte {
	if !r.JSON {
		return value
	}
	return rawjson.AppendUnescaped(nil, value)
}

// masked appends a star for each letter and digit but the last. What is short is masked
// wholly, and not all of what is long is there.
func masked(dst, value []byte, keep int, json bool) []byte {
	const longest = 64
	n := 0
	for _, c := range value {
		if isAlnum(c) {
			n++
		}
	}
	if keep*2 > n {
		keep = 0
	}
	if len(value) > longest || n < len(value)/2 {
		tail := len(value)
		for k := keep; k > 0 && tail > 0; tail-- {
			if isAlnum(value[tail-1]) {
				k--
			}
		}
		return append(append(dst, "********"...), plainTail(value[tail:])...)
	}
	for _, c := range value {
		switch {
		case isAlnum(c):
			if n > keep {
				c = '*'
			}
			n--
			dst = append(dst, c)
		case c < 0x80 && c > ' ' && c != '"' && c != '\\' || c == ' ':
			dst = append(dst, c)
		}
	}
	return dst
}

// plainTail is the end of a value if it needs no care.
func plainTail(s []byte) []byte {
	for _, c := range s {
		if c < ' ' || c >= 0x80 || c == '"' || c == '\\' {
			return nil
		}
	}
	return s
}

// quotes know whether a place in JSON is within a string.
type quotes struct {
	at      int
	inside  bool
	escaped bool
}

// pass goes on to the end of text, which begins at base.
func (q *quotes) pass(text []byte, base int) {
	for _, c := range text[min(max(0, q.at-base), len(text)):] {
		switch {
		case q.escaped:
			q.escaped = false
		case c == '"':
			q.inside = !q.inside
		case c == '\\' && q.inside:
			q.escaped = true
		}
	}
	q.at = max(q.at, base+len(text))
}

// Reset makes the redactor ready for another text.
func (r *Redactor) Reset() {
	r.scanner.Reset()
	r.restorer.reset()
	r.Of, r.Answer, r.Returns, r.Restore, r.Blind, r.Repeat, r.JSON = nil, false, false, false, false, false, false
	r.raw, r.queue, r.edits, r.arena = r.raw[:0], r.queue[:0], r.edits[:0], r.arena[:0]
	r.base, r.done, r.quotes, r.rest = 0, 0, quotes{}, continued{}
}

// Apply appends text with its edits, which count from its beginning.
func Apply(dst, text []byte, edits []Edit) []byte {
	at := 0
	for _, e := range edits {
		dst = append(append(dst, text[at:e.Start]...), e.With...)
		at = e.End
	}
	return append(dst, text[at:]...)
}
