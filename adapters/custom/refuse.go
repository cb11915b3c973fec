package custom

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// fail keeps the first error: what is wrong with the field at path.
//
//go:noinline
func (b *builder) fail(path, problem string) {
	if b.err == nil {
		b.err = &chat.Error{Status: 400, Kind: chat.InvalidRequest, Code: "unsupported_value", Param: path, Message: path + ": " + problem}
	}
}

// failAt is fail for the first part that is no text.
func (b *builder) failAt(problem string) {
	at := b.message.At
	for i := range b.parts {
		if p := &b.parts[i]; p.Kind != chat.TextPart && p.At.Exists() {
			at = p.At
			break
		}
	}
	b.fail(at.Path(), problem)
}

//go:noinline
func (b *builder) failIf(said bool, path, problem string) {
	if said {
		b.fail(path, problem)
	}
}

//go:noinline
func (b *builder) dropIf(said bool, path string) {
	if said {
		b.r.Drop(path)
	}
}

// ours picks how the client spells a field.
//
//go:noinline
func (b *builder) ours(openAI, anthropic string) string {
	if b.r.Dialect == likeAnthropic {
		return anthropic
	}
	return openAI
}

const noPlace = "this provider's requests have no place for it"

// refuse fails for what changes the meaning of the answer and has no place.
func (b *builder) refuse() {
	r, used := b.r, b.a.used
	b.failIf(len(r.Messages) == 0, "messages", "want at least one message")
	b.failIf(r.N > 1, "n", "this provider gives one answer to a request")
	b.failIf(r.Logprobs, "logprobs", "this provider's answers have none")
	b.failIf(r.Audio != nil || bytes.Contains(r.Modalities, []byte(`"audio"`)), "audio", "answers are text here")
	b.failIf(r.WebSearch != nil, "web_search_options", "the answer would not rest on a search")
	b.failIf(len(r.LogitBias) > len("{}") && !used.has(nBias), "logit_bias", noPlace)
	b.failIf(len(r.Stop) > 0 && !used.has(nStop), b.ours("stop", "stop_sequences"), noPlace)
	if len(r.Tools) > 0 && r.Choice.Kind != chat.ChoiceNone {
		b.failIf(!used.has(nTools), "tools", noPlace)
		b.failIf(r.Choice.Kind > chat.ChoiceNone && !used.has(nChoice), "tool_choice", noPlace)
	}
	kind := r.Format.Kind
	b.failIf(kind == chat.FormatJSON && !used.has(nJSON) && !used.has(nFormat) ||
		kind == chat.FormatSchema && !used.has(nSchema) && !used.has(nFormat), b.ours("response_format", "output_config.format"), noPlace)
	if len(r.ServerTools) > 0 {
		b.fail(r.ServerTools[0].At.Path(), "a tool of this type is run by another provider, not by this one")
	}
	for i := range r.Extra {
		e := &r.Extra[i]
		b.failIf((e.Path == "mcp_servers" || e.Path == "container") && len(e.Raw) > len("[]"), e.Path, "it is run by another provider, not by this one")
	}
	if used.has(nLast) && !used.has(nHistory) {
		for i := range r.Messages[:max(len(r.Messages)-1, 0)] {
			m := &r.Messages[i]
			b.failIf(len(m.Parts) > 0 && !(m.Role == chat.System && b.a.talk.system), m.At.Path(), "this provider takes one message alone")
		}
	}
}

// dropRest reports what has no place and only makes answers likelier, longer or faster.
func (b *builder) dropRest() {
	r, used := b.r, b.a.used
	for n := nTemperature; n <= nMetadata; n++ {
		path := names[n].word
		switch n {
		case nUser:
			path = b.ours("user", "metadata.user_id")
		case nSchema, nBias:
			continue
		}
		b.dropIf(len(b.said(n)) > 0 && !used.has(n), path)
	}
	b.dropIf(r.MaxTokens > 0 && !used.has(nMaxTokens), "max_tokens")
	b.dropIf(b.level() != chat.EffortUnset && !used.has(nEffort) && !used.has(nBudget), b.ours("reasoning_effort", "thinking"))
	b.dropIf(len(r.Reasoning.Summary) > 0, b.ours("reasoning.summary", "thinking.display"))
	b.dropIf(r.SequentialTools && len(r.Tools) > 0 && !used.has(nParallel), b.ours("parallel_tool_calls", "tool_choice.disable_parallel_tool_use"))
	b.dropIf(len(r.SafetyIdentifier) > 0, "safety_identifier")
	b.dropIf(r.Store != nil && string(r.Store) != "false", "store")
	b.dropIf(r.Prediction != nil, "prediction")
	b.dropIf(len(r.PromptCacheKey) > 0, "prompt_cache_key")
	b.dropIf(len(r.Verbosity) > 0, "verbosity")
	b.dropIf(len(r.ServiceTier) > 0 && string(r.ServiceTier) != "auto", "service_tier")
	for i := range r.Messages {
		if m := &r.Messages[i]; len(m.Name) > 0 && !b.a.talk.names {
			r.DropAt(func() string { return m.At.Path() + ".name" })
		}
	}
	if n := len(r.Messages); n > 0 && r.Messages[n-1].Role == chat.Assistant && r.Dialect == likeAnthropic {
		r.Drop(rawjson.JoinPath(r.Messages[n-1].At.Path(), "prefill")) // the model need not go on with it
	}
	for i := range r.Extra {
		r.Drop(r.Extra[i].Path)
	}
}

// unhint reports what of a part there is no place for. Each is one drop, for a client
// that sends them does so everywhere.
//
//go:noinline
func (b *builder) unhint(p *chat.Part) {
	b.dropIf(len(p.CacheControl) > 0, "cache_control")
	b.dropIf(len(p.Citations) > 0, "messages[].content[].citations")
	b.dropIf(p.Kind == chat.ImagePart && len(p.Detail) > 0 && string(p.Detail) != "auto", "messages[].content[].image_url.detail")
}
