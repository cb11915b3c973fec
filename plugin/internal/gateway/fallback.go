package gateway

import (
	"time"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/plugin/internal/route"
)

// maxTries bounds how many targets a request is tried at, whatever the configuration.
const maxTries = 20

// keep keeps the request's body for whatever may follow.
func (s *Stream) keep(body []byte) {
	if g := s.routing.group; g != nil && (g.Again() || g.HandsOver()) && s.attempts == nil { // a list says itself what follows
		s.routing.kept = append([]byte(nil), body...)
	}
}

// spare reports whether something else can be tried for a reason.
func (s *Stream) spare(why route.Reason) bool {
	r := &s.routing
	if r.kept == nil || why == route.NoReason || r.retried+r.next >= maxTries {
		return false
	}
	if d := r.group.Deadline; d > 0 && s.w.port.Now()-s.began >= int64(d) {
		return false
	}
	if r.retried < r.group.Retry.Attempts && r.group.Retry.On.Has(why, s.got()) && (s.helps(why) || s.pickOther() >= 0) {
		return true
	}
	return r.group.Next(r.next, why, s.got()) >= 0
}

// got is the status of the answer in hand; 0 if there is none but the gateway's own.
func (s *Stream) got() int {
	if s.phase == answered {
		return 0
	}
	return s.status
}

// helps reports whether the same target may do better when it is asked again.
func (s *Stream) helps(why route.Reason) bool {
	switch why {
	case route.ContextLength, route.ContentFilter, route.Unsuited:
		return false
	case route.Unauthorized:
		return len(s.target.Provider.Keys) > 1
	}
	return true
}

// pickOther is one of the group's targets that was not tried; -1 if there is none.
func (s *Stream) pickOther() int {
	r := &s.routing
	not := r.tried
	if r.at >= 0 {
		not = not.With(r.at)
	}
	if len(r.group.Targets) == 1 {
		if not.Has(0) {
			return -1
		}
		return 0
	}
	return s.pick(not)
}

// aimNext takes the target that follows, and says how long to wait for it.
func (s *Stream) aimNext(why route.Reason) (wait time.Duration) {
	r := &s.routing
	g := r.group
	s.gaveUp(why)
	r.why = why
	if r.retried < g.Retry.Attempts && g.Retry.On.Has(why, s.got()) {
		if i := s.pickOther(); i >= 0 {
			r.retried++
			if r.at >= 0 {
				r.tried = r.tried.With(r.at)
			}
			s.aimAtOwn(i)
			return 0
		}
		if r.at >= 0 && s.helps(why) {
			r.retried++
			wait = g.Retry.Backoff << min(r.retried-1, 6)
			return wait - time.Duration(s.w.port.Random()%uint64(wait/2+1))
		}
	}
	first := g.Next(r.next, why, s.got())
	i := first
	for now := s.w.port.Now(); i >= 0 && s.w.board.Place(g.Fallback[i].Place).Rests(now) > 0; {
		i = g.Next(i+1, why, s.got())
	}
	if i < 0 { // none of them is well
		i = first
	}
	r.at, r.next = -1, i+1
	s.aimAt(&g.Fallback[i].Target)
	return 0
}

// gaveUp notes why a target does not do.
func (s *Stream) gaveUp(why route.Reason) {
	p := s.target.Provider
	s.routing.trail = joined(s.routing.trail, p.Name+"/"+s.target.Model+" "+why.String())
	s.w.count(s.w.series.FellBack(p.Label(), why.String()))
}

// another begins with the next target in the place of one that does not do. What the client
// gets is held, or is not there yet.
func (s *Stream) another(why route.Reason) *Step {
	s.leave()
	s.land(why.Blames(), s.routing.rest)
	if s.attempts == nil {
		s.attempts = &attempts{}
	}
	s.attempts.calling, s.attempts.waiting = true, true
	s.weighing = weighing{}
	if wait := s.aimNext(why); wait > 0 {
		s.routing.until = s.w.port.Now() + int64(wait)
		s.w.pausing.add(s)
		return s.hold()
	}
	return s.callNext()
}

//go:noinline
func (s *Stream) hold() *Step {
	step := s.next()
	step.Action, step.Want = Hold, Whole
	return step
}

// callNext makes the request that is kept to its target by a callout; where it cannot be made
// so, the next.
func (s *Stream) callNext() *Step {
	a := s.attempts
	for {
		step := s.renewed()
		if step.Reply == nil {
			a.at++
			if s.w.call(s.callout(step), s.w.plan.Bounds.Answer, func(x *Answer) []Wake { return s.attempted(a, x) }) {
				a.waiting = true
				return s.hold()
			}
			step = s.reject(&chat.Error{Status: 503, Kind: chat.Overloaded, Code: "upstream_unavailable", Message: "too many requests of the gateway's own are under way"})
		}
		why := s.unsuited()
		if !s.spare(why) {
			a.waiting = false
			return step
		}
		s.land(route.Nothing, 0)
		s.aimNext(why)
	}
}

// unsuited is why the gateway itself has refused to send a request to its target.
func (s *Stream) unsuited() route.Reason {
	if s.failure == "context_length_exceeded" {
		return route.ContextLength
	}
	return route.Unsuited
}

// renewed makes the request that is kept what its new target takes.
func (s *Stream) renewed() *Step {
	s.usage = chat.Usage{}
	s.phase, s.prefixed = awaiting, true
	s.answer, s.watch, s.failure, s.token, s.rewritten, s.rule, s.dropped, s.oversized = answer{}, nil, "", nil, true, "", "", false
	s.sequel = sequel{}
	s.translation = translation{emit: s.translation.emit, delivered: s.translation.delivered, open: s.translation.open[:0]}
	s.guarding = guarding{list: s.guarding.list}
	s.in.encoding, s.in.length, s.budget.read = "", -1, false
	s.cache.again()
	s.firstByte, s.status, s.timedOut = 0, 0, false
	if s.attempts != nil {
		s.in.anthropicVersion = false // the client's own headers are of no use there
	}
	s.choice = nil // the target is this one, and no other
	body := s.routing.kept
	s.w.handover.Brace(len(body)) // what is made of it is as large
	request, e := s.w.parse(body)
	if e == nil {
		e = s.authorise(request)
	}
	if e == nil {
		request, body, e = s.lowered(request, body)
	}
	if e == nil {
		request, body, e = s.topUp(request, body)
	}
	if e != nil {
		return s.reject(e)
	}
	return s.dispatch(request, body)
}

// resumePausing goes on with those that have waited before they ask again.
func (w *Worker) resumePausing(now int64) []Wake {
	var wakes []Wake
	for s := w.pausing.first; s != nil; {
		next := s.after
		if now >= s.routing.until {
			s.leave()
			wakes = append(wakes, Wake{s.owner, s.callNext()})
		}
		s = next
	}
	return wakes
}

// giveUpSilent goes on with those whose answer has not begun in time.
func (w *Worker) giveUpSilent(now int64) []Wake {
	var wakes []Wake
	for s := w.eager.first; s != nil; {
		next := s.after
		if why := s.silent(now); why != route.NoReason {
			s.leave()
			if s.spare(why) {
				wakes = append(wakes, Wake{s.owner, s.another(why)})
			} else if why == route.Stalled {
				wakes = append(wakes, Wake{s.owner, s.reject(stalledError())})
			}
		}
		s = next
	}
	return wakes
}

// nextGlance is when the worker looks again: what is due before is due now.
func nextGlance(now int64) int64 { return now + int64(GlanceEvery) }

// silent is why an answer that has not begun is not waited for any longer.
func (s *Stream) silent(now int64) route.Reason {
	r, p := &s.routing, int64(s.patience())
	switch {
	case s.weighing.stream && s.stalled(now):
		return route.Stalled
	case p == 0 || r.left == 0 || nextGlance(now)-r.left < p:
		return route.NoReason
	case s.stream:
		return route.Silent
	}
	return route.TimedOut
}

// watchClock has the answer begin in time.
func (s *Stream) watchClock() {
	g := s.routing.group
	if g != nil && s.handed == nil && (s.patience() > 0 || s.weighing.stream && g.Idle > 0) && s.routing.kept != nil && s.list == nil && (s.attempts == nil || !s.attempts.calling) {
		s.w.eager.add(s)
	}
}

// patience is until when an answer has to have begun: a stream with its content, another as a
// whole, which takes its provider as long as all of its content.
func (s *Stream) patience() time.Duration {
	if s.stream {
		return s.routing.group.FirstToken
	}
	return s.routing.group.Timeout
}

// resend tries other targets for a request that the gateway itself cannot send to the first.
func (s *Stream) resend(step *Step) *Step {
	for step.Reply != nil && step.Reply.Status >= 400 {
		why := s.unsuited()
		if !s.spare(why) {
			break
		}
		s.land(route.Nothing, 0)
		s.aimNext(why)
		step = s.renewed()
	}
	return step
}
