package gateway

import (
	"bytes"
	"slices"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/cache"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/meter"
	"github.com/postern-gateway/postern/plugin/internal/usage"
)

// A request that repeats another, by exact headers and an exact body, is answered with what that one
// was answered with from the cache, and counted as it was, without finding all of it out again: if
// the cache still has that very entry, and nothing else that the answer depends on can have changed.
// That is so under these conditions, which are tested where it is said:
//
//   - The configuration has no guards, no limits, no keys or tokens that others have signed, and no
//     filters that are told amounts; the cache is in memory alone (newRepeats).
//   - No access rule is about the caller, the model has one target and no fallbacks, and nothing was
//     asked of the connection, such as its address or certificate (noteReply).
//   - The second is the same: times in an answer and in what is told of it are of seconds, and so are
//     those until which keys hold. Only how long the answer took is said in finer parts, and dialects
//     that say it to their clients are not repeated (Repeat, noteReply).
//   - The worker has not looked for what is due since, nor has an operator changed anything: what was
//     revoked meanwhile, for example, it learns from both (forget).
//   - The cache has the entry as it was, which is looked at when any worker has purged or replaced
//     some since (cache.Memory.Still): a counter of the proxy's tells, which costs less than the look. One that had to
//     go for others is given all the same until the worker looks for what is due.
//
// What is not so goes the usual way from its beginning, as if the headers had come with the body.

// A head is the headers of a request whose body is awaited.
type head struct {
	raw  []byte // as the host has them
	same []int  // where in raw that begins and ends which is not incidental, in turn
	list []adapters.Header
}

// A repeatable is a request and all that came of it.
type repeatable struct {
	head  *head
	body  []byte
	from  int64 // the beginning of the second in which it was answered, in nanoseconds since 1970
	until int64 // its end, or that of the time for which the entry is fresh
	entry cache.Mark
	seen  uint64 // outdated entries, of all workers, when it was last looked for; unknown: it was not yet

	reply   Reply
	ids     []int          // places in its body of its id, which each answer has of its own
	samples []meter.Sample // of the answer and of the request's end
	record  []byte         // for the access log, with a digit for how long the request took
	took    int            // where in it that is
	again   uint64         // how often it was repeated since the metrics were told
	labels  usage.Labels
	sums    usage.Sums
}

// repeats are what a worker has of them.
type repeats struct {
	memory *cache.Memory
	change *meter.Series // that counts outdated entries
	heads  []*head       // nil: none yet
	wanted bool          // the next head is to be kept, if it is a new one
	list   []*repeatable
	some   bool          // there are in it
	untold []*repeatable // that the metrics have to be told of
	recent *Stream       // was recognised last, and waits for its body: mostly that comes right behind, so it is not among those held

	lastHead *head // that came
	last     *repeatable
	newHead  int // places of those that come next
	next     int
}

// outdated is the outcome of entries that were replaced or purged.
const outdated = ";outcome=outdated"

const (
	unknown    = 1<<64 - 1
	mostHeads  = 16
	mostOfHead = 4 << 10 // bytes
	second     = int64(time.Second)
)

// newRepeats is nil if there can be none.
func newRepeats(plan *config.Plan, kept cache.Store, series *meter.Set) *repeats {
	memory, ok := kept.(*cache.Memory)
	if !ok || memory == nil || len(plan.Guards) > 0 || plan.Limits.Any || len(plan.Identity.Issuers) > 0 || plan.Identity.Signed != nil ||
		len(plan.Signals.Amounts) > 0 {
		return nil
	}
	for _, names := range [...][]string{plan.Identity.Headers, plan.Limits.Headers} {
		for _, name := range names {
			if IsIncidental(name) {
				return nil
			}
		}
	}
	return &repeats{memory: memory, change: series.Cached(outdated, 0).Series, heads: make([]*head, mostHeads), list: make([]*repeatable, mostRecalled)}
}

// IsIncidental reports whether the value of a header differs from request to request and says nothing
// to the gateway, unless the configuration names it.
//
//go:noinline
func IsIncidental(name string) bool {
	return name == "x-request-id" || name == "traceparent" || name == "tracestate"
}

// forget forgets what came of requests.
func (r *repeats) forget() {
	if r != nil && r.some {
		clear(r.list)
		r.last, r.some = nil, false
	}
}

// drop forgets those to whom an entry was given that is replaced.
func (r *repeats) drop(k *cache.Key) {
	if r == nil || !r.some {
		return
	}
	for _, x := range r.list {
		if x != nil && x.entry.Is(k) {
			x.until = 0
		}
	}
}

// findHead is the head that is equal to one but for what is incidental; nil: there is none.
func (r *repeats) findHead(raw []byte) *head {
	if m := r.lastHead; m != nil && m.equal(raw) {
		return m
	}
	for _, m := range r.heads {
		if m != nil && m.equal(raw) {
			r.lastHead = m
			return m
		}
	}
	return nil
}

func (m *head) equal(raw []byte) bool {
	if len(raw) != len(m.raw) {
		return false
	}
	for same := m.same; len(same) > 1; same = same[2:] {
		if from, to := same[0], same[1]; !bytes.Equal(raw[from:to], m.raw[from:to]) {
			return false
		}
	}
	return true
}

// find is what came of a request with this head and body in the second that began and now are of; nil: that is not known.
func (r *repeats) find(h *head, body []byte, began, now int64) *repeatable {
	if x := r.last; x != nil && x.isAgain(h, body, began, now) {
		return x
	}
	if !r.some {
		return nil
	}
	for _, x := range r.list {
		if x != nil && x.isAgain(h, body, began, now) {
			r.last = x
			return x
		}
	}
	return nil
}

func (x *repeatable) isAgain(h *head, body []byte, began, now int64) bool {
	return x.head == h && began >= x.from && now < x.until && bytes.Equal(x.body, body)
}

// Recognise comes before RequestHeaders, and is it where it reports true: a request is held whose
// headers have come before. raw is all headers, in a form in which equal bytes are equal headers.
func (s *Stream) Recognise(raw []byte, end bool) bool {
	w, r := s.w, s.w.repeats
	if r == nil || end || w.bytes >= w.plan.Bounds.Held {
		return false
	}
	m := r.findHead(raw)
	if m == nil {
		return false
	}
	if r.recent != nil {
		r.join()
	}
	s.phase, s.head, s.began, r.recent = recognised, m, w.port.Now(), s
	return true
}

// join has the request that was recognised last join those that are held, if its body has not come.
//
//go:noinline
func (r *repeats) join() {
	if r != nil && r.recent != nil {
		s := r.recent
		r.recent = nil
		s.w.held.add(s)
	}
}

// stopWaiting is for a request that was recognised, and does not wait for its body any more.
func (s *Stream) stopWaiting() {
	if r := s.w.repeats; r.recent == s {
		r.recent = nil
		return
	}
	s.leave()
}

// Wanted reports after RequestHeaders whether Acquaint is to be told the headers.
func (s *Stream) Wanted() bool {
	r := s.w.repeats
	return r != nil && r.wanted && s.phase == awaiting && len(s.step.Set) == 0 && s.administer == nil && s.attempts == nil && s.in.encoding == ""
}

// Acquaint keeps the headers of a request for which all that follows is its body, in the place of
// the oldest. same are where in raw that begins and ends which is not incidental, in turn; all of it is the
// worker's from now on.
func (s *Stream) Acquaint(raw []byte, same []int, list []adapters.Header) {
	r := s.w.repeats
	r.wanted = false
	if len(raw) <= mostOfHead {
		s.head = &head{raw, same, list}
		r.heads[r.newHead] = s.head
		r.newHead = (r.newHead + 1) % mostHeads
	}
}

// readHead has a request that was recognised go the usual way after all, on which it may be refused.
func (s *Stream) readHead() *Step {
	began := s.began
	s.stopWaiting()
	s.phase = fresh
	step := s.headers(s.head.list, false)
	s.began = began
	return step
}

// Progress comes before RequestProgress, and is it where it reports true: the request goes on to be held.
func (s *Stream) Progress(size int) bool {
	w := s.w
	if s.phase != recognised || size > mostOfBody || w.bytes+size > w.plan.Bounds.Held {
		return false
	}
	w.bytes += size - s.bytes
	s.bytes, s.received = size, size
	return true
}

// Repeat comes before RequestBody, and answers a request that was recognised as the one that it repeats;
// nil: it repeats none. The answer is valid until the next event of the worker. atOnce says that the worker
// has had no event since the headers came, which is less than a tick ago: then the answer is of that time.
func (s *Stream) Repeat(body []byte, atOnce bool) *Reply {
	if s.phase != recognised {
		return nil
	}
	w, r := s.w, s.w.repeats
	now := s.began
	if !atOnce {
		now = w.port.Now()
	}
	x := r.find(s.head, body, s.began, now)
	if x == nil {
		return nil
	}
	if n := w.port.Value(r.change); n != x.seen {
		if !r.memory.Still(&x.entry) {
			return nil
		}
		x.seen = n
	}
	if s.chance = w.port.Random(); x.entry.Notes(s.chance) {
		return nil
	}
	s.stopWaiting()
	s.forget()
	s.phase, s.repeated, s.finished = answered, x, now
	for _, at := range x.ids { // of the number the cache has looked at a few bits
		putID((*[idSize]byte)(x.reply.Body[at:]), s.chance)
	}
	return &x.reply
}

// EndRepeat comes in the place of Done for a request that has repeated another, and is what the proxy's
// access log says of it. Of what the metrics get it is only counted how often: see tellRepeats. atOnce says that the
// worker has had no event since Repeat: then it has ended when it was answered. The stream is as new then, and can
// be used for another request of the same owner's.
func (s *Stream) EndRepeat(atOnce bool) []byte {
	w, x := s.w, s.repeated
	if !atOnce {
		s.finished = w.port.Now()
	}
	if x.again++; x.again == 1 {
		w.repeats.untold = append(w.repeats.untold, x)
	}
	if w.ledger != nil {
		w.ledger.Add(x.labels, &x.sums, s.finished)
	}
	s.phase, s.head, s.repeated, s.received, s.chance = fresh, nil, nil, 0, 0
	took := millis(s.finished - s.began)
	if took >= 0 && took < 10 {
		x.record[x.took] = '0' + byte(took)
		return x.record
	}
	b := rawjson.AppendInt(rawjson.AddRaw(s.scratch[:0], x.record[:x.took]), took)
	s.scratch = rawjson.AddRaw(b, x.record[x.took+1:])
	return s.scratch
}

// tellRepeats tells the metrics of the requests that have repeated others since it did so last. The samples of
// such a request are counts, each the same as of the one that it repeats, so they are told as so many times that.
func (w *Worker) tellRepeats() {
	r := w.repeats
	if r == nil {
		return
	}
	for _, x := range r.untold {
		for _, m := range x.samples {
			m.Value *= x.again
			w.count(m)
		}
		x.again = 0
	}
	clear(r.untold)
	r.untold = r.untold[:0]
}

// noteReply begins to remember a request that was answered just now with an entry, and its metrics
// from the one on.
func (s *Stream) noteReply(step *Step, body []byte, e *cache.Entry, from int) {
	w, r := s.w, s.w.repeats
	if r == nil || step.Reply == nil {
		return
	}
	if s.head == nil {
		r.wanted = true
		return
	}
	c, g, id := &s.cache, s.routing.group, w.response.ID
	if c.status != cacheHit || len(s.rules) > 0 || g != nil && len(g.Targets)+len(g.Fallback) > 1 || s.connected || s.endpoint.Dialect.Timed || !w.quiet() {
		return
	}
	start := s.began / second * second
	x := &repeatable{head: s.head, body: rawjson.AddRaw(nil, body), from: start, until: min(start+second, -c.over(e, 0)), seen: unknown}
	if !r.memory.Mark(&x.entry, &c.query.Key) {
		return
	}
	x.reply = *step.Reply
	step.Reply, step.Body, step.reply = &x.reply, nil, Reply{} // of which the memory is x's now
	for at := 0; ; at += idSize {
		i := bytes.Index(x.reply.Body[at:], id)
		if i < 0 {
			break
		}
		at += i
		x.ids = append(x.ids, at)
	}
	x.samples = addSamples(nil, w.outbox.Samples[from:])
	s.remembered = x
}

//go:noinline
func addSamples(dst, list []meter.Sample) []meter.Sample { return append(dst, list...) }

// isOne reports whether a value is one of many that are kept, and not added to others.
func isOne(m meter.Sample) bool { return m.Series.Kind == meter.Histogram }

// quiet reports whether there is nothing to do beside metrics.
func (w *Worker) quiet() bool { return len(w.outbox.Log)+len(w.outbox.Callouts) == 0 && !w.outbox.Soon }

// noteEnd remembers the request, which is over.
func (s *Stream) noteEnd(step *Step) {
	x, record := s.remembered, s.scratch
	x.took = s.took[0]
	x.record = rawjson.AddRaw(rawjson.AddRaw(nil, record[:x.took+1]), record[s.took[1]:])
	x.samples = addSamples(x.samples, step.Samples)
	if r := s.w.repeats; s.w.quiet() && !slices.ContainsFunc(x.samples, isOne) {
		r.list[r.next], r.last, r.some = x, x, true
		r.next = (r.next + 1) % mostRecalled
	}
}
