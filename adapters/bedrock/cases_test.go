package bedrock_test

import (
	"os"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/bedrock"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/strict"
)

// adapter is the provider with these options.
func adapter(tb testing.TB, options string) adapters.Adapter {
	tb.Helper()
	var a adapters.Adapter
	var err error
	if e := strict.Decode([]byte(options), func(o *strict.Object) { a, err = bedrock.Provider().Options(o) }); e != nil || err != nil {
		tb.Fatal(e, err)
	}
	return a
}

func suites(tb testing.TB) map[string]adaptertest.Suite {
	tb.Helper()
	p := adapter(tb, `{}`).(adapters.Translator)
	return map[string]adaptertest.Suite{
		"openai":    {Dialect: dialect.OpenAI(), Provider: p, Grammar: adaptertest.OpenAIChat, Frame: adaptertest.Messages},
		"anthropic": {Dialect: dialect.Anthropic(), Provider: p, Grammar: adaptertest.AnthropicMessages, Frame: adaptertest.Messages},
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
