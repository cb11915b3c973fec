package e2e

import (
	"encoding/json"
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
