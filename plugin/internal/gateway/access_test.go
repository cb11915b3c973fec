package gateway_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/cases"
)

func sum(key string) string {
	s := sha256.Sum256([]byte(key))
	return hex.EncodeToString(s[:])
}

func keyed(key, body string) cases.Message {
	m := chatRequest("/v1/chat/completions", body)
	m.Headers = append(m.Headers, cases.Header{Name: "authorization", Value: "Bearer " + key})
	return m
}

// ruled is a configuration with rules, for the consumers web and app.
func ruled(rules string) string {
	return `{"hold_headers":"always","providers":[{"name":"eu","type":"openai","cluster":"a","keys":[{"value":"key-eu"}]},{"name":"us","type":"openai","cluster":"a","keys":[{"value":"key-us"}]}],
	"models":[{"name":"gpt-4o","targets":[{"provider":"us","weight":9},{"provider":"eu"}]},{"name":"mini","targets":[{"provider":"us"}]},{"name":"o*","targets":[{"provider":"us"}]}],
	"consumers":[{"name":"web","tags":["beta"],"keys":[{"sha256":"` + sum("web") + `"}]},{"name":"app","keys":[{"sha256":"` + sum("app") + `"}]}],
	` + rules + `}`
}

// TestClientsAddress finds it where it can be trusted, or not at all.
func TestClientsAddress(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		about, hops, source string
		forwarded           []string
		want                string
	}{
		{"the proxy tells", "0", "192.0.2.7:4711", nil, "200"},
		{"the proxy tells another", "0", "198.51.100.1:4711", nil, "403"},
		{"the proxy tells, whatever a client says", "0", "198.51.100.1:4711", []string{"192.0.2.7"}, "403"},
		{"the proxy tells nothing", "0", "", nil, "403"},
		{"the proxy tells of a socket in its file system", "0", "/run/gateway.sock", nil, "403"},
		{"one proxy in front", "1", "10.0.0.1:1", []string{"192.0.2.7"}, "200"},
		{"one proxy in front, and a client that makes something up", "1", "10.0.0.1:1", []string{"192.0.2.7, 198.51.100.1"}, "403"},
		{"one proxy in front, with a header of its own", "1", "10.0.0.1:1", []string{"198.51.100.1", "192.0.2.7"}, "200"},
		{"two proxies in front", "2", "10.0.0.1:1", []string{"192.0.2.7, 10.0.0.2"}, "200"},
		{"two proxies in front, of which one was gone around", "2", "192.0.2.7:1", []string{"192.0.2.7"}, "403"},
		{"no header where there is a proxy in front", "1", "192.0.2.7:1", nil, "403"},
	} {
		p := newProxy(t, ruled(`"client_address":{"trusted_hops":`+tt.hops+`},"access":[{"name":"office","effect":"allow","when":{"networks":["192.0.2.0/24"]}}]`))
		p.source = tt.source
		x := p.stream()
		m := keyed("web", `{"model":"mini","messages":[]}`)
		for _, f := range tt.forwarded {
			m.Headers = append(m.Headers, cases.Header{Name: "x-forwarded-for", Value: f})
		}
		x.request(m)
		if got := outcome(x); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: got %s, want %s", tt.about, got, tt.want)
		}
	}
}

// TestTargetThatIsDenied is not chosen, as long as there is another.
func TestTargetThatIsDenied(t *testing.T) {
	t.Parallel()
	p := newProxy(t, ruled(`"access":[{"name":"stay","effect":"deny","when":{"consumers":["web"],"providers":["us"]}}]`))
	for range 30 {
		x := p.stream()
		x.request(keyed("web", `{"model":"gpt-4o","messages":[]}`))
		if got := outcome(x); got != "200 key-eu" {
			t.Fatalf("got %s, want the target that is not denied", got)
		}
		x.done()
	}
	x := p.stream()
	x.request(keyed("web", `{"model":"mini","messages":[]}`))
	if got := outcome(x); !strings.HasPrefix(got, "403") {
		t.Errorf("got %s, want a refusal where there is no other", got)
	}
}

// TestListOfModels has what the caller may ask for and nothing else.
func TestListOfModels(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ about, rules, want string }{
		{"no rules", ``, "gpt-4o,mini"},
		{"a model that is denied", `{"name":"x","effect":"deny","when":{"models":["mini"]}}`, "gpt-4o"},
		{"a provider that is denied", `{"name":"x","effect":"deny","when":{"providers":["us"]}}`, "gpt-4o"},
		{"all that is allowed", `{"name":"x","effect":"allow","when":{"models":["mini"]}}`, "mini"},
		{"allowed for chats alone", `{"name":"x","effect":"allow","when":{"models":["mini"],"operations":["chat"]}}`, "mini"},
		{"denied for embeddings alone", `{"name":"x","effect":"deny","when":{"models":["mini"],"operations":["embeddings"]}}`, "gpt-4o,mini"},
		{"denied with images", `{"name":"x","effect":"deny","when":{"models":["mini"],"input":["image"]}}`, "gpt-4o,mini"},
		{"denied in shadow", `{"name":"x","mode":"shadow","effect":"deny","when":{"models":["mini"]}}`, "gpt-4o,mini"},
		{"denied to somebody else", `{"name":"x","effect":"deny","when":{"consumers":["app"],"models":["mini"]}}`, "gpt-4o,mini"},
	} {
		x := newProxy(t, ruled(`"access":[`+tt.rules+`]`)).stream()
		x.request(cases.Message{First: "GET /v1/models", Headers: []cases.Header{{Name: "authorization", Value: "Bearer web"}}})
		if got := outcome(x); got != "200 "+tt.want {
			t.Errorf("%s: got %s, want %s", tt.about, got, tt.want)
		}
	}
}

// TestWaysAroundARule are closed.
func TestWaysAroundARule(t *testing.T) {
	t.Parallel()
	const noMini = `"access":[{"name":"x","effect":"deny","when":{"models":["mini"]}}]`
	const fewTokens = `"access":[{"name":"x","effect":"cap","max_tokens":10}]`
	for _, tt := range []struct {
		about, rules, first, body string
		want                      string
	}{
		{"provider and model", noMini, "POST /v1/chat/completions", `{"model":"us/mini","messages":[]}`, "403"},
		{"the provider's path", noMini, "POST /us/v1/chat/completions", `{"model":"mini","messages":[]}`, "403"},
		{"a list of requests", noMini, "POST /universal", `[{"provider":"us","endpoint":"chat/completions","query":{"model":"mini","messages":[]}}]`, "403"},
		{"files", noMini, "GET /v1/files", ``, "403"},
		{"batches", fewTokens, "GET /us/v1/batches", ``, "403"},
		{"the model twice", noMini, "POST /v1/chat/completions", `{"model":"gpt-4o","model":"mini","messages":[]}`, "400"},
		{"the model in an escape", noMini, "POST /v1/chat/completions", `{"model":"m\u0069ni","messages":[]}`, "403"},
	} {
		x := newProxy(t, ruled(tt.rules)).stream()
		m := cases.Message{First: tt.first, Headers: []cases.Header{{Name: "authorization", Value: "Bearer web"}, {Name: "content-type", Value: "application/json"}}, Body: []byte(tt.body)}
		x.request(m)
		if got := outcome(x); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: got %s, want %s", tt.about, got, tt.want)
		}
	}
}

// TestCapWithoutTheBody refuses what it cannot lower: a request that has gone by its path.
func TestCapWithoutTheBody(t *testing.T) {
	t.Parallel()
	document := strings.Replace(ruled(`"access":[{"name":"x","effect":"cap","max_tokens":10}]`), "always", "never", 1)
	for body, want := range map[string]string{
		`{"model":"mini","messages":[],"max_tokens":10}`: "200",
		`{"model":"mini","messages":[],"max_tokens":11}`: "403",
		`{"model":"mini","messages":[]}`:                 "403",
	} {
		x := newProxy(t, document).stream()
		m := keyed("web", body)
		m.First = "POST /us/v1/chat/completions"
		x.request(m)
		if got := outcome(x); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %s, want %s", body, got, want)
		}
	}
}
