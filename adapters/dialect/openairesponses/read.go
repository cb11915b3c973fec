package openairesponses

import (
	"strings"

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
	if d.filled(request, "model"); d.Err == nil {
		r.Model = request.Get("model").Str()
	}
	input := d.Need(request, "input")
	if t, ok := said(request, "instructions"); ok {
		r.Begin(chat.System).At = t
		d.AddText(chat.TextPart, d.Text(t), t)
	}
	d.Each(request, d.member)
	if d.Err == nil {
		d.input(input)
	}
	if v, ok := said(request, "tool_choice"); ok && d.Err == nil {
		d.toolChoice(v)
	}
	r.Echo = appendEcho(r.Echo[:0], request)
	return d.Err
}

// word is the place of a string among words, -1 if it is none of them. It stands for
// lists of comparisons, of which there are many: the module's size counts.
//
//go:noinline
func word(v rawjson.Value, words string) int {
	if v.Kind() != rawjson.String {
		return -1
	}
	for i, got := 0, string(v.Bytes()); words != ""; i++ {
		one, rest, _ := strings.Cut(words, " ")
		if one == got {
			return i
		}
		words = rest
	}
	return -1
}

// said is a member that is there and not null.
//
//go:noinline
func said(v rawjson.Value, key string) (rawjson.Value, bool) {
	m := v.Get(key)
	return m, m.Exists() && !m.IsNull()
}

// filled is a member that has to be a text.
//
//go:noinline
func (d *reader) filled(v rawjson.Value, key string) chat.Text { return d.Filled(d.Need(v, key)) }

// Members of a request: those that are read apart, those that chat completions have, too,
// and those of this API.
const (
	apart  = "model input instructions tool_choice stream_options"
	common = "parallel_tool_calls stream temperature top_p user safety_identifier prompt_cache_key service_tier metadata"
	own    = "tools max_output_tokens top_logprobs text reasoning include store truncation background"
)

// member reads one member of the request. All that stream_options can say is how much
// padding there is, which is none.
func (d *reader) member(k, v rawjson.Value) {
	if word(k, apart) >= 0 {
		return
	}
	if word(k, common) >= 0 {
		if e := openaichat.Member(d.R, k, v); e != nil && d.Err == nil {
			d.Err = e
		}
		return
	}
	r := d.R
	switch word(k, own) {
	case 0:
		d.tools(v)
	case 1:
		r.MaxTokens = d.Integer(v, 1)
	case 2:
		if d.Integer(v, 0) > 0 {
			r.Logprobs, r.TopLogprobs = true, v.Raw()
		}
	case 3:
		d.Each(v, d.textOption)
	case 4:
		d.Each(v, d.reasoning)
	case 5:
		d.Items(v, d.include)
	case 6:
		if d.Bool(v) {
			d.drop(v) // nothing is stored
		}
	case 7:
		if word(v, "disabled") < 0 {
			d.Text(v)
			d.drop(v)
		}
	case 8:
		if d.Bool(v) {
			d.Unsupported(v, "this model cannot answer in the background; ask with stream: true instead")
		}
	default:
		for i := range refused {
			if word(k, refused[i].key) == 0 {
				d.Unsupported(v, refused[i].why)
			}
		}
		d.drop(v)
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
//
//go:noinline
func (d *reader) drop(v rawjson.Value) { d.R.DropAt(v.Path) }

// include names what an answer is to have beside its usual members. Sealed thinking is
// always there; the rest is of tools that are refused anyway.
func (d *reader) include(v rawjson.Value) {
	switch word(v, "reasoning.encrypted_content message.output_text.logprobs") {
	case 0:
	case 1:
		d.R.Logprobs = true
	default:
		d.Text(v)
		d.R.Drop("include")
	}
}

func (d *reader) reasoning(k, v rawjson.Value) {
	t := &d.R.Reasoning
	switch word(k, "effort summary generate_summary") {
	case 0:
		var ok bool
		if t.Effort, ok = openaichat.Effort(v); !ok {
			d.Wrong(v, openaichat.Efforts)
		}
	case 1, 2:
		if t.Summary = d.Text(v); word(v, "auto concise detailed") < 0 {
			d.Wrong(v, "'auto', 'concise' or 'detailed'")
		}
	default:
		d.drop(v)
	}
}

func (d *reader) textOption(k, v rawjson.Value) {
	switch word(k, "format verbosity") {
	case 0:
		d.format(d.Object(v))
	case 1:
		d.R.Verbosity = d.Text(v)
	default:
		d.drop(v)
	}
}

func (d *reader) format(v rawjson.Value) {
	f := &d.R.Format
	kind := d.Need(v, "type")
	switch word(kind, "text json_object json_schema") {
	case 0:
	case 1:
		f.Kind = chat.FormatJSON
	case 2:
		f.Kind = chat.FormatSchema
		f.Name = d.filled(v, "name")
		f.Schema = d.Object(d.Need(v, "schema")).Raw()
		f.Description = d.Optional(v, "description")
		if s, ok := said(v, "strict"); ok {
			f.Strict = d.Bool(s)
		}
	default:
		d.Wrong(kind, "'text', 'json_object' or 'json_schema'")
	}
}
