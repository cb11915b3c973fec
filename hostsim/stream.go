package hostsim

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Sink receives one direction of a stream as it leaves the filters. Its methods
// run while the worker is held: they must not call the stream, and must copy what
// they keep. Headers may be changed; the access log sees the change.
type Sink interface {
	Headers(h *Headers, end bool)
	Data(p []byte, end bool)
	Trailers(h *Headers)
	Reset(reason string)
}

// StreamOptions are for Host.NewStream; the zero value is usable.
type StreamOptions struct {
	Worker   int  // which worker; below 0: the next in turn
	Client   Sink // where the response goes; nil: Stream.Response has it
	Upstream Sink // where the request goes; nil: Stream.Upstream has it, and Config.Upstream answers
	// Properties are the stream's attributes besides those that follow from its
	// headers, as a tree: map[string]any, Headers, []any, string, []byte, int64,
	// uint64, float64, bool, time.Time, time.Duration.
	Properties map[string]any

	Plugins     []int // indices of those of Config.Plugins that take part; nil is all
	BufferLimit int   // 0 is Config's
	// Route, if given, says where the request goes in place of Config's Route, Retry
	// and Timeout. It may change the headers; it runs while the worker is held.
	Route func(*Headers) Route
	// Replies may change what a local reply says. It runs while the worker is held.
	Replies func(Summary, *Reply)
	// Slow is told when a plugin holds more than BufferLimit of a request's or a
	// response's body that it does not want limited: whoever sends it has to wait
	// until Slow is told otherwise. It runs while the worker is held.
	Slow func(request, wait bool)
	// Redirected is told of each time that the request begins again, by the route's
	// Redirects: what the access log says of the pass that has ended. It runs while the
	// worker is held.
	Redirected func(Summary)
	// Done is told once the stream is over and all its callbacks have run, while the
	// worker is held.
	Done func(Summary)
}

// A Stream is one request and its response on their way through the plugins. Its
// methods play the client and the upstream; each returns when all that follows
// from it has happened, with the traps on the way.
type Stream struct {
	host   *Host
	worker *worker
	id     uint64

	parent   *Stream // of an attempt: the stream that it is for
	attempt  *Stream // the last attempt, if the router makes them
	attempts int
	sentBody []byte // kept for another attempt
	tooLong  bool   // the body could not be kept
	over     bool   // of an attempt: nothing more is to happen in it

	router     func(*Headers) Route
	route      *Route // what router said
	replies    func(Summary, *Reply)
	done       func(Summary)
	redirected int // how often it has begun again
	onRedirect func(Summary)
	slow       func(request, wait bool)
	plugins    []int

	announced bool // the first given attributes are the attempt's

	filters   []*filter
	req, resp pipe
	client    Sink
	up        Sink
	recClient *recorder
	recUp     *recorder
	recorders [2]recorder // what the two above are at first
	props     properties

	details    string
	explained  bool        // details are given, which may be none
	prepared   *localReply // waits for the callback that sent it
	headersOut bool        // response headers have gone to the client
	encoded    bool        // the whole response has
	destroyed  bool
	logged     bool // the log callbacks have run
	upOpen     bool // the request has gone upstream
	upSent     bool // all of it
	upDone     bool // the upstream has finished or was given up
	upGone     bool // the upstream broke off
	timeout    *timer
}

var (
	errSentBefore   = errors.New("sent before")
	errStreamOver   = errors.New("stream is over")
	errRequestEnded = errors.New("request has ended")
	errNoRequest    = errors.New("request has not gone upstream")
	errUpstreamDone = errors.New("upstream has finished")
)

// NewStream begins a stream; RequestHeaders is what starts it.
func (h *Host) NewStream(o StreamOptions) *Stream {
	n := o.Worker
	if n < 0 {
		n = int(h.nextWorker.Add(1) - 1)
	}
	s := &Stream{host: h, worker: h.workers[n%h.serving], id: h.lastStream.Add(1), client: o.Client, up: o.Upstream,
		router: o.Route, replies: o.Replies, done: o.Done, onRedirect: o.Redirected, slow: o.Slow, plugins: o.Plugins}
	if s.client == nil {
		s.recClient = &s.recorders[0]
		s.client = s.recClient
	}
	if s.up == nil {
		s.recUp = &s.recorders[1]
		s.recUp.stream = s
		s.up = s.recUp
	}
	limit := max(h.config.BufferLimit, 0)
	if o.BufferLimit != 0 {
		limit = max(o.BufferLimit, 0)
	}
	s.req = pipe{s: s, request: true, limit: limit}
	s.resp = pipe{s: s, limit: limit}
	s.props = newProperties(h.config.Properties, o.Properties, h.clock.now())
	return s
}

// ID numbers the streams of a host from 1.
func (s *Stream) ID() uint64 { return s.id }

// end closes what one of the methods below began by locking the worker: what
// follows from it happens, and the error gets its place.
func (s *Stream) end(what string, err error) error {
	s.worker.flush()
	s.worker.mu.Unlock()
	s.host.settle()
	traps := s.host.takeTraps()
	if err != nil {
		err = fmt.Errorf("stream %d: %s: %w", s.id, what, err)
	}
	if traps != nil {
		err = errors.Join(err, traps)
	}
	return err
}

// RequestHeaders starts the stream.
func (s *Stream) RequestHeaders(h Headers, end bool) error {
	s.worker.mu.Lock()
	if s.req.headers != nil {
		return s.end("request headers", errSentBefore)
	}
	s.createFilters(s.handles())
	s.req.headers = newHeaderMap(kindRequest, h)
	s.req.observedEnd = end
	s.req.runHeaders(0, end)
	return s.end("request headers", nil)
}

// handles are the plugins that take part.
func (s *Stream) handles() []*handle {
	if s.plugins != nil {
		return pickHandles(s.worker.handles, s.plugins)
	}
	return s.worker.handles
}

// RequestBody sends a chunk of the request body.
func (s *Stream) RequestBody(p []byte, end bool) error {
	s.worker.mu.Lock()
	err := s.clientMay()
	if err == nil {
		s.req.observedEnd = end
		s.req.in.data = append(s.req.in.data[:0], p...)
		s.props.requestSize += uint64(len(p))
		s.req.runData(0, &s.req.in, end)
	}
	return s.end("request body", err)
}

// RequestTrailers ends the request with trailers.
func (s *Stream) RequestTrailers(h Headers) error {
	s.worker.mu.Lock()
	err := s.clientMay()
	if err == nil {
		s.req.observedEnd = true
		s.req.trailers = newHeaderMap(kindRequestTrailers, h)
		s.req.runTrailers(0)
	}
	return s.end("request trailers", err)
}

// ResponseHeaders is the upstream's answer.
func (s *Stream) ResponseHeaders(h Headers, end bool) error {
	s.worker.mu.Lock()
	err := s.upstreamMay()
	if err == nil && s.resp.headers != nil {
		err = errSentBefore
	}
	if err == nil {
		s.upstreamHeaders(newHeaderMap(kindResponse, h), end)
	}
	return s.end("response headers", err)
}

// ResponseBody sends a chunk of the response body.
func (s *Stream) ResponseBody(p []byte, end bool) error {
	s.worker.mu.Lock()
	err := s.upstreamMay()
	if err == nil {
		s.upstreamData(p, end)
	}
	return s.end("response body", err)
}

// ResponseTrailers ends the response with trailers.
func (s *Stream) ResponseTrailers(h Headers) error {
	s.worker.mu.Lock()
	err := s.upstreamMay()
	if err == nil {
		s.upstreamTrailers(h)
	}
	return s.end("response trailers", err)
}

// UpstreamReset is the upstream's connection breaking: before its headers Envoy
// answers 503 in its place, after them it can only cut the response. The reason is
// Envoy's word, such as "connection termination"; what the transport said may follow
// behind a bar: "remote connection failure|delayed connect error: Connection refused".
func (s *Stream) UpstreamReset(reason string) error {
	s.worker.mu.Lock()
	err := s.upstreamMay()
	if err == nil {
		s.upstreamReset(reason)
	}
	return s.end("upstream reset", err)
}

// Disconnect is the client closing its connection.
func (s *Stream) Disconnect() error { return s.giveUp("disconnect", "downstream_remote_disconnect") }

// ClientReset is the client giving up the stream, which HTTP/2 and HTTP/3 can do
// without closing the connection.
func (s *Stream) ClientReset() error { return s.giveUp("client reset", "http2.remote_reset") }

func (s *Stream) giveUp(what, details string) error {
	s.worker.mu.Lock()
	if s.destroyed {
		return s.end(what, errStreamOver)
	}
	s.explain(details) // also in place of "via_upstream"
	s.destroy()
	return s.end(what, nil)
}

// clientMay says whether the client can still send something.
func (s *Stream) clientMay() error {
	switch {
	case s.destroyed:
		return errStreamOver
	case s.req.headers == nil || s.req.observedEnd:
		return errRequestEnded
	}
	return nil
}

// upstreamMay says whether the upstream can still say something.
func (s *Stream) upstreamMay() error {
	switch {
	case s.destroyed:
		return errStreamOver
	case !s.upOpen:
		return errNoRequest
	case s.upDone:
		return errUpstreamDone
	case s.attempt != nil && !s.attempt.upOpen:
		return errNoRequest
	}
	return nil
}

// Done says whether the stream is over.
func (s *Stream) Done() bool {
	s.worker.mu.Lock()
	defer s.worker.mu.Unlock()
	return s.destroyed
}

// Details is why the response is what it is, in Envoy's word: "via_upstream" or
// what a plugin or the host gave with a local reply.
func (s *Stream) Details() string {
	s.worker.mu.Lock()
	defer s.worker.mu.Unlock()
	return s.details
}

// setDetails says why, if nothing else has yet. An attempt's word is the stream's.
func (s *Stream) setDetails(d string) {
	if !s.explained {
		s.explain(d)
	}
	if s.parent != nil {
		s.parent.setDetails(d)
	}
}

func (s *Stream) explain(d string) { s.details, s.explained = d, true }

// createFilters gives every plugin that takes part its context.
func (s *Stream) createFilters(handles []*handle) {
	s.filters = make([]*filter, 0, len(handles))
	for _, hd := range handles {
		if f := s.host.newFilter(hd, s); f != nil {
			s.filters = append(s.filters, f)
		}
	}
	n := len(s.filters)
	halves := make([]*half, 2*n)
	s.req.filters, s.resp.filters = halves[:n:n], halves[n:]
	for i, f := range s.filters {
		f.req.index, f.res.index = i, n-1-i
		s.req.filters[i], s.resp.filters[n-1-i] = &f.req, &f.res
	}
}

// startResponse begins a response, the upstream's or the host's own.
func (s *Stream) startResponse(h *headerMap, end bool) {
	s.resp.headers = h
	s.resp.observedEnd = end
	s.props.status, _ = strconv.ParseInt(h.list.Get(":status"), 10, 64)
	s.resp.runHeaders(0, end)
}

func (s *Stream) continueResponse(end bool) {
	s.resp.observedEnd = end
	s.resp.runData(0, &s.resp.in, end)
}

func (s *Stream) endResponse(trailers *headerMap) {
	s.resp.observedEnd, s.resp.trailers = true, trailers
	s.resp.runTrailers(0)
}

// stopDecoding says that the request matters no more: it has been answered.
func (s *Stream) stopDecoding() bool {
	return s.req.aborted || s.destroyed || s.over || s.resp.headers != nil && s.resp.observedEnd
}

// HeldBy says where the stream waits, for failure messages: "" when it does not.
func (s *Stream) HeldBy() string {
	s.worker.mu.Lock()
	defer s.worker.mu.Unlock()
	var held []string
	for _, f := range s.filters {
		if f.req.iter != iterating && !s.destroyed {
			held = append(held, fmt.Sprintf("request held by plugin %q", f.ctx.plugin.Name))
		}
		if f.res.iter != iterating && !s.destroyed {
			held = append(held, fmt.Sprintf("response held by plugin %q", f.ctx.plugin.Name))
		}
	}
	return strings.Join(held, ", ")
}
