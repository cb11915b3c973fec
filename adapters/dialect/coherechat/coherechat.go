// Package coherechat is the client side of Cohere's chat, version 2: it reads requests
// into the neutral form and writes answers, streams and errors as the API does.
//
// The format is that of https://docs.cohere.com/v2/reference/chat and of
// https://docs.cohere.com/v2/docs/streaming; what these pages leave out is in the types
// of https://github.com/cohere-ai/cohere-python. Documents of a request become those of
// its last question. A text beside calls is written as content, for it comes before
// anybody knows that calls follow; a plan that a client sends back is read as a text.
//
// Log probabilities are refused. Citations are those of Cohere's own answers, which pass;
// none are written here, and a request that wants some is told so.
package coherechat

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/fields"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Name is the dialect's name, as in Request.Dialect.
const Name = "cohere"

// Reader reads requests.
type Reader struct{}

// Writer writes answers.
type Writer struct{}

var (
	_ adapters.Reader = Reader{}
	_ adapters.Writer = Writer{}
)

// ReadRequest fills r from a request.
func (Reader) ReadRequest(request rawjson.Value, r *chat.Request) *chat.Error {
	r.Dialect = Name
	d := reader{Reader: fields.Reader{R: r}, documents: request.Get("documents")}
	d.Need(request, "model")
	d.Need(request, "messages")
	mode := request.Find("citation_options", "mode")
	d.uncited = mode.Is("OFF") || mode.Is("DISABLED")
	if mode.Kind() == rawjson.String {
		d.untold()
	}
	d.Each(request, d.member)
	if strict := request.Get("strict_tools"); strict.Exists() && !strict.IsNull() && d.Bool(strict) {
		for i := range r.Tools {
			r.Tools[i].Strict = true
		}
	}
	return d.Err
}

// A reader reads one request. Its first error sticks.
type reader struct {
	fields.Reader
	documents rawjson.Value
	question  rawjson.Value // the message that they belong to
	uncited   bool
}

func (d *reader) member(k, v rawjson.Value) {
	r := d.R
	switch string(k.Bytes()) {
	case "documents", "strict_tools", "citation_options":
	case "model":
		d.Filled(v)
		r.Model = v.Str()
	case "stream":
		r.Stream = d.Bool(v)
	case "messages":
		d.messages(v)
	case "tools":
		d.Tools(v)
	case "tool_choice":
		switch {
		case v.Is("REQUIRED"):
			r.Choice.Kind = chat.ChoiceRequired
		case v.Is("NONE"):
			r.Choice.Kind = chat.ChoiceNone
		default:
			d.Wrong(v, "'REQUIRED' or 'NONE'")
		}
	case "response_format":
		d.format(v)
	case "thinking":
		switch kind := d.Need(d.Object(v), "type"); {
		case kind.Is("disabled"):
			r.Reasoning.Effort = chat.EffortNone
		case !kind.Is("enabled"):
			d.Wrong(kind, "'enabled' or 'disabled'")
		case v.Get("token_budget").Exists():
			r.Reasoning.Budget = d.Integer(v.Get("token_budget"), 1)
		default:
			r.Reasoning.Adaptive = true
		}
	case "logprobs":
		if d.Bool(v) {
			d.Unsupported(v, "only Cohere's own models tell log probabilities here")
		}
	default:
		d.sampling(k, v)
	}
}

// sampling reads what says how the next token is chosen.
func (d *reader) sampling(k, v rawjson.Value) {
	r := d.R
	var at *chat.Raw
	switch string(k.Bytes()) {
	case "max_tokens":
		r.MaxTokens = d.Integer(v, 1)
		return
	case "stop_sequences":
		d.Stops(v)
		return
	case "k":
		if n, _ := v.Int64(); n == 0 && v.Kind() == rawjson.Number {
			return // as usual
		}
		at = &r.TopK
	case "p":
		at = &r.TopP
	case "temperature":
		at = &r.Temperature
	case "seed":
		at = &r.Seed
	case "frequency_penalty":
		at = &r.FrequencyPenalty
	case "presence_penalty":
		at = &r.PresencePenalty
	default:
		d.Extra(k, v)
		return
	}
	d.FillNumber(at, v)
}

// format reads the form of the answer. A schema is one that the model is held to.
func (d *reader) format(v rawjson.Value) {
	f := &d.R.Format
	switch kind := d.Need(d.Object(v), "type"); {
	case kind.Is("text"):
	case kind.Is("json_object"):
		f.Kind = chat.FormatJSON
		for _, key := range [...]string{"json_schema", "schema"} {
			if s := v.Get(key); s.Kind() == rawjson.Object {
				f.Kind, f.Strict, f.Schema = chat.FormatSchema, true, s.Raw()
			}
		}
	default:
		d.Wrong(kind, "'text' or 'json_object'")
	}
}

// messages reads the messages. Documents belong to the last question.
func (d *reader) messages(v rawjson.Value) {
	if d.Array(v).Len() == 0 {
		d.Fail("invalid_value", v.Path(), "want at least one message")
	}
	if d.documents.Len() > 0 {
		for c := v.Cursor(); c.Next(); {
			if c.Value.Get("role").Is("user") {
				d.question = c.Value
			}
		}
		if !d.question.Exists() {
			d.Unsupported(d.documents, "want a message of the user's that they are for")
		}
	}
	d.Items(v, d.message)
}

func (d *reader) message(m rawjson.Value) {
	role := d.Need(d.Object(m), "role")
	content := m.Get("content")
	d.Rest(m, "role", "content", "tool_plan", "tool_calls", "tool_call_id", "citations")
	if c := m.Get("citations"); c.Len() > 0 {
		d.R.DropAt(c.Path)
	}
	switch {
	case role.Is("system"):
		d.R.Begin(chat.System).At = m
	case role.Is("user"):
		d.R.Begin(chat.User).At = m
		if m == d.question {
			d.Items(d.documents, d.document)
		}
	case role.Is("assistant"):
		d.R.Begin(chat.Assistant).At = m
		d.content(content)
		if plan := m.Get("tool_plan"); plan.Exists() && !plan.IsNull() {
			d.AddText(chat.TextPart, d.Text(plan), plan)
		}
		if calls := m.Get("tool_calls"); calls.Len() > 0 {
			d.Items(calls, d.call)
		}
		return
	case role.Is("tool"):
		d.R.Begin(chat.ToolRole).At = m
		p := d.New(chat.ToolResultPart, m)
		d.Fill(&p.ID, m, "tool_call_id")
		d.Add(p)
		d.Within(d.content, content)
		return
	default:
		d.Wrong(role, "'system', 'user', 'assistant' or 'tool'")
	}
	d.content(content)
}

// content reads a content: a string, or blocks.
func (d *reader) content(v rawjson.Value) {
	switch v.Kind() {
	case rawjson.Absent, rawjson.Null:
	case rawjson.String:
		d.Say(chat.TextPart, d.Text(v), v)
	default:
		d.Items(v, d.block)
	}
}

func (d *reader) block(b rawjson.Value) {
	d.Rest(b, "type", "text", "thinking", "document", "image_url")
	switch kind := d.Need(d.Object(b), "type"); {
	case kind.Is("text"):
		d.Say(chat.TextPart, d.Member(b, "text"), b)
	case kind.Is("thinking") && !d.InResult():
		d.Say(chat.ThinkingPart, d.Member(b, "thinking"), b)
	case kind.Is("document"):
		d.document(d.Need(b, "document"))
	case kind.Is("image_url") && !d.InResult():
		image := d.Object(d.Need(b, "image_url"))
		p := d.New(chat.ImagePart, image.Get("url"))
		d.FillIf(&p.Detail, image, "detail")
		d.URL(p, d.Need(image, "url"), "an image")
		d.Put(p)
	default:
		d.Wrong(kind, "a type that can stand here: 'text', 'image_url', 'thinking' or 'document'")
	}
}

// untold reports that the citations that are wanted are not in answers that are written
// here.
func (d *reader) untold() {
	if !d.uncited {
		d.R.Drop("citation_options")
	}
}

// document reads a text, or an object of strings, of which text and title are known; one
// with others is told as the JSON that it is.
func (d *reader) document(v rawjson.Value) {
	p := d.New(chat.DocumentPart, v)
	p.Media.Type, p.Media.Plain = chat.Text("text/plain"), true
	if !d.uncited && !d.InResult() {
		p.Citations = chat.Raw("true")
		d.untold()
	}
	data := v.Get("data")
	known, title := data.Get("text"), data.Get("title")
	if v.Kind() == rawjson.String {
		known = v
	}
	if known.Exists() && (data.Len() < 2 || data.Len() == 2 && title.Exists()) {
		p.Media.Data = d.Text(known)
		d.FillIf(&p.Title, data, "title")
	} else {
		p.Media.Data = rawjson.AppendEscaped(chat.Text{}, d.Object(data).Raw())
	}
	if d.InResult() { // what a tool has found is its result's text
		d.Say(chat.TextPart, p.Media.Data, v)
		return
	}
	d.Put(p)
}

func (d *reader) call(c rawjson.Value) {
	f := d.Object(d.Need(d.Object(c), "function"))
	p := d.New(chat.ToolCallPart, c)
	d.Fill(&p.ID, c, "id")
	d.Fill(&p.Name, f, "name")
	if d.FillIf(&p.Arguments, f, "arguments"); len(p.Arguments) == 0 {
		p.Arguments = chat.Text("{}")
	}
	d.Add(p)
}
