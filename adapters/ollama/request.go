package ollama

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// AppendRequest appends a request of
// https://github.com/ollama/ollama/blob/main/docs/api.md#generate-a-chat-completion.
func (a *adapter) AppendRequest(dst []byte, r *chat.Request) ([]byte, *chat.Error) {
	b := builder{Builder: rawjson.Builder{Dst: dst}, r: r, a: a}
	b.build()
	if b.err != nil {
		return dst, b.err
	}
	return b.Dst, nil
}

// A builder writes one request.
type builder struct {
	rawjson.Builder
	r   *chat.Request
	a   *adapter
	doc rawjson.Doc // for arguments of calls
	err *chat.Error // the first one
}

func (b *builder) build() {
	r := b.r
	b.refuse()
	b.Raw(`{"model":`)
	b.Dst = rawjson.AppendString(b.Dst, r.Model)
	if r.Stream {
		b.Raw(`,"stream":true`)
	} else {
		b.Raw(`,"stream":false`) // or it would stream
	}
	b.messages()
	b.tools()
	switch r.Format.Kind {
	case chat.FormatJSON:
		b.Const("format", `"json"`)
	case chat.FormatSchema:
		b.Value("format", r.Format.Schema)
	}
	b.think()
	if r.Logprobs {
		b.Const("logprobs", "true")
		b.Value("top_logprobs", r.TopLogprobs)
	}
	if b.a.keepAlive != "" {
		b.Key("keep_alive")
		b.Dst = rawjson.AppendString(b.Dst, b.a.keepAlive)
	}
	b.Object("options", b.options)
	b.Raw(`}`)
	b.dropRest()
}

// fail keeps the first error: what is wrong with the field at path.
//
//go:noinline
func (b *builder) fail(path, problem string) {
	if b.err == nil {
		b.err = chat.Unsupported(path, problem)
	}
}

//go:noinline
func (b *builder) failIf(said bool, path, problem string) {
	if said {
		b.fail(path, problem)
	}
}

//go:noinline
func (b *builder) dropIf(said bool, path string) {
	if said {
		b.r.Drop(path)
	}
}

// said picks how the client spells a field.
//
//go:noinline
func (b *builder) said(openAI, anthropic string) string {
	if b.r.Dialect == "anthropic" {
		return anthropic
	}
	return openAI
}

// refuse fails for what changes the meaning of the answer and has no counterpart here.
func (b *builder) refuse() {
	r := b.r
	b.failIf(len(r.Messages) == 0, "messages", "want at least one message")
	b.failIf(r.N > 1, "n", "Ollama gives one answer to a request")
	b.failIf(len(r.LogitBias) > len("{}"), "logit_bias", "Ollama has nothing like it: tokens cannot be forbidden or forced")
	b.failIf(r.Audio != nil || bytes.Contains(r.Modalities, []byte(`"audio"`)), "audio", "answers are text here")
	b.failIf(r.WebSearch != nil, "web_search_options", "the answer would not rest on a search")
	b.failIf(r.Choice.Kind == chat.ChoiceRequired || r.Choice.Kind == chat.ChoiceTool, "tool_choice", "Ollama cannot force a call; want auto or none")
	if len(r.ServerTools) > 0 {
		path := r.ServerTools[0].At.Path()
		if path == "" {
			path = "tools"
		}
		b.fail(path, "a tool of this type is run by another provider, not by this one")
	}
}

// dropRest reports what has no counterpart here and only makes answers likelier, faster
// or cheaper.
func (b *builder) dropRest() {
	r := b.r
	b.dropIf(len(r.User) > 0, b.said("user", "metadata.user_id"))
	b.dropIf(len(r.SafetyIdentifier) > 0, "safety_identifier")
	b.dropIf(r.Metadata != nil, "metadata")
	b.dropIf(r.Store != nil && string(r.Store) != "false", "store")
	b.dropIf(r.Prediction != nil, "prediction")
	b.dropIf(len(r.PromptCacheKey) > 0, "prompt_cache_key")
	b.dropIf(len(r.Verbosity) > 0, "verbosity")
	b.dropIf(len(r.ServiceTier) > 0 && string(r.ServiceTier) != "auto", "service_tier")
	b.dropIf(len(r.Reasoning.Summary) > 0, b.said("reasoning.summary", "thinking.display"))
	b.dropIf(r.SequentialTools && len(r.Tools) > 0, b.said("parallel_tool_calls", "tool_choice.disable_parallel_tool_use"))
	for i := range r.Extra {
		r.Drop(r.Extra[i].Path)
	}
}

// options writes what says how tokens are chosen, and how many there may be.
func (b *builder) options() {
	r := b.r
	if b.a.context > 0 {
		b.Int("num_ctx", int64(b.a.context))
	}
	if r.MaxTokens > 0 {
		b.Int("num_predict", r.MaxTokens)
	}
	b.Value("temperature", r.Temperature)
	b.Value("top_p", r.TopP)
	b.Value("top_k", r.TopK)
	b.Value("min_p", r.MinP)
	b.Value("frequency_penalty", r.FrequencyPenalty)
	b.Value("presence_penalty", r.PresencePenalty)
	b.Value("seed", r.Seed)
	n := 0
	for _, s := range r.Stop {
		if len(s) == 0 {
			r.Drop(b.said("stop", "stop_sequences"))
			continue
		}
		if n++; n == 1 {
			b.Key("stop")
			b.Raw(`[`)
		}
		b.Comma()
		b.Str(s)
	}
	if n > 0 {
		b.Raw(`]`)
	}
}

// levels are the values of think: the nearest that there is of each effort.
var levels = [...]struct {
	name  string
	exact bool
}{
	chat.EffortNone:    {"false", true},
	chat.EffortMinimal: {`"low"`, false},
	chat.EffortLow:     {`"low"`, true},
	chat.EffortMedium:  {`"medium"`, true},
	chat.EffortHigh:    {`"high"`, true},
	chat.EffortXHigh:   {`"high"`, false},
	chat.EffortMax:     {`"max"`, true},
}

// think says how much the model thinks. To one that knows no levels each of them means
// true (https://docs.ollama.com/capabilities/thinking).
func (b *builder) think() {
	level := b.r.Reasoning.Level()
	switch {
	case level != chat.EffortUnset:
		b.Const("think", levels[level].name)
		if !levels[level].exact {
			b.r.Drop(b.said("reasoning_effort", "thinking"))
		}
	case b.r.Reasoning.Adaptive:
		b.Const("think", "true")
	}
}

// tools writes the functions, unless none may be called.
func (b *builder) tools() {
	r := b.r
	if len(r.Tools) == 0 || r.Choice.Kind == chat.ChoiceNone {
		return
	}
	b.Key("tools")
	b.Raw(`[`)
	for i := range r.Tools {
		t := &r.Tools[i]
		if len(t.CacheControl) > 0 {
			r.Drop("cache_control")
		}
		if t.Strict {
			r.Drop(t.At.Path() + b.said(".function.strict", ".strict"))
		}
		b.Comma()
		b.Raw(`{"type":"function","function":{`)
		b.Text("name", t.Name)
		if len(t.Description) > 0 {
			b.Text("description", t.Description)
		}
		if len(t.Parameters) > 0 && string(t.Parameters) != "null" {
			b.Value("parameters", t.Parameters)
		} else {
			b.Const("parameters", `{"type":"object","properties":{}}`)
		}
		b.Raw(`}}`)
	}
	b.Raw(`]`)
}
