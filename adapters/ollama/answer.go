package ollama

import (
	"errors"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/rfc3339"
)

var (
	errUnfinished = errors.New("the answer has no message, or is not done")
	errNameless   = errors.New("the answer has a call that names no function")
)

// ReadResponse reads a whole answer of /api/chat.
func (a *adapter) ReadResponse(answer rawjson.Value, out *chat.Response) error {
	m := answer.Get("message")
	if done, _ := answer.Get("done").Bool(); !done || m.Kind() != rawjson.Object {
		return errUnfinished
	}
	ids := newIDs(answer)
	out.ID, out.Model, out.Created = ids.answer(), inner(answer.Get("model")), created(answer)
	out.Usage, out.Counted = usage(answer)
	c := out.Choose()
	var err error
	if c.Parts, err = ids.parts(c.Parts, m); err != nil {
		return err
	}
	c.Finish = finish(answer.Get("done_reason"), ids.calls > 0)
	c.Logprobs = logprobs(answer.Get("logprobs"))
	return nil
}

func inner(v rawjson.Value) chat.Text { return chat.Spelled(v) }

// created is when an answer was made; 0 if it does not say.
func created(v rawjson.Value) int64 {
	seconds, _ := rfc3339.Parse(v.Get("created_at").Bytes())
	return max(seconds, 0)
}

// usage reads the counts. A prompt that the server has wholly in its cache has none.
func usage(v rawjson.Value) (u chat.Usage, counted bool) {
	input, ok := v.Get("prompt_eval_count").Int64()
	output, counted := v.Get("eval_count").Int64()
	return chat.Usage{Input: max(input, 0), Output: max(output, 0)}, ok || counted
}

// finish reads why an answer ended: stop even if it wants its calls made. load and
// unload are the answers to requests that nobody here can send.
func finish(reason rawjson.Value, called bool) chat.Finish {
	switch {
	case reason.Is("length"):
		return chat.FinishLength
	case called:
		return chat.FinishTools
	}
	return chat.FinishStop
}

// ids makes what answers here do not have: an id, and in older servers ids of calls.
// They differ as the times of answers do, which are told to the nanosecond.
type ids struct {
	seed  uint64
	calls int64
}

// newIDs hashes (64-bit FNV-1a) what tells an answer from others.
func newIDs(answer rawjson.Value) ids {
	h := uint64(14695981039346656037)
	for _, key := range [...]string{"created_at", "model"} {
		for _, c := range answer.Get(key).Raw() {
			h = (h ^ uint64(c)) * 1099511628211
		}
	}
	return ids{seed: h}
}

func (d *ids) answer() chat.Text {
	const digits = "0123456789abcdef"
	var id chat.Text
	for shift := 60; shift >= 0; shift -= 4 {
		id = append(id, digits[d.seed>>shift&15])
	}
	return id
}

// parts appends what a message says, or adds to what was said.
func (d *ids) parts(dst []chat.Part, m rawjson.Value) ([]chat.Part, error) {
	dst = chat.AppendText(dst, chat.ThinkingPart, inner(m.Get("thinking")))
	dst = chat.AppendText(dst, chat.TextPart, inner(m.Get("content")))
	for it := m.Get("tool_calls").Items(); it.Next(); {
		c := it.Value
		var ok bool
		if dst, ok = d.call(dst, c); !ok {
			return dst, errNameless
		}
	}
	return dst, nil
}

// call appends a call; false if it names no function.
func (d *ids) call(dst []chat.Part, c rawjson.Value) ([]chat.Part, bool) {
	f := c.Get("function")
	dst = chat.AppendPart(dst, chat.ToolCallPart)
	p := &dst[len(dst)-1]
	p.ID, p.Name, p.Input = inner(c.Get("id")), inner(f.Get("name")), chat.Raw("{}")
	if args := f.Get("arguments"); args.Kind() == rawjson.Object {
		p.Input = args.Raw()
	}
	if len(p.ID) == 0 {
		p.ID = append(append(chat.Text("call_"), d.answer()...), '_')
		p.ID = rawjson.AppendInt(p.ID, d.calls)
	}
	d.calls++
	return dst, len(p.Name) > 0
}

// logprobs turns the server's list into OpenAI's form, which has the same elements, but
// with all their members.
func logprobs(v rawjson.Value) chat.Raw {
	if v.Len() == 0 {
		return nil
	}
	var b rawjson.Builder
	b.Raw(`{"content":[`)
	for it := v.Items(); it.Next(); {
		e := it.Value
		token(&b, e)
		b.Raw(`,"top_logprobs":[`)
		for it := e.Get("top_logprobs").Items(); it.Next(); {
			t := it.Value
			token(&b, t)
			b.Raw(`}`)
		}
		b.Raw(`]}`)
	}
	b.Raw(`],"refusal":null}`)
	return b.Dst
}

// token appends an object for a token, which it leaves open.
func token(b *rawjson.Builder, v rawjson.Value) {
	b.Comma()
	b.Raw(`{`)
	b.Text("token", inner(v.Get("token")))
	b.Key("logprob")
	if p := v.Get("logprob"); p.Kind() == rawjson.Number {
		b.Put(p.Raw())
	} else {
		b.Raw(`0`)
	}
	b.Key("bytes")
	if p := v.Get("bytes"); p.Kind() == rawjson.Array {
		b.Put(p.Raw())
	} else {
		b.Raw(`null`)
	}
}
