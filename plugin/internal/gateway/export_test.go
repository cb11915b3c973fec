package gateway

import "github.com/postern-gateway/postern/plugin/internal/limit"

// Brace has the worker, and those that share its VM, bill before so many bytes are read.
func (w *Worker) Brace(size int) { w.handover.Brace(size) }

// Stock says when the worker takes something of limits for requests to come.
func (w *Worker) Stock(s limit.Stocking) { w.book.Stocking = s }

// Settle settles what it has taken.
func (w *Worker) Settle() { w.book.Look(w.port.Now()) }

// Workers is how many workers share it.
func (h *Handover) Workers() int { return len(h.workers) }

// Left is what a worker still has of its streams, for tests; empty is nothing.
func (w *Worker) Left() string {
	switch {
	case len(w.under) > 0:
		return "reservations"
	case w.queued.first != nil || w.repeats != nil && w.repeats.recent != nil || w.held.first != nil || w.cut.first != nil || w.flowing.first != nil || w.eager.first != nil || w.pausing.first != nil || w.asking.first != nil || w.between.first != nil:
		return "streams that wait"
	case len(w.callouts.open)+len(w.callouts.refused) > 0:
		return "callouts"
	case w.aboard.first != nil || len(w.flights)+len(w.landed)+len(w.wakes) > 0:
		return "requests that wait for equal ones, or are waited for"
	case len(w.late.list) > 0:
		return "answers that are yet to be stored"
	case len(w.refreshing) > 0:
		return "requests of its own"
	case len(w.handover.open) > 0:
		return "requests that are handed over"
	case w.bytes != 0:
		return "bytes that count as held"
	case w.book != nil && w.book.Lost > 0:
		return "changes of its counts that were lost"
	}
	return ""
}

// Foreign reports that the request is none of the gateway's, so that no further event of it
// matters; an attempt never is.
func (s *Stream) Foreign() bool { return s.phase == foreign }

// Foreign is explained at Stream.Foreign.
func (a *Attempt) Foreign() bool { return false }

// Held is how many bytes count as held.
func (w *Worker) Held() int { return w.bytes }

// Trimmed is a text, as it is spelled in JSON, without the white space at its end, and Begun
// the same without that at its beginning.
func Trimmed(t []byte) []byte { return trimmed(t) }

// Begun is explained at Trimmed.
func Begun(t []byte) []byte { return begun(t) }

// Forget has a worker read every request, whatever it has read before.
func (w *Worker) Forget() { w.recalled, w.repeats = nil, nil }

// Unread reports whether the last request that was answered from the cache, as a conversation, was
// not read.
func (w *Worker) Unread() bool { return len(w.request.Messages) == 0 }

// Used is tokens, and nano-dollars.
type Used struct{ Input, Output, Cost int64 }

func usedOf(a limit.Amounts) Used {
	return Used{a[limit.InputTokens], a[limit.OutputTokens], a[limit.USD]}
}

// Spent is what limits have counted of a request that goes on.
func (s *Stream) Spent() Used { return usedOf(s.budget.lease.Spent()) }

// SoFar is what the request has used; false if no provider has it.
func (s *Stream) SoFar() (u Used, ok bool) {
	if s.under == 0 || !s.sent() {
		return Used{}, false
	}
	_, used := s.soFar()
	return usedOf(used), true
}

// Cut reports whether the gateway has ended the stream for want of room.
func (s *Stream) Cut() bool { return s.answer.cut }

// Undecided has a worker decide every request anew, whatever it has decided before.
func (w *Worker) Undecided() { clear(w.decisions) }

// Cramped has a worker remember one decision at a time.
func (w *Worker) Cramped() { w.decisions = make([]*decision, 1) }

// Decided is how many decisions a worker remembers.
func (w *Worker) Decided() (n int) {
	for _, d := range w.decisions {
		if d != nil {
			n++
		}
	}
	return n
}

// Repeats reports whether a request is answered as another was.
func (s *Stream) Repeats() bool { return s.repeated != nil }
