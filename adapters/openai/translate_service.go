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
	b.text(`,"prompt_cache_key":`, r.PromptCacheKey)
	b.text(`,"verbosity":`, r.Verbosity)
	b.value(`,"metadata":`, r.Metadata)
	b.value(`,"store":`, r.Store)
	b.value(`,"prediction":`, r.Prediction)
	b.value(`,"modalities":`, r.Modalities)
	b.value(`,"audio":`, r.Audio)
	b.value(`,"web_search_options":`, r.WebSearch)
}

// user tells who the client's own user is. safety_identifier is replacing user, but
// is shorter than the ids that other dialects allow.
func (b *builder) user() {
	r := b.r
	b.text(`,"safety_identifier":`, r.SafetyIdentifier)
	switch {
	case r.Dialect == dialectName || len(r.SafetyIdentifier) > 0 || len(r.User) > mostIdentifier:
		b.text(`,"user":`, r.User)
	default:
		b.text(`,"safety_identifier":`, r.User)
	}
}

// tier writes the service tier. Other dialects' words for it are their own, but for
// Anthropic's standard_only, which asks for no better than usual.
func (b *builder) tier() {
	switch tier := b.r.ServiceTier; {
	case len(tier) == 0:
	case b.r.Dialect == dialectName || string(tier) == "auto":
		b.text(`,"service_tier":`, tier)
	case string(tier) == "standard_only":
		b.raw(`,"service_tier":"default"`)
	default:
		b.r.Drop("service_tier")
	}
}

// extras writes what only this API's own clients say, and reports what others say.
func (b *builder) extras() {
	for i := range b.r.Extra {
		e := &b.r.Extra[i]
		if b.r.Dialect != dialectName || e.Path != e.Key {
			b.r.Drop(e.Path)
			continue
		}
		b.dst = rawjson.AppendKey(append(b.dst, ','), e.Key)
		b.dst = append(b.dst, e.Raw...)
	}
}

func (b *builder) tools() {
	r := b.r
	if len(r.Tools) == 0 {
		return // a choice among none is refused
	}
	b.raw(`,"tools":[`)
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
		b.value(`,"parameters":`, t.Parameters)
		switch {
		case t.Strict && b.strictly(t.Parameters):
			b.raw(`,"strict":true`)
		case t.Strict:
			b.r.DropAt(func() string { return rawjson.JoinPath(t.At.Path(), "strict") })
		}
		b.raw(`}}`)
		b.unhint(t.CacheControl)
	}
	b.raw(`]`)
	switch r.Choice.Kind {
	case chat.ChoiceAuto:
		b.raw(`,"tool_choice":"auto"`)
	case chat.ChoiceNone:
		b.raw(`,"tool_choice":"none"`)
	case chat.ChoiceRequired:
		b.raw(`,"tool_choice":"required"`)
	case chat.ChoiceTool:
		b.raw(`,"tool_choice":{"type":"function","function":{"name":`)
		b.str(r.Choice.Name)
		b.raw(`}}`)
	}
	if r.SequentialTools && !b.m.is(oneCall) {
		b.raw(`,"parallel_tool_calls":false`)
	}
}

// unhint reports cache hints where there is no place for them. All are one drop, for a
// client that sends them does so everywhere.
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
