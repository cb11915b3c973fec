package custom

import (
	"github.com/postern-gateway/postern/adapters/ndjson"
	"github.com/postern-gateway/postern/adapters/sse"
	"github.com/postern-gateway/postern/adapters/strict"
)

// Fields are where in an answer, or an event of a stream, is what.
type fields [countFields]path

// What can be somewhere.
const (
	atText = iota
	atReasoning
	atFinish
	atID
	atModel
	atInput
	atOutput
	atCached
	atThought
	atCalls
	atCallID
	atCallName
	atCallArguments
	atCallIndex
	countFields
)

const countUsage = atThought - atInput + 1

var fieldKeys = [countFields]struct{ key, doc string }{
	atText:          {"text", "The text; several values are joined."},
	atReasoning:     {"reasoning", "What the model thought."},
	atFinish:        {"finish", "Why the answer ended; null, false and nothing are not yet."},
	atID:            {"id", "Id of the answer."},
	atModel:         {"model", "Model that answered."},
	atInput:         {"input_tokens", "Tokens of input, with those that were cached."},
	atOutput:        {"output_tokens", "Tokens of output, with those of reasoning."},
	atCached:        {"cached_tokens", "Tokens of input that were cached."},
	atThought:       {"reasoning_tokens", "Tokens of output that are reasoning."},
	atCalls:         {"tool_calls", "Each call of a tool, as in message.calls[*]."},
	atCallID:        {"tool_call_id", "From a call on: its id."},
	atCallName:      {"tool_call_name", "From a call on: the name of its tool."},
	atCallArguments: {"tool_call_arguments", "From a call on: an object, or JSON within a string."},
	atCallIndex:     {"tool_call_index", "From a call on: its number, in streams that have calls in pieces."},
}

// read reads the paths of a section; what it leaves out is that of another.
func (f *fields) read(o *strict.Object, other *fields) {
	for i := range fieldKeys {
		k := &fieldKeys[i]
		if f[i] = readPathAt(o, k.key, k.doc, ""); !o.Has(k.key) {
			f[i] = other[i]
		}
	}
	if f[atCalls] != nil && f[atCallName] == nil {
		o.Fail("tool_call_name", "missing; tool_calls need it")
	}
}

// readPathAt reads and compiles a path.
//
//go:noinline
func readPathAt(o *strict.Object, key, doc, def string) path {
	p, ok := parsePath(o.Str(key, doc, def))
	if !ok {
		o.Fail(key, wantPath)
	}
	return p
}

func (a *adapter) readFinishes(o *strict.Object) {
	a.finishes = o.Pairs("finish_words", `What values at finish mean, of stop, length, tool_calls and content_filter: {"max_len": "length"}. Any other is stop.`)
	for _, p := range a.finishes {
		switch p.Value {
		case "stop", "length", "tool_calls", "content_filter":
		default:
			o.Fail("finish_words", strict.Quote(p.Key)+": want stop, length, tool_calls or content_filter, got "+strict.Quote(p.Value))
		}
	}
}

// Framings of streams.
const (
	sseFraming    = "sse"
	ndjsonFraming = "ndjson"
	noFraming     = "none"
)

// A streaming is how a stream is cut, and how it ends.
type streaming struct {
	framing, contentType string
	cumulative           bool
	data                 string // of the last event
	end                  path
	close                bool
}

const doneMark = "[DONE]"

func (s *streaming) read(o *strict.Object) {
	s.framing = o.Enum("framing", "How a stream is cut: into server-sent events, into lines that are JSON, or not at all: then a client gets the answer as a stream when it is complete.", sseFraming, sseFraming, ndjsonFraming, noFraming)
	usual := sse.ContentType
	switch s.framing {
	case ndjsonFraming:
		usual = ndjson.ContentType
	case noFraming:
		usual = "application/json"
	}
	s.contentType = o.Str("content_type", "Content type of streams; empty is the framing's usual one.", "")
	if s.contentType == "" {
		s.contentType = usual
	}
	s.cumulative = o.Enum("mode", "Whether an event has what is new of text and reasoning, or all so far.", "delta", "delta", "cumulative") == "cumulative"
	s.data = o.Str("end_data", "Data of the event that ends a stream.", doneMark)
	s.end = readPathAt(o, "end", "Path that is in the event which ends a stream, and neither null, false, 0 nor empty. If nothing says what ends a stream, an event with finish does.", "")
	s.close = o.Bool("end_at_close", "The server only closes the stream. One that was cut cannot be told from that, unless it has to bring its finish.", false)
}

// check finds streams that nothing ends.
func (s *streaming) check(o *strict.Object, finish path) {
	if s.framing == noFraming || s.close || s.end != nil || o.Has("end_data") {
		return
	}
	if s.end = finish; finish == nil && s.framing != sseFraming {
		o.Fail("end", "want end, end_data or end_at_close, or a path at finish, for a stream that was cut to be told")
	}
}
