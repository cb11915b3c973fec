// Package cloudflare speaks to Cloudflare's Workers AI.
//
// It has two forms: OpenAI's at /ai/v1
// (https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility),
// and its own at /ai/run/{model}
// (https://developers.cloudflare.com/workers-ai/get-started/rest-api), which some models
// know alone. How they differ from OpenAI's, and that models answer in either form
// whatever they were asked in, is in Cloudflare's own client,
// https://github.com/cloudflare/ai/tree/main/packages/workers-ai-provider: contents are
// strings unless there is more than text, a tool cannot be chosen by its name, answers
// come in an envelope, streams may lack reasons and indexes. So chat is translated for
// all clients. Embeddings and responses of OpenAI's clients pass through.
package cloudflare

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/openai"
	"github.com/postern-gateway/postern/adapters/strict"
)

// Provider is Workers AI.
func Provider() adapters.Provider {
	return adapters.Provider{
		Name:     "cloudflare",
		Doc:      "Cloudflare Workers AI: chat, responses, embeddings, a reranker.",
		Semantic: "cloudflare",
		Host:     "api.cloudflare.com",
		Options:  options,
	}
}

func options(o *strict.Object) (adapters.Adapter, error) {
	account := o.Str("account", "The account's id.", "")
	base := o.Str("base_path", "Path before /v1 and /run; empty is that of the account. Behind an AI Gateway it is /v1/{account}/{gateway}/workers-ai.", "")
	form := o.Enum("api", "In which form models are asked: openai, or run, which is Workers AI's own.", "openai", "openai", "run")
	switch {
	case base != "":
	case account == "":
		o.Fail("account", "want the account's id, or a base_path")
	case strings.ContainsAny(account, "/?#% "):
		o.Fail("account", "want an id, got something that does not fit into a path")
	}
	if base == "" {
		base = "/client/v4/accounts/" + account + "/ai"
	}
	return newAdapter(base, form == "run"), nil
}

func newAdapter(base string, run bool) *adapter {
	return &adapter{
		Adapter: openai.New(openai.Profile{
			Base:    base + "/v1",
			Ops:     openai.Chat | openai.Embeddings | openai.Responses,
			Tags:    true,
			Also:    "top_k",
			Renames: "max_completion_tokens=max_tokens",
			Lacks:   "developer store service_tier prompt_cache_key safety_identifier metadata prediction modalities audio web_search_options verbosity",
		}),
		base: base, run: run,
	}
}

// adapter is that of OpenAI's format but for what it changes in requests and answers.
type adapter struct {
	*openai.Adapter
	base string
	run  bool // models are asked in their own form
}

var _ adapters.Translator = (*adapter)(nil)

// Native is false for chat, which is always translated.
func (a *adapter) Native(c adapters.Call) (string, bool) {
	if c.Op == adapters.Chat {
		return "", false
	}
	return a.Adapter.Native(c)
}

// ChatPath names the model where it is asked in its own form.
func (a *adapter) ChatPath(model string, stream bool) string {
	if !a.run {
		return a.Adapter.ChatPath(model, stream)
	}
	return a.runPath(model)
}

// runPath is where a model is asked in its own form. Models have slashes and an @ in
// their names, which stay.
func (a *adapter) runPath(model string) string {
	path := append(make([]byte, 0, 128), a.base...)
	return string(adapters.AppendPath(append(path, "/run/"...), model, "-._/@:"))
}
