package bedrock_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/bedrock"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/eventstream"
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

// frame makes an event stream of lines, each of a type and a payload.
func frame(text []byte) []byte {
	var out []byte
	for line := range bytes.Lines(text) {
		kind, data, _ := bytes.Cut(bytes.TrimRight(line, "\n"), []byte(" "))
		if len(kind) > 0 {
			out = eventstream.Append(out, string(kind), data)
		}
	}
	return out
}

func suites(tb testing.TB) map[string]adaptertest.Suite {
	tb.Helper()
	p := adapter(tb, `{}`).(adapters.Translator)
	return map[string]adaptertest.Suite{
		"openai":    {Dialect: dialect.OpenAI(), Provider: p, Grammar: adaptertest.OpenAIChat, Frame: frame},
		"anthropic": {Dialect: dialect.Anthropic(), Provider: p, Grammar: adaptertest.AnthropicMessages, Frame: frame},
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
