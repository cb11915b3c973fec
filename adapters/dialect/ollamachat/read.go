package ollamachat

import (
	"bytes"
	"iter"

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

// members are those of the request, but for null, until one is wrong.
func (d *reader) members(request rawjson.Value) iter.Seq2[rawjson.Value, rawjson.Value] {
	d.R.Stream = true // unless the client says otherwise
	return func(yield func(k, v rawjson.Value) bool) {
		for k, v := range d.Object(request).Fields() {
			if !v.IsNull() && !yield(k, v) || d.Err != nil {
				return
			}
		}
	}
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
func (d *reader) options(v rawjson.Value) {
	r := d.R
	for k, o := range d.Object(v).Fields() {
		if o.IsNull() {
			continue
		}
		switch string(k.Bytes()) {
		case "num_predict":
			r.MaxTokens = max(0, d.Integer(o, -2))
		case "temperature":
			r.Temperature = d.Number(o)
		case "top_p":
			r.TopP = d.Number(o)
		case "top_k":
			if d.Integer(o, 0) > 0 {
				r.TopK = o.Raw()
			}
		case "min_p":
			r.MinP = d.Number(o)
		case "frequency_penalty":
			r.FrequencyPenalty = d.Number(o)
		case "presence_penalty":
			r.PresencePenalty = d.Number(o)
		case "seed":
			if d.Integer(o, -1) >= 0 {
				r.Seed = o.Raw()
			}
		case "stop":
			d.Stops(o)
		default:
			d.Extra(k, o)
		}
	}
}

func (d *reader) messages(v rawjson.Value) {
	if d.Array(v).Len() == 0 {
		d.Fail("invalid_value", v.Path(), "want at least one message: models are not loaded and unloaded here")
	}
	for _, m := range v.Elems() {
		role := d.Need(d.Object(m), "role")
		d.Text(role)
		if d.Err != nil {
			return
		}
		switch string(bytes.ToLower(role.Bytes())) {
		case "system", "developer":
			d.R.Begin(chat.System).At = m
		case "user":
			d.R.Begin(chat.User).At = m
		case "assistant":
			d.R.Begin(chat.Assistant).At = m
		case "tool":
			d.R.Begin(chat.ToolRole).At = m
		default:
			d.Wrong(role, "'system', 'user', 'assistant' or 'tool'")
			return
		}
		d.message(m)
		d.rest(m)
	}
}

// message reads what the message begun last says.
func (d *reader) message(m rawjson.Value) {
	content := d.Optional(m, "content")
	text := chat.Part{Text: content, At: m.Get("content")}
	switch d.R.Messages[len(d.R.Messages)-1].Role {
	case chat.ToolRole:
		d.result(m)
		if len(content) > 0 {
			d.AddResult(&text)
		}
		for p := range d.pictures(m.Get("images")) {
			d.AddResult(p)
		}
		return
	case chat.Assistant:
		if t := d.Optional(m, "thinking"); len(t) > 0 {
			d.Add(&chat.Part{Kind: chat.ThinkingPart, Text: t, At: m.Get("thinking")})
		}
	}
	d.images(m.Get("images"))
	if calls := m.Get("tool_calls"); calls.Len() > 0 {
		if len(content) > 0 {
			d.Add(&text)
		}
		d.toolCalls(calls)
	} else if len(content) > 0 || m.Get("images").Len() == 0 {
		d.Add(&text)
	}
}

// rest notes what a message has beside what is known.
func (d *reader) rest(m rawjson.Value) {
	for k, v := range m.Fields() {
		switch string(k.Bytes()) {
		case "role", "content", "thinking", "images", "tool_calls", "tool_name", "tool_call_id", "name":
		default:
			if !v.IsNull() {
				d.Extra(k, v)
			}
		}
	}
}

// toolCalls reads the calls of a turn; those of the turn before are closed.
func (d *reader) toolCalls(v rawjson.Value) {
	d.open = d.open[:0]
	for _, c := range d.Array(v).Elems() {
		f := d.Object(d.Need(d.Object(c), "function"))
		p := chat.Part{Kind: chat.ToolCallPart, ID: d.Optional(c, "id"), At: c}
		if d.Err == nil {
			p.Name = d.Filled(d.Need(f, "name"))
			p.Input = chat.Raw("{}")
		}
		if args := f.Get("arguments"); args.Exists() && !args.IsNull() {
			p.Input = d.Object(args).Raw()
		}
		if len(p.ID) == 0 {
			p.ID = rawjson.AppendInt(chat.Text("call_"), d.calls)
		}
		d.calls++
		d.Add(&p)
		d.open = append(d.open, call{id: p.ID, name: p.Name})
	}
}

// result begins the result of a call: the one that its id tells, the first of its name
// that waits, or the first that waits.
func (d *reader) result(m rawjson.Value) {
	id, name := d.Optional(m, "tool_call_id"), d.Optional(m, "tool_name")
	if len(name) == 0 {
		name = d.Optional(m, "name")
	}
	p := chat.Part{Kind: chat.ToolResultPart, ID: id, Name: name, At: m}
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
	d.Add(&p)
}

// images adds images to the message begun last.
func (d *reader) images(v rawjson.Value) {
	for p := range d.pictures(v) {
		d.Add(p)
	}
}

// pictures reads images, which come in bare base64: their first bytes tell their types.
func (d *reader) pictures(v rawjson.Value) iter.Seq[*chat.Part] {
	return func(yield func(*chat.Part) bool) {
		if !v.Exists() || v.IsNull() {
			return
		}
		for _, e := range d.Array(v).Elems() {
			p := chat.Part{Kind: chat.ImagePart, Media: chat.Media{Data: d.Text(e)}, At: e}
			for _, t := range [...][2]string{{"iVBORw0KGgo", "image/png"}, {"/9j/", "image/jpeg"}, {`\/9j\/`, "image/jpeg"}, {"R0lGOD", "image/gif"}, {"UklGR", "image/webp"}} {
				if bytes.HasPrefix(p.Media.Data, []byte(t[0])) {
					p.Media.Type = chat.Text(t[1])
				}
			}
			if len(p.Media.Type) == 0 {
				d.Wrong(e, "a PNG, JPEG, GIF or WebP image in base64")
			}
			if d.Err != nil || !yield(&p) {
				return
			}
		}
	}
}
