package provider

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"time"
)

// slowDown takes over an HTTP/1.1 connection, so that its header lines can be
// sent one by one. HTTP/2 sends all headers in one frame: there it only waits.
func (x *Exchange) slowDown() {
	h, ok := x.w.(http.Hijacker)
	if !ok {
		x.wait(x.B.SlowHeaders)
		return
	}
	conn, rw, err := h.Hijack()
	if err != nil {
		return
	}
	x.slow = &slowWriter{conn: conn, w: rw.Writer, header: http.Header{}, pause: x.B.SlowHeaders, wait: x.wait}
	x.w = x.slow
}

// A slowWriter is a ResponseWriter that pauses after each header line.
type slowWriter struct {
	conn   net.Conn
	w      *bufio.Writer
	header http.Header
	pause  time.Duration
	wait   func(time.Duration) bool
	body   io.Writer
	chunks io.WriteCloser // nil when the length is announced
}

func (s *slowWriter) Header() http.Header { return s.header }

func (s *slowWriter) WriteHeader(status int) {
	s.body = s.w
	trailer := s.header.Get("Trailer")
	if s.header.Get("Content-Length") == "" {
		s.header.Set("Transfer-Encoding", "chunked")
		s.chunks = httputil.NewChunkedWriter(s.w)
		s.body = s.chunks
	}
	s.header.Set("Connection", "close")
	s.line("HTTP/1.1 " + strconv.Itoa(status) + " " + http.StatusText(status))
	for name, values := range s.header {
		for _, v := range values {
			if name != trailer {
				s.line(name + ": " + v)
			}
		}
	}
	s.line("")
}

func (s *slowWriter) line(text string) {
	_, _ = s.w.WriteString(text + "\r\n") // bufio keeps its first error for the next call
	s.Flush()
	s.wait(s.pause)
}

func (s *slowWriter) Write(p []byte) (int, error) { return s.body.Write(p) }

// Flush sends what is buffered; a failure shows at the next Write.
func (s *slowWriter) Flush() { _ = s.w.Flush() }

// take gives the connection away.
func (s *slowWriter) take() net.Conn {
	conn := s.conn
	s.conn = nil
	return conn
}

func (s *slowWriter) close() {
	if s.conn == nil {
		return
	}
	if s.chunks != nil {
		_ = s.chunks.Close()
		if name := s.header.Get("Trailer"); name != "" {
			_, _ = s.w.WriteString(name + ": " + s.header.Get(name) + "\r\n")
		}
		_, _ = s.w.WriteString("\r\n")
	}
	s.Flush()
	_ = s.conn.Close() // the client may have gone first
}

var (
	_ http.ResponseWriter = (*slowWriter)(nil)
	_ http.Flusher        = (*slowWriter)(nil)
)
