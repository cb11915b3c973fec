package mistral_test

import (
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/mistral"
)

func suites() adaptertest.Suites {
	return adaptertest.Suites{
		"openai":    {Dialect: dialect.OpenAI(), Provider: mistral.Translator(), Grammar: adaptertest.OpenAIChat, Accept: accept},
		"anthropic": {Dialect: dialect.Anthropic(), Provider: mistral.Translator(), Grammar: adaptertest.AnthropicMessages, Accept: accept},
	}
}

func TestClients(t *testing.T) {
	t.Parallel()
	suites().Run(t)
}
