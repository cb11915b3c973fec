package gemini

import (
	"bytes"
	"strconv"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// AppendRequest appends a request of https://ai.google.dev/api/generate-content.
func (t *Translation) AppendRequest(dst []byte, r *chat.Request) ([]byte, *chat.Error) {
	b := builder{Builder: rawjson.Builder{Dst: dst}, r: r, m: find(r.Model), vertex: t.Vertex}
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
	m     *model
	doc   rawjson.Doc // for documents within the request: arguments, schemas
	err   *chat.Error // the first one
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

// The helpers are not inlined, either: there are many calls of them, and the module's size
// counts.

// fail keeps the first error: what is wrong with the field at path.
//
//go:noinline
func (b *builder) fail(path, problem string) {
	if b.err != nil {
		return
	}
	b.err = chat.Unsupported(path, problem)
}

// drop reports what is not in the request.
//
//go:noinline
func (b *builder) drop(path string) { b.r.Drop(path) }

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
	for _, g := range [...]struct {
		said        bool
		field, what string
	}{
		{r.N > 1 && !b.m.is(several), "n", "the model has one answer to a request"},
		{r.N > mostChoices, "n", "want at most 8 answers"},
		{len(r.LogitBias) > len("{}"), "logit_bias", "Gemini's API has nothing like it: tokens cannot be forbidden or forced"},
		{r.Audio != nil || bytes.Contains(r.Modalities, []byte(`"audio"`)), "audio", "answers are text here"},
		{r.WebSearch != nil, "web_search_options", "the answer would not rest on a search"},
	} {
		if g.said {
			b.fail(g.field, g.what)
		}
	}
	if len(r.ServerTools) > 0 && r.Dialect != dialectName {
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
	for _, g := range [...]struct {
		said  bool
		field string
	}{
		{r.MinP != nil, "min_p"},
		{len(r.User) > 0, b.said("user", "metadata.user_id")},
		{len(r.SafetyIdentifier) > 0, "safety_identifier"},
		{r.Metadata != nil, "metadata"},
		{r.Store != nil && string(r.Store) != "false", "store"},
		{r.Prediction != nil, "prediction"},
		{len(r.PromptCacheKey) > 0, "prompt_cache_key"},
		{len(r.Verbosity) > 0, "verbosity"},
		{r.SequentialTools && len(r.Tools) > 0, b.said("parallel_tool_calls", "tool_choice.disable_parallel_tool_use")},
	} {
		if g.said {
			b.drop(g.field)
		}
	}
	for i := range r.Extra {
		if e := &r.Extra[i]; r.Dialect != dialectName || e.Path != e.Key { // only this API's own clients know its members
			b.drop(e.Path)
		}
	}
}

// own writes the members that only this API's own clients know.
func (b *builder) own() {
	for i := range b.r.Extra {
		if e := &b.r.Extra[i]; b.r.Dialect == dialectName && e.Path == e.Key {
			b.Value(e.Key, e.Raw)
		}
	}
}

// tier writes the service tier (https://ai.google.dev/gemini-api/docs/flex-inference).
// auto is what the account has.
func (b *builder) tier() {
	switch t := b.r.ServiceTier; string(t) {
	case "", "auto":
	case "default", "standard_only":
		if b.vertex {
			return
		}
		b.Raw(`,"serviceTier":"standard"`)
	case "flex", "priority":
		if b.vertex {
			b.drop("service_tier") // headers say it there
			return
		}
		b.Text("serviceTier", t)
	default:
		b.drop("service_tier")
	}
}

const (
	mostChoices = 8 // of candidateCount
	mostStops   = 5
)

// config writes what says how the answer is made.
func (b *builder) config() {
	r := b.r
	if r.MaxTokens > 0 {
		b.Int("maxOutputTokens", r.MaxTokens)
	}
	b.sample("temperature", "temperature", r.Temperature, samples, 1)
	b.sample("topP", "top_p", r.TopP, samples, 1)
	b.sample("topK", "top_k", r.TopK, samples, 0)
	b.sample("frequencyPenalty", "frequency_penalty", r.FrequencyPenalty, penalties, 0)
	b.sample("presencePenalty", "presence_penalty", r.PresencePenalty, penalties, 0)
	if _, err := strconv.ParseInt(string(r.Seed), 10, 32); err == nil {
		b.Value("seed", r.Seed)
	} else if r.Seed != nil {
		b.drop("seed") // only 32 bits are taken
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
	f, err := strconv.ParseFloat(string(raw), 64)
	switch {
	case b.m.is(t):
		b.Value(key, raw)
	case err != nil || f != usual:
		b.drop(name)
	}
}

func (b *builder) stops() {
	name := b.said("stop", "stop_sequences")
	n := 0
	for _, s := range b.r.Stop {
		if len(s) == 0 {
			b.drop(name)
			continue
		}
		if n++; n == 1 {
			b.Key("stopSequences")
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

// levelNames are the values of thinkingLevel.
var levelNames = [...]string{chat.EffortMinimal: "MINIMAL", chat.EffortLow: "LOW", chat.EffortMedium: "MEDIUM", chat.EffortHigh: "HIGH"}

// thinking says how much the model thinks: by a level from the third generation on, by a
// budget before (https://ai.google.dev/gemini-api/docs/generate-content/thinking). Where
// a client asks for thinking it gets to see it, but for one that says otherwise.
func (b *builder) thinking() {
	r := &b.r.Reasoning
	level := r.Level()
	if level == chat.EffortUnset && !r.Adaptive {
		return
	}
	name := b.said("reasoning_effort", "thinking")
	if !b.m.thinks() {
		if level != chat.EffortNone {
			b.drop(name)
		}
		return
	}
	b.Object("thinkingConfig", func() {
		switch {
		case b.m.levels != 0 && level != chat.EffortUnset:
			given := b.m.nearest(level)
			b.Text("thinkingLevel", []byte(levelNames[given]))
			if given != level {
				b.drop(name)
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
	r := &b.r.Reasoning
	n := int64(-1)
	switch {
	case level == chat.EffortNone && b.m.is(silent):
		n = 0
	case level != chat.EffortUnset:
		want := r.Tokens()
		if most := b.r.MaxTokens; most > 0 && want >= most {
			want = most / 4 * 3
		}
		if n = min(max(want, b.m.least), b.m.most); level == chat.EffortNone || n != want && r.Budget > 0 {
			b.drop(name)
		}
	}
	b.Int("thinkingBudget", n)
}
