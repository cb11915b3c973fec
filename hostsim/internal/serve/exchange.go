package serve

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/hostsim/internal/bootstrap"
)

// An exchange is one request of a client with all that becomes of it.
//
// Three sides take part: the handler's goroutine, which reads the request; the
// goroutine that runs an attempt, which is the handler's too once the request has
// been read; and whoever runs a worker, because plugins also answer from timers
// and callouts. They meet in the stream, which hands out what leaves the plugins
// while the worker is held. So that nobody writes to a network while holding a
// worker, output is put in a queue, and written by the next goroutine that can.
type exchange struct {
	server   *Server
	listener *listener
	w        http.ResponseWriter
	control  *http.ResponseController
	r        *http.Request
	stream   *hostsim.Stream
	start    time.Time
	conn     *connection

	// Only touched while the worker is held, and after the end.
	host                 *bootstrap.VirtualHost
	route                *bootstrap.Route
	retry                *bootstrap.Retry // of the route and the request; nil: none
	cluster              *cluster
	tried                []*endpoint
	request              *hostsim.Headers // as it goes upstream
	timing               timing
	sent                 uint64 // bytes of the response body
	status               int
	summary              hostsim.Summary
	localBody, requestID string

	mu       sync.Mutex
	change   sync.Cond
	out      []output
	spare    []output
	queued   int  // bytes in out
	writing  bool // somebody writes what was in out
	stepping int  // calls into the stream by goroutines that flush afterwards
	reading  bool // the handler is busy with the request's body
	blocked  bool // it waits for more of it
	whole    bool // the request has come to its end
	next     *attempt
	current  *attempt
	over     bool     // the stream is
	aborted  bool     // without a whole response
	holding  [2]bool  // plugins hold too much of the response, or of the request
	flags    []string // of the log: why it went wrong
	timers   timers
}

// An output is something for the client.
type output struct {
	headers  hostsim.Headers // of the response or, with trailers set, behind it
	data     []byte
	trailers bool
	end      bool
}

// serve runs the exchange; it returns when the response has been written.
func (ex *exchange) serve() {
	defer context.AfterFunc(ex.r.Context(), ex.disconnected)()
	h := ex.requestHeaders()
	body := ex.r.Body != nil && ex.r.Body != http.NoBody
	ex.reading, ex.whole = body, !body
	ex.step(func() error { return ex.stream.RequestHeaders(h, !body) })
	if body {
		ex.readBody()
	} else {
		ex.timers.endRequest()
	}
	ex.run()
	ex.stopTimers()
	ex.leaveBody()
}

// run sends attempts until the stream is over and everything has been written.
func (ex *exchange) run() {
	ex.mu.Lock()
	for {
		switch {
		case ex.next != nil:
			a := ex.next
			ex.next = nil
			ex.mu.Unlock()
			ex.runAttempts(a)
			ex.mu.Lock()
			continue
		case ex.over && len(ex.out) == 0 && !ex.writing:
			ex.mu.Unlock()
			return
		}
		ex.change.Wait()
	}
}

// runAttempts sends an attempt, and those that come of it.
func (ex *exchange) runAttempts(a *attempt) {
	for ; a != nil; a = ex.take() {
		ex.send(a)
	}
}

// take returns the attempt that waits to be sent.
func (ex *exchange) take() *attempt {
	ex.mu.Lock()
	defer ex.mu.Unlock()
	a := ex.next
	ex.next = nil
	return a
}

func (ex *exchange) running() *attempt {
	ex.mu.Lock()
	defer ex.mu.Unlock()
	return ex.current
}

func (ex *exchange) setFlag(flag string) {
	ex.mu.Lock()
	if !ex.over && !slices.Contains(ex.flags, flag) {
		ex.flags = append(ex.flags, flag)
	}
	ex.mu.Unlock()
}

// step calls the stream and then writes what came of it. That the stream is over,
// or a trap on the way, is seen elsewhere: by the Done hook, and in the log.
func (ex *exchange) step(f func() error) {
	ex.mu.Lock()
	ex.stepping++
	ex.mu.Unlock()
	ex.touch()
	_ = f() //nolint:errcheck // see above
	ex.mu.Lock()
	ex.stepping--
	ex.mu.Unlock()
	ex.flush()
}

// throttle waits while the client is slower than the upstream, or plugins hold more
// of the response than they may.
func (ex *exchange) throttle() {
	ex.mu.Lock()
	for (ex.queued > window || ex.holding[0]) && !ex.over {
		ex.change.Wait()
	}
	ex.mu.Unlock()
}

// throttleRequest waits while plugins hold more of the request than they may.
func (ex *exchange) throttleRequest() {
	ex.mu.Lock()
	for ex.holding[1] && !ex.over {
		ex.change.Wait()
	}
	ex.mu.Unlock()
}

// slow is told by the stream whom to let wait.
func (ex *exchange) slow(request, wait bool) {
	i := 0
	if request {
		i = 1
	}
	ex.mu.Lock()
	ex.holding[i] = wait
	ex.mu.Unlock()
	ex.change.Broadcast()
}

// disconnected is the client going away.
func (ex *exchange) disconnected() {
	ex.setFlag("DC")
	ex.step(ex.stream.Disconnect)
}

// emit queues output. It runs while the worker is held.
func (ex *exchange) emit(o output) {
	ex.mu.Lock()
	ex.out = append(ex.out, o)
	ex.queued += len(o.data)
	foreign := ex.stepping == 0
	ex.mu.Unlock()
	if foreign {
		go ex.flush()
	}
}

// flush writes what is queued, unless somebody is doing so already.
func (ex *exchange) flush() {
	ex.mu.Lock()
	if ex.writing || len(ex.out) == 0 {
		ex.mu.Unlock()
		return
	}
	ex.writing = true
	for len(ex.out) > 0 {
		batch := ex.out
		ex.out, ex.spare = ex.spare[:0], nil
		ex.queued = 0
		ex.mu.Unlock()
		ex.write(batch)
		clear(batch)
		ex.mu.Lock()
		ex.spare = batch
	}
	ex.writing = false
	ex.mu.Unlock()
	ex.change.Broadcast()
}

// write gives a batch to the client. An error is a client that has gone: the
// request's context says so too.
func (ex *exchange) write(batch []output) {
	ended, delay := false, true
	for _, o := range batch {
		switch {
		case o.trailers:
			h := ex.w.Header()
			for _, f := range o.headers {
				h.Add(http.TrailerPrefix+f.Name, f.Value)
			}
		case o.headers != nil:
			delay = delay && ex.writeHeaders(o.headers, o.end)
		case len(o.data) > 0:
			delay = false
			if _, err := ex.w.Write(o.data); err != nil {
				return
			}
		}
		ended = ended || o.end
	}
	switch {
	case ended: // net/http flushes when the handler returns
	case delay:
		ex.flushSoon()
	default:
		_ = ex.control.Flush() //nolint:errcheck // see above
	}
}

// writeHeaders says whether what follows is likely to follow at once.
func (ex *exchange) writeHeaders(h hostsim.Headers, end bool) bool {
	status, err := strconv.Atoi(h.Get(":status"))
	if err != nil || status < 100 || status > 999 {
		status = http.StatusBadGateway // a plugin has written nonsense
	}
	to := ex.w.Header()
	if ex.r.ProtoMajor == 1 && !ex.isWhole() {
		to["Connection"] = []string{"close"} // so does Envoy: what is left of the request has no reader
	}
	to["Content-Type"], to["Date"] = nil, nil // net/http adds its own otherwise
	delete(to, "Content-Type")
	fill(to, h)
	if _, ok := to["Content-Type"]; !ok {
		to["Content-Type"] = nil
	}
	_, sized := to["Content-Length"]
	if ex.r.ProtoMajor == 1 && ex.r.ProtoMinor > 0 && !sized && !end {
		to["Transfer-Encoding"] = []string{"chunked"} // or net/http counts a short body
	}
	ex.w.WriteHeader(status)
	return sized
}

// flushSoon lets the first bytes of a sized body go out together with the headers.
func (ex *exchange) flushSoon() {
	time.AfterFunc(2*time.Millisecond, func() {
		ex.mu.Lock()
		if ex.writing || ex.over || ex.sent > 0 {
			ex.mu.Unlock()
			return
		}
		ex.writing = true
		ex.mu.Unlock()
		_ = ex.control.Flush() //nolint:errcheck // see write
		ex.mu.Lock()
		ex.writing = false
		ex.mu.Unlock()
		ex.change.Broadcast()
		ex.flush()
	})
}

// done is told by the stream when it is over.
func (ex *exchange) done(m hostsim.Summary) {
	ex.mu.Lock()
	ex.over, ex.summary = true, m
	if ex.blocked {
		ex.interruptRead()
	}
	ex.mu.Unlock()
	ex.change.Broadcast()
}
