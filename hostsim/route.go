package hostsim

import "time"

// A Route is where a request goes as it leaves the last plugin.
type Route struct {
	Reply *Reply // answers in the upstream's place; the rest does not matter then
	// UpstreamPlugins are the indices of those of Config.UpstreamPlugins that see
	// each attempt.
	UpstreamPlugins []int
	Retry           func(Retry) bool // whether to send the request again; nil never does
	Redirects       *Redirects       // which of its answers begin the request again; nil: none
	Timeout         time.Duration    // once the request has gone upstream whole; 0 is none
	// Attempt is told of each attempt, counted from 1, before its plugins and its
	// Sink are; it returns attributes such as those below "upstream" and "xds".
	Attempt func(n int) map[string]any
}

// A Reply is an answer that the host gives in the upstream's place.
type Reply struct {
	Status      int
	Headers     Headers // added to the host's own
	Body        string
	ContentType string // empty is text/plain
	Details     string // as the access log names the reason
}

// Summary is what an access log says about a stream. Its maps are the
// stream's own: they may be read and kept, not changed.
type Summary struct {
	Request, Response, Trailers Headers
	Status                      int
	Details                     string
	Attempts                    int
	RequestBytes, ResponseBytes uint64 // of bodies as they came from the client and went to it

	stream *Stream
}

// FilterState is what a plugin stored with proxy_set_property.
func (m Summary) FilterState(name string) ([]byte, bool) {
	if m.stream == nil {
		return nil, false
	}
	return m.stream.filterState(name)
}

// Reply answers the stream as the host itself would, through the plugins while no
// response is under way. It is for those who play the host: a timeout, a refusal.
func (s *Stream) Reply(r Reply) error {
	s.worker.mu.Lock()
	if s.destroyed {
		return s.end("reply", errStreamOver)
	}
	s.sendLocalReply(r.local())
	return s.end("reply", nil)
}

func (r Reply) local() localReply {
	l := localReply{code: r.Status, body: r.Body, headers: r.Headers.Clone(), details: r.Details, grpcStatus: -1}
	if r.ContentType != "" {
		l.headers.Set("content-type", r.ContentType)
	}
	return l
}

// rewriteReply lets the host's owner change a reply of whomever: Envoy's
// local_reply_config.
func (s *Stream) rewriteReply(r localReply) localReply {
	if s.replies == nil {
		return r
	}
	public := Reply{Status: r.code, Headers: r.headers, Body: r.body, Details: r.details}
	s.replies(s.Summary(), &public)
	changed := public.local()
	changed.grpcStatus = r.grpcStatus
	return changed
}

// routed asks where the request goes. It is false when it has been answered instead.
func (s *Stream) routed() bool {
	if s.router == nil {
		return true
	}
	route := s.router(&s.req.headers.list)
	s.route = &route
	if route.Reply == nil {
		return true
	}
	s.sendLocalReply(route.Reply.local())
	return false
}

// announce tells of the next attempt and gives its attributes to all plugins.
func (s *Stream) announce() {
	if s.route == nil || s.route.Attempt == nil {
		return
	}
	attributes := s.route.Attempt(s.attempts)
	if attributes == nil {
		return
	}
	if s.announced {
		s.props.given = s.props.given[1:]
	}
	s.props.given = append([]map[string]any{attributes}, s.props.given...)
	s.announced = true
}

// upstreamHandles are the plugins that see the stream's attempts.
func (s *Stream) upstreamHandles() []*handle {
	if s.route == nil {
		return s.worker.upHandles
	}
	return pickHandles(s.worker.upHandles, s.route.UpstreamPlugins)
}

func pickHandles(all []*handle, indices []int) []*handle {
	picked := make([]*handle, 0, len(indices))
	for _, i := range indices {
		picked = append(picked, all[i])
	}
	return picked
}

// retryPolicy decides about other attempts; nil makes none.
func (s *Stream) retryPolicy() func(Retry) bool {
	if s.route != nil {
		return s.route.Retry
	}
	return s.host.config.Retry
}

// timeLimit is the route's timeout.
func (s *Stream) timeLimit() time.Duration {
	if s.route != nil {
		return s.route.Timeout
	}
	return s.host.config.Timeout
}

// Summary describes the stream so far. It is for the hooks of StreamOptions, while
// they run, and for anybody once the stream is over.
func (s *Stream) Summary() Summary {
	m := Summary{stream: s, Details: s.details, Attempts: s.attempts,
		RequestBytes: s.props.requestSize, ResponseBytes: s.props.responseSize, Status: int(s.props.status)}
	if s.req.headers != nil {
		m.Request = s.req.headers.list
	}
	if s.resp.headers != nil {
		m.Response = s.resp.headers.list
	}
	if s.resp.trailers != nil {
		m.Trailers = s.resp.trailers.list
	}
	return m
}
