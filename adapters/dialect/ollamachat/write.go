package ollamachat

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/rfc3339"
)

// appendResponse appends the first answer, as there is one to a request here.
func appendResponse(dst []byte, r *chat.Response, generate bool) []byte {
	b := rawjson.Builder{Dst: dst}
	b.Raw(`{`)
	b.Text("model", r.Model)
	b.Key("created_at")
	b.Raw(`"`)
	b.Dst = rfc3339.Append(b.Dst, r.Created)
	b.Raw(`"`)
	var c chat.Choice
	if len(r.Choices) > 0 {
		c = r.Choices[0]
	}
	if generate {
		joined(&b, "response", c.Parts, chat.TextPart, chat.RefusalPart, true)
		joined(&b, "thinking", c.Parts, chat.ThinkingPart, chat.ThinkingPart, false)
	} else {
		b.Raw(`,"message":{"role":"assistant"`)
		joined(&b, "content", c.Parts, chat.TextPart, chat.RefusalPart, true)
		joined(&b, "thinking", c.Parts, chat.ThinkingPart, chat.ThinkingPart, false)
		calls(&b, c.Parts)
		b.Raw(`}`)
	}
	if tokens := content(c.Logprobs); len(tokens) > 0 {
		b.Value("logprobs", tokens)
	}
	end(&b, c.Finish, r.Usage, r.Elapsed)
	b.Raw(`}`)
	return b.Dst
}

// joined writes the texts of two kinds as one member, which may have to be there.
func joined(b *rawjson.Builder, key string, parts []chat.Part, one, other chat.PartKind, always bool) {
	before := len(b.Dst)
	b.Key(key)
	b.Raw(`"`)
	from := len(b.Dst)
	for i := range parts {
		if k := parts[i].Kind; k == one || k == other {
			b.Put(parts[i].Text)
		}
	}
	if len(b.Dst) == from && !always {
		b.Dst = b.Dst[:before]
		return
	}
	b.Raw(`"`)
}

func calls(b *rawjson.Builder, parts []chat.Part) {
	n := int64(0)
	for i := range parts {
		p := &parts[i]
		if p.Kind != chat.ToolCallPart {
			continue
		}
		if n == 0 {
			b.Key("tool_calls")
			b.Raw(`[`)
		}
		b.Comma()
		toolCall(b, p, n)
		n++
	}
	if n > 0 {
		b.Raw(`]`)
	}
}

// toolCall writes a call. Arguments that are no object, as when the model's tokens ran
// out amidst it, are wrapped in one.
func toolCall(b *rawjson.Builder, p *chat.Part, index int64) {
	b.Raw(`{`)
	b.Text("id", p.ID)
	b.Raw(`,"function":{`)
	b.Int("index", index)
	b.Text("name", p.Name)
	b.Key("arguments")
	doc := rawjson.Doc{LoneSurrogates: true}
	from := len(b.Dst)
	var err error
	if b.Dst, err = p.AppendInput(b.Dst, &doc); err != nil {
		b.Raw(`{"INVALID_JSON":`)
		b.Str(p.Arguments)
		b.Raw(`}`)
	}
	b.Dst = oneLine(b.Dst, from)
	b.Raw(`}}`)
}

// oneLine takes the line ends out of a document that begins at from: in JSON they stand
// between tokens only, and here they would end the line.
func oneLine(dst []byte, from int) []byte {
	to := from
	for _, c := range dst[from:] {
		if c != '\n' && c != '\r' {
			dst[to] = c
			to++
		}
	}
	return dst[:to]
}

// content is the list of tokens in log probabilities of OpenAI's form, which is the
// API's own.
func content(logprobs chat.Raw) []byte {
	if len(logprobs) == 0 {
		return nil
	}
	doc := rawjson.Doc{LoneSurrogates: true}
	if doc.Parse(logprobs) != nil {
		return nil
	}
	list := doc.Root().Get("content")
	if list.Kind() != rawjson.Array || list.Len() == 0 {
		return nil
	}
	return oneLine(append([]byte(nil), list.Raw()...), 0)
}

// reasons are the values of done_reason; the API itself knows nothing of filters.
var reasons = [...]string{
	chat.FinishNone:     `"stop"`,
	chat.FinishStop:     `"stop"`,
	chat.FinishLength:   `"length"`,
	chat.FinishTools:    `"stop"`,
	chat.FinishFilter:   `"content_filter"`,
	chat.FinishRefusal:  `"stop"`,
	chat.FinishPause:    `"length"`,
	chat.FinishSequence: `"stop"`,
}

// end writes what an answer that is done has beside its message. Of the durations only
// the whole is known, which clients divide tokens by.
func end(b *rawjson.Builder, f chat.Finish, u chat.Usage, elapsed int64) {
	b.Const("done", "true")
	b.Const("done_reason", reasons[f])
	b.Int("total_duration", elapsed)
	b.Raw(`,"load_duration":0`)
	b.Int("prompt_eval_count", u.Input)
	b.Raw(`,"prompt_eval_duration":0`)
	b.Int("eval_count", u.Output)
	b.Int("eval_duration", elapsed)
}
