// Package builtin is the list of providers in the shipped module. A provider is
// added by a line here.
package builtin

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/anthropic"
	"github.com/postern-gateway/postern/adapters/azure"
	"github.com/postern-gateway/postern/adapters/bedrock"
	"github.com/postern-gateway/postern/adapters/cloudflare"
	"github.com/postern-gateway/postern/adapters/cohere"
	"github.com/postern-gateway/postern/adapters/compatible"
	"github.com/postern-gateway/postern/adapters/custom"
	"github.com/postern-gateway/postern/adapters/gemini"
	"github.com/postern-gateway/postern/adapters/huggingface"
	"github.com/postern-gateway/postern/adapters/llama"
	"github.com/postern-gateway/postern/adapters/mistral"
	"github.com/postern-gateway/postern/adapters/ollama"
	"github.com/postern-gateway/postern/adapters/openai"
	"github.com/postern-gateway/postern/adapters/vertex"
)

// Providers are all providers, in the order of the documentation.
func Providers() []adapters.Provider {
	list := []adapters.Provider{
		openai.Provider(),
		anthropic.Provider(),
		gemini.Provider(),
		mistral.Provider(),
		cohere.Provider(),
		azure.Provider(),
		bedrock.Provider(),
		vertex.Provider(),
		huggingface.Provider(),
		cloudflare.Provider(),
		llama.Provider(),
		ollama.Provider(),
		custom.Provider(),
	}
	return append(list, compatible.Providers()...)
}
