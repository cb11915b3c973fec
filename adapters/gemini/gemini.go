// Package gemini speaks to Google's Gemini API, the one with keys of AI Studio.
//
// The format is that of https://ai.google.dev/api/generate-content, the REST surface
// v1beta; what the SDK knows beyond that page is in the types of
// https://github.com/googleapis/python-genai. Conversations, streams and errors are
// translated; what clients of this API send passes through, with the provider's name of
// the model in its path.
//
// Calls of functions come without ids from older models, so ids are made, and results
// go back in the order of their calls. What newer models think is sealed in signatures
// on their calls, which they want back
// (https://ai.google.dev/gemini-api/docs/thought-signatures): a client keeps them as
// redacted thinking. For calls of clients that keep none, and of other makers' models,
// the API has a word that stands for a signature. Signatures on texts are optional
// there and left out.
package gemini

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/strict"
)

// dialectName is what clients of this API speak.
const dialectName = "gemini"

// Provider is Google's Gemini API.
func Provider() adapters.Provider {
	return adapters.Provider{
		Name:     "gemini",
		Doc:      "Google Gemini (AI Studio): generateContent, counting of tokens, embeddings; Cloudflare calls it google-ai-studio.",
		Semantic: "gcp.gemini",
		Host:     "generativelanguage.googleapis.com",
		Options:  options,
	}
}

func options(o *strict.Object) (adapters.Adapter, error) {
	return &adapter{base: o.Str("base_path", "Path before /models/{model}.", "/v1beta")}, nil
}

// A Translation is the format of requests and answers, without paths and keys: other
// services of Google's speak it, too.
type Translation struct {
	// Vertex says that the service is Vertex AI, which is told service tiers by headers.
	// Ids of calls it takes from the same models as this API does
	// (https://github.com/anomalyco/opencode/pull/50504), and the same word for a
	// signature (https://github.com/pydantic/pydantic-ai/issues/3881).
	Vertex bool
}

type adapter struct {
	Translation
	base string
}

var (
	_ adapters.Adapter    = (*adapter)(nil)
	_ adapters.Translator = (*adapter)(nil)
	_ adapters.Amender    = (*adapter)(nil)
)

// Native takes what clients of this API send. Whether a stream comes as events or as an
// array is in their query, which goes on.
func (a *adapter) Native(c adapters.Call) (string, bool) {
	if c.Dialect != dialectName {
		return "", false
	}
	switch c.Op {
	case adapters.Chat:
		if c.Stream {
			return a.method(c.Model, ":streamGenerateContent"), true
		}
		return a.method(c.Model, ":generateContent"), true
	case adapters.CountTokens:
		return a.method(c.Model, ":countTokens"), true
	case adapters.Embeddings:
		return a.method(c.Model, ":embedContent"), true
	case adapters.BatchEmbeddings:
		return a.method(c.Model, ":batchEmbedContents"), true
	case adapters.Models:
		return a.base + "/models", true
	}
	return "", false
}

// Amend puts the provider's name of the model where a body names it beside its path: the
// API wants the two alike (https://ai.google.dev/api/embeddings#EmbedContentRequest).
func (a *adapter) Amend(c adapters.Call, request rawjson.Value, patch *rawjson.Patch) ([]string, *chat.Error) {
	name := "models/" + strings.TrimPrefix(c.Model, "models/")
	amend := func(v rawjson.Value) {
		if m := v.Get("model"); m.Kind() == rawjson.String && !m.Is(name) {
			patch.Replace(m, rawjson.AppendString(nil, name))
		}
	}
	amend(request)
	amend(request.Get("generateContentRequest"))
	for it := request.Get("requests").Cursor(); it.Next(); {
		one := it.Value
		amend(one)
	}
	return nil, nil
}

func (a *adapter) Credential(key secret.String) []adapters.Header {
	return []adapters.Header{{Name: "x-goog-api-key", Value: key.Reveal()}}
}

func (a *adapter) Defaults() []adapters.Header { return nil }

func (a *adapter) AskUsage(adapters.Operation) *adapters.Ask { return nil }

func (a *adapter) Watch(adapters.Operation) adapters.Watch { return newWatch() }

// ChatPath names the model, and how it answers: streams are server-sent events only
// where alt=sse asks for them. A name may bring its collection ("tunedModels/x").
func (a *adapter) ChatPath(model string, stream bool) string {
	if stream {
		return a.method(model, ":streamGenerateContent?alt=sse")
	}
	return a.method(model, ":generateContent")
}

// method is the path of a model's method, whatever characters the model's name has.
func (a *adapter) method(model, method string) string {
	collection, name := split(model)
	path := make([]byte, 0, 128)
	for _, s := range [...]string{a.base, "/", collection, "/"} {
		path = append(path, s...)
	}
	return string(append(adapters.AppendPath(path, name, "-._"), method...))
}

// split takes a name's collection off; most have none.
func split(model string) (collection, name string) {
	if c, rest, ok := strings.Cut(model, "/"); ok && (c == "models" || c == "tunedModels") {
		return c, rest
	}
	return "models", model
}
