package limit

import (
	"slices"

	"github.com/postern-gateway/postern/plugin/internal/state"
)

// A View is how one rule stands for a subject.
type View struct {
	Rule *Rule
	Key  []Attribute
	Standing
}

// View tells how the rules stand that are for a subject and whose key it has whole. It
// changes nothing.
func (b *Book) View(s Subject, limits Limits, now int64) []View {
	var views []View
	var l Lease
	for _, g := range limits {
		if slices.ContainsFunc(g.Key, func(a Attribute) bool { return s.Attribute(a) == "" }) {
			continue
		}
		b.Gather(&l, s, Limits{g})
		for i := range l.records {
			h := &l.records[i]
			h.load(now)
			for i, r := range h.rules {
				views = append(views, View{r, g.Key, r.standing(h.entries[i], now)})
			}
		}
	}
	return views
}

// A NamedTable is where counts are kept.
type NamedTable struct {
	Name string
	*state.Table
}

// Tables are those of a space of the shared state.
func Tables(host state.Host, space, seed string) []NamedTable {
	shape := state.Shape{Buckets: 1 << 13, Ways: 8, Bytes: MaxRecord, Seed: seed}
	tables := []NamedTable{{Name: "limits"}, {Name: "limits-free"}}
	for i := range tables {
		tables[i].Table = state.New(host, space, tables[i].Name, shape)
	}
	return tables
}
