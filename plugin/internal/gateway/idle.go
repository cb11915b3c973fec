package gateway

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/plugin/internal/route"
)

// heard notes that something of a stream has come.
func (s *Stream) heard() {
	if g := s.routing.group; g != nil && g.Idle > 0 {
		s.routing.heard = s.w.port.Now()
	}
}

// hear watches a stream that passes, until its end.
func (s *Stream) hear(end bool) {
	g := s.routing.group
	if g == nil || g.Idle == 0 || s.answer.cut || s.attempts != nil && s.attempts.calling {
		return
	}
	s.heard()
	if end {
		s.leave()
	} else {
		s.w.flowing.add(s)
	}
}

// stalled reports whether a stream has said nothing for too long.
func (s *Stream) stalled(now int64) bool {
	r := &s.routing
	return r.heard > 0 && nextGlance(now)-r.heard >= int64(r.group.Idle)
}

// endIdle has another target go on with streams that have stalled, or ends them: what has
// begun cannot be ended but by a reset.
func (w *Worker) endIdle(now int64) []Wake {
	var wakes []Wake
	for s := w.flowing.first; s != nil; {
		next := s.after
		if s.stalled(now) {
			s.leave()
			if s.sequel.lent && s.breaksOff(stalledError(), route.Stalled) {
				s.sequel.failure = "idle"
				if step := s.carryOn(nil, false, route.Stalled); step.Action != Hold {
					step.Answer = true
					wakes = append(wakes, Wake{s.owner, step})
				}
			} else {
				wakes = append(wakes, s.endStalled())
			}
		}
		s = next
	}
	return wakes
}

func stalledError() *chat.Error {
	return &chat.Error{Status: 504, Kind: chat.Timeout, Code: "idle_timeout", Message: "the provider has stopped amid its answer"}
}

// endStalled tears a stream down.
func (s *Stream) endStalled() Wake {
	s.leave()
	s.failure = "idle"
	step := s.next()
	step.Reset = true
	return Wake{s.owner, step}
}
