package gateway

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/cache"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/glob"
	"github.com/postern-gateway/postern/plugin/internal/similar"
)

// What answers a request for which there is no entry: that of one whose last message asks the
// same in other words, and which is equal in all else.

// An alike is a request as others are compared with it.
type alike struct {
	rest   [32]byte // a digest of all but the last message
	sketch similar.Sketch
	key    cache.Key // of the entry that was found
	score  int       // how alike its question is, from 1 to 100; 0: none was found
	asked  bool      // the store was, for that one
}

// A finder finds questions that are alike. By words is the only way so far; another one would
// say the same, a key and a score, and might take its time, as a store may.
type finder struct {
	sketcher *similar.Sketcher
	index    *similar.Index
	text     []byte
}

func (w *Worker) newFinder(c *config.Similar) finder {
	return finder{sketcher: similar.NewSketcher(), index: similar.NewIndex(w.port, w.plan.Limits.Space, w.plan.Limits.Seed, c.Bytes, c.Threshold)}
}

// draw makes the request comparable, if it can be. It is in hand, and its key is the last one
// that was derived.
func (s *Stream) draw() {
	x, w, c := s.w.plan.Cache.Similar, s.w, &s.cache
	if x == nil || c.form != keptNeutral || c.custom || c.alike.sketch != nil || s.endpoint.Op == adapters.Completions || len(x.Models) > 0 && !glob.Any(x.Models, s.meant) {
		return
	}
	text, ok := question(&w.request, x.Turns)
	if !ok {
		return
	}
	f := &w.finder
	f.text = rawjson.AppendUnescaped(f.text[:0], text)
	if k := f.sketcher.Sketch(f.text); k != nil {
		c.alike = alike{rest: w.keyer.Rest(), sketch: append(similar.Sketch(nil), k...)}
	}
}

// question is the text of the last message, if that is a text of the user's, and not too many
// of them stand before it.
func question(r *chat.Request, turns int) (chat.Text, bool) {
	if len(r.Messages) == 0 {
		return nil, false
	}
	for i := range r.Messages {
		if r.Messages[i].Role == chat.User {
			turns--
		}
	}
	m := &r.Messages[len(r.Messages)-1]
	if turns < 0 || m.Role != chat.User || len(m.Parts) != 1 {
		return nil, false
	}
	p := &m.Parts[0]
	return p.Text, p.Kind == chat.TextPart && len(p.Citations) == 0
}

// resemble looks for an answer to a question that is alike. It is nil if there is none.
func (s *Stream) resemble(body []byte) *Step {
	w, a, q := s.w, &s.cache.alike, s.cache.query
	if a.sketch == nil {
		return nil
	}
	x, ok := w.finder.index.Find(&a.rest, a.sketch, similar.Key(q.Key), q.Now)
	if !ok {
		return nil
	}
	a.key, a.score = cache.Key(x.Key), x.Score
	q.Key = a.key
	l := &lookup{}
	e, answer := w.kept.Find(&q, l.answered)
	switch answer {
	case cache.Found:
		return s.serveAlike(&e)
	case cache.Asked:
		a.asked = true
		return s.waitFor(l, body)
	}
	a.score = 0 // it has no entry any more
	return nil
}

// mayResemble reports whether a request that has no entry is to be looked for by its question:
// the store has been asked for nothing else yet.
func (s *Stream) mayResemble() bool {
	c := &s.cache
	return c.alike.sketch != nil && !c.alike.asked && c.flight == nil && !c.alone
}

// answerBy goes on with what the store has said: with an entry of the request or of a question that is
// alike, or with nil, for which that is looked for.
func (s *Stream) answerBy(e *cache.Entry, body []byte) *Step {
	switch {
	case e == nil:
		return s.resemble(body)
	case s.cache.alike.asked && s.cache.as == "":
		return s.serveAlike(e)
	}
	return s.suits(e, body)
}

// serveAlike answers with the entry of a question that is alike, if it is fresh: it is not the
// request's own to be renewed.
func (s *Stream) serveAlike(e *cache.Entry) *Step {
	w, c, now := s.w, &s.cache, s.w.port.Now()
	age := (now - e.Stored) / 1e9
	if most := s.in.wishes.most; most >= 0 && age > most || c.over(e, now) >= 0 {
		c.alike.score = 0
		return nil
	}
	if w.plan.Cache.Similar.Shadow {
		w.countCache(";outcome=similar_shadow", 1)
		return nil
	}
	c.as = cacheSimilar
	step := s.hit(e, age)
	if step == nil {
		c.as, c.alike.score = "", 0
		return nil
	}
	c.query.Key = c.alike.key
	return step
}

// learn has the question found whose answer is kept.
func (s *Stream) learn(now, expires int64) {
	a := &s.cache.alike
	s.w.finder.index.Add(&a.rest, a.sketch, similar.Key(s.cache.query.Key), now, expires)
}

// share is a score as clients and logs are told it: 0.97.
func share(score int) string {
	if score >= 100 {
		return "1"
	}
	return "0." + string([]byte{'0' + byte(score/10), '0' + byte(score%10)})
}
