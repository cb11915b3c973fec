package gateway_test

import (
	"strings"
	"testing"
)

// What goes on with an answer gets of it what any provider may see, and the guards read the
// whole as one text.
func TestSequelsAreGuarded(t *testing.T) {
	t.Parallel()
	const secret = "a.b@example.com"
	p := newProxy(t, strings.Replace(sequelConfig, `"limits"`, `"guards":[{"type":"pii","on":["request","response"],"action":"token","restore":true}],"limits"`, 1))
	p.details = "via_upstream"
	x := p.stream()
	x.request(chatRequest("/v1/chat/completions", `{"model":"chain","stream":true,"messages":[{"role":"user","content":"I am `+secret+`"}]}`))
	x.respond(events(role, saying("You are <EMAIL_ADDR"), failure), len(events(role).Body), len(events(role, saying("You are <EMAIL_ADDR")).Body))
	if len(p.calls) != 1 {
		t.Fatalf("got %d callouts and %s, want one", len(p.calls), x.response)
	}
	if got := string(p.calls[0].Body); strings.Contains(got, secret) || !strings.Contains(got, "You are \\u003cEMAIL_ADDR") && !strings.Contains(got, "You are <EMAIL_ADDR") {
		t.Errorf("got %s, want what was said, without the address", got)
	}
	next := claudeStream("ESS_1>, and x.y@example.org is not.")
	p.answer(&next)
	body := string(x.response.Body)
	if got := said(body); !strings.Contains(body, "[DONE]") || !strings.HasPrefix(got, "You are "+secret+", and ") || strings.Contains(got, "x.y@example.org") {
		t.Errorf("got %q in %s, want the address back and the other one hidden", got, body)
	}
	x.done()
}
