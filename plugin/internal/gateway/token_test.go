package gateway_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
)

const tokenConfig = `{"providers":[{"name":"vertex","type":"vertex","cluster":"vertex","options":{"project":"p","token_cluster":"tokens"},"keys":[{"env":"GOOGLE_KEY"}]}]}`

// A tokenWorld is a gateway whose provider needs tokens.
type tokenWorld struct{ *proxy }

func newTokenWorld(t *testing.T) *tokenWorld { return &tokenWorld{proxy: newProxy(t, tokenConfig)} }

// ask sends a request on its way.
func (w *tokenWorld) ask() *exchange {
	x := w.stream()
	x.request(chatRequest("/v1/chat/completions", `{"model":"gemini-2.5-flash","messages":[{"role":"user","content":"Hi"}]}`))
	return x
}

// token answers the callout that is under way.
func (w *tokenWorld) token(value string, seconds int) {
	w.t.Helper()
	w.reply("200", `{"access_token":"`+value+`","expires_in":`+strconv.Itoa(seconds)+`}`)
}

func (w *tokenWorld) reply(status, body string) {
	w.t.Helper()
	w.wantCalls(1)
	w.answer(&cases.Message{First: status, Body: []byte(body)})
}

func (w *tokenWorld) wantCalls(n int) {
	w.t.Helper()
	if len(w.calls) != n {
		w.t.Fatalf("got %d callouts under way, want %d", len(w.calls), n)
	}
}

func (w *tokenWorld) wantCount(outcome string, n uint64) {
	w.t.Helper()
	name := "postern.token_exchanges;provider=vertex;outcome=" + outcome
	if got := w.counts[name]; got != n {
		w.t.Errorf("%s: got %d, want %d", name, got, n)
	}
}

func (x *exchange) wantToken(value string) {
	x.p.t.Helper()
	if x.upstream == nil || x.upstream.Get("authorization") != "Bearer "+value {
		x.p.t.Errorf("got %v upstream and the answer %s, want a request with the token %s", x.upstream, x.response, value)
	}
}

func (x *exchange) wantStatus(status, part string) {
	x.p.t.Helper()
	if !x.answered || x.response.First != status || !strings.Contains(string(x.response.Body), part) {
		x.p.t.Errorf("got %s, want %s and %q", x.response, status, part)
	}
}

// finish gives a request its answer, and ends it.
func (x *exchange) finish(status string) {
	x.p.details = "via_upstream"
	x.respond(cases.Message{First: status, Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: []byte(`{"candidates":[{"finishReason":"STOP"}]}`)})
	x.done()
}

func TestStormWaitsForOneExchange(t *testing.T) {
	t.Parallel()
	w := newTokenWorld(t)
	var all []*exchange
	for range 500 {
		all = append(all, w.ask())
	}
	w.wantCalls(1)
	w.token("first", 3600)
	for _, x := range all {
		x.wantToken("first")
		x.finish("200")
	}
	w.ask().wantToken("first")
	w.wantCalls(0)
	w.wantCount("ok", 1)
}

func TestStormThatGetsNoTokenIsAnswered(t *testing.T) {
	t.Parallel()
	w := newTokenWorld(t)
	var all []*exchange
	for range 100 {
		all = append(all, w.ask())
	}
	w.reply("401", `{"error":"invalid_client","error_description":"The OAuth client was not found."}`)
	for _, x := range all {
		x.wantStatus("502", "refuses the key")
	}
	w.wantCount("failed", 1)
	if len(w.log) != 1 || !strings.Contains(w.log[0], "invalid_client: The OAuth client was not found.") {
		t.Errorf("got the log %q, want one line with the reason", w.log)
	}
}

// What a token endpoint can answer, and what a waiting client then gets.
func TestExchangesThatFail(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, status, body, want, part string }{
		{"no answer", "", "", "503", "does not answer"},
		{"key refused", "400", `{"error":"invalid_grant"}`, "502", "refuses the key"},
		{"forbidden", "403", `forbidden`, "502", "refuses the key"},
		{"too many", "429", `{"error":"rate"}`, "503", "not available"},
		{"out of order", "500", `<html>`, "503", "not available"},
		{"no JSON", "200", `<html>`, "502", "refuses the key"},
		{"no lifetime", "200", `{"access_token":"a"}`, "502", "refuses the key"},
		{"a lifetime of nothing", "200", `{"access_token":"a","expires_in":0}`, "502", "refuses the key"},
		{"a token that no header can have", "200", `{"access_token":"a\r\nx: y","expires_in":3600}`, "502", "cannot be used"},
		{"an answer without end", "200", `{"access_token":"` + strings.Repeat("a", 70_000) + `","expires_in":3600}`, "503", "does not answer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newTokenWorld(t)
			x := w.ask()
			w.wantCalls(1)
			if tt.status == "" {
				w.answer(nil)
			} else {
				w.reply(tt.status, tt.body)
			}
			x.wantStatus(tt.want, tt.part)
			if x.response.Get("retry-after") != "1" {
				t.Errorf("retry-after: got %q, want 1", x.response.Get("retry-after"))
			}
			for _, secret := range []string{"PRIVATE", "aaaa", "assertion", "gserviceaccount"} {
				if strings.Contains(x.response.String()+strings.Join(w.log, ""), secret) {
					t.Errorf("%s in %s or in the log %q", secret, x.response, w.log)
				}
			}
			w.wantCount("failed", 1)
			w.wantCount("ok", 0)
		})
	}
}

func TestFailuresBackOff(t *testing.T) {
	t.Parallel()
	w := newTokenWorld(t)
	tries := 0
	for range 600 { // of half a second each
		x := w.ask()
		if len(w.calls) > 0 {
			tries++
			w.reply("503", "")
		}
		x.wantStatus("503", "not available")
		x.done()
		w.tick(gateway.TickEvery)
	}
	if tries < 8 || tries > 11 {
		t.Errorf("got %d attempts in five minutes, want one at 0, 1, 3, 7, 15, 31 seconds and then one a minute", tries)
	}
	w.tick(time.Minute)
	x := w.ask()
	w.token("late", 3600)
	x.wantToken("late")
	w.wantCount("failed", uint64(tries))
	if len(w.log) != tries {
		t.Errorf("got %d lines of log for %d failures", len(w.log), tries)
	}
}

func TestTokenIsRenewedBeforeItExpires(t *testing.T) {
	t.Parallel()
	w := newTokenWorld(t)
	x := w.ask()
	w.token("first", 3600)
	x.wantToken("first")
	w.tick(54 * time.Minute)
	w.wantCalls(0)
	w.tick(2 * time.Minute)
	w.wantCalls(1)
	w.ask().wantToken("first") // which holds until the second is there
	w.wantCalls(1)
	w.token("second", 3600)
	w.ask().wantToken("second")
}

func TestTokenThatNobodyUsesIsNotRenewed(t *testing.T) {
	t.Parallel()
	w := newTokenWorld(t)
	x := w.ask()
	w.token("first", 3600)
	x.wantToken("first")
	w.tick(56 * time.Minute)
	w.token("second", 3600)
	for range 200 {
		w.tick(time.Minute)
		w.wantCalls(0)
	}
	x = w.ask()
	w.token("third", 3600)
	x.wantToken("third")
}

func TestRenewalThatFailsKeepsTheTokenUntilItsEnd(t *testing.T) {
	t.Parallel()
	w := newTokenWorld(t)
	x := w.ask()
	w.token("first", 3600)
	x.wantToken("first")
	w.tick(56 * time.Minute)
	w.reply("500", "")
	w.ask().wantToken("first")
	w.tick(time.Minute)
	w.reply("500", "")
	w.ask().wantToken("first")
	w.tick(4 * time.Minute)
	x = w.ask() // it has expired
	w.token("second", 3600)
	x.wantToken("second")
	if !strings.HasPrefix(w.log[0], "no new token for the provider vertex") {
		t.Errorf("got the log %q", w.log)
	}
}

func TestClientThatLeavesWhileItWaits(t *testing.T) {
	t.Parallel()
	w := newTokenWorld(t)
	first, gone, last := w.ask(), w.ask(), w.ask()
	gone.done()
	gone.waits = false
	again := w.ask() // may be the same stream of the worker's
	w.token("one", 3600)
	for _, x := range []*exchange{first, last, again} {
		x.wantToken("one")
	}
	if gone.upstream != nil || gone.answered {
		t.Errorf("a stream that is gone got something")
	}
}

func TestEverybodyLeavesWhileTheyWait(t *testing.T) {
	t.Parallel()
	w := newTokenWorld(t)
	x := w.ask()
	x.done()
	w.token("one", 3600)
	w.ask().wantToken("one")
	w.wantCount("ok", 1)
}

func TestTokenThatTheProviderRefusesIsDropped(t *testing.T) {
	t.Parallel()
	w := newTokenWorld(t)
	x := w.ask()
	w.token("new", 3600)
	x.wantToken("new")
	x.finish("401") // a new token is not to blame
	old, older := w.ask(), w.ask()
	old.wantToken("new")
	w.tick(time.Minute)
	old.finish("401")
	x = w.ask()
	w.token("second", 3600)
	x.wantToken("second")
	w.tick(time.Minute)
	older.finish("401") // of the token before
	w.ask().wantToken("second")
	w.wantCalls(0)
}

// A proxy that loses a callout must not leave anybody waiting.
func TestCalloutThatIsLost(t *testing.T) {
	t.Parallel()
	w := newTokenWorld(t)
	x := w.ask()
	w.wantCalls(1)
	lost := w.calls[0]
	w.calls = nil
	w.tick(10 * time.Second)
	if x.answered {
		t.Fatalf("got %s before the callout was overdue", x.response)
	}
	w.tick(3 * time.Second)
	x.wantStatus("503", "does not answer")
	w.wake(w.worker.Callout(lost.ID, gateway.Answer{Status: 200, Body: []byte(`{"access_token":"late","expires_in":3600}`)}))
	w.tick(time.Second)
	w.ask()
	w.wantCalls(1)
}

// A callout that the proxy does not take fails at the next tick, not within the event of
// the stream that asked for it.
func TestCalloutThatIsNotTaken(t *testing.T) {
	t.Parallel()
	p := newProxy(t, strings.ReplaceAll(tokenConfig, "tokens", "missing"))
	w := &tokenWorld{proxy: p}
	x := w.ask()
	if x.answered {
		t.Fatalf("got %s within the event", x.response)
	}
	w.tick(gateway.TickEvery)
	x.wantStatus("503", "does not answer")
}

// The proxy answers by itself, as with a timeout: nothing may come to the request after.
func TestAnswerThatComesWhileTheRequestWaits(t *testing.T) {
	t.Parallel()
	w := newTokenWorld(t)
	x := w.ask()
	p := x.gw.ResponseHeaders(requestHeaders(cases.Message{First: "408"}), true) // the proxy's own, such as a timeout
	if p.Reply == nil && p.Action != gateway.Continue {
		t.Errorf("got %+v, want that it passes", p)
	}
	x.waits = false
	w.token("one", 3600)
	x.done()
}
