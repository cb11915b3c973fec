package gateway

import (
	"github.com/postern-gateway/postern/plugin/internal/limit"
	"github.com/postern-gateway/postern/plugin/internal/usage"
)

// settleLease puts what the request has used in the place of what it has reserved.
func (s *Stream) settleLease(now int64) {
	s.w.exit(s)
	if s.budget.lease.Empty() {
		return
	}
	used := s.used()
	if s.w.book.Settle(&s.budget.lease, &used, now); len(s.budget.lease.Crossed) > 0 {
		s.tellCrossed()
	}
}

// used is what limits count of all targets of the request.
func (s *Stream) used() limit.Amounts {
	u, cost, _ := s.total()
	return limit.Amounts{limit.InputTokens: u.Input, limit.OutputTokens: u.Output, limit.Tokens: u.Total(), limit.USD: cost}
}

// tellCrossed tells once which budgets have come to a threshold.
func (s *Stream) tellCrossed() {
	l := &s.budget.lease
	for _, c := range l.Crossed {
		s.w.crossed(c, s)
	}
	l.Crossed = l.Crossed[:0]
}

// enter notes that a stream has something reserved, which must not lapse, or that a provider
// has it.
//
//go:noinline
func (w *Worker) enter(s *Stream) {
	if s.under == 0 {
		w.under = append(w.under, s)
		s.under = len(w.under)
	}
}

// exit notes that it has not any more.
func (w *Worker) exit(s *Stream) {
	at := s.under
	if at == 0 {
		return
	}
	last := len(w.under) - 1
	w.under[at-1] = w.under[last]
	w.under[at-1].under = at
	w.under[last] = nil
	w.under = w.under[:last]
	s.under = 0
}

// renewLeases keeps reservations of what is under way.
func (w *Worker) renewLeases(now int64) {
	for _, s := range w.under {
		w.book.Renew(&s.budget.lease, now)
	}
}

// A billed is what is written already of a request's usage, and under which labels.
type billed struct {
	at     int64 // when it was first looked at; 0: it was not
	labels usage.Labels
	row    usage.Sums
}

// billAtOnce is how many requests a glance bills at most, so that it is short: each takes a load
// and a store for each of its limits.
const billAtOnce = 64

// billUnder counts what requests have used that are under way, so many at most and in turn: of
// those that it was not done for yet, or of all. If the worker dies that stays counted.
func (w *Worker) billUnder(now int64, most int, all bool) {
	for range w.under {
		if w.turn++; w.turn >= len(w.under) {
			w.turn = 0
		}
		s := w.under[w.turn]
		if (!all && s.billed.at != 0) || !s.sent() {
			continue
		}
		if s.bill(now); most == 1 {
			return
		}
		most--
	}
}

const (
	// Large is from how many bytes on workers brace themselves for what is to be read. It is what
	// proxies hold of a body unless they are told to hold more, so that requests without files
	// in them do not come to it.
	Large = 1 << 20
	// bracedFor is how many requests are billed at most for each Large of it, which takes a
	// twentieth of the time that reading it does.
	bracedFor = 4 * billAtOnce
	// mostLarge bounds it all, whatever is said of a size.
	mostLarge = 64
)

// Brace comes before something is read of so many bytes: if the VM has not as much memory left it
// dies of that, and with it what its workers have under way. So they bill what they have not
// looked at yet. It is done once for each request, here or at a glance, so that it costs no more
// if all bodies are large.
func (h *Handover) Brace(size int) {
	if size < Large {
		return
	}
	most := min(size/Large, mostLarge) * bracedFor
	for _, w := range h.workers {
		now := w.port.Now()
		w.billUnder(now, most, false)
		w.writeDown(now, most)
	}
}

// sent reports whether a provider has the request, so that it may be at work.
func (s *Stream) sent() bool {
	return s.late || s.isOut() && s.phase == released && !s.handed.idle()
}

// bill counts what the request has used so far.
func (s *Stream) bill(now int64) {
	row, used := s.soFar()
	if s.billed.at == 0 {
		s.billed.at = now
	}
	if row != s.billed.row {
		s.addUsage(&row, now)
	}
	if !s.budget.lease.Empty() {
		s.w.book.Spend(&s.budget.lease, &used, now)
		s.tellCrossed()
	}
}

// soFar is what a request has used that goes on, which is what it would have used if its client
// went now.
func (s *Stream) soFar() (row usage.Sums, used limit.Amounts) {
	was, cost, priced, failure, timedOut := s.usage, s.cost, s.priced, s.failure, s.timedOut
	s.presume()
	s.value()
	row, used = s.row(1), s.used()
	row[usage.Errors] = 0
	s.usage, s.cost, s.priced, s.failure, s.timedOut = was, cost, priced, failure, timedOut
	return row, used
}
