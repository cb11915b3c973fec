package bedrock

import (
	"errors"

	"github.com/postern-gateway/postern/adapters/anthropic"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var (
	errNoMessage = errors.New("the answer has no message")
	errCall      = errors.New("the answer has a call without an id or a name")
)

// ReadResponse reads a ConverseResponse. It names neither itself nor the model.
func (a *adapter) ReadResponse(answer rawjson.Value, out *chat.Response) error {
	content := answer.Find("output", "message", "content")
	if content.Kind() != rawjson.Array {
		return errNoMessage
	}
	c := out.Choose()
	called := false
	var err error
	each(content, func(block rawjson.Value) {
		c.Parts = chat.AppendPart(c.Parts, chat.TextPart)
		p := &c.Parts[len(c.Parts)-1]
		shown := readBlock(block, p)
		if shown && p.Kind == chat.ToolCallPart {
			switch string(p.Name) {
			case noTool:
				shown = false
			case anthropic.AnswerTool:
				p.Kind, p.Text = chat.TextPart, rawjson.AppendEscaped(nil, []byte(p.Input))
				p.ID, p.Name, p.Input = nil, nil, nil
			default:
				called = true
				if len(p.ID) == 0 || len(p.Name) == 0 {
					err = errCall
				}
			}
		}
		if !shown {
			c.Parts = c.Parts[:len(c.Parts)-1]
		}
	})
	if err != nil {
		return err
	}
	if c.Finish, err = finish(answer.Get("stopReason"), called); err != nil {
		return err
	}
	c.Sequence = inner(answer.Find("additionalModelResponseFields", "stop_sequence"))
	out.Tier = inner(answer.Find("serviceTier", "type"))
	if u := answer.Get("usage"); u.Kind() == rawjson.Object {
		out.Usage, out.Counted = usage(u), true
	}
	return nil
}

func inner(v rawjson.Value) chat.Text { return chat.Spelled(v) }

// readBlock reads one block of a message. Those of tools that AWS runs itself, for which
// nobody here can ask, are passed over.
func readBlock(block rawjson.Value, p *chat.Part) bool {
	key, v := only(block)
	switch key {
	case "text":
		p.Text = inner(v)
	case "reasoningContent":
		if key, v = only(v); key == "redactedContent" {
			p.Kind, p.Text = chat.RedactedPart, inner(v)
			return len(p.Text) > 0
		}
		p.Kind, p.Text, p.Signature = chat.ThinkingPart, inner(v.Get("text")), inner(v.Get("signature"))
	case "toolUse":
		p.Kind, p.ID, p.Name, p.Input = chat.ToolCallPart, inner(v.Get("toolUseId")), inner(v.Get("name")), chat.Raw("{}")
		if input := v.Get("input"); input.Kind() == rawjson.Object {
			p.Input = input.Raw()
		}
		return !v.Get("type").Is(serverTool)
	case "citationsContent":
		each(v.Get("content"), func(one rawjson.Value) { p.Text = append(p.Text, inner(one.Get("text"))...) })
		dst := chat.Raw(`[`)
		each(v.Get("citations"), func(one rawjson.Value) { dst = addCitation(dst, one) })
		if len(dst) > 1 {
			p.Citations = append(dst, ']')
		}
	default:
		return false
	}
	return true
}

// each hands over the elements of an array. A range over them in its place would be some
// kilobytes of the module each time.
//
//go:noinline
func each(v rawjson.Value, do func(rawjson.Value)) {
	for it := v.Items(); it.Next(); {
		e := it.Value
		do(e)
	}
}

// only is the member of a union.
//
//go:noinline
func only(v rawjson.Value) (key string, value rawjson.Value) {
	for it := v.Members(); it.Next(); {
		k, v := it.Key, it.Value
		return k.Str(), v
	}
	return "", rawjson.Value{}
}

const serverTool = "server_tool_use"

// places are where a citation can be from, and what Anthropic calls that.
var places = [...]struct{ key, kind, from, to string }{
	{"documentChar", "char_location", "start_char_index", "end_char_index"},
	{"documentPage", "page_location", "start_page_number", "end_page_number"},
	{"documentChunk", "content_block_location", "start_block_index", "end_block_index"},
}

// addCitation appends a citation in Anthropic's form, if it has a counterpart, with a
// comma if it is not the first.
func addCitation(dst chat.Raw, v rawjson.Value) chat.Raw {
	key, at := only(v.Get("location"))
	for i := range places {
		p := &places[i]
		if key != p.key {
			continue
		}
		if len(dst) > 1 {
			dst = add(dst, `,`)
		}
		dst = add(add(add(dst, `{"type":"`), p.kind), `","cited_text":"`)
		each(v.Get("sourceContent"), func(s rawjson.Value) { dst = append(dst, inner(s.Get("text"))...) })
		dst = addNumber(add(dst, `"`), "document_index", at.Get("documentIndex"))
		dst = add(dst, `,"document_title":"`)
		dst = append(dst, inner(v.Get("title"))...)
		dst = addNumber(addNumber(add(dst, `"`), p.from, at.Get("start")), p.to, at.Get("end"))
		dst = add(dst, `}`)
	}
	return dst
}

//go:noinline
func add(dst []byte, s string) []byte { return append(dst, s...) }

func addNumber(dst []byte, key string, v rawjson.Value) []byte {
	n, _ := v.Int64()
	return rawjson.AppendInt(add(add(add(dst, `,"`), key), `":`), n)
}

// finishes are the reasons to stop; broken ones are of answers that nobody can use.
var finishes = [...]struct {
	name   string
	finish chat.Finish
	broken bool
}{
	{"end_turn", chat.FinishStop, false}, {"tool_use", chat.FinishTools, false},
	{"max_tokens", chat.FinishLength, false}, {"model_context_window_exceeded", chat.FinishLength, false},
	{"stop_sequence", chat.FinishSequence, false},
	{"guardrail_intervened", chat.FinishFilter, false}, {"content_filtered", chat.FinishFilter, false},
	{"malformed_model_output", 0, true}, {"malformed_tool_use", 0, true},
}

// finish reads why an answer ended. One that is new counts as its end, or as that it
// wants its calls made, and calls that were none of the client's as no calls.
func finish(reason rawjson.Value, called bool) (chat.Finish, error) {
	f, said := chat.FinishStop, string(reason.Bytes())
	if called {
		f = chat.FinishTools
	}
	for i := range finishes {
		if r := &finishes[i]; said == r.name {
			if r.broken {
				return 0, errors.New("the model failed with " + r.name)
			}
			f = r.finish
		}
	}
	if f == chat.FinishTools && !called {
		f = chat.FinishStop
	}
	return f, nil
}

// usage reads a TokenUsage, whose input is without what came from or went to a cache
// (https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html).
func usage(v rawjson.Value) chat.Usage {
	read, written := count(v, "cacheReadInputTokens"), count(v, "cacheWriteInputTokens")
	return chat.Usage{Input: count(v, "inputTokens") + read + written, Output: count(v, "outputTokens"), CachedRead: read, CacheWrite: written}
}

//go:noinline
func count(v rawjson.Value, key string) int64 {
	n, _ := v.Get(key).Int64()
	return max(n, 0)
}
