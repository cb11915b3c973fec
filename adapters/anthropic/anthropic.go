// Package anthropic speaks to Anthropic's API.
//
// The format is that of https://docs.claude.com/en/api/messages.
package anthropic

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/strict"
)

// Provider is Anthropic.
func Provider() adapters.Provider {
	return adapters.Provider{
		Name:     "anthropic",
		Doc:      "Anthropic: messages, token counting, batches of messages.",
		Semantic: "anthropic",
		Host:     "api.anthropic.com",
		Options:  options,
	}
}

func options(o *strict.Object) (adapters.Adapter, error) {
	version := o.Str("version", "Sent as anthropic-version where the client sends none.", "2023-06-01")
	return &adapter{defaults: []adapters.Header{{Name: "anthropic-version", Value: version}}}, nil
}

// A Translation is the format of requests and answers, without paths and keys: clouds
// that host the models speak it, too.
type Translation struct {
	// Version is the anthropic_version of services that have the model in the path; their
	// requests have it in the model's place.
	Version string
}

// NewWatch makes the reader of answers that pass by unchanged.
func NewWatch() adapters.Watch { return newWatch() }

type adapter struct {
	Translation
	defaults []adapters.Header
}

var _ adapters.Adapter = (*adapter)(nil)

func (a *adapter) Native(c adapters.Call) (string, bool) {
	if c.Dialect != "anthropic" {
		return "", false
	}
	switch c.Op {
	case adapters.Chat:
		return "/v1/messages", true
	case adapters.CountTokens:
		return "/v1/messages/count_tokens", true
	case adapters.Models:
		return "/v1/models", true
	case adapters.Batches:
		return "/v1/messages/batches" + c.Rest, true
	}
	return "", false
}

func (a *adapter) Credential(key secret.String) []adapters.Header {
	return []adapters.Header{{Name: "x-api-key", Value: key.Reveal()}}
}

func (a *adapter) Defaults() []adapters.Header { return a.defaults }

func (a *adapter) AskUsage(adapters.Operation) *adapters.Ask { return nil }

func (a *adapter) Watch(adapters.Operation) adapters.Watch { return newWatch() }
