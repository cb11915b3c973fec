package cloudflare_test

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
	suites().Converse(t, adaptertest.Bearer(s.Handler("cloudflare"), s.Key("cloudflare")), adaptertest.BeyondOpenAI(), "@cf/meta/llama-3.3-70b-instruct-fp8-fast")
}
