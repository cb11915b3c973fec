package gateway

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/cache"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/route"
)

// A body that was answered from the cache not long ago need not be read to be answered again: a
// worker remembers, by exact bytes, what reading it came to. That is all it remembers. Who may
// ask, which branch and model it is for, what it counts for, its key and whether there is an
// answer are found out each time, as for any other request. What cannot be answered goes the
// usual way from its beginning.

// A recollection is what a body comes to at an endpoint.
type recollection struct {
	endpoint dialect.Endpoint
	body     []byte

	model   string // as the client calls it
	stream  bool
	content []byte // of the key: see cache.Keyer
	user    []byte // the client's own, as it is spelled
	named   string // the model, as the neutral request has it
	usage   bool   // a stream is to have it

	question cache.Question // that was recalled first,
	key      cache.Key      // and its key
}

// What a worker remembers is at most a megabyte.
const (
	mostRecalled = 64
	mostOfBody   = 8 << 10 // bytes of a body, and of what it comes to
)

// mayRecall reports whether neither guards nor access rules need to read the request in hand.
func (s *Stream) mayRecall() bool {
	return s.w.recalled != nil && len(s.w.plan.Guards) == 0 && len(s.rules) == 0
}

// readsNothing reports whether a model has targets for its requests whatever they say.
func readsNothing(m *config.Model) bool {
	if m == nil {
		return true
	}
	g := m.Groups[0]
	return len(m.Groups) == 1 && g.Sticky != route.ByConversation && g.Pick.Strategy != route.Cheapest
}

// recollection is the place of a body's.
func (s *Stream) recollection(body []byte) *recollection {
	return &s.w.recalled[cache.Mix(body)%mostRecalled]
}

// recall answers a request by what is remembered of its body; nil: it goes the usual way.
func (s *Stream) recall(body []byte) *Step {
	if !s.mayRecall() || s.phase != awaiting || len(body) > mostOfBody {
		return nil
	}
	m := s.recollection(body)
	if !bytes.Equal(m.body, body) || m.endpoint != s.endpoint {
		return nil
	}
	before := len(s.w.outbox.Samples)
	s.model, s.stream = m.model, m.stream
	if s.decide(rawjson.Value{}) != nil || !readsNothing(s.choice) {
		return nil
	}
	w, plan := s.w, s.w.plan.Cache
	s.cache = caching{form: s.keptForm()}
	c := &s.cache
	if c.form != keptNeutral || s.wants(plan, false) != "" || s.in.wishes.refresh {
		return nil
	}
	question, q := s.cacheQuestion(plan, m.user), &c.query
	if c.status, q.Key = cacheMiss, m.key; !question.Equal(&m.question) {
		q.Key = w.keyer.Again(question, m.content)
		if m.key == (cache.Key{}) {
			m.question, m.key = question.Clone(), q.Key // of what has outlived the headers' event, and no view
		}
	}
	if s.chance == 0 {
		s.chance = w.port.Random()
	}
	q.Now, q.Random, q.Local = w.port.Now(), s.chance, true
	w.beforeLook(&q.Key)
	e, answer := w.kept.Find(q, nil)
	if answer != cache.Found || c.over(&e, q.Now) >= 0 {
		return nil
	}
	w.request.Reset()
	w.request.Model, w.request.IncludeUsage = m.named, m.usage
	step := s.suits(&e, body)
	if step != nil {
		s.noteReply(step, body, &e, before)
	}
	return step
}

// recollect keeps what a body has come to that was answered from the cache just now. What the
// answer repeats of the request is not remembered, so neither is such a request.
func (s *Stream) recollect(body []byte) {
	r, content := &s.w.request, s.w.keyer.Content()
	if !s.mayRecall() || s.cache.status != cacheHit || s.cache.form != keptNeutral || s.cache.custom || !readsNothing(s.choice) ||
		len(body) > mostOfBody || len(content)+len(r.User)+len(r.Model) > mostOfBody || len(r.Echo)+len(r.Texts) > 0 {
		return
	}
	m := s.recollection(body)
	if m.endpoint == s.endpoint && bytes.Equal(m.body, body) { // a key of its own has kept it from being used
		return
	}
	again := func(p, v []byte) []byte { return append(p[:0], v...) }
	*m = recollection{endpoint: s.endpoint, body: again(m.body, body), model: cloned(s.model), stream: s.stream,
		content: again(m.content, content), user: again(m.user, r.User), named: cloned(r.Model), usage: r.IncludeUsage}
	m.endpoint.Path, m.endpoint.Model, m.endpoint.Rest = cloned(s.endpoint.Path), cloned(s.endpoint.Model), cloned(s.endpoint.Rest)
}
