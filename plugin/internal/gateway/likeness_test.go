package gateway_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/cases"
)

// Limits are remembered for requests that are alike. These are not, each in one thing: the limit
// of one request that the first has used up is not the second's.
func TestRequestsThatAreNotAlike(t *testing.T) {
	t.Parallel()
	const chat, ann = "/v1/chat/completions", "x-user: ann, x-tenant: acme, x-tier: gold"
	type request struct{ path, model, source, headers string }
	usual := request{chat, "gpt-4o", "192.0.2.1:80", ann}
	other := func(change func(*request)) request {
		r := usual
		change(&r)
		return r
	}
	long := strings.Repeat("m", 1000)
	for _, tt := range []struct {
		about, key string
		first      request
		second     request
	}{
		{"another consumer", `"consumer"`, usual, other(func(r *request) { r.headers = "x-user: bob, x-tenant: acme, x-tier: gold" })},
		{"one of that name of another tenant", `"consumer"`, usual, other(func(r *request) { r.headers = "x-user: ann, x-tenant: beta, x-tier: gold" })},
		{"another tenant", `"tenant"`, usual, other(func(r *request) { r.headers = "x-user: ann, x-tenant: beta, x-tier: gold" })},
		{"another tier", `"tier"`, usual, other(func(r *request) { r.headers = "x-user: ann, x-tenant: acme, x-tier: free" })},
		{"another model", `"model"`, usual, other(func(r *request) { r.model = "gpt-4.1" })},
		{"another model with a long name", `"model"`, other(func(r *request) { r.model = long + "1" }), other(func(r *request) { r.model = long + "2" })},
		{"another provider", `"provider"`, usual, other(func(r *request) { r.model = "second/gpt-4o" })},
		{"another operation", `"operation"`, usual, other(func(r *request) { r.path = "/v1/embeddings" })},
		{"another address", `"ip"`, usual, other(func(r *request) { r.source = "192.0.2.2:80" })},
		{"another of IPv6", `"ip"`, other(func(r *request) { r.source = "[2001:db8::1]:80" }), other(func(r *request) { r.source = "[2001:db8:1::1]:80" })},
		{"another header", `"header:x-team"`, usual, other(func(r *request) { r.headers += ", x-team: b" })},
		{"another consumer and address", `"consumer","ip"`, usual, other(func(r *request) { r.source = "192.0.2.2:80" })},
	} {
		t.Run(tt.about, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t, `{"hold_headers":"always","tenants":[{"name":"acme"},{"name":"beta"}],"tiers":[{"name":"gold"},{"name":"free"}],
				"identity":{"trusted":{"header":"x-user","tenant_header":"x-tenant","tier_header":"x-tier"}},"limits":[{"key":[`+tt.key+`],"requests":1,"per":"1h"}],
				"providers":[{"name":"first","type":"openai","cluster":"mock","keys":[{"value":"sk"}]},{"name":"second","type":"openai","cluster":"mock","keys":[{"value":"sk"}]}]}`)
			var got strings.Builder
			for _, r := range []request{tt.first, tt.first, tt.second, tt.second, tt.first} {
				m := cases.Message{First: "POST " + r.path, Headers: []cases.Header{{Name: "content-type", Value: "application/json"}},
					Body: []byte(`{"model":"` + r.model + `","messages":[],"input":"Hi"}`)}
				for _, h := range strings.Split(r.headers, ", ") {
					name, value, _ := strings.Cut(h, ": ")
					m.Headers = append(m.Headers, cases.Header{Name: name, Value: value})
				}
				p.source = r.source
				x := p.stream()
				switch x.request(m); {
				case x.upstream != nil:
					got.WriteString("passed ")
				default:
					got.WriteString(x.response.First + " ")
				}
			}
			if want := "passed 429 passed 429 429 "; got.String() != want {
				t.Errorf("got %s, want %s", got.String(), want)
			}
		})
	}
}
