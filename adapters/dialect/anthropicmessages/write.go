package anthropicmessages

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Writer writes answers. It keeps no state, so one serves all.
type Writer struct{}

var _ adapters.Writer = Writer{}

// NewEncoder makes a writer of streams.
func (Writer) NewEncoder() adapters.Encoder { return &encoder{} }

// AppendResponse appends a message. Of several answers there can only be the first.
func (Writer) AppendResponse(dst []byte, r *chat.Response) []byte {
	dst = append(dst, '{')
	dst = appendID(dst, r.ID)
	dst = rawjson.Add(dst, `,"type":"message","role":"assistant","model":`)
	dst = appendText(dst, r.Model)
	dst = rawjson.Add(dst, `,"content":[`)
	var c chat.Choice
	if len(r.Choices) > 0 {
		c = r.Choices[0]
	}
	var end ending
	from := len(dst)
	for i := range c.Parts {
		before := len(dst)
		if before > from {
			dst = append(dst, ',')
		}
		at := len(dst)
		if dst = appendBlock(dst, &c.Parts[i]); len(dst) == at {
			dst = dst[:before]
		}
		end.saw(c.Parts[i].Kind)
	}
	dst = rawjson.Add(dst, `],`)
	end.reason, end.sequence, end.details = c.Finish, c.Sequence, c.Details
	dst = end.append(dst)
	dst = rawjson.Add(dst, `,"usage":`)
	dst = appendUsage(dst, r.Usage, r.Tier)
	return append(dst, '}')
}

//go:noinline
func appendText(dst []byte, t chat.Text) []byte {
	return append(rawjson.AddRaw(append(dst, '"'), t), '"')
}

// appendID writes an answer's id. Clients know ids that begin like Anthropic's.
func appendID(dst []byte, id chat.Text) []byte {
	dst = rawjson.Add(dst, `"id":"`)
	if !bytes.HasPrefix(id, []byte("msg_")) {
		dst = rawjson.Add(dst, "msg_")
	}
	return append(rawjson.AddRaw(dst, id), '"')
}

// appendBlock writes one block of content, or nothing for what there is none for.
func appendBlock(dst []byte, p *chat.Part) []byte {
	switch p.Kind {
	case chat.TextPart, chat.RefusalPart:
		if len(p.Text) == 0 {
			return dst
		}
		dst = rawjson.Add(dst, `{"type":"text","text":"`)
		dst = append(rawjson.AddRaw(dst, p.Text), '"')
		if len(p.Citations) > 0 && p.Citations[0] == '[' {
			dst = rawjson.AddRaw(rawjson.Add(dst, `,"citations":`), p.Citations)
		}
	case chat.ThinkingPart:
		dst = rawjson.Add(dst, `{"type":"thinking","thinking":"`)
		dst = rawjson.Add(rawjson.AddRaw(dst, p.Text), `","signature":"`)
		if len(p.Signature) == 0 {
			dst = rawjson.Add(dst, unsigned)
		}
		dst = append(rawjson.AddRaw(dst, p.Signature), '"')
	case chat.RedactedPart:
		dst = rawjson.Add(dst, `{"type":"redacted_thinking","data":"`)
		dst = append(rawjson.AddRaw(dst, p.Text), '"')
	case chat.ToolCallPart:
		dst = rawjson.Add(dst, `{"type":"tool_use","id":"`)
		dst = rawjson.Add(rawjson.AddRaw(dst, p.ID), `","name":"`)
		dst = rawjson.Add(rawjson.AddRaw(dst, p.Name), `","input":`)
		dst = appendInput(dst, p)
	case chat.ServerPart:
		if ownServerPart(p.Raw) {
			dst = rawjson.AddRaw(dst, p.Raw)
		}
		return dst
	default:
		return dst
	}
	return append(dst, '}')
}

// appendInput writes the arguments of a call as an object. What is none, as when the
// model's tokens ran out amidst it, is wrapped in one as Anthropic's documentation
// does it (https://platform.claude.com/docs/en/agents-and-tools/tool-use/fine-grained-tool-streaming).
func appendInput(dst []byte, p *chat.Part) []byte {
	if p.Input != nil {
		return rawjson.AddRaw(dst, p.Input)
	}
	from := len(dst)
	dst = rawjson.AppendUnescaped(dst, p.Arguments)
	if len(bytes.TrimSpace(dst[from:])) == 0 {
		return rawjson.Add(dst[:from], "{}")
	}
	doc := rawjson.Doc{LoneSurrogates: true}
	if doc.Parse(dst[from:]) == nil && doc.Root().Kind() == rawjson.Object {
		return dst
	}
	dst = rawjson.Add(dst[:from], `{"INVALID_JSON":"`)
	return rawjson.Add(rawjson.AddRaw(dst, p.Arguments), `"}`)
}

// ownServerPart reports whether a call or result of a tool that a provider runs itself
// is in Anthropic's spelling: others must not see blocks that they cannot read.
func ownServerPart(raw chat.Raw) bool {
	var doc rawjson.Doc
	if doc.Parse(raw) != nil {
		return false
	}
	kind := doc.Root().Get("type").Bytes()
	return bytes.HasSuffix(kind, []byte("_tool_use")) || bytes.HasSuffix(kind, []byte("_tool_result")) || string(kind) == "container_upload"
}

// unsigned is the signature of thoughts that have none, as those of other makers'
// models, for clients of this API expect one. A reader takes it for none.
const unsigned = "postern-unsigned"

// stopReasons are the reasons of https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons.
var stopReasons = [...]string{
	chat.FinishNone:     "end_turn",
	chat.FinishStop:     "end_turn",
	chat.FinishLength:   "max_tokens",
	chat.FinishTools:    "tool_use",
	chat.FinishFilter:   "refusal",
	chat.FinishRefusal:  "refusal",
	chat.FinishPause:    "pause_turn",
	chat.FinishSequence: "stop_sequence",
}

// An ending is what an answer's stop_reason goes by.
type ending struct {
	reason          chat.Finish
	sequence        chat.Text
	details         chat.Raw
	called, refused bool
}

// saw notes a part of the answer.
func (e *ending) saw(k chat.PartKind) {
	e.called = e.called || k == chat.ToolCallPart
	e.refused = e.refused || k == chat.RefusalPart
}

// finish is the reason, which here goes with the content: an answer that simply ends
// with calls ends because of them, and one without calls never does; a refusal has a
// reason of its own; and a stop sequence is named.
func (e *ending) finish() chat.Finish {
	switch f := e.reason; {
	case e.called && (f == chat.FinishStop || f == chat.FinishNone):
		return chat.FinishTools
	case e.refused && f <= chat.FinishStop:
		return chat.FinishRefusal
	case !e.called && f == chat.FinishTools, len(e.sequence) == 0 && f == chat.FinishSequence:
		return chat.FinishStop
	default:
		return f
	}
}

func (e *ending) append(dst []byte) []byte {
	f := e.finish()
	dst = rawjson.Add(rawjson.Add(dst, `"stop_reason":"`), stopReasons[f])
	dst = rawjson.Add(dst, `","stop_sequence":`)
	if f == chat.FinishSequence {
		dst = appendText(dst, e.sequence)
	} else {
		dst = rawjson.Add(dst, "null")
	}
	if len(e.details) > 0 {
		dst = rawjson.AddRaw(rawjson.Add(dst, `,"stop_details":`), e.details)
	}
	return dst
}

// appendUsage writes counts of tokens. Here the input leaves out what came from the
// cache and what went there.
func appendUsage(dst []byte, u chat.Usage, tier chat.Text) []byte {
	dst = rawjson.Add(dst, `{"input_tokens":`)
	dst = rawjson.AppendInt(dst, max(0, u.Input-u.CachedRead-u.CacheWrite))
	dst = rawjson.Add(dst, `,"cache_creation_input_tokens":`)
	dst = rawjson.AppendInt(dst, u.CacheWrite)
	dst = rawjson.Add(dst, `,"cache_read_input_tokens":`)
	dst = rawjson.AppendInt(dst, u.CachedRead)
	dst = rawjson.Add(dst, `,"output_tokens":`)
	dst = rawjson.AppendInt(dst, u.Output)
	if u.Reasoning > 0 {
		dst = rawjson.Add(dst, `,"output_tokens_details":{"thinking_tokens":`)
		dst = rawjson.AppendInt(dst, u.Reasoning)
		dst = append(dst, '}')
	}
	switch string(tier) {
	case "default":
		dst = rawjson.Add(dst, `,"service_tier":"standard"`)
	case "priority", "batch", "standard":
		dst = rawjson.Add(dst, `,"service_tier":`)
		dst = appendText(dst, tier)
	}
	return append(dst, '}')
}
