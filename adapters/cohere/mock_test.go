package cohere_test

import (
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/cohere"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/e2e/mockllm"
)

// mock serves the models of the cases.
func mock() adaptertest.Mock {
	s := mockllm.New(mockllm.Options{Models: map[string][]string{"cohere": {"m", "command-a-03-2025"}}})
	return adaptertest.Bearer(s.Handler("cohere"), s.Key("cohere"))
}

// What is sent must pass a mock that refuses what the real API refuses, and its answers
// must be read. A conversation of a case that ends in calls has no results for them.
func TestStrictMockAcceptsWhatIsSent(t *testing.T) {
	t.Parallel()
	suite := adaptertest.Suite{Dialect: dialect.OpenAI(), Provider: cohere.Translator(), Grammar: adaptertest.OpenAIChat}
	suite.Accepts(t, mock(), suites().Cases(t), func(*adaptertest.Case) bool { return false })
}

// A loop of calls: what the answer says goes back and is taken, whole and as a stream.
func TestLoopWithTheMock(t *testing.T) {
	t.Parallel()
	for _, stream := range []bool{false, true} {
		adaptertest.Loop(t, cohere.Translator(), mock(), &chat.Request{Model: "m", Stream: stream})
	}
}
