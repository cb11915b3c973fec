package huggingface_test

import (
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/e2e/mockllm"
)

// What the shared conversations become is taken by the mock, or refused with its place,
// and what the mock answers can be read.
func TestStrictMockAcceptsSharedConversations(t *testing.T) {
	t.Parallel()
	s := mockllm.New(mockllm.Options{})
	suites().Converse(t, adaptertest.Bearer(s.Handler("huggingface"), s.Key("huggingface")), adaptertest.BeyondOpenAI(), "Qwen/Qwen3-32B:cerebras")
}
