package coherechat

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/fields"
	"github.com/postern-gateway/postern/adapters/dialect/streams"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// AppendResponse appends a V2ChatResponse with the first answer, as there is one to a
// request here.
func (Writer) AppendResponse(dst []byte, r *chat.Response) []byte {
	b := rawjson.Builder{Dst: dst}
	b.Raw(`{`)
	b.Text("id", r.ID)
	b.Raw(`,"message":{"role":"assistant"`)
	var c chat.Choice
	if len(r.Choices) > 0 {
		c = r.Choices[0]
	}
	list(&b, "content", c.Parts, false)
	called := list(&b, "tool_calls", c.Parts, true)
	b.Raw(`}`)
	end(&b, c.Finish, called, &r.Usage)
	b.Raw(`}`)
	return b.Dst
}

// list writes a member with the calls of an answer, or with what it says beside them; no
// member if there is nothing.
func list(b *rawjson.Builder, key string, parts []chat.Part, calls bool) bool {
	n := 0
	for i := range parts {
		p := &parts[i]
		kind := names[p.Kind]
		if kind == "" || (p.Kind == chat.ToolCallPart) != calls || !calls && len(p.Text) == 0 {
			continue
		}
		if n++; n == 1 {
			b.Key(key)
			b.Raw(`[`)
		}
		b.Comma()
		if calls {
			if len(p.Arguments)+len(p.Input) == 0 {
				p.Arguments = chat.Text("{}") // clients parse them
			}
			call(b, p)
			continue
		}
		b.Raw(`{"type":"`)
		b.Raw(kind)
		b.Raw(`"`)
		b.Text(kind, p.Text)
		b.Raw(`}`)
	}
	if n > 0 {
		b.Raw(`]`)
	}
	return n > 0
}

// names are the types of blocks, which are also the names of their members. What only its
// provider can read is not for clients of this API.
var names = [chat.ServerPart + 1]string{chat.TextPart: "text", chat.RefusalPart: "text", chat.ThinkingPart: "thinking", chat.ToolCallPart: "tool_calls"}

// call writes a call. Its arguments are a document in a string.
func call(b *rawjson.Builder, p *chat.Part) {
	b.Raw(`{`)
	b.Text("id", p.ID)
	b.Raw(`,"type":"function","function":{`)
	b.Text("name", p.Name)
	b.Key("arguments")
	if p.Input != nil {
		b.Dst = rawjson.AppendString(b.Dst, p.Input)
	} else {
		b.Str(p.Arguments)
	}
	b.Raw(`}}`)
}

// reasons are the values of finish_reason.
var reasons = [...]string{
	chat.FinishNone:     `"COMPLETE"`,
	chat.FinishStop:     `"COMPLETE"`,
	chat.FinishLength:   `"MAX_TOKENS"`,
	chat.FinishTools:    `"TOOL_CALL"`,
	chat.FinishFilter:   `"ERROR"`,
	chat.FinishRefusal:  `"COMPLETE"`,
	chat.FinishPause:    `"MAX_TOKENS"`,
	chat.FinishSequence: `"STOP_SEQUENCE"`,
}

// end writes why an answer ended, and what it has used. An answer with calls wants them
// made, and one without has none that are the client's.
func end(b *rawjson.Builder, f chat.Finish, called bool, u *chat.Usage) {
	if called && f == chat.FinishStop {
		f = chat.FinishTools
	} else if !called && f == chat.FinishTools {
		f = chat.FinishStop
	}
	b.Const("finish_reason", reasons[f])
	b.Raw(`,"usage":{"billed_units":{`)
	tokens(b, u)
	b.Raw(`,"tokens":{`)
	tokens(b, u)
	b.Int("cached_tokens", u.CachedRead)
	b.Raw(`}`)
}

func tokens(b *rawjson.Builder, u *chat.Usage) {
	b.Int("input_tokens", u.Input)
	b.Int("output_tokens", u.Output)
	b.Raw(`}`)
}

// AppendError appends the API's error object, which has the message alone.
func AppendError(dst []byte, e *chat.Error) []byte {
	dst = rawjson.Add(dst, `{"message":`)
	return append(rawjson.AppendString(dst, e.Message), '}')
}

// AppendErrorEvent appends an error as the last event of a stream.
func AppendErrorEvent(dst []byte, e *chat.Error) []byte {
	b := open(dst, "message-end", -1)
	b.Raw(`,"delta":{"error":`)
	b.Dst = rawjson.AppendString(b.Dst, e.Message)
	b.Raw(",\"finish_reason\":\"ERROR\"}}\n\n")
	return b.Dst
}

// spelled are what providers name as OpenAI or Anthropic do, and how it is spelled here.
var spelled = [...][2]string{
	{"max_completion_tokens", "max_tokens"},
	{"top_p", "p"},
	{"top_k", "k"},
	{"stop", "stop_sequences"},
	{"reasoning_effort", "thinking"},
	{"output_config.format", "response_format"},
	{"response_format.json_schema.schema", "response_format.json_schema"},
	{"messages[].content[].citations", "citation_options"},
	{"messages[].reasoning_details", "messages[].content[].thinking"},
}

// Field is a path as this API's clients spell it.
func Field(path string) string {
	path, _ = fields.Spell(path, spelled[:])
	return path
}

// encoder writes events of https://docs.cohere.com/v2/docs/streaming.
type encoder struct {
	streams.State
	finish chat.Finish
	kind   chat.PartKind // of the open block
	open   bool          // the client has seen its beginning
	empty  bool          // of a call: nothing of its arguments has come
	blocks int64
	calls  int64
}

var _ adapters.Encoder = (*encoder)(nil)

// NewEncoder makes a writer of streams.
func (Writer) NewEncoder() adapters.Encoder { return &encoder{} }

func (e *encoder) Reset(*chat.Request) { *e = encoder{} }

// open begins an event, with an index if it has one.
func open(dst []byte, kind string, index int64) rawjson.Builder {
	b := rawjson.Builder{Dst: rawjson.Add(dst, "event: ")}
	b.Raw(kind)
	b.Raw("\ndata: {\"type\":\"")
	b.Raw(kind)
	b.Raw(`"`)
	if index >= 0 {
		b.Int("index", index)
	}
	return b
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
		b := open(dst, "message-start", -1)
		b.Text("id", ev.ID)
		b.Raw(",\"delta\":{\"message\":{\"role\":\"assistant\",\"content\":[],\"tool_plan\":\"\",\"tool_calls\":[],\"citations\":[]}}}\n\n")
		dst = b.Dst
	}
	switch ev.Kind {
	case chat.BlockStart:
		return e.begin(dst, ev)
	case chat.TextDelta:
		return e.delta(dst, ev.Text)
	case chat.BlockStop:
		return e.close(dst)
	case chat.FinishEvent:
		e.finish = ev.Finish
	case chat.End:
		e.Done = true
		b := open(dst, "message-end", -1)
		b.Raw(`,"delta":{`)
		end(&b, e.finish, e.calls > 0, &e.Usage)
		b.Raw("}}\n\n")
		return b.Dst
	}
	return dst
}

// begin opens a block. Those that are not calls are told with their first piece.
func (e *encoder) begin(dst []byte, ev *chat.Event) []byte {
	e.kind, e.open, e.empty = ev.Block, false, true
	if ev.Block != chat.ToolCallPart {
		if ev.Block == chat.RedactedPart {
			return dst
		}
		return e.delta(dst, ev.Text)
	}
	e.open = true
	b := open(dst, "tool-call-start", e.calls)
	b.Raw(`,"delta":{"message":{"tool_calls":`)
	call(&b, &chat.Part{ID: ev.ID, Name: ev.Name})
	b.Raw("}}}\n\n")
	return b.Dst
}

// delta writes a piece of the open block. What only its provider can read, and what a
// provider's own tools say, is not for clients of this API.
func (e *encoder) delta(dst []byte, t chat.Text) []byte {
	name := names[e.kind]
	if len(t) == 0 || name == "" {
		return dst
	}
	e.empty = false
	if e.kind == chat.ToolCallPart {
		b := open(dst, "tool-call-delta", e.calls)
		b.Raw(`,"delta":{"message":{"tool_calls":{"function":{`)
		b.Text("arguments", t)
		b.Raw("}}}}}\n\n")
		return b.Dst
	}
	if !e.open {
		e.open = true
		b := open(dst, "content-start", e.blocks)
		b.Raw(`,"delta":{"message":{"content":{"type":"`)
		b.Raw(name)
		b.Raw(`"`)
		b.Text(name, nil)
		b.Raw("}}}}\n\n")
		dst = b.Dst
	}
	b := open(dst, "content-delta", e.blocks)
	b.Raw(`,"delta":{"message":{"content":{`)
	b.Text(name, t)
	b.Raw("}}}}\n\n")
	return b.Dst
}

// close ends a block that the client has seen something of.
func (e *encoder) close(dst []byte) []byte {
	call := e.kind == chat.ToolCallPart
	if call && e.empty {
		dst = e.delta(dst, chat.Text("{}")) // clients parse the arguments
	}
	e.kind = chat.ServerPart // nothing is open: what comes now is nobody's
	if !e.open {
		return dst
	}
	e.open = false
	kind, index := "content-end", &e.blocks
	if call {
		kind, index = "tool-call-end", &e.calls
	}
	b := open(dst, kind, *index)
	*index++
	b.Raw("}\n\n")
	return b.Dst
}
