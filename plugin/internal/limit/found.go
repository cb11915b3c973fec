package limit

import (
	"slices"
	"strconv"

	"github.com/postern-gateway/postern/plugin/internal/state"
)

// A Found is which rules are for a request, and for others that differ from it only in what
// no rule is chosen by: their addresses, headers, metadata and claims. It does not change.
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
	key    []Attribute
	n      int // which record of the key
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
	l.records = slices.Grow(l.records[:0], len(f))[:len(f)]
	for i := range f {
		h := &l.records[i]
		h.part, h.id = &f[i], f[i].id
		if h.varies {
			h.id = b.name(h.part, s)
		}
	}
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
	b.parts = b.parts[:0]
	for _, a := range p.key {
		b.parts = append(b.parts, a.Kind.String(), a.Name, s.Attribute(a))
		if a.Kind == Consumer { // two tenants may have one of the same name
			b.parts = append(b.parts, s.Attribute(Attribute{Kind: Tenant}))
		}
	}
	if p.n > 0 {
		b.parts = append(b.parts, "further", strconv.Itoa(p.n))
	}
	return p.table.ID(b.parts...)
}
