package shell

import (
	"github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/abi"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
)

// events are those of a request, or of one attempt at it.
type events interface {
	RequestHeaders(h []adapters.Header, end bool) *gateway.Step
	RequestProgress(size int) *gateway.Step
	RequestBody(p []byte) *gateway.Step
	ResponseHeaders(h []adapters.Header, end bool) *gateway.Step
	ResponseProgress(size int) *gateway.Step
	ResponseBody(p []byte, end bool) *gateway.Step
	ResponseTrailers(p []byte) *gateway.Step
	Done() *gateway.Step
	Passes() bool
	Unasked() *gateway.Step
}

// stream is one request, or attempt, as the proxy sees it.
type stream struct {
	types.DefaultHttpContext
	p        *plugin
	id       uint32
	gw       events
	known    *gateway.Stream // the same, while it is a request that was recognised; nil: it is none
	repeated bool            // it was answered as the one that it repeats
	request  gateway.Want
	response gateway.Want
}

// begin makes the stream one that is for the next request.
func (s *stream) begin() {
	p := s.p
	*s = stream{p: p}
	if p.tries != nil {
		s.gw = p.tries.NewAttempt(s)
	} else {
		s.gw = p.worker.NewStream(s)
	}
}

func (s *stream) OnHttpRequestHeaders(_ int, end bool) types.Action {
	raw, err := abi.Pairs(abi.RequestHeaders)
	if err != nil {
		return s.broken(err)
	}
	g, ok := s.gw.(*gateway.Stream)
	if ok && g.Recognise(raw, end) {
		s.request, s.known = gateway.Whole, g
		return types.ActionPause
	}
	h := abi.ParseHeaders(s.p.buffer[:0], raw)
	s.p.buffer = h
	step := s.gw.RequestHeaders(h, end)
	if ok && g.Wanted() {
		acquaint(g, raw)
	}
	if step.Of != nil {
		s.gw.(*gateway.Stream).Release() // attempts are not begun again
		s.gw = step.Of
		s.p.receive(step.Of.Worker())
	}
	s.request = step.Want
	return s.apply(step, abi.RequestHeaders, abi.RequestBody)
}

//go:noinline
func acquaint(g *gateway.Stream, raw []byte) {
	raw = append([]byte(nil), raw...)
	h := abi.ParseHeaders([]adapters.Header(nil), raw)
	g.Acquaint(raw, abi.Without(h, gateway.IsIncidental), h)
}

func (s *stream) OnHttpRequestBody(size int, end bool) types.Action {
	switch {
	case s.request == gateway.Nothing:
		return types.ActionContinue
	case s.known != nil && (end && s.repeats(size) || !end && s.known.Progress(size)):
		return types.ActionPause
	case !end:
		s.known = nil
		return s.applyRequest(s.gw.RequestProgress(size))
	}
	return s.requestBody(size)
}

// repeats answers a request that was recognised, if it repeats another.
func (s *stream) repeats(size int) bool {
	if p, err := abi.Buffer(abi.RequestBody, 0, size); err == nil {
		if r := s.known.Repeat(p, abi.Continues()); r != nil {
			if r.Packed == nil {
				r.Packed = abi.Pack(r.Headers)
			}
			s.check(abi.ReplyPacked(r.Status, r.Details, r.Packed, r.Body))
			abi.Ignore(s.id)
			s.repeated = true
			return true
		}
	}
	s.known = nil
	return false
}

// OnHttpRequestTrailers ends a body that the body callbacks never saw the end of.
func (s *stream) OnHttpRequestTrailers(int) types.Action {
	if s.request == gateway.Nothing {
		return types.ActionContinue
	}
	const all = 1<<31 - 1
	return s.requestBody(all)
}

func (s *stream) requestBody(size int) types.Action {
	p, err := s.p.read(abi.RequestBody, size)
	if err != nil {
		return s.broken(err)
	}
	return s.applyRequest(s.gw.RequestBody(p))
}

func (s *stream) applyRequest(step *gateway.Step) types.Action {
	s.flush()
	if instead := s.gw.Unasked(); instead != nil {
		step = instead
	}
	s.request = step.Want
	return s.apply(step, abi.RequestHeaders, abi.RequestBody)
}

func (s *stream) OnHttpResponseHeaders(_ int, end bool) types.Action {
	if s.gw.Passes() {
		s.response = gateway.Nothing
		return types.ActionContinue
	}
	h, err := s.p.headers(abi.ResponseHeaders)
	if err != nil {
		return s.broken(err)
	}
	return s.applyResponse(s.gw.ResponseHeaders(h, end))
}

func (s *stream) OnHttpResponseBody(size int, end bool) types.Action {
	switch s.response {
	case gateway.Nothing:
		return types.ActionContinue
	case gateway.Whole:
		if !end {
			return s.applyResponse(s.gw.ResponseProgress(size))
		}
	}
	p, err := s.p.read(abi.ResponseBody, size)
	if err != nil {
		return s.broken(err)
	}
	return s.applyResponse(s.gw.ResponseBody(p, end))
}

func (s *stream) OnHttpResponseTrailers(int) types.Action {
	var p []byte
	var err error
	switch s.response {
	case gateway.Nothing:
		return types.ActionContinue
	case gateway.Whole:
		const all = 1<<31 - 1
		if p, err = s.p.read(abi.ResponseBody, all); err != nil {
			return s.broken(err)
		}
	}
	return s.applyResponse(s.gw.ResponseTrailers(p))
}

func (s *stream) applyResponse(step *gateway.Step) types.Action {
	s.response = step.Want
	return s.apply(step, abi.ResponseHeaders, abi.ResponseBody)
}

// OnHttpStreamDone is the last callback in which the proxy can still be told what to
// put into its access log.
func (s *stream) OnHttpStreamDone() {
	if s.repeated {
		s.check(abi.SetProperty("postern", s.known.EndRepeat(abi.Continues())))
		s.request, s.known, s.repeated = gateway.Nothing, nil, false
	} else {
		s.end()
		s.begin()
	}
	s.p.release(s)
}

//go:noinline
func (s *stream) end() {
	step := s.gw.Done()
	s.setProperties(step)
	for _, x := range step.Samples {
		record(x)
	}
	s.flush()
	if g, ok := s.gw.(*gateway.Stream); ok {
		g.Release()
	}
}

// flush carries out what the event has left to do beside its step. Of an attempt that is the
// gateway's, in whose context the answers have to come.
func (s *stream) flush() {
	a, ok := s.gw.(*gateway.Attempt)
	if !ok {
		if s.p.worker.Busy() {
			s.p.flush()
		}
		return
	}
	home, ok := a.Home().(*stream)
	if !ok {
		return
	}
	s.check(abi.SetContext(home.p.id))
	home.p.flush()
	s.check(abi.SetContext(s.id))
}

// apply carries a step out.
func (s *stream) apply(step *gateway.Step, headers abi.MapType, body abi.BufferType) types.Action {
	s.flush()
	if step.Log != "" {
		s.check(abi.Log(abi.Warn, "postern: "+step.Log))
	}
	if len(step.Properties) > 0 {
		s.setProperties(step)
	}
	for _, h := range step.Set {
		var err error
		if h.Value == "" {
			err = abi.RemoveHeader(headers, h.Name)
		} else {
			err = abi.ReplaceHeader(headers, h.Name, h.Value)
		}
		if err != nil {
			s.check(err)
		}
	}
	if r := step.Reply; r != nil {
		s.check(abi.Reply(r.Status, r.Details, r.Headers, r.Body))
		return types.ActionPause
	}
	if step.Replace {
		s.check(abi.ReplaceBuffer(body, step.Body))
	}
	switch step.Action {
	case gateway.Hold:
		return types.ActionPause
	case gateway.Lend: // the proxy sends what it holds after this callback, and then holds again
		s.check(abi.Continue(abi.Response))
		return types.ActionPause
	}
	return types.ActionContinue
}

func (s *stream) setProperties(step *gateway.Step) {
	for _, x := range step.Properties {
		s.check(abi.SetProperty(x.Path, x.Value))
	}
}

// check logs a host call that failed: the stream then goes on as the host has it.
func (s *stream) check(err error) {
	if err != nil {
		complain(err)
	}
}

//go:noinline
func complain(err error) {
	abi.Log(abi.Error, "postern: a call to the proxy failed: "+err.Error())
}

// broken ends a stream of which the proxy does not show what it announced: going on
// would send a request that nobody has looked at.
func (s *stream) broken(err error) types.Action {
	s.check(err)
	s.check(abi.Reply[adapters.Header](500, "postern_host_error", nil, nil))
	return types.ActionPause
}
