package hostsim

import "strconv"

// This file is what leaves the filters on either side, and the end of a stream.

func (p *pipe) passHeaders(end bool) {
	s := p.s
	switch {
	case s.destroyed || s.over:
	case p.passed:
		s.misuse("continued headers that were not held: Envoy sends them twice")
	case p.request:
		p.passed = true
		s.routeHeaders(end)
		s.armTimeout(end)
	case !p.headers.hasStatus():
		s.sendLocalReply(missingHeaderReply(502, "response", ":status"))
	default:
		p.passed = true
		s.headersOut = true
		if s.parent == nil {
			s.props.status, _ = strconv.ParseInt(p.headers.list.Get(":status"), 10, 64)
		}
		if s.parent == nil || !s.parent.redirects().follows(p.headers) {
			s.endAttempt(end)
		}
		s.client.Headers(&p.headers.list, end)
		s.endStream(end)
	}
}

func (p *pipe) passData(b *buffer, end bool) {
	s := p.s
	if s.destroyed || s.over {
		return
	}
	if p.request {
		s.routeData(b, end)
		s.armTimeout(end)
	} else {
		s.props.responseSize += uint64(len(b.data))
		s.endAttempt(end)
		s.client.Data(b.data, end)
	}
	b.data = b.data[:0]
	b.check()
	if !p.request {
		s.endStream(end)
	}
}

func (p *pipe) passTrailers() {
	s := p.s
	switch {
	case s.destroyed || s.over:
	case p.request:
		s.routeTrailers()
		s.armTimeout(true)
	default:
		s.endAttempt(true)
		s.client.Trailers(&p.trailers.list)
		s.endStream(true)
	}
}

// armTimeout starts the route's timeout once the whole request has gone upstream.
func (s *Stream) armTimeout(end bool) {
	d := s.timeLimit()
	if !end || d <= 0 || s.parent != nil || s.destroyed {
		return
	}
	s.timeout = s.host.clock.after(d, func() {
		s.worker.post(func() {
			if !s.destroyed {
				s.timeOutAttempt()
				s.sendLocalReply(localReply{code: 504, body: "upstream request timeout", grpcStatus: -1,
					details: "response_timeout"})
			}
		})
	})
}

// timeOutAttempt ends an attempt before the client hears of it.
func (s *Stream) timeOutAttempt() {
	if a := s.attempt; a != nil && !a.over {
		a.over = true
		a.destroy()
	}
}

// endAttempt is the end of an attempt whose answer is whole: the router is done with
// it before it passes the last of it on.
func (s *Stream) endAttempt(end bool) {
	if end && s.parent != nil {
		s.encoded, s.over = true, true
		s.destroy()
	}
}

// endStream is the end of a whole response.
func (s *Stream) endStream(end bool) {
	if end && s.parent == nil {
		s.encoded = true
		s.destroy()
	}
}

// resetFromFilter cuts the stream on the client's side.
func (s *Stream) resetFromFilter(reason string) {
	if s.destroyed {
		return
	}
	if s.parent != nil {
		s.over = true
		s.reset()
		s.worker.deferDestroy(s)
		s.client.Reset(reason)
		return
	}
	s.client.Reset(reason)
	s.destroy()
}

// destroy ends the stream: the upstream is given up, then the access log, then
// every plugin's last callbacks. An attempt has no access log.
func (s *Stream) destroy() {
	if s.destroyed {
		return
	}
	s.destroyed = true
	s.host.clock.stop(s.timeout)
	s.abandon()
	s.props.end(s.host.clock.now())
	if s.parent == nil {
		for _, f := range s.filters {
			f.ctx.log()
		}
	}
	s.logged = true
	summary := s.Summary() // the access log is written before the last callbacks
	for _, f := range s.filters {
		f.ctx.destroy()
	}
	if s.done != nil {
		s.done(summary)
	}
}
