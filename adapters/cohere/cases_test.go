package cohere_test

import (
	"os"
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/cohere"
	"github.com/postern-gateway/postern/adapters/dialect"
)

func TestClients(t *testing.T) {
	t.Parallel()
	for dir, s := range map[string]adaptertest.Suite{
		"openai":    {Dialect: dialect.OpenAI(), Provider: cohere.Translator(), Grammar: adaptertest.OpenAIChat},
		"anthropic": {Dialect: dialect.Anthropic(), Provider: cohere.Translator(), Grammar: adaptertest.AnthropicMessages},
	} {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			adaptertest.Run(t, s, os.DirFS("testdata"), dir)
		})
	}
}
