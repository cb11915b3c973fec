// Package example runs the example as it is written, in a real Envoy and in the simulator,
// and with TLS mocks in the providers' place.
package example

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/e2e/envoy"
	"github.com/postern-gateway/postern/e2e/example"
	"github.com/postern-gateway/postern/e2e/mockllm"
)

const web = "pk-example-web" // its hash is in postern.yaml

// A place is envoy.yaml before mocks that complain of headers which no provider may see.
type place struct {
	example.Placed
	mocks *mockllm.Server
}

func prepare(t *testing.T) place {
	t.Helper()
	mocks := mockllm.New(mockllm.Options{TLS: true})
	p := place{example.Place(t, mocks), mocks}
	example.CloseClean(t, mocks)
	return p
}

const (
	whole  = `{"model":"assistant","max_tokens":50,"messages":[{"role":"user","content":"Hi"}]}`
	stream = `{"model":"assistant","stream":true,"max_tokens":50,"messages":[{"role":"user","content":"Hi"}]}`
)

func TestExample(t *testing.T) {
	p := prepare(t)
	process := p.Serve(t)
	t.Run("faults", func(t *testing.T) { faults(t, p.URL(), p.mocks) })
	t.Run("split", func(t *testing.T) { split(t, p.URL(), p.mocks) })
	t.Run("outlier detection", func(t *testing.T) { outliers(t, p.URL(), p.mocks, process) })
}

// The simulator has no outlier detection.
func TestExampleInTheSimulator(t *testing.T) {
	p := prepare(t)
	p.Simulate(t)
	t.Run("faults", func(t *testing.T) { faults(t, p.URL(), p.mocks) })
	t.Run("split", func(t *testing.T) { split(t, p.URL(), p.mocks) })
}

func faults(t *testing.T, url string, mocks *mockllm.Server) {
	large := strings.Replace(whole, "Hi", strings.Repeat("Hi ", 5<<20/3), 1)
	for _, tt := range []struct {
		name, body        string
		openai, anthropic []string // what they do wrong, one request after another
		provider, model   string
		step, reason      string
	}{
		{"all is well", whole, nil, nil, "openai", "gpt-4o", "0", ""},
		{"a stream", stream, nil, nil, "openai", "gpt-4o", "0", ""},
		{"broken", whole, []string{"status=500"}, nil, "anthropic", "claude-sonnet-4-5", "1", "server_error"},
		{"broken for a stream", stream, []string{"status=500"}, nil, "anthropic", "claude-sonnet-4-5", "1", "server_error"},
		{"an error event", stream, []string{"error-event=after:1"}, nil, "anthropic", "claude-sonnet-4-5", "1", "stream_error"},
		{"a reset before content", stream, []string{"disconnect=after:1"}, nil, "anthropic", "claude-sonnet-4-5", "1", "stream_error"},
		{"an end before content", stream, []string{"eof=after:1"}, nil, "anthropic", "claude-sonnet-4-5", "1", "stream_error"},
		{"a page", whole, []string{"html=200"}, nil, "anthropic", "claude-sonnet-4-5", "1", "unreadable"},
		{"cut JSON", whole, []string{"truncate-json"}, nil, "anthropic", "claude-sonnet-4-5", "1", "unreadable"},
		{"too many requests", whole, []string{"status=429;retry-after=1"}, nil, "anthropic", "claude-sonnet-4-5", "1", "rate_limited"},
		{"trailers", whole, []string{"trailers"}, nil, "openai", "gpt-4o", "0", ""},
		{"an error and trailers", whole, []string{"200-error;trailers"}, nil, "anthropic", "claude-sonnet-4-5", "1", "unreadable"},
		{"both", stream, []string{"status=503"}, []string{"error-event=after:1"}, "openai", "gpt-4.1", "2", "stream_error"},
		{"5 MB again", large, []string{"status=503"}, nil, "anthropic", "claude-sonnet-4-5", "1", "overloaded"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			example.Fail(t, mocks, "openai", tt.openai...)
			example.Fail(t, mocks, "anthropic", tt.anthropic...)
			a, body := example.Ask(t, url, web, tt.body)
			example.WantCompletion(t, a, body, tt.body == stream, map[string]string{"x-postern-provider": tt.provider, "x-postern-model": tt.model, "x-postern-step": tt.step, "x-postern-fallback-reason": tt.reason})
			example.Ask(t, url, web, whole) // between faults, or Envoy would leave the first alone
		})
	}
}

// What keeps failing is left alone: Envoy's outlier detection sees the streams that break, for
// the attempt has made errors of them.
func outliers(t *testing.T, url string, mocks *mockllm.Server, process *envoy.Process) {
	for range 5 {
		example.Fail(t, mocks, "openai", "error-event=after:1")
		if a, body := example.Ask(t, url, web, stream); a.Header.Get("x-postern-fallback-reason") != "stream_error" {
			t.Fatalf("got %v %s, want Anthropic after an error of OpenAI's", a.Header, body)
		}
	}
	a, _ := example.Ask(t, url, web, stream)
	if a.Header.Get("x-postern-provider") != "anthropic" || a.Header.Get("x-postern-fallback-reason") != "resting" {
		t.Errorf("got %v, want Anthropic at once", a.Header)
	}
	const stat = "cluster.assistant/openai/gpt-4o.outlier_detection.ejections_active"
	stats, err := process.Ask("/stats?filter=ejections_active")
	if err != nil || !strings.Contains(stats, stat+": 1\n") {
		t.Errorf("got %v and\n%s, want %s: 1", err, stats, stat)
	}
}

// Conversations begin where Postern says, and go on elsewhere when that fails.
func split(t *testing.T, url string, mocks *mockllm.Server) {
	const ask = `{"model":"split","messages":[{"role":"user","content":"Hi"}]}`
	begins := map[string]int{}
	for i := range 40 {
		session := "conversation-" + string(rune('a'+i%26)) + string(rune('a'+i/26))
		var first string
		for range 3 {
			a, body := example.Ask(t, url, web, ask, "x-postern-session-id", session)
			got := a.Header.Get("x-postern-provider")
			if first == "" {
				first = got
			}
			if a.StatusCode != 200 || got != first || a.Header.Get("x-postern-step") != "0" {
				t.Errorf("%s: got %d from %s, step %s: %s, want %s as before", session, a.StatusCode, got, a.Header.Get("x-postern-step"), body, first)
			}
		}
		begins[first]++
	}
	if begins["openai"] < 20 || begins["anthropic"] == 0 {
		t.Errorf("got %v, want a few of 40 at Anthropic", begins)
	}
	example.Fail(t, mocks, "openai", "status=500")
	for session := range 20 {
		a, body := example.Ask(t, url, web, ask, "x-postern-session-id", "other-"+string(rune('a'+session)))
		if a.StatusCode != 200 {
			t.Errorf("got %d: %s, want a completion from the other", a.StatusCode, body)
		}
	}
}
