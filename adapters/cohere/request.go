package cohere

import (
	"strconv"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// AppendRequest appends a request of https://docs.cohere.com/v2/reference/chat.
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
	a     *adapter
	doc   rawjson.Doc // for schemas of functions
	media []attached  // of results, which hold only text
	cited bool        // documents are the request's
	asked bool        // JSON is asked for in words
}

func (b *builder) build() {
	r := b.R
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

// refuse fails for what changes the meaning of the answer and has no counterpart here.
func (b *builder) refuse() {
	r := b.R
	b.FailUsual("Cohere")
	b.FailIf(r.Format.Kind == chat.FormatSchema && b.declares(), b.Said("response_format", "output_config.format"), "Cohere has no structured output beside tools")
	b.FailServerTools()
}

// dropRest reports what has no counterpart here and only makes answers likelier, faster
// or cheaper.
func (b *builder) dropRest() {
	r := b.R
	b.DropIf(r.MinP != nil, "min_p")
	b.DropIf(r.TopLogprobs != nil && string(r.TopLogprobs) != "0", "top_logprobs")
	b.DropUsual()
	b.DropIf(b.asked, "response_format")
	for i := range r.Extra {
		r.Drop(r.Extra[i].Path)
	}
}

const mostStops = 5

// sampling writes what says how tokens are chosen, and how many there may be.
func (b *builder) sampling() {
	r := b.R
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
	if n := b.Stops("stop_sequences"); n > mostStops {
		b.Fail(b.Said("stop", "stop_sequences"), "want at most 5, got "+strconv.Itoa(n))
	}
}

// within writes a number, or the nearest that the API takes.
func (b *builder) within(key, name string, raw chat.Raw, least, most float64) {
	if raw == nil {
		return
	}
	f, ok := rawjson.ParseFloat(raw)
	if ok && f >= least && f <= most {
		b.Value(key, raw)
		return
	}
	b.R.Drop(name)
	b.Key(key)
	b.Dst = rawjson.AppendFloat(b.Dst, min(max(f, least), most))
}

// thinking says whether the model thinks, and how much at most. Models that can do so
// unless they are told not to, so that only a limit has to be said.
func (b *builder) thinking() {
	t := &b.R.Reasoning
	switch level := t.Level(); {
	case level == chat.EffortNone:
		b.Raw(`,"thinking":{"type":"disabled"}`)
	case level != chat.EffortUnset:
		tokens := t.Tokens()
		if most := b.R.MaxTokens; most > 0 && tokens >= most {
			tokens = max(1, most/4*3) // the thoughts are part of the limit
			b.R.Drop(b.Said("reasoning_effort", "thinking"))
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
	f := &b.R.Format
	if f.Kind == chat.FormatText || b.asked {
		return
	}
	b.Raw(`,"response_format":{"type":"json_object"`)
	if f.Kind == chat.FormatSchema {
		b.Value("json_schema", f.Schema)
	}
	b.Raw(`}`)
}
