package openaichat

import (
	"strconv"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

func (d *reader) messages(v rawjson.Value) {
	if v.Kind() != rawjson.Array {
		d.fail(wrongType(v, "an array of objects"))
		return
	}
	if v.Len() == 0 {
		d.fail(emptyArray(v))
	}
	if v.Len() > mostParts {
		d.fail(tooLong(v, mostParts))
	}
	for it := v.Items(); it.Next(); {
		m := it.Value
		if d.message(d.object(m)); d.err != nil {
			return
		}
	}
}

// A message is its members; those that are null are absent.
type message struct {
	role, content, name, id, calls, refusal rawjson.Value
	function, details, blocks, reasoning    rawjson.Value
	audio, cache                            rawjson.Value
}

// members sorts a message's members. annotations are those of an answer that an SDK
// sends back.
func (d *reader) members(v rawjson.Value, m *message) {
	for it := v.Members(); it.Next(); {
		k, f := it.Key, it.Value
		if f.IsNull() {
			continue
		}
		switch string(k.Bytes()) {
		case "role":
			m.role = f
		case "content":
			m.content = f
		case "name":
			m.name = f
		case "tool_call_id":
			m.id = f
		case "tool_calls":
			m.calls = f
		case "refusal":
			m.refusal = f
		case "function_call":
			m.function = f
		case "reasoning_details":
			m.details = f
		case "thinking_blocks":
			m.blocks = f
		case "reasoning_content":
			m.reasoning = f
		case "reasoning":
			if !m.reasoning.Exists() {
				m.reasoning = f
			}
		case "audio":
			m.audio = f
		case "cache_control":
			m.cache = f
		case "annotations":
		default:
			d.extra(k, f)
		}
	}
}

func (d *reader) message(v rawjson.Value) {
	var m message
	if d.members(v, &m); d.err != nil {
		return
	}
	switch {
	case !m.role.Exists():
		d.fail(missing(v, "role"))
	case m.role.Is("user"):
		d.begin(chat.User, v, &m)
		d.content(v, m.content, textType|mediaTypes)
	case m.role.Is("assistant"):
		d.assistant(v, &m)
	case m.role.Is("system"), m.role.Is("developer"):
		d.begin(chat.System, v, &m)
		d.content(v, m.content, textType)
	case m.role.Is("tool"):
		d.toolResult(v, &m)
	case m.role.Is("function"):
		d.functionResult(v, &m)
	case m.role.Kind() != rawjson.String:
		d.fail(wrongType(m.role, "a string"))
	default:
		d.fail(badValue(m.role, "'system', 'assistant', 'user', 'function', 'tool', and 'developer'"))
	}
	if d.err == nil && m.cache.Exists() {
		parts := d.r.Messages[len(d.r.Messages)-1].Parts
		parts[len(parts)-1].CacheControl = d.object(m.cache).Raw() // it is the message's end that is kept
	}
}

func (d *reader) begin(role chat.Role, v rawjson.Value, m *message) {
	begun := d.r.Begin(role)
	begun.At = v
	if m.name.Exists() {
		begun.Name = d.text(m.name)
	}
}

//go:noinline
func (d *reader) add(p chat.Part) {
	if d.count() {
		d.r.Add(p)
	}
}

func (d *reader) count() bool {
	if d.parts++; d.parts > mostParts && d.err == nil {
		d.fail(invalid("array_above_max_length", "messages", "Invalid 'messages': too many content parts. Expected at most "+strconv.Itoa(mostParts)+"."))
	}
	return d.err == nil
}

// assistant reads an earlier answer. The API has no order between thinking, text and
// calls; this is the one in which models write them.
func (d *reader) assistant(v rawjson.Value, m *message) {
	if m.audio.Exists() {
		d.fail(unsupported(m.audio, "is not supported with this model: it names an answer that OpenAI keeps."))
		return
	}
	d.begin(chat.Assistant, v, m)
	d.thoughts(m)
	calls := m.calls.Exists() || m.function.Exists()
	alone := !calls && !m.refusal.Exists()
	if m.content.Exists() && !(calls && m.content.Is("")) {
		d.content(v, m.content, textType|refusalType)
	}
	if m.refusal.Exists() {
		if t := d.text(m.refusal); len(t) > 0 {
			d.add(chat.Part{Kind: chat.RefusalPart, Text: t, At: m.refusal})
		}
	}
	if m.calls.Exists() {
		d.calls(m.calls)
	}
	if m.function.Exists() {
		d.functionCall(m.function)
	}
	if d.err != nil {
		return
	}
	if len(d.r.Messages[len(d.r.Messages)-1].Parts) == 0 {
		if alone && !m.content.Exists() {
			path := rawjson.JoinPath(v.Path(), "content")
			d.fail(invalid("invalid_value", path, "Invalid value for '"+path+"': expected a string, got null."))
			return
		}
		d.add(chat.Part{At: v})
	}
}

func (d *reader) calls(v rawjson.Value) {
	if v.Kind() != rawjson.Array {
		d.fail(wrongType(v, "an array of objects"))
		return
	}
	for it := v.Items(); it.Next(); {
		c := it.Value
		d.object(c)
		if kind := c.Get("type"); kind.Exists() && !kind.IsNull() && !kind.Is("function") {
			d.text(kind)
			d.fail(unsupported(kind, "names a call that is not supported with this model: only calls of functions are."))
		}
		f := d.object(d.need(c, "function"))
		if d.err != nil {
			return
		}
		d.add(chat.Part{
			Kind:      chat.ToolCallPart,
			ID:        d.filled(d.need(c, "id")),
			Name:      d.filled(d.need(f, "name")),
			Arguments: d.arguments(f),
			At:        f.Get("arguments"),
		})
		if hint := c.Get("cache_control"); hint.Kind() == rawjson.Object && d.err == nil {
			parts := d.r.Messages[len(d.r.Messages)-1].Parts
			parts[len(parts)-1].CacheControl = hint.Raw()
		}
	}
}

// arguments are those of a call. An empty string means none, as no arguments do. Mistral's
// clients may send the object itself.
func (d *reader) arguments(f rawjson.Value) chat.Text {
	if v := f.Get("arguments"); v.Kind() == rawjson.Object {
		return rawjson.AppendEscaped(nil, v.Raw())
	}
	if t := d.text(d.need(f, "arguments")); len(t) > 0 {
		return t
	}
	return chat.Text("{}")
}

// functionCall reads a call of before tools. It had no id, so one is made up.
func (d *reader) functionCall(v rawjson.Value) {
	d.object(v)
	if d.err != nil {
		return
	}
	d.legacy = d.filled(d.need(v, "name"))
	d.callID = strconv.AppendInt([]byte("call_of_message_"), int64(len(d.r.Messages)-1), 10)
	d.add(chat.Part{Kind: chat.ToolCallPart, ID: d.callID, Name: d.legacy, Arguments: d.arguments(v), At: v.Get("arguments")})
}

func (d *reader) functionResult(v rawjson.Value, m *message) {
	if !m.name.Exists() {
		d.fail(missing(v, "name"))
		return
	}
	name := d.text(m.name)
	if d.err == nil && (d.callID == nil || string(name) != string(d.legacy)) {
		path := m.name.Path()
		d.fail(invalid("invalid_value", path, "Invalid value for '"+path+"': no earlier message calls this function."))
	}
	d.result(v, m, chat.Part{Kind: chat.ToolResultPart, ID: d.callID, Name: name})
	d.callID = nil
}

func (d *reader) toolResult(v rawjson.Value, m *message) {
	if !m.id.Exists() {
		d.fail(missing(v, "tool_call_id"))
		return
	}
	p := chat.Part{Kind: chat.ToolResultPart, ID: d.filled(m.id)}
	if m.name.Exists() {
		p.Name = d.text(m.name)
	}
	d.result(v, m, p)
}

// result reads the content of a tool's answer. The API takes only text there; images
// and files are read for providers that take them.
func (d *reader) result(v rawjson.Value, m *message, p chat.Part) {
	d.r.Begin(chat.ToolRole).At = v
	p.At = v
	if d.add(p); d.err == nil {
		d.content(v, m.content, textType|mediaTypes|inResult)
	}
}
