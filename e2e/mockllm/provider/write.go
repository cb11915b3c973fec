package provider

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"

	"github.com/postern-gateway/postern/e2e/mockllm/journal"
)

// trailerName is the field that the directive "trailers" adds after the body.
const trailerName = "X-Mock-Trailer"

// JSON answers with a good body, under the faults and manners of x.B.
func (x *Exchange) JSON(v any) {
	body, err := json.Marshal(v)
	if err != nil {
		x.Fail(Failure{Status: http.StatusInternalServerError, Message: "mock cannot marshal its answer: " + err.Error()})
		return
	}
	switch {
	case x.B.Disconnect.On:
		x.writePart(body, len(body))
		x.reset()
	case x.B.EOF.On || x.B.TruncateJSON:
		x.ended = journal.Cut
		x.write(http.StatusOK, "application/json", body[:len(body)/2])
	default:
		x.write(http.StatusOK, "application/json", body)
	}
}

// Bytes answers with a good body that is no JSON.
func (x *Exchange) Bytes(contentType string, body []byte) {
	x.write(http.StatusOK, contentType, body)
}

// writePart writes the first half of a body whose whole length was announced.
func (x *Exchange) writePart(body []byte, announce int) {
	out := x.begin(http.StatusOK, "application/json", announce)
	out.write(body[:len(body)/2])
}

// write sends a complete body.
func (x *Exchange) write(status int, contentType string, body []byte) {
	out := x.begin(status, contentType, len(body))
	out.write(body)
	out.finish()
}

// An output writes one body in the manner of x.B.
type output struct {
	x   *Exchange
	zip *gzip.Writer // nil for an identity body
	err error
}

// begin sends the headers. size is the length of the body, or -1.
func (x *Exchange) begin(status int, contentType string, size int) *output {
	h := x.w.Header()
	x.api.Headers(x, h)
	if contentType != "" {
		h.Set("Content-Type", contentType)
	}
	out := &output{x: x}
	zipped := size != 0 && (x.B.Gzip || accepts(x.R.Header, "gzip"))
	switch {
	case zipped:
		h.Set("Content-Encoding", "gzip")
		h.Add("Vary", "Accept-Encoding")
	case size >= 0 && !x.B.Trailers:
		h.Set("Content-Length", strconv.Itoa(size))
	}
	if x.B.Trailers {
		h.Set("Trailer", trailerName)
	}
	x.note(func(e *journal.Entry) { e.Status = status })
	x.w.WriteHeader(status)
	if zipped {
		out.zip = gzip.NewWriter(pieces{x})
	}
	return out
}

// write sends p at once.
func (o *output) write(p []byte) {
	if o.err != nil || len(p) == 0 {
		return
	}
	if o.zip == nil {
		_, o.err = pieces{o.x}.Write(p)
	} else if _, o.err = o.zip.Write(p); o.err == nil {
		o.err = o.zip.Flush()
	}
	o.x.flush()
}

// finish ends a body that is complete.
func (o *output) finish() {
	if o.err == nil && o.zip != nil {
		o.err = o.zip.Close()
	}
	if o.x.B.Trailers {
		o.x.w.Header().Set(trailerName, "done")
	}
	o.fail()
}

// fail notes a client that no longer reads.
func (o *output) fail() bool {
	if o.err != nil || o.x.R.Context().Err() != nil {
		o.x.ended = journal.ClientGone
		return true
	}
	return false
}

// pieces writes x.B.Split bytes at a time, each flushed.
type pieces struct{ x *Exchange }

func (w pieces) Write(p []byte) (int, error) {
	n := w.x.B.Split
	if n <= 0 {
		return w.x.w.Write(p)
	}
	written := 0
	for len(p) > 0 {
		part := p[:min(n, len(p))]
		m, err := w.x.w.Write(part)
		written += m
		if err != nil {
			return written, err
		}
		w.x.flush()
		p = p[len(part):]
	}
	return written, nil
}

func (x *Exchange) flush() {
	if f, ok := x.w.(http.Flusher); ok {
		f.Flush()
	}
}

// reset breaks the connection, or the stream of HTTP/2, without an end.
func (x *Exchange) reset() {
	x.ended = journal.Reset
	conn := net.Conn(nil)
	if x.slow != nil {
		conn = x.slow.take()
	} else if h, ok := x.w.(http.Hijacker); ok {
		if c, _, err := h.Hijack(); err == nil {
			conn = c
		}
	}
	if conn == nil {
		panic(http.ErrAbortHandler) // net/http's way to reset an HTTP/2 stream; it recovers this itself
	}
	type wrapper interface{ NetConn() net.Conn } // a TLS connection, whose Close would say goodbye first
	if w, ok := conn.(wrapper); ok {
		conn = w.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // if it fails, the client sees an early end instead of a reset
	}
	_ = conn.Close() // nothing follows that could be told
}

// A Stream writes server-sent events under the faults and manners of x.B.
type Stream struct {
	x       *Exchange
	out     *output
	n       int
	eol     string
	lines   bool // JSON documents, one a line, instead of events
	stopped bool
	failure func() (name string, v any)
	framing func(name string, payload []byte) []byte // nil for server-sent events
}

// Stream begins an answer of server-sent events. failure makes the provider's error event.
func (x *Exchange) Stream(failure func() (name string, v any)) *Stream {
	x.w.Header().Set("Cache-Control", "no-cache")
	return x.stream("text/event-stream; charset=utf-8", failure)
}

// Lines begins an answer of JSON documents, one a line. Manners that only events have
// change nothing of it. failure makes the provider's error.
func (x *Exchange) Lines(contentType string, failure func() any) *Stream {
	s := x.stream(contentType, func() (string, any) { return "", failure() })
	s.lines = true
	return s
}

func (x *Exchange) stream(contentType string, failure func() (name string, v any)) *Stream {
	s := &Stream{x: x, eol: "\n", failure: failure}
	switch {
	case x.B.CRLF:
		s.eol = "\r\n"
	case x.B.CR:
		s.eol = "\r"
	}
	s.out = x.begin(http.StatusOK, contentType, -1)
	return s
}

// Framed begins an answer of events in another framing.
func (x *Exchange) Framed(contentType string, framing func(name string, payload []byte) []byte, failure func() (name string, v any)) *Stream {
	return &Stream{x: x, failure: failure, framing: framing, out: x.begin(http.StatusOK, contentType, -1)}
}

// Stopped says whether the stream has ended by a fault or by its reader; the rest need not be made.
func (s *Stream) Stopped() bool { return s.stopped }

// Event writes one event. An empty name writes none.
func (s *Stream) Event(name string, v any) {
	if s.pass(name) {
		s.put(name, v)
	}
}

// Content is Event for a payload that carries a part of the answer.
func (s *Stream) Content(name string, v any) {
	if !s.pass(name) {
		return
	}
	if s.x.B.TruncateJSON {
		b, err := json.Marshal(v)
		if err == nil {
			s.frame(name, b[:len(b)/2])
		}
		s.cut(journal.Cut)
		return
	}
	s.put(name, v)
}

// pass applies what may end the stream before its next event, and the pause before it.
func (s *Stream) pass(name string) bool {
	b := s.x.B
	switch {
	case s.stopped:
		return false
	case b.Disconnect.Reached(s.n):
		s.stopped = true
		s.x.reset()
		return false
	case b.EOF.Reached(s.n):
		s.cut(journal.Cut)
		return false
	case b.ErrorEvent.Reached(s.n):
		name, v := s.failure()
		s.put(name, v)
		s.cut(journal.Cut)
		return false
	case s.n == stalled && !s.x.wait(b.Stall), s.n > 0 && !s.x.wait(b.Interval):
		s.stopped = true
		return false
	}
	if b.Unknown && s.n == 1 && name != "" { // only where events have types that a reader can skip
		s.frame("mock_unknown", []byte(`{"type":"mock_unknown","note":"skip what you do not know"}`))
	}
	return true
}

// stalled is how many events go out before a stall: some text is among them, whatever the API.
const stalled = 6

func (s *Stream) cut(how string) {
	s.out.finish()
	s.stopped, s.x.ended = true, how
}

func (s *Stream) put(name string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		b = fmt.Appendf(nil, "mock cannot marshal its event: %v", err)
	}
	s.frame(name, b)
}

// Raw writes a payload that is not JSON, such as [DONE].
func (s *Stream) Raw(payload string) {
	if s.pass("") {
		s.frame("", []byte(payload))
	}
}

func (s *Stream) frame(name string, payload []byte) {
	if s.framing != nil {
		s.send(s.framing(name, payload))
		return
	}
	b := s.x.B
	var f bytes.Buffer
	if s.lines {
		f.Write(payload)
		f.WriteByte('\n')
		s.send(f.Bytes())
		return
	}
	if b.Comments {
		f.WriteString(": keep-alive" + s.eol)
	}
	colon := ": "
	if b.NoSpace {
		colon = ":"
	}
	if name != "" {
		f.WriteString("event" + colon + name + s.eol)
	}
	if b.MultiLine {
		payload = indent(payload)
	}
	for line := range bytes.Lines(payload) {
		f.WriteString("data" + colon)
		f.Write(bytes.TrimSuffix(line, []byte("\n")))
		f.WriteString(s.eol)
	}
	f.WriteString(s.eol)
	s.send(f.Bytes())
}

// send writes an event or a line and counts it.
func (s *Stream) send(p []byte) {
	s.out.write(p)
	s.n++
	s.x.note(func(e *journal.Entry) { e.Events = s.n })
	if s.out.fail() {
		s.stopped = true
	}
}

// indent spreads JSON over lines; what is not JSON stays as it is.
func indent(payload []byte) []byte {
	var b bytes.Buffer
	if json.Indent(&b, payload, "", " ") != nil {
		return payload
	}
	return b.Bytes()
}

// End ends a stream that is complete.
func (s *Stream) End() {
	if !s.stopped {
		s.stopped = true
		s.out.finish()
	}
}

var _ io.Writer = pieces{}
