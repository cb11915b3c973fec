package gemini

import (
	"bytes"
	"strconv"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// AppendRequest appends a request of https://ai.google.dev/api/generate-content.
func (t *Translation) AppendRequest(dst []byte, r *chat.Request) ([]byte, *chat.Error) {
	b := builder{Builder: chat.NewBuilder(dst, r), m: find(r.Model), vertex: t.Vertex}
	b.build()
	if b.Err != nil {
		return dst, b.Err
	}
	return b.Dst, nil
}

// A builder writes one request.
type builder struct {
	chat.Builder
	m     *model
	doc   rawjson.Doc // for documents within the request: arguments, schemas
	side  side        // whose content is open
	open  []call      // calls of the turn before, to be answered in this one
	media []attached  // of results, which hold only text for older models
	asked bool        // JSON is asked for in words

	vertex bool // the service is Vertex AI
}

func (b *builder) build() {
	b.refuse()
	b.Raw(`{`)
	b.chooseFormat()
	b.system()
	b.contents()
	b.tools()
	b.Object("generationConfig", b.config)
	b.tier()
	b.own()
	b.Raw(`}`)
	b.dropRest()
}

// refuse fails for what changes the meaning of the answer and has no counterpart here.
func (b *builder) refuse() {
	r := b.R
	b.FailIf(r.N > 1 && !b.m.is(several), "n", "the model has one answer to a request")
	b.FailIf(r.N > mostChoices, "n", "want at most 8 answers")
	b.FailIf(len(r.LogitBias) > len("{}"), "logit_bias", "Gemini's API has nothing like it: tokens cannot be forbidden or forced")
	b.FailIf(r.Audio != nil || bytes.Contains(r.Modalities, []byte(`"audio"`)), "audio", "answers are text here")
	b.FailIf(r.WebSearch != nil, "web_search_options", "the answer would not rest on a search")
	if r.Dialect != dialectName {
		b.FailServerTools()
	}
}

// dropRest reports what has no counterpart here and only makes answers likelier, faster
// or cheaper.
func (b *builder) dropRest() {
	r := b.R
	b.DropIf(r.MinP != nil, "min_p")
	b.DropIf(len(r.User) > 0, b.Said("user", "metadata.user_id"))
	b.DropIf(len(r.SafetyIdentifier) > 0, "safety_identifier")
	b.DropIf(r.Metadata != nil, "metadata")
	b.DropIf(r.Store != nil && string(r.Store) != "false", "store")
	b.DropIf(r.Prediction != nil, "prediction")
	b.DropIf(len(r.PromptCacheKey) > 0, "prompt_cache_key")
	b.DropIf(len(r.Verbosity) > 0, "verbosity")
	b.DropIf(r.SequentialTools && len(r.Tools) > 0, b.Said("parallel_tool_calls", "tool_choice.disable_parallel_tool_use"))
	for i := range r.Extra {
		if e := &r.Extra[i]; r.Dialect != dialectName || e.Path != e.Key { // only this API's own clients know its members
			b.R.Drop(e.Path)
		}
	}
}

// own writes the members that only this API's own clients know.
func (b *builder) own() {
	for i := range b.R.Extra {
		if e := &b.R.Extra[i]; b.R.Dialect == dialectName && e.Path == e.Key {
			b.Value(e.Key, e.Raw)
		}
	}
}

// tier writes the service tier (https://ai.google.dev/gemini-api/docs/flex-inference).
// auto is what the account has.
func (b *builder) tier() {
	switch t := b.R.ServiceTier; string(t) {
	case "", "auto":
	case "default", "standard_only":
		if b.vertex {
			return
		}
		b.Raw(`,"serviceTier":"standard"`)
	case "flex", "priority":
		if b.vertex {
			b.R.Drop("service_tier") // headers say it there
			return
		}
		b.Text("serviceTier", t)
	default:
		b.R.Drop("service_tier")
	}
}

const (
	mostChoices = 8 // of candidateCount
	mostStops   = 5
)

// config writes what says how the answer is made.
func (b *builder) config() {
	r := b.R
	if r.MaxTokens > 0 {
		b.Int("maxOutputTokens", r.MaxTokens)
	}
	b.sample("temperature", "temperature", r.Temperature, samples, 1)
	b.sample("topP", "top_p", r.TopP, samples, 1)
	b.sample("topK", "top_k", r.TopK, samples, 0)
	b.sample("frequencyPenalty", "frequency_penalty", r.FrequencyPenalty, penalties, 0)
	b.sample("presencePenalty", "presence_penalty", r.PresencePenalty, penalties, 0)
	if r.Seed != nil {
		if _, err := strconv.ParseInt(string(r.Seed), 10, 32); err == nil {
			b.Value("seed", r.Seed)
		} else {
			b.R.Drop("seed") // only 32 bits are taken
		}
	}
	if r.N > 1 {
		b.Int("candidateCount", r.N)
	}
	if r.Logprobs {
		b.Const("responseLogprobs", "true")
		b.Value("logprobs", r.TopLogprobs)
	}
	b.stops()
	b.format()
	b.thinking()
}

// sample writes a number, or drops it where the model takes only the usual one.
func (b *builder) sample(key, name string, raw chat.Raw, t trait, usual float64) {
	if raw == nil {
		return
	}
	f, ok := rawjson.ParseFloat(raw)
	switch {
	case b.m.is(t):
		b.Value(key, raw)
	case !ok || f != usual:
		b.R.Drop(name)
	}
}

func (b *builder) stops() {
	if n := b.Stops("stopSequences"); n > mostStops {
		b.Fail(b.Said("stop", "stop_sequences"), "want at most 5, got "+strconv.Itoa(n))
	}
}

// levelNames are the values of thinkingLevel.
var levelNames = [...]string{chat.EffortMinimal: "MINIMAL", chat.EffortLow: "LOW", chat.EffortMedium: "MEDIUM", chat.EffortHigh: "HIGH"}

// thinking says how much the model thinks: by a level from the third generation on, by a
// budget before (https://ai.google.dev/gemini-api/docs/generate-content/thinking). Where
// a client asks for thinking it gets to see it, but for one that says otherwise.
func (b *builder) thinking() {
	r := &b.R.Reasoning
	level := r.Level()
	if level == chat.EffortUnset && !r.Adaptive {
		return
	}
	name := b.Said("reasoning_effort", "thinking")
	if !b.m.thinks() {
		if level != chat.EffortNone {
			b.R.Drop(name)
		}
		return
	}
	b.Object("thinkingConfig", func() {
		switch {
		case b.m.levels != 0 && level != chat.EffortUnset:
			given := b.m.nearest(level)
			b.Text("thinkingLevel", []byte(levelNames[given]))
			if given != level {
				b.R.Drop(name)
			}
		case b.m.levels == 0:
			b.budget(level, name)
		}
		if level != chat.EffortNone && string(r.Summary) != "omitted" {
			b.Const("includeThoughts", "true")
		}
	})
}

// budget writes the tokens of thinking: -1 lets the model decide. They are part of
// maxOutputTokens, of which a quarter is left for the answer.
func (b *builder) budget(level chat.Effort, name string) {
	r := &b.R.Reasoning
	n := int64(-1)
	switch {
	case level == chat.EffortNone && b.m.is(silent):
		n = 0
	case level != chat.EffortUnset:
		want := r.Tokens()
		if most := b.R.MaxTokens; most > 0 && want >= most {
			want = most / 4 * 3
		}
		if n = min(max(want, b.m.least), b.m.most); level == chat.EffortNone || n != want && r.Budget > 0 {
			b.R.Drop(name)
		}
	}
	b.Int("thinkingBudget", n)
}
