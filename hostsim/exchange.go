package hostsim

import (
	"fmt"
	"strconv"
	"time"
)

// A Handler answers the requests sent to a cluster, proxied ones and callouts. It
// runs outside of the workers and may block; it sees a request when it is whole.
type Handler func(Request) Response

// A Request is a whole request. Chunks, if given, are the body as it was cut.
type Request struct {
	Headers  Headers
	Body     []byte
	Chunks   [][]byte
	Trailers Headers
	Cluster  string        // for a Handler: which cluster it was sent to
	Stream   uint64        // for a Handler: of which stream it is; 0 for a callout
	Timeout  time.Duration // for a Handler: how long a callout waits for it; 0 is without end
}

// A Response is a whole response. Chunks, if given, are the body as it was cut.
type Response struct {
	Headers  Headers // :status is 200 if it is missing
	Body     []byte
	Chunks   [][]byte
	Trailers Headers
	Delay    time.Duration // before the headers
	Reset    string        // the reason for a reset after all of the above; without headers, before them
	Complete bool          // of a received response: it ended as it should
}

// Respond makes a response with a body and alternating names and values of headers.
func Respond(status int, body string, headers ...string) Response {
	h := append(Headers{{":status", strconv.Itoa(status)}}, H(headers...)...)
	return Response{Headers: h, Body: []byte(body)}
}

// Get makes a GET request for a path.
func Get(path string, headers ...string) Request {
	return Request{Headers: append(requestLine("GET", path), H(headers...)...)}
}

// Post makes a POST request for a path.
func Post(path, body string, headers ...string) Request {
	return Request{Headers: append(requestLine("POST", path), H(headers...)...), Body: []byte(body)}
}

func requestLine(method, path string) Headers {
	return H(":authority", "example.com", ":path", path, ":method", method, ":scheme", "http")
}

// Status is the numeric :status, or 0.
func (r Response) Status() int {
	n, _ := strconv.Atoi(r.Headers.Get(":status"))
	return n
}

func (r Response) headers() Headers {
	if _, ok := r.Headers.Lookup(":status"); !ok {
		return append(Headers{{":status", "200"}}, r.Headers...)
	}
	return r.Headers
}

func (r Response) body() []byte { return wholeBody(r.Body, r.Chunks) }

// WholeBody is the body, however it was cut.
func (r Request) WholeBody() []byte { return wholeBody(r.Body, r.Chunks) }

func wholeBody(body []byte, chunks [][]byte) []byte {
	if chunks == nil {
		return body
	}
	var all []byte
	for _, c := range chunks {
		all = append(all, c...)
	}
	return all
}

func cut(body []byte, chunks [][]byte) [][]byte {
	if chunks == nil && len(body) > 0 {
		return [][]byte{body}
	}
	return chunks
}

// doLimit is how long Do waits on the test's clock.
const doLimit = time.Minute

// Do sends a request through the plugins to the Handler of its cluster and
// returns what the client gets. It moves the test's clock when nothing else can
// happen, at most a minute. A stream that has not ended by then, or that was
// reset, is an error that says where it is held; the response so far comes along.
func (h *Host) Do(r Request) (Response, error) {
	return h.NewStream(StreamOptions{}).Do(r)
}

// Do is Host.Do on this stream.
func (s *Stream) Do(r Request) (Response, error) {
	if err := s.send(r); err != nil {
		return s.Response(), err
	}
	if err := s.await(doLimit); err != nil {
		return s.Response(), err
	}
	got := s.Response()
	switch {
	case got.Reset != "":
		return got, fmt.Errorf("stream %d: reset: %s", s.id, got.Reset)
	case !got.Complete:
		return got, fmt.Errorf("stream %d: no complete response: %s", s.id, s.why())
	}
	return got, nil
}

func (s *Stream) why() string {
	if held := s.HeldBy(); held != "" {
		return held
	}
	return "the upstream has not answered"
}

// send plays the client.
func (s *Stream) send(r Request) error {
	chunks := cut(r.Body, r.Chunks)
	if err := s.RequestHeaders(r.Headers, len(chunks) == 0 && r.Trailers == nil); err != nil {
		return err
	}
	for i, c := range chunks {
		if s.Done() {
			return nil
		}
		if err := s.RequestBody(c, i == len(chunks)-1 && r.Trailers == nil); err != nil {
			return err
		}
	}
	if r.Trailers != nil && !s.Done() {
		return s.RequestTrailers(r.Trailers)
	}
	return nil
}

// await moves the test's clock from one due thing to the next until the stream is over.
func (s *Stream) await(limit time.Duration) error {
	h := s.host
	until := h.clock.now().Add(limit)
	for !s.Done() {
		t := h.clock.next(until)
		if t == nil {
			return nil
		}
		t.fire()
		h.settle()
		if err := h.takeTraps(); err != nil {
			return err
		}
	}
	return nil
}

// Response is what the client has got so far; empty if a Sink was given.
func (s *Stream) Response() Response {
	s.worker.mu.Lock()
	defer s.worker.mu.Unlock()
	if s.recClient == nil {
		return Response{}
	}
	c := s.recClient
	return Response{Headers: c.headers.Clone(), Body: wholeBody(nil, c.chunks), Chunks: c.chunks,
		Trailers: c.trailers.Clone(), Reset: c.reset, Complete: c.ended}
}

// Upstream is what has gone upstream so far, and whether that is all of it; empty
// if a Sink was given.
func (s *Stream) Upstream() (r Request, complete bool) {
	s.worker.mu.Lock()
	defer s.worker.mu.Unlock()
	if s.recUp == nil {
		return Request{}, false
	}
	u := s.recUp
	return Request{Headers: u.headers.Clone(), Body: wholeBody(nil, u.chunks), Chunks: u.chunks,
		Trailers: u.trailers.Clone(), Stream: s.id}, u.ended
}

// A recorder is the Sink that keeps everything.
type recorder struct {
	stream   *Stream // of the upstream's recorder: whom to answer
	headers  Headers
	chunks   [][]byte
	trailers Headers
	ended    bool
	reset    string
}

func (r *recorder) Headers(h *Headers, end bool) {
	r.headers = h.Clone()
	r.end(end)
}

func (r *recorder) Data(p []byte, end bool) {
	if len(p) > 0 || !end {
		r.chunks = append(r.chunks, append([]byte(nil), p...))
	}
	r.end(end)
}

func (r *recorder) Trailers(h *Headers) {
	r.trailers = h.Clone()
	r.end(true)
}

func (r *recorder) Reset(reason string) { r.reset = reason }

func (r *recorder) end(end bool) {
	if !end {
		return
	}
	r.ended = true
	if r.stream != nil {
		r.stream.answer()
	}
}

// answer asks the request's handler, now that it is whole.
func (s *Stream) answer() {
	h := s.host
	u := s.recUp
	req := Request{Headers: u.headers.Clone(), Body: wholeBody(nil, u.chunks), Chunks: u.chunks,
		Trailers: u.trailers.Clone(), Stream: s.id}
	handler := h.config.Upstream
	if h.config.Route != nil {
		req.Cluster = h.config.Route(req.Headers)
		if req.Cluster != "" {
			var known bool
			if handler, known = h.cluster(req.Cluster); !known {
				s.worker.post(func() {
					s.sendLocalReply(localReply{code: 503, details: "cluster_not_found", grpcStatus: -1})
				})
				return
			}
		}
	}
	if handler == nil {
		return // the test answers
	}
	h.outside(func() {
		r := handler(req)
		if r.Delay > 0 {
			h.clock.after(r.Delay, func() { s.respond(r) })
			return
		}
		s.respond(r)
	})
}

// respond plays the upstream, one event at a time.
func (s *Stream) respond(r Response) {
	chunks := cut(r.Body, r.Chunks)
	do := func(f func()) {
		s.worker.post(func() {
			if s.upstreamMay() == nil {
				f()
			}
		})
	}
	last := r.Reset == "" && r.Trailers == nil
	if r.Reset == "" || len(r.Headers) > 0 {
		do(func() { s.upstreamHeaders(newHeaderMap(kindResponse, r.headers()), last && len(chunks) == 0) })
		for i, c := range chunks {
			do(func() { s.upstreamData(c, last && i == len(chunks)-1) })
		}
	}
	switch {
	case r.Reset != "":
		do(func() { s.upstreamReset(r.Reset) })
	case r.Trailers != nil:
		do(func() { s.upstreamTrailers(r.Trailers) })
	}
}
