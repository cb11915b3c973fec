package gateway

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/plugin/internal/limit"
)

// A past is what the targets before the one in hand have taken of one stream.
type past struct {
	parts     int // that have been counted
	usage     chat.Usage
	cost      int64
	unpriced  bool
	delivered int64 // tokens to the client
}

// settlePart counts what the target in hand has said before another goes on: its input, and
// of its output what has come. A target that has said nothing is not billed.
func (s *Stream) settlePart() {
	q, tr := &s.sequel, &s.translation
	if q.past.parts > 0 && !q.seam.met {
		tr.usage, tr.counted = chat.Usage{}, false
		return
	}
	p, failure := &q.past, s.failure
	s.finished = s.w.port.Now()
	s.tally()
	s.failure = failure
	s.cost, s.priced = s.known().Cost(s.usage, s.asks.format)
	step := Step{}
	s.spent(&step, s.w.series.Group(s.labels()))
	s.w.count(step.Samples...)
	row := s.row(0)
	s.addUsage(&row, s.finished)
	s.billed = billed{}
	p.usage = sum(p.usage, s.usage)
	p.cost += s.cost
	p.unpriced = p.unpriced || !s.priced && s.usage.Counts()
	p.delivered = s.delivered()
	p.parts++
	q.seam = seam{}
	s.usage, s.cost, s.priced = chat.Usage{}, 0, false
	tr.usage, tr.counted = chat.Usage{}, false
}

// reserveOn reserves what a target needs to go on, and lowers the tokens of its answer to
// what is left of those that the whole may have, and to what there is room for.
func (s *Stream) reserveOn(r *chat.Request) *chat.Error {
	b, had := &s.budget, s.delivered()
	if r.MaxTokens > 0 {
		r.MaxTokens = max(leastOutput, r.MaxTokens-had)
	}
	if b.lease.Empty() {
		return nil
	}
	left := r.MaxTokens
	if left == 0 {
		left = max(leastOutput, b.ask.Output-had)
	}
	unused, picos := max(0, b.output-had), b.ask.Picos
	b.ask.Input = r.Tokens()
	if e := s.price(); e != nil {
		return e
	}
	more := limit.Ask{Input: b.ask.Input, Output: max(0, left-unused), Least: max(0, min(left, leastOutput)-unused), Fixed: b.ask.Fixed, Picos: b.ask.Picos}
	if dearer := b.ask.Picos - picos; dearer > 0 { // what is reserved already, too
		more.Fixed += (dearer*unused + 999) / 1000
	}
	if out := s.w.book.Admit(&b.lease, &more, limit.Spent, b.except, s.w.port.Now()); out.Refused != nil {
		s.count("refused", out.Refused)
		return exceeded(out.Refused, out.Wait)
	}
	b.output = b.lease.Output()
	if room := b.output - had; b.ask.Output > 0 && room < left {
		s.count("lowered", nil)
		r.MaxTokens = max(1, room)
	}
	return nil
}

// total is what all targets of the request have taken.
func (s *Stream) total() (u chat.Usage, cost int64, priced bool) {
	p := &s.sequel.past
	if !p.usage.Counts() {
		return s.usage, s.cost, s.priced
	}
	return sum(p.usage, s.usage), p.cost + s.cost, !p.unpriced && (s.priced || !s.usage.Counts())
}

// addPast makes the usage that a client is told that of all parts of its answer.
func (s *Stream) addPast(e *chat.Event) {
	p := &s.sequel.past
	switch {
	case e.Counted:
		e.Usage = sum(p.usage, e.Usage)
	case e.Kind == chat.End && !s.translation.counted: // the last target does not say
		u := chat.Usage{Input: int64(s.prompt) / bytesPerToken, Output: s.delivered() - p.delivered, Estimated: true}
		e.Usage, e.Counted = sum(p.usage, u), true
	}
}

//go:noinline
func sum(a, b chat.Usage) chat.Usage {
	a.Input += b.Input
	a.Output += b.Output
	a.CachedRead += b.CachedRead
	a.CacheWrite += b.CacheWrite
	a.ImageInput += b.ImageInput
	a.Reasoning += b.Reasoning
	a.Seconds += b.Seconds
	a.Searches += b.Searches
	a.Images += b.Images
	a.Characters += b.Characters
	a.Estimated = a.Estimated || b.Estimated
	return a
}
