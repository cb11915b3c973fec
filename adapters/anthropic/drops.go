package anthropic

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

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
}

var gaps = [...]gap{
	{"n", true, "one request has one answer"},
	{"logprobs", true, "the answer has no log probabilities, and the client reads them from it"},
	{"logit_bias", true, "tokens cannot be forbidden or forced"},
	{"audio", true, "answers are text"},
	{"web_search_options", true, "the answer would not rest on a search"},
	{"frequency_penalty", false, "sampling has no such knob; zero is dropped in silence"},
	{"presence_penalty", false, "sampling has no such knob; zero is dropped in silence"},
	{"seed", false, "sampling is never repeatable, and a seed only a wish"},
	{"min_p", false, "sampling has no such knob"},
	{"metadata", false, "for the provider's own records, of which only the user is kept"},
	{"store", false, "for the provider's own records"},
	{"prediction", false, "it only makes answers faster"},
	{"prompt_cache_key", false, "caching goes by cache_control"},
	{"verbosity", false, "a wish about style"},
}

// said tells which of the gaps a request has, in their order.
func said(r *chat.Request) [len(gaps)]bool {
	return [len(gaps)]bool{
		r.N > 1,
		r.Logprobs || r.TopLogprobs != nil,
		r.LogitBias != nil && string(r.LogitBias) != "{}",
		r.Audio != nil || asksAudio(r.Modalities),
		r.WebSearch != nil,
		!isZero(r.FrequencyPenalty),
		!isZero(r.PresencePenalty),
		r.Seed != nil,
		r.MinP != nil,
		r.Metadata != nil,
		r.Store != nil && string(r.Store) != "false",
		r.Prediction != nil,
		len(r.PromptCacheKey) > 0,
		len(r.Verbosity) > 0,
	}
}

// refuse fails for the fields that change what the answer means.
func (b *builder) refuse() {
	for i, is := range b.gaps {
		if g := &gaps[i]; is && g.refused {
			b.fail(g.field, "Anthropic's API has nothing like it: "+g.reason)
		}
	}
}

// dropRest reports the others.
func (b *builder) dropRest() {
	for i, is := range b.gaps {
		if g := &gaps[i]; is && !g.refused {
			b.r.Drop(g.field)
		}
	}
}

func isZero(raw chat.Raw) bool {
	if raw == nil {
		return true
	}
	f, ok := rawjson.ParseFloat(raw)
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
