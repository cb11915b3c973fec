package gateway

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/guard"
	"github.com/postern-gateway/postern/plugin/internal/route"
)

// A sequel is what another target says in a stream that has broken off amid its text. It
// comes as the answer to a callout; until then the client's stream is held where it is.
type sequel struct {
	able    bool        // there may be one
	said    []byte      // of the text, as it is spelled in JSON, before guards have read it
	next    int         // index of the block after those so far
	broke   *chat.Error // how the stream has broken off
	failure string      // what the record has of that
	asked   int         // how often another target was
	come    int         // and how often it has gone on

	lent    bool   // the answer goes on piece by piece and is held in between
	waiting bool   // for an answer
	held    []byte // that goes out before it
	over    bool   // the first target's stream has come to its end

	seam seam
	past past
}

// begins says of a stream whether it may have a sequel.
func (q *sequel) begins(s *Stream, r *chat.Request) {
	*q = sequel{able: s.mayContinue() && r.N <= 1 && r.Format.Kind == chat.FormatText && r.Audio == nil}
}

// mayContinue reports whether the configuration wants streams such as this one to be gone
// on with.
func (s *Stream) mayContinue() bool {
	g := s.routing.group
	return g != nil && g.Continue.Attempts > 0 && s.stream && s.attempts == nil && s.routing.kept != nil &&
		(s.endpoint.Op == adapters.Chat || s.endpoint.Op == adapters.Responses)
}

// note keeps what there is to go on with. Tool calls and whatever else is no text nobody can
// go on with.
func (q *sequel) note(e *chat.Event, most int) {
	switch {
	case !q.able:
	case e.Choice > 0 || e.Kind == chat.FinishEvent || e.Kind == chat.End:
		q.stop()
	case e.Kind == chat.BlockStart:
		q.next = max(q.next, e.Index+1)
		if e.Block != chat.TextPart && e.Block != chat.ThinkingPart && e.Block != chat.RedactedPart {
			q.stop()
		}
	case e.Kind == chat.TextDelta && e.Block == chat.TextPart:
		if q.said = append(q.said, e.Text...); len(q.said) > most {
			q.stop()
		}
	}
}

func (q *sequel) stop() { q.able, q.said = false, nil }

// breaksOff takes an error of a stream's, and reports whether something goes on in its place.
func (s *Stream) breaksOff(e *chat.Error, why route.Reason) bool {
	q := &s.sequel
	if s.hasFinished() || !q.able || q.broke != nil || s.guarding.inner || s.guarding.failed != nil || q.asked >= s.routing.group.Continue.Attempts || !s.spare(why) {
		return false
	}
	copied := *e
	q.broke, q.failure, s.failure = &copied, s.failure, ""
	return true
}

// hasFinished reports whether the target in hand has said why its answer has ended, though
// the answer's last event may not have come.
func (s *Stream) hasFinished() bool {
	f, ok := s.translation.decoder.(adapters.Finisher)
	return ok && f.Finished()
}

// ResponseTrailers ends a body that did not say that it ends. p is as in ResponseBody.
func (s *Stream) ResponseTrailers(p []byte) *Step {
	if !s.sequel.lent && !s.weighing.on {
		s.sequel.able = false // no body is in hand that anything could be put into
	}
	return s.ResponseBody(p, true)
}

// carryOn has the next target go on with a stream that has broken off. What is to go out
// before that is held, and so is the end.
func (s *Stream) carryOn(body []byte, end bool, why route.Reason) *Step {
	q := &s.sequel
	s.leave()
	q.held = append(q.held, body...)
	q.over = q.over || end
	q.waiting = true
	if !s.askOn(why) {
		return s.give()
	}
	return s.holdAnswer()
}

// holdAnswer keeps the answer where it is. What still comes of it is swallowed.
func (s *Stream) holdAnswer() *Step {
	step := s.next()
	step.Action, step.Want = Hold, Each
	return step
}

// askOn asks the next target that can be asked; false if there is none.
func (s *Stream) askOn(why route.Reason) bool {
	q := &s.sequel
	s.settlePart()
	for {
		s.land(why.Blames(), s.routing.rest)
		if !q.able || q.asked >= s.routing.group.Continue.Attempts || !s.spare(why) {
			return false
		}
		s.aimNext(why)
		if s.attempts == nil {
			s.attempts = &attempts{}
		}
		a := s.attempts
		a.calling = true
		c, e := s.askedOn()
		if e == nil && s.w.call(c, s.w.plan.Bounds.Answer, func(x *Answer) []Wake { return s.wentOn(a, x) }) {
			a.at++
			a.waiting = true
			q.asked++
			return true
		}
		why, s.rule = route.Unsuited, ""
	}
}

// goOnPrompt asks models that answer their own last message to go on with it.
const goOnPrompt = "Your answer was cut off. Go on with it exactly where it ends, in the middle of a sentence or a word if that is where it ends. Repeat nothing of it and say nothing about the interruption."

// askedOn is the request that is kept, with what has been said, as the new target takes it.
func (s *Stream) askedOn() (*adapters.Callout, *chat.Error) {
	s.token, s.rewritten, s.choice = nil, true, nil
	s.in.encoding, s.in.length, s.in.anthropicVersion, s.budget.read = "", -1, false, false
	request, e := s.w.parse(s.routing.kept)
	if e == nil {
		e = s.authorise(request)
	}
	if e == nil {
		request, _, e = s.lowered(request, s.routing.kept)
	}
	path := s.translatedPath()
	if e == nil && path == "" {
		e = s.notNative()
	}
	if e != nil {
		return nil, e
	}
	step := s.next()
	if e = s.translateOn(step, request); e == nil {
		e = s.toProvider(step, path, step.Body, true)
	}
	if e != nil {
		return nil, e
	}
	if t := s.token; t != nil {
		now := s.w.port.Now()
		if t.used = true; !t.valid(now) {
			if !t.fetching && now >= t.retry {
				s.w.fetch(t, now)
			}
			return nil, noToken(t)
		}
		s.carry(step)
	}
	s.takeOff()
	return s.callout(step), nil
}

// translateOn writes the request that asks to go on.
func (s *Stream) translateOn(step *Step, request rawjson.Value) *chat.Error {
	r, q := &s.w.request, &s.sequel
	r.Reset()
	if e := s.endpoint.Dialect.Reader.ReadRequest(request, r); e != nil {
		return e
	}
	t := s.target.Provider.Adapter.(adapters.Translator)
	r.Model, r.Stream = s.target.Model, true
	said, e := s.saidFor()
	if e != nil {
		return e
	}
	if len(said) > 0 {
		r.Begin(chat.Assistant)
		r.Add(chat.Part{Kind: chat.TextPart, Text: said})
		if p, ok := t.(adapters.Prefiller); !ok || !p.Prefills(r.Model) {
			r.Begin(chat.User)
			r.Add(chat.Part{Kind: chat.TextPart, Text: chat.Text(goOnPrompt)})
		}
	}
	if e = s.reads(r); e == nil {
		e = s.reserveOn(r)
	}
	if e == nil {
		step.Body, e = t.AppendRequest(step.Body, r)
	}
	if e != nil {
		return e
	}
	tr := &s.translation
	tr.chat, tr.own = chatWay{t, s}, false
	tr.decoder = s.codecs.decoder(s.target.Provider.Adapter, t)
	s.prompt = promptBytes(step.Body)
	q.seam = seam{text: tr.openText(), trim: len(said) < len(q.said)}
	return nil
}

// saidFor is what has been said, as another provider may see it: without white space at its
// end, and as guards let it out.
func (s *Stream) saidFor() (chat.Text, *chat.Error) {
	said := s.sequel.said
	said = said[:len(trimmed(said))]
	if len(s.guarding.list) == 0 {
		return said, nil
	}
	var p pipe
	s.openText(&p, guard.Request, guard.Part{Role: guard.Assistant})
	text := said
	if bytes.IndexByte(said, '\\') >= 0 {
		text = rawjson.AppendUnescaped(nil, said)
	}
	text = p.feed(text, true)
	if e := s.guarding.failed; e != nil {
		s.guarding.failed = nil // the client's answer has nothing of it
		return nil, e
	}
	if !p.edited {
		return said, nil
	}
	return rawjson.AppendEscaped(nil, text), nil
}

// trimmed is a text, as it is spelled in JSON, without the white space at its end.
func trimmed(t []byte) []byte {
	for {
		n := len(t)
		switch {
		case n > 0 && t[n-1] == ' ':
			t = t[:n-1]
		case n > 1 && t[n-2] == '\\' && (t[n-1] == 'n' || t[n-1] == 't' || t[n-1] == 'r') && !escapes(t[:n-2]):
			t = t[:n-2]
		default:
			return t
		}
	}
}

// escapes reports whether a text ends with a backslash that makes the next one a character.
func escapes(t []byte) bool {
	n := 0
	for n < len(t) && t[len(t)-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// wentOn takes the answer of a target that was to go on.
func (s *Stream) wentOn(a *attempts, x *Answer) []Wake {
	if s.attempts != a || !a.waiting {
		return nil
	}
	a.waiting = false
	if s.late {
		s.routing.kept = nil // nobody wants another
	}
	q := &s.sequel
	s.next()
	q.broke = nil
	why := s.join(x)
	q.held = append(q.held, s.step.Body...)
	if s.late {
		s.settledLate()
		return nil
	}
	if why != route.NoReason && s.askOn(why) {
		return nil
	}
	if why == route.NoReason {
		s.land(route.Good, 0)
	}
	step := s.give()
	step.Answer = true
	return []Wake{{s.owner, step}}
}

// give lets out what is held: with an error at its end, if the stream has broken off.
func (s *Stream) give() *Step {
	q := &s.sequel
	q.waiting, s.weighing = false, weighing{}
	step := s.next()
	if e := q.broke; e != nil {
		q.stop()
		q.broke = nil
		s.failure = q.failure
		s.event(&chat.Event{Kind: chat.Failure, Err: e})
	}
	step.Body = append(append([]byte(nil), q.held...), step.Body...)
	step.Replace, step.Want = true, Each
	q.held = nil
	s.answer.ended = true
	if s.answer.cut = true; !q.over {
		s.finished = s.w.port.Now()
		s.w.cut.add(s)
	}
	return step
}
