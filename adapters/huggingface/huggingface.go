// Package huggingface speaks to Hugging Face's router of inference providers, and to
// inference endpoints and text-generation-inference behind another path.
//
// The format is that of https://huggingface.co/docs/inference-providers/tasks/chat-completion,
// which is OpenAI's. A model may name who runs it, "org/name:provider", or how one is
// chosen, "org/name:fastest"; the router hands everything on to them, so what a request
// may hold is theirs to say. What they answer differs: thinking within the text, calls
// that all have the id 0, answers without content, errors that are only a text, models
// that are still being loaded. So chat is translated for clients of OpenAI's too.
// Embeddings are those of the router's own inference, or in OpenAI's format those of an
// endpoint. Other operations of the router are not offered.
package huggingface

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/openai"
	"github.com/postern-gateway/postern/adapters/strict"
)

// Provider is Hugging Face's router.
func Provider() adapters.Provider {
	return adapters.Provider{
		Name:     "huggingface",
		Doc:      "Hugging Face (inference providers, endpoints): chat, embeddings.",
		Semantic: "huggingface",
		Host:     "router.huggingface.co",
		Options:  options,
	}
}

func options(o *strict.Object) (adapters.Adapter, error) {
	base := o.Str("base_path", "Path before /chat/completions.", "/v1")
	by := o.Enum("embeddings", "Who makes embeddings: hf-inference is the router's own inference, openai an endpoint with /embeddings.", ownProvider, ownProvider, "openai")
	return newAdapter(base, by == ownProvider), nil
}

func newAdapter(base string, router bool) *adapter {
	ops := openai.Chat | openai.Models
	if !router {
		ops |= openai.Embeddings
	}
	return &adapter{router: router, Adapter: openai.New(openai.Profile{
		Base: base,
		Ops:  ops,
		Tags: true,
		Also: "top_k min_p",
		// The limit has its old name in the reference, and who answers knows no other.
		Renames: "max_completion_tokens=max_tokens",
		Lacks:   "store service_tier prompt_cache_key safety_identifier metadata prediction modalities audio web_search_options verbosity",
	})}
}

type adapter struct {
	*openai.Adapter
	router bool // embeddings are those of the router's own inference
}

var _ adapters.Translator = (*adapter)(nil)

// Native is false for chat, which is always translated.
func (a *adapter) Native(c adapters.Call) (string, bool) {
	if c.Op == adapters.Chat {
		return "", false
	}
	return a.Adapter.Native(c)
}
