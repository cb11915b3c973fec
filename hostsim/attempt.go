package hostsim

// This file is Envoy's router: it sends a request to an upstream, through the
// upstream plugins if there are any, and may send it again.

// A Retry is what decides whether a request is sent again. Attempt counts from 1;
// Headers are the answer's, or nil when Reset says how the upstream broke off.
type Retry struct {
	Attempt int
	Headers Headers
	Reset   string
}

// An attempt is a stream of its own behind the router: its filters are the
// upstream plugins, its client is the router. It has no access log.
type attemptClient struct{ s *Stream }

// startAttempt makes the next attempt's filters.
func (s *Stream) startAttempt() {
	s.attempts++
	s.announce()
	a := &Stream{host: s.host, worker: s.worker, id: s.id, parent: s, attempts: s.attempts, up: s.up}
	a.client = attemptClient{s}
	a.req = pipe{s: a, request: true, limit: s.req.limit}
	a.resp = pipe{s: a, limit: s.resp.limit}
	a.props = newProperties(nil, nil, s.host.clock.now())
	a.props.given = s.props.given
	a.props.shareState(&s.props)
	a.createFilters(s.upstreamHandles())
	s.attempt = a
}

// keepForRetry keeps the body for another attempt. Beyond the limit there will be none.
func (s *Stream) keepForRetry(p []byte) {
	if s.tooLong = s.tooLong || s.req.limit > 0 && len(s.sentBody)+len(p) > s.req.limit; s.tooLong {
		s.sentBody = nil
		return
	}
	s.sentBody = append(s.sentBody, p...)
}

// beginsAgain says whether there are answers for which the request is sent again, or begins again.
func (s *Stream) beginsAgain() bool { return s.retryPolicy() != nil || s.redirects() != nil }

// inAttempts says whether the router makes attempts that can be seen.
func (s *Stream) inAttempts() bool {
	return s.parent == nil && (s.beginsAgain() ||
		s.route == nil && len(s.host.upPlugins) > 0 || s.route != nil && len(s.route.UpstreamPlugins) > 0)
}

func (s *Stream) routeHeaders(end bool) {
	if !s.routed() {
		return
	}
	if name := s.req.headers.missing(":method", ":path"); name != "" {
		s.sendLocalReply(missingHeaderReply(503, "request", name))
		return
	}
	s.upOpen, s.upSent = true, end
	if !s.inAttempts() {
		s.attempts = 1
		s.announce()
		s.up.Headers(&s.req.headers.list, end)
		return
	}
	s.startAttempt()
	s.attempt.offerRequest(s.req.headers, end)
}

// offerRequest sends the headers through the attempt's filters. The map is the
// stream's own: what an attempt changes stays changed for the next one.
func (s *Stream) offerRequest(h *headerMap, end bool) {
	s.req.headers, s.req.observedEnd = h, end
	s.req.runHeaders(0, end)
}

func (s *Stream) routeData(b *buffer, end bool) {
	s.upSent = end
	a := s.attempt
	if a == nil {
		s.up.Data(b.data, end)
		return
	}
	if s.beginsAgain() {
		s.keepForRetry(b.data)
	}
	if !a.over {
		a.props.requestSize += uint64(len(b.data))
		a.req.observedEnd = end
		a.req.runData(0, b, end)
	}
}

func (s *Stream) routeTrailers() {
	s.upSent = true
	a := s.attempt
	if a == nil {
		s.up.Trailers(&s.req.trailers.list)
		return
	}
	if !a.over {
		a.req.observedEnd, a.req.trailers = true, s.req.trailers
		a.req.runTrailers(0)
	}
}

// upstreamHeaders, upstreamData, upstreamTrailers and upstreamReset are what the
// upstream says.
func (s *Stream) upstreamHeaders(h *headerMap, end bool) {
	s.setUpDone(end)
	s.setDetails("via_upstream")
	if a := s.attempt; a != nil {
		a.setDetails("via_upstream")
		a.startResponse(h, end)
		return
	}
	s.startResponse(h, end)
}

func (s *Stream) upstreamData(p []byte, end bool) {
	s.setUpDone(end)
	if s.attempt != nil {
		s = s.attempt
	}
	s.resp.in.data = append(s.resp.in.data[:0], p...)
	s.continueResponse(end)
}

func (s *Stream) upstreamTrailers(h Headers) {
	s.setUpDone(true)
	if s.attempt != nil {
		s = s.attempt
	}
	s.endResponse(newHeaderMap(kindResponseTrailers, h))
}

func (s *Stream) upstreamReset(reason string) {
	s.upGone = true
	s.setUpDone(true)
	if a := s.attempt; a != nil {
		a.over, a.upGone = true, true
		s.worker.deferDestroy(a)
	}
	if s.resp.headers == nil && s.again(Retry{Attempt: s.attempts, Reset: reason}) {
		return
	}
	when := "before"
	if s.resp.headers != nil {
		when = "after"
	}
	s.sendLocalReply(localReply{code: 503, body: resetBeforeHeaders(reason, s.attempts), grpcStatus: -1,
		details: "upstream_reset_" + when + "_response_started{" + noSpace(reason) + "}"})
}

func (s *Stream) setUpDone(done bool) {
	s.upDone = done
	if s.attempt != nil {
		s.attempt.upDone = done
	} else if done {
		s.reset() // what is left of the request has no reader
	}
}

// again sends the request once more if the process is configured to.
func (s *Stream) again(r Retry) bool {
	if retry := s.retryPolicy(); retry == nil || !s.upSent || s.tooLong || !retry(r) {
		return false
	}
	if s.recUp != nil {
		s.recUp = &recorder{stream: s}
		s.up = s.recUp
	} else if !s.attempt.upDone {
		s.up.Reset("retry")
	}
	s.attempt.over = true
	s.worker.deferDestroy(s.attempt)
	s.upDone = true
	s.worker.post(s.resend) // by then the attempt before is gone, as it is in Envoy after the back-off
	return true
}

// resend makes the next attempt with what was kept of the request.
func (s *Stream) resend() {
	if s.destroyed {
		return
	}
	s.upDone, s.upGone = false, false
	s.startAttempt()
	a := s.attempt
	hasBody, hasTrailers := len(s.sentBody) > 0, s.req.trailers != nil
	a.offerRequest(s.req.headers, !hasBody && !hasTrailers)
	if hasBody && !a.over {
		a.req.observedEnd = !hasTrailers
		a.req.in.data = append(a.req.in.data[:0], s.sentBody...)
		a.req.runData(0, &a.req.in, !hasTrailers)
	}
	if hasTrailers && !a.over {
		a.req.observedEnd, a.req.trailers = true, s.req.trailers
		a.req.runTrailers(0)
	}
}

// Headers is the attempt's response reaching the router.
func (c attemptClient) Headers(h *Headers, end bool) {
	s := c.s
	if s.destroyed || s.resp.headers != nil {
		return
	}
	if s.again(Retry{Attempt: s.attempts, Headers: h.Clone()}) {
		return
	}
	if s.redirect(s.attempt.resp.headers) {
		return
	}
	s.attempt.endAttempt(end)
	s.startResponse(s.attempt.resp.headers, end)
}

// Data is a chunk of the attempt's response reaching the router.
func (c attemptClient) Data(p []byte, end bool) {
	s := c.s
	if s.destroyed {
		return
	}
	s.resp.in.data = append(s.resp.in.data[:0], p...)
	s.continueResponse(end)
}

// Trailers end the attempt's response.
func (c attemptClient) Trailers(h *Headers) {
	if !c.s.destroyed {
		c.s.endResponse(newHeaderMap(kindResponseTrailers, *h))
	}
}

// Reset is a plugin closing its attempt: it closes the whole stream.
func (c attemptClient) Reset(reason string) {
	c.s.upDone = true
	c.s.resetFromFilter(reason)
}

// abandon cuts what is still under way upstream.
func (s *Stream) abandon() {
	if a := s.attempt; a != nil {
		if !a.over {
			a.over = true
			a.reset()
			s.worker.deferDestroy(a)
		}
		s.upDone = true
		return
	}
	s.reset()
}

// reset tells the upstream that its answer, or the rest of the request, is no longer
// wanted. Of an attempt whose answer is whole it is what the router has sent that
// counts: the upstream is not told of a request that the attempt's plugin still holds.
func (s *Stream) reset() {
	sent := s.upSent
	if s.parent != nil && s.encoded {
		sent = s.parent.upSent
	}
	if s.upOpen && !s.upGone && !(sent && s.upDone) {
		s.up.Reset("local reset")
		s.upGone = true
	}
	s.upDone = true
}
