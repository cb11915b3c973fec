// Package openai speaks to OpenAI's API and to those that are like it.
//
// The format is that of https://platform.openai.com/docs/api-reference.
package openai

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/strict"
)

// Provider is OpenAI.
func Provider() adapters.Provider {
	return adapters.Provider{
		Name:     "openai",
		Doc:      "OpenAI: chat completions, responses, embeddings.",
		Semantic: "openai",
		Host:     "api.openai.com",
		Options:  options,
	}
}

func options(o *strict.Object) (adapters.Adapter, error) {
	a := &adapter{
		base:         o.Str("base_path", "Path before /chat/completions.", "/v1"),
		organization: o.Str("organization", "Sent as openai-organization; empty sends none.", ""),
		project:      o.Str("project", "Sent as openai-project; empty sends none.", ""),
	}
	return a, nil
}

type adapter struct{ base, organization, project string }

var _ adapters.Adapter = (*adapter)(nil)

func (a *adapter) Native(dialect string, op adapters.Operation) (string, bool) {
	if dialect != "openai" {
		return "", false
	}
	switch op {
	case adapters.Chat:
		return a.base + "/chat/completions", true
	case adapters.Completions:
		return a.base + "/completions", true
	case adapters.Embeddings:
		return a.base + "/embeddings", true
	case adapters.Responses:
		return a.base + "/responses", true
	case adapters.Models:
		return a.base + "/models", true
	}
	return "", false
}

func (a *adapter) Credential(key secret.String) []adapters.Header {
	return []adapters.Header{{Name: "authorization", Value: "Bearer " + key.Reveal()}}
}

func (a *adapter) Defaults() []adapters.Header {
	var h []adapters.Header
	if a.organization != "" {
		h = append(h, adapters.Header{Name: "openai-organization", Value: a.organization})
	}
	if a.project != "" {
		h = append(h, adapters.Header{Name: "openai-project", Value: a.project})
	}
	return h
}

// AskUsage: a stream of these operations reports its usage only on demand
// (https://platform.openai.com/docs/api-reference/chat/create, stream_options).
func (a *adapter) AskUsage(op adapters.Operation) *adapters.Ask {
	if op == adapters.Chat || op == adapters.Completions {
		return &adapters.Ask{Key: "stream_options", Member: "include_usage", Value: "true"}
	}
	return nil
}

func (a *adapter) Watch(op adapters.Operation) adapters.Watch { return newWatch(op) }
