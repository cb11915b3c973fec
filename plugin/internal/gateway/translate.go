package gateway

import (
	"errors"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/sse"
	"github.com/postern-gateway/postern/plugin/internal/route"
)

// A translation is what a stream has while its request and answer change dialects.
type translation struct {
	way     way  // nil: they do not
	own     bool // the provider takes the client's own dialect
	chat    chatWay
	embed   embedWay
	decoder adapters.Decoder
	encoder adapters.Encoder
	emit    func(*chat.Event) // made once, for it is a closure
	echo    []byte            // what a whole answer repeats of the request
	texts   []byte            // and its tools that take a text

	usage     chat.Usage
	counted   bool
	failed    bool
	ended     bool
	delivered chat.Delivered
	open      []openBlock
}

// codecs are the readers and writers of streams that a Stream has made; they are used
// for one stream after another.
type codecs struct {
	decoders map[adapters.Adapter]adapters.Decoder
	encoders map[*dialect.Dialect]adapters.Encoder
	frames   map[adapters.Adapter]adapters.Frames
}

func (c *codecs) decoder(a adapters.Adapter, t adapters.Translator) adapters.Decoder {
	d, ok := c.decoders[a]
	if !ok {
		if c.decoders == nil {
			c.decoders = map[adapters.Adapter]adapters.Decoder{}
		}
		d = t.NewDecoder()
		c.decoders[a] = d
	}
	d.Reset()
	return d
}

func (c *codecs) frame(a adapters.Adapter, f adapters.Framer) adapters.Frames {
	x, ok := c.frames[a]
	if !ok {
		if c.frames == nil {
			c.frames = map[adapters.Adapter]adapters.Frames{}
		}
		x = f.NewFrames()
		c.frames[a] = x
	}
	return x
}

func (c *codecs) encoder(d *dialect.Dialect) adapters.Encoder {
	e, ok := c.encoders[d]
	if !ok {
		if c.encoders == nil {
			c.encoders = map[*dialect.Dialect]adapters.Encoder{}
		}
		e = d.Writer.NewEncoder()
		c.encoders[d] = e
	}
	return e
}

// answerTranslated begins the answer of a provider that speaks otherwise. Everything
// but a stream is held, for it can only be translated whole.
func (s *Stream) answerTranslated(step *Step, head responseHead, end bool) *Step {
	if head.status < 400 && s.stream && !end && s.openFrames(head.contentType) {
		s.answer.streaming, s.answer.translated = true, true
		step.Want = Each
		if t := s.endpoint.Dialect.StreamType; t != head.contentType {
			step.set("content-type", t)
		}
		step.set("content-length", "")
		step.set("x-accel-buffering", "no")
		return step
	}
	if end {
		return s.failed(head, nil, end)
	}
	s.answer.whole, s.answer.translated, s.answer.retryAfter, s.answer.json = true, true, head.retryAfter, head.json
	if head.length > s.w.plan.Bounds.Answer {
		return s.reject(answerTooLarge(s.w.plan.Bounds.Answer))
	}
	step.Action, step.Want = Hold, Whole
	return step
}

const droppedHeader = "x-postern-dropped"

// joined is one list of two.
func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ", " + b
}

// headerText makes names from a client fit for a header.
func headerText(s string) string {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return strings.Map(func(r rune) rune {
				if r < ' ' || r > '~' {
					return '?'
				}
				return r
			}, s)
		}
	}
	return s
}

// ResponseProgress tells that size bytes of an answer that is wanted whole are held.
func (s *Stream) ResponseProgress(size int) *Step {
	if s.weighing.on && size > s.mostWhole() {
		step := s.hold()
		step.Want = Each
		return step
	}
	if (s.answer.translated || s.answer.judged || s.answer.guarded) && size > s.w.plan.Bounds.Answer {
		return s.reject(answerTooLarge(s.w.plan.Bounds.Answer))
	}
	if e := s.retain(size); e != nil {
		return s.reject(e)
	}
	step := s.next()
	step.Action, step.Want = Hold, Whole
	return step
}

// translateWhole turns a whole answer into the client's dialect.
func (s *Stream) translateWhole(step *Step, p []byte) *Step {
	if s.status >= 400 {
		s.failure = "upstream_" + itoa(s.status)
		return s.replaceError(step, s.adapted(s.translation.way.ReadError(s.status, p)))
	}
	s.w.doc.LoneSurrogates = true // models end amidst a character when their tokens run out
	err := s.w.doc.Parse(p)
	s.w.doc.LoneSurrogates = false
	if err != nil {
		return s.replaceError(step, s.unreadable("is not JSON"))
	}
	if s.stream { // the provider has answered in one piece what was asked for as a stream
		return s.replaceError(step, s.unreadable("is not a stream"))
	}
	body, usage, counted, err := s.translation.way.turn(step.Body, s.w.doc.Root())
	step.Body = body
	if err != nil {
		if e, ok := err.(*chat.Error); ok { // the provider says so with a good status
			s.failure = "upstream_" + itoa(e.Status)
			return s.replaceError(step, s.adapted(e))
		}
		return s.replaceError(step, s.unreadable("cannot be read: "+err.Error()))
	}
	s.translation.usage, s.translation.counted, s.translation.ended = usage, counted, true
	if s.guarding.answers {
		var e *chat.Error
		if step.Body, e = s.guardedWhole(step.Body); e != nil {
			return s.replaceError(step, e)
		}
		s.sayFound(step)
	}
	step.Replace = true
	if !s.answer.json {
		step.set("content-type", "application/json")
	}
	step.set("content-length", itoa(len(step.Body)))
	if counted {
		s.setUsage(step, usage)
	}
	return step
}

// name says when an answer was made and how it is called, which clients' dialects
// have to say and not every provider does.
func (s *Stream) name(created *int64, id *chat.Text) {
	if *created == 0 {
		*created = s.began / 1e9
	}
	if len(*id) == 0 {
		*id = s.w.appendID(nil)
	}
}

// adapted says a provider's error as the client's own API would.
func (s *Stream) adapted(e *chat.Error) *chat.Error {
	switch {
	case e.Kind == chat.Overloaded:
		e.Status = s.endpoint.Dialect.Overloaded
	case e.Kind == chat.NotFound && e.Code == "": // not every API has a code for what only the model can be
		e.Code, e.Param = "model_not_found", "model"
	}
	s.endpoint.Dialect.Spell(e)
	return e
}

//go:noinline
func (s *Stream) unreadable(why string) *chat.Error {
	s.failure = "upstream_unreadable"
	return &chat.Error{Status: 502, Kind: chat.Internal, Code: s.failure, Message: "the provider's answer " + why}
}

// replaceError puts an error in the place of an answer that is held.
func (s *Stream) replaceError(step *Step, e *chat.Error) *Step {
	step.Replace = true
	step.Body = s.endpoint.Dialect.Error(step.Body[:0], e)
	if e.RetryAfter > 0 && !s.answer.retryAfter {
		step.set("retry-after", itoa(int(e.RetryAfter)))
	}
	if e.Status != s.status {
		step.set(":status", itoa(e.Status))
		s.status = e.Status
	}
	step.set("content-type", "application/json")
	step.set("content-length", itoa(len(step.Body)))
	step.set("content-encoding", "")
	s.nameError(step, e)
	return step
}

// nameError says in a header which error it is, where clients look there.
func (s *Stream) nameError(step *Step, e *chat.Error) {
	if name := s.endpoint.Dialect.ErrorHeader; name != nil {
		step.Set = append(step.Set, name(e))
	}
}

// translateEvents turns the next bytes of a stream into the client's dialect.
func (s *Stream) translateEvents(step *Step, p []byte, end bool) {
	step.Replace = true
	tr := &s.translation
	if s.answer.cut {
		return
	}
	if e := s.decode(p, tr.emit); e != nil {
		s.event(&chat.Event{Kind: chat.Failure, Err: e})
		s.answer.cut = true
		return
	}
	if s.sequel.broke != nil {
		return
	}
	if !end || tr.failed {
		if !end && s.outruns() {
			s.finish(&s.step)
		}
		return
	}
	if err := tr.decoder.Close(tr.emit); err != nil && !tr.failed {
		s.event(&chat.Event{Kind: chat.Failure, Err: s.truncated()})
	}
}

// decode reads what is complete of a provider's stream, until it fails or breaks off; an
// error if it cannot be read.
func (s *Stream) decode(p []byte, emit func(*chat.Event)) *chat.Error {
	for !s.translation.failed && s.sequel.broke == nil {
		ev, n, ok, err := s.frames.Next(p)
		switch {
		case err != nil:
			return s.unframed(err)
		case !ok:
			return nil
		}
		if p = p[n:]; !ev.Message {
			continue
		}
		if err := s.translation.decoder.Event(ev.Type, ev.Data, emit); err != nil {
			return s.unreadable("has an event that cannot be read: " + err.Error())
		}
	}
	return nil
}

func (s *Stream) truncated() *chat.Error {
	s.failure = "stream_truncated"
	return &chat.Error{Status: 502, Kind: chat.Internal, Code: s.failure, Message: "the provider ended the stream before the answer was complete"}
}

// event writes one step of the answer in the client's dialect and counts it.
func (s *Stream) event(e *chat.Event) {
	if e.Kind == chat.Failure && s.breaksOff(e.Err, route.BrokenStream) {
		return
	}
	if q := &s.sequel; q.able && !s.guarding.inner {
		q.note(e, s.routing.group.Continue.Text)
	}
	if !s.guarding.inner {
		s.keepEvent(e) // as the provider has said it
	}
	if s.guarding.answers && !s.guarding.inner && !s.guardEvent(e) {
		return
	}
	tr := &s.translation
	switch e.Kind {
	case chat.Start:
		s.name(&e.Created, &e.ID)
	case chat.TextDelta:
		tr.delivered.Add(e.Text)
	case chat.Failure:
		tr.failed = true
	case chat.End:
		tr.ended = true
		e.Elapsed = s.w.port.Now() - s.began
	}
	tr.track(e)
	if e.Counted {
		tr.usage, tr.counted = e.Usage, true
	}
	if s.sequel.come > 0 {
		s.addPast(e)
	}
	s.step.Body = tr.encoder.Append(s.step.Body, e)
}

// unframed says why a stream cannot be cut into events any more.
func (s *Stream) unframed(err error) *chat.Error {
	if !errors.Is(err, sse.ErrTooLong) {
		return s.unreadable("is not framed as it says: " + err.Error())
	}
	s.failure = "stream_event_too_long"
	return &chat.Error{Status: 502, Kind: chat.Internal, Code: "stream_event_too_long", Message: "the provider sent an event that is longer than the gateway accepts"}
}

//go:noinline
func answerTooLarge(limit int) *chat.Error {
	return &chat.Error{Status: 502, Kind: chat.Internal, Code: "answer_too_large", Message: "the provider's answer is larger than " + itoa(limit) + " bytes, which is what can be translated"}
}
