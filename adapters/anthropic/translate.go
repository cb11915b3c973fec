package anthropic

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var (
	_ adapters.Translator = (*adapter)(nil)
	_ adapters.Prefiller  = (*adapter)(nil)
)

// ChatPath is the same for all models, with and without a stream.
func (a *adapter) ChatPath(string, bool) string { return "/v1/messages" }

// Prefills reports whether a model goes on with a final assistant message
// (https://platform.claude.com/docs/en/build-with-claude/prompt-engineering/prefill-claudes-response).
func (t *Translation) Prefills(model string) bool { return find(model).is(takesPrefill) }

// AppendRequest appends a request of https://platform.claude.com/docs/en/api/messages.
func (t *Translation) AppendRequest(dst []byte, r *chat.Request) ([]byte, *chat.Error) {
	b := builder{dst: dst, r: r, m: find(r.Model), version: t.Version, gaps: said(r)}
	b.build()
	if b.err != nil {
		return dst, b.err
	}
	return b.dst, nil
}

// A builder writes one request.
type builder struct {
	dst     []byte
	r       *chat.Request
	m       *model
	doc     rawjson.Doc // for documents within the request: arguments, schemas
	err     *chat.Error // the first one
	plan    plan
	form    form
	gaps    [len(gaps)]bool
	open    []openCall     // calls of the turn before, to be answered in this one
	version string         // in the place of the model
	ids     map[string]int // of all calls so far, and the number that makes the next of the same id another
}

func (b *builder) build() {
	b.refuse()
	b.decide()
	if b.err != nil {
		return
	}
	if b.version == "" {
		b.raw(`{"model":`)
		b.dst = rawjson.AppendString(b.dst, b.r.Model)
	} else {
		b.raw(`{"anthropic_version":`)
		b.dst = rawjson.AppendString(b.dst, b.version)
	}
	b.raw(`,"max_tokens":`)
	b.dst = rawjson.AppendInt(b.dst, b.maxTokens())
	if b.r.Stream {
		b.raw(`,"stream":true`)
	}
	b.system()
	b.messages()
	b.tools()
	b.toolChoice()
	b.thinking()
	b.sampling()
	b.stops()
	b.user()
	b.tier()
	b.extras()
	b.raw(`}`)
	b.dropRest()
}

// maxTokens is what the client wants, or else all that the model can give: this API
// has no default.
func (b *builder) maxTokens() int64 {
	if b.r.MaxTokens > 0 {
		return b.r.MaxTokens
	}
	return b.m.output
}

// The helpers that write are not inlined: there are hundreds of calls of them, and the
// module's size counts.

//go:noinline
func (b *builder) raw(s string) { b.dst = append(b.dst, s...) }

// str writes a string that is escaped already.
//
//go:noinline
func (b *builder) str(t chat.Text) {
	b.dst = append(b.dst, '"')
	b.dst = append(b.dst, t...)
	b.dst = append(b.dst, '"')
}

// member writes a key, with the comma before it, and a string.
//
//go:noinline
func (b *builder) member(key string, t chat.Text) {
	b.dst = append(b.dst, ',', '"')
	b.raw(key)
	b.raw(`":`)
	b.str(t)
}

// value writes a key, with the comma before it, and a value that is JSON already.
//
//go:noinline
func (b *builder) value(key string, raw []byte) {
	b.dst = append(b.dst, ',')
	b.dst = rawjson.AppendKey(b.dst, key)
	b.dst = append(b.dst, raw...)
}

// fail keeps the first error: what is wrong with the part of the request at path.
//
//go:noinline
func (b *builder) fail(path, problem string) {
	if b.err == nil {
		b.err = chat.Unsupported(path, problem)
	}
}

// ours picks how the client spells a field.
//
//go:noinline
func (b *builder) ours(anthropic, others string) string {
	if b.r.Dialect == dialectName {
		return anthropic
	}
	return others
}

// dialectName is that of the clients that speak this provider's own API.
const dialectName = "anthropic"

// sampling writes what the model takes of temperature, top_p and top_k.
func (b *builder) sampling() {
	temperature, topP, topK := b.samples()
	for _, m := range [...]struct {
		key string
		raw chat.Raw
	}{{"temperature", temperature}, {"top_p", topP}, {"top_k", topK}} {
		if m.raw != nil {
			b.value(m.key, m.raw)
		}
	}
}

// samples are what the model takes of temperature, top_p and top_k; nil for what it does
// not.
func (b *builder) samples() (temperature, topP, topK chat.Raw) {
	r, thinks := b.r, b.plan.thinks()
	temperature = b.temperature()
	if r.TopP != nil {
		switch p, ok := rawjson.ParseFloat(r.TopP); {
		case !ok || p < 0 || p > 1:
			b.fail("top_p", "want a number from 0 to 1")
		case !b.m.is(takesSampling) && p >= 0.99: // the default, which needs not be said
		case !b.m.is(takesSampling), thinks && p < 0.95, !b.m.is(takesBoth) && r.Temperature != nil:
			r.Drop("top_p")
		default:
			topP = r.TopP
		}
	}
	if r.TopK != nil {
		if b.m.is(takesSampling) && !thinks {
			topK = r.TopK
		} else {
			r.Drop("top_k")
		}
	}
	return temperature, topP, topK
}

// temperature is capped at 1, as Anthropic's own endpoint for OpenAI clients does it
// (https://platform.claude.com/docs/en/api/openai-sdk): more cannot be had.
func (b *builder) temperature() chat.Raw {
	r := b.r
	if r.Temperature == nil {
		return nil
	}
	t, ok := rawjson.ParseFloat(r.Temperature)
	switch {
	case !ok || t < 0 || t > 2:
		b.fail("temperature", "want a number from 0 to 2; above 1 counts as 1")
	case t == 1 && (!b.m.is(takesSampling) || b.plan.thinks()): // the default
	case !b.m.is(takesSampling) || b.plan.thinks():
		r.Drop("temperature")
	case t > 1:
		r.Drop("temperature")
		return chat.Raw("1")
	default:
		return r.Temperature
	}
	return nil
}

// stops writes the stop sequences; blank ones are refused by this API.
func (b *builder) stops() {
	n := 0
	for _, s := range b.r.Stop {
		if blank(s) {
			b.r.Drop(b.ours("stop_sequences", "stop"))
			continue
		}
		if n == 0 {
			b.raw(`,"stop_sequences":[`)
		} else {
			b.raw(`,`)
		}
		b.str(s)
		n++
	}
	if n > 0 {
		b.raw(`]`)
	}
}

// maxUser is the longest user_id that is taken.
const maxUser = 256

// user tells who the client's own user is. OpenAI has two names for that.
func (b *builder) user() {
	id, name := b.r.User, b.ours("metadata.user_id", "user")
	if len(id) == 0 {
		id, name = b.r.SafetyIdentifier, "safety_identifier"
	} else if len(b.r.SafetyIdentifier) > 0 && string(b.r.SafetyIdentifier) != string(id) {
		b.r.Drop("safety_identifier")
	}
	switch {
	case len(id) == 0:
	case len(id) > maxUser:
		b.r.Drop(name)
	default:
		b.raw(`,"metadata":{"user_id":`)
		b.str(id)
		b.raw(`}`)
	}
}

// tier writes the service tier: standard_only is OpenAI's default, and auto uses what
// priority the account has. Nothing here is slower and cheaper, as flex is.
func (b *builder) tier() {
	tier := string(b.r.ServiceTier)
	if b.r.Dialect != dialectName {
		switch tier {
		case "default":
			tier = "standard_only"
		case "priority":
			tier = "auto"
		}
	}
	switch tier {
	case "":
	case "auto", "standard_only":
		b.member("service_tier", chat.Text(tier))
	default:
		b.r.Drop("service_tier")
	}
}
