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
	out.Choices = append(out.Choices, chat.Choice{Parts: make([]chat.Part, 0, content.Len())})
	c := &out.Choices[0]
	called := false
	for _, block := range content.Elems() {
		p, ok := readBlock(block)
		if !ok {
			continue
		}
		if p.Kind == chat.ToolCallPart {
			if len(p.ID) == 0 || len(p.Name) == 0 {
				return errCall
			}
			switch string(p.Name) {
			case noTool:
				continue
			case anthropic.AnswerTool:
				p = chat.Part{Text: rawjson.AppendEscaped(nil, []byte(p.Input))}
			default:
				called = true
			}
		}
		c.Parts = append(c.Parts, p)
	}
	var err error
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

// inner is a string as it is spelled, nil for anything else.
//
//go:noinline
func inner(v rawjson.Value) chat.Text {
	if v.Kind() != rawjson.String {
		return nil
	}
	raw := v.Raw()
	return raw[1 : len(raw)-1 : len(raw)-1]
}

// readBlock reads one block of a message. Those of tools that AWS runs itself, for which
// nobody here can ask, are passed over.
func readBlock(block rawjson.Value) (p chat.Part, ok bool) {
	if t := block.Get("text"); t.Kind() == rawjson.String {
		return chat.Part{Text: inner(t)}, true
	}
	if r := block.Get("reasoningContent"); r.Exists() {
		if t := r.Get("reasoningText"); t.Exists() {
			return chat.Part{Kind: chat.ThinkingPart, Text: inner(t.Get("text")), Signature: inner(t.Get("signature"))}, true
		}
		sealed := inner(r.Get("redactedContent"))
		return chat.Part{Kind: chat.RedactedPart, Text: sealed}, len(sealed) > 0
	}
	if u := block.Get("toolUse"); u.Exists() && !u.Get("type").Is(serverTool) {
		p = chat.Part{Kind: chat.ToolCallPart, ID: inner(u.Get("toolUseId")), Name: inner(u.Get("name")), Input: chat.Raw("{}")}
		if input := u.Get("input"); input.Kind() == rawjson.Object {
			p.Input = input.Raw()
		}
		return p, true
	}
	if c := block.Get("citationsContent"); c.Exists() {
		for _, one := range c.Get("content").Elems() {
			p.Text = append(p.Text, inner(one.Get("text"))...)
		}
		for _, one := range c.Get("citations").Elems() {
			if raw := citation(one); raw != nil {
				if p.Citations == nil {
					p.Citations = chat.Raw(`[`)
				} else {
					p.Citations = append(p.Citations, ',')
				}
				p.Citations = append(p.Citations, raw...)
			}
		}
		if p.Citations != nil {
			p.Citations = append(p.Citations, ']')
		}
		return p, true
	}
	return p, false
}

const serverTool = "server_tool_use"

// places are where a citation can be from, and what Anthropic calls that.
var places = [...]struct{ key, kind, from, to string }{
	{"documentChar", "char_location", "start_char_index", "end_char_index"},
	{"documentPage", "page_location", "start_page_number", "end_page_number"},
	{"documentChunk", "content_block_location", "start_block_index", "end_block_index"},
}

// citation turns a citation into Anthropic's form; nil if it has no counterpart.
func citation(v rawjson.Value) chat.Raw {
	for i := range places {
		p := &places[i]
		at := v.Get("location").Get(p.key)
		if at.Kind() != rawjson.Object {
			continue
		}
		number := func(dst []byte, key string, v rawjson.Value) []byte {
			n, _ := v.Int64()
			return rawjson.AppendInt(rawjson.AppendKey(append(dst, ','), key), n)
		}
		dst := append(chat.Raw(`{"type":"`), p.kind...)
		dst = append(dst, `","cited_text":"`...)
		for _, s := range v.Get("sourceContent").Elems() {
			dst = append(dst, inner(s.Get("text"))...)
		}
		dst = number(append(dst, '"'), "document_index", at.Get("documentIndex"))
		dst = append(dst, `,"document_title":"`...)
		dst = append(append(dst, inner(v.Get("title"))...), '"')
		dst = number(dst, p.from, at.Get("start"))
		dst = number(dst, p.to, at.Get("end"))
		return append(dst, '}')
	}
	return nil
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
	f := chat.FinishStop
	if called {
		f = chat.FinishTools
	}
	for i := range finishes {
		if r := &finishes[i]; reason.Is(r.name) {
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
	count := func(key string) int64 {
		n, _ := v.Get(key).Int64()
		return max(n, 0)
	}
	read, written := count("cacheReadInputTokens"), count("cacheWriteInputTokens")
	return chat.Usage{Input: count("inputTokens") + read + written, Output: count("outputTokens"), CachedRead: read, CacheWrite: written}
}
