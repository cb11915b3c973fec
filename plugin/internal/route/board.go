package route

import "github.com/postern-gateway/postern/plugin/internal/state"

// A Board is how all places fare, as one worker sees it. What it learns others learn, and
// it from them, when they Exchange: a decision itself asks the host for nothing.
type Board struct {
	places  []Place
	credits [][]float64 // of groups, by their numbers, for round robin
	table   *state.Table
}

// A Spot names a place for the Board.
type Spot struct {
	Provider string
	Model    string // empty: the provider as a whole
	Keys     int    // that can rest
	Wide     int    // the place of the provider as a whole
}

// NewBoard has a place for each spot. The shared records are found by the spots' names, so
// a new configuration goes on where the last one was.
func NewBoard(host state.Host, space, seed string, spots []Spot, groups int) *Board {
	buckets := 64
	for buckets < len(spots) && buckets < 1<<12 {
		buckets *= 2
	}
	b := &Board{places: make([]Place, len(spots)), credits: make([][]float64, groups),
		table: state.New(host, space, "health", state.Shape{Buckets: buckets, Ways: 8, Bytes: maxRecord, Seed: seed})}
	for i, s := range spots {
		p := &b.places[i]
		p.id, p.keys, p.wide = b.table.ID(s.Provider, s.Model), s.Keys, p
		if s.Model != "" {
			p.wide = &b.places[s.Wide]
		}
	}
	return b
}

// Place is one of them.
func (b *Board) Place(i int) *Place { return &b.places[i] }

func (b *Board) credit(g *Group) []float64 {
	if b.credits[g.Number] == nil {
		b.credits[g.Number] = make([]float64, len(g.Targets))
	}
	return b.credits[g.Number]
}

// Exchange tells the other workers what this one has learned, and learns from them, about
// the places that were asked for since it was last called: a load for each, and a store
// where there is news.
func (b *Board) Exchange(now int64) {
	for i := range b.places {
		p := &b.places[i]
		switch {
		case p.dirty:
			b.tell(p, now)
		case p.used || p.shared.until > 0:
			b.hear(p, now)
		default:
			continue
		}
		p.used, p.ill = false, p.shared.until > 0 || p.shared.keys != [MaxKeys]int64{}
	}
}

// hear takes over what others have learned.
func (b *Board) hear(p *Place, now int64) {
	var r state.Record
	b.table.Load(&r, p.id, now)
	p.take(r.Value())
}

func (p *Place) take(value []byte) {
	var theirs record
	if !theirs.decode(value) {
		theirs = record{}
	}
	if theirs.latency > 0 {
		p.Latency = theirs.latency
	}
	p.shared = theirs
}

// tell adds what is new. If too many others do so at once it is kept for the next time.
func (b *Board) tell(p *Place, now int64) {
	var all record
	err := b.table.Update(p.id, now, func(old []byte) ([]byte, int64) {
		if all = (record{}); !all.decode(old) {
			all = record{}
		}
		all.add(&p.fresh, p.Latency, now)
		return all.append(nil), now + int64(keep)
	})
	if err != nil {
		return
	}
	p.Latency, p.shared = all.latency, all
	p.fresh, p.dirty = record{}, false
}
