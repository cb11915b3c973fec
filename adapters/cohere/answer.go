package cohere

import (
	"errors"
	"strconv"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var (
	errNoMessage = errors.New("the answer has no message")
	errNameless  = errors.New("the answer has a call that names no function")
	errFailed    = errors.New("the model failed")
	errTooLate   = errors.New("the model ran out of time")
)

// ReadResponse reads a V2ChatResponse.
func (a *adapter) ReadResponse(answer rawjson.Value, out *chat.Response) error {
	m := answer.Get("message")
	if m.Kind() != rawjson.Object {
		return errNoMessage
	}
	out.ID = inner(answer.Get("id"))
	out.Usage, out.Counted = usage(answer.Get("usage"))
	c := out.Choose()
	var err error
	if c.Parts, err = parts(c.Parts, m); err != nil {
		return err
	}
	if c.Finish, err = finish(answer.Get("finish_reason")); err != nil {
		return err
	}
	if list := answer.Get("logprobs"); list.Len() > 0 {
		c.Logprobs = logprobs(list)
	}
	return nil
}

func inner(v rawjson.Value) chat.Text { return chat.Spelled(v) }

// parts appends what a message has: its thoughts and texts, its plan, its calls.
func parts(list []chat.Part, m rawjson.Value) ([]chat.Part, error) {
	cited := chat.Raw(citations(m.Get("citations")))
	for it := m.Get("content").Items(); it.Next(); {
		b := it.Value
		list = chat.AppendText(list, chat.ThinkingPart, inner(b.Get("thinking")))
		before := len(list)
		if list = chat.AppendText(list, chat.TextPart, inner(b.Get("text"))); len(list) > before {
			list[before].Citations, cited = cited, nil
		}
	}
	list = chat.AppendText(list, chat.TextPart, inner(m.Get("tool_plan")))
	for it := m.Get("tool_calls").Items(); it.Next(); {
		c := it.Value
		f := c.Get("function")
		list = chat.AppendPart(list, chat.ToolCallPart)
		p := &list[len(list)-1]
		p.ID, p.Name, p.Arguments = inner(c.Get("id")), inner(f.Get("name")), inner(f.Get("arguments"))
		if len(p.Name) == 0 || len(p.ID) == 0 {
			return nil, errNameless
		}
	}
	return list, nil
}

// finish reads why an answer ended. A reason that is new counts as its end.
func finish(reason rawjson.Value) (chat.Finish, error) {
	switch string(reason.Bytes()) {
	case "STOP_SEQUENCE":
		return chat.FinishSequence, nil
	case "MAX_TOKENS":
		return chat.FinishLength, nil
	case "TOOL_CALL":
		return chat.FinishTools, nil
	case "ERROR":
		return 0, errFailed
	case "TIMEOUT":
		return 0, errTooLate
	}
	return chat.FinishStop, nil
}

// usage reads the tokens; what is billed stands in only where they are missing. Both
// are numbers that may have a fraction of zero.
func usage(v rawjson.Value) (u chat.Usage, counted bool) {
	from := v.Get("tokens")
	if from.Len() == 0 {
		from = v.Get("billed_units")
	}
	count := func(v rawjson.Value) int64 {
		f, ok := v.Float64()
		const most = 1 << 50
		if !ok || !(f > 0 && f < most) {
			return 0
		}
		counted = true
		return int64(f)
	}
	u.Input, u.Output = count(from.Get("input_tokens")), count(from.Get("output_tokens"))
	u.CachedRead = min(count(v.Get("cached_tokens")), u.Input)
	return u, counted
}

// citations turns a list into Anthropic's form; nil if nothing of it has one.
func citations(v rawjson.Value) []byte {
	if v.Len() == 0 {
		return nil
	}
	b := rawjson.Builder{Dst: []byte(`[`)}
	for it := v.Items(); it.Next(); {
		c := it.Value
		for it := c.Get("sources").Items(); it.Next(); {
			s := it.Value
			appendSource(&b, s)
		}
	}
	if len(b.Dst) == 1 {
		return nil
	}
	b.Raw(`]`)
	return b.Dst
}

// appendSource writes what a citation names, if it is a document as it was given: the
// results of tools have no form in other APIs.
func appendSource(b *rawjson.Builder, s rawjson.Value) {
	d := s.Get("document")
	text := inner(d.Get("text"))
	index, err := strconv.Atoi(s.Get("id").Str())
	if !s.Get("type").Is("document") || err != nil || index < 0 || text == nil {
		return
	}
	b.Comma()
	b.Raw(`{"type":"char_location"`)
	b.Text("cited_text", text)
	b.Int("document_index", int64(index))
	if title := inner(d.Get("title")); title != nil {
		b.Text("document_title", title)
	} else {
		b.Const("document_title", "null")
	}
	b.Raw(`,"start_char_index":0`)
	b.Int("end_char_index", characters(text))
	b.Raw(`}`)
}

// characters counts what a text says, not how it is spelled.
func characters(t chat.Text) (n int64) {
	for _, c := range rawjson.AppendUnescaped(nil, t) {
		if c&0xc0 != 0x80 {
			n++
		}
	}
	return n
}

// logprobs turns items into OpenAI's form: an item may be of several tokens, of which
// only their text is told.
func logprobs(list rawjson.Value) chat.Raw {
	b := rawjson.Builder{Dst: []byte(`{"content":[`)}
	for it := list.Items(); it.Next(); {
		item := it.Value
		logprob(&b, item)
	}
	b.Raw(`],"refusal":null}`)
	return b.Dst
}

func logprob(b *rawjson.Builder, item rawjson.Value) {
	sum := 0.0
	for it := item.Get("logprobs").Items(); it.Next(); {
		p := it.Value
		f, _ := p.Float64()
		sum += f
	}
	b.Comma()
	b.Raw(`{`)
	b.Text("token", inner(item.Get("text")))
	b.Key("logprob")
	b.Dst = rawjson.AppendFloat(b.Dst, sum)
	b.Raw(`,"bytes":null,"top_logprobs":[]}`)
}
