package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/e2e/envoy"
)

// redirected is a listener with the models of a configuration, whose mechanism is redirect.
func redirected(config, space string) (envoy.Listener, error) {
	type object = map[string]any
	var c object
	if err := json.Unmarshal([]byte(config), &c); err != nil {
		return envoy.Listener{}, err
	}
	clusters := map[any]any{}
	for _, p := range c["providers"].([]any) {
		clusters[p.(object)["name"]] = p.(object)["cluster"]
	}
	for _, m := range c["models"].([]any) {
		m := m.(object)
		m["mechanism"] = "redirect"
		if retry, ok := m["retry"].(object); ok {
			delete(retry, "backoff")
		}
		for _, list := range []string{"targets", "fallback"} {
			targets, _ := m[list].([]any)
			for _, t := range targets {
				t.(object)["cluster"] = clusters[t.(object)["provider"]]
			}
		}
	}
	c["state"] = object{"space": space}
	b, err := json.Marshal(c)
	return redirectingListener(string(b)), err
}

// redirectingListener is one whose router begins requests again for its attempts.
func redirectingListener(config string) envoy.Listener {
	l := nativeListener(config)
	delete(followRedirects(l), "retry_policy")
	return l
}

// followRedirects has the first route of a listener do so, and returns what it says of where
// requests go.
func followRedirects(l envoy.Listener) map[string]any {
	route := l.Routes[0].(map[string]any)["route"].(map[string]any)
	route["internal_redirect_policy"] = map[string]any{"max_internal_redirects": 20, "redirect_response_codes": []any{307}}
	return route
}

// A request whose attempt fails after the gateway's filter was replaced by one in another VM, which a new
// module is in, too, begins again where nobody knows it: it is refused, counted once, and nothing stays reserved.
func TestARedirectIntoAnotherVM(t *testing.T) {
	t.Parallel()
	provider := &patient{gate: make(chan struct{})}
	failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		provider.wait(r)
		brokenAnswer(w, r)
	}))
	t.Cleanup(failing.Close)
	configs := redirectedConfigs()
	for i := range configs {
		configs[i] = strings.Replace(configs[i], `"admin"`, `"limits":[{"key":[],"concurrent":5}],"admin"`, 1)
		configs[i] = strings.ReplaceAll(configs[i], `"cluster":"small"`, `"cluster":"failing"`)
		configs[i] = strings.Replace(configs[i], `"context_length"`, `"server_error"`, 1)
	}
	l := startDiscovering(t, configs[0], 1, redirectingListener(configs[0]), envoy.Cluster("failing", failing.Listener.Addr().String()))
	whole, stream := l.post(strings.NewReader(ask("Hi"))), l.post(strings.NewReader(askStream("Hi")))
	eventually(t, "both are under way", func() bool { return provider.waiting.Load() == 2 && l.used().Requests == 2 })
	l.inAnotherVM()
	l.update(configs[1])
	eventually(t, "the gateway is another", func() bool { return l.digest() == digestOf(configs[1]) })
	close(provider.gate)
	for _, done := range []<-chan outcome{whole, stream} {
		got := <-done
		wantError(t, got.status, got.body, 503, "upstream_unavailable")
	}
	eventually(t, "both have failed, have used nothing, and are under way no more", func() bool {
		_, page := l.ask(t, "GET", "/limits", "")
		return l.used() == usageTotal{Requests: 2, Errors: 2} && strings.Contains(string(page), `"limit":5,"remaining":5,`)
	})
	if n := l.stats()["cluster.failing.upstream_internal_redirect_succeeded_total"]; n != 2 {
		t.Errorf("got %d redirects, want both", n)
	}
}

// inAnotherVM has the gateway be in one of its own from the next update on.
func (l *live) inAnotherVM() {
	before := l.resource
	l.resource = func(config string) map[string]any {
		r := before(config)
		vm := r["typed_config"].(map[string]any)["config"].(map[string]any)["vm_config"].(map[string]any)
		vm["environment_variables"] = map[string]any{"key_values": map[string]any{"POSTERN_TEST": "another"}}
		return r
	}
}

func TestWhateverFailsTheProxyBeginsAgain(t *testing.T) {
	t.Parallel()
	start(t).everyFault(t, "redirect")
}

func TestChainsOfRedirects(t *testing.T) {
	t.Parallel()
	start(t).longerChains(t, "redirect")
}

func TestStreamsOfAttemptsThatBreakOff(t *testing.T) {
	t.Parallel()
	start(t).breakOff(t, "redirect-sequels")
}

func TestNobodyNoticesAFlakyProviderBeforeARedirect(t *testing.T) {
	t.Parallel()
	start(t).manyAsk(t, "redirect")
}
