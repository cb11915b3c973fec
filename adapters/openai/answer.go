package openai

import (
	"errors"
	"strconv"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// ReadResponse fills out from a chat completion.
func (a *Adapter) ReadResponse(answer rawjson.Value, out *chat.Response) error {
	choices := answer.Get("choices")
	if choices.Kind() != rawjson.Array || choices.Len() == 0 {
		return errors.New("choices: want at least one, got " + choices.Kind().String())
	}
	if u := answer.Get("usage"); u.Kind() == rawjson.Object {
		out.Usage, out.Counted = usage(u), true
	}
	if out.Unwanted > 0 {
		f := finish(choices.At(0).Get("finish_reason").Bytes(), false, false)
		if f != chat.FinishStop && out.Unwanted.Has(f) { // the word for a stop also stands before calls
			out.Choose().Finish = f
			return nil
		}
	}
	out.ID = inner(answer.Get("id"))
	out.Model = inner(answer.Get("model"))
	out.Created, _ = answer.Get("created").Int64()
	out.Tier = inner(answer.Get("service_tier"))
	out.System = inner(answer.Get("system_fingerprint"))
	for it := choices.Items(); it.Next(); {
		c := it.Value
		if c.Get("finish_reason").Is("error") {
			return errFailed
		}
		a.choice(c, out.Created, out.Choose())
	}
	return out.Callable()
}

func inner(v rawjson.Value) chat.Text { return chat.Spelled(v) }

// choice reads one answer. One that a filter has stopped may have no message at all.
func (a *Adapter) choice(v rawjson.Value, created int64, c *chat.Choice) {
	m := v.Get("message")
	content := m.Get("content")
	c.Parts = thoughts(m, c.Parts)
	if t := inner(content); len(t) > 0 && a.p.Tags {
		c.Parts = untagged(t, c.Parts)
	} else if len(t) > 0 {
		c.Parts = chat.AppendText(c.Parts, chat.TextPart, t)
		c.Parts[len(c.Parts)-1].Citations = citations(m.Get("annotations"))
	}
	c.Parts = parts(content, c.Parts)
	refusal := inner(m.Get("refusal"))
	c.Parts = chat.AppendText(c.Parts, chat.RefusalPart, refusal)
	calls := 0
	for it := m.Get("tool_calls").Items(); it.Next(); {
		call := callOf(it.Value)
		c.Parts = call.appendTo(c.Parts, created, calls)
		calls++
	}
	c.Finish = finish(v.Get("finish_reason").Bytes(), calls > 0, len(refusal) > 0)
	if l := v.Get("logprobs"); l.Kind() == rawjson.Object {
		c.Logprobs = l.Raw()
	}
}

// finish reads why the answer ended. A function that had to be called ends with "stop".
//
//go:noinline
func finish(reason []byte, called, refused bool) chat.Finish {
	switch string(reason) {
	case "length", "model_length":
		return chat.FinishLength
	case "content_filter":
		return chat.FinishFilter
	case "tool_calls", "function_call":
		return chat.FinishTools
	}
	switch {
	case called:
		return chat.FinishTools
	case refused:
		return chat.FinishRefusal
	}
	return chat.FinishStop
}

// callID makes an id for a call that came without one, as some servers of this format
// send them.
func callID(dst []byte, created int64, n int) chat.Text {
	dst = strconv.AppendInt(append(dst, "call_"...), created, 16)
	return strconv.AppendInt(append(dst, '_'), int64(n), 10)
}

// thoughts appends the thinking of a message, which other servers of this format show:
// in detail, or as text.
func thoughts(m rawjson.Value, parts []chat.Part) []chat.Part {
	if details := m.Get("reasoning_details"); details.Len() > 0 {
		for it := details.Items(); it.Next(); {
			d := it.Value
			switch kind := d.Get("type"); {
			case kind.Is("reasoning.text"):
				parts = chat.AppendPart(parts, chat.ThinkingPart)
				p := &parts[len(parts)-1]
				p.Text, p.Signature = inner(d.Get("text")), inner(d.Get("signature"))
			case kind.Is("reasoning.summary"):
				parts = chat.AppendPart(parts, chat.ThinkingPart)
				parts[len(parts)-1].Text = inner(d.Get("summary"))
			case kind.Is("reasoning.encrypted"):
				parts = chat.AppendPart(parts, chat.RedactedPart)
				parts[len(parts)-1].Text = inner(d.Get("data"))
			}
		}
		return parts
	}
	return chat.AppendText(parts, chat.ThinkingPart, plainThought(m))
}

// plainThought is thinking without its signature, under the names it has: DeepSeek's
// and OpenRouter's.
func plainThought(v rawjson.Value) chat.Text {
	if t := inner(v.Get("reasoning_content")); len(t) > 0 {
		return t
	}
	return inner(v.Get("reasoning"))
}

// citations are annotations in Anthropic's form, nil if there are none.
func citations(annotations rawjson.Value) chat.Raw {
	var raw chat.Raw
	for it := annotations.Items(); it.Next(); {
		a := it.Value
		if c := a.Get("url_citation"); c.Kind() == rawjson.Object {
			if raw == nil {
				raw = chat.Raw{'['}
			} else {
				raw = append(raw, ',')
			}
			raw = appendCitation(raw, c)
		}
	}
	if raw == nil {
		return nil
	}
	return append(raw, ']')
}

// appendCitation appends the citation of a web page. OpenAI names the place in the
// answer, not what the page says there.
func appendCitation(dst chat.Raw, c rawjson.Value) chat.Raw {
	dst = append(dst, `{"type":"web_search_result_location","url":"`...)
	dst = append(dst, inner(c.Get("url"))...)
	dst = append(dst, `","title":"`...)
	dst = append(dst, inner(c.Get("title"))...)
	return append(dst, `","cited_text":"","encrypted_index":""}`...)
}
