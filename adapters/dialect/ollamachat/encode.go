package ollamachat

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/streams"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/rfc3339"
)

// Bounds of the arguments of a call that is under way, and of the memory that is kept
// of them.
const (
	mostArguments = 1 << 20
	keep          = 16 << 10
)

// encoder writes lines, each an answer with what is new.
type encoder struct {
	streams.State
	generate bool
	head     []byte // of every line, up to the message
	model    []byte // where the stream names none
	finish   chat.Finish
	kind     chat.PartKind // of the open block
	call     chat.Part     // the one under way: its memory is the encoder's
	calls    int64
}

var _ adapters.Encoder = (*encoder)(nil)

func (e *encoder) Reset(r *chat.Request) {
	args := e.call.Arguments[:0]
	if cap(args) > keep {
		args = nil
	}
	*e = encoder{generate: e.generate, head: e.head[:0], model: rawjson.Add(e.model[:0], r.Model),
		call: chat.Part{ID: e.call.ID[:0], Name: e.call.Name[:0], Arguments: args}}
}

func (e *encoder) Append(dst []byte, ev *chat.Event) []byte {
	if e.Skips(ev) { // there is one answer here
		return dst
	}
	if ev.Kind == chat.Failure {
		return AppendErrorEvent(dst, ev.Err)
	}
	if !e.Begun {
		e.begin(ev)
	}
	switch ev.Kind {
	case chat.BlockStart:
		return e.open(dst, ev)
	case chat.TextDelta:
		return e.delta(dst, ev)
	case chat.LogprobsDelta:
		if tokens := content(ev.Raw); tokens != nil {
			b := e.line(dst, "", nil)
			b.Value("logprobs", tokens)
			return ended(&b)
		}
	case chat.BlockStop:
		dst = e.close(dst)
	case chat.FinishEvent:
		e.finish = ev.Finish
	case chat.End:
		e.Done = true
		b := e.line(dst, "", nil)
		end(&b, e.finish, e.Usage, ev.Elapsed)
		b.Raw("}\n")
		return b.Dst
	}
	return dst
}

// begin makes the head that is the same in all lines.
func (e *encoder) begin(ev *chat.Event) {
	e.Begun = true
	b := rawjson.Builder{Dst: e.head[:0]}
	b.Raw(`{"model":`)
	if ev.Kind == chat.Start && len(ev.Model) > 0 {
		b.Str(ev.Model)
	} else {
		b.Dst = rawjson.AppendString(b.Dst, e.model)
	}
	b.Raw(`,"created_at":"`)
	b.Dst = rfc3339.Append(b.Dst, ev.Created)
	b.Raw(`"`)
	e.head = b.Dst
}

// line begins a line with a message that says something new, which may be nothing.
func (e *encoder) line(dst []byte, key string, t chat.Text) rawjson.Builder {
	b := rawjson.Builder{Dst: rawjson.AddRaw(dst, e.head)}
	if e.generate {
		b.Key("response")
	} else {
		b.Raw(`,"message":{"role":"assistant","content":`)
	}
	if key == "" {
		b.Str(t)
	} else {
		b.Raw(`""`)
		b.Text(key, t)
	}
	if !e.generate {
		b.Raw(`}`)
	}
	return b
}

// ended ends a line that is not the last.
func ended(b *rawjson.Builder) []byte {
	b.Raw(",\"done\":false}\n")
	return b.Dst
}

func (e *encoder) open(dst []byte, ev *chat.Event) []byte {
	e.kind = ev.Block
	if ev.Block == chat.ToolCallPart {
		e.call.ID = rawjson.AddRaw(e.call.ID[:0], ev.ID)
		e.call.Name = rawjson.AddRaw(e.call.Name[:0], ev.Name)
		e.call.Arguments = e.call.Arguments[:0]
		return dst
	}
	if ev.Block != chat.RedactedPart && len(ev.Text) > 0 {
		dst = e.delta(dst, ev)
	}
	return dst
}

// delta writes a piece of the open block. What only its provider can read, and what a
// provider's own tools say, is not for clients of this API.
func (e *encoder) delta(dst []byte, ev *chat.Event) []byte {
	if len(ev.Text) == 0 {
		return dst
	}
	switch e.kind {
	case chat.TextPart, chat.RefusalPart:
		b := e.line(dst, "", ev.Text)
		return ended(&b)
	case chat.ThinkingPart:
		b := e.line(dst, "thinking", ev.Text)
		return ended(&b)
	case chat.ToolCallPart:
		if len(e.call.Arguments)+len(ev.Text) > mostArguments {
			e.Done = true
			return AppendErrorEvent(dst, &chat.Error{Message: "the arguments of a call are longer than the gateway can hold"})
		}
		e.call.Arguments = rawjson.AddRaw(e.call.Arguments, ev.Text)
	}
	return dst
}

// close writes a call, now that it is complete.
func (e *encoder) close(dst []byte) []byte {
	kind := e.kind
	e.kind = chat.ServerPart // nothing is open: what comes now is nobody's
	if kind != chat.ToolCallPart || e.generate {
		return dst
	}
	b := rawjson.Builder{Dst: rawjson.AddRaw(dst, e.head)}
	b.Raw(`,"message":{"role":"assistant","content":"","tool_calls":[`)
	toolCall(&b, &e.call, e.calls)
	e.calls++
	b.Raw(`]}`)
	if cap(e.call.Arguments) > keep {
		e.call.Arguments = nil
	}
	return ended(&b)
}
