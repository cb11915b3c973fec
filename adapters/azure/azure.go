// Package azure speaks to Azure OpenAI, in both of its surfaces: the older one, whose
// paths name a deployment and a version, and v1, which is OpenAI's own
// (https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle).
//
// What Azure adds to OpenAI's format passes to OpenAI's clients as it is: the results of
// its filters, a first chunk that has them alone, an answer without a message where a
// filter has stopped it
// (https://learn.microsoft.com/azure/ai-services/openai/concepts/content-filter-annotations).
// Clients of other dialects are told that a filter ended the answer, not which. A key of
// Azure's is sent as api-key, a token of Entra's as a bearer; getting such a token, and
// another before it ends, is left to the proxy or to who sets the key.
package azure

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/openai"
	"github.com/postern-gateway/postern/adapters/strict"
)

// Provider is Azure OpenAI.
func Provider() adapters.Provider {
	return adapters.Provider{
		Name:     "azure",
		Doc:      "Azure OpenAI: chat completions, responses, embeddings, images, audio, files, batches.",
		Semantic: "azure.ai.openai",
		Options:  options,
	}
}

// Surfaces.
const (
	v1          = "v1"
	deployments = "deployments"
)

// usualVersion is the last version of the older surface that is no preview.
const usualVersion = "2024-10-21"

func options(o *strict.Object) (adapters.Adapter, error) {
	surface := o.Enum("surface", "The paths: v1, or deployments with a version.", v1, v1, deployments)
	version := o.Str("api_version", "Sent as api-version; empty is none for v1 and "+usualVersion+" for deployments.", "")
	auth := o.Enum("auth", "What the key is: one of Azure's, or a token of Entra's.", "api-key", "api-key", "entra")
	base := o.Str("base_path", "Path before /v1 or /deployments.", "/openai")
	served := o.Pairs("models", "OpenAI's names of the models that deployments serve, by the deployments' names, where these do not begin alike.")

	p := openai.Profile{Base: base + "/v1", OpenAI: true, Ops: openai.AllOps &^ (openai.Moderations | openai.Rerank)}
	if auth == "api-key" {
		p.Header = "api-key"
	}
	p.Known = func(name string) string {
		for _, m := range served {
			if m.Key == name {
				return m.Value
			}
		}
		return name
	}
	a := &adapter{Adapter: openai.New(p), v1: p.Base}
	if surface == deployments {
		a.base = base + "/deployments/"
		if version == "" {
			version = usualVersion
		}
	}
	if version != "" {
		a.query = "?api-version=" + string(adapters.AppendPath(nil, version, "-._"))
	}
	return a, nil
}

// adapter is OpenAI's at other paths.
type adapter struct {
	*openai.Adapter
	v1    string // before what a path is at OpenAI
	base  string // before the name of a deployment; empty: v1
	query string
}

var (
	_ adapters.Translator = (*adapter)(nil)
	_ adapters.Amender    = (*adapter)(nil)
)

// Native is true for what deployments serve. The older surface's own list of models is
// one of what could be deployed, which is no answer for a client; and its responses are
// of versions that all are previews.
func (a *adapter) Native(c adapters.Call) (string, bool) {
	path, ok := a.Adapter.Native(c)
	if !ok {
		return "", false
	}
	if a.base == "" {
		return path + a.query, true
	}
	switch c.Op {
	case adapters.Responses, adapters.Models, adapters.Files, adapters.Batches:
		return "", false
	}
	return a.deployment(c.Model, strings.TrimPrefix(path, a.v1)), true
}

// ChatPath names the deployment, where the surface wants it.
func (a *adapter) ChatPath(model string, stream bool) string {
	if a.base != "" {
		return a.deployment(model, "/chat/completions")
	}
	return a.Adapter.ChatPath(model, stream) + a.query
}

// EmbedPath is the same for embeddings.
func (a *adapter) EmbedPath(model string) string {
	if a.base != "" {
		return a.deployment(model, "/embeddings")
	}
	return a.Adapter.EmbedPath(model) + a.query
}

// deployment is the path of an operation.
//
//go:noinline
func (a *adapter) deployment(name, operation string) string {
	path := adapters.AppendPath([]byte(a.base), name, "-._")
	path = append(path, operation...)
	return string(append(path, a.query...))
}

// ReadError reads Azure's errors, which name a deployment where others name a model.
func (a *adapter) ReadError(status int, body []byte) *chat.Error {
	e := a.Adapter.ReadError(status, body)
	if e.Code == "DeploymentNotFound" {
		e.Code, e.Param = "model_not_found", "model"
	}
	return e
}
