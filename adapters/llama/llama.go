// Package llama speaks to Meta's Llama API (https://llama.developer.meta.com/docs).
//
// The API has two surfaces. The one that is OpenAI's, under /compat/v1, takes OpenAI's
// clients as they are and is the usual one. The native one has answers and streams of its
// own, as the types of https://github.com/meta-llama/llama-api-python say them: the message
// is completion_message, usage is a list of metrics, and a stream is a start, progress,
// a completion with its reason and then its metrics, which are its end. Requests are like
// OpenAI's in both, but for the members that there are none of. llama.cpp's server is a
// service of package compatible.
package llama

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/openai"
	"github.com/postern-gateway/postern/adapters/strict"
)

// Provider is the Llama API.
func Provider() adapters.Provider {
	return adapters.Provider{
		Name:     "llama",
		Doc:      "Meta Llama API: chat.",
		Semantic: "meta",
		Host:     "api.llama.com",
		Options:  options,
	}
}

// Surfaces.
const (
	compat = "compat"
	native = "native"
)

// takes are the members of a request for chat.
const takes = "max_completion_tokens repetition_penalty response_format temperature tool_choice tools top_p user"

func options(o *strict.Object) (adapters.Adapter, error) {
	surface := o.Enum("surface", "The API: compat, which is OpenAI's, or native.", compat, compat, native)
	base := o.Str("base_path", "Path before /chat/completions; empty is /compat/v1 or /v1.", "")
	p := openai.Profile{
		Base:    base,
		Ops:     openai.Chat | openai.Models,
		Lacks:   "developer json_object messages[].name messages[].content",
		Takes:   takes,
		Also:    "top_k",
		Renames: "max_tokens=max_completion_tokens",
		Effort:  openai.NoEffort,
	}
	switch {
	case base != "":
	case surface == native:
		p.Base = "/v1"
	default:
		p.Base = "/compat/v1"
	}
	if surface != native {
		p.Takes += " stream_options"
		return openai.New(p), nil
	}
	p.Usage = openai.UsageAlways
	return &adapter{openai.New(p)}, nil
}

// adapter is the native surface: OpenAI's requests, and answers of its own.
type adapter struct{ *openai.Adapter }

var _ adapters.Translator = (*adapter)(nil)

// Native is true for the list of models alone: answers have to be translated.
func (a *adapter) Native(c adapters.Call) (string, bool) {
	if c.Op != adapters.Models {
		return "", false
	}
	return a.Adapter.Native(c)
}
