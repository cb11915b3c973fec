package ollamachat

import (
	"bytes"
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/fields"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A reader reads one request. Its first error sticks.
type reader struct {
	fields.Reader
	open  []call // calls that wait for their results
	calls int64  // in the conversation so far
}

// A call is one of the turn before.
type call struct {
	id, name chat.Text
	answered bool
}

// member reads what the requests have in common.
func (d *reader) member(k, v rawjson.Value) {
	r := d.R
	switch string(k.Bytes()) {
	case "model":
		d.Filled(v)
		r.Model = v.Str()
	case "stream":
		r.Stream = d.Bool(v)
	case "format":
		d.format(v)
	case "think":
		d.think(v)
	case "options":
		d.options(v)
	case "logprobs":
		r.Logprobs = d.Bool(v)
	case "top_logprobs":
		d.Integer(v, 0)
		r.TopLogprobs = v.Raw()
	case "_debug_render_only":
		if d.Bool(v) {
			d.Unsupported(v, "there is no template to render")
		}
	default:
		d.Extra(k, v)
	}
}

// format is json, a schema, or empty. A schema is one that the server holds the model
// to, so that it is strict.
func (d *reader) format(v rawjson.Value) {
	f := &d.R.Format
	switch {
	case v.Kind() == rawjson.Object:
		*f = chat.Format{Kind: chat.FormatSchema, Schema: v.Raw(), Strict: true}
	case v.Is("json"):
		f.Kind = chat.FormatJSON
	case !v.Is(""):
		d.Wrong(v, "'json' or a JSON Schema")
	}
}

// think is whether the model thinks, or how much.
func (d *reader) think(v rawjson.Value) {
	t := &d.R.Reasoning
	yes, isBool := v.Bool()
	switch {
	case isBool && yes:
		t.Adaptive = true
	case isBool:
		t.Effort = chat.EffortNone
	case v.Is("low"):
		t.Effort = chat.EffortLow
	case v.Is("medium"):
		t.Effort = chat.EffortMedium
	case v.Is("high"):
		t.Effort = chat.EffortHigh
	case v.Is("max"):
		t.Effort = chat.EffortMax
	default:
		d.Wrong(v, "true, false, 'low', 'medium', 'high' or 'max'")
	}
}

// options reads those that say how tokens are chosen. Numbers that mean "as usual" are
// left out; what is left concerns how the server runs the model.
func (d *reader) options(v rawjson.Value) { d.Each(v, d.option) }

func (d *reader) option(k, v rawjson.Value) {
	r := d.R
	switch string(k.Bytes()) {
	case "num_predict":
		r.MaxTokens = max(0, d.Integer(v, -2))
	case "temperature":
		r.Temperature = d.Number(v)
	case "top_p":
		r.TopP = d.Number(v)
	case "top_k":
		if d.Integer(v, 0) > 0 {
			r.TopK = v.Raw()
		}
	case "min_p":
		r.MinP = d.Number(v)
	case "frequency_penalty":
		r.FrequencyPenalty = d.Number(v)
	case "presence_penalty":
		r.PresencePenalty = d.Number(v)
	case "seed":
		if d.Integer(v, -1) >= 0 {
			r.Seed = v.Raw()
		}
	case "stop":
		d.Stops(v)
	default:
		d.Extra(k, v)
	}
}

func (d *reader) messages(v rawjson.Value) {
	if d.Array(v).Len() == 0 {
		d.Fail("invalid_value", v.Path(), "want at least one message: models are not loaded and unloaded here")
	}
	d.Items(v, d.message)
}

// message reads a message. The ids of calls that it does not know of are made.
func (d *reader) message(m rawjson.Value) {
	role := d.Need(d.Object(m), "role")
	content, images := d.Optional(m, "content"), m.Get("images")
	switch strings.ToLower(string(role.Bytes())) {
	case "tool":
		d.begin(chat.ToolRole, m)
		d.result(m)
		if len(content) > 0 {
			p := d.New(chat.TextPart, m.Get("content"))
			p.Text = content
			d.AddResult(p)
		}
		d.images(images, d.AddResult)
		return
	case "system", "developer":
		d.begin(chat.System, m)
	case "user":
		d.begin(chat.User, m)
	case "assistant":
		d.begin(chat.Assistant, m)
		d.AddText(chat.ThinkingPart, d.Optional(m, "thinking"), m.Get("thinking"))
	default:
		d.Wrong(role, "'system', 'user', 'assistant' or 'tool'")
		return
	}
	d.images(images, d.Add)
	calls := m.Get("tool_calls")
	d.AddText(chat.TextPart, content, m.Get("content"))
	if len(content)+images.Len()+calls.Len() == 0 {
		d.Add(d.New(chat.TextPart, m.Get("content")))
	}
	if calls.Len() > 0 {
		d.open = d.open[:0] // the calls of the turn before can no longer be answered
		d.Items(calls, d.toolCall)
	}
}

// begin begins a message and notes what it has beside what is known.
func (d *reader) begin(role chat.Role, m rawjson.Value) {
	d.R.Begin(role).At = m
	d.Each(m, func(k, v rawjson.Value) {
		switch string(k.Bytes()) {
		case "role", "content", "thinking", "images", "tool_calls", "tool_name", "tool_call_id":
		default:
			if role == chat.ToolRole && k.Is("name") { // of the tool
				return
			}
			d.Extra(k, v)
		}
	})
}

func (d *reader) toolCall(c rawjson.Value) {
	f := d.Object(d.Need(d.Object(c), "function"))
	id := d.Optional(c, "id")
	if d.Err != nil {
		return
	}
	if len(id) == 0 {
		id = rawjson.AppendInt(chat.Text("call_"), d.calls)
	}
	d.calls++
	p := d.New(chat.ToolCallPart, c)
	p.ID, p.Name, p.Input = id, d.Filled(d.Need(f, "name")), chat.Raw("{}")
	if args := f.Get("arguments"); args.Exists() && !args.IsNull() {
		p.Input = d.Object(args).Raw()
	}
	d.Add(p)
	d.open = append(d.open, call{id: p.ID, name: p.Name})
}

// result begins the result of a call: the one that its id tells, the first of its name
// that waits, or the first that waits.
func (d *reader) result(m rawjson.Value) {
	id, name := d.Optional(m, "tool_call_id"), d.Optional(m, "tool_name")
	if len(name) == 0 {
		name = d.Optional(m, "name")
	}
	p := d.New(chat.ToolResultPart, m)
	p.ID, p.Name = id, name
	for i := range d.open {
		c := &d.open[i]
		if c.answered || len(id) > 0 && !c.id.Same(id) || len(id) == 0 && len(name) > 0 && !c.name.Same(name) {
			continue
		}
		c.answered = true
		p.ID, p.Name = c.id, c.name
		break
	}
	if len(p.ID) == 0 {
		d.Fail("invalid_value", m.Path(), "a result without its call: the assistant's turn before has no such call that waits for one")
	}
	d.Add(p)
}

// images adds images, which come in bare base64: their first bytes tell their types.
func (d *reader) images(v rawjson.Value, add func(*chat.Part)) {
	if !v.Exists() || v.IsNull() {
		return
	}
	d.Items(v, func(e rawjson.Value) {
		p := d.New(chat.ImagePart, e)
		p.Media.Data = d.Text(e)
		if p.Media.Type = imageType(p.Media.Data); p.Media.Type == nil {
			d.Wrong(e, "a PNG, JPEG, GIF or WebP image in base64")
		}
		add(p)
	})
}

func imageType(data chat.Text) chat.Text {
	for _, t := range [...][2]string{{"iVBORw0KGgo", "image/png"}, {"/9j/", "image/jpeg"}, {`\/9j\/`, "image/jpeg"}, {"R0lGOD", "image/gif"}, {"UklGR", "image/webp"}} {
		if bytes.HasPrefix(data, []byte(t[0])) {
			return chat.Text(t[1])
		}
	}
	return nil
}
