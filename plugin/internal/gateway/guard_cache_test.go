package gateway_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/cases"
)

// What guards put into the place of somebody's data is the same for everybody, so that the
// questions are. An answer in which it was put back is nobody else's: it is not kept, and
// neither is one that guards have to read. What is only masked on its way in is.
func TestCacheBehindGuards(t *testing.T) {
	for _, c := range []struct {
		name, guard string
		asked       int // times that the provider is, for two such questions
	}{
		{"put back", `{"type":"pii","restore":true}`, 2},
		{"answers read", `{"type":"pii","action":"label","on":["request","response"]}`, 2},
		{"masked on the way in", `{"type":"pii","action":"label","on":["request"]}`, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newProxy(t, `{"hold_headers":"always","cache":{"ttl":"1h"},"guards":[`+c.guard+`],`+strings.TrimPrefix(benchConfig, "{"))
			asked := 0
			for _, who := range []string{"ann@example.com", "bob@example.org"} {
				x := p.stream()
				x.request(cases.Message{First: "POST /v1/chat/completions", Headers: []cases.Header{{Name: "content-type", Value: "application/json"}},
					Body: []byte(`{"model":"gpt-4o","messages":[{"role":"user","content":"Write to ` + who + ` please."}]}`)})
				if x.upstream != nil {
					asked++
					body := string(x.upstream.Body)
					if strings.Contains(body, who) {
						t.Fatalf("the provider got %s", body)
					}
					said := body[strings.Index(body, "Write to ")+9 : strings.Index(body, " please")]
					x.respond(cases.Message{First: "200", Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: []byte(
						`{"id":"c","object":"chat.completion","created":1,"model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant","content":"I wrote to ` + said +
							`."},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`)})
				}
				if other := map[string]string{"ann@example.com": "bob@example.org", "bob@example.org": "ann@example.com"}[who]; strings.Contains(string(x.response.Body), other) {
					t.Errorf("%s got %s", who, x.response.Body)
				}
				x.done()
			}
			if asked != c.asked {
				t.Errorf("the provider was asked %d times, want %d", asked, c.asked)
			}
		})
	}
}
