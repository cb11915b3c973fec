// Package frames speaks HTTP/2 in clear text, one frame at a time, from either side.
//
// A test says which frames it sends and is told of each that comes: nothing is
// joined, cut, answered or retried. It keeps to the flow control of its peer, and
// gives the peer more than any test needs.
//
// The format: https://www.rfc-editor.org/rfc/rfc9113
package frames

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/net/http2/hpack"
)

// A Kind is what an event is.
type Kind uint8

// The kinds of events.
const (
	Headers Kind = iota
	Data
	Trailers
	Reset
	Closed // the connection; it has no stream
)

// A Field is a header or trailer field.
type Field struct{ Name, Value string }

// An Event is one frame from the peer.
type Event struct {
	Stream uint32
	Kind   Kind
	Fields []Field
	Data   []byte
	End    bool
	Code   uint32 // of a reset
}

const (
	frameData         = 0
	frameHeaders      = 1
	frameReset        = 3
	frameSettings     = 4
	framePing         = 6
	frameWindowUpdate = 8
	frameContinuation = 9

	flagEnd        = 1 // of a stream; the same bit is ACK
	flagEndHeaders = 4

	settingTableSize     = 1
	settingInitialWindow = 4

	maxFrame   = 16384
	ourWindow  = 1 << 30
	peerWindow = 65535
	preface    = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
)

// A Conn is one connection.
type Conn struct {
	nc     net.Conn
	events func(Event)

	mu       sync.Mutex // of what follows, and held while a frame is written
	block    bytes.Buffer
	encoder  *hpack.Encoder
	window   int            // what the peer still takes on the connection
	initial  int            // what it takes on a new stream
	windows  map[uint32]int // on those that sent data
	waiting  []sending
	pings    map[uint64]chan struct{}
	lastPing uint64
	lastID   uint32
	closed   chan struct{}

	decoder *hpack.Decoder // only the reader's
	open    map[uint32]bool
}

// sending is data that waits for the peer's window.
type sending struct {
	stream uint32
	p      []byte
	end    bool
}

// Dial connects as a client to a Unix socket. events is called for each frame, by one goroutine.
func Dial(socket string, events func(Event)) (*Conn, error) {
	nc, err := net.Dial("unix", socket)
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(nc, preface); err != nil {
		nc.Close()
		return nil, err
	}
	return start(nc, bufio.NewReader(nc), events)
}

// Accept begins the server's side of a connection.
func Accept(nc net.Conn, events func(Event)) (*Conn, error) {
	r := bufio.NewReader(nc)
	got := make([]byte, len(preface))
	if _, err := io.ReadFull(r, got); err != nil {
		return nil, err
	}
	if string(got) != preface {
		return nil, errors.New("want the HTTP/2 preface, got something else")
	}
	return start(nc, r, events)
}

func start(nc net.Conn, r *bufio.Reader, events func(Event)) (*Conn, error) {
	c := &Conn{nc: nc, events: events, window: peerWindow, initial: peerWindow, windows: map[uint32]int{},
		pings: map[uint64]chan struct{}{}, closed: make(chan struct{}), open: map[uint32]bool{}}
	c.encoder = hpack.NewEncoder(&c.block)
	c.decoder = hpack.NewDecoder(4096, nil)
	c.mu.Lock()
	defer c.mu.Unlock()
	settings := binary.BigEndian.AppendUint16(nil, settingInitialWindow)
	settings = binary.BigEndian.AppendUint32(settings, ourWindow)
	err := c.frame(frameSettings, 0, 0, settings)
	if err == nil {
		err = c.frame(frameWindowUpdate, 0, 0, binary.BigEndian.AppendUint32(nil, ourWindow))
	}
	if err != nil {
		nc.Close()
		return nil, err
	}
	go c.read(r)
	return c, nil
}

// frame writes one frame; the caller holds c.mu.
func (c *Conn) frame(typ, flags byte, stream uint32, p []byte) error {
	head := make([]byte, 0, 9+len(p))
	head = append(head, byte(len(p)>>16), byte(len(p)>>8), byte(len(p)), typ, flags)
	head = binary.BigEndian.AppendUint32(head, stream)
	_, err := c.nc.Write(append(head, p...))
	return err
}

// NewStream is the number of a client's next stream.
func (c *Conn) NewStream() uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastID += 2
	return c.lastID - 1
}

// Headers sends headers, or trailers if they come second.
func (c *Conn) Headers(stream uint32, fields []Field, end bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.block.Reset()
	for _, f := range fields {
		if err := c.encoder.WriteField(hpack.HeaderField{Name: f.Name, Value: f.Value}); err != nil {
			return err
		}
	}
	if c.block.Len() > maxFrame {
		return fmt.Errorf("headers: want at most %d bytes, got %d", maxFrame, c.block.Len())
	}
	flags := byte(flagEndHeaders)
	if end {
		flags |= flagEnd
	}
	return c.frame(frameHeaders, flags, stream, c.block.Bytes())
}

// Data sends one chunk. What the peer does not take yet is sent when it does.
func (c *Conn) Data(stream uint32, p []byte, end bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = append(c.waiting, sending{stream, p, end})
	return c.flush()
}

// flush sends what the windows allow, in order on each stream.
func (c *Conn) flush() error {
	blocked := map[uint32]bool{}
	var left []sending
	for _, s := range c.waiting {
		if _, ok := c.windows[s.stream]; !ok {
			c.windows[s.stream] = c.initial
		}
		room := min(c.window, c.windows[s.stream])
		if blocked[s.stream] || room < len(s.p) {
			blocked[s.stream] = true
			left = append(left, s)
			continue
		}
		c.window -= len(s.p)
		c.windows[s.stream] -= len(s.p)
		var flags byte
		if s.end {
			flags = flagEnd
		}
		if err := c.frame(frameData, flags, s.stream, s.p); err != nil {
			return err
		}
	}
	c.waiting = left
	return nil
}

// Reset ends a stream at once.
func (c *Conn) Reset(stream, code uint32) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.frame(frameReset, 0, stream, binary.BigEndian.AppendUint32(nil, code))
}

// Ping waits until the peer has dealt with all that was sent before.
func (c *Conn) Ping(limit time.Duration) error {
	c.mu.Lock()
	c.lastPing++
	n, done := c.lastPing, make(chan struct{})
	c.pings[n] = done
	err := c.frame(framePing, 0, 0, binary.BigEndian.AppendUint64(nil, n))
	c.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case <-done:
		return nil
	case <-c.closed:
		return net.ErrClosed
	case <-time.After(limit):
		return fmt.Errorf("ping: no answer within %v", limit)
	}
}

// Close ends the connection.
func (c *Conn) Close() error { return c.nc.Close() }
