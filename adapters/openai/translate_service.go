package openai

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Bounds of OpenAI's own models.
const (
	mostIdentifier = 64 // characters of safety_identifier
	mostName       = 64 // of a function's name
)

// service writes what concerns the service rather than the answer.
func (b *builder) service() {
	r := b.r
	b.user()
	b.tier()
	b.words("prompt_cache_key", "prompt_cache_key", r.PromptCacheKey)
	b.words("verbosity", "verbosity", r.Verbosity)
	b.option("metadata", r.Metadata)
	b.option("store", r.Store)
	b.option("prediction", r.Prediction)
	b.option("modalities", r.Modalities)
	b.option("audio", r.Audio)
	b.option("web_search_options", r.WebSearch)
}

// user tells who the client's own user is. safety_identifier is replacing user, but
// is shorter than the ids that other dialects allow.
func (b *builder) user() {
	r := b.r
	b.words("safety_identifier", "safety_identifier", r.SafetyIdentifier)
	const others = "metadata.user_id"
	switch {
	case r.Dialect == dialectName || len(r.SafetyIdentifier) > 0 || len(r.User) > mostIdentifier || !b.a.p.own:
		b.words("user", others, r.User)
	default:
		b.words("safety_identifier", others, r.User)
	}
}

// tier writes the service tier. Other dialects' words for it are their own, but for
// Anthropic's standard_only, which asks for no better than usual.
func (b *builder) tier() {
	switch tier := b.r.ServiceTier; {
	case len(tier) == 0:
	case b.r.Dialect == dialectName || string(tier) == "auto" && b.a.p.own:
		b.words("service_tier", "service_tier", tier)
	case string(tier) == "auto":
	case string(tier) == "standard_only" && b.a.p.own:
		b.words("service_tier", "service_tier", chat.Text("default"))
	default:
		b.r.Drop("service_tier")
	}
}

// extras writes what only this API's own clients say, and reports what others say.
func (b *builder) extras() {
	for i := range b.r.Extra {
		e := &b.r.Extra[i]
		if b.r.Dialect != dialectName || e.Path != e.Key || b.a.lacking(e.Key) {
			b.r.Drop(e.Path)
			continue
		}
		if b.a.p.OpenAI && b.mistrals(e) {
			continue
		}
		end := len(b.dst)
		b.dst = rawjson.AppendKey(append(b.dst, ','), e.Key)
		b.mark(e.Key, end)
		b.dst = append(b.dst, e.Raw...)
	}
}

// mistrals deals with what only Mistral's clients say; false for anything else. They have
// the safety prompt off unless they say so.
func (b *builder) mistrals(e *chat.Member) bool {
	switch e.Key {
	case "safe_prompt":
		if string(e.Raw) != "false" {
			b.r.Drop(e.Path)
		}
	case "prompt_mode", "min_tokens", "repetition_penalty", "guardrails", "prompt_logprobs", "top_prompt_logprobs":
		b.r.Drop(e.Path)
	default:
		return false
	}
	return true
}

func (b *builder) tools() {
	r := b.r
	if len(r.Tools) == 0 {
		return // a choice among none is refused
	}
	if !b.member("tools", "tools") {
		return
	}
	b.raw(`[`)
	for i := range r.Tools {
		t := &r.Tools[i]
		b.separate()
		if b.m.is(newLimit) && r.Dialect != dialectName && (len(t.Name) > mostName || !isName(t.Name)) {
			b.fail(rawjson.JoinPath(t.At.Path(), "name"), "OpenAI's models take names of tools of at most 64 characters: letters, digits, hyphens and underscores")
			return
		}
		b.raw(`{"type":"function","function":{"name":`)
		b.str(t.Name)
		b.text(`,"description":`, t.Description)
		if t.Parameters != nil {
			b.value(`,"parameters":`, t.Takes())
		}
		switch {
		case t.Strict && !b.a.listed(strictTools) && b.strictly(t.Parameters):
			b.raw(`,"strict":true`)
		case t.Strict:
			b.r.DropAt(func() string { return rawjson.JoinPath(t.At.Path(), "strict") })
		}
		b.raw(`}}`)
		b.unhint(t.CacheControl)
	}
	b.raw(`]`)
	b.choice()
	if r.SequentialTools && !b.m.is(oneCall) && b.member("parallel_tool_calls", "tool_choice.disable_parallel_tool_use") {
		b.raw(`false`)
	}
}

func (b *builder) choice() {
	switch k := b.r.Choice.Kind; {
	case k == chat.ChoiceUnset, k == chat.ChoiceAuto && b.a.lacking("tool_choice"), !b.member("tool_choice", "tool_choice"):
	case k == chat.ChoiceAuto:
		b.raw(`"auto"`)
	case k == chat.ChoiceNone:
		b.raw(`"none"`)
	case k == chat.ChoiceRequired:
		b.raw(`"required"`)
	case k == chat.ChoiceTool:
		b.raw(`{"type":"function","function":{"name":`)
		b.str(b.r.Choice.Name)
		b.raw(`}}`)
	}
}

// unhint reports cache hints where there is no place for them. All are one drop, for a
// client that sends them does so everywhere.
//
//go:noinline
func (b *builder) unhint(hint chat.Raw) {
	if len(hint) > 0 {
		b.r.Drop("cache_control")
	}
}

// isName reports whether a text has only what names of tools have.
func isName(t chat.Text) bool {
	for _, c := range t {
		if c|0x20-'a' >= 26 && c-'0' >= 10 && c != '_' && c != '-' {
			return false
		}
	}
	return true
}
