// Package ndjson cuts a byte stream into lines, each of which is a JSON document.
//
// It follows https://github.com/ndjson/ndjson-spec: lines end in LF, a CR in front of
// it is no part of the document, and blank lines are passed over. A Decoder keeps the
// unfinished line between calls, so its lines never depend on where the network cut
// the stream, and it says exactly where in the input each one ended. The documents are
// opaque: JSON is for callers.
package ndjson

import (
	"bytes"
	"errors"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/sse"
)

// ContentType is the media type of such a stream.
const ContentType = "application/x-ndjson"

// DefaultMax is the longest line where a Decoder sets no bound of its own.
const DefaultMax = 1 << 20

// keep is how much memory of a line held back survives it.
const keep = 32 << 10

// ErrTooLong says that a line did not end within the Decoder's bound. The Decoder
// reports it again until Reset.
var ErrTooLong = errors.New("ndjson: line is longer than the bound")

// A Decoder cuts one stream into lines. Its zero value is ready.
type Decoder struct {
	Max int // bytes of a line; 0 means DefaultMax

	held  []byte // the unfinished line
	err   error
	fresh bool // the held line was reported: forget it at the next call
}

var _ adapters.Frames = (*Decoder)(nil)

// Next consumes n bytes of p. If ok, they end a line exactly at p[:n], and ev has its
// document as Data; one of a blank line is no Message. Otherwise n is len(p), and what
// is unfinished is held for the next call.
func (d *Decoder) Next(p []byte) (ev sse.Event, n int, ok bool, err error) {
	if d.fresh {
		d.held = bounded(d.held)
		d.fresh = false
	}
	if d.err != nil {
		return sse.Event{}, 0, false, d.err
	}
	n = bytes.IndexByte(p, '\n') + 1
	if ok = n > 0; !ok {
		n = len(p)
	}
	limit := d.Max
	if limit <= 0 {
		limit = DefaultMax
	}
	if len(d.held)+n > limit {
		d.err, d.held = ErrTooLong, nil
		return sse.Event{}, 0, false, d.err
	}
	line := p[:n:n]
	if !ok || len(d.held) > 0 {
		d.held = append(d.held, line...)
		line = d.held
	}
	if !ok {
		return sse.Event{}, n, false, nil
	}
	d.fresh = true
	data := bytes.Trim(line, " \t\r\n")
	return sse.Event{Data: data, Raw: line, Retry: -1, Message: len(data) > 0}, n, true, nil
}

// Held is every byte that was consumed since the last line, void at the next call.
func (d *Decoder) Held() []byte {
	if d.fresh {
		return nil
	}
	return d.held
}

// Pending is how many bytes of an unfinished line are held.
func (d *Decoder) Pending() int { return len(d.Held()) }

// Reset makes the Decoder ready for another stream. It keeps a bounded amount of memory.
func (d *Decoder) Reset() { *d = Decoder{Max: d.Max, held: bounded(d.held)} }

// bounded is memory for what comes next, unless a large line has blown it up.
func bounded(b []byte) []byte {
	if cap(b) > keep {
		return nil
	}
	return b[:0]
}
