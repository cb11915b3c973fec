package mistral

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// dialectName is that of the clients whose words are nearest to this API's.
const dialectName = "openai"

// AppendRequest appends a request of https://docs.mistral.ai/api/endpoint/chat.
func (a *adapter) AppendRequest(dst []byte, r *chat.Request) ([]byte, *chat.Error) {
	b := builder{Builder: chat.NewBuilder(dst, r), m: find(r.Model)}
	b.build(a)
	if b.Err != nil {
		return dst, b.Err
	}
	return b.Dst, nil
}

// A builder writes one request.
type builder struct {
	chat.Builder
	m     *family
	last  chat.Role // of the last message that is written
	ids   ids
	open  []call     // calls that wait for their results
	media []attached // of tool results, which can hold only text
}

func (b *builder) build(a *adapter) {
	if b.refuse(); b.Err != nil {
		return
	}
	b.Raw(`{"model":`)
	b.Dst = rawjson.AppendString(b.Dst, b.R.Model)
	b.messages()
	b.tools()
	b.format()
	b.reasoning()
	b.sampling()
	b.Stops("stop")
	b.service()
	b.extras(a)
	if b.R.Stream {
		b.Raw(`,"stream":true`)
	}
	b.Raw(`}`)
}

// textIf writes a member that is a text, if there is one.
func (b *builder) textIf(k string, t []byte) {
	if len(t) > 0 {
		b.Text(k, t)
	}
}

// refuse fails for what changes the meaning of the answer and has no counterpart here.
func (b *builder) refuse() {
	r := b.R
	b.FailIf(len(r.Messages) == 0, "messages", "want at least one message")
	b.FailIf(len(r.LogitBias) > len("{}"), "logit_bias", "Mistral's API has nothing like it: tokens cannot be forbidden or forced")
	b.FailIf(r.Audio != nil || bytes.Contains(r.Modalities, []byte(`"audio"`)), "audio", "answers are text here")
	b.FailIf(r.WebSearch != nil, "web_search_options", "the answer would not rest on a search")
	for i := range r.Extra {
		if e := &r.Extra[i]; (e.Path == "mcp_servers" || e.Path == "container") && r.Dialect != dialectName && len(e.Raw) > len("[]") {
			b.Fail(e.Path, "it is run by another provider, not by this one")
		}
	}
	b.FailServerTools()
}

// hottest is the highest temperature that is taken.
const hottest = 1.5

// sampling writes what says how tokens are chosen.
func (b *builder) sampling() {
	r := b.R
	if r.MaxTokens > 0 {
		b.Int("max_tokens", r.MaxTokens)
	}
	warmth, given := rawjson.ParseFloat(r.Temperature)
	if given && warmth > hottest {
		b.Raw(`,"temperature":1.5`)
		b.R.Drop("temperature")
	} else {
		b.Value("temperature", r.Temperature)
	}
	if p, ok := rawjson.ParseFloat(r.TopP); given && warmth == 0 && ok && p != 1 {
		b.R.Drop("top_p") // the likeliest token is taken anyway, and top_p beside it refused
	} else {
		b.Value("top_p", r.TopP)
	}
	b.Value("top_k", r.TopK)
	b.Value("frequency_penalty", r.FrequencyPenalty)
	b.Value("presence_penalty", r.PresencePenalty)
	if bytes.HasPrefix(r.Seed, []byte{'-'}) {
		b.R.Drop("seed") // only those from 0 on are taken
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

func (b *builder) format() {
	switch f := &b.R.Format; f.Kind {
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
	r := &b.R.Reasoning
	asked := r.Level()
	if asked == chat.EffortUnset && r.Adaptive && b.m.thinks() {
		asked = b.m.nearest(chat.EffortMedium) // the model is to think, which it does not unless it is told to
	}
	if len(r.Summary) > 0 {
		b.R.Drop(b.Said("reasoning.summary", "thinking.display"))
	}
	if asked == chat.EffortUnset {
		return
	}
	given := b.m.nearest(asked)
	if given != asked && !(asked == chat.EffortNone && !b.m.thinks()) {
		b.R.Drop(b.Said("reasoning_effort", "thinking"))
	}
	if given != chat.EffortUnset && !b.m.silent {
		b.textIf("reasoning_effort", []byte(effortNames[given]))
	}
}

// service writes what concerns the service rather than the answer, and reports what is
// not known here and only makes answers likelier, faster or cheaper.
func (b *builder) service() {
	r := b.R
	b.Value("metadata", r.Metadata)
	b.textIf("prompt_cache_key", r.PromptCacheKey)
	b.tier()
	b.prediction()
	b.DropIf(r.MinP != nil, "min_p")
	b.DropIf(len(r.User) > 0, b.Said("user", "metadata.user_id"))
	b.DropIf(len(r.SafetyIdentifier) > 0, "safety_identifier")
	b.DropIf(r.Store != nil && string(r.Store) != "false", "store")
	b.DropIf(len(r.Verbosity) > 0, "verbosity")
}

// tier writes the service tier, whose words are Anthropic's here. OpenAI's default asks
// for no better than usual.
func (b *builder) tier() {
	switch t := b.R.ServiceTier; string(t) {
	case "":
	case "auto", "standard_only":
		b.Text("service_tier", t)
	case "default":
		b.Raw(`,"service_tier":"standard_only"`)
	default:
		b.R.Drop("service_tier")
	}
}

// prediction writes what the answer is expected to be, which only makes it faster.
func (b *builder) prediction() {
	if b.R.Prediction == nil {
		return
	}
	var doc rawjson.Doc
	if doc.Parse(b.R.Prediction) == nil {
		if c := doc.Root().Get("content"); c.Kind() == rawjson.String {
			b.Raw(`,"prediction":{"type":"content"`)
			b.Value("content", c.Raw())
			b.Raw(`}`)
			return
		}
	}
	b.R.Drop("prediction")
}

// own are members that this API has beside OpenAI's; clients of OpenAI's SDK send them
// as they are.
var own = [...]string{"safe_prompt", "prompt_mode", "guardrails", "min_tokens", "repetition_penalty", "prompt_logprobs", "top_prompt_logprobs"}

// extras writes those members, and reports any other.
func (b *builder) extras(a *adapter) {
	safe := a.safePrompt
	for i := range b.R.Extra {
		e := &b.R.Extra[i]
		switch {
		case b.takes(e):
			b.Value(e.Key, e.Raw)
			safe = safe && e.Key != "safe_prompt"
		case e.Key == "prefix" && b.continues():
		default:
			b.R.Drop(e.Path)
		}
	}
	if safe {
		b.Raw(`,"safe_prompt":true`)
	}
}

func (b *builder) takes(e *chat.Member) bool {
	if b.R.Dialect != dialectName || e.Path != e.Key {
		return false
	}
	for _, k := range own {
		if e.Key == k {
			return true
		}
	}
	return false
}
