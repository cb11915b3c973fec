package cohere_test

import (
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/cohere"
	"github.com/postern-gateway/postern/adapters/dialect"
)

func suites() adaptertest.Suites {
	return adaptertest.Suites{
		"openai":    {Dialect: dialect.OpenAI(), Provider: cohere.Translator(), Grammar: adaptertest.OpenAIChat},
		"anthropic": {Dialect: dialect.Anthropic(), Provider: cohere.Translator(), Grammar: adaptertest.AnthropicMessages},
	}
}

func TestClients(t *testing.T) {
	t.Parallel()
	suites().Run(t)
}
