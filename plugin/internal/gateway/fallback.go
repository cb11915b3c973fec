package gateway

import (
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/sse"
	"github.com/postern-gateway/postern/plugin/internal/route"
)

// A weighing is an answer that is held until it is known whether it is one. Its headers are
// kept; of a stream, the body in hand is looked at from its beginning each time.
type weighing struct {
	on      bool
	stream  bool
	head    responseHead
	headers []adapters.Header
}

const (
	// mostWeighed is how many bytes of a stream, and mostEvents how many of its events, are
	// held at most until there is some content.
	mostWeighed = 64 << 10
	mostEvents  = 32
	// maxTries bounds how many targets a request is tried at, whatever the configuration.
	maxTries = 20
)

// keep keeps the request's body for whatever may follow.
func (s *Stream) keep(body []byte) {
	if g := s.routing.group; g != nil && g.Again() && s.attempts == nil { // a list says itself what follows
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
	if r.retried < r.group.Retry.Attempts && r.group.Retry.On.Has(why) && (s.helps(why) || s.pickOther() >= 0) {
		return true
	}
	return r.group.Next(r.next, why) >= 0
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
	if r.retried < g.Retry.Attempts && g.Retry.On.Has(why) {
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
	first := g.Next(r.next, why)
	i := first
	for now := s.w.port.Now(); i >= 0 && s.w.board.Place(g.Fallback[i].Place).Rests(now) > 0; {
		i = g.Next(i+1, why)
	}
	if i < 0 { // none of them is well
		i = first
	}
	r.at, r.next = -1, i+1
	s.aimAt(g.Fallback[i].Target)
	return 0
}

// gaveUp notes why a target does not do.
func (s *Stream) gaveUp(why route.Reason) {
	p := s.target.Provider
	s.routing.trail = joined(s.routing.trail, p.Name+"/"+s.target.Model+" "+why.String())
	s.w.outbox.Samples = append(s.w.outbox.Samples, s.w.series.FellBack(p.Label(), why.String()))
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
	s.translation = translation{emit: s.translation.emit, delivered: s.translation.delivered, open: s.translation.open[:0]}
	s.guarding = guarding{list: s.guarding.list}
	s.in.encoding, s.in.length, s.budget.read = "", -1, false
	s.firstByte, s.status, s.timedOut = 0, 0, false
	if s.attempts != nil {
		s.in.anthropicVersion = false // the client's own headers are of no use there
	}
	s.choice = nil // the target is this one, and no other
	body := s.routing.kept
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
		r := &s.routing
		if r.left > 0 && now-r.left >= int64(s.patience()) {
			s.leave()
			why := route.TimedOut
			if s.stream {
				why = route.Silent
			}
			if s.spare(why) {
				wakes = append(wakes, Wake{s.owner, s.another(why)})
			}
		}
		s = next
	}
	return wakes
}

// watchClock has the answer begin in time.
func (s *Stream) watchClock() {
	if s.routing.group != nil && s.patience() > 0 && s.routing.kept != nil && s.list == nil && (s.attempts == nil || !s.attempts.calling) {
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

// weigh decides by an answer's headers whether it is one, or holds it until its body tells;
// nil: it goes on as it is.
func (s *Stream) weigh(head responseHead, h []adapters.Header, end bool) *Step {
	if s.routing.kept == nil {
		return nil
	}
	why, sure := s.why(head, end)
	if sure && why == route.NoReason {
		return nil
	}
	if sure {
		if !s.spare(why) {
			return nil
		}
		return s.another(why)
	}
	if !s.anySpare() {
		return nil
	}
	head.contentType, head.encoding = strings.Clone(head.contentType), strings.Clone(head.encoding) // they are void after this event
	s.weighing = weighing{on: true, head: head, stream: head.status < 400 && s.isStream(head.contentType)}
	for _, x := range h {
		s.weighing.headers = append(s.weighing.headers, adapters.Header{Name: strings.Clone(x.Name), Value: strings.Clone(x.Value)})
	}
	step := s.hold()
	if s.weighing.stream {
		step.Want = Each
		s.watchClock()
	}
	return step
}

// anySpare reports whether anything at all could follow.
func (s *Stream) anySpare() bool {
	for why := route.NoReason + 1; why < route.NumReasons; why++ {
		if s.spare(why) {
			return true
		}
	}
	return false
}

// why is what an answer's headers tell.
func (s *Stream) why(head responseHead, end bool) (why route.Reason, sure bool) {
	if head.status >= 400 {
		why, sure = s.reason(head.status)
		return why, sure || end || !isJSON(head.contentType)
	}
	switch s.endpoint.Op {
	case adapters.Chat, adapters.Responses, adapters.Completions, adapters.Embeddings, adapters.BatchEmbeddings, adapters.Rerank, adapters.Moderations, adapters.CountTokens:
	default:
		return route.NoReason, true
	}
	plain := head.encoding == "" || head.encoding == "identity"
	switch {
	case !plain || head.length > s.mostWhole():
		return route.NoReason, true
	case end:
		return route.Unreadable, true
	case s.isStream(head.contentType):
		return route.NoReason, false
	case !isJSON(head.contentType):
		return route.Unreadable, true
	}
	return route.NoReason, false
}

// mostWhole is how many bytes of an answer in one piece are held until it is judged: not more
// than proxies hold without being told to, unless it has to be held anyway.
func (s *Stream) mostWhole() int {
	if s.translation.way != nil {
		return s.w.plan.Bounds.Answer
	}
	return maxHeld
}

func (s *Stream) isStream(contentType string) bool {
	f, ok := s.target.Provider.Adapter.(adapters.Framer)
	return contentType == sse.ContentType || ok && contentType == f.StreamType()
}

// weighBody looks at what there is of an answer: p is all of it so far.
func (s *Stream) weighBody(p []byte, end bool) *Step {
	w := &s.weighing
	var why route.Reason
	decided := end
	switch {
	case w.stream:
		why, decided = s.weighEvents(p, end)
	case !end && len(p) > s.mostWhole():
		decided = true
	case end && w.head.status >= 400:
		why = s.reasonOf(w.head.status, p)
	case end:
		why = s.reasonWhole(p)
	}
	if why != route.NoReason && s.spare(why) {
		return s.another(why)
	}
	if !decided {
		step := s.hold()
		step.Want = Each
		return step
	}
	return s.goOn(p, end)
}

// weighEvents reads a stream from its beginning until there is content, or it has failed.
func (s *Stream) weighEvents(p []byte, end bool) (why route.Reason, decided bool) {
	if !s.openFrames(s.weighing.head.contentType) {
		return route.NoReason, true
	}
	look := s.lookAt()
	whole := s.attempts != nil && s.attempts.calling // nothing of it is with the client before all is here
	events, any := 0, false
	for rest := p; ; events++ {
		ev, n, ok, err := s.frames.Next(rest)
		if err != nil {
			return route.BrokenStream, true
		}
		if !ok {
			break
		}
		rest = rest[n:]
		if !ev.Message {
			continue
		}
		switch failed, begun := look(ev.Type, ev.Data); {
		case failed:
			return route.BrokenStream, true
		case begun && !whole:
			return route.NoReason, true
		case begun:
			any = true
		}
	}
	if end && !any {
		return route.BrokenStream, true
	}
	return route.NoReason, end || len(p) > mostWeighed || events > mostEvents
}

// lookAt is how one event of the provider's is looked at: whether it is an error, and
// whether the answer has begun with it.
func (s *Stream) lookAt() func(kind, data []byte) (failed, begun bool) {
	if s.translation.way != nil && s.translation.decoder != nil {
		d := s.translation.decoder
		d.Reset()
		var failed, begun bool
		emit := func(e *chat.Event) {
			switch e.Kind {
			case chat.Failure:
				failed = true
			case chat.TextDelta, chat.FinishEvent, chat.End:
				begun = true
			}
		}
		return func(kind, data []byte) (bool, bool) {
			if err := d.Event(kind, data, emit); err != nil {
				return true, false
			}
			return failed, begun
		}
	}
	s.openWatch()
	return func(kind, data []byte) (bool, bool) {
		s.watch.Event(kind, data)
		return s.watch.Failed(), s.watch.Delivered() > 0 || s.watch.Ended()
	}
}

// goOn lets an answer pass that was held: as if its headers and what there is of its body
// had come just now.
func (s *Stream) goOn(p []byte, end bool) *Step {
	w := s.weighing
	s.weighing = weighing{}
	s.leave()
	s.watch = nil
	if d := s.translation.decoder; d != nil {
		d.Reset()
	}
	step := s.begin(w.head, w.headers, false)
	if step.Reply != nil || step.Want == Nothing {
		return step
	}
	set := append([]adapters.Header(nil), step.Set...)
	if step.Want == Whole && !end {
		return step
	}
	step = s.ResponseBody(p, end)
	if step.Reply == nil {
		step.Set = append(set, step.Set...)
	}
	return step
}

const (
	providerHeader = "x-postern-provider"
	modelHeader    = "x-postern-model"
	reasonHeader   = "x-postern-fallback-reason"
	routeHeader    = "x-postern-route"
)

// tellRoute tells the client where its answer is from.
func (s *Stream) tellRoute(step *Step) {
	r := &s.routing
	if r.explain != "" {
		line := r.explain
		if r.trail != "" {
			line += "; failed: " + r.trail
		}
		step.set(routeHeader, headerText(line))
	}
	if !r.told || s.target.Provider == nil {
		return
	}
	step.set(providerHeader, headerText(s.target.Provider.Name))
	step.set(modelHeader, headerText(s.target.Model))
	n := itoa(r.step())
	if s.attempts == nil || s.attempts.list == nil {
		step.set(stepHeader, n)
		if s.w.plan.Client.Cloudflare {
			step.set(cloudflareStepHeader, n)
		}
	}
	if r.why != route.NoReason {
		step.set(reasonHeader, r.why.String())
	}
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
