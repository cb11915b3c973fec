package hostsim_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/hostsim"
)

// A recorded upstream redirects by Config, whole exchanges and all.
func TestRedirectsAreFollowed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, location string
		policy         *hostsim.Redirects
		status         int
		body           string
	}{
		{"followed", "http://b.test/2?x=1#y", &hostsim.Redirects{Codes: []int{307}, Most: 1}, 200, "POST b.test/2?x=1 abc from http://example.com/1"},
		{"no path", "http://b.test", &hostsim.Redirects{Codes: []int{307}, Most: 1}, 200, "POST b.test/ abc from http://example.com/1"},
		{"only a query", "http://b.test?x=1", &hostsim.Redirects{Codes: []int{307}, Most: 1}, 200, "POST b.test/?x=1 abc from http://example.com/1"},
		{"to https", "https://b.test/2", &hostsim.Redirects{Codes: []int{307}, Most: 1, CrossScheme: true}, 200, "POST b.test/2 abc from http://example.com/1"},
		{"to https, which is not allowed", "https://b.test/2", &hostsim.Redirects{Codes: []int{307}, Most: 1}, 307, ""},
		{"another scheme", "ftp://b.test/2", &hostsim.Redirects{Codes: []int{307}, Most: 1, CrossScheme: true}, 307, ""},
		{"relative", "/2", &hostsim.Redirects{Codes: []int{307}, Most: 1}, 307, ""},
		{"another status", "http://b.test/2", &hostsim.Redirects{Codes: []int{302}, Most: 1}, 307, ""},
		{"used up", "http://b.test/2", &hostsim.Redirects{Codes: []int{307}}, 307, ""},
		{"no route", "http://b.test/2", &hostsim.Redirects{Codes: []int{307}, Most: 1, Routed: func(h hostsim.Headers) bool { return h.Get(":authority") != "b.test" }}, 307, ""},
		{"no policy", "http://b.test/2", nil, 307, ""},
	} {
		h := start(t, "on log\nlog 2 over", func(c *hostsim.Config) {
			c.Redirects = tt.policy
			c.Upstream = func(r hostsim.Request) hostsim.Response {
				from := r.Headers.Get("x-envoy-original-url")
				if from == "" {
					return hostsim.Respond(307, "", "location", tt.location)
				}
				return hostsim.Respond(200, r.Headers.Get(":method")+" "+r.Headers.Get(":authority")+r.Headers.Get(":path")+" "+string(r.WholeBody())+" from "+from)
			}
		})
		got, err := h.Do(hostsim.Post("/1", "abc"))
		if err != nil || got.Status() != tt.status || string(got.Body) != tt.body {
			t.Errorf("%s: got %d %q, %v, want %d %q", tt.name, got.Status(), got.Body, err, tt.status, tt.body)
		}
		passes := 0
		for _, l := range h.Logs() {
			if strings.Contains(l.Message, "log ctx") && !strings.Contains(l.Message, "=>") {
				passes++
			}
		}
		if want := map[int]int{200: 2, 307: 1}[tt.status]; passes != want {
			t.Errorf("%s: got %d passes in the plugin's log, want %d", tt.name, passes, want)
		}
	}
}
