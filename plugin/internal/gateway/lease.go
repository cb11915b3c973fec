package gateway

import (
	"github.com/postern-gateway/postern/plugin/internal/limit"
)

// settleLease puts what the request has used in the place of what it has reserved.
func (s *Stream) settleLease(now int64) {
	b, w := &s.budget, s.w
	if b.lease.Empty() {
		return
	}
	w.dropLease(s)
	usage, cost, _ := s.total()
	used := limit.Amounts{limit.InputTokens: usage.Input, limit.OutputTokens: usage.Output, limit.Tokens: usage.Total(), limit.USD: cost}
	w.book.Settle(&b.lease, &used, now)
	for _, c := range b.lease.Crossed {
		w.crossed(c, s)
	}
}

// holdLease notes that a stream has something reserved, which must not lapse.
func (w *Worker) holdLease(s *Stream) {
	if s.budget.at == 0 {
		w.leased = append(w.leased, s)
		s.budget.at = len(w.leased)
	}
}

func (w *Worker) dropLease(s *Stream) {
	at := s.budget.at
	if at == 0 {
		return
	}
	last := len(w.leased) - 1
	w.leased[at-1] = w.leased[last]
	w.leased[at-1].budget.at = at
	w.leased[last] = nil
	w.leased = w.leased[:last]
	s.budget.at = 0
}

// renewLeases keeps reservations of what is under way.
func (w *Worker) renewLeases(now int64) {
	for _, s := range w.leased {
		w.book.Renew(&s.budget.lease, now)
	}
}
