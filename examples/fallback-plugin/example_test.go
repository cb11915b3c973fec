// Package example runs the example as it is written, in a real Envoy and with TLS mocks in
// the providers' place.
package example

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/e2e/example"
	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/grammar"
	"github.com/postern-gateway/postern/e2e/mockllm/script"
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

// send asks a question and wants an answer in OpenAI's form from a provider's model.
func send(t *testing.T, url, key, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest("POST", url+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("content-type", "application/json")
	r.Header.Set("authorization", "Bearer "+key)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatalf("got %v after %s", err, b)
	}
	return a, string(b)
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
			for _, f := range tt.faults {
				b, err := script.Parse(f)
				if err != nil {
					t.Fatal(err)
				}
				if err := mocks.Script("openai", b); err != nil {
					t.Fatal(err)
				}
			}
			a, body := send(t, url, tt.key, tt.body)
			err := error(nil)
			if tt.body == stream {
				err = grammar.OpenAIChat([]byte(body))
			}
			if a.StatusCode != 200 || err != nil || !strings.Contains(body, `"chat.completion`) {
				t.Errorf("got %d, %v: %.300s, want a completion", a.StatusCode, err, body)
			}
			for name, want := range map[string]string{"x-postern-provider": tt.provider, "x-postern-model": tt.model, "x-postern-fallback-reason": tt.reason} {
				if got := a.Header.Get(name); got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
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
			a, _ := send(t, url, web, ask, "x-postern-session-id", session, "x-postern-debug", "1")
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
