//go:build linux

package mock

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// An Order changes the settings, if it has any, and asks how often each kind of
// request was seen.
type Order struct {
	Settings *Settings `json:",omitempty"`
}

// A Report answers an Order.
type Report struct {
	Addr      string // where the server listens
	OpenAI    int64
	Anthropic int64
	Other     int64
}

// answers is what the server says under one set of Settings.
type answers struct {
	interval          time.Duration
	openAI, anthropic dialect
}

// A server answers requests until its listener is closed.
type server struct {
	now                      atomic.Pointer[answers]
	openAI, anthropic, other atomic.Int64
	flaky                    atomic.Int64
}

// Serve listens on a free port of the loopback interface and obeys orders, one JSON
// object a line, until their end. The first report goes out unasked, with the address.
func Serve(in io.Reader, out io.Writer) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("mock: %w", err)
	}
	s := &server{}
	s.set(Settings{Events: 100, EventBytes: 16, AnswerBytes: 512})
	go s.accept(l)
	dec, enc := json.NewDecoder(in), json.NewEncoder(out)
	for {
		r := Report{Addr: l.Addr().String(), OpenAI: s.openAI.Load(), Anthropic: s.anthropic.Load(), Other: s.other.Load()}
		if err := enc.Encode(r); err != nil {
			return fmt.Errorf("mock: report: %w", err)
		}
		var o Order
		if err := dec.Decode(&o); errors.Is(err, io.EOF) {
			return l.Close()
		} else if err != nil {
			return fmt.Errorf("mock: order: %w", err)
		}
		if o.Settings != nil {
			s.set(*o.Settings)
		}
	}
}

func (s *server) set(c Settings) {
	s.now.Store(&answers{
		interval: time.Duration(c.IntervalMicros) * time.Microsecond,
		openAI:   openAI(c), anthropic: anthropic(c),
	})
}

func (s *server) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return // the listener was closed
		}
		go func() {
			defer c.Close()
			// What ends a connection is the proxy's business: it closes them at will.
			for r := bufio.NewReaderSize(c, 64<<10); s.serve(c, r) == nil; {
			}
		}()
	}
}

// serve reads one request and answers it.
func (s *server) serve(w io.Writer, r *bufio.Reader) error {
	path, length, err := head(r)
	if err != nil {
		return err
	}
	stream, err := body(r, length)
	if err != nil {
		return err
	}
	now := s.now.Load()
	if strings.HasPrefix(path, Flaky) && stream {
		if fault := s.flaky.Add(1) % 10; fault < 3 {
			return fail(w, r, int(fault))
		}
	}
	switch {
	case strings.HasSuffix(path, "/chat/completions"):
		s.openAI.Add(1)
		return now.openAI.send(w, stream, now.interval)
	case strings.HasSuffix(path, "/messages"):
		s.anthropic.Add(1)
		return now.anthropic.send(w, stream, now.interval)
	}
	s.other.Add(1)
	_, err = io.WriteString(w, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
	return err
}

// Flaky begins the paths of which three of ten streams fail.
const Flaky = "/flaky/"

// fail answers with an error, not at all, or with a stream that breaks before its content.
func fail(w io.Writer, r *bufio.Reader, fault int) error {
	var err error
	switch fault {
	case 0:
		_, err = io.WriteString(w, "HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: 30\r\n\r\n{\"error\":{\"message\":\"broken\"}}")
	case 1:
		_, err = r.ReadByte() // until the proxy hangs up
	default:
		_, err = fmt.Fprintf(w, "%s%s%s0\r\n\r\n", streamHead, chunk(`data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}`+"\n\n"),
			chunk(`data: {"error":{"message":"overloaded","type":"server_error","param":null,"code":null}}`+"\n\n"))
	}
	return err
}

func (d *dialect) send(w io.Writer, stream bool, interval time.Duration) error {
	if !stream {
		_, err := w.Write(d.answer)
		return err
	}
	if _, err := io.WriteString(w, streamHead); err != nil {
		return err
	}
	next := time.Now()
	for i, e := range d.events {
		if i > 0 && interval > 0 {
			next = next.Add(interval)
			time.Sleep(time.Until(next))
		}
		if i == len(d.events)-1 {
			e = append(e[:len(e):len(e)], "0\r\n\r\n"...)
		}
		if _, err := w.Write(e); err != nil {
			return err
		}
	}
	return nil
}

// chunked is the length of a body that says it as it comes.
const chunked = -1

// head reads the request line and the headers.
func head(r *bufio.Reader) (path string, length int, err error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return "", 0, err
	}
	f := bytes.Fields(line)
	if len(f) != 3 {
		return "", 0, errors.New("mock: no request line")
	}
	path, _, _ = strings.Cut(string(f[1]), "?")
	for {
		if line, err = r.ReadSlice('\n'); err != nil {
			return "", 0, err
		}
		if len(line) <= 2 {
			return path, length, nil
		}
		switch line[0] | 0x20 {
		case 'c':
			if v, ok := value(line, "content-length"); ok {
				if length, err = strconv.Atoi(v); err != nil {
					return "", 0, err
				}
			}
		case 't':
			if v, ok := value(line, "transfer-encoding"); ok && strings.EqualFold(v, "chunked") {
				length = chunked
			}
		}
	}
}

func value(line []byte, name string) (string, bool) {
	if len(line) <= len(name) || line[len(name)] != ':' || !bytes.EqualFold(line[:len(name)], []byte(name)) {
		return "", false
	}
	return string(bytes.TrimSpace(line[len(name)+1:])), true
}

// body reads past the body and says whether it asks for a stream.
func body(r *bufio.Reader, length int) (stream bool, err error) {
	var f finder
	if length != chunked {
		err := f.read(r, length)
		return f.found, err
	}
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return false, err
		}
		n, err := strconv.ParseUint(string(bytes.TrimSpace(line)), 16, 31)
		if err != nil {
			return false, err
		}
		if err := f.read(r, int(n)); err != nil {
			return false, err
		}
		if _, err := r.ReadSlice('\n'); err != nil || n == 0 {
			return f.found, err
		}
	}
}

// A finder looks for the member that asks for a stream, in a body that comes in
// pieces. What is measured here writes it in one of two ways.
type finder struct {
	found bool
	tail  []byte // the last bytes of the piece before
}

// overlap is one less than the longer of the ways.
const overlap = len(`"stream": true`) - 1

func (f *finder) read(r *bufio.Reader, n int) error {
	for n > 0 {
		if _, err := r.Peek(1); err != nil {
			return err
		}
		p, err := r.Peek(min(n, r.Buffered()))
		if err != nil {
			return err
		}
		f.find(p)
		if _, err := r.Discard(len(p)); err != nil {
			return err
		}
		n -= len(p)
	}
	return nil
}

func (f *finder) find(p []byte) {
	if f.found {
		return
	}
	asks := func(p []byte) bool {
		return bytes.Contains(p, []byte(`"stream":true`)) || bytes.Contains(p, []byte(`"stream": true`))
	}
	seam := append(f.tail, p[:min(len(p), overlap)]...)
	f.found = asks(p) || asks(seam)
	if len(p) >= overlap {
		f.tail = append(f.tail[:0], p[len(p)-overlap:]...)
	} else {
		f.tail = append(f.tail[:0], seam[max(0, len(seam)-overlap):]...)
	}
}
