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
		Doc:      "OpenAI: chat completions, responses, embeddings, moderations, images, audio, files, batches.",
		Semantic: "openai",
		Host:     "api.openai.com",
		Options:  options,
	}
}

func options(o *strict.Object) (adapters.Adapter, error) {
	base := o.Str("base_path", "Path before /chat/completions.", "/v1")
	organization := o.Str("organization", "Sent as openai-organization; empty sends none.", "")
	project := o.Str("project", "Sent as openai-project; empty sends none.", "")
	p := Profile{Base: base, Ops: AllOps &^ Rerank, OpenAI: true, own: true}
	if organization != "" {
		p.More = append(p.More, adapters.Header{Name: "openai-organization", Value: organization})
	}
	if project != "" {
		p.More = append(p.More, adapters.Header{Name: "openai-project", Value: project})
	}
	return New(p), nil
}

// Native is true for what the service takes in this format.
//
//go:noinline
func (a *Adapter) Native(c adapters.Call) (string, bool) {
	if c.Dialect != dialectName || int(c.Op) >= len(a.paths) {
		return "", false
	}
	path := a.paths[c.Op]
	return path + c.Rest, path != ""
}

// Credential is a bearer token, or the key in a header of its own.
//
//go:noinline
func (a *Adapter) Credential(key secret.String) []adapters.Header {
	if a.p.Header != "" {
		return []adapters.Header{{Name: a.p.Header, Value: key.Reveal()}}
	}
	return []adapters.Header{{Name: "authorization", Value: "Bearer " + key.Reveal()}}
}

// Defaults are the profile's headers.
func (a *Adapter) Defaults() []adapters.Header { return a.p.More }

// ask is what has a stream report its usage.
var ask = adapters.Ask{Key: "stream_options", Member: "include_usage", Value: "true"}

// AskUsage: a stream of these operations reports its usage only on demand
// (https://platform.openai.com/docs/api-reference/chat/create, stream_options), with
// most services.
//
//go:noinline
func (a *Adapter) AskUsage(op adapters.Operation) *adapters.Ask {
	if a.p.Usage == UsageAsked && (op == adapters.Chat || op == adapters.Completions) {
		return &ask
	}
	return nil
}

// Watch reads answers of this format.
//
//go:noinline
func (a *Adapter) Watch(op adapters.Operation) adapters.Watch { return newWatch(op) }
