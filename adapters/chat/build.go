package chat

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A Builder writes a provider's request: as JSON what has a place in it, and of the rest
// what fails and what is dropped. Its methods are calls: providers have hundreds of them,
// and the module's size counts.
type Builder struct {
	rawjson.Builder
	R   *Request
	Err *Error // the first one
}

// NewBuilder appends to dst what becomes of a request.
func NewBuilder(dst []byte, r *Request) Builder {
	return Builder{Builder: rawjson.Builder{Dst: dst}, R: r}
}

// Fail keeps the first error: what is wrong with the field at path.
//
//go:noinline
func (b *Builder) Fail(path, problem string) {
	if b.Err == nil {
		b.Err = Unsupported(path, problem)
	}
}

// FailIf is Fail for what may be said.
//
//go:noinline
func (b *Builder) FailIf(said bool, path, problem string) {
	if said {
		b.Fail(path, problem)
	}
}

// DropIf reports a field that may be said and is not in the provider's request.
//
//go:noinline
func (b *Builder) DropIf(said bool, path string) {
	if said {
		b.R.Drop(path)
	}
}

// Said picks how the client spells a field.
//
//go:noinline
func (b *Builder) Said(openAI, anthropic string) string {
	if b.R.Dialect == "anthropic" {
		return anthropic
	}
	return openAI
}

// FailServerTools fails for tools that another provider runs.
func (b *Builder) FailServerTools() {
	if len(b.R.ServerTools) == 0 {
		return
	}
	path := b.R.ServerTools[0].At.Path()
	if path == "" {
		path = "tools"
	}
	b.Fail(path, "a tool of this type is run by another provider, not by this one")
}

// FailUsual fails for what changes the meaning of the answer and has no counterpart in
// most APIs.
func (b *Builder) FailUsual(provider string) {
	r := b.R
	b.FailIf(len(r.Messages) == 0, "messages", "want at least one message")
	if r.N > 1 {
		b.Fail("n", provider+" gives one answer to a request")
	}
	if len(r.LogitBias) > len("{}") {
		b.Fail("logit_bias", provider+" has nothing like it: tokens cannot be forbidden or forced")
	}
	b.FailIf(r.Audio != nil || bytes.Contains(r.Modalities, []byte(`"audio"`)), "audio", "answers are text here")
	b.FailIf(r.WebSearch != nil, "web_search_options", "the answer would not rest on a search")
}

// DropUsual reports what has no counterpart in most APIs and only makes answers likelier,
// faster or cheaper.
func (b *Builder) DropUsual() {
	r := b.R
	b.DropIf(len(r.User) > 0, b.Said("user", "metadata.user_id"))
	b.DropIf(len(r.SafetyIdentifier) > 0, "safety_identifier")
	b.DropIf(r.Metadata != nil, "metadata")
	b.DropIf(r.Store != nil && string(r.Store) != "false", "store")
	b.DropIf(r.Prediction != nil, "prediction")
	b.DropIf(len(r.PromptCacheKey) > 0, "prompt_cache_key")
	b.DropIf(len(r.Verbosity) > 0, "verbosity")
	b.DropIf(len(r.ServiceTier) > 0 && string(r.ServiceTier) != "auto", "service_tier")
	b.DropIf(len(r.Reasoning.Summary) > 0, b.Said("reasoning.summary", "thinking.display"))
	b.DropIf(r.SequentialTools && len(r.Tools) > 0, b.Said("parallel_tool_calls", "tool_choice.disable_parallel_tool_use"))
}

// Stops writes the sequences that end an answer as a member, if there are any, and
// returns how many. Empty ones are dropped.
func (b *Builder) Stops(key string) int {
	n := 0
	for _, s := range b.R.Stop {
		if len(s) == 0 {
			b.R.Drop(b.Said("stop", "stop_sequences"))
			continue
		}
		if n++; n == 1 {
			b.Key(key)
			b.Raw(`[`)
		}
		b.Comma()
		b.Str(s)
	}
	if n > 0 {
		b.Raw(`]`)
	}
	return n
}

// Function writes a tool as OpenAI's API spells a function, without strict. One without
// parameters takes none.
func (b *Builder) Function(t *Tool) {
	b.Comma()
	b.Raw(`{"type":"function","function":{`)
	b.Text("name", t.Name)
	if len(t.Description) > 0 {
		b.Text("description", t.Description)
	}
	b.Value("parameters", t.Takes())
	b.Raw(`}}`)
}
