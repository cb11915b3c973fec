package serve

import (
	"context"
	"errors"
	"io"

	"github.com/postern-gateway/postern/hostsim"
)

// maxCallout bounds the answer that a plugin can get from a callout.
const maxCallout = 64 << 20

var errTooLarge = errors.New("answer too large")

// callout answers the plugins' own requests to a cluster.
func (c *cluster) callout(s *Server) hostsim.Handler {
	return func(r hostsim.Request) hostsim.Response {
		ctx, cancel := context.WithCancel(s.base)
		if r.Timeout > 0 {
			ctx, cancel = context.WithTimeout(s.base, r.Timeout)
		}
		defer cancel()
		return c.call(ctx, r)
	}
}

// call sends a whole request and reads the whole answer.
func (c *cluster) call(ctx context.Context, r hostsim.Request) hostsim.Response {
	a := &attempt{ctx: ctx, cancel: func(error) {}, number: 1, headers: r.Headers, to: c.pick(nil, nil)}
	if a.to == nil {
		return hostsim.Respond(503, "no healthy upstream", "content-type", "text/plain")
	}
	a.body.init()
	a.body.data, a.body.trailers, a.body.ended = r.WholeBody(), r.Trailers, true
	if len(r.Trailers) == 0 {
		a.body.trailers = nil
	}
	req, err := a.request()
	if err != nil {
		return hostsim.Response{Reset: "protocol error"}
	}
	m := &a.to.owner.metrics
	m.requests.Add(1)
	m.begin()
	defer m.end()
	resp, err := a.to.transport(req.Host, false).RoundTrip(req)
	if err != nil {
		m.failures.Add(1)
		reason, _ := resetReason(err)
		return hostsim.Response{Reset: reason}
	}
	defer resp.Body.Close()
	m.answered(resp.StatusCode)
	out := hostsim.Response{Headers: statusLine(resp)}
	out.Headers = appendHeaders(out.Headers, resp.Header)
	if out.Body, err = io.ReadAll(io.LimitReader(resp.Body, maxCallout+1)); err == nil && len(out.Body) > maxCallout {
		err = errTooLarge
	}
	if err != nil {
		out.Reset = "connection termination"
	}
	out.Trailers = appendHeaders(nil, resp.Trailer)
	return out
}
