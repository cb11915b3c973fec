// Package sse cuts a byte stream into server-sent events, and writes them.
//
// It follows https://html.spec.whatwg.org/multipage/server-sent-events.html: lines
// end in CR, LF or both, a leading byte order mark is ignored, comments and unknown
// fields are passed over. A Decoder keeps the unfinished frame between calls, so its
// events never depend on where the network cut the stream; it says exactly where in
// the input each frame ended, so that a filter can pass, hold or drop the bytes of
// one. Payloads are opaque: JSON is for callers, and so is UTF-8.
package sse

import "errors"

// ContentType is the media type of such a stream.
const ContentType = "text/event-stream"

// DefaultMax is the longest frame where a Decoder sets no bound of its own.
const DefaultMax = 1 << 20

// keep is how much memory of a frame held back survives it.
const keep = 32 << 10

// ErrTooLong says that a frame did not end within the Decoder's bound. The Decoder
// reports it again until Reset.
var ErrTooLong = errors.New("sse: frame is longer than the bound")

// An Event is what one frame says: the bytes up to and including a blank line. All
// its slices are void at the Decoder's next call, and must not be written to.
type Event struct {
	Type []byte // as the event field names it; empty means "message"
	ID   []byte // the last id that the stream named, in this frame or before
	Data []byte // the data lines, joined by LF

	// Raw is the whole frame, also the part that came with earlier calls.
	Raw []byte

	// Retry is the reconnection time in milliseconds, -1 where the frame has none.
	Retry int

	// Message is false for a frame that a client would not dispatch, as it has no
	// data line: a comment, a blank line or another keep-alive, an id alone.
	Message bool
}

// A Decoder cuts one stream into frames. Its zero value is ready.
type Decoder struct {
	Max int // bytes of a frame; 0 means DefaultMax

	held   []byte // the unfinished frame
	joined []byte // several data lines as one
	id     []byte // the last event id
	err    error
	mark   uint8 // bytes of a byte order mark seen at the start; markDone when past it
	inLine bool  // the unfinished line has at least one byte
	skipLF bool  // CR may be the whole line end, or half of a CRLF cut in two by the network
	begun  bool  // the first frame, which may begin with the mark, was reported
	fresh  bool  // the held frame was reported: forget it at the next call
}

const markDone = 3

// Next consumes n bytes of p. If ok, they end a frame exactly at p[:n], and ev is
// that frame; otherwise n is len(p), and what is unfinished is held for the next
// call. So a caller loops: call Next(p), use ev, p = p[n:], until ok is false.
//
// A frame whose CRLF the network cuts is reported at its CR; the LF then counts as
// the first byte of the frame that follows.
func (d *Decoder) Next(p []byte) (ev Event, n int, ok bool, err error) {
	if d.fresh {
		d.held, d.joined = bounded(d.held), bounded(d.joined)
		d.fresh = false
	}
	if d.err != nil {
		return Event{}, 0, false, d.err
	}
	n, ok = d.end(p)
	limit := d.Max
	if limit <= 0 {
		limit = DefaultMax
	}
	if len(d.held)+n > limit {
		d.err = ErrTooLong
		d.held = nil
		return Event{}, 0, false, d.err
	}
	frame := p[:n:n]
	if !ok || len(d.held) > 0 {
		d.held = append(d.held, frame...)
		frame = d.held
	}
	if !ok {
		return Event{}, n, false, nil
	}
	d.fresh = true
	return d.read(frame), n, true, nil
}

// Pending is how many bytes of an unfinished frame are held. The LF of a CRLF that
// was cut at the frame's begin is not counted.
func (d *Decoder) Pending() int {
	held := d.Held()
	if len(held) > 0 && held[0] == '\n' {
		return len(held) - 1
	}
	return len(held)
}

// Held is every byte that was consumed since the last event, void at the next call.
func (d *Decoder) Held() []byte {
	if d.fresh {
		return nil
	}
	return d.held
}

// Rest reports what is held as if a blank line had followed, for streams that end
// without one. A browser would drop it; whether to use it is the caller's choice. ok
// says that there is such a frame and that its last line was complete.
func (d *Decoder) Rest() (ev Event, ok bool) {
	if d.Pending() == 0 || d.inLine {
		return Event{}, false
	}
	d.fresh = true
	return d.read(d.held), true
}

// Reset makes the Decoder ready for another stream. It keeps a bounded amount of
// memory.
func (d *Decoder) Reset() {
	*d = Decoder{Max: d.Max, held: bounded(d.held), joined: bounded(d.joined), id: bounded(d.id)}
}

// bounded is memory for what comes next, unless a large frame has blown it up.
func bounded(b []byte) []byte {
	if cap(b) > keep {
		return nil
	}
	return b[:0]
}
