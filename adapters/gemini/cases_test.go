package gemini_test

import (
	"errors"
	"net/http"
	"os"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/gemini"
	"github.com/postern-gateway/postern/e2e/mockllm"
)

func TestClients(t *testing.T) {
	t.Parallel()
	for dir, s := range map[string]adaptertest.Suite{
		"openai":    {Dialect: dialect.OpenAI(), Provider: gemini.Translator(), Grammar: adaptertest.OpenAIChat},
		"anthropic": {Dialect: dialect.Anthropic(), Provider: gemini.Translator(), Grammar: adaptertest.AnthropicMessages},
	} {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			adaptertest.Run(t, s, os.DirFS("testdata"), dir)
		})
	}
}

func TestEmbeddings(t *testing.T) {
	t.Parallel()
	s := mockllm.New(mockllm.Options{})
	adaptertest.RunEmbeddings(t, adaptertest.EmbedSuite{Dialect: dialect.OpenAI(), Provider: gemini.Embedder(), Accept: func(path string, request []byte) error {
		w := adaptertest.Ask(s.Handler("gemini"), "", path, request, adapters.Header{Name: "x-goog-api-key", Value: s.Key("gemini")})
		if w.Code != http.StatusOK {
			return errors.New(w.Body.String())
		}
		return nil
	}}, os.DirFS("testdata"), "embeddings")
}
