package gateway_test

import (
	"slices"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
)

func TestForeignRequestKeepsAllButWhatTheProxyIsTold(t *testing.T) {
	t.Parallel()
	p := newProxy(t, signalsConfig)
	s := p.worker.NewStream(1)
	step := s.RequestHeaders([]adapters.Header{{Name: ":method", Value: "GET"}, {Name: ":path", Value: "/other"}, {Name: ":authority", Value: "a"},
		{Name: "cookie", Value: "c"}, {Name: "x-postern-cluster", Value: "secret-cluster"}, {Name: "x-postern-tier", Value: "pro"},
		{Name: "x-postern-mine", Value: "m"}}, true)
	want := []adapters.Header{{Name: "x-postern-cluster"}, {Name: "x-postern-tier"}}
	if !s.Foreign() || step.Action != gateway.Continue || !slices.Equal(step.Set, want) {
		t.Errorf("got %+v, want only x-postern-cluster and x-postern-tier removed", step)
	}
}
