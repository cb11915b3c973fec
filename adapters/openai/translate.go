package openai

import (
	"slices"
	"strconv"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// dialectName is that of the clients that speak this provider's own API.
const dialectName = "openai"

// ChatPath is the same for all models, with and without a stream.
func (a *Adapter) ChatPath(string, bool) string { return a.paths[adapters.Chat] }

// AppendRequest appends a request for a chat completion.
func (a *Adapter) AppendRequest(dst []byte, r *chat.Request) ([]byte, *chat.Error) {
	b := builder{dst: dst, r: r, a: a, m: a.family(r.Model)}
	if a.p.Marks {
		r.Marks.Reset()
		b.marks = &r.Marks
	}
	b.build()
	if b.err != nil {
		return dst, b.err
	}
	return b.dst, nil
}

// A builder writes one request.
type builder struct {
	dst    []byte
	r      *chat.Request
	a      *Adapter
	m      *family
	err    *chat.Error // the first one
	effort chat.Effort // that the model will make
	media  []attached  // of tool results, which can hold only text
	marks  *chat.Marks // nil: none
}

func (b *builder) build() {
	b.refuse()
	if b.err != nil {
		return
	}
	b.raw(`{"model":`)
	b.mark("model", 0)
	b.dst = rawjson.AppendString(b.dst, b.r.Model)
	b.messages()
	b.tools()
	b.format()
	b.reasoning()
	b.limit()
	b.sampling()
	b.stop()
	b.service()
	b.extras()
	if b.a.p.Adds != "" {
		b.mark("", len(b.dst))
		b.raw(`,`)
		b.raw(b.a.p.Adds)
	}
	if b.r.Stream {
		b.key("stream")
		b.raw(`true`)
		if b.a.p.Usage == UsageAsked {
			b.key("stream_options")
			b.raw(`{"include_usage":true}`)
		}
	}
	b.mark("", len(b.dst))
	b.raw(`}`)
}

// raw writes JSON as it is. It and its likes are called from hundreds of places: inlined,
// they would be a good part of the module's size.
//
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

// text writes a member whose key comes with its comma, if there is a text for it.
//
//go:noinline
func (b *builder) text(key string, t chat.Text) {
	if len(t) > 0 {
		b.raw(key)
		b.str(t)
	}
}

// value writes such a member if there is a value for it.
//
//go:noinline
func (b *builder) value(key string, raw chat.Raw) {
	if len(raw) > 0 {
		b.raw(key)
		b.dst = append(b.dst, raw...)
	}
}

// key begins a member of the request.
//
//go:noinline
func (b *builder) key(name string) {
	end := len(b.dst)
	b.dst = append(append(append(b.dst, `,"`...), name...), `":`...)
	b.mark(name, end)
}

// mark notes that a member's value begins here, and where the member before ends.
func (b *builder) mark(name string, end int) {
	if b.marks != nil {
		b.marks.Member(name, end, len(b.dst))
	}
}

// member begins a member of the request, under the name that the service has for it;
// false if it has none. The client's own name for it is others where its dialect is
// another.
func (b *builder) member(key, others string) bool {
	name, ok := b.a.named(key)
	if ok {
		b.key(name)
		return true
	}
	if path := b.ours(key, others); isWeighty(key) {
		b.fail(path, "this provider does not take it")
	} else {
		b.r.Drop(path)
	}
	return false
}

// words writes a member that is a text, if there is one.
func (b *builder) words(key, others string, t chat.Text) {
	if len(t) > 0 && b.member(key, others) {
		b.str(t)
	}
}

// option writes a member that is a value, if there is one.
//
//go:noinline
func (b *builder) option(key string, raw chat.Raw) {
	if len(raw) > 0 && b.member(key, key) {
		b.dst = append(b.dst, raw...)
	}
}

// separate writes a comma unless a list or an object has only just begun.
//
//go:noinline
func (b *builder) separate() {
	if c := b.dst[len(b.dst)-1]; c != '[' && c != '{' {
		b.dst = append(b.dst, ',')
	}
}

// ours picks how the client spells a field.
//
//go:noinline
func (b *builder) ours(openAI, others string) string {
	if b.r.Dialect == dialectName {
		return openAI
	}
	return others
}

// fail keeps the first error: what is wrong with the field at path.
//
//go:noinline
func (b *builder) fail(path, problem string) {
	if b.err == nil {
		b.err = chat.Unsupported(path, problem)
	}
}

// foreign are members of other dialects for which the answer would be another: what
// they name is run by that dialect's provider.
var foreign = [...]string{"mcp_servers", "container"}

// refuse fails for tools that nobody here would run: the answer would not rest on them.
func (b *builder) refuse() {
	for i := range b.r.Extra {
		for _, key := range foreign {
			if e := &b.r.Extra[i]; e.Path == key && b.r.Dialect != dialectName && len(e.Raw) > len("[]") {
				b.fail(key, "it is run by another provider, not by this one")
			}
		}
	}
	for i := range b.r.ServerTools {
		t := &b.r.ServerTools[i]
		b.fail(t.At.Path(), "a tool of this type is run by another provider, not by this one")
		return
	}
}

func (b *builder) format() {
	f := &b.r.Format
	if f.Kind == chat.FormatText || !b.member("response_format", "output_config.format") {
		return
	}
	if b.a.listed(noSchema) && f.Kind == chat.FormatSchema || b.a.listed(noJSON) && f.Kind == chat.FormatJSON {
		b.fail(b.ours("response_format", "output_config.format"), "this provider does not take this format of answers")
		return
	}
	if f.Kind == chat.FormatJSON {
		b.raw(`{"type":"json_object"}`)
		return
	}
	b.raw(`{"type":"json_schema","json_schema":{"name":`)
	if len(f.Name) > 0 {
		b.str(f.Name)
	} else {
		b.raw(`"response"`) // required here, and unknown to APIs that name no schema
	}
	b.text(`,"description":`, f.Description)
	b.value(`,"schema":`, f.Schema)
	switch {
	case f.Strict && b.strictly(f.Schema):
		b.raw(`,"strict":true`)
	case f.Strict:
		b.r.Drop("output_config.format.strict")
	}
	b.raw(`}}`)
}

// reasoning writes the effort that comes closest. A model that does not reason needs
// not be told to leave it. Thoughts are never shown by this API.
func (b *builder) reasoning() {
	b.effort = b.m.usual
	if s := string(b.r.Reasoning.Summary); s != "" && (s != "omitted" || b.r.Dialect != "gemini") { // who does not ask for thoughts there gets none
		b.r.Drop(b.ours("reasoning.summary", "thinking.display"))
	}
	asked := b.r.Reasoning.Level()
	if asked == chat.EffortUnset && b.r.Reasoning.Adaptive && b.effort <= chat.EffortNone {
		asked = chat.EffortMedium // the model is to think, which it does not unless it is told how much
	}
	if asked == chat.EffortUnset {
		return
	}
	if !b.a.p.Effort.field(asked) {
		b.think(asked)
		return
	}
	given := b.m.nearest(asked)
	if given != asked && !(given == chat.EffortUnset && asked == chat.EffortNone) {
		b.r.Drop(b.ours("reasoning_effort", "thinking"))
	}
	if given != chat.EffortUnset {
		if b.member("reasoning_effort", "thinking") {
			b.effort = given
			b.raw(`"`)
			b.raw(chat.EffortNames[given])
			b.raw(`"`)
		}
	}
}

// think tells the effort to a service that has another word for it.
func (b *builder) think(asked chat.Effort) {
	member, value, exact := b.a.p.Effort.say(asked, b.r.Reasoning.Budget)
	if !exact {
		b.r.Drop(b.ours("reasoning_effort", "thinking"))
	}
	if member != "" {
		b.key(member)
		b.raw(value)
	}
}

func (b *builder) limit() {
	if b.r.MaxTokens <= 0 {
		return
	}
	name := "max_tokens"
	if b.m.is(newLimit) {
		name = "max_completion_tokens"
	}
	if !b.member(name, "max_tokens") {
		return
	}
	b.dst = strconv.AppendInt(b.dst, b.r.MaxTokens, 10)
}

// samples reports whether the model takes what says how tokens are chosen: not while
// it reasons.
func (b *builder) samples() bool { return !b.m.is(reasons) || b.effort == chat.EffortNone }

// sampling writes wishes, which are dropped where the model takes none, and what changes
// the answer, which is refused there.
func (b *builder) sampling() {
	r := b.r
	b.wish("temperature", r.Temperature, 1)
	b.wish("top_p", r.TopP, 1)
	b.wish("frequency_penalty", r.FrequencyPenalty, 0)
	b.wish("presence_penalty", r.PresencePenalty, 0)
	b.option("seed", r.Seed)
	if r.N > 1 && b.member("n", "n") {
		b.dst = strconv.AppendInt(b.dst, r.N, 10)
	}
	b.foreign("top_k", r.TopK)
	b.foreign("min_p", r.MinP)
	if !b.samples() {
		if r.Logprobs {
			b.fail("logprobs", "the model reports no log probabilities while it reasons")
		}
		if len(r.LogitBias) > len("{}") {
			b.fail("logit_bias", "the model takes none while it reasons")
		}
		return
	}
	b.option("logit_bias", r.LogitBias)
	if r.Logprobs && b.member("logprobs", "logprobs") {
		b.raw(`true`)
		b.option("top_logprobs", r.TopLogprobs)
	}
}

// foreign writes a number that OpenAI does not know, where the service does.
func (b *builder) foreign(key string, raw chat.Raw) {
	switch {
	case raw == nil:
	case slices.Contains(b.a.also, key):
		b.option(key, raw)
	default:
		b.r.Drop(key)
	}
}

// wish writes a number, or drops it where the model takes only the usual one.
func (b *builder) wish(key string, raw chat.Raw, usual float64) {
	if len(raw) == 0 {
		return
	}
	if b.samples() && !b.a.lacking(key) {
		b.option(key, raw)
		return
	}
	if n, ok := rawjson.ParseFloat(raw); !ok || n != usual {
		b.r.Drop(key)
	}
}

const mostStops = 4

func (b *builder) stop() {
	name := b.ours("stop", "stop_sequences")
	switch n := len(b.r.Stop); {
	case n == 0:
		return
	case n > b.a.p.Stops:
		b.fail(name, "want at most "+strconv.Itoa(b.a.p.Stops)+", got "+strconv.Itoa(n))
	case !b.samples():
		b.fail(name, "the model takes none while it reasons")
	}
	if !b.member("stop", "stop_sequences") {
		return
	}
	b.raw(`[`)
	for i, s := range b.r.Stop {
		if i > 0 {
			b.raw(`,`)
		}
		b.str(s)
	}
	b.raw(`]`)
}
