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

// Another filter of a proxy that does not tell why answers before the request's body was here: the
// answer passes, and the next request works.
func TestSomebodyElseAnswersBeforeTheBody(t *testing.T) {
	t.Parallel()
	p := newProxy(t, `{"providers":[{"name":"openai","type":"openai","cluster":"c","keys":[{"value":"sk"}]}]}`)
	for _, status := range []string{"200", "401", "402", "403", "404", "429", "500", "503", "504"} {
		s := p.worker.NewStream(1)
		if step := s.RequestHeaders([]adapters.Header{{Name: ":method", Value: "POST"}, {Name: ":path", Value: "/v1/chat/completions"}, {Name: ":authority", Value: "a"}, {Name: "content-type", Value: "application/json"}}, false); step.Reply != nil {
			t.Fatalf("the request is answered with %s", step.Reply.Body)
		}
		step := s.ResponseHeaders([]adapters.Header{{Name: ":status", Value: status}, {Name: "content-type", Value: "text/plain"}}, false)
		if step.Reply != nil || step.Reset {
			t.Errorf("%s: got %+v", status, step)
		}
		s.ResponseBody([]byte("no"), true)
		s.Done()
		s.Release()
	}
}
