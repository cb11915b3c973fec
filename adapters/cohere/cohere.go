// Package cohere speaks to Cohere's API, version 2.
//
// The format is that of https://docs.cohere.com/v2/reference/chat; what its pages leave
// out is in the types of https://github.com/cohere-ai/cohere-python. Conversations,
// streams and errors are translated.
//
// A text beside calls is their plan here. Documents of text that a client wants cited
// are documents of the request; others stand in their message. A call can be forced, and
// which one by showing no other tool. The tokens that are counted are those of
// usage.tokens, which the model has read and written, not the billed units, which leave
// out what Cohere itself puts into the prompt. A citation names the whole document, as
// the API does not say which words of it are meant.
package cohere

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/strict"
)

// dialect is that of clients whose bodies pass through.
const dialect = "cohere"

// Provider is Cohere.
func Provider() adapters.Provider {
	return adapters.Provider{
		Name:     "cohere",
		Doc:      "Cohere, version 2: chat, embeddings, rerankers.",
		Semantic: "cohere",
		Host:     "api.cohere.com",
		Options:  options,
	}
}

func options(o *strict.Object) (adapters.Adapter, error) {
	base := o.Str("base_path", "Path before /chat.", "/v2")
	return &adapter{
		base:   base,
		chat:   base + "/chat",
		safety: o.Enum("safety_mode", "The safety_mode of translated requests without tools or documents; empty leaves it to Cohere.", "", "", "CONTEXTUAL", "STRICT", "OFF"),
	}, nil
}

type adapter struct{ base, chat, safety string }

var (
	_ adapters.Adapter    = (*adapter)(nil)
	_ adapters.Translator = (*adapter)(nil)
)

func (a *adapter) Native(c adapters.Call) (string, bool) {
	if c.Dialect == dialect && c.Op == adapters.Chat {
		return a.chat, true
	}
	return "", false
}

func (a *adapter) Credential(key secret.String) []adapters.Header {
	return []adapters.Header{{Name: "authorization", Value: "Bearer " + key.Reveal()}}
}

func (a *adapter) Defaults() []adapters.Header { return nil }

func (a *adapter) AskUsage(adapters.Operation) *adapters.Ask { return nil }

func (a *adapter) Watch(adapters.Operation) adapters.Watch { return newWatch() }

// ChatPath is the same for all.
func (a *adapter) ChatPath(string, bool) string { return a.chat }
