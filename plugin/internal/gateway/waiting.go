package gateway

import (
	"github.com/postern-gateway/postern/plugin/internal/limit"
)

// mayWait notes that the request is to be held until there is room.
func (s *Stream) mayWait(out limit.Outcome) bool {
	b := &s.budget
	if out.Refused.Wait == 0 || out.Wait > int64(out.Refused.Wait) || s.attempts != nil && s.attempts.calling {
		return false
	}
	b.wait, b.until = out.Refused, s.w.port.Now()+int64(out.Refused.Wait)
	b.ask.Least = b.ask.Output // its body is written before its turn comes
	return true
}

// retryWaiting sees whether those that are held for a limit may go, or have to be refused.
func (w *Worker) retryWaiting(now int64) []Wake {
	var wakes []Wake
	for s := w.queued.first; s != nil; {
		next := s.after
		if step := s.retry(now); step != nil {
			wakes = append(wakes, Wake{s.owner, step})
		}
		s = next
	}
	return wakes
}

// retry is nil as long as the request has to wait on.
func (s *Stream) retry(now int64) *Step {
	b := &s.budget
	out := s.admitUsage()
	switch {
	case out.Refused == nil:
		s.leave()
		s.count("waited", b.wait)
		b.wait = nil
		return s.depart(s.next())
	case now < b.until:
		return nil
	}
	s.count("refused", out.Refused)
	return s.reject(exceeded(out.Refused, out.Wait))
}
