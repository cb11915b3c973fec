package gateway

import (
	"strconv"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/cache"
	"github.com/postern-gateway/postern/plugin/internal/meter"
)

//go:noinline
func itoa(n int) string { return strconv.Itoa(n) }

// idSize is how many digits an id has.
const idSize = 16

// appendID appends a new id.
func (w *Worker) appendID(dst []byte) []byte {
	var id [idSize]byte
	putID(&id, w.port.Random())
	return rawjson.AddRaw(dst, id[:])
}

// putID writes the id that a random number makes.
func putID(id *[idSize]byte, n uint64) {
	const digits = "0123456789abcdef"
	n |= 1 << 63
	for i := range id {
		id[idSize-1-i] = digits[n&15]
		n >>= 4
	}
}

// Done is the stream's last event, however it ended: it counts and records.
func (s *Stream) Done() *Step {
	switch {
	case s.repeated != nil:
		step := s.next()
		step.tell("postern", s.EndRepeat(false))
		return step
	case s.phase == recognised: // its body has not come
		s.readHead()
	}
	before := len(s.w.outbox.Samples)
	under := s.isOut()
	s.leave()
	if s.handed.between() {
		s.w.between.add(s)
		return s.next()
	}
	s.abandon()
	s.forget()
	step := s.next()
	if s.phase == foreign || s.phase == fresh {
		return step
	}
	s.finished = s.w.port.Now()
	if s.late = under && s.attempts != nil && s.attempts.waiting; !s.late {
		idle := s.phase == released && s.handed.idle()
		if idle { // what has failed before counts for nothing
			s.status, s.watch = 0, nil
		}
		s.settleUsage(under && s.phase == released && !idle)
		s.store()
		s.disembark()
	}
	group := s.w.series.Group(s.labels())
	s.sample(step, group)
	s.guarded(step)
	s.amounts(step)
	s.w.handover.drop(s.handed)
	step.tell("postern", s.record())
	o := &s.w.outbox // whose metrics are handed over with the stream's own: that is once
	step.Samples, o.Samples = addSamples(step.Samples, o.Samples[before:]), o.Samples[:before]
	if s.remembered != nil {
		s.noteEnd(step)
	}
	return step
}

// isOut reports whether the request does not wait for something of the gateway's own.
func (s *Stream) isOut() bool {
	return s.list != &s.w.queued && s.list != &s.w.aboard && s.list != &s.w.pausing && (s.token == nil || s.list != &s.token.waiting)
}

// settleUsage finds what the request has used and settles its reservations with it. sent
// says that its provider has got it.
func (s *Stream) settleUsage(sent bool) {
	if sent {
		s.presume()
	} else {
		s.tally()
	}
	s.land(s.verdict(), 0)
	s.charge(s.finished)
	row := s.row(1)
	s.addUsage(&row, s.finished)
	s.billed = billed{}
}

// presume is tally for a request whose provider has got it: if its client has not waited for
// the answer, its provider may have begun with it.
func (s *Stream) presume() {
	s.tally()
	if held := s.weighing.on && s.weighing.head.status < 400; s.status == 0 || held {
		s.failure, s.timedOut = "aborted", true
	}
}

// charge settles the request's reservations with what is known of its usage.
func (s *Stream) charge(now int64) {
	s.value()
	s.settleLease(now)
}

// value says what was used where the provider has not, and what it costs.
func (s *Stream) value() {
	if s.timedOut {
		s.estimateInput()
	}
	s.usage = s.made(s.usage)
	s.cost, s.priced = s.known().Cost(s.usage, s.asks.format)
}

// estimateInput counts the input of a request whose provider has not.
func (s *Stream) estimateInput() {
	if s.usage.Input == 0 {
		if s.usage.Input = s.budget.ask.Input; s.usage.Input == 0 { // what was reserved is not exceeded
			s.usage.Input = int64(s.prompt) / bytesPerToken
		}
		s.usage.Estimated = s.usage.Total() > 0
	}
}

// settleLate takes the answer to a callout whose client has gone: what it has used counts
// all the same.
func (s *Stream) settleLate(x *Answer) {
	s.attempts.at, s.routing.kept = len(s.attempts.list)-1, nil // nobody wants another
	s.status = 0
	if x.Status > 0 {
		if step := s.ResponseHeaders(x.Headers, len(x.Body) == 0); step.Reply == nil {
			s.ResponseBody(x.Body, true)
		}
		s.leave()
	}
	s.settledLate()
}

func (s *Stream) settledLate() {
	s.finished = s.w.port.Now()
	s.settleUsage(true)
	s.store()
	s.disembark()
	step := s.next()
	s.spent(step, s.w.series.Group(s.labels()))
	s.w.count(step.Samples...)
	s.late = false
	s.forget()
	s.Release()
}

// tally settles how many tokens the request took: the provider's count if it came,
// else what was delivered.
func (s *Stream) tally() {
	c := s.counts()
	if !c.answered {
		return
	}
	if s.failure == "" {
		s.failure = s.ending(c)
	}
	if q := &s.sequel; q.past.parts > 0 && !q.seam.met { // what came before is settled
		return
	}
	s.usage = c.usage
	if c.known && (c.ended || !s.answer.streaming) {
		return
	}
	s.usage.Output = max(c.usage.Output, s.delivered()-s.sequel.past.delivered)
	if s.answer.streaming || !s.answer.ended && s.status < 400 {
		s.estimateInput()
	}
	s.usage.Estimated = s.usage.Total() > 0
}

// ending says what went wrong with an answer that has begun well; empty is nothing.
func (s *Stream) ending(c counts) string {
	switch {
	case c.failed:
		return "stream_error"
	case !s.answer.ended:
		return "aborted" // by the client, or by the provider's reset
	case s.answer.streaming && !c.ended:
		return "stream_truncated"
	}
	return ""
}

// counts is what is known of an answer and its tokens.
type counts struct {
	answered bool // there is an answer to count
	usage    chat.Usage
	known    bool // usage is the provider's
	failed   bool // an error came in the stream
	ended    bool // the stream came to its proper end
}

func (s *Stream) counts() counts {
	switch {
	case s.answer.translated:
		t := &s.translation
		return counts{true, t.usage, t.counted, t.failed, t.ended}
	case s.watch != nil:
		u, known := s.watch.Usage()
		return counts{true, u, known, s.watch.Failed(), s.watch.Ended()}
	}
	return counts{}
}

// delivered estimates the tokens of what the client has got.
func (s *Stream) delivered() int64 {
	if s.answer.translated {
		return s.translation.delivered.Tokens()
	}
	return s.watch.Delivered()
}

// bytesPerToken is for prompts, of which only the size is kept.
const bytesPerToken = 4

func (s *Stream) labels() meter.Labels {
	l := meter.Labels{Operation: s.endpoint.Op.String(), Model: s.label}
	if p := s.target.Provider; p != nil {
		l.Provider = p.Name
	}
	return l
}

// sample lists what the metrics get.
func (s *Stream) sample(step *Step, g *meter.Group) {
	step.sample(s.w.series.Requests(g, s.status), 1)
	if s.rule != "" {
		step.sample(s.w.series.Access(s.rule, "denied"), 1)
	}
	if s.shadow != "" {
		step.sample(s.w.series.Access(s.shadow, "shadow"), 1)
	}
	if why := s.about.outcome(); s.about.of != nil && why != "" {
		step.Samples = append(step.Samples, s.w.series.Meant(s.about.of.Model, why))
	}
	if s.target.Provider == nil {
		return // nobody was asked
	}
	step.sample(g.Duration, max(1, millis(s.finished-s.began)))
	if s.answer.streaming {
		step.sample(g.FirstChunk, max(1, millis(s.firstByte-s.began)))
	}
	s.spent(step, g)
	if s.oversized {
		step.sample(g.Oversized, 1)
	}
}

// spent lists what of them is about what the request has used.
func (s *Stream) spent(step *Step, g *meter.Group) {
	u := s.usage
	step.sample(g.Input, u.Input)
	step.sample(g.Output, u.Output)
	step.sample(g.InputUsage, u.Input)
	step.sample(g.OutputUsage, u.Output)
	step.sample(g.CachedRead, u.CachedRead)
	step.sample(g.CacheWrite, u.CacheWrite)
	step.sample(g.Reasoning, u.Reasoning)
	for _, unit := range units(&u) {
		if unit.n > 0 {
			step.sample(s.w.series.Units(g, unit.name), unit.n)
		}
	}
	if u.Estimated {
		step.sample(g.Estimated, 1)
	}
	switch {
	case s.priced:
		step.sample(g.Cost, s.cost)
	case u.Counts():
		step.sample(g.Unpriced, 1)
	}
}

// A unit is what is counted beside tokens.
type unit struct {
	name string
	n    int64
}

func units(u *chat.Usage) [4]unit {
	return [...]unit{{"audio_seconds", u.Seconds}, {"searches", u.Searches}, {"images", u.Images}, {"characters", u.Characters}}
}

func millis(nanos int64) int64 { return nanos / 1e6 }

// record is what the proxy's access log says about the request: one JSON object. It is
// written for every request, so its keys are spelled with all that stands before them.
func (s *Stream) record() []byte {
	usage, cost, priced := s.total()
	b := append(s.scratch[:0], `{"operation":"`...)
	b = append(b, s.endpoint.Op.String()...)
	b = append(b, '"')
	if s.caller != nil {
		b = appendText(b, `,"consumer":`, s.caller.Name)
		b = appendText(b, `,"tenant":`, s.caller.Tenant)
	}
	b = appendText(b, `,"model":`, brief(s.model))
	if p := s.target.Provider; p != nil {
		b = appendText(b, `,"provider":`, p.Name)
		if s.target.Model != s.model {
			b = appendText(b, `,"provider_model":`, s.target.Model)
		}
	}
	b = appendCount(b, `,"status":`, int64(s.status))
	if s.answer.streaming {
		b = append(b, `,"stream":true`...)
	}
	b = appendPositive(b, `,"input_tokens":`, usage.Input)
	b = appendPositive(b, `,"output_tokens":`, usage.Output)
	b = appendPositive(b, `,"cache_read_tokens":`, usage.CachedRead)
	b = appendPositive(b, `,"cache_write_tokens":`, usage.CacheWrite)
	b = appendPositive(b, `,"reasoning_tokens":`, usage.Reasoning)
	b = appendPositive(b, `,"audio_seconds":`, usage.Seconds)
	b = appendPositive(b, `,"searches":`, usage.Searches)
	b = appendPositive(b, `,"images":`, usage.Images)
	b = appendPositive(b, `,"characters":`, usage.Characters)
	if usage.Estimated {
		b = append(b, `,"estimated":true`...)
	}
	switch {
	case priced:
		b = appendPositive(b, `,"cost_nano_usd":`, cost)
	case usage.Counts():
		b = append(b, `,"unpriced":true`...)
	}
	if s.oversized {
		b = append(b, `,"oversized":true`...)
	}
	if s.firstByte > 0 {
		b = appendCount(b, `,"time_to_first_byte_ms":`, millis(s.firstByte-s.began))
	}
	b = append(b, `,"duration_ms":`...)
	s.took[0] = len(b)
	b = rawjson.AppendInt(b, millis(s.finished-s.began))
	s.took[1] = len(b)
	b = appendText(b, `,"cache":`, s.cache.status)
	b = appendText(b, `,"cache_reason":`, s.cache.why)
	if score := s.cache.alike.score; score > 0 {
		b = append(append(b, `,"cache_score":`...), share(score)...)
	}
	if s.cache.query.Key != (cache.Key{}) {
		b = append(cache.AppendHex(append(b, `,"cache_key":"`...), s.cache.query.Key[:]), '"')
	}
	b = appendPositive(b, `,"saved_tokens":`, s.cache.saved)
	b = appendText(b, `,"error":`, s.failure)
	b = appendText(b, `,"access_rule":`, s.rule)
	b = appendText(b, `,"access_shadow":`, s.shadow)
	if g := s.routing.group; g != nil {
		b = appendText(b, `,"branch":`, g.Name)
	}
	b = s.about.append(b)
	if m := s.routing.mirror; m != nil {
		b = appendText(b, `,"mirror":`, m.Provider.Name+"/"+m.Model)
	}
	b = appendPositive(b, `,"step":`, int64(s.routing.step()))
	b = appendPositive(b, `,"continued":`, int64(s.sequel.come))
	b = appendText(b, `,"failed":`, s.routing.trail)
	if found := s.appendFound(nil, `"`, `":`, `,`, ``); len(found) > 0 {
		b = append(append(append(b, `,"found":{`...), found...), '}')
	}
	b = appendText(b, `,"flagged":`, s.guarding.flagged)
	b = appendText(b, `,"session":`, brief(s.in.session))
	s.scratch = append(b, '}')
	return s.scratch
}

//go:noinline
func appendText(dst []byte, key, v string) []byte {
	if v == "" {
		return dst
	}
	return rawjson.AppendString(append(dst, key...), v)
}

//go:noinline
func appendPositive(dst []byte, key string, n int64) []byte {
	if n <= 0 {
		return dst
	}
	return appendCount(dst, key, n)
}
