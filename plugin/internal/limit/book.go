package limit

import (
	"strconv"

	"github.com/postern-gateway/postern/plugin/internal/state"
)

// A Book keeps the counts. It belongs to one worker; what is in it belongs to all.
type Book struct {
	named *state.Table // by keys that the configuration, or whoever made a credential, has given
	free  *state.Table // by keys that callers choose: however many come, the others stay
	parts []string
	buf   []byte

	// Lost counts changes that others kept coming before: what they gave back stays
	// reserved until it lapses.
	Lost int64
}

// NewBook is a worker's view of the counts in a space of the shared state.
// seed keeps callers from choosing keys that push out each other's counts.
func NewBook(host state.Host, space, seed string) *Book {
	tables := Tables(host, space, seed)
	return &Book{named: tables[0].Table, free: tables[1].Table}
}

// tries is how often a change is begun anew because another worker came before.
const tries = 64

// An Ask is what a request may need.
type Ask struct {
	Input  int64 // tokens, estimated
	Output int64 // tokens that it may answer with at most
	Least  int64 // of them without which it is refused
	Step   int64 // of them that are reserved for now; 0: all
	Fixed  int64 // nano-dollars, whatever the answer
	Picos  int64 // and thousandths of one for each token of the answer
}

// amounts are what a request counts with so much output.
//
//go:noinline
func (a *Ask) amounts(output int64) Amounts {
	return Amounts{Requests: 1, Concurrent: 1, InputTokens: a.Input, OutputTokens: output, Tokens: a.Input + output,
		USD: a.Fixed + muldiv(a.Picos, output, 1000)}
}

// room is how much output there is room for where so much of a unit is left; negative if
// there is not even room for the rest.
func (a *Ask) room(u Unit, left int64) int64 {
	switch u {
	case OutputTokens:
		return left
	case Tokens:
		return left - a.Input
	case USD:
		if left < a.Fixed || a.Picos == 0 {
			return all(left >= a.Fixed)
		}
		return (left - a.Fixed) * 1000 / a.Picos
	case InputTokens:
		return all(left >= a.Input)
	}
	return all(left >= 1)
}

func all(ok bool) int64 {
	if ok {
		return 1 << 60
	}
	return -1
}

// An Outcome is what became of an Ask.
type Outcome struct {
	Output  int64 // tokens that may be answered with
	Refused *Rule // nil: go ahead
	Wait    int64 // nanoseconds until trying again may be worth it
}

// A Lease is what one request counts in and has reserved. The zero value has nothing.
type Lease struct {
	records  []held
	reserved Amounts
	minute   uint32 // in which it was reserved, or last renewed

	// Standing is that of the tightest rule of each unit; without Limit there is none.
	Standing [NumUnits]Standing
	// Shadowed are the rules that would have refused.
	Shadowed []*Rule
	// Crossed are the budgets that came to a threshold when the request was settled.
	Crossed []Crossing
}

// Counts reports whether there is a rule for one of the units.
func (l *Lease) Counts(units Units) bool {
	for i := range l.records {
		if l.records[i].concerns(units) {
			return true
		}
	}
	return false
}

// Output is how many tokens of the answer are reserved.
func (l *Lease) Output() int64 { return l.reserved[OutputTokens] }

// A held is one record that a request counts in.
type held struct {
	table  *state.Table
	id     state.ID
	rules  []*Rule
	state  state.Record
	counts record
}

// A Crossing is a budget that has come to one of its soft thresholds.
type Crossing struct {
	Rule    *Rule
	Percent int64
}

// Reset forgets everything and keeps memory.
func (l *Lease) Reset() {
	*l = Lease{records: l.records[:0], Shadowed: l.Shadowed[:0], Crossed: l.Crossed[:0]}
}

// Empty reports that nothing is to be settled.
func (l *Lease) Empty() bool { return len(l.records) == 0 }

// Gather finds the rules that are for a request.
func (b *Book) Gather(l *Lease, s Subject, limits Limits) {
	for _, g := range limits {
		h, n := (*held)(nil), 0
		for _, r := range g.Rules {
			if !r.When.matches(s) {
				continue
			}
			for h == nil || len(h.rules) == maxEntries {
				h = b.hold(l, g.Key, s, n)
				n++
			}
			h.rules = append(h.rules, r)
		}
	}
}

// hold is the nth record of a key, once for each request.
func (b *Book) hold(l *Lease, key []Attribute, s Subject, n int) *held {
	table := b.named
	b.parts = b.parts[:0]
	for _, a := range key {
		if a.Kind.free(s) {
			table = b.free
		}
		b.parts = append(b.parts, a.Kind.String(), a.Name, s.Attribute(a))
		if a.Kind == Consumer { // two tenants may have one of the same name
			b.parts = append(b.parts, s.Attribute(Attribute{Kind: Tenant}))
		}
	}
	if n > 0 {
		b.parts = append(b.parts, "further", strconv.Itoa(n))
	}
	name := table.ID(b.parts...)
	for i := range l.records {
		if h := &l.records[i]; h.id == name && h.table == table {
			return h
		}
	}
	last := len(l.records)
	if last < cap(l.records) {
		l.records = l.records[:last+1]
	} else {
		l.records = append(l.records, held{})
	}
	h := &l.records[last]
	h.table, h.id, h.rules = table, name, h.rules[:0]
	return h
}

// load reads the record anew.
//
//go:noinline
func (h *held) load(now int64) {
	h.table.Load(&h.state, h.id, now)
	h.counts.read(h.state.Value(), now)
}

// store writes it; false if another worker came before.
//
//go:noinline
func (b *Book) store(h *held) bool {
	var expires int64
	b.buf, expires = h.counts.append(b.buf[:0])
	return h.table.Store(&h.state, b.buf, expires) == nil
}

// entry is that of a rule, brought to the period in hand. It is valid until the next call.
//
//go:noinline
func (h *held) entry(r *Rule, now int64) *entry {
	e := h.counts.find(r.tag)
	r.roll(e, now)
	return e
}

// concerns reports whether a rule counts one of the units.
func (h *held) concerns(units Units) bool {
	for _, r := range h.rules {
		if units.has(r.Unit) {
			return true
		}
	}
	return false
}

// holds reports whether any of the amounts is counted here.
func (h *held) holds(a *Amounts) bool {
	for _, r := range h.rules {
		if a[r.Unit] != 0 {
			return true
		}
	}
	return false
}
