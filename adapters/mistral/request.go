package mistral

import (
	"bytes"
	"strconv"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// dialectName is that of the clients whose words are nearest to this API's.
const dialectName = "openai"

// AppendRequest appends a request of https://docs.mistral.ai/api/endpoint/chat.
func (a *adapter) AppendRequest(dst []byte, r *chat.Request) ([]byte, *chat.Error) {
	b := builder{Builder: rawjson.Builder{Dst: dst}, r: r, m: find(r.Model)}
	b.build(a)
	if b.err != nil {
		return dst, b.err
	}
	return b.Dst, nil
}

// A builder writes one request.
type builder struct {
	rawjson.Builder
	r     *chat.Request
	m     *family
	err   *chat.Error // the first one
	last  chat.Role   // of the last message that is written
	ids   ids
	open  []call     // calls that wait for their results
	media []attached // of tool results, which can hold only text
}

func (b *builder) build(a *adapter) {
	if b.refuse(); b.err != nil {
		return
	}
	b.Raw(`{"model":`)
	b.Dst = rawjson.AppendString(b.Dst, b.r.Model)
	b.messages()
	b.tools()
	b.format()
	b.reasoning()
	b.sampling()
	b.stops()
	b.service()
	b.extras(a)
	if b.r.Stream {
		b.Raw(`,"stream":true`)
	}
	b.Raw(`}`)
}

// The helpers are not inlined, either: there are many calls of them, and the module's size
// counts.

// textIf writes a member that is a text, if there is one.
//
//go:noinline
func (b *builder) textIf(k string, t []byte) {
	if len(t) > 0 {
		b.Text(k, t)
	}
}

// drop reports what is not in the request.
//
//go:noinline
func (b *builder) drop(path string) { b.r.Drop(path) }

// number is a number that a client has sent.
//
//go:noinline
func number(raw chat.Raw) (float64, bool) {
	f, err := strconv.ParseFloat(string(raw), 64)
	return f, err == nil
}

// fail keeps the first error: what is wrong with the field at path.
//
//go:noinline
func (b *builder) fail(path, problem string) {
	if b.err == nil {
		b.err = chat.Unsupported(path, problem)
	}
}

// said picks how the client spells a field.
//
//go:noinline
func (b *builder) said(openAI, others string) string {
	if b.r.Dialect == dialectName {
		return openAI
	}
	return others
}

// refuse fails for what changes the meaning of the answer and has no counterpart here.
func (b *builder) refuse() {
	r := b.r
	for _, g := range [...]struct {
		said        bool
		field, what string
	}{
		{len(r.Messages) == 0, "messages", "want at least one message"},
		{len(r.LogitBias) > len("{}"), "logit_bias", "Mistral's API has nothing like it: tokens cannot be forbidden or forced"},
		{r.Audio != nil || bytes.Contains(r.Modalities, []byte(`"audio"`)), "audio", "answers are text here"},
		{r.WebSearch != nil, "web_search_options", "the answer would not rest on a search"},
	} {
		if g.said {
			b.fail(g.field, g.what)
		}
	}
	for i := range r.Extra {
		if e := &r.Extra[i]; (e.Path == "mcp_servers" || e.Path == "container") && r.Dialect != dialectName && len(e.Raw) > len("[]") {
			b.fail(e.Path, "it is run by another provider, not by this one")
		}
	}
	if len(r.ServerTools) > 0 {
		b.fail(r.ServerTools[0].At.Path(), "a tool of this type is run by another provider, not by this one")
	}
}

// hottest is the highest temperature that is taken.
const hottest = 1.5

// sampling writes what says how tokens are chosen.
func (b *builder) sampling() {
	r := b.r
	if r.MaxTokens > 0 {
		b.Int("max_tokens", r.MaxTokens)
	}
	warmth, given := number(r.Temperature)
	if given && warmth > hottest {
		b.Raw(`,"temperature":1.5`)
		b.drop("temperature")
	} else {
		b.Value("temperature", r.Temperature)
	}
	if p, ok := number(r.TopP); given && warmth == 0 && ok && p != 1 {
		b.drop("top_p") // the likeliest token is taken anyway, and top_p beside it refused
	} else {
		b.Value("top_p", r.TopP)
	}
	b.Value("top_k", r.TopK)
	b.Value("frequency_penalty", r.FrequencyPenalty)
	b.Value("presence_penalty", r.PresencePenalty)
	if bytes.HasPrefix(r.Seed, []byte{'-'}) {
		b.drop("seed") // only those from 0 on are taken
	} else {
		b.Value("random_seed", r.Seed)
	}
	if r.N > 1 {
		b.Int("n", r.N)
	}
	if r.Logprobs {
		b.Raw(`,"logprobs":true`)
		b.Value("top_logprobs", r.TopLogprobs)
	}
}

func (b *builder) stops() {
	n := 0
	for _, s := range b.r.Stop {
		if len(s) == 0 {
			b.drop(b.said("stop", "stop_sequences"))
			continue
		}
		if n++; n == 1 {
			b.Raw(`,"stop":[`)
		}
		b.Comma()
		b.Str(s)
	}
	if n > 0 {
		b.Raw(`]`)
	}
}

func (b *builder) format() {
	switch f := &b.r.Format; f.Kind {
	case chat.FormatJSON:
		b.Raw(`,"response_format":{"type":"json_object"}`)
	case chat.FormatSchema:
		b.Raw(`,"response_format":{"type":"json_schema","json_schema":{"name":`)
		if len(f.Name) > 0 {
			b.Str(f.Name)
		} else {
			b.Raw(`"response"`) // required here, and unknown to APIs that name no schema
		}
		b.textIf("description", f.Description)
		b.Value("schema", f.Schema)
		if f.Strict {
			b.Raw(`,"strict":true`)
		}
		b.Raw(`}}`)
	}
}

// effortNames are the values of reasoning_effort that models have here.
var effortNames = [...]string{chat.EffortNone: "none", chat.EffortLow: "low", chat.EffortMedium: "medium", chat.EffortHigh: "high"}

// reasoning writes the effort that comes closest. A model that does not reason needs not
// be told to leave it, and thoughts are always shown.
func (b *builder) reasoning() {
	r := &b.r.Reasoning
	asked := r.Level()
	if asked == chat.EffortUnset && r.Adaptive && b.m.thinks() {
		asked = b.m.nearest(chat.EffortMedium) // the model is to think, which it does not unless it is told to
	}
	if len(r.Summary) > 0 {
		b.drop(b.said("reasoning.summary", "thinking.display"))
	}
	if asked == chat.EffortUnset {
		return
	}
	given := b.m.nearest(asked)
	if given != asked && !(asked == chat.EffortNone && !b.m.thinks()) {
		b.drop(b.said("reasoning_effort", "thinking"))
	}
	if given != chat.EffortUnset && !b.m.silent {
		b.textIf("reasoning_effort", []byte(effortNames[given]))
	}
}

// service writes what concerns the service rather than the answer, and reports what is
// not known here and only makes answers likelier, faster or cheaper.
func (b *builder) service() {
	r := b.r
	b.Value("metadata", r.Metadata)
	b.textIf("prompt_cache_key", r.PromptCacheKey)
	b.tier()
	b.prediction()
	for _, g := range [...]struct {
		said  bool
		field string
	}{
		{r.MinP != nil, "min_p"},
		{len(r.User) > 0, b.said("user", "metadata.user_id")},
		{len(r.SafetyIdentifier) > 0, "safety_identifier"},
		{r.Store != nil && string(r.Store) != "false", "store"},
		{len(r.Verbosity) > 0, "verbosity"},
	} {
		if g.said {
			b.drop(g.field)
		}
	}
}

// tier writes the service tier, whose words are Anthropic's here. OpenAI's default asks
// for no better than usual.
func (b *builder) tier() {
	switch t := b.r.ServiceTier; string(t) {
	case "":
	case "auto", "standard_only":
		b.Text("service_tier", t)
	case "default":
		b.Raw(`,"service_tier":"standard_only"`)
	default:
		b.drop("service_tier")
	}
}

// prediction writes what the answer is expected to be, which only makes it faster.
func (b *builder) prediction() {
	if b.r.Prediction == nil {
		return
	}
	var doc rawjson.Doc
	if doc.Parse(b.r.Prediction) == nil {
		if c := doc.Root().Get("content"); c.Kind() == rawjson.String {
			b.Raw(`,"prediction":{"type":"content"`)
			b.Value("content", c.Raw())
			b.Raw(`}`)
			return
		}
	}
	b.drop("prediction")
}

// own are members that this API has beside OpenAI's; clients of OpenAI's SDK send them
// as they are.
var own = [...]string{"safe_prompt", "prompt_mode", "guardrails", "min_tokens", "repetition_penalty", "prompt_logprobs", "top_prompt_logprobs"}

// extras writes those members, and reports any other.
func (b *builder) extras(a *adapter) {
	safe := a.safePrompt
	for i := range b.r.Extra {
		e := &b.r.Extra[i]
		switch {
		case b.takes(e):
			b.Value(e.Key, e.Raw)
			safe = safe && e.Key != "safe_prompt"
		case e.Key == "prefix" && b.continues():
		default:
			b.drop(e.Path)
		}
	}
	if safe {
		b.Raw(`,"safe_prompt":true`)
	}
}

func (b *builder) takes(e *chat.Member) bool {
	if b.r.Dialect != dialectName || e.Path != e.Key {
		return false
	}
	for _, k := range own {
		if e.Key == k {
			return true
		}
	}
	return false
}
