package gateway_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/cases"
)

// What counts together and what counts apart.
const (
	together = "429" // the second request is one too many
	apart    = "200" // it has a count of its own
)

// TestAttacksOnLimits has a limit of one request, and a second request that should not pass,
// or should, for the limit is somebody else's.
func TestAttacksOnLimits(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 60_000)
	for _, tt := range []struct {
		about         string
		key           string
		rest          string // of the configuration
		first, second []string
		want          string
	}{
		{"an internal header that was heard elsewhere names somebody else", `"consumer"`, "", nil, []string{"x-postern-consumer: app"}, together},
		{"another tenant and tier by internal headers", `"tenant","tier"`, "", nil, []string{"x-postern-tenant: rich", "x-postern-tier: paid"}, together},
		{"metadata that nobody has allowed", `"metadata:team"`, "", []string{`x-postern-metadata: {"team":"a"}`}, []string{`x-postern-metadata: {"team":"b"}`}, together},
		{"metadata that is allowed", `"metadata:team"`, `,"client_headers":{"narrow":["metadata"]}`, []string{`x-postern-metadata: {"team":"a"}`}, []string{`x-postern-metadata: {"team":"b"}`}, apart},
		{"metadata with two values counts as none", `"metadata:team"`, `,"client_headers":{"narrow":["metadata"]}`, nil, []string{`x-postern-metadata: {"team":"a","team":"b"}`}, together},
		{"metadata that is no JSON counts as none", `"metadata:team"`, `,"client_headers":{"narrow":["metadata"]}`, nil, []string{`x-postern-metadata: {"team":`}, together},
		{"a header twice", `"header:x-team"`, "", []string{"x-team: a"}, []string{"x-team: b", "x-team: a"}, "400"},
		{"the same header twice", `"header:x-team"`, "", []string{"x-team: a"}, []string{"x-team: a", "x-team: a"}, "400"},
		{"a header without a value counts as none", `"header:x-team"`, "", nil, []string{"x-team: "}, together},
		{"a header in the configuration's own case", `"header:X-Team"`, "", []string{"x-team: a"}, []string{"x-team: a"}, together},
		{"values that are the same only when joined", `"header:x-a","header:x-b"`, "", []string{"x-a: ab", "x-b: c"}, []string{"x-a: a", "x-b: bc"}, apart},
		{"values that change places", `"header:x-a","header:x-b"`, "", []string{"x-a: a", "x-b: b"}, []string{"x-a: b", "x-b: a"}, apart},
		{"a value that has what separates others", `"header:x-a","header:x-b"`, "", []string{"x-a: a", "x-b: b"}, []string{"x-a: a,b"}, apart},
		{"a very long value", `"header:x-team"`, "", []string{"x-team: " + long}, []string{"x-team: " + long}, together},
		{"a very long value with another end", `"header:x-team"`, "", []string{"x-team: " + long + "1"}, []string{"x-team: " + long + "2"}, apart},
		{"a consumer that looks alike", `"consumer"`, "", nil, []string{"x-api-key: client-wеb"}, apart},
		{"a consumer in capitals", `"consumer"`, "", nil, []string{"x-api-key: client-WEB"}, apart},
		{"a consumer whose name has the tenant's", `"consumer"`, "", []string{"x-api-key: client-a/b"}, []string{"x-api-key: client-b"}, apart},
		{"another key of the same consumer", `"consumer"`, "", nil, []string{"x-api-key: client-web-2"}, together},
		{"another address of IPv4", `"ip"`, "", []string{"source: 192.0.2.1:1"}, []string{"source: 192.0.2.2:1"}, apart},
		{"another port", `"ip"`, "", []string{"source: 192.0.2.1:1"}, []string{"source: 192.0.2.1:2"}, together},
		{"the same address as one of IPv6", `"ip"`, "", []string{"source: 192.0.2.1:1"}, []string{"source: [::ffff:192.0.2.1]:1"}, together},
		{"another address of the same /64", `"ip"`, "", []string{"source: [2001:db8::1]:1"}, []string{"source: [2001:db8::ffff:2]:1"}, together},
		{"another /64", `"ip"`, "", []string{"source: [2001:db8::1]:1"}, []string{"source: [2001:db8:0:1::1]:1"}, apart},
		{"an address that the client has put in front", `"ip"`, `,"client_address":{"trusted_hops":1}`, []string{"x-forwarded-for: 192.0.2.1"}, []string{"x-forwarded-for: 203.0.113.9, 192.0.2.1"}, together},
		{"an address in a header of its own", `"ip"`, `,"client_address":{"trusted_hops":1}`, []string{"x-forwarded-for: 192.0.2.1"}, []string{"x-forwarded-for: 203.0.113.9", "x-forwarded-for: 192.0.2.1"}, together},
		{"another address of the same /64 by a header", `"ip"`, `,"client_address":{"trusted_hops":1}`, []string{"x-forwarded-for: 2001:db8::1"}, []string{"x-forwarded-for: 2001:db8::2"}, together},
		{"a header of an address without trust", `"ip"`, "", []string{"x-forwarded-for: 192.0.2.1"}, []string{"x-forwarded-for: 192.0.2.2"}, together},
		{"the model with its provider's name", `"model"`, "", nil, []string{"model: openai/gpt-4o"}, together},
	} {
		t.Run(tt.about, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t, `{"hold_headers":"always","providers":[{"name":"openai","type":"openai","cluster":"o","keys":[{"value":"k"}]}],"models":[{"name":"gpt-4o","targets":[{"provider":"openai"}]}],
				"tenants":[{"name":"rich"},{"name":"a"},{"name":"poor"}],"tiers":[{"name":"paid"},{"name":"free"}],
				"consumers":[{"name":"web","tenant":"poor","tier":"free","keys":[`+keyOf("client-web")+`,`+keyOf("client-web-2")+`]},{"name":"wеb","keys":[`+keyOf("client-wеb")+`]},{"name":"WEB","keys":[`+keyOf("client-WEB")+`]},
				{"name":"b","tenant":"a","keys":[`+keyOf("client-b")+`]},{"name":"a/b","keys":[`+keyOf("client-a/b")+`]}],
				"limits":[{"key":[`+tt.key+`],"requests":1,"per":"1d","when":{"models":["gpt-4o"]}}]`+tt.rest+`}`)
			if first := p.attack(tt.first); first.upstream == nil {
				t.Fatalf("the first request: got %s", first.response)
			}
			second := p.attack(tt.second)
			got := second.response.First
			if second.upstream != nil {
				got = apart
			}
			if got != tt.want {
				t.Errorf("got %s, want %s: %s", got, tt.want, second.response)
			}
		})
	}
}

func keyOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return `{"sha256":"` + hex.EncodeToString(sum[:]) + `"}`
}

// attack sends a request with headers, two of which are none: source is where it comes from,
// model what it asks for.
func (p *proxy) attack(lines []string) *exchange {
	x, model := p.stream(), "gpt-4o"
	h := []cases.Header{{Name: "content-type", Value: "application/json"}}
	key := "client-web"
	for _, line := range lines {
		switch name, value, _ := strings.Cut(line, ": "); name {
		case "source":
			p.source = value
		case "model":
			model = value
		case "x-api-key":
			key = value
		default:
			h = append(h, cases.Header{Name: name, Value: value})
		}
	}
	h = append(h, cases.Header{Name: "x-api-key", Value: key})
	x.request(cases.Message{First: "POST /v1/chat/completions", Headers: h, Body: []byte(`{"model":"` + model + `","messages":[]}`)})
	return x
}

// What limits are kept by is the client's to choose, and is nowhere told again.
func TestValuesOfLimitsAreNotToldAgain(t *testing.T) {
	t.Parallel()
	p := newProxy(t, `{"hold_headers":"always","providers":[{"name":"openai","type":"openai","cluster":"o","keys":[{"value":"k"}]}],
		"client_headers":{"narrow":["metadata"]},"limits":[{"name":"team","key":["header:x-team","metadata:team","model"],"requests":1,"per":"1d"}]}`)
	lines := []string{"x-team: a\r\nset-cookie: injected", `x-postern-metadata: {"team":"injected\r\n"}`, `model: injected`}
	for range 2 {
		x := p.attack(lines)
		x.done()
		for _, h := range x.response.Headers {
			if strings.Contains(h.Name+h.Value, "injected") {
				t.Errorf("got the header %s: %q", h.Name, h.Value)
			}
		}
		if strings.Contains(string(x.response.Body), "injected") {
			t.Errorf("got %s", x.response.Body)
		}
	}
	for name := range p.counts {
		if strings.HasPrefix(name, "postern.limit") && strings.Contains(name, "injected") {
			t.Errorf("there is a metric %s", name)
		}
	}
	for _, line := range p.log {
		if strings.Contains(line, "injected") {
			t.Errorf("the log says %s", line)
		}
	}
}
