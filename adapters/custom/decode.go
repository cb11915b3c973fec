package custom

import (
	"bytes"
	"errors"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/ndjson"
	"github.com/postern-gateway/postern/adapters/openai"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/sse"
)

var errTooLarge = errors.New("the answer is larger than what is kept of one")

const (
	bigEvent  = 4 << 10  // from which on the memory of an event is not kept
	mostWhole = 16 << 20 // bytes of an answer that is no stream
)

// StreamType is the content type of streams.
func (a *adapter) StreamType() string { return a.stream.contentType }

// NewFrames makes what cuts them.
func (a *adapter) NewFrames() adapters.Frames {
	switch a.stream.framing {
	case ndjsonFraming:
		return &ndjson.Decoder{}
	case noFraming:
		return parts{}
	}
	return &sse.Decoder{}
}

// Parts are what an answer comes in, whatever they are: a decoder puts them together.
type parts struct{}

func (parts) Reset()       {}
func (parts) Held() []byte { return nil }
func (parts) Pending() int { return 0 }

func (parts) Next(p []byte) (ev sse.Event, n int, ok bool, err error) {
	return sse.Event{Data: p, Raw: p, Retry: -1, Message: true}, len(p), len(p) > 0, nil
}

// NewDecoder makes a reader of streams.
func (a *adapter) NewDecoder() adapters.Decoder {
	d := &decoder{a: a, to: a.to.NewChunkDecoder()}
	d.Reset()
	return d
}

// A decoder hands what events say on to OpenAI's, which knows how calls come in pieces.
type decoder struct {
	a     *adapter
	to    openai.ChunkDecoder
	doc   rawjson.Doc
	r     reader
	seen  [2]cumulative
	whole []byte // of an answer that is no stream
	begun bool
	over  bool
}

func (d *decoder) Reset() {
	d.to.Reset()
	d.doc.Reset()
	d.doc.LoneSurrogates = true
	d.r = reader{a: d.a, f: &d.a.events, at: place{found: d.r.at.found[:0]}, buf: d.r.buf[:0]}
	d.seen, d.whole, d.begun, d.over = [2]cumulative{}, nil, false, false
	if d.a.stream.cumulative {
		d.r.seen = &d.seen
	}
}

func (d *decoder) Event(event, data []byte, emit func(*chat.Event)) error {
	switch {
	case d.over:
		return nil
	case !d.a.streams:
		if d.whole = append(d.whole, data...); len(d.whole) > mostWhole {
			d.over, d.whole = true, nil
			return errTooLarge
		}
		return nil
	case string(data) == d.a.stream.data:
		return d.end(emit)
	case len(bytes.TrimSpace(data)) == 0:
		return nil
	}
	d.r.at.event = event
	if err := d.read(data, emit); err != nil || d.over {
		return err
	}
	if d.r.at.is(d.doc.Root(), d.a.stream.end) {
		return d.end(emit)
	}
	return nil
}

// read hands on what an event, or an answer that is no stream, says.
func (d *decoder) read(data []byte, emit func(*chat.Event)) error {
	if err := d.doc.Parse(data); err != nil {
		return err
	}
	r, v := &d.r, d.doc.Root()
	if d.over = r.at.is(v, d.a.errors.when); d.over {
		emit(&chat.Event{Kind: chat.Failure, Err: d.a.ReadError(0, data)})
		return nil
	}
	d.begun = true
	err := r.read(v)
	if err == nil {
		err = d.to.Say(&r.said, emit)
	}
	d.over = err != nil
	if len(data) > bigEvent {
		r.buf, r.at.found = nil, nil
	}
	return err
}

// end hands on the end of a stream, with characters that stayed broken.
func (d *decoder) end(emit func(*chat.Event)) error {
	d.over = true
	s := &d.r.said
	s.Thought, s.Text, s.Calls = d.seen[atReasoning].rest(), d.seen[atText].rest(), nil
	if s.Finish = d.r.ended; s.Finish == "" {
		s.Finish = "stop"
	}
	return d.to.Say(s, emit)
}

// Close ends a stream that only closes, and finds one that was cut.
func (d *decoder) Close(emit func(*chat.Event)) error {
	switch {
	case d.over:
		return nil
	case !d.a.streams:
		data := d.whole
		d.whole = nil
		if err := d.read(data, emit); err != nil || d.over {
			return err
		}
		if !d.r.some {
			return errNoText
		}
		return d.end(emit)
	case d.a.stream.close && d.begun && (d.r.ended != "" || d.a.events[atFinish] == nil):
		return d.end(emit)
	}
	return d.to.Close(emit)
}
