package gateway

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/embed"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/cache"
	"github.com/postern-gateway/postern/plugin/internal/config"
)

// A batch is a request for embeddings. Each of its inputs has an entry of its own, so that
// only those are asked for that are not there.
type batch struct {
	keys   []cache.Key
	weight []int64        // of the inputs: tokens, estimated
	found  []embed.Vector // what is there, by input; nil: nothing is given
	lacks  int            // inputs that it is not there for
	want   embed.Wanted
	kept   bool
}

// partly reports whether some of the answer is there.
func (c *caching) partly() bool { return c.batch != nil && c.batch.found != nil }

// again prepares for another target, which is asked for all.
func (c *caching) again() {
	if c.partly() {
		c.batch.found, c.saved, c.status = nil, 0, cacheMiss
	}
}

// readInputs reads the request, and says why the cache has nothing to do with it.
func (s *Stream) readInputs(request rawjson.Value) string {
	r := &s.w.inputs
	r.Reset()
	if s.endpoint.Dialect.Embeddings.ReadEmbed(request, r) != nil || r.Task == embed.TaskUnset && rawOf(request.Get("input_type")) != nil { // some service's own word
		return "unread"
	}
	return ""
}

// vectorsFromCache is fromCache for the inputs that have been read.
func (s *Stream) vectorsFromCache(plan *config.Cache) *Step {
	c, w, r := &s.cache, s.w, &s.w.inputs
	n := len(r.Inputs)
	r.Model = s.target.Model
	b := &batch{keys: make([]cache.Key, n), weight: make([]int64, n), lacks: n, want: r.Wanted()}
	c.batch, c.status = b, cacheMiss
	q := s.cacheQuestion(plan, r.User)
	for i := range r.Inputs {
		b.keys[i] = w.keyer.Input(q, r, i)
		one := embed.Request{Inputs: r.Inputs[i : i+1]}
		b.weight[i] = 1 + one.Tokens()
	}
	if n == 1 {
		c.query.Key = b.keys[0]
	}
	if s.in.wishes.refresh {
		return nil
	}
	var sum cache.Vector
	age := s.find(b, &sum)
	switch {
	case b.lacks == n || b.lacks > 0 && !s.splits(r):
	case b.lacks > 0 && plan.Shadow:
	case b.lacks > 0:
		c.status, b.found = cachePartial, b.found[:n:n]
		s.saves(sum.Tokens, sum.Cost)
		return nil
	case s.gives(sum.Tokens, sum.Cost):
		out := &w.vectors
		out.Reset()
		out.Model, out.Vectors = sum.Model, append(out.Vectors, b.found...)
		body, err := s.endpoint.Dialect.Embeddings.AppendEmbedding(nil, b.want, out)
		b.found = nil
		if err != nil { // it was written by a provider, and cannot be spelled as this client wants it
			return s.reject(s.unreadable("cannot be read"))
		}
		return s.given("application/json", body, age)
	}
	b.found = nil
	return nil
}

// find looks for the inputs' entries. sum is what those have cost together, and age that of
// the oldest in seconds. What is found is within a bound.
func (s *Stream) find(b *batch, sum *cache.Vector) (age int64) {
	w, wish := s.w, &s.in.wishes
	b.found = make([]embed.Vector, len(b.keys))
	q, size := s.cache.query, 0
	q.Now, q.Local = w.port.Now(), true // nobody is asked for each of many
	for i := range b.keys {
		q.Key, q.Random = b.keys[i], w.port.Random()
		e, answer := w.kept.Find(&q, nil)
		var v cache.Vector
		old := (q.Now - e.Stored) / 1e9
		if answer != cache.Found || s.cache.over(&e, q.Now) >= 0 || wish.most >= 0 && old > wish.most || size+len(e.Value) > w.plan.Bounds.Answer || !cache.ReadVector(e.Value, &v) {
			continue
		}
		b.lacks--
		b.found[i] = embed.Vector{Numbers: bytes.Clone(v.Numbers), Base64: bytes.Clone(v.Base64)}
		if sum.Model == nil {
			sum.Model = bytes.Clone(v.Model)
		}
		size += len(e.Value)
		sum.Tokens, sum.Cost, age = sum.Tokens+v.Tokens, sum.Cost+v.Cost, max(age, old)
	}
	return age
}

// splits reports whether some of the inputs can be asked for alone: by a request that is
// written anew, so it must have nothing that would be lost by that.
func (s *Stream) splits(r *embed.Request) bool {
	_, native := s.native()
	return !native || len(r.Extra) == 0 && r.Task == embed.TaskUnset
}

// split leaves the inputs that are not there.
func (b *batch) split(r *embed.Request) {
	if len(r.Inputs) != len(b.found) {
		b.found = nil
		return
	}
	left := r.Inputs[:0]
	for i, in := range r.Inputs {
		if b.lack(i) {
			left = append(left, in)
		}
	}
	r.Inputs = left
}

// lack reports whether an input has to be asked for.
func (b *batch) lack(i int) bool {
	return b.found == nil || b.found[i].Numbers == nil && b.found[i].Base64 == nil
}

// join puts what was there between what has come.
func (b *batch) join(out *embed.Response, want embed.Wanted) embed.Wanted {
	if b.found == nil {
		return want
	}
	all, next := make([]embed.Vector, len(b.found)), 0
	for i := range all {
		if all[i] = b.found[i]; b.lack(i) {
			all[i] = out.Vectors[next]
			next++
		}
	}
	out.Vectors = all
	b.want.Model = want.Model
	return b.want
}

// keepVectors keeps those that have come, each with its share of what all have cost.
func (s *Stream) keepVectors(out *embed.Response) {
	c, b := &s.cache, s.cache.batch
	if !c.keeps() {
		return
	}
	if c.why = s.unworthy(); c.why != "" {
		return
	}
	cost, _ := s.known().Cost(out.Usage, s.asks.format)
	total := int64(0)
	for i := range b.keys {
		if b.lack(i) {
			total += b.weight[i]
		}
	}
	next, weight := 0, int64(0)
	share := func(n, weight int64) int64 { return int64(float64(n) * float64(weight) / float64(total)) }
	for i := range b.keys {
		if !b.lack(i) || next == len(out.Vectors) {
			continue
		}
		v := cache.Vector{Vector: out.Vectors[next], Model: out.Model}
		v.Tokens, v.Cost = -share(out.Usage.Input, weight), -share(cost, weight)
		weight += b.weight[i]
		v.Tokens, v.Cost = v.Tokens+share(out.Usage.Input, weight), v.Cost+share(cost, weight)
		if next++; len(v.Numbers)+len(v.Base64) > s.w.plan.Cache.Policy.Most {
			c.why = "size"
			continue
		}
		c.entry = cache.AppendVector(c.entry[:0], &v)
		q := c.query
		q.Key, q.Local = b.keys[i], true
		s.put(&q, c.entry)
	}
	b.kept = true
}

// readVectors keeps those of an answer that has passed unread.
func (s *Stream) readVectors() {
	c, w := &s.cache, s.w
	a, ok := s.target.Provider.Adapter.(adapters.Embedder)
	out := &w.vectors
	out.Reset()
	if !ok || w.doc.Parse(c.body) != nil || a.ReadEmbedding(w.doc.Root(), c.batch.want, out) != nil {
		c.unfit("unread")
		return
	}
	if !out.Counted {
		out.Usage = chat.Usage{Input: s.usage.Input}
	}
	if len(out.Model) == 0 {
		out.Model = rawjson.AppendEscaped(nil, s.target.Model)
	}
	s.keepVectors(out)
}
