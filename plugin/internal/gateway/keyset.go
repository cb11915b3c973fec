package gateway

import (
	"bytes"
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/plugin/internal/identity"
	"github.com/postern-gateway/postern/plugin/internal/meter"
)

// A keySet is what the worker has of an issuer's keys. They are fetched when a token first
// needs them, again by their age as long as tokens come, and when a token names a key that
// they do not have; one fetch is under way at a time, for everybody who waits.
type keySet struct {
	issuer *identity.Issuer

	keys              *identity.KeySet // nil if there are none
	document          []byte           // that they are from
	got               int64            // when
	used, fetching    bool             // used since they were got
	failures          int              // in a row
	retry             int64            // no fetch before, but for a first one
	problem           *chat.Error      // why the last one failed
	waiting           held
	succeeded, failed *meter.Series
}

const (
	// unknownKeyEvery bounds how often tokens that name unknown keys make a worker fetch:
	// anybody can make such tokens.
	unknownKeyEvery = 30 * time.Second
	// keysHold is how long keys are used that cannot be fetched anew.
	keysHold = 24 * time.Hour
)

func (w *Worker) newKeySets() {
	for _, i := range w.plan.Identity.Issuers {
		if r := i.Remote; r != nil {
			w.keySets = append(w.keySets, &keySet{issuer: i, succeeded: w.series.KeySets(r.Cluster, "ok"), failed: w.series.KeySets(r.Cluster, "failed")})
		}
	}
}

// prove checks a token's signature, or has the stream wait for the keys for it.
func (s *Stream) prove(t *identity.Token) *chat.Error {
	if t.Issuer.Keys != nil {
		k, _, p := t.Verify(t.Issuer.Keys, s.w.port)
		return s.proved(t, k, p)
	}
	ks := s.w.keySet(t.Issuer)
	ks.used = true
	now := s.began
	if ks.keys != nil && now-ks.got < int64(keysHold) {
		k, found, p := t.Verify(ks.keys, s.w.port)
		if found || now < ks.retry && !ks.fetching {
			return s.proved(t, k, p)
		}
	} else if now < ks.retry && !ks.fetching {
		return ks.why(now)
	}
	if !ks.fetching {
		s.w.fetchKeys(ks, now)
	}
	if !ks.fetching { // it could not even be sent
		return ks.why(now)
	}
	s.claim, s.claimed = t, ks
	return nil
}

// proved takes the outcome for a token, and remembers a good one.
func (s *Stream) proved(t *identity.Token, k identity.Known, p *identity.Problem) *chat.Error {
	if p == nil {
		s.w.known.Add(t.Text(), k)
	}
	return s.admitAs(k, p)
}

func (w *Worker) keySet(i *identity.Issuer) *keySet {
	for _, ks := range w.keySets {
		if ks.issuer == i {
			return ks
		}
	}
	return nil // every issuer without keys of its own has one
}

func (ks *keySet) why(now int64) *chat.Error {
	e := *ks.problem
	e.RetryAfter = max(1, (ks.retry-now+int64(time.Second)-1)/int64(time.Second))
	return &e
}

// fetchKeys begins a fetch. If it cannot, that counts as a failed one.
func (w *Worker) fetchKeys(ks *keySet, now int64) {
	r := ks.issuer.Remote
	c := &adapters.Callout{Cluster: r.Cluster, Method: "GET", Host: r.Host, Path: r.Path, Timeout: time.Duration(r.Timeout),
		Headers: []adapters.Header{{Name: "accept", Value: "application/json"}}}
	if ks.fetching = w.call(c, identity.MaxKeySet, func(a *Answer) []Wake { return w.fetched(ks, a) }); !ks.fetching {
		w.failKeys(ks, now, "too many requests of the gateway's own are under way")
	}
}

// fetched takes the answer to all who wait for it.
func (w *Worker) fetched(ks *keySet, a *Answer) []Wake {
	now := w.port.Now()
	ks.fetching = false
	switch keys, err := identity.ReadKeySet(a.Body); {
	case a.Status == 0:
		w.failKeys(ks, now, "there is no answer, or one that is too large")
	case a.Status != 200:
		w.failKeys(ks, now, "the answer's status is "+itoa(a.Status))
	case err != nil:
		w.failKeys(ks, now, err.Error())
	default:
		w.keepKeys(ks, keys, a.Body, now)
	}
	var wakes []Wake
	for s := ks.waiting.first; s != nil; s = ks.waiting.first {
		s.leave()
		wakes = append(wakes, Wake{s.owner, s.informed(ks, now)})
	}
	return wakes
}

// keepKeys takes a new set. Whoever was known by a key that is gone has to prove it again.
func (w *Worker) keepKeys(ks *keySet, keys *identity.KeySet, document []byte, now int64) {
	if !bytes.Equal(ks.document, document) {
		w.known.Clear()
		ks.document = bytes.Clone(document)
	}
	ks.keys, ks.got, ks.used, ks.failures, ks.problem = keys, now, ks.waiting.first != nil, 0, nil
	ks.retry = now + int64(unknownKeyEvery)
	w.count(meter.Sample{Series: ks.succeeded, Value: 1})
}

// failKeys counts a fetch that did not succeed, and says so once.
func (w *Worker) failKeys(ks *keySet, now int64, why string) {
	wait := min(leastRetry<<min(ks.failures, 10), mostRetry)
	ks.failures++
	ks.retry = now + int64(wait)
	ks.problem = &chat.Error{Status: 503, Kind: chat.Overloaded, Code: "token_keys_unavailable",
		Message: "the gateway has not the keys to check this token with"}
	w.outbox.Log = append(w.outbox.Log, "no keys of the issuer "+ks.issuer.Name+": "+why+"; the next attempt is in "+wait.String()+" at the earliest")
	w.count(meter.Sample{Series: ks.failed, Value: 1})
}

// renewKeys fetches the sets that are old and still in use.
func (w *Worker) renewKeys(now int64) {
	for _, ks := range w.keySets {
		if ks.keys != nil && ks.used && !ks.fetching && now >= ks.retry && now-ks.got >= ks.issuer.Remote.Refresh {
			ks.used = false
			w.fetchKeys(ks, now)
		}
	}
}

// wait holds a request whose caller is not known yet: its headers, and its body wherever
// the proxy has it, as nothing of it may go on.
func (s *Stream) wait() *Step {
	s.endpoint.Path, s.endpoint.Rest = strings.Clone(s.endpoint.Path), strings.Clone(s.endpoint.Rest)
	s.within = strings.Clone(s.within)
	forwarded := strings.Clone(s.in.forwarded)
	s.in.keep(true)
	s.in.forwarded = forwarded
	s.phase = proving
	s.claimed.waiting.add(s)
	step := s.next()
	step.Action, step.Want = Hold, Whole
	return step
}

// informed goes on with a request that has waited for keys.
func (s *Stream) informed(ks *keySet, now int64) *Step {
	t := s.claim
	s.claim, s.claimed = nil, nil
	if ks.keys == nil || now-ks.got >= int64(keysHold) {
		return s.reject(ks.why(now))
	}
	k, _, p := t.Verify(ks.keys, s.w.port)
	if e := s.proved(t, k, p); e != nil {
		return s.reject(e)
	}
	if e := s.enter(); e != nil {
		return s.reject(e)
	}
	s.phase = fresh
	step := s.proceed()
	step.Again = s.complete && step.Reply == nil && step.Want == Whole
	return step
}
