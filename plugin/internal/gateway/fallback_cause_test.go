package gateway_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/cases"
)

// causeConfig has the fallback of one target follow for what CAUSE says.
const causeConfig = `{"hold_headers":"always","providers":[
	{"name":"a","type":"openai","cluster":"a","keys":[{"value":"key-a"}]},
	{"name":"b","type":"openai","cluster":"b","keys":[{"value":"key-b"}]}],
	"guards":[{"type":"pii","on":["response"],"action":"block"}],
	"models":[{"name":"chain","targets":[{"provider":"a","model":"m-a"}],"fallback":[{"provider":"b","model":"m-b","on":CAUSE}]}]}`

func TestCausesOfFallback(t *testing.T) {
	t.Parallel()
	problem := func(status string) cases.Message {
		return jsonAnswer(status, `{"error":{"message":"m","type":"t","code":"c"}}`)
	}
	secret := strings.Replace(string(good.Body), "hello", "write to x.y@example.org", 1)
	stream := events(role, strings.Replace(hello, "hello", "write to x.y@example.org ", 1), stopped, "[DONE]")
	for _, tt := range []struct {
		name   string
		cause  string
		stream bool
		answer cases.Message
		reason string // empty: nothing follows
	}{
		{"a status", `[409]`, false, problem("409"), "status"},
		{"a status of a stream", `[409]`, true, problem("409"), "status"},
		{"a status whose body may tell more", `[422]`, false, problem("422"), "status"},
		{"a status that means something", `[429]`, false, problem("429"), "rate_limited"},
		{"another status", `[409]`, false, problem("500"), ""},
		{"a class", `["4xx"]`, false, problem("418"), "status"},
		{"the other class", `["4xx"]`, false, problem("500"), ""},
		{"a class and a word", `["5xx","rate_limited"]`, false, problem("502"), "server_error"},
		{"a word beside a class", `["5xx","rate_limited"]`, false, problem("429"), "rate_limited"},
		{"words alone", `["rate_limited"]`, false, problem("409"), ""},
		{"a status for an answer that is none", `[502]`, false, jsonAnswer("200", `{"id":"c","obj`), ""},
		{"a guard that blocks", `["guard"]`, false, jsonAnswer("200", secret), "guard"},
		{"a guard that blocks a stream's first content", `["guard"]`, true, stream, "guard"},
		{"a guard that is not named", `["server_error"]`, false, jsonAnswer("200", secret), ""},
	} {
		p := newProxy(t, strings.Replace(causeConfig, "CAUSE", tt.cause, 1))
		x := p.stream()
		x.request(askFor("chain", tt.stream))
		p.details = "via_upstream"
		x.respond(tt.answer)
		if got := len(p.calls); got > 1 || (got == 1) != (tt.reason != "") {
			t.Errorf("%s: got %d callouts, want the reason %q", tt.name, got, tt.reason)
			continue
		}
		if tt.reason == "" {
			continue
		}
		next := good
		if tt.stream {
			next = events(role, hello, stopped, "[DONE]")
		}
		p.answer(&next)
		x.wantStatus("200", "hello")
		if got := x.response.Get("x-postern-fallback-reason"); got != tt.reason {
			t.Errorf("%s: got the reason %q, want %q", tt.name, got, tt.reason)
		}
		x.done()
	}
}

// What the proxy's other filters refuse is nobody's status.
func TestRefusalsOfOtherFiltersAreNoCause(t *testing.T) {
	t.Parallel()
	p := newProxy(t, strings.Replace(causeConfig, "CAUSE", `["4xx"]`, 1))
	x := p.stream()
	x.request(askFor("chain", false))
	p.details = "rate_limited"
	x.respond(jsonAnswer("429", `{}`))
	if len(p.calls) > 0 {
		t.Errorf("got a callout to %s, want the refusal", p.calls[0].Cluster)
	}
}
