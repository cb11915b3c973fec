// Package example runs the example as it is written, in a real Envoy and in the simulator,
// and with TLS mocks in the providers' place.
package example

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/e2e/envoy"
	"github.com/postern-gateway/postern/e2e/example"
	"github.com/postern-gateway/postern/e2e/mockllm"
)

const web = "pk-example-web" // its hash is in postern.yaml

// hosts are what serves envoy.yaml.
var hosts = map[string]func(*example.Placed, testing.TB) *envoy.Process{"Envoy": (*example.Placed).Serve, "hostsim": (*example.Placed).Simulate}

// serve starts a host before mocks that complain of headers which no provider may see.
func serve(t *testing.T, host string) (url string, mocks *mockllm.Server, process *envoy.Process) {
	t.Helper()
	// Envoy adds headers of its own to what the plugin itself sends, which nothing removes.
	mocks = mockllm.New(mockllm.Options{TLS: true, AllowHeaders: []string{"x-envoy-internal", "x-envoy-expected-rq-timeout-ms"}})
	p := example.Place(t, mocks)
	example.CloseClean(t, mocks)
	return p.URL(), mocks, hosts[host](&p, t)
}

const (
	whole  = `{"model":"assistant","max_tokens":50,"messages":[{"role":"user","content":"Hi"}]}`
	stream = `{"model":"assistant","stream":true,"max_tokens":50,"messages":[{"role":"user","content":"Hi"}]}`
)

// redirects is how many Envoy has followed.
func redirects(t *testing.T, process *envoy.Process) int {
	t.Helper()
	stats, err := process.Ask("/stats?filter=upstream_internal_redirect_succeeded_total")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, line := range strings.Split(stats, "\n") {
		_, value, _ := strings.Cut(line, ": ")
		x, _ := strconv.Atoi(value)
		n += x
	}
	return n
}

func TestExample(t *testing.T) {
	for host := range hosts {
		t.Run(host, func(t *testing.T) { faults(t, host) })
	}
}

func faults(t *testing.T, host string) {
	url, mocks, process := serve(t, host)
	large := strings.Replace(whole, "Hi", strings.Repeat("Hi ", 5<<20/3), 1)
	for _, tt := range []struct {
		name, body        string
		openai, anthropic []string // what they do wrong, one request after another
		provider, model   string
		step, reason      string
		redirects         int
	}{
		{"all is well", whole, nil, nil, "openai", "gpt-4o", "0", "", 0},
		{"a stream", stream, nil, nil, "openai", "gpt-4o", "0", "", 0},
		{"broken", whole, []string{"status=500"}, nil, "anthropic", "claude-sonnet-4-5", "2", "server_error", 1},
		{"broken for a stream", stream, []string{"status=500"}, nil, "anthropic", "claude-sonnet-4-5", "2", "server_error", 1},
		{"an error event", stream, []string{"error-event=after:1"}, nil, "anthropic", "claude-sonnet-4-5", "2", "stream_error", 1},
		{"an end before content", stream, []string{"eof=after:1"}, nil, "anthropic", "claude-sonnet-4-5", "2", "stream_error", 1},
		{"a page", whole, []string{"html=200"}, nil, "anthropic", "claude-sonnet-4-5", "2", "unreadable", 1},
		{"cut JSON", whole, []string{"truncate-json"}, nil, "anthropic", "claude-sonnet-4-5", "2", "unreadable", 1},
		{"too many requests", whole, []string{"status=429;retry-after=1"}, nil, "anthropic", "claude-sonnet-4-5", "2", "rate_limited", 1},
		{"too long", stream, []string{"status=400;code=context_length_exceeded"}, nil, "openai", "gpt-4.1", "1", "context_length", 1},
		{"both", stream, []string{"status=503"}, []string{"error-event=after:1"}, "openai", "gpt-4.1-mini", "3", "stream_error", 2},
		{"5 MB again", large, []string{"status=503"}, nil, "anthropic", "claude-sonnet-4-5", "2", "overloaded", 1},
		{"no answer", whole, []string{"disconnect=after:0"}, nil, "anthropic", "claude-sonnet-4-5", "2", "unavailable", 0},
		{"a reset before content", stream, []string{"disconnect=after:1"}, nil, "anthropic", "claude-sonnet-4-5", "2", "stream_error", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := redirects(t, process)
			example.Fail(t, mocks, "openai", tt.openai...)
			example.Fail(t, mocks, "anthropic", tt.anthropic...)
			a, body := example.Ask(t, url, web, tt.body, "x-postern-session-id", "2")
			example.WantCompletion(t, a, body, tt.body == stream, map[string]string{"x-postern-provider": tt.provider, "x-postern-model": tt.model, "x-postern-step": tt.step, "x-postern-fallback-reason": tt.reason})
			if comes := a.ContentLength < 0; comes != (tt.body == stream && (tt.reason == "" || tt.redirects > 0)) {
				t.Errorf("got content-length %d for a stream that the proxy has brought, or for what a callout has", a.ContentLength)
			}
			if got := redirects(t, process) - before; got != tt.redirects {
				t.Errorf("got %d redirects, want %d", got, tt.redirects)
			}
			example.Ask(t, url, web, whole, "x-postern-session-id", "2") // between faults, or the first would be left alone
		})
	}
}

// A request is one, however often the proxy begins it: one record, one of a limit's requests,
// and nobody else can begin it.
func TestOneRequest(t *testing.T) {
	for host := range hosts {
		t.Run(host, func(t *testing.T) { once(t, host) })
	}
}

func once(t *testing.T, host string) {
	url, mocks, process := serve(t, host)
	example.Fail(t, mocks, "openai", "status=503")
	example.Fail(t, mocks, "anthropic", "status=529")
	a, body := example.Ask(t, url, web, whole)
	if a.StatusCode != 200 || a.Header.Get("x-postern-step") != "3" || a.Header.Get("x-ratelimit-remaining-requests") != "999" || redirects(t, process) != 2 {
		t.Errorf("got %d, %v: %s, want an answer after two redirects, and one request counted", a.StatusCode, a.Header, body)
	}
	records := func() []string {
		var all []string
		for line := range strings.Lines(process.Log()) {
			if strings.HasPrefix(line, "{") {
				all = append(all, line)
			}
		}
		return all
	}
	example.Until(t, "the access log has it", func() bool { return len(records()) > 0 })
	if r := records(); len(r) != 1 || !strings.Contains(r[0], `"path":"/v1/chat/completions"`) || !strings.Contains(r[0], ` overloaded, anthropic/claude-sonnet-4-5 overloaded"`) {
		t.Errorf("got the records %s, want one that has failed twice", r)
	}
	r, err := http.Post(url+"/postern/again/"+strings.Repeat("8", 32), "application/json", strings.NewReader(`"`+strings.Repeat("8", 32)+`"`))
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != 404 {
		t.Errorf("got %d for a made-up redirect, want 404", r.StatusCode)
	}
}
