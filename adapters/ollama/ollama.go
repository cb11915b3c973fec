// Package ollama speaks to Ollama's own API.
//
// The format is that of https://github.com/ollama/ollama/blob/main/docs/api.md; what
// that page leaves out is in the types of the server,
// https://github.com/ollama/ollama/blob/main/api/types.go. Clients of the same API pass
// through; conversations, streams and errors of others are translated.
//
// A message here has one text: several are joined by a line break, and images go in
// front of it, in base64 only. Nothing can force a call, so that a request that wants
// one is refused; where none may be made the tools are left out. Calls of older servers
// have no ids, so ids are made. A prompt that is longer than the server's context is cut
// by the server without a word: num_ctx is for that.
package ollama

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/ndjson"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/strict"
)

// Dialects of clients whose bodies pass through.
const (
	chatDialect     = "ollama"
	generateDialect = "ollama_generate"
	embedDialect    = "ollama_embeddings"
)

// Provider is Ollama.
func Provider() adapters.Provider {
	return adapters.Provider{
		Name:     "ollama",
		Doc:      "Ollama's own API: chat, embeddings.",
		Semantic: "ollama",
		Options:  options,
	}
}

func options(o *strict.Object) (adapters.Adapter, error) {
	const most = 1 << 30
	return &adapter{
		base:      o.Str("base_path", "Path before /chat.", "/api"),
		keepAlive: o.Str("keep_alive", "How long a model stays in memory after a translated request, such as 10m; empty leaves it to the server.", ""),
		context:   o.Int("num_ctx", "Tokens of context that a translated request asks for; 0 leaves it to the server, which cuts longer prompts silently.", 0, 0, most),
	}, nil
}

type adapter struct {
	base, keepAlive string
	context         int
}

var (
	_ adapters.Adapter    = (*adapter)(nil)
	_ adapters.Translator = (*adapter)(nil)
	_ adapters.Framer     = (*adapter)(nil)
)

func (a *adapter) Native(c adapters.Call) (string, bool) {
	switch {
	case c.Dialect == chatDialect && c.Op == adapters.Chat:
		return a.base + "/chat", true
	case c.Dialect == generateDialect && c.Op == adapters.Chat:
		return a.base + "/generate", true
	case c.Dialect == chatDialect && c.Op == adapters.Embeddings:
		return a.base + "/embed", true
	case c.Dialect == embedDialect && c.Op == adapters.Embeddings:
		return a.base + "/embeddings", true
	case c.Dialect == chatDialect && c.Op == adapters.Models:
		return a.base + "/tags", true
	}
	return "", false
}

// Credential is for ollama.com and for proxies before a server, which itself has none.
func (a *adapter) Credential(key secret.String) []adapters.Header {
	return []adapters.Header{{Name: "authorization", Value: "Bearer " + key.Reveal()}}
}

func (a *adapter) Defaults() []adapters.Header { return nil }

func (a *adapter) AskUsage(adapters.Operation) *adapters.Ask { return nil }

func (a *adapter) Watch(adapters.Operation) adapters.Watch { return newWatch() }

// StreamType is the content type of streams.
func (a *adapter) StreamType() string { return ndjson.ContentType }

// NewFrames makes what cuts a stream into lines.
func (a *adapter) NewFrames() adapters.Frames { return &ndjson.Decoder{} }

// ChatPath is the same for all.
func (a *adapter) ChatPath(string, bool) string { return a.base + "/chat" }
