package custom

import (
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
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

var fieldKeys = [countFields]struct{ key, doc string }{
	atText:          {"text", "The text; of several values, or of [*], all joined."},
	atReasoning:     {"reasoning", "What the model thought."},
	atFinish:        {"finish", "Why the answer ended; null and false are not yet."},
	atID:            {"id", "Id of the answer; none: one is made."},
	atModel:         {"model", "Name of the model that answered."},
	atInput:         {"input_tokens", "Tokens of input, with those that were cached."},
	atOutput:        {"output_tokens", "Tokens of output, with those of reasoning."},
	atCached:        {"cached_tokens", "Tokens of input that were cached."},
	atThought:       {"reasoning_tokens", "Tokens of output that are reasoning."},
	atCalls:         {"tool_calls", "The calls: each element, as in message.calls[*]."},
	atCallID:        {"tool_call_id", "Id, from a call on; none: one is made."},
	atCallName:      {"tool_call_name", "Name of the tool, from a call on."},
	atCallArguments: {"tool_call_arguments", "Arguments, from a call on: an object, or JSON within a string."},
	atCallIndex:     {"tool_call_index", "Number of the call, from a call on, in streams that have it in pieces; none: each is whole."},
}

// read reads the paths of a section; what it leaves out is that of another.
func (f *fields) read(o *strict.Object, other *fields, stream bool) {
	for i := range fieldKeys {
		if i == atCallIndex && !stream {
			continue
		}
		k := &fieldKeys[i]
		f[i] = readJSONPath(o, k.key, k.doc, "")
		if !o.Has(k.key) {
			f[i] = other[i]
		}
	}
	if !stream {
		o.Require("text")
	}
	if !f[atCalls].none() && f[atCallName].none() {
		o.Fail("tool_call_name", "missing; tool_calls need it")
	}
}

// readJSONPath reads and compiles a path.
func readJSONPath(o *strict.Object, key, doc, def string) path {
	p, problem := parsePath(o.Str(key, doc, def))
	if problem != "" {
		o.Fail(key, problem)
	}
	return p
}

// A finishWord is what a word for the end of an answer means.
type finishWord struct {
	word   string
	finish chat.Finish
}

// usualWords are what servers say if nothing else is configured.
var usualWords = [...]finishWord{
	{"length", chat.FinishLength}, {"max_tokens", chat.FinishLength}, {"max_length", chat.FinishLength}, {"MAX_TOKENS", chat.FinishLength},
	{"tool_calls", chat.FinishTools}, {"tool_use", chat.FinishTools}, {"function_call", chat.FinishTools},
	{"content_filter", chat.FinishFilter}, {"safety", chat.FinishFilter}, {"SAFETY", chat.FinishFilter},
}

// finishNames are the words of a configuration.
var finishNames = [...]finishWord{{"stop", chat.FinishStop}, {"length", chat.FinishLength}, {"tool_calls", chat.FinishTools}, {"content_filter", chat.FinishFilter}}

func readFinish(o *strict.Object) []finishWord {
	list := usualWords[:]
	pairs := o.Pairs("finish_words", `What values at finish mean, beside the usual words: {"cut": "length"}, of stop, length, tool_calls and content_filter. Any other is stop.`)
	if len(pairs) > 0 {
		list = nil
	}
	for _, p := range pairs {
		w := finishWord{word: p.Key}
		for _, n := range finishNames {
			if n.word == p.Value {
				w.finish = n.finish
			}
		}
		if w.finish == chat.FinishNone {
			o.Fail("finish_words", strict.Quote(p.Key)+": want stop, length, tool_calls or content_filter, got "+strict.Quote(p.Value))
		}
		list = append(list, w)
	}
	if len(pairs) > 0 {
		list = append(list, usualWords[:]...)
	}
	return list
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
	data, event          string // of the last event
	end                  path
	close                bool
}

const (
	doneMark = "[DONE]"
	jsonType = "application/json"
)

func (s *streaming) read(o *strict.Object) {
	s.framing = o.Enum("framing", "How a stream is cut: into server-sent events, into lines that are JSON, or not at all. Without streams a client gets the whole answer as a stream when it is there.", sseFraming, sseFraming, ndjsonFraming, noFraming)
	s.contentType = strings.ToLower(o.Str("content_type", "Content type of streams; empty is the framing's usual one.", ""))
	switch {
	case s.contentType != "":
	case s.framing == sseFraming:
		s.contentType = sse.ContentType
	case s.framing == ndjsonFraming:
		s.contentType = ndjson.ContentType
	default:
		s.contentType = jsonType
	}
	s.cumulative = o.Enum("mode", "Whether an event has what is new of text and reasoning, or all so far.", "delta", "delta", "cumulative") == "cumulative"
	s.data = o.Str("end_data", "Data of the event that ends a stream.", doneMark)
	s.event = o.Str("end_event", "Type of the server-sent event that ends a stream; what it has is read.", "")
	s.end = readJSONPath(o, "end", "Path that is in the event which ends a stream, and neither null, false, 0 nor empty. With neither end nor end_event nor end_at_close, an event with finish does.", "")
	s.close = o.Bool("end_at_close", "The server only closes the stream. One that was cut cannot be told from it, unless it has to bring its finish.", false)
}

// check finds streams that nothing ends.
func (s *streaming) check(o *strict.Object, f *fields) {
	if s.framing == noFraming || s.close || s.event != "" || !s.end.none() || o.Has("end_data") && s.data != "" {
		return
	}
	if s.end = f[atFinish]; s.end.none() && s.framing != sseFraming {
		o.Fail("end", "want end, end_event, end_data, end_at_close or a path at finish, or a stream that was cut could not be told")
	}
}
