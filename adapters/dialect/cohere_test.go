package dialect_test

import (
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/anthropic"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/openai"
)

func cohereSuites(tb testing.TB) map[string]adaptertest.Suite {
	tb.Helper()
	return map[string]adaptertest.Suite{
		"cohere-to-openai":    {Dialect: dialect.Cohere(), Provider: provider(tb, openai.Provider()), Grammar: adaptertest.CohereChat},
		"cohere-to-anthropic": {Dialect: dialect.Cohere(), Provider: provider(tb, anthropic.Provider()), Grammar: adaptertest.CohereChat},
	}
}

func TestCohereClients(t *testing.T) {
	t.Parallel()
	runSuites(t, cohereSuites(t))
}

func FuzzCohereRequest(f *testing.F) { fuzzRequests(f, cohereSuites(f)) }

func FuzzCohereStream(f *testing.F) {
	fuzzStreams(f, cohereSuites(f), []byte(`{"model":"m","messages":[{"role":"user","content":"Hi"}]}`))
}
