package anthropic

import "github.com/postern-gateway/postern/adapters/chat"

// A Gap is a field of other dialects that this API has no counterpart for.
type Gap struct {
	Field   string
	Refused bool   // with status 400; else it is dropped and reported
	Reason  string // for people, in the documentation
}

// Gaps are all fields without a counterpart. What would change the meaning of the answer
// is refused, what only makes it likelier, faster or cheaper is dropped.
func Gaps() []Gap {
	list := make([]Gap, len(gaps))
	for i, g := range gaps {
		list[i] = Gap{g.field, g.refused, g.reason}
	}
	return list
}

type gap struct {
	field   string
	refused bool
	reason  string
	said    func(r *chat.Request) bool
}

var gaps = [...]gap{
	{"n", true, "one request has one answer", func(r *chat.Request) bool { return r.N > 1 }},
	{"logprobs", true, "the answer has no log probabilities, and the client reads them from it", func(r *chat.Request) bool { return r.Logprobs || r.TopLogprobs != nil }},
	{"logit_bias", true, "tokens cannot be forbidden or forced", func(r *chat.Request) bool { return r.LogitBias != nil && string(r.LogitBias) != "{}" }},
	{"audio", true, "answers are text", func(r *chat.Request) bool { return r.Audio != nil || asksAudio(r.Modalities) }},
	{"web_search_options", true, "the answer would not rest on a search", func(r *chat.Request) bool { return r.WebSearch != nil }},
	{"frequency_penalty", false, "sampling has no such knob; zero is dropped in silence", func(r *chat.Request) bool { return !isZero(r.FrequencyPenalty) }},
	{"presence_penalty", false, "sampling has no such knob; zero is dropped in silence", func(r *chat.Request) bool { return !isZero(r.PresencePenalty) }},
	{"seed", false, "sampling is never repeatable, and a seed only a wish", func(r *chat.Request) bool { return r.Seed != nil }},
	{"min_p", false, "sampling has no such knob", func(r *chat.Request) bool { return r.MinP != nil }},
	{"metadata", false, "for the provider's own records, of which only the user is kept", func(r *chat.Request) bool { return r.Metadata != nil }},
	{"store", false, "for the provider's own records", func(r *chat.Request) bool { return r.Store != nil && string(r.Store) != "false" }},
	{"prediction", false, "it only makes answers faster", func(r *chat.Request) bool { return r.Prediction != nil }},
	{"prompt_cache_key", false, "caching goes by cache_control", func(r *chat.Request) bool { return len(r.PromptCacheKey) > 0 }},
	{"verbosity", false, "a wish about style", func(r *chat.Request) bool { return len(r.Verbosity) > 0 }},
}

// refuse fails for the fields that change what the answer means.
func (b *builder) refuse() {
	for i := range gaps {
		if g := &gaps[i]; g.refused && g.said(b.r) {
			b.fail(g.field, "Anthropic's API has nothing like it: "+g.reason)
		}
	}
}

// dropRest reports the others.
func (b *builder) dropRest() {
	for i := range gaps {
		if g := &gaps[i]; !g.refused && g.said(b.r) {
			b.r.Drop(g.field)
		}
	}
}

func isZero(raw chat.Raw) bool {
	if raw == nil {
		return true
	}
	f, ok := number(raw)
	return ok && f == 0
}

// asksAudio reports whether the client wants to hear the answer.
func asksAudio(modalities chat.Raw) bool {
	for i := 0; i+len("audio") <= len(modalities); i++ {
		if string(modalities[i:i+len("audio")]) == "audio" {
			return true
		}
	}
	return false
}

// extras writes what only this API's own clients say, and reports what others say.
func (b *builder) extras() {
	for _, e := range b.r.Extra {
		if b.r.Dialect == dialectName && e.Path == e.Key {
			b.value(e.Key, e.Raw)
		} else {
			b.r.Drop(e.Path)
		}
	}
}
