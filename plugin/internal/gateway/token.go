package gateway

import (
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/meter"
)

// A token is what the worker has of a key that has to be exchanged. It is fetched when
// a request first needs it and again shortly before it expires, as long as requests
// come; one fetch is under way at a time, for everybody who waits.
type token struct {
	provider *config.Provider
	key      *config.Key
	from     adapters.Exchanger

	headers             []adapters.Header // that carry it; nil if there is none
	got, renew, expires int64
	used, fetching      bool        // used since it was got
	failures            int         // in a row
	retry               int64       // no fetch before
	problem             *chat.Error // why the last one failed
	waiting             held
	succeeded, failed   *meter.Series
}

const (
	// maxToken is the largest answer of a token endpoint that is read.
	maxToken = 64 << 10
	// renewBefore is how long before its end a token is fetched anew; spareTime, how
	// long before it no request goes out with it. Short-lived ones have a part of that.
	renewBefore = 5 * time.Minute
	spareTime   = 20 * time.Second
	maxLifetime = 24 * time.Hour
	// leastRetry and mostRetry bound the time from one failed fetch to the next.
	leastRetry = time.Second
	mostRetry  = time.Minute
	// suspectAfter is how old a token has to be for its refusal to mean that it is
	// void: one that is newer would only be fetched in vain again.
	suspectAfter = 30 * time.Second
)

// newTokens are one for each key that has to be exchanged.
func (w *Worker) newTokens() {
	for p := range w.plan.EachProvider {
		from, ok := p.Adapter.(adapters.Exchanger)
		if !ok {
			continue
		}
		for i := range p.Keys {
			if k := &p.Keys[i]; k.Source == config.Exchanged {
				w.tokens = append(w.tokens, &token{provider: p, key: k, from: from,
					succeeded: w.series.Exchanges(p.Name, "ok"), failed: w.series.Exchanges(p.Name, "failed")})
			}
		}
	}
}

// token is what there is of a key that has to be exchanged. There are few.
func (w *Worker) token(k *config.Key) *token {
	for _, t := range w.tokens {
		if t.key == k {
			return t
		}
	}
	return nil
}

// depart lets a request go that is ready for its provider, or has it wait for the token
// that it needs.
func (s *Stream) depart(step *Step) *Step {
	s.phase = released
	s.retain(0)
	if s.budget.wait != nil {
		if e := s.retain(s.received); e != nil {
			return s.reject(e)
		}
		s.w.queued.add(s)
		step.Action = Hold
		return step
	}
	if s.handed.waits() {
		return step
	}
	s.takeOff()
	t := s.token
	if t == nil {
		s.watchClock()
		return step
	}
	now := s.w.port.Now()
	t.used = true
	switch {
	case t.valid(now):
		s.carry(step)
		s.watchClock()
		return step
	case s.attempts != nil && s.attempts.calling: // the next attempt is nearer than a token
		if !t.fetching && now >= t.retry {
			s.w.fetch(t, now)
		}
		return s.reject(noToken(t))
	case t.fetching:
	case now < t.retry && t.problem != nil:
		return s.reject(t.why(now))
	default:
		if s.w.fetch(t, now); !t.fetching {
			return s.reject(t.why(now))
		}
	}
	if e := s.retain(s.received); e != nil {
		return s.reject(e)
	}
	t.waiting.add(s)
	step.Action = Hold
	return step
}

func (t *token) valid(now int64) bool { return t.headers != nil && now < t.expires }

// carry gives a request the token that there is.
func (s *Stream) carry(step *Step) {
	step.Set = append(step.Set, s.token.headers...)
	s.tokenGot = s.token.got
}

func noToken(t *token) *chat.Error {
	return &chat.Error{Status: 503, Kind: chat.Overloaded, Code: "provider_token_unavailable",
		Message: "the gateway has no token for the provider '" + t.provider.Name + "' yet"}
}

// why is the error for a request that came when there is no token.
func (t *token) why(now int64) *chat.Error {
	e := *t.problem
	e.RetryAfter = max(1, (t.retry-now+int64(time.Second)-1)/int64(time.Second))
	return &e
}

// fetch begins an exchange. If it cannot, that counts as a failed one.
func (w *Worker) fetch(t *token, now int64) {
	c, err := t.from.Exchange(t.key.Value, now/1e9)
	switch {
	case err != nil:
		w.fail(t, now, 502, "the request for one cannot be made", err.Error())
	case w.call(c, maxToken, func(a *Answer) []Wake { return w.exchanged(t, a) }):
		t.fetching = true
	default:
		w.fail(t, now, 503, "too many requests of the gateway's own are under way", "")
	}
}

// exchanged takes the answer of a token endpoint to all who wait for it.
func (w *Worker) exchanged(t *token, a *Answer) []Wake {
	now := w.port.Now()
	t.fetching = false
	if a.Status == 0 {
		w.fail(t, now, 503, "its token endpoint does not answer", "")
	} else if got, err := t.from.ReadToken(a.Status, a.Body); err == nil && got.Lifetime > 0 && config.HeaderSafe(got.Value.Reveal()) {
		w.keep(t, now, got)
	} else {
		status, what := 502, "its token endpoint refuses the key"
		if a.Status >= 500 || a.Status == 429 {
			status, what = 503, "its token endpoint is not available"
		} else if err == nil {
			what = "its token endpoint gives a token that cannot be used"
		}
		why := "status " + itoa(a.Status)
		if err != nil {
			why += ": " + brief(err.Error())
		}
		w.fail(t, now, status, what, why)
	}
	var wakes []Wake
	for s := t.waiting.first; s != nil; s = t.waiting.first {
		s.leave()
		wakes = append(wakes, Wake{s.owner, s.resume(now)})
	}
	return wakes
}

// resume lets a request go on that has waited.
func (s *Stream) resume(now int64) *Step {
	if !s.token.valid(now) {
		return s.reject(s.token.why(now))
	}
	s.retain(0)
	step := s.next()
	s.carry(step)
	s.watchClock()
	if !s.complete {
		step.Want = Whole
	}
	return step
}

// keep stores a new token.
func (w *Worker) keep(t *token, now int64, got adapters.Token) {
	life := min(got.Lifetime, maxLifetime)
	t.headers = t.provider.Adapter.Credential(got.Value)
	t.got = now
	t.renew = now + int64(life-min(renewBefore, life/4))
	t.expires = now + int64(life-min(spareTime, life/8))
	t.retry = now + int64(leastRetry)
	t.used, t.failures, t.problem = t.waiting.first != nil, 0, nil
	w.count(meter.Sample{Series: t.succeeded, Value: 1})
}

// fail counts a fetch that did not succeed, and says so once, to the operator with what
// is known of it, to clients without.
func (w *Worker) fail(t *token, now int64, status int, what, detail string) {
	wait := min(leastRetry<<min(t.failures, 10), mostRetry)
	t.failures++
	t.retry = now + int64(wait)
	name := t.provider.Name
	t.problem = &chat.Error{Status: status, Kind: chat.KindOf(status), Code: "provider_token_unavailable",
		Message: "the gateway has no token for the provider '" + name + "': " + what}
	line := "no token for the provider " + name + ": " + what
	if t.valid(now) {
		line = "no new token for the provider " + name + ": " + what
	}
	if detail != "" {
		line += " (" + detail + ")"
	}
	w.outbox.Log = append(w.outbox.Log, line+"; the next attempt is in "+wait.String()+" at the earliest")
	w.count(meter.Sample{Series: t.failed, Value: 1})
}

// refused drops the token that a provider has answered 401 to.
func (s *Stream) refused() {
	t, now := s.token, s.w.port.Now()
	if t == nil || t.headers == nil || s.tokenGot != t.got || now-t.got < int64(suspectAfter) {
		return
	}
	t.headers = nil
	s.w.outbox.Log = append(s.w.outbox.Log, "the provider "+t.provider.Name+" refuses a token that should still hold; the next request fetches another")
}

// renewTokens fetches what is about to expire and still in use, and forgets the rest.
func (w *Worker) renewTokens(now int64) {
	for _, t := range w.tokens {
		switch {
		case t.headers == nil || now < t.renew || t.fetching || now < t.retry:
		case t.used:
			t.used = false
			w.fetch(t, now)
		case now >= t.expires:
			t.headers = nil
		}
	}
}
