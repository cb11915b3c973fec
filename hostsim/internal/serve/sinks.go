package serve

import (
	"context"
	"slices"

	"github.com/postern-gateway/postern/hostsim"
)

// toClient is where a stream's response goes.
type toClient struct{ *exchange }

// Headers queues the response's headers with those that Envoy adds last.
func (c toClient) Headers(h *hostsim.Headers, end bool) {
	ex := c.exchange
	ex.finishHeaders(h)
	ex.emit(output{headers: h.Clone(), end: end})
}

// Data queues a chunk.
func (c toClient) Data(p []byte, end bool) {
	c.sent += uint64(len(p))
	c.emit(output{data: slices.Clone(p), end: end})
}

// Trailers queue the end of the response.
func (c toClient) Trailers(h *hostsim.Headers) {
	c.emit(output{headers: h.Clone(), trailers: true, end: true})
}

// Reset cuts the connection, or the HTTP/2 stream.
func (c toClient) Reset(string) {
	c.mu.Lock()
	c.aborted = true
	c.mu.Unlock()
}

// toUpstream is where a stream's request goes, once for each attempt.
type toUpstream struct{ *exchange }

// Headers begin an attempt.
func (u toUpstream) Headers(h *hostsim.Headers, end bool) {
	ex := u.exchange
	a := &attempt{number: len(ex.tried), headers: h.Clone()}
	if n := len(ex.tried); n > 0 {
		a.to = ex.tried[n-1]
	}
	a.body.init()
	a.body.ended = end
	a.ctx, a.cancel = context.WithCancelCause(ex.server.base)
	ex.mu.Lock()
	ex.current = a
	spawn := ex.stepping == 0 && ex.reading
	if !spawn {
		ex.next = a
	}
	ex.mu.Unlock()
	if spawn {
		go ex.runAttempts(a)
		return
	}
	ex.change.Broadcast()
}

// Data is a part of the request's body.
func (u toUpstream) Data(p []byte, end bool) {
	if end {
		u.timing.requestSent(u.exchange)
	}
	u.current.body.write(p, end)
}

// Trailers end the request.
func (u toUpstream) Trailers(h *hostsim.Headers) {
	u.current.body.end(h.Clone())
}

// Reset gives an attempt up.
func (u toUpstream) Reset(string) {
	u.current.cancel(nil)
	u.current.body.abort()
}
