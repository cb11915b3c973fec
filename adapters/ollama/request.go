package ollama

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// AppendRequest appends a request of
// https://github.com/ollama/ollama/blob/main/docs/api.md#generate-a-chat-completion.
func (a *adapter) AppendRequest(dst []byte, r *chat.Request) ([]byte, *chat.Error) {
	b := builder{Builder: chat.NewBuilder(dst, r), a: a}
	b.build()
	if b.Err != nil {
		return dst, b.Err
	}
	return b.Dst, nil
}

// A builder writes one request.
type builder struct {
	chat.Builder
	a   *adapter
	doc rawjson.Doc // for arguments of calls
}

func (b *builder) build() {
	r := b.R
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

// refuse fails for what changes the meaning of the answer and has no counterpart here.
func (b *builder) refuse() {
	r := b.R
	b.FailUsual("Ollama")
	b.FailIf(r.Choice.Kind == chat.ChoiceRequired || r.Choice.Kind == chat.ChoiceTool, "tool_choice", "Ollama cannot force a call; want auto or none")
	b.FailServerTools()
}

// dropRest reports what has no counterpart here and only makes answers likelier, faster
// or cheaper.
func (b *builder) dropRest() {
	r := b.R
	b.DropUsual()
	for i := range r.Extra {
		r.Drop(r.Extra[i].Path)
	}
}

// options writes what says how tokens are chosen, and how many there may be.
func (b *builder) options() {
	r := b.R
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
	b.Stops("stop")
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
	level := b.R.Reasoning.Level()
	switch {
	case level != chat.EffortUnset:
		b.Const("think", levels[level].name)
		if !levels[level].exact {
			b.R.Drop(b.Said("reasoning_effort", "thinking"))
		}
	case b.R.Reasoning.Adaptive:
		b.Const("think", "true")
	}
}

// tools writes the functions, unless none may be called.
func (b *builder) tools() {
	r := b.R
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
			r.Drop(t.At.Path() + b.Said(".function.strict", ".strict"))
		}
		b.Function(t)
	}
	b.Raw(`]`)
}
