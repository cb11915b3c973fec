package bedrock

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters/anthropic"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// AppendRequest appends a request of Converse or ConverseStream, whose bodies are the
// same; the model is in the path.
func (a *adapter) AppendRequest(dst []byte, r *chat.Request) ([]byte, *chat.Error) {
	b := builder{Builder: chat.NewBuilder(dst, r), a: a, m: find(r.Model), choice: r.Choice.Kind}
	b.refuse()
	b.decide()
	if b.Err == nil {
		b.build()
	}
	if b.Err != nil {
		return dst, b.Err
	}
	return b.Dst, nil
}

func (b *builder) build() {
	b.Raw(`{`)
	b.system()
	b.messages()
	b.Object("inferenceConfig", b.inference)
	b.tools()
	b.Object("additionalModelRequestFields", b.additional)
	b.output()
	if len(b.R.Stop) > 0 && b.m.is(claude) { // which tells in a field of its own which it was
		b.Raw(`,"additionalModelResponseFieldPaths":["/stop_sequence"]`)
	}
	b.guard()
	b.tier()
	b.metadata()
	b.Raw(`}`)
	b.dropRest()
}

// refuse fails for what changes the meaning of the answer and has no counterpart here.
func (b *builder) refuse() {
	r := b.R
	b.refuseIf(r.N > 1, "n", "one request has one answer")
	b.refuseIf(r.Logprobs || r.TopLogprobs != nil, "logprobs", "the answer has no log probabilities, and the client reads them from it")
	b.refuseIf(len(r.LogitBias) > len("{}"), "logit_bias", "tokens cannot be forbidden or forced")
	b.refuseIf(r.Audio != nil || bytes.Contains(r.Modalities, []byte(`"audio"`)), "audio", "answers are text")
	b.refuseIf(r.WebSearch != nil, "web_search_options", "the answer would not rest on a search")
	b.FailServerTools()
}

//go:noinline
func (b *builder) refuseIf(said bool, field, why string) {
	if said {
		b.Fail(field, "Amazon Bedrock has nothing like it: "+why)
	}
}

// dropRest reports what has no counterpart here and only makes answers likelier, faster
// or cheaper.
func (b *builder) dropRest() {
	r := b.R
	b.DropIf(isSaid(r.FrequencyPenalty), "frequency_penalty")
	b.DropIf(isSaid(r.PresencePenalty), "presence_penalty")
	b.DropIf(r.Seed != nil, "seed")
	b.DropIf(r.MinP != nil, "min_p")
	b.DropIf(len(r.User) > 0, b.Said("user", "metadata.user_id"))
	b.DropIf(len(r.SafetyIdentifier) > 0, "safety_identifier")
	b.DropIf(r.Store != nil && string(r.Store) != "false", "store")
	b.DropIf(r.Prediction != nil, "prediction")
	b.DropIf(len(r.PromptCacheKey) > 0, "prompt_cache_key")
	b.DropIf(len(r.Verbosity) > 0, "verbosity")
	b.DropIf(r.SequentialTools && len(r.Tools) > 0, b.Said("parallel_tool_calls", "tool_choice.disable_parallel_tool_use"))
	for i := range r.Extra {
		b.R.Drop(r.Extra[i].Path)
	}
}

// isSaid reports whether a number is there and not zero.
func isSaid(raw chat.Raw) bool {
	if raw == nil {
		return false
	}
	f, ok := rawjson.ParseFloat(raw)
	return !ok || f != 0
}

// decide finds out how the model is to be asked.
func (b *builder) decide() {
	r := b.R
	for i := range r.Messages {
		for k := range r.Messages[i].Parts {
			kind := r.Messages[i].Parts[k].Kind
			b.talks = b.talks || kind == chat.ToolCallPart || kind == chat.ToolResultPart
		}
	}
	if !b.m.is(claude) {
		b.plainManner()
		return
	}
	asked := r.Reasoning
	if !thinks(r.Model) && (asked.Level() != chat.EffortUnset || asked.Adaptive) {
		if asked.Effort != chat.EffortNone {
			b.R.Drop(b.reasoningName())
		}
		r.Reasoning = chat.Reasoning{}
	}
	about := r.Format.Description
	r.Format.Description = nil // which has a place here, and none in Anthropic's own API
	m, e := anthropic.Ask(claudeName(r.Model), r)
	r.Reasoning, r.Format.Description = asked, about
	if b.manner = m; e != nil && b.Err == nil {
		b.Err = e
	}
}

func (b *builder) reasoningName() string { return b.Said("reasoning_effort", "thinking") }

// plainManner is for other makers' models. A schema is held by the API where it can, else
// by a tool that must be called; any JSON is asked for in words.
func (b *builder) plainManner() {
	r, m := b.R, &b.manner
	m.Strict = b.m.is(schemas)
	switch {
	case r.Format.Kind == chat.FormatSchema && b.m.is(schemas):
		m.Form = anthropic.FormNative
	case r.Format.Kind == chat.FormatSchema && b.m.is(forces):
		m.Form = anthropic.FormTool
	case r.Format.Kind == chat.FormatSchema:
		b.Fail(b.Said("response_format", "output_config.format"), "the model has no structured output that could hold a schema here")
	case r.Format.Kind == chat.FormatJSON:
		m.Form = anthropic.FormAsked
		b.R.Drop("response_format")
	}
	m.Temperature = b.atMostOne("temperature", r.Temperature)
	m.TopP = b.atMostOne("top_p", r.TopP)
	if m.TopK = r.TopK; m.TopK != nil && !b.m.is(novaTopK) {
		b.R.Drop("top_k")
	}
	m.Effort = b.effort()
}

// atMostOne caps a number at 1: more cannot be had.
func (b *builder) atMostOne(name string, raw chat.Raw) chat.Raw {
	if raw == nil {
		return nil
	}
	if f, ok := rawjson.ParseFloat(raw); !ok || f < 0 {
		b.Fail(name, "want a number from 0; above 1 counts as 1")
	} else if f > 1 {
		b.R.Drop(name)
		return chat.Raw("1")
	}
	return raw
}

// effort is the nearest of the three efforts that models have whose makers know any. Of
// Nova the highest cannot go with a bound of tokens.
func (b *builder) effort() string {
	r := &b.R.Reasoning
	level := r.Level()
	if level == chat.EffortUnset && r.Adaptive {
		level = chat.EffortMedium
	}
	switch {
	case level == chat.EffortUnset:
		return ""
	case !b.m.is(novaEffort | plainEffort), level == chat.EffortNone:
		if level != chat.EffortNone || b.m.is(plainEffort) {
			b.R.Drop(b.reasoningName())
		}
		return ""
	}
	given := min(max(level, chat.EffortLow), chat.EffortHigh)
	if given == chat.EffortHigh && b.m.is(novaEffort) && b.R.MaxTokens > 0 {
		given = chat.EffortMedium
	}
	if given != level {
		b.R.Drop(b.reasoningName())
	}
	return [...]string{"low", "medium", "high"}[given-chat.EffortLow]
}

// inference writes what nearly all models take.
func (b *builder) inference() {
	if n := b.R.MaxTokens; n > 0 {
		b.Int("maxTokens", n)
	}
	m := &b.manner
	if b.m.is(novaEffort) && m.Effort == "high" { // https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html
		b.DropIf(m.Temperature != nil, "temperature")
		b.DropIf(m.TopP != nil, "top_p")
	} else {
		b.Value("temperature", m.Temperature)
		b.Value("topP", m.TopP)
	}
	n := 0
	for _, s := range b.R.Stop {
		if len(s) == 0 || b.m.is(claude) && anthropic.IsBlank(s) {
			b.R.Drop(b.Said("stop", "stop_sequences"))
			continue
		}
		if n++; n == 1 {
			b.begin("stopSequences", `[`)
		}
		b.begin("", `"`)
		b.Put(s)
		b.Raw(`"`)
	}
	if n > 0 {
		b.Raw(`]`)
	}
}

// additional writes what only the model itself knows.
func (b *builder) additional() {
	m := &b.manner
	switch {
	case b.m.is(claude):
		b.Value("top_k", m.TopK)
		b.Value("thinking", m.Thinking)
	case b.m.is(novaTopK):
		if m.TopK != nil {
			b.begin("inferenceConfig", `{`)
			b.Value("topK", m.TopK)
			b.Raw(`}`)
		}
		if m.Effort != "" {
			b.begin("reasoningConfig", `{`)
			b.word("type", "enabled")
			b.word("maxReasoningEffort", m.Effort)
			b.Raw(`}`)
		}
	case m.Effort != "":
		b.word("reasoning_effort", m.Effort)
	}
}

// output writes outputConfig: Claude's effort, and the schema of the answer, which is a
// document in a string here.
func (b *builder) output() {
	b.Object("outputConfig", func() {
		if b.m.is(claude) && b.manner.Effort != "" {
			b.word("effort", b.manner.Effort)
		}
		if b.manner.Form != anthropic.FormNative {
			return
		}
		f := &b.R.Format
		schema, e := anthropic.AppendSchema(nil, b.R, f.Schema, b.Said("response_format.json_schema.schema", "output_config.format.schema"))
		if e != nil && b.Err == nil {
			b.Err = e
		}
		b.begin("textFormat", `{`)
		b.word("type", "json_schema")
		b.begin("structure", `{`)
		b.begin("jsonSchema", `{`)
		b.scratch = rawjson.AppendEscaped(b.scratch[:0], schema)
		b.Text("schema", b.scratch)
		if len(f.Name) > 0 {
			b.Text("name", f.Name)
		}
		if len(f.Description) > 0 {
			b.Text("description", f.Description)
		}
		b.Raw(`}}}`)
	})
}

func (b *builder) guard() {
	if b.a.guardrail != nil {
		b.begin("guardrailConfig", `{`)
		b.Text("guardrailIdentifier", b.a.guardrail)
		b.Text("guardrailVersion", b.a.version)
		b.Raw(`}`)
	}
}

// tier writes the service tier. auto is what the account has.
func (b *builder) tier() {
	t := string(b.R.ServiceTier)
	switch t {
	case "", "auto":
		return
	case "standard_only":
		t = "default"
	case "default", "flex", "priority":
	default:
		b.R.Drop("service_tier")
		return
	}
	b.begin("serviceTier", `{`)
	b.word("type", t)
	b.Raw(`}`)
}

// metadata writes what the account's logs of its requests can be searched by, if all of
// it is as this API takes it.
func (b *builder) metadata() {
	raw := b.R.Metadata
	if len(raw) <= len("{}") {
		return
	}
	if b.doc.Parse(raw) != nil || b.doc.Root().Kind() != rawjson.Object || b.doc.Root().Len() > 16 {
		b.R.Drop("metadata")
		return
	}
	for it := b.doc.Root().Members(); it.Next(); {
		k, v := it.Key, it.Value
		if !isRecord(k) || !isRecord(v) {
			b.R.Drop("metadata")
			return
		}
	}
	b.Value("requestMetadata", raw)
}

// isRecord reports whether a string can be in requestMetadata.
func isRecord(v rawjson.Value) bool {
	s := v.Raw()
	if v.Kind() != rawjson.String || len(s) < 3 || len(s) > 258 {
		return false
	}
	for _, c := range s[1 : len(s)-1] {
		if c|0x20-'a' > 25 && c-'0' > 9 && bytes.IndexByte([]byte(" :_@$#=/+,-."), c) < 0 {
			return false
		}
	}
	return true
}
