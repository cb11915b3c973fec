package ollama_test

import (
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/ollama"
)

func suites() adaptertest.Suites {
	return adaptertest.Suites{
		"openai":    {Dialect: dialect.OpenAI(), Provider: ollama.Translator(), Grammar: adaptertest.OpenAIChat},
		"anthropic": {Dialect: dialect.Anthropic(), Provider: ollama.Translator(), Grammar: adaptertest.AnthropicMessages},
	}
}

func TestClients(t *testing.T) {
	t.Parallel()
	suites().Run(t)
}
