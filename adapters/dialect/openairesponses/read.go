package openairesponses

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/fields"
	"github.com/postern-gateway/postern/adapters/dialect/openaichat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A reader reads one request. Its first error sticks.
type reader struct {
	fields.Reader
	speaks bool // the message begun last is the assistant's, and may go on
}

// ReadRequest fills r from a request.
func (Reader) ReadRequest(request rawjson.Value, r *chat.Request) *chat.Error {
	d := reader{Reader: fields.Reader{R: r}}
	r.Dialect = words
	if model := d.Need(request, "model"); d.Err == nil {
		d.Filled(model)
		r.Model = model.Str()
	}
	input := d.Need(request, "input")
	if t := request.Get("instructions"); t.Exists() && !t.IsNull() {
		r.Begin(chat.System).At = t
		d.AddText(chat.TextPart, d.Text(t), t)
	}
	d.Each(request, d.member)
	if d.Err == nil {
		d.input(input)
	}
	if v := request.Get("tool_choice"); d.Err == nil && v.Exists() && !v.IsNull() {
		d.toolChoice(v)
	}
	r.Echo = appendEcho(r.Echo[:0], request)
	return d.Err
}

// member reads one member of the request.
func (d *reader) member(k, v rawjson.Value) {
	r := d.R
	switch string(k.Bytes()) {
	case "model", "input", "instructions", "tool_choice": // with the rest
	case "tools":
		d.tools(v)
	case "max_output_tokens":
		r.MaxTokens = d.Integer(v, 1)
	case "top_logprobs":
		if d.Integer(v, 0) > 0 {
			r.Logprobs, r.TopLogprobs = true, v.Raw()
		}
	case "text":
		d.Each(v, d.textOption)
	case "reasoning":
		d.Each(v, d.reasoning)
	case "include":
		d.Items(v, d.include)
	default:
		d.service(k, v)
	}
}

// service reads what concerns the API's service rather than the answer.
func (d *reader) service(k, v rawjson.Value) {
	switch string(k.Bytes()) {
	case "parallel_tool_calls", "stream", "temperature", "top_p", "user", "safety_identifier", "prompt_cache_key", "service_tier", "metadata":
		if e := openaichat.Member(d.R, k, v); e != nil && d.Err == nil {
			d.Err = e // these are the same there
		}
	case "store":
		if d.Bool(v) {
			d.drop(v) // nothing is
		}
	case "truncation":
		if !v.Is("disabled") {
			d.Text(v)
			d.drop(v)
		}
	case "background":
		if d.Bool(v) {
			d.Unsupported(v, "this model cannot answer in the background; ask with stream: true instead")
		}
	default:
		for i := range refused {
			if k.Is(refused[i].key) {
				d.Unsupported(v, refused[i].why)
			}
		}
		if !k.Is("stream_options") { // all there is to say is how much padding there is, which is none
			d.drop(v)
		}
	}
}

// refused are members that name what OpenAI keeps, and wishes that the API has no words
// for, without which the answer would be another.
var refused = [...]struct{ key, why string }{
	{"previous_response_id", "answers of this model are not kept; send the whole conversation in input, with store: false"},
	{"conversation", "conversations with this model are not kept; send the whole conversation in input"},
	{"prompt", "prompts that OpenAI keeps are unknown to this model; send their text in instructions and input"},
	{"stop", "the Responses API has no stop sequences; use chat completions"},
	{"n", "a response is one answer"},
	{"logit_bias", "the Responses API has no bias of tokens; use chat completions"},
	{"moderation", "this model's answers are not moderated by OpenAI"},
}

// drop reports a member that no provider of another API has.
func (d *reader) drop(v rawjson.Value) { d.R.DropAt(v.Path) }

// include names what an answer is to have beside its usual members. Sealed thinking is
// always there.
func (d *reader) include(v rawjson.Value) {
	switch {
	case v.Is("reasoning.encrypted_content"):
	case v.Is("message.output_text.logprobs"):
		d.R.Logprobs = true
	default: // is of tools that are refused anyway
		d.Text(v)
		d.R.Drop("include")
	}
}

func (d *reader) reasoning(k, v rawjson.Value) {
	t := &d.R.Reasoning
	switch string(k.Bytes()) {
	case "effort":
		var ok bool
		if t.Effort, ok = openaichat.Effort(v); !ok {
			d.Wrong(v, openaichat.Efforts)
		}
	case "summary", "generate_summary":
		if !v.Is("auto") && !v.Is("concise") && !v.Is("detailed") {
			d.Wrong(v, "'auto', 'concise' or 'detailed'")
		}
		t.Summary = d.Text(v)
	default:
		d.drop(v)
	}
}

func (d *reader) textOption(k, v rawjson.Value) {
	switch string(k.Bytes()) {
	case "format":
		d.format(d.Object(v))
	case "verbosity":
		d.R.Verbosity = d.Text(v)
	default:
		d.drop(v)
	}
}

func (d *reader) format(v rawjson.Value) {
	f := &d.R.Format
	switch kind := d.Need(v, "type"); {
	case d.Err != nil, kind.Is("text"):
	case kind.Is("json_object"):
		f.Kind = chat.FormatJSON
	case kind.Is("json_schema"):
		f.Kind = chat.FormatSchema
		f.Name = d.Filled(d.Need(v, "name"))
		f.Schema = d.Object(d.Need(v, "schema")).Raw()
		f.Description = d.Optional(v, "description")
		if s := v.Get("strict"); s.Exists() && !s.IsNull() {
			f.Strict = d.Bool(s)
		}
	default:
		d.Wrong(kind, "'text', 'json_object' or 'json_schema'")
	}
}
