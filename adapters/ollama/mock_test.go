package ollama_test

import (
	"bytes"
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/ollama"
	"github.com/postern-gateway/postern/e2e/mockllm"
)

// mock serves the models of the cases.
func mock() adaptertest.Mock {
	s := mockllm.New(mockllm.Options{Models: map[string][]string{"ollama": {"m", "llama3.2", "nope"}}})
	return adaptertest.Bearer(s.Handler("ollama"), s.Key("ollama"))
}

// What is sent must pass a mock that refuses what the real API refuses, and its answers
// must be read. Images in the cases are not real, which the mock sees.
func TestStrictMockAcceptsWhatIsSent(t *testing.T) {
	t.Parallel()
	suite := adaptertest.Suite{Dialect: dialect.OpenAI(), Provider: ollama.Translator(), Grammar: adaptertest.OpenAIChat}
	suite.Accepts(t, mock(), suites().Cases(t), func(c *adaptertest.Case) bool {
		return bytes.Contains(c.Upstream, []byte("iVBORw0KGgo="))
	})
}

// A loop of calls: what the answer says goes back and is taken, whole and as a stream.
func TestLoopWithTheMock(t *testing.T) {
	t.Parallel()
	for _, stream := range []bool{false, true} {
		adaptertest.Loop(t, ollama.Translator(), mock(), &chat.Request{Model: "m", Stream: stream})
	}
}
