package openai

import (
	"errors"
	"strconv"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Members of an answer, of a choice and of its message, in the order of their names.
const (
	answerChoices = iota
	answerUsage
	answerID
	answerModel
	answerCreated
	answerTier
	answerSystem
	answerMembers
)

const (
	choiceMessage = iota
	choiceFinish
	choiceLogprobs
	choiceMembers
)

const (
	messageContent = iota
	messageRefusal
	messageCalls
	messageAnnotations
	messageDetails
	messageReasoning
	messageReasoned
	messageMembers
)

var (
	answerNames  = [answerMembers]string{"choices", "usage", "id", "model", "created", "service_tier", "system_fingerprint"}
	choiceNames  = [choiceMembers]string{"message", "finish_reason", "logprobs"}
	messageNames = [messageMembers]string{"content", "refusal", "tool_calls", "annotations", "reasoning_details", "reasoning_content", "reasoning"}
)

// ReadResponse fills out from a chat completion.
func (a *Adapter) ReadResponse(answer rawjson.Value, out *chat.Response) error {
	var m [answerMembers]rawjson.Value
	answer.Pick(m[:], answerNames[:])
	choices := m[answerChoices]
	if choices.Kind() != rawjson.Array || choices.Len() == 0 {
		return errors.New("choices: want at least one, got " + choices.Kind().String())
	}
	if u := m[answerUsage]; u.Kind() == rawjson.Object {
		out.Usage, out.Counted = usage(u), true
	}
	out.ID = inner(m[answerID])
	out.Model = inner(m[answerModel])
	out.Created, _ = m[answerCreated].Int64()
	out.Tier = inner(m[answerTier])
	out.System = inner(m[answerSystem])
	called := false
	for it := choices.Items(); it.Next(); {
		var c [choiceMembers]rawjson.Value
		it.Value.Pick(c[:], choiceNames[:])
		if c[choiceFinish].Is("error") {
			return errFailed
		}
		if it.Index == 0 && out.Unwanted > 0 {
			f := finish(c[choiceFinish].Bytes(), false, false)
			if f != chat.FinishStop && out.Unwanted.Has(f) { // the word for a stop also stands before calls
				out.Choose().Finish = f
				return nil
			}
		}
		called = a.choice(&c, out.Created, out.Choose()) || called
	}
	if called {
		return out.Callable()
	}
	return nil
}

func inner(v rawjson.Value) chat.Text { return chat.Spelled(v) }

// choice reads one answer, and reports whether it has calls. One that a filter has stopped may have no
// message at all.
func (a *Adapter) choice(v *[choiceMembers]rawjson.Value, created int64, c *chat.Choice) bool {
	var m [messageMembers]rawjson.Value
	v[choiceMessage].Pick(m[:], messageNames[:])
	content := m[messageContent]
	if m[messageDetails].Exists() || m[messageReasoning].Exists() || m[messageReasoned].Exists() {
		c.Parts = thoughts(&m, c.Parts)
	}
	if t := inner(content); len(t) > 0 && a.p.Tags {
		c.Parts = untagged(t, c.Parts)
	} else if len(t) > 0 {
		c.Parts = chat.AppendText(c.Parts, chat.TextPart, t)
		if a := m[messageAnnotations]; a.Exists() {
			c.Parts[len(c.Parts)-1].Citations = citations(a)
		}
	} else {
		c.Parts = parts(content, c.Parts)
	}
	refusal := inner(m[messageRefusal])
	if len(refusal) > 0 {
		c.Parts = chat.AppendText(c.Parts, chat.RefusalPart, refusal)
	}
	calls := 0
	for it := m[messageCalls].Items(); it.Next(); {
		call := callOf(it.Value)
		c.Parts = call.appendTo(c.Parts, created, calls)
		calls++
	}
	c.Finish = finish(v[choiceFinish].Bytes(), calls > 0, len(refusal) > 0)
	if l := v[choiceLogprobs]; l.Kind() == rawjson.Object {
		c.Logprobs = l.Raw()
	}
	return calls > 0
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
func thoughts(m *[messageMembers]rawjson.Value, parts []chat.Part) []chat.Part {
	if details := m[messageDetails]; details.Len() > 0 {
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
	return chat.AppendText(parts, chat.ThinkingPart, plainThought(m[messageReasoning], m[messageReasoned]))
}

// plainThought is thinking without its signature, under the names it has: DeepSeek's
// and OpenRouter's.
func plainThought(content, reasoning rawjson.Value) chat.Text {
	if t := inner(content); len(t) > 0 {
		return t
	}
	return inner(reasoning)
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
