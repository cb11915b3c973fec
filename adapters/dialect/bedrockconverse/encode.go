package bedrockconverse

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/streams"
	"github.com/postern-gateway/postern/adapters/eventstream"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// encoder writes messages of an event stream, each a ConverseStreamOutput.
type encoder struct {
	streams.State
	b        rawjson.Builder // of the payload under way
	finish   chat.Finish
	sequence []byte
	kind     chat.PartKind // of the open block
	open     bool          // the client has seen something of it
	index    int64         // of the block that is open, or comes next
	called   bool
}

var _ adapters.Encoder = (*encoder)(nil)

// keep is how much memory of a payload is kept.
const keep = 16 << 10

// NewEncoder makes a writer of streams.
func (Writer) NewEncoder() adapters.Encoder { return &encoder{} }

func (e *encoder) Reset(*chat.Request) {
	*e = encoder{b: rawjson.Builder{Dst: e.b.Dst[:0]}, sequence: e.sequence[:0]}
}

func (e *encoder) Append(dst []byte, ev *chat.Event) []byte {
	if e.Skips(ev) { // there is one answer here
		return dst
	}
	if ev.Kind == chat.Failure {
		return AppendErrorEvent(dst, ev.Err)
	}
	if !e.Begun {
		e.Begun = true
		e.start(`{"role":"assistant"`)
		dst = e.send(dst, "messageStart")
	}
	switch ev.Kind {
	case chat.BlockStart:
		return e.begin(dst, ev)
	case chat.TextDelta:
		return e.delta(dst, ev.Text)
	case chat.SignatureDelta:
		if e.kind == chat.ThinkingPart {
			return e.piece(dst, `"reasoningContent":{"signature":`, ev.Text, `}`)
		}
	case chat.CitationDelta:
		return e.cite(dst, ev.Raw)
	case chat.BlockStop:
		return e.end(dst)
	case chat.FinishEvent:
		e.finish = ev.Finish
		e.sequence = rawjson.AddRaw(e.sequence[:0], ev.Sequence)
	case chat.End:
		e.Done = true
		e.start(`{`)
		stop(&e.b, e.finish, e.called, e.sequence)
		dst = e.send(dst, "messageStop")
		e.start(`{`)
		metadata(&e.b, &e.Usage, ev.Elapsed)
		return e.send(dst, "metadata")
	}
	return dst
}

// start begins a payload, and send ends it and appends its message.
//
//go:noinline
func (e *encoder) start(s string) {
	e.b.Dst = e.b.Dst[:0]
	e.b.Raw(s)
}

//go:noinline
func (e *encoder) send(dst []byte, kind string) []byte {
	e.b.Raw(`}`)
	dst = eventstream.Append(dst, kind, e.b.Dst)
	if cap(e.b.Dst) > keep {
		e.b.Dst = nil
	}
	return dst
}

// begin opens a block; only calls have something to say before their first delta.
func (e *encoder) begin(dst []byte, ev *chat.Event) []byte {
	e.kind, e.open = ev.Block, false
	switch ev.Block {
	case chat.ToolCallPart:
		e.open, e.called = true, true
		e.start(`{`)
		e.b.Int("contentBlockIndex", e.index)
		e.b.Raw(`,"start":{"toolUse":{`)
		e.b.Text("toolUseId", ev.ID)
		e.b.Text("name", ev.Name)
		e.b.Raw(`}}`)
		return e.send(dst, "contentBlockStart")
	case chat.RedactedPart:
		if isBase64(ev.Text) {
			return e.piece(dst, `"reasoningContent":{"redactedContent":`, ev.Text, `}`)
		}
		return dst
	}
	return e.delta(dst, ev.Text)
}

// delta writes a piece of the open block. What a provider's own tools say is not for
// clients of this API.
func (e *encoder) delta(dst []byte, t chat.Text) []byte {
	if len(t) == 0 {
		return dst
	}
	switch e.kind {
	case chat.TextPart, chat.RefusalPart:
		return e.piece(dst, `"text":`, t, ``)
	case chat.ThinkingPart:
		return e.piece(dst, `"reasoningContent":{"text":`, t, `}`)
	case chat.ToolCallPart:
		return e.piece(dst, `"toolUse":{"input":`, t, `}`)
	}
	return dst
}

// piece writes a delta with a text.
func (e *encoder) piece(dst []byte, before string, t chat.Text, behind string) []byte {
	e.open = true
	e.start(`{`)
	e.b.Int("contentBlockIndex", e.index)
	e.b.Raw(`,"delta":{`)
	e.b.Raw(before)
	e.b.Str(t)
	e.b.Raw(behind)
	e.b.Raw(`}`)
	return e.send(dst, "contentBlockDelta")
}

func (e *encoder) cite(dst []byte, raw chat.Raw) []byte {
	var doc rawjson.Doc
	if e.kind != chat.TextPart || doc.Parse(raw) != nil {
		return dst
	}
	e.open = true
	e.start(`{`)
	e.b.Int("contentBlockIndex", e.index)
	e.b.Raw(`,"delta":{"citation":`)
	citation(&e.b, doc.Root())
	e.b.Raw(`}`)
	return e.send(dst, "contentBlockDelta")
}

// end closes a block that the client has seen something of.
func (e *encoder) end(dst []byte) []byte {
	e.kind = chat.ServerPart // nothing is open: what comes now is nobody's
	if !e.open {
		return dst
	}
	e.open = false
	e.start(`{`)
	e.b.Int("contentBlockIndex", e.index)
	e.index++
	return e.send(dst, "contentBlockStop")
}
