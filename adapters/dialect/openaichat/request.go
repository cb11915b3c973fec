package openaichat

import (
	"math"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// member reads one member of the request.
func (d *reader) member(k, v rawjson.Value) {
	r := d.r
	switch string(k.Bytes()) {
	case "model":
		d.filled(v)
		r.Model = v.Str()
	case "messages":
		d.messages(v)
	case "tools":
		d.tools(v)
	case "tool_choice":
		d.choice = v
	case "parallel_tool_calls":
		r.SequentialTools = !d.boolean(v)
	case "stream":
		r.Stream = d.boolean(v)
	case "stream_options":
		d.streamOptions(v)
	case "max_tokens":
		d.limit = v
		r.MaxTokens = d.integer(v, 1, math.MaxInt64)
	case "max_completion_tokens":
		d.newLimit = v
		r.MaxTokens = d.integer(v, 1, math.MaxInt64)
	case "response_format":
		d.format(v)
	case "reasoning_effort":
		r.Reasoning.Effort = d.effort(v)
	case "reasoning":
		d.reasoning(v)
	case "thinking":
		d.thinking(v)
	case "functions", "function_call":
		d.fail(unsupported(v, "is not supported with this model. Use 'tools' and 'tool_choice' instead."))
	default:
		d.sampling(k, v)
	}
}

// sampling reads what says how the next token is chosen.
func (d *reader) sampling(k, v rawjson.Value) {
	r := d.r
	switch string(k.Bytes()) {
	case "temperature":
		r.Temperature = d.number(v)
	case "top_p":
		r.TopP = d.number(v)
	case "top_k":
		r.TopK = d.number(v)
	case "min_p":
		r.MinP = d.number(v)
	case "frequency_penalty":
		r.FrequencyPenalty = d.number(v)
	case "presence_penalty":
		r.PresencePenalty = d.number(v)
	case "seed":
		d.seed(v)
	case "random_seed":
		if r.Seed == nil {
			d.seed(v)
		}
	case "n":
		r.N = d.integer(v, 1, 128)
	case "stop":
		d.stop(v)
	case "logit_bias":
		r.LogitBias = d.object(v).Raw()
	case "logprobs":
		r.Logprobs = d.boolean(v)
	case "top_logprobs":
		d.integer(v, 0, 20)
		r.TopLogprobs = v.Raw()
	default:
		d.service(k, v)
	}
}

// seed may be spelled as OpenAI does, which holds, or as Mistral does.
func (d *reader) seed(v rawjson.Value) {
	d.integer(v, math.MinInt64, math.MaxInt64)
	d.r.Seed = v.Raw()
}

// service reads what concerns the API's service rather than the answer, and what
// OpenAI alone has.
func (d *reader) service(k, v rawjson.Value) {
	r := d.r
	switch string(k.Bytes()) {
	case "user":
		r.User = d.text(v)
	case "safety_identifier":
		r.SafetyIdentifier = d.text(v)
	case "prompt_cache_key":
		r.PromptCacheKey = d.text(v)
	case "service_tier":
		r.ServiceTier = d.text(v)
	case "verbosity":
		r.Verbosity = d.text(v)
	case "metadata":
		r.Metadata = d.metadata(v)
	case "store":
		d.boolean(v)
		r.Store = v.Raw()
	case "prediction":
		r.Prediction = d.object(v).Raw()
	case "modalities":
		d.modalities(v)
	case "audio":
		r.Audio = d.object(v).Raw()
	case "web_search_options":
		r.WebSearch = d.object(v).Raw()
	default:
		d.note(k.Str(), k, v)
	}
}

// finish checks what needs the whole request.
func (d *reader) finish(request rawjson.Value) *chat.Error {
	switch {
	case d.limit.Exists() && d.newLimit.Exists():
		return invalid("invalid_parameter_combination", "max_tokens", "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.")
	case d.r.Model == "":
		return missing(request, "model")
	case request.Get("messages").Kind() != rawjson.Array:
		return missing(request, "messages")
	case d.r.TopLogprobs != nil && !d.r.Logprobs:
		return invalid("", "top_logprobs", "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.")
	case d.r.IncludeUsage && !d.r.Stream:
		return invalid("", "stream_options", "The 'stream_options' parameter is only allowed when 'stream' is enabled.")
	}
	if d.choice.Exists() {
		d.toolChoice(d.choice)
	}
	return d.err
}

// streamOptions reads include_usage. There is nothing to obfuscate: what include_obfuscation
// adds is only padding.
func (d *reader) streamOptions(v rawjson.Value) {
	for it := d.object(v).Members(); it.Next(); {
		k, o := it.Key, it.Value
		switch key := string(k.Bytes()); {
		case o.IsNull():
		case key == "include_usage":
			d.r.IncludeUsage = d.boolean(o)
		case key == "include_obfuscation":
			d.boolean(o)
		default:
			d.extra(k, o)
		}
	}
}

func (d *reader) stop(v rawjson.Value) {
	if v.Kind() == rawjson.String {
		d.r.Stop = append(d.r.Stop, d.text(v))
		return
	}
	if v.Kind() != rawjson.Array {
		d.fail(wrongType(v, "one of a string or array of strings"))
		return
	}
	for it := v.Items(); it.Next(); {
		s := it.Value
		d.r.Stop = append(d.r.Stop, d.text(s))
		if d.err != nil {
			return
		}
	}
}

// metadata is an object of strings.
func (d *reader) metadata(v rawjson.Value) chat.Raw {
	for it := d.object(v).Members(); it.Next(); {
		m := it.Value
		d.text(m)
	}
	return v.Raw()
}

// modalities keeps what differs from the text that an answer is anyway.
func (d *reader) modalities(v rawjson.Value) {
	if v.Kind() != rawjson.Array {
		d.fail(wrongType(v, "an array of strings"))
		return
	}
	for it := v.Items(); it.Next(); {
		m := it.Value
		if d.text(m); !m.Is("text") {
			d.r.Modalities = v.Raw()
		}
	}
}

func (d *reader) format(v rawjson.Value) {
	kind := d.need(d.object(v), "type")
	f := &d.r.Format
	switch {
	case d.err != nil:
	case kind.Is("text"):
	case kind.Is("json_object"):
		if f.Kind = chat.FormatJSON; v.Get("value").Exists() { // as Hugging Face's servers have a schema
			*f = chat.Format{Kind: chat.FormatSchema, Name: chat.Text("response"), Schema: d.object(v.Get("value")).Raw()}
		}
	case kind.Is("json_schema"):
		f.Kind = chat.FormatSchema
		d.schema(d.object(d.need(v, "json_schema")))
	default:
		d.fail(badValue(kind, "'json_object', 'json_schema', and 'text'"))
	}
}

func (d *reader) schema(v rawjson.Value) {
	f := &d.r.Format
	for it := v.Members(); it.Next(); {
		k, m := it.Key, it.Value
		switch key := string(k.Bytes()); {
		case m.IsNull():
		case key == "name":
			f.Name = d.filled(m)
		case key == "description":
			f.Description = d.text(m)
		case key == "schema":
			f.Schema = d.object(m).Raw()
		case key == "strict":
			f.Strict = d.boolean(m)
		default:
			d.extra(k, m)
		}
	}
	if d.err == nil && f.Name == nil {
		d.fail(missing(v, "name"))
	}
	if d.err == nil && f.Schema == nil {
		d.fail(missing(v, "schema"))
	}
}
