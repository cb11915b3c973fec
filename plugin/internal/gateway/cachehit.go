package gateway

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/plugin/internal/cache"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/limit"
)

// A lookup is a question to the store that a request waits for. The request may be over
// before it is answered.
type lookup struct {
	s    *Stream // nil: nobody waits any more
	call uint32  // number of the callout
	body []byte  // of the request, as it goes on
}

// lookUp asks the store for an entry. It is nil if there is none.
func (s *Stream) lookUp(body []byte) *Step {
	w, q := s.w, &s.cache.query
	q.Now, q.Random = w.port.Now(), w.port.Random()
	// A list of requests tries one after another at once. Waiting takes the body twice: here and at the proxy.
	q.Local = s.attempts != nil || w.bytes+s.received+len(body) > w.plan.Bounds.Held
	var l *lookup
	var then func(*cache.Entry)
	if w.plan.Cache.Redis != nil { // else there is nothing to wait for
		l, then = newLookup()
	}
	w.beforeLook(&q.Key)
	e, answer := w.kept.Find(q, then)
	if answer == cache.Found {
		if step := s.suits(&e, body); step != nil {
			s.recollect(body)
			return step
		}
	}
	s.draw()
	switch answer {
	case cache.Asked:
		return s.waitFor(l, body)
	case cache.Absent:
		if m := w.late.memory; m != nil {
			s.cache.room = min(m.Room(), mostOfLate)
		}
		if s.cache.alike.sketch != nil {
			return s.resemble(body)
		}
	}
	return nil
}

func newLookup() (*lookup, func(*cache.Entry)) {
	l := &lookup{}
	return l, l.answered
}

// waitFor has the request wait until the store has answered.
func (s *Stream) waitFor(l *lookup, body []byte) *Step {
	l.s, l.call, l.body = s, s.w.callouts.last, bytes.Clone(body)
	s.cache.lookup = l
	s.from = s.address() // the proxy does not tell when the answer is here
	s.retain(s.received + len(body))
	step := s.next()
	step.Action = Hold
	return step
}

// answered goes on with a request that has waited for the store.
func (l *lookup) answered(e *cache.Entry) {
	if s := l.s; s != nil {
		s.w.wakes = append(s.w.wakes, Wake{s.owner, s.looked(e)})
	}
}

// looked goes on with a request when it is known whether there is an entry, nil if not.
func (s *Stream) looked(e *cache.Entry) *Step {
	body := s.cache.lookup.body
	s.abandon()
	s.retain(0)
	if s.in.boundary != "" { // a form
		if e != nil {
			if step := s.suits(e, body); step != nil {
				return step
			}
		}
		return s.sendForm(body)
	}
	request, err := s.w.parse(body)
	if err != nil { // which it was not before
		return s.reject(err)
	}
	s.budget.read = false // other requests have been read since
	if e == nil && s.cache.alike.asked {
		s.cache.alike.score = 0
	}
	if (e != nil || s.mayResemble()) && s.readAgain(request) {
		if step := s.answerBy(e, body); step != nil {
			return step
		}
	}
	return s.onward(request, body)
}

// abandon has the request wait for the store no more.
func (s *Stream) abandon() {
	if l := s.cache.lookup; l != nil {
		l.s, l.body, s.cache.lookup = nil, nil, nil
	}
}

// hit answers with what is kept. It is nil if that is not possible after all, or if limits do
// not let the request pass: then it goes the usual way, which says so.
func (s *Stream) hit(e *cache.Entry, age int64) *Step {
	if s.cache.form == keptPlain {
		return s.hitPlain(e, age)
	}
	w, d := s.w, s.endpoint.Dialect
	r := w.emptyResponse()
	cost, ok := cache.ReadAnswer(e.Value, r)
	if !ok || !s.gives(r.Usage.Total(), cost) {
		return nil
	}
	if s.guardAnswer() {
		if e := s.guardNeutral(r); e != nil {
			return s.reject(e)
		}
	}
	s.name(&r.Created, &r.ID)
	r.Elapsed = w.port.Now() - s.began
	kind, body := "application/json", s.step.Body[:0] // which is this stream's to use, and nobody else's
	if s.stream {
		kind, body = d.StreamType, s.replay(body, r)
	} else {
		r.Echo, r.Texts = w.request.Echo, w.request.Texts
		body = d.Writer.AppendResponse(body, r)
	}
	s.step.Body = body
	return s.given(kind, body, age)
}

// gives reports whether an answer that is there is given, and counts what that saves.
func (s *Stream) gives(tokens, cost int64) bool {
	c, w := &s.cache, s.w
	if w.plan.Cache.Shadow {
		w.countCache(";outcome=shadow", 1)
		return false
	}
	if !s.countHit() {
		return false
	}
	if c.status = cacheHit; c.as != "" {
		c.status = c.as
	}
	s.saves(tokens, cost)
	s.target = config.Target{} // nobody is asked
	return true
}

// saves counts what need not be asked for.
func (s *Stream) saves(tokens, cost int64) {
	s.cache.saved = tokens
	s.w.countCache("_saved_tokens", tokens)
	s.w.countCache("_saved_nano_usd", cost)
}

// given is an answer from the cache.
func (s *Stream) given(kind string, body []byte, age int64) *Step {
	step := s.reply(200, "cache", kind, body)
	step.Reply.Headers = withHeader(s.showCache(s.foundSoFar(step.Reply.Headers), nil), "age", itoa(int(age)))
	return step
}

// replay appends an answer as a stream.
func (s *Stream) replay(body []byte, r *chat.Response) []byte {
	w := s.codecs.encoder(s.endpoint.Dialect)
	w.Reset(&s.w.request)
	s.answer.streaming = true
	cache.Replay(r, func(e *chat.Event) {
		if e.Kind == chat.End {
			e.Elapsed = r.Elapsed
		}
		body = w.Append(body, e)
	})
	return body
}

// countHit counts an answer from the cache as a request; false if there is no room for one.
func (s *Stream) countHit() bool {
	if !s.w.plan.Cache.Counts || s.cache.counted || s.about.allotted { // or it is counted already
		return true
	}
	b := &s.budget
	if s.gather(); !b.lease.Counts(limit.Counted) {
		return true
	}
	b.ask = limit.Ask{}
	if s.w.book.Admit(&b.lease, &b.ask, limit.Counted, nil, s.w.port.Now()).Refused != nil {
		return false
	}
	s.w.enter(s)
	return true
}
