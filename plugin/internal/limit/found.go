package limit

import (
	"slices"
	"strconv"

	"github.com/postern-gateway/postern/plugin/internal/state"
)

// A Found is which rules are for a request, and for others that differ from it only in what
// no rule is chosen by: their addresses, headers, metadata and claims. It does not change, but for the
// record that it has named last.
type Found []part

// varies reports whether an attribute of the kind is one that such requests may differ in.
func (k Kind) varies() bool { return k == IP || k >= Header }

// A part is the rules that one record has the counts of.
type part struct {
	rules  []*Rule
	units  Units // of the rules
	varies bool  // whether the record is another's in each request
	table  *state.Table
	id     state.ID // unless it varies
	head   []byte   // of the name, if only one attribute follows
	key    []Attribute
	n      int // which record of the key

	last   []byte // the attribute that the record was named by last, if it is the only one
	lastID state.ID
}

// Gather finds the rules that are for a request, for a lease that has none.
func (b *Book) Gather(l *Lease, s Subject, limits Limits) { b.Take(l, b.Find(s, limits), s) }

// Find finds the rules that are for a request.
func (b *Book) Find(s Subject, lists ...Limits) Found {
	var f Found
	for _, limits := range lists {
		for _, g := range limits {
			for _, r := range g.Rules {
				if r.When.matches(s) {
					f = f.with(g.Key, r)
				}
			}
		}
	}
	for i := range f {
		p := &f[i]
		p.head = p.begin()
		if p.table = b.tableOf(p.key, s); !p.varies {
			p.id = b.name(p, s)
		}
	}
	return f
}

// with adds a rule to the part of its key, or to another one if that is full.
func (f Found) with(key []Attribute, r *Rule) Found {
	n := 0
	for i := range f {
		if p := &f[i]; slices.Equal(p.key, key) {
			if len(p.rules) < maxEntries {
				p.add(r)
				return f
			}
			n++
		}
	}
	p := part{key: key, n: n, varies: slices.ContainsFunc(key, func(a Attribute) bool { return a.Kind.varies() })}
	p.add(r)
	return append(f, p)
}

func (p *part) add(r *Rule) {
	p.rules = append(p.rules, r)
	p.units |= 1 << r.Unit
}

// Take has a request counted by the rules that were found, for it or for another like it.
func (b *Book) Take(l *Lease, f Found, s Subject) {
	l.room(len(f))
	for i := range f {
		h, p := &l.records[i], &f[i]
		l.units |= p.units
		if h.part, h.id = p, p.id; p.varies {
			h.id = b.name(p, s)
		}
	}
}

// room makes room for so many records.
func (l *Lease) room(n int) {
	if cap(l.records) < n {
		l.records = make([]held, n)
	}
	l.records, l.units = l.records[:n], 0
}

// tableOf is where the records of a key are.
func (b *Book) tableOf(key []Attribute, s Subject) *state.Table {
	if slices.ContainsFunc(key, func(a Attribute) bool { return a.Kind.free(s) }) {
		return b.free
	}
	return b.named
}

// name is that of a part's record.
func (b *Book) name(p *part, s Subject) state.ID {
	if len(p.head) == 0 {
		b.message = p.appendName(b.message[:0], s)
		return p.table.Named(b.message)
	}
	value := s.Attribute(p.key[0])
	if string(p.last) != value || p.last == nil { // which is mostly another request's of the same client
		b.message = state.AppendPart(append(b.message[:0], p.head...), value)
		p.last, p.lastID = append(p.last[:0], value...), p.table.Named(b.message)
	}
	return p.lastID
}

// begin is what a name begins with of which nothing follows but one attribute.
func (p *part) begin() []byte {
	if len(p.key) != 1 || p.n != 0 || p.key[0].Kind == Consumer {
		return nil
	}
	return p.key[0].appendTo(nil)
}

// appendName appends all of a name.
func (p *part) appendName(m []byte, s Subject) []byte {
	for _, a := range p.key {
		m = state.AppendPart(a.appendTo(m), s.Attribute(a))
		if a.Kind == Consumer { // two tenants may have one of the same name
			m = state.AppendPart(m, s.Attribute(Attribute{Kind: Tenant}))
		}
	}
	if p.n > 0 {
		m = state.AppendPart(state.AppendPart(m, "further"), strconv.Itoa(p.n))
	}
	return m
}

func (a Attribute) appendTo(m []byte) []byte {
	return state.AppendPart(state.AppendPart(m, a.Kind.String()), a.Name)
}
