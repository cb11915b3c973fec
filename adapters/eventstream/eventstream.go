// Package eventstream cuts a byte stream into the messages of AWS's event streams, and
// writes them.
//
// The format is application/vnd.amazon.eventstream
// (https://smithy.io/2.0/aws/amazon-eventstream.html): a prelude of two lengths, headers,
// a payload, and checksums of the prelude and of the whole message. A Decoder believes no
// length whose checksum is wrong and no message that is not whole; what it holds between
// calls is bounded. Payloads are opaque, and headers but those that say what a message is
// are passed over.
package eventstream

import (
	"errors"
	"hash/crc32"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/sse"
)

// ContentType is the media type of such a stream.
const ContentType = "application/vnd.amazon.eventstream"

// What begins the type of an Event that is no event. An exception is one that the API
// documents, with a JSON object as its payload; an error is any other, and its data is
// what it says, as plain text.
const (
	Exception = "exception:"
	Error     = "error:"
)

// DefaultMax is the longest message where a Decoder sets no bound of its own.
const DefaultMax = 1 << 20

const (
	prelude  = 12 // two lengths and their checksum
	trailer  = 4  // the message's checksum
	overhead = prelude + trailer
	keep     = 32 << 10 // how much memory of a message held back survives it
)

// What can be wrong with a stream. A Decoder reports it again until Reset. Too long is
// what other framings call it.
var (
	ErrTooLong  = sse.ErrTooLong
	ErrChecksum = errors.New("eventstream: a checksum is wrong")
	ErrMessage  = errors.New("eventstream: lengths or headers that no message has")
)

// A Decoder cuts one stream into messages. Its zero value is ready. The Type of its
// events is :event-type, or Exception or Error with what that is called.
type Decoder struct {
	Max int // bytes of a message; 0 means DefaultMax

	held  []byte // the unfinished message
	label []byte // of an exception
	size  int    // of the message; 0 until its prelude is there
	err   error
	fresh bool // the held message was reported: forget it at the next call
}

var _ adapters.Frames = (*Decoder)(nil)

// Next consumes n bytes of p. If ok, they end a message exactly there; otherwise n is
// len(p), and what is unfinished is held for the next call.
func (d *Decoder) Next(p []byte) (ev sse.Event, n int, ok bool, err error) {
	if d.fresh {
		d.held, d.fresh = bounded(d.held), false
	}
	if d.err != nil {
		return ev, 0, false, d.err
	}
	if d.size == 0 {
		var head []byte
		if head, n = d.gather(p, prelude); head == nil {
			return ev, n, false, nil
		}
		if d.err = d.begin(head); d.err != nil {
			return ev, 0, false, d.err
		}
		p = p[n:]
	}
	message, took := d.gather(p, d.size)
	n += took
	if message == nil {
		return ev, n, false, nil
	}
	if len(d.held) == 0 {
		n += d.size
	}
	d.fresh, d.size = true, 0
	if d.err = d.read(message, &ev); d.err != nil {
		return sse.Event{}, 0, false, d.err
	}
	return ev, n, true, nil
}

// gather is the first size bytes of the message, nil if they are not there yet. It takes
// bytes of p into what is held, but none if all of them are in p.
func (d *Decoder) gather(p []byte, size int) (m []byte, took int) {
	if len(d.held) == 0 && len(p) >= size {
		return p[:size:size], 0
	}
	took = min(size-len(d.held), len(p))
	d.held = append(d.held, p[:took]...)
	if len(d.held) == size {
		m = d.held
	}
	return m, took
}

// begin reads a prelude.
func (d *Decoder) begin(p []byte) error {
	if crc32.ChecksumIEEE(p[:8]) != number(p[8:]) {
		return ErrChecksum
	}
	total, headers := number(p), number(p[4:])
	limit := d.Max
	if limit <= 0 {
		limit = DefaultMax
	}
	switch {
	case total < overhead || headers > total-overhead:
		return ErrMessage
	case uint64(total) > uint64(limit):
		return ErrTooLong
	}
	d.size = int(total)
	return nil
}

// read makes the event of a whole message.
func (d *Decoder) read(m []byte, ev *sse.Event) error {
	end := len(m) - trailer
	if crc32.ChecksumIEEE(m[:end]) != number(m[end:]) {
		return ErrChecksum
	}
	from := prelude + int(number(m[4:]))
	var h headers
	if !h.read(m[prelude:from]) {
		return ErrMessage
	}
	ev.Type, ev.Data, ev.Raw, ev.Retry, ev.Message = h.event, m[from:end:end], m, -1, true
	switch string(h.message) {
	case "event":
	case "exception":
		ev.Type = d.named(Exception, h.exception)
	case "error":
		ev.Type, ev.Data = d.named(Error, h.code), h.text
	default:
		ev.Message = false // of a kind that is not known yet
	}
	return nil
}

func (d *Decoder) named(kind string, name []byte) []byte {
	d.label = append(append(d.label[:0], kind...), name...)
	return d.label
}

// Held is every byte that was consumed since the last message, void at the next call.
func (d *Decoder) Held() []byte {
	if d.fresh {
		return nil
	}
	return d.held
}

// Pending is how many of them belong to a message: all.
func (d *Decoder) Pending() int { return len(d.Held()) }

// Reset makes the Decoder ready for another stream. It keeps a bounded amount of memory.
func (d *Decoder) Reset() {
	*d = Decoder{Max: d.Max, held: bounded(d.held), label: bounded(d.label)}
}

func bounded(b []byte) []byte {
	if cap(b) > keep {
		return nil
	}
	return b[:0]
}

//go:noinline
func number(p []byte) uint32 {
	_ = p[3]
	return uint32(p[0])<<24 | uint32(p[1])<<16 | uint32(p[2])<<8 | uint32(p[3])
}
