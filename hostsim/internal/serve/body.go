package serve

import (
	"errors"
	"io"
	"time"
)

// This file is the request's body as the handler's goroutine reads it.

// lingering is how long a client that was answered early may go on sending before
// its connection is cut: Envoy's delayed_close_timeout.
const lingering = time.Second

var errStreamOver = errors.New("stream is over")

// readBody reads the request until its end or the stream's.
func (ex *exchange) readBody() {
	defer ex.stopReading()
	buf := ex.server.takeBuffer()
	defer ex.server.giveBuffer(buf)
	for {
		if a := ex.take(); a != nil {
			go ex.runAttempts(a) // the plugins let the request through while it comes
		}
		n, err := ex.read(*buf)
		end := errors.Is(err, io.EOF)
		switch {
		case errors.Is(err, errStreamOver):
			return
		case err != nil && !end:
			ex.disconnected()
			return
		case end:
			ex.endRequest()
		}
		if end && len(ex.r.Trailer) > 0 {
			ex.requestTrailers((*buf)[:n])
			return
		}
		if n > 0 || end {
			ex.step(func() error { return chunk((*buf)[:n], end, ex.r.ProtoMajor, ex.stream.RequestBody) })
		}
		if end {
			return
		}
		if a := ex.running(); a != nil {
			a.body.drain()
		}
		ex.throttleRequest()
	}
}

// chunk passes on a part of a body. The end of an HTTP/1 body is an empty last chunk,
// as Envoy's codec has it.
func chunk(p []byte, end bool, version int, pass func([]byte, bool) error) error {
	if end && len(p) > 0 && version == 1 {
		if err := pass(p, false); err != nil {
			return err
		}
		p = nil
	}
	return pass(p, end)
}

func (ex *exchange) requestTrailers(p []byte) {
	if len(p) > 0 {
		ex.step(func() error { return ex.stream.RequestBody(p, false) })
	}
	trailers := appendHeaders(nil, ex.r.Trailer)
	ex.step(func() error { return ex.stream.RequestTrailers(trailers) })
}

// read waits for more of the body, unless nobody wants it any more.
func (ex *exchange) read(buf []byte) (int, error) {
	ex.mu.Lock()
	over := ex.over
	ex.blocked = !over
	ex.mu.Unlock()
	if over {
		return 0, errStreamOver
	}
	n, err := ex.r.Body.Read(buf)
	ex.mu.Lock()
	defer ex.mu.Unlock()
	ex.blocked = false
	if ex.over {
		return 0, errStreamOver
	}
	return n, err
}

// interruptRead frees the handler. It is called while the handler is known to wait:
// later the deadline would be the next request's.
func (ex *exchange) interruptRead() {
	_ = ex.control.SetReadDeadline(time.Now()) //nolint:errcheck // the connection is then closed, which frees it too
}

// leaveBody lets net/http read and drop what is still on its way, for a bounded time.
// A connection that is closed with something unread takes the answer along.
func (ex *exchange) leaveBody() {
	if ex.r.ProtoMajor == 1 && !ex.isWhole() {
		_ = ex.control.SetReadDeadline(time.Now().Add(lingering)) //nolint:errcheck // as above
	}
}

// endRequest says that the request is whole.
func (ex *exchange) endRequest() {
	ex.mu.Lock()
	ex.whole = true
	ex.mu.Unlock()
	ex.timers.endRequest()
}

func (ex *exchange) stopReading() {
	ex.mu.Lock()
	ex.reading = false
	ex.mu.Unlock()
}

func (ex *exchange) isWhole() bool {
	ex.mu.Lock()
	defer ex.mu.Unlock()
	return ex.whole
}
