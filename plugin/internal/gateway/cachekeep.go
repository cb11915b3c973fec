package gateway

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/cache"
)

// What an answer leaves in the cache. It is collected on its way to the client, within a
// bound, and kept when the stream is done and everything has gone well.

// keeps reports whether the answer in hand may be kept.
func (c *caching) keeps() bool {
	return (c.status == cacheMiss || c.status == cachePartial || c.status == cacheRefresh) && c.why == ""
}

// unfit notes why an answer is not kept, and frees what there is of it.
//
//go:noinline
func (c *caching) unfit(why string) {
	c.why, c.body, c.collector, c.entry = why, nil, nil, nil
}

// consider takes a whole answer, if it is worth being kept.
func (s *Stream) consider(r *chat.Response, cost int64) {
	c, p := &s.cache, &s.w.plan.Cache.Policy
	if why := p.Answering(r); why != "" {
		c.unfit(why)
		return
	}
	if len(r.Model) == 0 {
		r.Model = rawjson.AppendEscaped(nil, s.target.Model)
	}
	if s.guarding.answers {
		if r = s.withoutOwn(r); r == nil {
			c.unfit("guarded")
			return
		}
	}
	s.entry = cache.AppendAnswer(s.entry[:0], cache.Answer{Response: r, Cost: cost})
	if c.entry = s.entry; len(c.entry) > p.Most {
		c.unfit("size")
	}
}

// keepWhole takes an answer that is translated.
func (s *Stream) keepWhole(r *chat.Response) {
	if s.cache.keeps() {
		cost, _ := s.known().Cost(r.Usage, s.asks.format)
		s.consider(r, cost)
	}
}

// keepEvent takes an event of a stream.
func (s *Stream) keepEvent(e *chat.Event) {
	c := &s.cache
	if !c.keeps() {
		return
	}
	if c.collector == nil {
		c.collector = &cache.Collector{Most: s.w.plan.Cache.Policy.Most}
	}
	c.collector.Event(e)
}

// keepFrame takes an event of a stream that passes unread, and reads it.
func (s *Stream) keepFrame(kind, data []byte) {
	c := &s.cache
	if !c.keeps() {
		return
	}
	if c.form != keptNeutral {
		c.unfit("stream")
		return
	}
	if c.decoder == nil {
		a := s.target.Provider.Adapter
		c.decoder = s.codecs.decoder(a, a.(adapters.Translator))
	}
	if c.decoder.Event(kind, data, s.keepEvent) != nil {
		c.unfit("unread")
	}
}

// takeBody takes a piece of a whole answer that passes unchanged, or all of it: then it is read but
// once, to be counted and to be kept.
func (s *Stream) takeBody(p []byte) {
	var r *chat.Response
	if c := &s.cache; s.answer.whole && c.form == keptNeutral && c.keeps() && len(p) <= s.mostKept() {
		if r = s.w.emptyResponse(); !s.readWhole(s.watching.translator, p, r) {
			r = nil
		}
	}
	if r != nil && s.watching.learner != nil {
		s.watching.learner.Learn(s.w.doc.Root(), r)
	} else {
		s.watch.Body(p)
	}
	switch {
	case r == nil || !r.Counted: // what it costs is estimated, when all is known
		s.keepBody(p)
	case s.unworthy() == "":
		s.keepWhole(r)
	}
}

// keepBody takes a piece of a whole answer that passes unread.
func (s *Stream) keepBody(p []byte) {
	c := &s.cache
	if !c.keeps() {
		return
	}
	if size := len(c.body) + len(p); size > s.mostKept() || c.form == keptVectors && s.retain(size) != nil {
		c.unfit("size")
		return
	}
	c.body = append(c.body, p...)
}

// mostKept is how large the body may be of an answer that is collected.
func (s *Stream) mostKept() int {
	const spelling = 4 // times that an answer may be larger as it comes than as it is kept
	switch most := s.w.plan.Cache.Policy.Most; s.cache.form {
	case keptPlain:
		return most
	case keptVectors: // of which each is kept for itself
		return s.w.plan.Bounds.Answer
	default:
		return spelling * most
	}
}

// store keeps the answer that has passed.
func (s *Stream) store() {
	c := &s.cache
	if c.status == "" {
		return
	}
	if c.keeps() && (c.form != keptVectors || !c.batch.kept) {
		if c.why = s.unworthy(); c.why == "" {
			s.storeAnswer()
		}
	}
	w := s.w
	w.countCache(outcomeOf(c.status), 1)
	if c.status != cacheHit && c.status != cacheSimilar && c.why != "" {
		w.countCache("_not_kept;outcome="+c.why, 1)
	}
}

//go:noinline
func (s *Stream) storeAnswer() {
	c := &s.cache
	if c.form == keptVectors {
		s.readVectors()
		return
	}
	if c.entry == nil {
		s.readAnswer()
	}
	if c.entry != nil && !s.putOff() {
		s.put(&c.query, c.entry)
	}
}

// unworthy is why nothing is kept of an answer, whatever it says; empty if it may be.
func (s *Stream) unworthy() string {
	switch {
	case s.status != 200 || s.failure != "" || s.answer.cut || s.answer.replaced != nil || !s.answer.ended:
		return "error"
	case s.routing.group != nil && s.routing.at < 0:
		return "fallback"
	case s.budget.asked != "": // another model than the client has asked for
		return "degraded"
	}
	return ""
}

// put keeps an entry.
func (s *Stream) put(q *cache.Query, entry []byte) {
	c, w := &s.cache, s.w
	now, e := w.port.Now(), &w.entry
	if q.Now = now; q.Random == 0 { // nothing was looked for
		q.Random = w.port.Random()
	}
	c.fill(e, now, entry)
	w.repeats.drop(&q.Key)
	if why := w.kept.Keep(q, e); why == "" {
		if w.stored++; c.alike.sketch != nil {
			s.learn(now, e.Expires)
		}
	} else {
		c.why = why
	}
	w.tellOutdated()
}

// fill makes e the entry that is kept now.
func (c *caching) fill(e *cache.Entry, now int64, value []byte) {
	stale := int64(c.life.Stale())
	e.Stored, e.Expires, e.Stale, e.Scope, e.Model, e.Value = now, now+int64(c.life.Fresh)+stale, stale, c.query.Scope, c.query.Model, value
}

// readAnswer reads an answer that has passed unread.
func (s *Stream) readAnswer() {
	c := &s.cache
	if c.form == keptPlain {
		s.considerPlain()
		return
	}
	r, ok := s.w.emptyResponse(), false
	if s.answer.streaming {
		ok = (c.decoder == nil || c.decoder.Close(s.keepEvent) == nil) && c.collector != nil && c.collector.Response(r)
	} else {
		t, _ := s.target.Provider.Adapter.(adapters.Translator)
		ok = s.readWhole(t, c.body, r)
	}
	if !ok {
		c.unfit("unread")
		return
	}
	s.consider(r, s.cost)
}

// readWhole reads an answer that came as JSON, as far as it may be kept; false if it is none.
//
//go:noinline
func (s *Stream) readWhole(t adapters.Translator, p []byte, r *chat.Response) bool {
	d := &s.w.doc
	d.LoneSurrogates = true
	err := d.Parse(p)
	d.LoneSurrogates = false
	r.Unwanted = s.w.plan.Cache.Policy.Unwanted()
	return err == nil && t != nil && t.ReadResponse(d.Root(), r) == nil
}

// emptyResponse is the worker's neutral answer, for the answer in hand.
//
//go:noinline
func (w *Worker) emptyResponse() *chat.Response {
	w.response.Reset()
	return &w.response
}
