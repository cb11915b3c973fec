// Package example runs the example as it is written, in a real Envoy and with TLS mocks in
// the providers' place.
package example

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/e2e/example"
	"github.com/postern-gateway/postern/e2e/mockllm"
)

// Keys whose hashes are in postern.yaml.
const (
	web    = "pk-example-web"
	guests = "pk-example-agents"
)

// serve starts envoy.yaml with nothing changed but where things are.
func serve(t *testing.T) (url string, mocks *mockllm.Server) {
	t.Helper()
	// Envoy adds headers of its own to what the plugin itself sends, which nothing removes.
	mocks = mockllm.New(mockllm.Options{TLS: true, AllowHeaders: []string{"x-envoy-internal", "x-envoy-expected-rq-timeout-ms"}})
	p := example.Place(t, mocks)
	t.Cleanup(func() { mocks.Close() })
	p.Serve(t)
	return p.URL(), mocks
}

const (
	whole    = `{"model":"assistant","max_tokens":50,"messages":[{"role":"user","content":"Hi"}]}`
	stream   = `{"model":"assistant","stream":true,"max_tokens":50,"messages":[{"role":"user","content":"Hi"}]}`
	pictures = `{"model":"assistant","messages":[{"role":"user","content":[{"type":"text","text":"Hi"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]}]}`
)

func TestExample(t *testing.T) {
	url, mocks := serve(t)
	for _, tt := range []struct {
		name, key, body string
		faults          []string // of OpenAI's, one request after another
		provider, model string
		reason          string
	}{
		{"all is well", web, whole, nil, "openai", "gpt-4o", ""},
		{"all is well for a guest", guests, whole, nil, "openai", "gpt-4o-mini", ""},
		{"pictures", guests, pictures, nil, "openai", "gpt-4o", ""},
		{"broken", web, whole, []string{"status=500"}, "anthropic", "claude-sonnet-4-5", "server_error"},
		{"busy once", web, whole, []string{"status=503"}, "openai", "gpt-4o", "overloaded"},
		{"busy twice", web, stream, []string{"status=503", "status=503"}, "anthropic", "claude-sonnet-4-5", "overloaded"},
		{"an error event", guests, stream, []string{"error-event=after:1"}, "anthropic", "claude-haiku-4-5", "stream_error"},
		{"too long", web, whole, []string{"status=400;code=context_length_exceeded"}, "openai", "gpt-4.1", "context_length"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			example.Fail(t, mocks, "openai", tt.faults...)
			a, body := example.Ask(t, url, tt.key, tt.body)
			example.WantCompletion(t, a, body, tt.body == stream, map[string]string{"x-postern-provider": tt.provider, "x-postern-model": tt.model, "x-postern-fallback-reason": tt.reason})
		})
	}
}

// A conversation stays where it is, and who may debug is told why.
func TestCanary(t *testing.T) {
	url, _ := serve(t)
	const ask = `{"model":"canary","messages":[{"role":"user","content":"Hi"}]}`
	models := map[string]int{}
	for i := range 60 {
		session := "conversation-" + string(rune('a'+i%26)) + string(rune('a'+i/26))
		var first string
		for range 3 {
			a, _ := example.Ask(t, url, web, ask, "x-postern-session-id", session, "x-postern-debug", "1")
			got := a.Header.Get("x-postern-model")
			if first == "" {
				first = got
			}
			if got != first {
				t.Errorf("%s: got %s, want %s as before", session, got, first)
			}
			if why := a.Header.Get("x-postern-route"); !strings.Contains(why, "weighted of openai/gpt-4o weight 90, openai/gpt-4.1 weight 10") {
				t.Errorf("got the explanation %q, want the targets and their weights", why)
			}
		}
		models[first]++
	}
	if models["gpt-4o"] < 40 || models["gpt-4.1"] == 0 {
		t.Errorf("got %v, want a few of 60 at the canary", models)
	}
}
