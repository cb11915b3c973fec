package cloudflare_test

import (
	"os"
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/cloudflare"
	"github.com/postern-gateway/postern/adapters/dialect"
)

func suites() map[string]adaptertest.Suite {
	openAI, run := cloudflare.Translators()
	return map[string]adaptertest.Suite{
		"openai":        {Dialect: dialect.OpenAI(), Provider: openAI, Grammar: adaptertest.OpenAIChat},
		"anthropic":     {Dialect: dialect.Anthropic(), Provider: openAI, Grammar: adaptertest.AnthropicMessages},
		"openai-run":    {Dialect: dialect.OpenAI(), Provider: run, Grammar: adaptertest.OpenAIChat},
		"anthropic-run": {Dialect: dialect.Anthropic(), Provider: run, Grammar: adaptertest.AnthropicMessages},
	}
}

func TestClients(t *testing.T) {
	t.Parallel()
	for dir, s := range suites() {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			adaptertest.Run(t, s, os.DirFS("testdata"), dir)
		})
	}
}
