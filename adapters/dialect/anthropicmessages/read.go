// Package anthropicmessages is the dialect of clients of Anthropic's Messages API.
//
// It reads their requests into the neutral form and writes answers, streams and
// errors as that API does (https://platform.claude.com/docs/en/api/messages).
// Nothing is decoded that can stay as it is spelled.
package anthropicmessages

import (
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Name is the dialect's name.
const Name = "anthropic"

// Batches is where the API has what is known of batches, below its host:
// https://platform.claude.com/docs/en/api/messages/batches.
const Batches = "/v1/messages/batches/"

// mostExtra is how many members that are not known a request may have, far above what
// clients send.
const mostExtra = 100

// Reader reads requests. It keeps no state, so one serves all.
type Reader struct{}

var _ adapters.Reader = Reader{}

// ReadRequest reads a request to /v1/messages.
func (Reader) ReadRequest(request rawjson.Value, r *chat.Request) *chat.Error {
	d := reader{r: r}
	d.read(request)
	if d.err == nil && r.MaxTokens == 0 {
		d.fail(request, "max_tokens", "field required: a whole number from 1")
	}
	return d.err
}

// A CountReader reads requests to /v1/messages/count_tokens, which need no max_tokens
// (https://platform.claude.com/docs/en/api/messages-count-tokens).
type CountReader struct{}

var _ adapters.Reader = CountReader{}

// ReadRequest reads a request whose tokens are to be counted.
func (CountReader) ReadRequest(request rawjson.Value, r *chat.Request) *chat.Error {
	d := reader{r: r}
	d.read(request)
	return d.err
}

// AppendCount appends the answer to such a request.
func AppendCount(dst []byte, tokens int64) []byte {
	dst = rawjson.Add(dst, `{"input_tokens":`)
	return append(strconv.AppendInt(dst, tokens, 10), '}')
}

// A reader reads one request. Its methods do nothing after the first error.
type reader struct {
	r   *chat.Request
	err *chat.Error
}

func (d *reader) read(request rawjson.Value) {
	r := d.r
	r.Dialect = Name
	r.IncludeUsage = true // a stream always reports its usage here
	if request.Kind() != rawjson.Object {
		d.wrong(request, "an object")
		return
	}
	d.system(request.Get("system"))
	for it := request.Members(); it.Next(); {
		k, v := it.Key, it.Value
		if d.err != nil {
			return
		}
		d.field(k, v)
	}
	if r.Model == "" {
		d.fail(request, "model", "field required: a string")
	}
	if !request.Get("messages").Exists() {
		d.fail(request, "messages", "field required: an array")
	}
}

// field reads one member of the request. Null is as good as nothing.
func (d *reader) field(k, v rawjson.Value) {
	r := d.r
	switch key := string(k.Bytes()); {
	case key == "system" || v.IsNull() && key != "messages" && key != "model" && key != "max_tokens":
	case key == "model":
		if d.is(v, rawjson.String, "a string") {
			r.Model = v.Str()
		}
	case key == "max_tokens":
		d.maxTokens(v)
	case key == "messages":
		d.messages(v)
	case key == "stream":
		r.Stream = d.bool(v)
	case key == "temperature":
		r.Temperature = d.number(v)
	case key == "top_p":
		r.TopP = d.number(v)
	case key == "top_k":
		r.TopK = d.number(v)
	case key == "stop_sequences":
		d.stops(v)
	case key == "tools":
		d.tools(v)
	case key == "tool_choice":
		d.toolChoice(v)
	case key == "thinking":
		d.thinking(v)
	case key == "output_config":
		d.outputConfig(v)
	case key == "output_format": // of the beta
		d.format(v)
	case key == "metadata":
		d.metadata(v)
	case key == "service_tier":
		r.ServiceTier = d.text(v)
	default:
		d.extra(k, v)
	}
}

func (d *reader) maxTokens(v rawjson.Value) {
	n, ok := v.Int64()
	if !ok || n < 1 {
		d.wrong(v, "a whole number from 1")
		return
	}
	d.r.MaxTokens = n
}

func (d *reader) stops(v rawjson.Value) {
	if !d.is(v, rawjson.Array, "an array of strings") {
		return
	}
	for it := v.Items(); it.Next(); {
		s := it.Value
		d.r.Stop = append(d.r.Stop, d.text(s))
	}
}

func (d *reader) metadata(v rawjson.Value) {
	if !d.is(v, rawjson.Object, "an object") {
		return
	}
	for it := v.Members(); it.Next(); {
		k, m := it.Key, it.Value
		switch {
		case !k.Is("user_id"):
			d.extra(k, m)
		case !m.IsNull():
			d.r.User = d.text(m)
		}
	}
}

// thinking reads how the model is to think. With between_tools it thinks as little as
// other APIs can be told.
func (d *reader) thinking(v rawjson.Value) {
	if !d.is(v, rawjson.Object, "an object") {
		return
	}
	t := &d.r.Reasoning
	switch kind := v.Get("type"); {
	case kind.Is("enabled"):
		n, ok := v.Get("budget_tokens").Int64()
		if !ok || n < 1 {
			d.fail(v, "budget_tokens", "want a whole number from 1024")
			return
		}
		t.Budget = n
	case kind.Is("adaptive"):
		t.Adaptive = true
	case kind.Is("disabled"):
		t.Effort = chat.EffortNone
	case kind.Is("between_tools"):
		if t.Effort == chat.EffortUnset {
			t.Effort = chat.EffortMinimal
		}
	default:
		d.fail(v, "type", "want enabled, adaptive, between_tools or disabled")
		return
	}
	if s := v.Get("display"); s.Exists() && !s.IsNull() {
		t.Summary = d.text(s)
	}
}

// outputConfig reads the effort and the form of the answer. That thinking is off wins
// over an effort, which also has a meaning without it.
func (d *reader) outputConfig(v rawjson.Value) {
	if !d.is(v, rawjson.Object, "an object") {
		return
	}
	for it := v.Members(); it.Next(); {
		k, m := it.Key, it.Value
		switch {
		case m.IsNull():
		case k.Is("effort"):
			d.effort(m)
		case k.Is("format"):
			d.format(m)
		default:
			d.extra(k, m)
		}
	}
}

var efforts = [...]struct {
	name   string
	effort chat.Effort
}{
	{"low", chat.EffortLow}, {"medium", chat.EffortMedium}, {"high", chat.EffortHigh}, {"xhigh", chat.EffortXHigh}, {"max", chat.EffortMax},
}

func (d *reader) effort(v rawjson.Value) {
	for i := range efforts {
		if v.Is(efforts[i].name) {
			if d.r.Reasoning.Effort != chat.EffortNone {
				d.r.Reasoning.Effort = efforts[i].effort
			}
			return
		}
	}
	d.wrong(v, "low, medium, high, xhigh or max")
}

func (d *reader) format(v rawjson.Value) {
	schema := v.Get("schema")
	switch {
	case !d.is(v, rawjson.Object, "an object"):
	case !v.Get("type").Is("json_schema"):
		d.fail(v, "type", "want json_schema")
	case schema.Kind() != rawjson.Object:
		d.fail(v, "schema", "want a JSON Schema, an object")
	default:
		d.r.Format = chat.Format{Kind: chat.FormatSchema, Schema: schema.Raw(), Strict: true}
	}
}

// extra keeps a member that the neutral form has no place for.
func (d *reader) extra(k, v rawjson.Value) {
	if len(d.r.Extra) < mostExtra {
		d.r.Extra = append(d.r.Extra, chat.Member{Path: v.Path(), Key: k.Str(), Raw: v.Raw()})
	} else if d.err == nil {
		d.failAt(v.Path(), "there are too many members that are not known")
	}
}

//go:noinline
func (d *reader) is(v rawjson.Value, kind rawjson.Kind, want string) bool {
	if d.err == nil && v.Kind() != kind {
		d.wrong(v, want)
	}
	return d.err == nil
}

// text is what a string says, as it is spelled.
//
//go:noinline
func (d *reader) text(v rawjson.Value) chat.Text {
	if !d.is(v, rawjson.String, "a string") {
		return nil
	}
	raw := v.Raw()
	return raw[1 : len(raw)-1 : len(raw)-1]
}

//go:noinline
func (d *reader) number(v rawjson.Value) chat.Raw {
	if !d.is(v, rawjson.Number, "a number") {
		return nil
	}
	return v.Raw()
}

//go:noinline
func (d *reader) bool(v rawjson.Value) bool {
	b, _ := v.Bool()
	d.is(v, rawjson.Bool, "a boolean")
	return b
}

// wrong fails for a value that is not what it should be.
//
//go:noinline
func (d *reader) wrong(v rawjson.Value, want string) {
	d.failAt(v.Path(), "want "+want+", got "+v.Kind().String())
}

// fail fails for a member of an object, there or not.
//
//go:noinline
func (d *reader) fail(object rawjson.Value, key, problem string) {
	d.failAt(rawjson.JoinPath(object.Path(), key), problem)
}

// failAt keeps the first error. Its message has the path as this API spells it:
// messages.3.content.1.source.
//
//go:noinline
func (d *reader) failAt(path, problem string) {
	if d.err != nil {
		return
	}
	d.err = &chat.Error{Status: 400, Kind: chat.InvalidRequest, Code: "invalid_value", Param: path, Message: problem}
	if path != "" {
		d.err.Message = Path(path) + ": " + problem
	}
}

// Path spells a path as this API's errors do: messages[3].content is messages.3.content.
func Path(path string) string {
	if !strings.Contains(path, "[") {
		return path
	}
	return strings.NewReplacer("[", ".", "]", "", `"`, "").Replace(path)
}
