// Package mistral speaks to Mistral's API.
//
// The format is that of https://docs.mistral.ai/api; what it refuses is in
// https://github.com/mistralai/mistral-common, whose validators the API runs. It looks
// like OpenAI's, but takes no member that it does not know, no other order of messages
// than its own, and no ids of calls but its own. So chat requests of all clients are
// translated; only embeddings of OpenAI's clients pass through, with the names of this
// API for what they ask.
//
// Ids of calls go both ways: those of this API fit everywhere, and those of others get
// one here, the same in a call and its result. Thoughts go back to models that reason.
// An answer that was begun is not gone on with, for this API repeats its beginning; a
// client that knows prefix and asks for it gets that.
package mistral

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/openai"
	"github.com/postern-gateway/postern/adapters/strict"
)

// Provider is Mistral.
func Provider() adapters.Provider {
	return adapters.Provider{
		Name:     "mistral",
		Doc:      "Mistral: chat, embeddings, moderations, transcriptions, files.",
		Semantic: "mistral_ai",
		Host:     "api.mistral.ai",
		Options:  options,
	}
}

func options(o *strict.Object) (adapters.Adapter, error) {
	base := o.Str("base_path", "Path before /chat/completions.", "/v1")
	safe := o.Bool("safe_prompt", "Whether Mistral puts its safety prompt in front of conversations whose client does not say; false leaves it to Mistral.", false)
	return &adapter{Adapter: openai.New(profile(base)), safePrompt: safe}, nil
}

func profile(base string) openai.Profile {
	return openai.Profile{
		Base:    base,
		Ops:     openai.Chat | openai.Embeddings | openai.Models | openai.Moderations | openai.Transcriptions | openai.Files,
		Usage:   openai.UsageAlways,
		Lacks:   "embeddings.user",
		Renames: "embeddings.dimensions=embeddings.output_dimension",
	}
}

// adapter reads answers as OpenAI's does, which knows this API's chunks, and asks for
// them in this API's own form.
type adapter struct {
	*openai.Adapter
	safePrompt bool
}

var (
	_ adapters.Translator = (*adapter)(nil)
	_ adapters.Amender    = (*adapter)(nil)
)

// mark begins the signatures of this API's own thoughts.
const mark = openai.ChunkMark

// Native is false for chat, which is always translated.
func (a *adapter) Native(c adapters.Call) (string, bool) {
	if c.Op == adapters.Chat {
		return "", false
	}
	return a.Adapter.Native(c)
}
