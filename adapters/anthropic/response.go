package anthropic

import (
	"errors"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var errNoMessage = errors.New("the answer is not a message of Anthropic's API")

// ReadResponse reads a message of https://platform.claude.com/docs/en/api/messages.
func (t *Translation) ReadResponse(answer rawjson.Value, out *chat.Response) error {
	content := answer.Get("content")
	if content.Kind() != rawjson.Array {
		return errNoMessage
	}
	out.ID, out.Model = textOf(answer.Get("id")), textOf(answer.Get("model"))
	c := out.Choose()
	answered, called := false, false
	for it := content.Items(); it.Next(); {
		c.Parts = chat.AppendPart(c.Parts, chat.TextPart)
		p := &c.Parts[len(c.Parts)-1]
		readBlock(it.Value, p)
		if p.Kind == chat.ToolCallPart {
			if string(p.Name) == answerTool {
				*p = chat.Part{Text: rawjson.AppendEscaped(nil, []byte(p.Input))}
				answered = true
			} else {
				called = true
			}
		}
	}
	c.Finish = finish(answer.Get("stop_reason"))
	if c.Finish == chat.FinishTools && answered && !called {
		c.Finish = chat.FinishStop
	}
	c.Sequence = textOf(answer.Get("stop_sequence"))
	c.Details = object(answer.Get("stop_details"))
	var n counter
	if usage := answer.Get("usage"); usage.Kind() == rawjson.Object {
		n.add(usage)
		out.Usage, out.Counted = n.usage(), true
		out.Tier = tierOf(usage)
	}
	return out.Callable()
}

// textOf is what a string says, escaped as it is, and nil for any other kind.
//
//go:noinline
func textOf(v rawjson.Value) chat.Text { return chat.Spelled(v) }

func object(v rawjson.Value) chat.Raw {
	if v.Kind() != rawjson.Object {
		return nil
	}
	return v.Raw()
}

// readBlock reads one content block. Blocks of types not known here belong to tools
// that Anthropic runs itself, and are kept whole.
func readBlock(block rawjson.Value, p *chat.Part) {
	kind := block.Get("type")
	switch {
	case kind.Is("text"):
		p.Text = textOf(block.Get("text"))
		if c := block.Get("citations"); c.Len() > 0 {
			p.Citations = c.Raw()
		}
	case kind.Is("thinking"):
		p.Kind, p.Text, p.Signature = chat.ThinkingPart, textOf(block.Get("thinking")), textOf(block.Get("signature"))
	case kind.Is("redacted_thinking"):
		p.Kind, p.Text = chat.RedactedPart, textOf(block.Get("data"))
	case kind.Is("tool_use"):
		p.Kind, p.ID, p.Name = chat.ToolCallPart, textOf(block.Get("id")), textOf(block.Get("name"))
		if p.Input = object(block.Get("input")); p.Input == nil {
			p.Input = chat.Raw("{}")
		}
	default:
		p.Kind, p.Raw = chat.ServerPart, block.Raw()
	}
}

// finish reads a stop_reason; one that is new counts as the end of the answer.
func finish(reason rawjson.Value) chat.Finish {
	if !reason.Exists() || reason.IsNull() {
		return chat.FinishNone
	}
	switch string(reason.Bytes()) {
	case "max_tokens", "model_context_window_exceeded":
		return chat.FinishLength
	case "tool_use":
		return chat.FinishTools
	case "stop_sequence":
		return chat.FinishSequence
	case "refusal":
		return chat.FinishRefusal
	case "pause_turn":
		return chat.FinishPause
	}
	return chat.FinishStop
}

// A counter gathers what usage objects say. Parts that one leaves out stay as they
// were: a stream's last may say nothing of the input.
type counter struct {
	plain, read, write, output, thinking int64 // plain is input that no cache had to do with
}

func (n *counter) add(usage rawjson.Value) {
	for it := usage.Members(); it.Next(); {
		v := it.Value
		switch string(it.Key.Bytes()) {
		case "input_tokens":
			set(v, &n.plain)
		case "cache_read_input_tokens":
			set(v, &n.read)
		case "cache_creation_input_tokens":
			set(v, &n.write)
		case "output_tokens":
			set(v, &n.output)
		case "output_tokens_details":
			set(v.Get("thinking_tokens"), &n.thinking)
		}
	}
}

// set takes a count, if it is one.
//
//go:noinline
func set(v rawjson.Value, to *int64) {
	if i, ok := v.Int64(); ok && i >= 0 {
		*to = i
	}
}

// usage is in neutral terms, where the input includes what came from and went to
// the cache.
func (n *counter) usage() chat.Usage {
	return chat.Usage{Input: n.plain + n.read + n.write, Output: n.output, CachedRead: n.read, CacheWrite: n.write, Reasoning: n.thinking}
}

// tierOf is the service tier that was used, in the neutral words.
func tierOf(usage rawjson.Value) chat.Text {
	tier := textOf(usage.Get("service_tier"))
	if string(tier) == "standard" {
		return chat.Text("default")
	}
	return tier
}
