package gateway_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
)

const redirectConfig = `{"hold_headers":"always","providers":[
	{"name":"a","type":"openai","cluster":"a","host":"a.test","keys":[{"value":"key-a"}]},
	{"name":"b","type":"openai","cluster":"b","keys":[{"value":"key-b"}]},
	{"name":"claude","type":"anthropic","cluster":"claude","host":"claude.test","keys":[{"value":"key-c"}]}],
	"models":[
	{"name":"chain","mechanism":"redirect","targets":[{"provider":"a","model":"m-a","cluster":"to-a"}],"first_token":"2s",
	 "fallback":[{"provider":"b","model":"m-b","cluster":"to-b","on":["context_length"]},{"provider":"claude","model":"claude-sonnet-4-5","cluster":"to-claude"},{"provider":"b","model":"m-b","cluster":"to-b"}]},
	{"name":"late","mechanism":"redirect","targets":[{"provider":"a","model":"m-a","cluster":"to-a"}],"fallback":[{"provider":"b","model":"m-b","cluster":"to-b"}],"deadline":"2s"},
	{"name":"small","mechanism":"redirect","targets":[{"provider":"a","model":"gpt-4o","cluster":"to-a"}],"fallback":[{"provider":"b","model":"m-b","cluster":"to-b","on":["context_length"]}]}],
	"limits":[{"name":"now","concurrent":1}],"bounds":{"model_size":"enforce"}}`

func newRedirecting(t testing.TB) *nativeProxy { return newRedirectingOf(t, redirectConfig) }

func newRedirectingOf(t testing.TB, document string) *nativeProxy {
	p := newNativeOf(t, document)
	p.properties = map[string]string{"request\x00scheme": "https", "request\x00host": "gateway.test", "request\x00path": "/v1/chat/completions"}
	return p
}

// again is what a proxy does with an attempt's redirect: it ends the request, and begins it
// again at its location, with the headers and the body as filters have left them.
func (p *nativeProxy) again(x, a *exchange) *exchange {
	p.t.Helper()
	where, err := url.Parse(a.response.Get("location"))
	if err != nil || a.response.First != "307" || where.Host != "gateway.test" || a.response.Get("x-forwarded-proto") != where.Scheme {
		p.t.Fatalf("got %s, want a redirect to the gateway", a.response)
	}
	x.done()
	a.done()
	if x.record != nil {
		p.t.Errorf("got the record %s of a request that goes on", x.record)
	}
	y := p.stream()
	y.send(edited(x.head, []adapters.Header{{Name: ":path", Value: where.Path}, {Name: ":authority", Value: where.Host}, {Name: "x-envoy-original-url", Value: "https://a.test/"}}), cases.Message{Body: x.upstream.Body})
	return y
}

// clusterOf is where a request goes.
func clusterOf(x *exchange) string {
	for _, h := range x.head {
		if h.Name == "x-postern-cluster" {
			return h.Value
		}
	}
	return ""
}

func TestRequestsThatTheProxyBeginsAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range faults {
		if tt.name == "a model that is gone" {
			continue
		}
		p := newRedirecting(t)
		m := askFor("chain", tt.stream)
		m.Headers = append(m.Headers, cases.Header{Name: "openai-organization", Value: "org"})
		x := p.ask(m)
		if got := clusterOf(x); got != "to-a" || x.upstream.Get("x-envoy-retry-on") != "" {
			t.Errorf("got %s, want the cluster to-a and no word of retries", x.upstream)
		}
		first := p.attempt(x, "", "")
		if got := first.upstream; got.Get("authorization") != "Bearer key-a" || got.Get("host") != "a.test" || got.Get("openai-organization") != "org" {
			t.Errorf("got %s, want a request to a", got)
		}
		first.respond(tt.answer)
		y := p.again(x, first)
		if got := y.upstream; clusterOf(y) != "to-claude" || got.Get("x-postern-chain") != "b/m-b" || got.First != "POST /v1/chat/completions" || got.Get("host") != "gateway.test" ||
			got.Get("authorization") != "" || got.Get("content-length") != "34" || len(got.Body) != 34 {
			t.Errorf("%s: got %s, want it on its way to Claude", tt.name, got)
		}
		second := p.attempt(y, "", "")
		if got := second.upstream; got.First != "POST /v1/messages" || got.Get("x-api-key") != "key-c" || got.Get("host") != "claude.test" || got.Get("authorization") != "" ||
			got.Get("openai-organization") != "" || got.Get("x-envoy-original-url") != "" {
			t.Errorf("%s: got %s, want a request to Anthropic and nothing of the one before", tt.name, got)
		}
		second.respond(jsonAnswer("529", `{"type":"error","error":{"type":"overloaded_error","message":"busy"}}`))
		z := p.again(y, second)
		third := p.attempt(z, "", "")
		answer, want := well(tt.stream)
		third.respond(answer)
		z.give(third)
		z.wantFrom("200", want)
		for name, want := range map[string]string{"x-postern-provider": "b", "x-postern-step": "3", "x-postern-fallback-reason": "overloaded"} {
			if got := z.response.Get(name); got != want {
				t.Errorf("%s: %s: got %q, want %q", tt.name, name, got, want)
			}
		}
		third.done()
		p.wantNothingLeft(z)
		if want := `"failed":"a/m-a ` + tt.reason + `, claude/claude-sonnet-4-5 overloaded"`; !strings.Contains(string(z.record), want) {
			t.Errorf("%s: got the record %s, want %s", tt.name, z.record, want)
		}
		if n := p.counts["postern.requests;operation=chat;provider=b;model=chain;status=200"]; n != 1 {
			t.Errorf("%s: counted %d requests, want 1: %v", tt.name, n, p.counts)
		}
	}
}

// An address of a redirect is good once, right after it, and for nobody who guesses.
func TestRequestsThatNobodyBeginsAgain(t *testing.T) {
	t.Parallel()
	p := newRedirecting(t)
	x := p.ask(askFor("chain", false))
	id := strings.Trim(string(x.upstream.Body), `"`)
	wantForeign := func(path string) {
		t.Helper()
		y := p.stream()
		m := askFor("chain", false)
		m.First = "POST " + path
		y.request(m)
		if !y.gw.Foreign() {
			t.Errorf("%s: got %s, want a path that is nobody's", path, y.response)
		}
	}
	wantForeign("/postern/again/" + id) // its attempt is not over
	a := p.attempt(x, "", "")
	a.respond(jsonAnswer("500", `{"error":{"message":"broken"}}`))
	wantForeign("/postern/again/" + id[1:])
	wantForeign("/postern/again/")
	y := p.again(x, a)
	wantForeign("/postern/again/" + id)
	b := p.attempt(y, "", "")
	b.respond(jsonAnswer("200", `{"id":"m","type":"message","role":"assistant","content":[{"type":"text","text":"hello"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}`))
	y.give(b)
	y.wantFrom("200", "hello")
	p.wantNothingLeft(y)
	wantForeign("/postern/again/" + id)
}

// What the proxy begins again where nobody knows of it, for another VM has come in the place of the one
// that did, is refused in words that clients know, and counted by the one that did, when it ends.
func TestRequestsBegunAgainInAnotherVM(t *testing.T) {
	t.Parallel()
	document := kept(redirectConfig)
	p := newRedirectingOf(t, document)
	x := p.ask(askFor("chain", false))
	a := p.attempt(x, "", "")
	a.respond(jsonAnswer("500", `{"error":{"message":"broken"}}`))
	x.done()
	a.done()
	heir := newWorker(t, document, p.Host)
	y := heir.stream()
	m := askFor("chain", false)
	m.First = "POST /postern/again/" + strings.Trim(string(x.upstream.Body), `"`)
	m.Headers = append(m.Headers, cases.Header{Name: "x-envoy-original-url", Value: "https://gateway.test/v1/chat/completions"})
	y.request(m)
	if got := y.response; got.First != "503" || !strings.Contains(string(got.Body), `"code":"upstream_unavailable"`) {
		t.Errorf("got %s, want 503 upstream_unavailable", got)
	}
	y.done()
	if want := `{"operation":"none","status":503,"duration_ms":1,"error":"upstream_unavailable"}`; string(y.record) != want {
		t.Errorf("got the record %s, want %s", y.record, want)
	}
	p.worker.End()
	heir.worker.End()
	if got, want := p.usages(), "a chain: 1, 1 failed, 0+0 tokens, 0"; got != want || p.worker.Left() != "" {
		t.Errorf("got %q, and %q left; want %q", got, p.worker.Left(), want)
	}
	if _, left := heir.administer("GET /postern/limits", ""); !strings.Contains(left, `"limit":1,"remaining":1,`) {
		t.Errorf("got the limits %s, want nothing under way", left)
	}
}

// What no redirect follows on is followed by a callout: no answer, a proxy that does not
// redirect, a target that the gateway refuses.
func TestWhatNoRedirectFollowsOn(t *testing.T) {
	t.Parallel()
	long := askFor("small", false)
	long.Body = []byte(strings.Replace(string(long.Body), "Hi", strings.Repeat("word ", 200_000), 1))
	for _, tt := range []struct {
		name   string
		ask    cases.Message
		reason string
		fail   func(p *nativeProxy, x *exchange)
	}{
		{"no answer", askFor("chain", false), "unavailable", func(p *nativeProxy, x *exchange) {
			p.attempt(x, "", "").done()
			p.properties["response\x00code_details"] = "upstream_reset_before_response_started"
			x.respond(cases.Message{First: "503", Body: []byte("reset")})
		}},
		{"no endpoint", askFor("chain", false), "unavailable", func(p *nativeProxy, x *exchange) {
			p.properties["response\x00code_details"] = "no_healthy_upstream"
			x.respond(cases.Message{First: "503", Body: []byte("no healthy upstream")})
		}},
		{"no redirect", askFor("chain", false), "server_error", func(p *nativeProxy, x *exchange) {
			a := p.attempt(x, "", "")
			a.respond(jsonAnswer("500", `{"error":{"message":"broken"}}`))
			x.give(a)
		}},
		{"too long", long, "context_length", func(p *nativeProxy, x *exchange) {
			a := p.attempt(x, "", "")
			a.wantStatus("400", "context_length_exceeded")
			x.give(a)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newRedirecting(t)
			x := p.ask(tt.ask)
			tt.fail(p, x)
			if len(p.calls) != 1 {
				t.Fatalf("got %d callouts and %s, want one", len(p.calls), x.response)
			}
			answer := good
			if p.calls[0].Cluster == "claude" {
				answer = jsonAnswer("200", `{"id":"m","type":"message","role":"assistant","content":[{"type":"text","text":"hello"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}`)
			}
			p.answer(&answer)
			x.wantStatus("200", "hello")
			if got := x.response.Get("x-postern-fallback-reason"); got != tt.reason || x.response.Get("location") != "" {
				t.Errorf("got %s, want the reason %s and no redirect", x.response, tt.reason)
			}
			p.wantNothingLeft(x)
		})
	}
}

// No client is redirected, whatever the time.
func TestRedirectsTooLate(t *testing.T) {
	t.Parallel()
	p := newRedirecting(t)
	x := p.ask(askFor("late", false))
	a := p.attempt(x, "", "")
	a.respond(jsonAnswer("500", `{"error":{"message":"broken"}}`))
	p.now += int64(3 * time.Second)
	x.give(a)
	x.wantStatus("503", "deadline has passed")
	p.wantNothingLeft(x)
}

// A request that the proxy ends, and does not begin again, is over at the next look.
func TestRequestsThatAreNotBegunAgain(t *testing.T) {
	t.Parallel()
	p := newRedirecting(t)
	x := p.ask(askFor("chain", true))
	a := p.attempt(x, "", "")
	a.respond(events(failure))
	a.done()
	x.done()
	p.tick(0)
	if left := p.worker.Left(); left != "" {
		t.Errorf("got %s left", left)
	}
}

// A client that leaves between two attempts pays for none: the one before has failed before its
// content, whatever its status was.
func TestClientsThatLeaveBetweenAttempts(t *testing.T) {
	t.Parallel()
	for _, tt := range faults {
		if tt.name == "a model that is gone" {
			continue
		}
		p := newRedirecting(t)
		x := p.ask(askFor("chain", tt.stream))
		a := p.attempt(x, "", "")
		a.respond(tt.answer)
		a.done()
		x.done()
		p.tick(0)
		q := newNative(t)
		y := q.ask(askFor("chain", tt.stream))
		b := q.attempt(y, "a", "m-a")
		b.respond(tt.answer)
		b.done()
		q.wantNothingLeft(y)
		for mechanism, p := range map[string]*nativeProxy{"redirect": p, "native": q} {
			for name, n := range p.counts {
				if n > 0 && (strings.Contains(name, "tokens") || strings.Contains(name, "status=200")) {
					t.Errorf("%s, %s: counted %s, want nothing", tt.name, mechanism, name)
				}
			}
		}
	}
}

// A request ends with the configuration that it has begun with, whoever goes on with it by
// then: the worker that has it is needed until then, and no longer.
func TestRequestsThatGoOnInAnotherWorkersPlace(t *testing.T) {
	t.Parallel()
	p := newRedirecting(t)
	x := p.ask(askFor("chain", true))
	a := p.attempt(x, "", "")
	a.respond(jsonAnswer("500", `{"error":{"message":"broken"}}`))
	old := p.proxy
	replace := func() *proxy {
		p.proxy = newProxy(t, `{"hold_headers":"always","providers":[{"name":"other","type":"openai","cluster":"other","keys":[{"value":"k"}]}],"models":[{"name":"other","targets":[{"provider":"other"}]}]}`)
		p.worker.Share(p.handover)
		return p.proxy
	}
	begin := func(x, a *exchange, in *proxy) *exchange {
		t.Helper()
		y := p.again(x, a)
		if s := y.gw.(*gateway.Stream); s.Worker() != old.worker || !old.worker.Needed() || in.worker.Needed() {
			t.Fatal("got another worker, want the one that it has begun with to be needed")
		}
		y.p = old // whose worker the other sees to
		return y
	}
	first := replace()
	y := begin(x, a, first)
	b := p.attempt(y, "", "")
	if got := b.upstream; got.First != "POST /v1/messages" || got.Get("x-api-key") != "key-c" {
		t.Fatalf("got %s, want a request to Anthropic", got)
	}
	b.respond(jsonAnswer("529", `{"type":"error","error":{"type":"overloaded_error","message":"busy"}}`))
	z := begin(y, b, replace())
	c := p.attempt(z, "", "")
	answer, want := well(true)
	c.respond(answer)
	z.give(c)
	z.wantFrom("200", want)
	c.done()
	z.done()
	if !strings.Contains(string(z.record), `"failed":"a/m-a server_error, claude/claude-sonnet-4-5 overloaded"`) || old.counts["postern.requests;operation=chat;provider=b;model=chain;status=200"] != 1 {
		t.Errorf("got the record %s and %v, want one request", z.record, old.counts)
	}
	for i, x := range []*proxy{old, first, p.proxy} {
		if left := x.worker.Left(); left != "" || x.worker.Needed() {
			t.Errorf("the worker %d has %s left, and is needed: %v", i, left, x.worker.Needed())
		}
	}
}

// What it asks for by itself is asked for where it is, and keeps the worker.
func TestWhatNoRedirectFollowsOnInAnotherWorkersPlace(t *testing.T) {
	t.Parallel()
	p := newRedirecting(t)
	x := p.ask(askFor("chain", false))
	a := p.attempt(x, "", "")
	a.respond(jsonAnswer("500", `{"error":{"message":"broken"}}`))
	old := p.proxy
	p.proxy = newProxy(t, redirectConfig)
	p.worker.Share(p.handover)
	y := p.again(x, a)
	y.p = old
	p.attempt(y, "", "").done()
	old.details, old.properties = "upstream_reset_before_response_started", nil
	y.respond(cases.Message{First: "503", Body: []byte("reset")})
	if len(old.calls) != 1 || old.calls[0].Cluster != "b" {
		t.Fatalf("got the callouts %v and %s, want one to b", old.calls, y.response)
	}
	y.done() // its client does not wait
	if !old.worker.Needed() {
		t.Error("the worker is not needed, want it to wait for an answer that counts")
	}
	old.answer(&good)
	if left := old.worker.Left(); left != "" || old.worker.Needed() {
		t.Errorf("got %s left, and the worker needed: %v", left, old.worker.Needed())
	}
}

// Only the gateway has the proxy redirect: a provider that says so is one that fails, and the
// last one's answer comes without its location.
func TestProvidersDoNotRedirect(t *testing.T) {
	t.Parallel()
	p := newRedirecting(t)
	elsewhere := jsonAnswer("307", `{}`)
	elsewhere.Headers = append(elsewhere.Headers, cases.Header{Name: "location", Value: "https://elsewhere.test/"})
	x := p.ask(askFor("chain", false))
	a := p.attempt(x, "", "")
	a.respond(elsewhere)
	if got := a.response; got.Get("location") != "" {
		t.Errorf("got %s, want no location", got)
	}
	x.give(a)
	p.wantNothingLeft(x)
}

// What is not handed over goes to the provider's own cluster, and goes on by callouts.
func TestListsAndFormsOfRedirectedModels(t *testing.T) {
	t.Parallel()
	p := newRedirecting(t)
	form := "--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nchain\r\n--b--\r\n"
	for _, m := range []cases.Message{
		chatRequest("/universal", `[{"provider":"compat","endpoint":"chat/completions","query":{"model":"chain","messages":[]}}]`),
		{First: "POST /v1/audio/transcriptions", Headers: []cases.Header{{Name: "content-type", Value: "multipart/form-data; boundary=b"}}, Body: []byte(form)},
	} {
		x := p.ask(m)
		if got := clusterOf(x); got != "a" || !strings.Contains(string(x.upstream.Body), "m-a") {
			t.Errorf("%s: got the cluster %s and %s, want a request to a", m.First, got, x.upstream)
		}
		x.respond(good)
		p.wantNothingLeft(x)
	}
}
