package adaptertest_test

import (
	"os"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/anthropic"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/openai"
	"github.com/postern-gateway/postern/adapters/strict"
)

// provider is a provider with its options' defaults.
func provider(tb testing.TB, p adapters.Provider) adapters.Translator {
	tb.Helper()
	var a adapters.Adapter
	var err error
	if e := strict.Decode([]byte(`{}`), func(o *strict.Object) { a, err = p.Options(o) }); e != nil || err != nil {
		tb.Fatal(e, err)
	}
	return a.(adapters.Translator)
}

// suites are all pairs; a suite's folder of cases has its name.
func suites(tb testing.TB) map[string]adaptertest.Suite {
	tb.Helper()
	toOpenAI, toAnthropic := provider(tb, openai.Provider()), provider(tb, anthropic.Provider())
	return map[string]adaptertest.Suite{
		"openai-to-anthropic":    {Dialect: dialect.OpenAI(), Provider: toAnthropic, Grammar: adaptertest.OpenAIChat},
		"anthropic-to-openai":    {Dialect: dialect.Anthropic(), Provider: toOpenAI, Grammar: adaptertest.AnthropicMessages},
		"openai-to-openai":       {Dialect: dialect.OpenAI(), Provider: toOpenAI, Grammar: adaptertest.OpenAIChat},
		"anthropic-to-anthropic": {Dialect: dialect.Anthropic(), Provider: toAnthropic, Grammar: adaptertest.AnthropicMessages},
	}
}

func TestCases(t *testing.T) {
	t.Parallel()
	for dir, s := range suites(t) {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			adaptertest.Run(t, s, os.DirFS("testdata"), dir)
		})
	}
}

func TestEmbeddings(t *testing.T) {
	t.Parallel()
	adaptertest.RunEmbeddings(t, adaptertest.EmbedSuite{Dialect: dialect.OpenAI(), Provider: provider(t, openai.Provider()).(adapters.Embedder)}, os.DirFS("testdata"), "embeddings")
}
