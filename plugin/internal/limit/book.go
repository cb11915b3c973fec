package limit

import (
	"github.com/postern-gateway/postern/plugin/internal/state"
)

// A Book keeps the counts. It belongs to one worker; what is in it belongs to all.
type Book struct {
	named   *state.Table // by keys that the configuration, or whoever made a credential, has given
	free    *state.Table // by keys that callers choose: however many come, the others stay
	message []byte       // a record's name on its way to its id
	stocks  [places]*stock
	looks   uint32 // that there were

	// Stocking is when the worker takes something for requests to come.
	Stocking Stocking

	// Lost counts changes that others kept coming before: what they gave back stays
	// reserved until it lapses.
	Lost int64
}

// NewBook is a worker's view of the counts in a space of the shared state.
// seed keeps callers from choosing keys that push out each other's counts.
func NewBook(host state.Host, space, seed string) *Book {
	tables := Tables(host, space, seed)
	return &Book{named: tables[0].Table, free: tables[1].Table, Stocking: Stocking{After: 8, Size: 16, Share: 64}}
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
func (a *Ask) amounts(all *Amounts, output int64) {
	cost := a.Fixed
	if a.Picos > 0 {
		cost += muldiv(a.Picos, output, 1000)
	}
	*all = Amounts{Requests: 1, Concurrent: 1, InputTokens: a.Input, OutputTokens: output, Tokens: a.Input + output, USD: cost}
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
		return int64(uint64(left-a.Fixed) * 1000 / uint64(a.Picos))
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
	units    Units // of their rules
	reserved Amounts
	spent    Amounts // that is counted already
	since    int64   // when that was begun; 0: nothing is
	minute   uint32  // in which it was reserved, or last renewed

	// Standing is that of the tightest rule of each unit; without Limit there is none.
	Standing [NumUnits]Standing
	// Shadowed are the rules that would have refused.
	Shadowed []*Rule
	// Crossed are the budgets that came to a threshold when the request was settled.
	Crossed []Crossing
}

// Counts reports whether there is a rule for one of the units.
func (l *Lease) Counts(units Units) bool { return l.units&units != 0 }

// Output is how many tokens of the answer are reserved, those that it has used included.
func (l *Lease) Output() int64 { return l.reserved[OutputTokens] + l.spent[OutputTokens] }

// Spent is what is counted already of what the request has used.
func (l *Lease) Spent() Amounts { return l.spent }

// A held is one record that a request counts in.
type held struct {
	*part
	id      state.ID // the part's, unless it varies
	state   state.Record
	counts  record             // as it is now, once it was loaded
	entries [maxEntries]*entry // of the rules, in it
	own     []byte             // for one that is longer than it was
	from    *stock             // that has had what was asked for; nil: the record was asked
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

// load reads the record anew, and finds the entries of the rules in it, brought to the period in
// hand.
func (h *held) load(now int64) {
	h.table.Load(&h.state, h.id, now)
	p := record(h.state.Value())
	if minute := minuteOf(now); !p.whole() || p.minute() != minute {
		p = h.turned(p, minute, now)
	}
	h.counts = p
	for i, r := range h.rules {
		e := p.of(r, i)
		if e == nil || e.over(now) {
			e = h.begin(i, e)
			p = h.counts
		}
		r.roll(e, now)
		h.entries[i] = e
	}
}

// turned is a record in another minute, or one that has nothing.
func (h *held) turned(p record, minute uint32, now int64) record {
	if !p.whole() {
		h.own = append(h.own[:0], make([]byte, headSize)...)
		p = h.own
	}
	return p.turn(minute, now)
}

// begin makes a rule's entry one that has counted nothing, where there was none or one that is over.
func (h *held) begin(i int, e *entry) *entry {
	if e == nil {
		h.own = append(h.own[:0], h.counts...)
		p, at := record(h.own).with(h.rules)
		h.own, h.counts, e = p, p, p.entry(at)
		for j := range i { // which were found elsewhere
			h.entries[j] = p.find(h.rules[j].tag)
		}
	}
	e.begin(h.rules[i].tag)
	return e
}

// change loads a record, has it edited and stores it: again each time that another worker comes before.
func (b *Book) change(h *held, now int64, edit func()) {
	for range tries {
		h.load(now)
		if edit(); b.store(h) {
			return
		}
	}
	b.Lost++
}

// store writes it; false if another worker came before.
func (b *Book) store(h *held) bool {
	return h.table.Store(&h.state, h.counts, h.counts.until()) == nil
}
