package custom

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/ndjson"
	"github.com/postern-gateway/postern/adapters/sse"
)

// StreamType is the content type of streams.
func (a *adapter) StreamType() string { return a.stream.contentType }

// NewFrames makes what cuts them.
func (a *adapter) NewFrames() adapters.Frames {
	switch a.stream.framing {
	case ndjsonFraming:
		return &ndjson.Decoder{}
	case noFraming:
		return pieces{}
	}
	return &sse.Decoder{}
}

// Pieces are what an answer comes in, whatever they are: who gets them puts them together.
type pieces struct{}

var _ adapters.Frames = pieces{}

func (pieces) Reset() {}

func (pieces) Next(p []byte) (ev sse.Event, n int, ok bool, err error) {
	return sse.Event{Data: p, Raw: p, Retry: -1, Message: true}, len(p), len(p) > 0, nil
}

func (pieces) Held() []byte { return nil }

func (pieces) Pending() int { return 0 }
