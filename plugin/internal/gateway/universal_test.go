package gateway_test

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
)

const universalConfig = `{"providers":[
	{"name":"a","type":"openai","cluster":"a","keys":[{"value":"key-a"}]},
	{"name":"b","type":"openai","cluster":"b","keys":[{"passthrough":true}]},
	{"name":"missing","type":"openai","cluster":"missing","keys":[{"value":"key-m"}]},
	{"name":"vertex","type":"vertex","cluster":"vertex","options":{"project":"p","token_cluster":"tokens"},"keys":[{"env":"GOOGLE_KEY"}]}],
	"bounds":{"answer":"2000B"}}`

// list makes a list of chat requests to providers.
func list(providers ...string) cases.Message {
	var all []string
	for _, p := range providers {
		all = append(all, `{"provider":"`+p+`","endpoint":"chat/completions","headers":{"Authorization":"Bearer key-of-`+p+`"},"query":{"model":"gemini-2.5-flash","messages":[{"role":"user","content":"Hi"}]}}`)
	}
	return chatRequest("/universal", "["+strings.Join(all, ",")+"]")
}

// failing sends a list whose first request fails upstream.
func failing(t *testing.T, providers ...string) (*proxy, *exchange) {
	t.Helper()
	p := newProxy(t, universalConfig)
	x := p.stream()
	x.request(list(providers...))
	if x.upstream == nil {
		t.Fatalf("got %s, want a request upstream", x.response)
	}
	p.details = "via_upstream"
	x.respond(cases.Message{First: "500", Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: []byte(`{"error":{"message":"first"}}`)})
	return p, x
}

var goodAnswer = cases.Message{First: "200", Headers: []cases.Header{{Name: "content-type", Value: "application/json"}},
	Body: []byte(`{"id":"c","object":"chat.completion","choices":[]}`)}

func TestFallbackGetsTheClientsKeyForItsProvider(t *testing.T) {
	t.Parallel()
	p, x := failing(t, "a", "b")
	if got := calloutMessage(p.calls[0]); got.Get("authorization") != "Bearer key-of-b" {
		t.Errorf("got %s, want the key that the list has for it", got)
	}
	p.answer(&goodAnswer)
	x.wantStatus("200", `"id":"c"`)
	x.done()
}

func TestClientThatLeavesDuringAFallback(t *testing.T) {
	t.Parallel()
	p, x := failing(t, "a", "b", "a")
	x.done()
	x.waits = false
	y := p.stream() // the same stream of the worker's
	y.request(list("a", "b"))
	p.answer(&cases.Message{First: "500"})
	if len(p.calls) > 0 || x.answered || y.answered {
		t.Errorf("the answer went to somebody: %s, %s", x.response, y.response)
	}
}

func TestFallbacksThatCannotBeHad(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, next string
		answer     *cases.Message
		status     string
		part       string
	}{
		{"no answer", "b", nil, "504", "did not answer in time"},
		{"an answer that is too large", "b", &cases.Message{First: "200", Body: []byte(strings.Repeat("x", 2001))}, "504", "did not answer"},
		{"a page", "b", &cases.Message{First: "502", Headers: []cases.Header{{Name: "content-type", Value: "text/html"}}, Body: []byte("<html>")}, "502", "without an error object"},
		{"nothing", "b", &cases.Message{First: "500"}, "500", "without an error object"},
		{"an error", "b", &cases.Message{First: "403", Headers: goodAnswer.Headers, Body: []byte(`{"error":{"message":"no"}}`)}, "403", `"no"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, x := failing(t, "a", tt.next)
			p.answer(tt.answer)
			x.wantStatus(tt.status, tt.part)
			x.done()
			if strings.Contains(string(x.record), `"error":""`) || !strings.Contains(string(x.record), `"provider":"b"`) {
				t.Errorf("got the record %s", x.record)
			}
		})
	}
}

func TestFallbackToAClusterThatIsMissing(t *testing.T) {
	t.Parallel()
	p, x := failing(t, "a", "missing", "b")
	p.tick(gateway.TickEvery)
	if len(p.calls) != 1 {
		t.Fatalf("got %d callouts under way, want that of the third", len(p.calls))
	}
	p.answer(&goodAnswer)
	x.wantStatus("200", `"id":"c"`)
	if got := x.response.Get("x-postern-step"); got != "2" {
		t.Errorf("step: got %s, want 2", got)
	}
}

// A fallback does not wait for a token, but has it fetched for who comes next.
func TestFallbackWithoutATokenIsPassedOver(t *testing.T) {
	t.Parallel()
	p, x := failing(t, "a", "vertex", "b")
	if len(p.calls) != 2 || p.calls[0].Cluster != "tokens" || p.calls[1].Cluster != "b" {
		t.Fatalf("got %d callouts, want one for a token and one for the third provider", len(p.calls))
	}
	p.answer(&cases.Message{First: "200", Body: []byte(`{"access_token":"t","expires_in":3600}`)})
	p.answer(&goodAnswer)
	x.wantStatus("200", `"id":"c"`)
	x.done()
	x = p.stream()
	x.request(list("a", "vertex"))
	x.respond(cases.Message{First: "500"})
	if got := calloutMessage(p.calls[0]); got.Get("authorization") != "Bearer t" || got.Get("host") != "aiplatform.googleapis.com" {
		t.Errorf("got %s, want a request with the token", got)
	}
}

// The first of a list may wait for a token as any request does.
func TestFirstOfAListWaitsForItsToken(t *testing.T) {
	t.Parallel()
	p := newProxy(t, universalConfig)
	x := p.stream()
	x.request(list("vertex", "b"))
	p.answer(&cases.Message{First: "200", Body: []byte(`{"access_token":"t","expires_in":3600}`)})
	x.wantToken("t")
}

// What comes in JSON has not been through a parser of headers.
func TestNothingOfAListBecomesAnotherHeader(t *testing.T) {
	t.Parallel()
	for _, member := range []string{`"endpoint":"chat/completions?a\r\nx: y"`, `"endpoint":"chat/completions?a b"`, `"endpoint":"chat/completions","headers":{"authorization":"Bearer a\r\nx: y"}`} {
		x := newProxy(t, universalConfig).stream()
		x.request(chatRequest("/universal", `[{"provider":"b",`+member+`,"query":{"model":"m","messages":[]}}]`))
		x.wantStatus("400", "[0].")
	}
}

func TestTimeoutOfAnAttempt(t *testing.T) {
	t.Parallel()
	p := newProxy(t, universalConfig)
	x := p.stream()
	x.request(chatRequest("/universal", `[{"provider":"a","endpoint":"chat/completions","config":{"requestTimeout":1500},"query":{"model":"m","messages":[]}},
		{"provider":"b","endpoint":"chat/completions","config":{"requestTimeout":2500},"query":{"model":"m","messages":[]}}]`))
	if got := x.upstream.Get("x-envoy-upstream-rq-timeout-ms"); got != "1500" {
		t.Errorf("the first: got a timeout of %q, want 1500", got)
	}
	x.respond(cases.Message{First: "504"})
	if got := p.calls[0].Timeout; got != 2500*time.Millisecond {
		t.Errorf("the second: got a timeout of %v, want 2.5s", got)
	}
}
