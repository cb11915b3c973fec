package cloudflare_test

import (
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/cloudflare"
	"github.com/postern-gateway/postern/adapters/dialect"
)

func suites() adaptertest.Suites {
	openAI, run := cloudflare.Translators()
	return adaptertest.Suites{
		"openai":        {Dialect: dialect.OpenAI(), Provider: openAI, Grammar: adaptertest.OpenAIChat},
		"anthropic":     {Dialect: dialect.Anthropic(), Provider: openAI, Grammar: adaptertest.AnthropicMessages},
		"openai-run":    {Dialect: dialect.OpenAI(), Provider: run, Grammar: adaptertest.OpenAIChat},
		"anthropic-run": {Dialect: dialect.Anthropic(), Provider: run, Grammar: adaptertest.AnthropicMessages},
	}
}

func TestClients(t *testing.T) {
	t.Parallel()
	suites().Run(t)
}
