package gateway_test

import (
	"slices"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
)

func TestForeignRequestKeepsAllButTheRoutingHeader(t *testing.T) {
	t.Parallel()
	p := newProxy(t, benchConfig)
	s := p.worker.NewStream(1)
	step := s.RequestHeaders([]adapters.Header{{Name: ":method", Value: "GET"}, {Name: ":path", Value: "/other"}, {Name: ":authority", Value: "a"},
		{Name: "cookie", Value: "c"}, {Name: "x-postern-cluster", Value: "secret-cluster"}}, true)
	want := []adapters.Header{{Name: "x-postern-cluster"}}
	if !s.Foreign() || step.Action != gateway.Continue || !slices.Equal(step.Set, want) {
		t.Errorf("got %+v, want only x-postern-cluster removed", step)
	}
}
