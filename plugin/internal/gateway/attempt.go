package gateway

import (
	"bytes"
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/route"
)

// Attempts is the module in the role of an attempt, in one of the proxy's threads: an
// upstream filter, of which the proxy makes one each time it sends a request.
type Attempts struct {
	handover *Handover
	port     Port
	held     []*Attempt // whose body has not come
	proven   bool       // some have seen their bodies
}

// NewAttempts finds what gateways have left.
func NewAttempts(h *Handover, port Port) *Attempts { return &Attempts{handover: h, port: port} }

// An Attempt makes of a request that a gateway has handed over what the endpoint takes that
// the proxy has picked, and decides whether its answer is one. Its methods are the events,
// as a Stream's are.
type Attempt struct {
	w     *Attempts
	owner any
	of    *handed // nil before its body
	began int64
	sent  int64 // when it left

	seen []adapters.Header // headers that not every provider gets, or none
	host string
	fake bool // the provider says what only an attempt may
	step Step // where there is no stream that has one
}

// NewAttempt begins one. owner carries its steps out.
func (w *Attempts) NewAttempt(owner any) *Attempt { return &Attempt{w: w, owner: owner} }

// Home is the owner of the gateway's stream, whose worker may want something after an event;
// nil if there is none.
func (a *Attempt) Home() any {
	if a.stream() == nil {
		return nil
	}
	return a.of.home
}

// Passes is for streams whose answer nobody looks at; that of an attempt is the stream's.
func (a *Attempt) Passes() bool { return false }

// Unasked is for questions that a request is held for; an attempt has none.
func (a *Attempt) Unasked() *Step { return nil }

// stream is the request's, as long as the attempt is the one under way.
func (a *Attempt) stream() *Stream {
	if a.of == nil || a.of.now != a {
		return nil
	}
	return a.of.s
}

func (a *Attempt) next() *Step {
	a.step.reset()
	return &a.step
}

// refuse answers in the provider's place: nothing goes there.
func (a *Attempt) refuse(message string) *Step {
	step := a.next()
	step.Reply = &Reply{Status: 503, Details: "postern_not_handed_over", Headers: []adapters.Header{{Name: "content-type", Value: "application/json"}},
		Body: []byte(`{"error":{"message":"` + message + `","type":"server_error","param":null,"code":"not_handed_over"}}`)}
	return step
}

const (
	notHanded = "the request has not come through a gateway of this module: both filters need the same vm_id, VM configuration and code"
	noHolding = "the request's body did not arrive: the Wasm filter with role attempt needs allow_on_headers_stop_iteration: true (Envoy 1.36 or later)"
)

// RequestHeaders is the first event: what tells which request it is follows.
func (a *Attempt) RequestHeaders(h []adapters.Header, end bool) *Step {
	if end {
		return a.refuse(notHanded)
	}
	a.host = strings.Clone(headerValue(h, ":authority"))
	for _, x := range h {
		if isTheProxys(x.Name) || ofAnAPI(x.Name) {
			a.seen = append(a.seen, adapters.Header{Name: strings.Clone(x.Name), Value: strings.Clone(x.Value)})
		}
	}
	a.began = a.w.port.Now()
	a.w.held = append(a.w.held, a)
	return a.hold(a.next())
}

func (a *Attempt) hold(step *Step) *Step {
	step.Action, step.Want = Hold, Whole
	return step
}

// leave takes it from those whose body has not come.
func (a *Attempt) leave() { a.w.held = without(a.w.held, a) }

// RequestProgress tells that size bytes of a body are there. What is longer than an id is not
// waited for.
func (a *Attempt) RequestProgress(size int) *Step {
	if size > mostID {
		a.leave()
		return a.refuse(notHanded)
	}
	return a.hold(a.next())
}

const mostID = 64

// RequestBody is the id.
func (a *Attempt) RequestBody(p []byte) *Step {
	a.leave()
	a.w.proven = true
	of := a.w.handover.open[string(bytes.Trim(p, `"`))]
	if of == nil || of.s == nil || of.passed {
		return a.refuse(notHanded)
	}
	if of.now != nil { // the proxy has given it up and not yet said so
		of.now.lost()
	}
	if of.count == 0 {
		of.own = a.seen
	}
	if a.host != of.leftHost { // the client's, or what the proxy has made of it for the endpoint
		of.host = a.host
	}
	of.count++
	of.now, a.of = a, of
	return a.begin(of.s)
}

// begin makes the request what its endpoint takes.
func (a *Attempt) begin(s *Stream) *Step {
	of, r := a.of, &s.routing
	if of.why != route.NoReason {
		s.gaveUp(of.why)
		r.why, of.why = of.why, route.NoReason
	}
	s.status, s.firstByte = 0, 0
	a.sent = s.w.port.Now()
	if d := r.group.Deadline; d > 0 && of.count > 1 && a.sent-s.began >= int64(d) {
		return s.reject(&chat.Error{Status: 504, Kind: chat.Timeout, Code: "upstream_timeout", Message: "no provider has answered in time"})
	}
	if of.again == nil {
		provider, name := a.metadata("provider"), a.metadata("model")
		t := r.aimFor(provider, name)
		switch {
		case t == nil:
			return s.reject(misplaced(s.model, provider, name))
		case of.count == 1 && r.at < 0: // the proxy leaves alone what is before it
			r.why = route.Resting
		}
		s.aimAt(t)
	}
	s.owner = a.owner
	step := s.renewed()
	if step.Reply == nil {
		a.edit(step, s)
	}
	return step
}

// metadata is what the endpoint's says under the name of Postern.
func (a *Attempt) metadata(key string) string {
	v, _ := a.w.port.Property("xds\x00upstream_host_metadata\x00filter_metadata\x00postern\x00" + key)
	return string(v)
}

// aimFor finds the target of a provider and a model of the group's; without a model it is the
// first of the provider's. nil if there is none.
func (r *routing) aimFor(provider, model string) *config.Target {
	of := func(t *config.Target) bool {
		return t.Provider.Name == provider && (model == "" || t.Model == model)
	}
	for i := range r.group.Targets {
		if t := &r.group.Targets[i]; of(t) {
			r.at, r.next = i, 0
			return t
		}
	}
	for i := range r.group.Fallback {
		if f := &r.group.Fallback[i]; of(&f.Target) {
			r.at, r.next = -1, i+1
			return &f.Target
		}
	}
	return nil
}

// edit completes the edits of the request's headers: attempts share one map, so what the
// one before has left goes, and what it has taken away comes back.
func (a *Attempt) edit(step *Step, s *Stream) {
	of := a.of
	set := step.Set[:0]
	for _, h := range step.Set {
		if !isTheProxys(h.Name) {
			set = append(set, h)
		}
	}
	step.Set, step.Properties = set, step.Properties[:0]
	for _, name := range of.left {
		if !has(set, name) {
			step.set(name, "")
		}
	}
	of.left = of.left[:0]
	for _, h := range set {
		if h.Value != "" && h.Name[0] != ':' {
			of.left = append(of.left, h.Name)
		}
	}
	for _, h := range a.seen {
		if isTheProxys(h.Name) {
			step.set(h.Name, "")
		}
	}
	for _, h := range of.own {
		if s.translation.way == nil && ofAnAPI(h.Name) && !has(set, h.Name) {
			step.set(h.Name, h.Value)
		}
	}
	if of.leftHost = headerValue(set, ":authority"); of.leftHost == "" {
		of.leftHost = of.host
		step.set(":authority", of.host)
	}
}

// ResponseHeaders begins an answer, which is held until it is known to be one.
func (a *Attempt) ResponseHeaders(h []adapters.Header, end bool) *Step {
	s := a.stream()
	if s == nil {
		return a.stale()
	}
	s.leave()
	a.fake = headerValue(h, retryHeader) != ""
	head := s.see(h)
	if head.status == 401 && s.token != nil {
		s.refused()
	}
	why, sure := s.why(head, end)
	if sure || !a.mayFollow() {
		return a.judge(s, why)
	}
	head.contentType, head.encoding = strings.Clone(head.contentType), strings.Clone(head.encoding)
	s.weighing = weighing{on: true, head: head, stream: head.status < 400 && s.isStream(head.contentType)}
	step := a.hold(s.next())
	if s.weighing.stream {
		step.Want = Each
	}
	return step
}

// stale is for an answer that came when the request was over, or another attempt under way.
func (a *Attempt) stale() *Step {
	if a.of == nil || a.of.s == nil || a.of.passed {
		return a.next()
	}
	return a.refuse("another attempt at the request is under way: no hedging goes with this module")
}

// mayFollow reports whether the proxy may make another attempt.
func (a *Attempt) mayFollow() bool {
	s := a.of.s
	g := s.routing.group
	if a.of.again != nil {
		return s.anySpare()
	}
	return a.of.count <= g.Retry.Attempts && (g.Deadline == 0 || s.w.port.Now()-s.began < int64(g.Deadline))
}

// judge lets an answer pass, or has the proxy try again.
func (a *Attempt) judge(s *Stream, why route.Reason) *Step {
	step := s.next()
	again := a.of.again
	if !a.follows(s, why) {
		a.pass(s)
		if a.fake {
			step.set(retryHeader, "")
		}
		if again != nil { // only the gateway has the proxy redirect anything
			step.set("location", "")
		}
		return step
	}
	a.fail(s, why)
	if again != nil {
		again.redirect(step)
		return step
	}
	step.set(retryHeader, why.String())
	if s.status < 400 {
		step.set(":status", "503") // for the proxy's retries, and for its outlier detection
	}
	return step
}

// follows reports whether the proxy is to make another attempt for a reason.
func (a *Attempt) follows(s *Stream, why route.Reason) bool {
	if a.of.again != nil {
		return s.spare(why)
	}
	return why != route.NoReason && s.routing.group.Retry.On.Has(why, s.status) && a.mayFollow()
}

// pass lets the answer go to the gateway, which takes it from there.
func (a *Attempt) pass(s *Stream) {
	s.weighing, s.watch = weighing{}, nil
	if d := s.translation.decoder; d != nil {
		d.Reset()
	}
	s.owner, a.of.passed = a.of.home, true
	s.retain(0)
}

// fail notes why the attempt has failed: another may follow.
func (a *Attempt) fail(s *Stream, why route.Reason) {
	s.leave()
	s.land(why.Blames(), s.routing.rest)
	s.weighing, s.owner = weighing{}, a.of.home
	a.of.why, a.of.now = why, nil
}

// ResponseProgress tells that size bytes of an answer that is wanted whole are held.
func (a *Attempt) ResponseProgress(size int) *Step {
	if s := a.stream(); s != nil {
		return s.ResponseProgress(size)
	}
	return a.next()
}

// ResponseBody is what there is of an answer that is held.
func (a *Attempt) ResponseBody(p []byte, end bool) *Step {
	s := a.stream()
	if s == nil || !s.weighing.on {
		return a.next()
	}
	s.retain(len(p))
	why, decided := s.weighed(p, end)
	if why == route.NoReason && !decided {
		step := s.hold()
		step.Want = Each
		return step
	}
	return a.judge(s, why)
}

// ResponseTrailers ends a body that did not say that it ends. p is as in ResponseBody.
func (a *Attempt) ResponseTrailers(p []byte) *Step { return a.ResponseBody(p, true) }

// Done is the last event, however the attempt has ended.
func (a *Attempt) Done() *Step {
	a.leave()
	a.lost()
	return a.next()
}

// lost notes that no answer came, or not all of it.
func (a *Attempt) lost() {
	s := a.stream()
	if s == nil || a.of.passed {
		return
	}
	why := route.Unavailable
	const early = 10 * time.Millisecond // by this clock, the proxy's timer may be
	waited := time.Duration(s.w.port.Now()-a.sent) + early
	switch d := s.patience(); {
	case s.phase == answered: // by the gateway itself
		a.of.now = nil
		return
	case d > 0 && waited >= d && s.stream:
		why = route.Silent
	case d > 0 && waited >= d:
		why = route.TimedOut
	case s.weighing.on && s.weighing.stream:
		why = route.BrokenStream
	}
	a.fail(s, why)
}

// Tick ends what does not come.
func (w *Attempts) Tick() []Wake {
	if w.proven || len(w.held) == 0 || w.port.Now()-w.held[0].began < int64(unprovenLimit) {
		return nil
	}
	var wakes []Wake
	for _, a := range w.held {
		wakes = append(wakes, Wake{a.owner, a.refuse(noHolding)})
	}
	w.held = w.held[:0]
	return wakes
}

// ofAnAPI reports whether a header of the client's means something to one API alone.
//
//go:noinline
func ofAnAPI(name string) bool {
	return begins(name, "anthropic-", "openai-", "x-goog-", "amz-sdk-")
}

// isTheProxys reports whether a header is between the gateway and its proxy.
func isTheProxys(name string) bool { return begins(name, ownPrefix, "x-envoy-") }

//go:noinline
func begins(name string, with ...string) bool {
	for _, prefix := range with {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
