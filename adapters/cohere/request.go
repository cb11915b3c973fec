package cohere

import (
	"bytes"
	"strconv"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// AppendRequest appends a request of https://docs.cohere.com/v2/reference/chat.
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
	r     *chat.Request
	a     *adapter
	doc   rawjson.Doc // for schemas of functions
	err   *chat.Error // the first one
	media []attached  // of results, which hold only text
	cited bool        // documents are the request's
	asked bool        // JSON is asked for in words
}

func (b *builder) build() {
	r := b.r
	b.refuse()
	b.cited = r.Format.Kind == chat.FormatText
	b.asked = r.Format.Kind == chat.FormatJSON && b.declares()
	b.Raw(`{"model":`)
	b.Dst = rawjson.AppendString(b.Dst, r.Model)
	if r.Stream {
		b.Raw(`,"stream":true`)
	} else {
		b.Raw(`,"stream":false`)
	}
	b.messages()
	documents := b.documents()
	b.tools()
	b.format()
	if b.a.safety != "" && !documents && !b.declares() {
		b.Key("safety_mode")
		b.Dst = rawjson.AppendString(b.Dst, b.a.safety)
	}
	b.sampling()
	b.thinking()
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
	b.failIf(r.N > 1, "n", "Cohere gives one answer to a request")
	b.failIf(len(r.LogitBias) > len("{}"), "logit_bias", "Cohere has nothing like it: tokens cannot be forbidden or forced")
	b.failIf(r.Audio != nil || bytes.Contains(r.Modalities, []byte(`"audio"`)), "audio", "answers are text here")
	b.failIf(r.WebSearch != nil, "web_search_options", "the answer would not rest on a search")
	b.failIf(r.Format.Kind == chat.FormatSchema && b.declares(), b.said("response_format", "output_config.format"), "Cohere has no structured output beside tools")
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
	b.dropIf(r.MinP != nil, "min_p")
	b.dropIf(r.TopLogprobs != nil && string(r.TopLogprobs) != "0", "top_logprobs")
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
	b.dropIf(b.asked, "response_format")
	for i := range r.Extra {
		r.Drop(r.Extra[i].Path)
	}
}

const mostStops = 5

// sampling writes what says how tokens are chosen, and how many there may be.
func (b *builder) sampling() {
	r := b.r
	if r.MaxTokens > 0 {
		b.Int("max_tokens", r.MaxTokens)
	}
	b.Value("temperature", r.Temperature)
	b.within("p", "top_p", r.TopP, 0.01, 0.99)
	b.within("k", "top_k", r.TopK, 0, 500)
	b.within("frequency_penalty", "frequency_penalty", r.FrequencyPenalty, 0, 1)
	b.within("presence_penalty", "presence_penalty", r.PresencePenalty, 0, 1)
	if len(r.Seed) > 0 && r.Seed[0] == '-' {
		r.Drop("seed")
	} else {
		b.Value("seed", r.Seed)
	}
	if r.Logprobs {
		b.Const("logprobs", "true")
	}
	name := b.said("stop", "stop_sequences")
	n := 0
	for _, s := range r.Stop {
		if len(s) == 0 {
			r.Drop(name)
			continue
		}
		if n++; n == 1 {
			b.Key("stop_sequences")
			b.Raw(`[`)
		}
		b.Comma()
		b.Str(s)
	}
	if n > 0 {
		b.Raw(`]`)
	}
	if n > mostStops {
		b.fail(name, "want at most 5, got "+strconv.Itoa(n))
	}
}

// within writes a number, or the nearest that the API takes.
func (b *builder) within(key, name string, raw chat.Raw, least, most float64) {
	if raw == nil {
		return
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err == nil && f >= least && f <= most {
		b.Value(key, raw)
		return
	}
	b.r.Drop(name)
	b.Key(key)
	b.Dst = rawjson.AppendFloat(b.Dst, min(max(f, least), most))
}

// thinking says whether the model thinks, and how much at most. Models that can do so
// unless they are told not to, so that only a limit has to be said.
func (b *builder) thinking() {
	t := &b.r.Reasoning
	switch level := t.Level(); {
	case level == chat.EffortNone:
		b.Raw(`,"thinking":{"type":"disabled"}`)
	case level != chat.EffortUnset:
		tokens := t.Tokens()
		if most := b.r.MaxTokens; most > 0 && tokens >= most {
			tokens = max(1, most/4*3) // the thoughts are part of the limit
			b.r.Drop(b.said("reasoning_effort", "thinking"))
		}
		b.Raw(`,"thinking":{"type":"enabled"`)
		b.Int("token_budget", tokens)
		b.Raw(`}`)
	case t.Adaptive:
		b.Raw(`,"thinking":{"type":"enabled"}`)
	}
}

// answerAsk asks for JSON where it cannot be forced.
const answerAsk = "Answer with one JSON object and nothing else: no code fence, no text before or after it."

// format writes the form of the answer
// (https://docs.cohere.com/v2/docs/structured-outputs).
func (b *builder) format() {
	f := &b.r.Format
	if f.Kind == chat.FormatText || b.asked {
		return
	}
	b.Raw(`,"response_format":{"type":"json_object"`)
	if f.Kind == chat.FormatSchema {
		b.Value("json_schema", f.Schema)
	}
	b.Raw(`}`)
}
