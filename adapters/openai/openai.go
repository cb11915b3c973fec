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
	base := o.Str("base_path", "Path before /chat/completions.", "/v1")
	a := &adapter{
		chat:         base + "/chat/completions",
		completions:  base + "/completions",
		embeddings:   base + "/embeddings",
		responses:    base + "/responses",
		models:       base + "/models",
		ask:          adapters.Ask{Key: "stream_options", Member: "include_usage", Value: "true"},
		organization: o.Str("organization", "Sent as openai-organization; empty sends none.", ""),
		project:      o.Str("project", "Sent as openai-project; empty sends none.", ""),
	}
	return a, nil
}

// adapter has its strings ready: a request makes none.
type adapter struct {
	chat, completions, embeddings, responses, models string // paths
	organization, project                            string
	ask                                              adapters.Ask
}

var _ adapters.Adapter = (*adapter)(nil)

func (a *adapter) Native(c adapters.Call) (string, bool) {
	if c.Dialect != dialectName {
		return "", false
	}
	switch c.Op {
	case adapters.Chat:
		return a.chat, true
	case adapters.Completions:
		return a.completions, true
	case adapters.Embeddings:
		return a.embeddings, true
	case adapters.Responses:
		return a.responses, true
	case adapters.Models:
		return a.models, true
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
		return &a.ask
	}
	return nil
}

func (a *adapter) Watch(op adapters.Operation) adapters.Watch { return newWatch(op) }
