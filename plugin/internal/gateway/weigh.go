package gateway

import (
	"strings"

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
	held    bool // something of its body is
}

const (
	// mostWeighed is how many bytes of a stream, and mostEvents how many of its events, are
	// held at most until there is some content.
	mostWeighed = 64 << 10
	mostEvents  = 32
)

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
		s.heard()
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
	if s.translation.way != nil && s.handed == nil {
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
	why, decided := s.weighed(p, end)
	if why != route.NoReason && s.spare(why) {
		return s.another(why)
	}
	if !decided {
		s.heard()
		w.held = true
		step := s.hold()
		step.Want = Each
		return step
	}
	return s.goOn(p, end)
}

// weighed is what there is of an answer worth, and whether more of it could change that.
func (s *Stream) weighed(p []byte, end bool) (why route.Reason, decided bool) {
	w := &s.weighing
	switch {
	case w.stream:
		why, decided = s.weighEvents(p, end)
		if why == route.NoReason && !w.held && s.sequel.able && s.handed == nil && s.routing.group.Idle > 0 {
			decided = end // an answer that is to be lent has to be held before
		}
		return why, decided
	case !end:
		return route.NoReason, len(p) > s.mostWhole()
	case w.head.status >= 400:
		return s.reasonOf(w.head.status, p), true
	}
	return s.reasonWhole(p), true
}

// weighEvents reads a stream from its beginning until there is content, or it has failed.
func (s *Stream) weighEvents(p []byte, end bool) (why route.Reason, decided bool) {
	if !s.openFrames(s.weighing.head.contentType) {
		return route.NoReason, true
	}
	look, complete := s.lookAt()
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
		failed, begun := look(ev.Type, ev.Data)
		if failed {
			return route.BrokenStream, true
		}
		any = any || begun
	}
	if end && !(any && complete()) {
		return route.BrokenStream, true
	}
	return route.NoReason, end || any && !whole || len(p) > mostWeighed || events > mostEvents
}

// lookAt is how one event of the provider's is looked at: whether it is an error, and
// whether the answer has begun with it. complete tells at the end whether it is one.
func (s *Stream) lookAt() (look func(kind, data []byte) (failed, begun bool), complete func() bool) {
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
		look = func(kind, data []byte) (bool, bool) {
			if err := d.Event(kind, data, emit); err != nil {
				return true, false
			}
			return failed, begun
		}
		return look, func() bool { return d.Close(emit) == nil && !failed }
	}
	s.openWatch()
	return func(kind, data []byte) (bool, bool) {
		s.watch.Event(kind, data)
		return s.watch.Failed(), s.watch.Delivered() > 0 || s.watch.Ended()
	}, s.watch.Ended
}

// goOn lets an answer pass that was held: as if its headers and what there is of its body
// had come just now.
func (s *Stream) goOn(p []byte, end bool) *Step {
	w := s.weighing
	s.weighing = weighing{}
	s.leave()
	s.sequel.lent = w.held && s.sequel.able && s.routing.group.Idle > 0
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
	if s.answer.streaming {
		step = s.unlessBlocked(step)
	}
	if step.Reply == nil && (s.attempts == nil || !s.attempts.waiting) {
		step.Set = append(set, step.Set...)
	}
	return step
}

// unlessBlocked has another target answer where a guard has blocked an answer of which
// nothing has gone out yet.
func (s *Stream) unlessBlocked(step *Step) *Step {
	if s.guarding.failed == nil || !s.spare(route.Guarded) {
		return step
	}
	return s.another(route.Guarded)
}
