package llama

import (
	"errors"
	"strconv"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// ReadResponse fills out from a whole answer.
func (a *adapter) ReadResponse(answer rawjson.Value, out *chat.Response) error {
	m := answer.Get("completion_message")
	if m.Kind() != rawjson.Object {
		return errors.New("completion_message: want an object, got " + m.Kind().String())
	}
	out.ID = inner(answer.Get("id"))
	out.Usage, out.Counted = usage(answer.Get("metrics"))
	content := m.Get("content")
	if content.Kind() == rawjson.Object {
		content = content.Get("text")
	}
	c := out.Choose()
	c.Parts = chat.AppendText(c.Parts, chat.TextPart, inner(content))
	calls := m.Get("tool_calls")
	for it := calls.Items(); it.Next(); {
		i, v := it.Index, it.Value
		f := v.Get("function")
		c.Parts = chat.AppendPart(c.Parts, chat.ToolCallPart)
		p := &c.Parts[len(c.Parts)-1]
		p.ID, p.Name, p.Arguments = inner(v.Get("id")), inner(f.Get("name")), inner(f.Get("arguments"))
		if len(p.ID) == 0 {
			p.ID = callID(i)
		}
		if len(p.Arguments) == 0 {
			p.Arguments = chat.Text("{}")
		}
	}
	c.Finish = finish(m.Get("stop_reason"), calls.Len() > 0)
	return out.Callable()
}

func inner(v rawjson.Value) chat.Text { return chat.Spelled(v) }

func finish(reason rawjson.Value, called bool) chat.Finish {
	switch {
	case reason.Is("length"):
		return chat.FinishLength
	case reason.Is("tool_calls"), called:
		return chat.FinishTools
	}
	return chat.FinishStop
}

// callID makes an id for a call that came without one.
func callID(n int) chat.Text { return strconv.AppendInt(chat.Text("call_"), int64(n), 10) }

// mostTokens is far above any count.
const mostTokens = 1 << 50

// usage reads the metrics that count tokens; false if there are none. They are numbers
// of any spelling.
func usage(metrics rawjson.Value) (u chat.Usage, ok bool) {
	for it := metrics.Items(); it.Next(); {
		m := it.Value
		n, _ := m.Get("value").Float64()
		if n < 0 || n > mostTokens {
			continue
		}
		switch name := m.Get("metric"); {
		case name.Is("num_prompt_tokens"):
			u.Input, ok = int64(n), true
		case name.Is("num_completion_tokens"):
			u.Output, ok = int64(n), true
		}
	}
	return u, ok
}
