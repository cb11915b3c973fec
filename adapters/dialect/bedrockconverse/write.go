package bedrockconverse

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// AppendResponse appends a ConverseResponse with the first answer, as there is one to a
// request here.
func (Writer) AppendResponse(dst []byte, r *chat.Response) []byte {
	b := rawjson.Builder{Dst: dst}
	b.Raw(`{"output":{"message":{"role":"assistant","content":[`)
	var c chat.Choice
	if len(r.Choices) > 0 {
		c = r.Choices[0]
	}
	called := false
	for i := range c.Parts {
		p := &c.Parts[i]
		block(&b, p)
		called = called || p.Kind == chat.ToolCallPart
	}
	b.Raw(`]}}`)
	stop(&b, c.Finish, called, c.Sequence)
	metadata(&b, &r.Usage, r.Elapsed)
	if tier := r.Tier; len(tier) > 0 {
		b.Raw(`,"serviceTier":{`)
		b.Text("type", tier)
		b.Raw(`}`)
	}
	b.Raw(`}`)
	return b.Dst
}

// block writes a part. What a provider's own tools say is not for clients of this API.
func block(b *rawjson.Builder, p *chat.Part) {
	switch p.Kind {
	case chat.TextPart, chat.RefusalPart:
		if len(p.Text) == 0 {
			return
		}
		b.Comma()
		if len(p.Citations) > 0 {
			citations(b, p)
			return
		}
		b.Raw(`{`)
		b.Text("text", p.Text)
		b.Raw(`}`)
	case chat.ThinkingPart:
		b.Comma()
		b.Raw(`{"reasoningContent":{"reasoningText":{`)
		b.Text("text", p.Text)
		if len(p.Signature) > 0 {
			b.Text("signature", p.Signature)
		}
		b.Raw(`}}}`)
	case chat.RedactedPart:
		if isBase64(p.Text) {
			b.Comma()
			b.Raw(`{"reasoningContent":{`)
			b.Text("redactedContent", p.Text)
			b.Raw(`}}`)
		}
	case chat.ToolCallPart:
		b.Comma()
		b.Raw(`{"toolUse":{`)
		b.Text("toolUseId", p.ID)
		b.Text("name", p.Name)
		b.Key("input")
		input(b, p)
		b.Raw(`}}`)
	}
}

// input writes a call's arguments. Those that are no object, as when the model's tokens
// ran out amidst them, are wrapped in one.
func input(b *rawjson.Builder, p *chat.Part) {
	doc := rawjson.Doc{LoneSurrogates: true}
	var err error
	if b.Dst, err = p.AppendInput(b.Dst, &doc); err != nil {
		b.Raw(`{"INVALID_JSON":`)
		b.Str(p.Arguments)
		b.Raw(`}`)
	}
}

// isBase64 reports whether a text can be a blob, which SDKs decode.
func isBase64(t chat.Text) bool {
	for _, c := range t {
		if c|0x20-'a' > 25 && c-'0' > 9 && c != '+' && c != '/' && c != '=' {
			return false
		}
	}
	return len(t) > 0 && len(t)%4 == 0
}

func citations(b *rawjson.Builder, p *chat.Part) {
	b.Raw(`{"citationsContent":{"content":[{`)
	b.Text("text", p.Text)
	b.Raw(`}],"citations":[`)
	var doc rawjson.Doc
	if doc.Parse(p.Citations) == nil {
		for c := doc.Root().Cursor(); c.Next(); {
			b.Comma()
			citation(b, c.Value)
		}
	}
	b.Raw(`]}}`)
}

// places are where a citation can be from, as Anthropic and as this API spell it.
var places = [...]struct{ kind, unit, index, key, name string }{
	{"char_location", "char_index", "document_index", `"documentChar":`, "documentIndex"},
	{"page_location", "page_number", "document_index", `"documentPage":`, "documentIndex"},
	{"content_block_location", "block_index", "document_index", `"documentChunk":`, "documentIndex"},
	{"search_result_location", "block_index", "search_result_index", `"searchResultLocation":`, "searchResultIndex"},
}

// citation writes one, which comes in Anthropic's form.
func citation(b *rawjson.Builder, c rawjson.Value) {
	b.Raw(`{`)
	member(b, "title", c, "document_title")
	member(b, "title", c, "title")
	if c.Get("cited_text").Kind() == rawjson.String {
		b.Key("sourceContent")
		b.Raw(`[{`)
		member(b, "text", c, "cited_text")
		b.Raw(`}]`)
	}
	if c.Get("url").Kind() == rawjson.String {
		b.Key("location")
		b.Raw(`{"web":{`)
		member(b, "url", c, "url")
		b.Raw(`}}`)
	}
	kind := c.Get("type")
	for i := range places {
		if p := &places[i]; kind.Is(p.kind) {
			b.Key("location")
			b.Raw(`{`)
			b.Raw(p.key)
			b.Raw(`{`)
			number(b, p.name, c, p.index)
			number(b, "start", c, "start_"+p.unit)
			number(b, "end", c, "end_"+p.unit)
			b.Raw(`}}`)
		}
	}
	b.Raw(`}`)
}

// member copies a string, if there is one.
//
//go:noinline
func member(b *rawjson.Builder, as string, c rawjson.Value, key string) {
	if t := c.Get(key); t.Kind() == rawjson.String {
		b.Value(as, t.Raw())
	}
}

//go:noinline
func number(b *rawjson.Builder, as string, c rawjson.Value, key string) {
	n, _ := c.Get(key).Int64()
	b.Int(as, n)
}

// reasons are the values of stopReason.
var reasons = [...]string{
	chat.FinishNone:     `"end_turn"`,
	chat.FinishStop:     `"end_turn"`,
	chat.FinishLength:   `"max_tokens"`,
	chat.FinishTools:    `"tool_use"`,
	chat.FinishFilter:   `"content_filtered"`,
	chat.FinishRefusal:  `"content_filtered"`,
	chat.FinishPause:    `"max_tokens"`,
	chat.FinishSequence: `"stop_sequence"`,
}

// stop writes why an answer ended: one with calls wants them made, and one without has
// none that are the client's.
func stop(b *rawjson.Builder, f chat.Finish, called bool, sequence chat.Text) {
	if called && f == chat.FinishStop {
		f = chat.FinishTools
	} else if !called && f == chat.FinishTools {
		f = chat.FinishStop
	}
	b.Const("stopReason", reasons[f])
	if len(sequence) > 0 {
		b.Raw(`,"additionalModelResponseFields":{`)
		b.Text("stop_sequence", sequence)
		b.Raw(`}`)
	}
}

// metadata writes what an answer has used, where input is what neither came from a cache
// nor went to one, and how long it took.
func metadata(b *rawjson.Builder, u *chat.Usage, elapsed int64) {
	b.Key("usage")
	b.Raw(`{`)
	fresh := max(u.Input-u.CachedRead-u.CacheWrite, 0)
	b.Int("inputTokens", fresh)
	b.Int("outputTokens", u.Output)
	b.Int("totalTokens", fresh+u.CachedRead+u.CacheWrite+u.Output)
	b.Int("cacheReadInputTokens", u.CachedRead)
	b.Int("cacheWriteInputTokens", u.CacheWrite)
	b.Raw(`},"metrics":{`)
	b.Int("latencyMs", elapsed/1e6)
	b.Raw(`}`)
}
