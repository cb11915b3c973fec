package serve

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/hostsim/internal/bootstrap"
)

// An attempt is a request on its way to an endpoint.
type attempt struct {
	ctx     context.Context
	cancel  context.CancelCauseFunc
	number  int
	to      *endpoint
	headers hostsim.Headers
	body    pipe
	start   time.Time
}

var errGivenUp = errors.New("given up")

// A pipe is a body between the goroutine that reads it from the client and the one
// that sends it on. It holds what the plugins have let through.
type pipe struct {
	mu       sync.Mutex
	change   sync.Cond
	data     []byte
	trailers hostsim.Headers
	ended    bool
	broken   bool
}

func (p *pipe) init() { p.change.L = &p.mu }

func (p *pipe) write(b []byte, end bool) {
	p.mu.Lock()
	p.data = append(p.data, b...)
	p.ended = p.ended || end
	p.mu.Unlock()
	p.change.Broadcast()
}

func (p *pipe) end(trailers hostsim.Headers) {
	p.mu.Lock()
	p.trailers, p.ended = trailers, true
	p.mu.Unlock()
	p.change.Broadcast()
}

func (p *pipe) abort() {
	p.mu.Lock()
	p.broken = true
	p.mu.Unlock()
	p.change.Broadcast()
}

// whole says whether everything has come, and how much that is.
func (p *pipe) whole() (size int, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.data), p.ended && p.trailers == nil
}

// drain waits until less than a window is left to send.
func (p *pipe) drain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.data) > window && !p.broken {
		p.change.Wait()
	}
}

// Read blocks until there is something.
func (p *pipe) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.data) == 0 && !p.ended && !p.broken {
		p.change.Wait()
	}
	if p.broken {
		return 0, errGivenUp
	}
	n := copy(b, p.data)
	if p.data = p.data[n:]; len(p.data) == 0 {
		p.data = nil
		p.change.Broadcast()
		if p.ended {
			return n, io.EOF
		}
	}
	return n, nil
}

// Close is the transport giving up the body.
func (p *pipe) Close() error {
	p.abort()
	return nil
}

// window is how much may wait between two sides before the faster one stops.
const window = 64 << 10

// request makes the request for the transport.
func (a *attempt) request() (*http.Request, error) {
	h := a.headers
	target := h.Get(":path")
	u := &url.URL{Scheme: "http", Host: a.to.addr, Opaque: target}
	if a.to.tls != nil {
		u.Scheme = "https"
	}
	if !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") {
		parsed, err := url.ParseRequestURI(target)
		if err != nil {
			return nil, errors.New("malformed path")
		}
		u.Opaque, u.Path, u.RawPath, u.RawQuery = "", parsed.Path, parsed.RawPath, parsed.RawQuery
	}
	r := &http.Request{Method: h.Get(":method"), URL: u, Host: h.Get(":authority"), Header: make(http.Header, len(h)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	fill(r.Header, h)
	if _, ok := r.Header["User-Agent"]; !ok {
		r.Header["User-Agent"] = nil // or the client library would add its own
	}
	length, known := contentLength(h)
	delete(r.Header, "Content-Length")
	size, whole := a.body.whole()
	switch {
	case whole && size == 0:
		r.Body = http.NoBody
	case known && whole:
		// A reader that the transport knows lets it send headers and body at once.
		r.ContentLength, r.Body = length, io.NopCloser(bytes.NewReader(a.body.data))
	case known:
		r.ContentLength, r.Body = length, &a.body
	default:
		r.ContentLength, r.Body = -1, &a.body
		r.Trailer = a.lateTrailers()
	}
	return r.WithContext(a.ctx), nil
}

// lateTrailers announces trailers that have come already; the transport reads the
// map again behind the body.
func (a *attempt) lateTrailers() http.Header {
	a.body.mu.Lock()
	defer a.body.mu.Unlock()
	if a.body.trailers == nil {
		return nil
	}
	t := http.Header{}
	fill(t, a.body.trailers)
	return t
}

func contentLength(h hostsim.Headers) (int64, bool) {
	text, ok := h.Lookup("content-length")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n >= 0
}

// send runs the attempt and plays the upstream to the stream.
func (ex *exchange) send(a *attempt) {
	defer a.cancel(nil)
	a.backOff(ex.retry)
	r, err := a.request()
	if err != nil {
		ex.broken(a, "protocol error", "UPE")
		return
	}
	m := &a.to.owner.metrics
	m.begin()
	defer m.end()
	a.start = time.Now()
	resp, err := a.roundTrip(r, ex.retry, ex.r.ProtoMajor == 2)
	if err != nil {
		if a.ctx.Err() != nil {
			ex.gaveUp(a) // for itself, or because the stream has
			return
		}
		reason, flag := resetReason(err)
		m.failures.Add(1)
		ex.broken(a, reason, flag)
		return
	}
	defer resp.Body.Close()
	m.answered(resp.StatusCode)
	ex.receive(a, resp)
}

// receive passes a response on as it comes.
func (ex *exchange) receive(a *attempt, resp *http.Response) {
	end := resp.Body == http.NoBody || resp.ContentLength == 0 || resp.Request.Method == http.MethodHead
	h := ex.responseHeaders(a, resp)
	ex.step(func() error { return ex.stream.ResponseHeaders(h, end) })
	buf := ex.server.takeBuffer()
	defer ex.server.giveBuffer(buf)
	for !end && a.ctx.Err() == nil {
		n, err := resp.Body.Read(*buf)
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			end = true
		default:
			if a.ctx.Err() == nil {
				ex.broken(a, "connection termination", "UC")
			}
			return
		}
		if n == 0 && !end {
			continue
		}
		ex.receiveBody(resp, (*buf)[:n], end)
		ex.throttle()
	}
}

func (ex *exchange) receiveBody(resp *http.Response, p []byte, end bool) {
	if !end || len(resp.Trailer) == 0 {
		ex.step(func() error { return chunk(p, end, resp.ProtoMajor, ex.stream.ResponseBody) })
		return
	}
	if len(p) > 0 {
		ex.step(func() error { return ex.stream.ResponseBody(p, false) })
	}
	trailers := appendHeaders(nil, resp.Trailer)
	ex.step(func() error { return ex.stream.ResponseTrailers(trailers) })
}

// errPerTry is the cause of an attempt that took too long.
var errPerTry = errors.New("per try timeout")

// roundTrip waits for a response's headers, at most as long as an attempt may take.
func (a *attempt) roundTrip(r *http.Request, p *bootstrap.Retry, http2 bool) (*http.Response, error) {
	if p != nil && p.PerTry > 0 {
		defer time.AfterFunc(p.PerTry, func() { a.cancel(errPerTry) }).Stop()
	}
	return a.to.transport(r.Host, http2).RoundTrip(r)
}

// gaveUp is the end of an attempt that was cancelled. One that took too long may be
// followed by another.
func (ex *exchange) gaveUp(a *attempt) {
	if !errors.Is(context.Cause(a.ctx), errPerTry) {
		return
	}
	ex.setFlag("UT")
	p := ex.retry
	if r := (hostsim.Retry{Attempt: a.number, Reset: errPerTry.Error()}); a.number <= p.Retries && retriable(p, r) {
		ex.step(func() error { return ex.stream.UpstreamReset(r.Reset) })
		return
	}
	reply := hostsim.Reply{Status: http.StatusGatewayTimeout, Body: "upstream request timeout", Details: "upstream_per_try_timeout"}
	ex.step(func() error { return ex.stream.Reply(reply) })
}

// broken is the upstream failing.
func (ex *exchange) broken(a *attempt, reason, flag string) {
	ex.setFlag(flag)
	ex.step(func() error { return ex.stream.UpstreamReset(reason) })
}
