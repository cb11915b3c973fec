package huggingface_test

import (
	"os"
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/huggingface"
)

func suites() map[string]adaptertest.Suite {
	return map[string]adaptertest.Suite{
		"openai":    {Dialect: dialect.OpenAI(), Provider: huggingface.Translator(), Grammar: adaptertest.OpenAIChat},
		"anthropic": {Dialect: dialect.Anthropic(), Provider: huggingface.Translator(), Grammar: adaptertest.AnthropicMessages},
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
