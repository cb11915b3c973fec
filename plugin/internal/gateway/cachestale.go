package gateway

import (
	"bytes"
	"slices"

	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/cache"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/route"
)

// Entries that are not fresh any more: they are given while the gateway asks for a new one by
// itself, or in the place of an error
// (https://www.rfc-editor.org/rfc/rfc5861).

// A spare is an entry that is kept for the case that the provider fails.
type spare struct {
	entry cache.Entry
	body  []byte // of the request, as it went on
}

func (x *spare) size() int {
	if x == nil {
		return 0
	}
	return len(x.entry.Value) + len(x.body)
}

// suits answers with an entry, unless the client wants one that is younger, or it is too old.
func (s *Stream) suits(e *cache.Entry, body []byte) *Step {
	c, now := &s.cache, s.w.port.Now()
	age := (now - e.Stored) / 1e9
	over := c.over(e, now)
	switch most := s.in.wishes.most; {
	case most >= 0 && age > most:
		return nil
	case over < 0:
		return s.hit(e, age)
	case over < int64(c.life.Revalidate):
		return s.hitStale(e, age, body)
	case over < int64(c.life.OnError):
		s.holdSpare(e, body)
	}
	return nil
}

// hitStale answers with an entry that is not fresh, and asks for another.
func (s *Stream) hitStale(e *cache.Entry, age int64, body []byte) *Step {
	target := s.target
	s.cache.as = cacheStale
	step := s.hit(e, age)
	if step != nil {
		s.refresh(target, body)
	}
	return step
}

// holdSpare keeps an entry for the case that the provider fails, unless too much is held
// already.
func (s *Stream) holdSpare(e *cache.Entry, body []byte) {
	if s.w.bytes+s.received+len(e.Value)+len(body) > s.w.plan.Bounds.Held {
		return
	}
	x := &spare{*e, bytes.Clone(body)}
	x.entry.Value = bytes.Clone(e.Value)
	s.cache.spare = x
}

// insteadOfError answers with what is kept, if the provider has failed; nil: the error goes
// on. What another filter refuses stays refused.
func (s *Stream) insteadOfError(status int) *Step {
	x := s.cache.spare
	if x == nil || s.target.Provider == nil || s.attempts != nil && s.attempts.list != nil {
		return nil
	}
	why, _ := s.reason(status)
	switch why {
	case route.Unavailable, route.TimedOut, route.RateLimited, route.Overloaded, route.ServerError:
	default:
		return nil
	}
	s.cache.spare = nil
	request, err := s.w.parse(x.body)
	if err != nil || !s.readAgain(request) {
		return nil
	}
	s.gaveUp(why)
	s.timedOut = s.timedOut || why == route.TimedOut
	target := s.target // which has been asked
	s.answer, s.watch = answer{}, nil
	s.cache.as, s.cache.counted = cacheStale, true
	step := s.hit(&x.entry, (s.w.port.Now()-x.entry.Stored)/1e9)
	s.target = target
	return step
}

// readAgain reads a request that has been read before other requests were.
func (s *Stream) readAgain(request rawjson.Value) bool {
	if s.cache.form == keptPlain { // it is not read
		return true
	}
	r := &s.w.request
	r.Reset()
	s.budget.read = s.endpoint.Dialect.Reader.ReadRequest(request, r) == nil
	return s.budget.read
}

// mostRefreshes bounds a worker's requests of its own.
const mostRefreshes = 16

// refresh asks a target again what a client has asked, for whoever asks next. Tokens and money
// are reserved, and count, as if the client had waited for it; it is no request of the client's.
func (s *Stream) refresh(target config.Target, body []byte) {
	w, key := s.w, s.cache.query.Key
	if len(w.refreshing) >= mostRefreshes || slices.Contains(w.refreshing, key) {
		return
	}
	r := w.NewStream(nil)
	r.began, r.phase, r.prefixed, r.rewritten, r.complete = w.port.Now(), awaiting, true, true, true
	r.endpoint, r.caller, r.dropIn, r.standing = s.endpoint, s.caller, s.dropIn, s.standing
	r.rules, r.from = slices.Clone(s.rules), s.address()
	r.in = clientHeaders{length: -1, wishes: s.in.wishes, query: s.in.query, key: s.in.key, metadata: s.in.metadata, session: s.in.session, counted: slices.Clone(s.in.counted)}
	r.target, r.label, r.model, r.meant, r.most, r.invented = target, s.label, s.model, s.meant, s.most, s.invented
	r.stream, r.asks, r.received = s.stream, s.asks, len(body)
	r.routing = routing{group: s.routing.group, at: s.routing.at, stick: s.routing.stick}
	r.guarding.list = s.guarding.list
	r.cache = caching{status: cacheRefresh, form: s.cache.form, query: s.cache.query, life: s.cache.life, counted: true}
	r.attempts = &attempts{calling: true}
	if !r.sendAlone(body) {
		r.land(route.Nothing, 0)
		r.settleLease(w.port.Now())
		r.forget()
		r.Release()
		return
	}
	r.late = true
	w.refreshing = append(w.refreshing, key)
}

// sendAlone sends a request that nobody waits for; false if that cannot be.
func (s *Stream) sendAlone(body []byte) bool {
	request, e := s.w.parse(body)
	if e == nil {
		request, body, e = s.allot(request, body)
	}
	if e != nil || s.budget.asked != "" { // or a budget has another model asked, whose answer is not kept
		return false
	}
	step := s.dispatch(request, body)
	return step.Reply == nil && s.w.call(s.callout(step), s.w.plan.Bounds.Answer, func(x *Answer) []Wake {
		s.w.refreshing = slices.DeleteFunc(s.w.refreshing, func(k cache.Key) bool { return k == s.cache.query.Key })
		s.settleLate(x)
		return nil
	})
}
