package dialect_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

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

func ollamaSuites(tb testing.TB) map[string]adaptertest.Suite {
	tb.Helper()
	toOpenAI, toAnthropic := provider(tb, openai.Provider()), provider(tb, anthropic.Provider())
	return map[string]adaptertest.Suite{
		"ollama-to-openai":             {Dialect: dialect.Ollama(), Provider: toOpenAI, Grammar: adaptertest.OllamaChat},
		"ollama-to-anthropic":          {Dialect: dialect.Ollama(), Provider: toAnthropic, Grammar: adaptertest.OllamaChat},
		"ollama-generate-to-openai":    {Dialect: dialect.OllamaGenerate(), Provider: toOpenAI, Grammar: adaptertest.OllamaGenerate},
		"ollama-generate-to-anthropic": {Dialect: dialect.OllamaGenerate(), Provider: toAnthropic, Grammar: adaptertest.OllamaGenerate},
	}
}

func TestOllamaClients(t *testing.T) {
	t.Parallel()
	runSuites(t, ollamaSuites(t))
}

func TestOllamaModels(t *testing.T) {
	t.Parallel()
	var got struct {
		Models []struct {
			Name, Model, Digest string
			ModifiedAt          time.Time `json:"modified_at"`
			Size                int64
			Details             map[string]any
		}
	}
	if err := json.Unmarshal(dialect.Ollama().Models(nil, []string{"fast", `q"x`}), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Models) != 2 || got.Models[0].Name != "fast" || got.Models[1].Model != `q"x` || got.Models[0].ModifiedAt.IsZero() {
		t.Errorf("got %+v", got)
	}
}

func FuzzOllamaRequest(f *testing.F) { fuzzRequests(f, ollamaSuites(f)) }

// Whatever a provider sends, a client gets lines that keep the rules.
func FuzzOllamaStream(f *testing.F) {
	suites := ollamaSuites(f)
	for dir := range suites {
		list, err := adaptertest.Load(os.DirFS("testdata"), dir)
		if err != nil {
			f.Fatal(err)
		}
		for _, c := range list {
			if c.Stream != nil {
				f.Add([]byte(c.Stream.Upstream))
			}
		}
	}
	request := []byte(`{"model":"m","prompt":"Hi","messages":[{"role":"user","content":"Hi"}]}`)
	f.Fuzz(func(t *testing.T, in []byte) {
		for dir, s := range suites {
			got, err := s.Stream(request, in)
			if err != nil {
				t.Fatal(dir, err)
			}
			if ending, err := s.Grammar(got); err != nil || ending == adaptertest.Cut {
				t.Fatalf("%s: got (%v, ending %d)\n%s", dir, err, ending, got)
			}
		}
	})
}
