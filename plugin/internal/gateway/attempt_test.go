package gateway_test

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
)

const nativeConfig = `{"hold_headers":"always","providers":[
	{"name":"a","type":"openai","cluster":"a","host":"a.test","keys":[{"value":"key-a"}]},
	{"name":"b","type":"openai","cluster":"b","keys":[{"value":"key-b"},{"value":"key-b2"}]},
	{"name":"claude","type":"anthropic","cluster":"claude","host":"claude.test","keys":[{"value":"key-c"}]},
	{"name":"vertex","type":"vertex","cluster":"vertex","options":{"project":"p","token_cluster":"tokens"},"keys":[{"env":"GOOGLE_KEY"}]}],
	"models":[
	{"name":"chain","mechanism":"native","cluster":"chain","targets":[{"provider":"a","model":"m-a"}],
	 "fallback":[{"provider":"b","model":"m-b"},{"provider":"claude","model":"claude-sonnet-4-5"},{"provider":"vertex","model":"gemini-2.5-flash"}],"first_token":"2s","timeout":"4s"},
	{"name":"larger","mechanism":"native","cluster":"chain","targets":[{"provider":"a","model":"m-a"}],"fallback":[{"provider":"b","model":"m-b"}],"retry":{"on":["context_length"],"attempts":1}},
	{"name":"late","mechanism":"native","cluster":"chain","targets":[{"provider":"a","model":"m-a"}],"fallback":[{"provider":"b","model":"m-b"}],"deadline":"2s"},
	{"name":"split","mechanism":"native","targets":[{"provider":"a","model":"m-a","cluster":"a-first"},{"provider":"b","model":"m-b","cluster":"b-first"}],"strategy":"priority","sticky":"consumer"}],
	"limits":[{"name":"now","concurrent":1}]}`

// nativeProxy is a proxy that makes attempts.
type nativeProxy struct {
	*proxy
	attempts *gateway.Attempts
	handover *gateway.Handover
}

func newNative(t testing.TB) *nativeProxy { return newNativeOf(t, nativeConfig) }

func newNativeOf(t testing.TB, document string) *nativeProxy {
	p := newProxy(t, document)
	h := gateway.NewHandover()
	p.worker.Share(h)
	p.details = "via_upstream"
	return &nativeProxy{p, gateway.NewAttempts(h, p), h}
}

// ask sends a request up to where the proxy makes attempts of it.
func (p *nativeProxy) ask(m cases.Message) *exchange {
	x := p.stream()
	x.request(m)
	return x
}

// attempt makes one at an endpoint of a provider's. Headers are those of the request, and stay
// as it leaves them.
func (p *nativeProxy) attempt(x *exchange, provider, model string) *exchange {
	p.t.Helper()
	if x.upstream == nil {
		p.t.Fatalf("got %s and nothing for the proxy, want a request", x.response)
	}
	p.properties = map[string]string{
		"xds\x00upstream_host_metadata\x00filter_metadata\x00postern\x00provider": provider,
		"xds\x00upstream_host_metadata\x00filter_metadata\x00postern\x00model":    model,
		"response\x00code_details": "via_upstream",
	}
	a := &exchange{p: p.proxy, told: map[string]string{}}
	a.gw = p.attempts.NewAttempt(a)
	a.send(x.head, cases.Message{Body: x.upstream.Body})
	x.head = a.head
	return a
}

// give hands the answer that an attempt has let pass to the gateway.
func (x *exchange) give(a *exchange) {
	m := a.response
	x.respond(m)
}

// wantRetry is for an answer that the proxy is to try again on.
func (x *exchange) wantRetry(reason string) {
	x.p.t.Helper()
	if got := x.response.Get("x-postern-retry"); got != reason || x.response.First < "400" {
		x.p.t.Errorf("got %s, want an error and x-postern-retry: %s", x.response, reason)
	}
}

func (p *nativeProxy) wantNothingLeft(x *exchange) {
	p.t.Helper()
	x.done()
	if left := p.worker.Left(); left != "" {
		p.t.Errorf("got %s left", left)
	}
}

func TestHandOver(t *testing.T) {
	t.Parallel()
	p := newNative(t)
	m := askFor("chain", true)
	m.Headers = append(m.Headers, cases.Header{Name: "authorization", Value: "Bearer client"}, cases.Header{Name: "x-postern-hash", Value: "mine"}, cases.Header{Name: "openai-organization", Value: "org"})
	x := p.ask(m)
	if got := string(x.upstream.Body); len(got) != 34 || strings.Contains(got, "Hi") {
		t.Errorf("got the body %s for the proxy, want an id", got)
	}
	for name, want := range map[string]string{
		"authorization": "", "x-postern-hash": "", "content-length": "34",
		"x-envoy-retry-on": "retriable-headers,reset,connect-failure,refused-stream", "x-envoy-retriable-header-names": "x-postern-retry",
		"x-envoy-max-retries": "3", "x-envoy-upstream-rq-per-try-timeout-ms": "2000",
		"x-postern-chain": "b/m-b, claude/claude-sonnet-4-5, vertex/gemini-2.5-flash",
	} {
		if got := x.upstream.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	first := p.attempt(x, "a", "m-a")
	if got := first.upstream; got.First != "POST /v1/chat/completions" || got.Get("authorization") != "Bearer key-a" || got.Get("host") != "a.test" ||
		got.Get("openai-organization") != "org" || !strings.Contains(string(got.Body), `"model":"m-a"`) {
		t.Errorf("got %s, want a request to a", got)
	}
	first.done()
	second := p.attempt(x, "claude", "claude-sonnet-4-5")
	if got := second.upstream; got.First != "POST /v1/messages" || got.Get("x-api-key") != "key-c" || got.Get("host") != "claude.test" || got.Get("authorization") != "" || got.Get("openai-organization") != "" {
		t.Errorf("got %s, want a request to Anthropic and nothing of the one before", got)
	}
	second.done()
	third := p.attempt(x, "b", "m-b")
	got := third.upstream
	if got.First != "POST /v1/chat/completions" || !strings.HasPrefix(got.Get("authorization"), "Bearer key-b") || got.Get("x-api-key") != "" || got.Get("anthropic-version") != "" ||
		got.Get("host") != "gateway.test" || got.Get("openai-organization") != "org" {
		t.Errorf("got %s, want a request to b and nothing of those before", got)
	}
	for _, h := range got.Headers {
		if strings.HasPrefix(h.Name, "x-postern-") || strings.HasPrefix(h.Name, "x-envoy-") {
			t.Errorf("got %s: %s for a provider", h.Name, h.Value)
		}
	}
	third.respond(events(role, hello, stopped, "[DONE]"))
	x.give(third)
	x.wantFrom("200", "hello")
	for name, want := range map[string]string{"x-postern-provider": "b", "x-postern-model": "m-b", "x-postern-step": "1", "x-postern-fallback-reason": "unavailable"} {
		if got := x.response.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	p.wantNothingLeft(x)
	if want := `"failed":"a/m-a unavailable, claude/claude-sonnet-4-5 unavailable"`; !strings.Contains(string(x.record), want) {
		t.Errorf("got the record %s, want %s", x.record, want)
	}
}

func TestWhateverFailsTheProxyTriesAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range faults {
		if tt.name == "a model that is gone" {
			continue
		}
		for cut := 1; cut < len(tt.answer.Body); cut += 11 {
			p := newNative(t)
			x := p.ask(askFor("chain", tt.stream))
			a := p.attempt(x, "a", "m-a")
			a.respond(tt.answer, cut)
			a.wantRetry(tt.reason)
			a.done()
			b := p.attempt(x, "b", "m-b")
			answer, want := well(tt.stream)
			b.respond(answer, cut)
			x.give(b)
			x.wantFrom("200", want)
			if got := x.response.Get("x-postern-fallback-reason"); got != tt.reason {
				t.Errorf("%s: got the reason %q, want %q", tt.name, got, tt.reason)
			}
			p.wantNothingLeft(x)
			if want := `"failed":"a/m-a ` + tt.reason + `"`; !strings.Contains(string(x.record), want) || !strings.Contains(string(x.record), `"provider":"b"`) {
				t.Errorf("%s: got the record %s, want %s", tt.name, x.record, want)
			}
			if got := p.counts["postern.fallbacks;provider=a;reason="+tt.reason]; got != 1 {
				t.Errorf("%s: counted %d, want 1", tt.name, got)
			}
			if t.Failed() {
				return
			}
		}
	}
}

// An answer that is one passes as it came, however it is cut.
func TestGoodAnswersOfAttempts(t *testing.T) {
	t.Parallel()
	fake := good
	fake.Headers = append(fake.Headers[:1:1], cases.Header{Name: "x-postern-retry", Value: "please"}) // only an attempt may say that
	for _, answer := range []cases.Message{good, fake, events(role, hello, stopped, "[DONE]"), jsonAnswer("400", `{"error":{"message":"your own fault","type":"invalid_request_error"}}`)} {
		for cut := range len(answer.Body) {
			p := newNative(t)
			x := p.ask(askFor("chain", answer.Streams()))
			a := p.attempt(x, "a", "m-a")
			a.respond(answer, cut)
			if got := a.response; string(got.Body) != string(answer.Body) || got.First != answer.First || got.Get("x-postern-retry") != "" {
				t.Fatalf("cut at %d: got %s, want %s", cut, got, answer)
			}
			x.give(a)
			if got := x.response.Get("x-postern-provider"); got != "a" {
				t.Errorf("got the provider %q, want a", got)
			}
			a.done()
			p.wantNothingLeft(x)
		}
	}
}

func TestContextLengthOfAnAttempt(t *testing.T) {
	t.Parallel()
	p := newNative(t)
	x := p.ask(askFor("larger", false))
	a := p.attempt(x, "a", "m-a")
	a.respond(jsonAnswer("500", `{"error":{"message":"broken"}}`))
	if got := a.response; got.First != "500" || got.Get("x-postern-retry") != "" {
		t.Errorf("got %s, want a 500 that the configuration does not retry", got)
	}
	x.give(a)
	p.wantNothingLeft(x)
	x = p.ask(askFor("larger", false))
	a = p.attempt(x, "a", "m-a")
	a.respond(jsonAnswer("400", `{"error":{"message":"too long","code":"context_length_exceeded"}}`))
	a.wantRetry("context_length")
	p.wantNothingLeft(x)
}

// The last attempt's answer is the client's, whatever it is, and says nothing of retries.
func TestAttemptsThatAreUsedUp(t *testing.T) {
	t.Parallel()
	p := newNative(t)
	x := p.ask(askFor("chain", false))
	broken := jsonAnswer("500", `{"error":{"message":"broken"}}`)
	var a *exchange
	for range 4 {
		a = p.attempt(x, "a", "m-a")
		a.respond(broken)
		if a.response.Get("x-postern-retry") != "" {
			a.done()
		}
	}
	x.give(a)
	x.wantFrom("500", "broken")
	p.wantNothingLeft(x)
	if want := `"failed":"a/m-a server_error, a/m-a server_error, a/m-a server_error"`; !strings.Contains(string(x.record), want) {
		t.Errorf("got the record %s, want %s", x.record, want)
	}
	// And one that the proxy does not retry, though it was told to.
	x = p.ask(askFor("chain", true))
	a = p.attempt(x, "a", "m-a")
	a.respond(events(failure))
	a.wantRetry("stream_error")
	x.give(a)
	x.wantFrom("503", `"error"`)
	if got := x.response.Get("x-postern-retry"); got != "" {
		t.Errorf("got x-postern-retry: %s for a client", got)
	}
	p.wantNothingLeft(x)
}

func TestDeadlineOfAttempts(t *testing.T) {
	t.Parallel()
	p := newNative(t)
	x := p.ask(askFor("late", true))
	a := p.attempt(x, "a", "m-a")
	p.now += int64(3 * time.Second)
	a.done()
	b := p.attempt(x, "b", "m-b")
	b.wantStatus("504", "no provider has answered in time")
	x.give(b)
	p.wantNothingLeft(x)
}

func TestSilentAttempts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		stream bool
		waits  time.Duration
		reason string
	}{{true, 2 * time.Second, "first_token"}, {false, 4 * time.Second, "timeout"}, {true, time.Second, "unavailable"}} {
		p := newNative(t)
		x := p.ask(askFor("chain", tt.stream))
		a := p.attempt(x, "a", "m-a")
		p.now += int64(tt.waits)
		b := p.attempt(x, "b", "m-b") // the proxy begins another before it says what has become of the first
		a.done()
		answer := good
		if tt.stream {
			answer = events(role, hello, stopped, "[DONE]")
		}
		b.respond(answer)
		x.give(b)
		if got := x.response.Get("x-postern-fallback-reason"); got != tt.reason {
			t.Errorf("got the reason %q, want %q", got, tt.reason)
		}
		b.done()
		p.wantNothingLeft(x)
	}
}

// Nothing goes to a provider of a request that no gateway has handed over, or not for there.
func TestAttemptsFailClosed(t *testing.T) {
	t.Parallel()
	p := newNative(t)
	x := p.ask(askFor("chain", false))
	id := x.upstream.Body
	for _, body := range []string{"", `{"model":"chain","messages":[]}`, `"` + strings.Repeat("0", 32) + `"`, string(id[:32]), `"` + string(id) + `x"`} {
		x.upstream.Body = []byte(body)
		a := p.attempt(x, "a", "m-a")
		a.wantStatus("503", `"code":"not_handed_over"`)
		if a.upstream != nil {
			t.Errorf("got %s for a provider", a.upstream)
		}
		a.done()
	}
	long := &exchange{p: p.proxy}
	long.gw = p.attempts.NewAttempt(long)
	long.send(x.head, cases.Message{Body: []byte(strings.Repeat("x", 1000))}, 500)
	long.wantStatus("503", "not_handed_over")
	x.upstream.Body = id
	a := p.attempt(x, "vertex", "m-a")
	a.wantStatus("500", "is no target of the model 'chain'")
	a.done()
	p.wantNothingLeft(x)
	a = p.attempt(x, "a", "m-a") // its stream is over
	a.wantStatus("503", "not_handed_over")
}

func TestProxyThatDoesNotHoldForAttempts(t *testing.T) {
	t.Parallel()
	p := newNative(t)
	x := p.ask(askFor("chain", false))
	a := &exchange{p: p.proxy, waits: true}
	a.gw = p.attempts.NewAttempt(a)
	a.gw.RequestHeaders(x.head, false)
	p.now += int64(time.Second)
	p.wake(p.attempts.Tick())
	if a.answered {
		t.Fatal("got an answer after a second, want more time for the body")
	}
	p.now += int64(2 * time.Second)
	p.wake(p.attempts.Tick())
	a.wantStatus("503", "allow_on_headers_stop_iteration")
}

// Clients that leave blame nobody and leave nothing.
func TestClientsThatLeaveAttempts(t *testing.T) {
	t.Parallel()
	p := newNative(t)
	for _, until := range []func(x *exchange) *exchange{
		func(*exchange) *exchange { return nil },
		func(x *exchange) *exchange { return p.attempt(x, "a", "m-a") },
		func(x *exchange) *exchange { return p.attempt(x, "vertex", "gemini-2.5-flash") }, // it waits for a token
		func(x *exchange) *exchange {
			a := p.attempt(x, "a", "m-a")
			a.begin(requestHeaders(cases.Message{First: "200", Headers: events("").Headers})[3:], false)
			return a
		},
	} {
		x := p.ask(askFor("chain", true))
		a := until(x)
		x.done()
		if a != nil {
			a.waits = false
			a.done()
		}
		for len(p.calls) > 0 {
			p.answer(&cases.Message{First: "200", Body: []byte(`{"access_token":"t","expires_in":3600}`)})
		}
	}
	if left := p.worker.Left(); left != "" {
		t.Errorf("got %s left", left)
	}
	for name := range p.counts {
		if strings.HasPrefix(name, "postern.fallbacks") || strings.HasPrefix(name, "postern.rests") {
			t.Errorf("got %s, want nobody blamed", name)
		}
	}
}

func TestAttemptWaitsForItsToken(t *testing.T) {
	t.Parallel()
	p := newNative(t)
	x := p.ask(askFor("chain", false))
	a := p.attempt(x, "vertex", "gemini-2.5-flash")
	if a.upstream != nil || len(p.calls) != 1 {
		t.Fatalf("got %v and %d callouts, want one for a token", a.upstream, len(p.calls))
	}
	p.answer(&cases.Message{First: "200", Body: []byte(`{"access_token":"ya29.t","expires_in":3600}`)})
	a.wantToken("ya29.t")
	p.wantNothingLeft(x)
}

// Where targets have clusters of their own, strategies and health say where a request begins.
func TestStrategyBeginsAChain(t *testing.T) {
	t.Parallel()
	p := newNative(t)
	for i := range 7 {
		x := p.ask(askFor("split", false))
		cluster := ""
		for _, h := range x.head {
			if h.Name == "x-postern-cluster" {
				cluster = h.Value
			}
		}
		if want := map[bool]string{true: "a-first", false: "b-first"}[i < 5]; cluster != want {
			t.Errorf("request %d: got the cluster %s, want %s", i, cluster, want)
		}
		if x.upstream.Get("x-postern-hash") == "" {
			t.Error("got no hash key")
		}
		a := p.attempt(x, "a", "m-a")
		a.respond(jsonAnswer("500", `{"error":{"message":"broken"}}`))
		a.done()
		b := p.attempt(x, "b", "m-b")
		b.respond(good)
		x.give(b)
		p.wantNothingLeft(x)
	}
}

// A key that is told to wait is not the next attempt's.
func TestAttemptsTakeTurnsWithKeys(t *testing.T) {
	t.Parallel()
	p := newNative(t)
	x := p.ask(askFor("chain", false))
	first := p.attempt(x, "b", "m-b")
	first.respond(cases.Message{First: "429", Headers: append(good.Headers, cases.Header{Name: "retry-after", Value: "30"}), Body: []byte(`{"error":{"message":"slow down"}}`)})
	first.wantRetry("rate_limited")
	for range 2 {
		next := p.attempt(x, "b", "m-b")
		if before, now := first.upstream.Get("authorization"), next.upstream.Get("authorization"); now == before || !strings.HasPrefix(now, "Bearer key-b") {
			t.Errorf("got %s after %s, want the other key", now, before)
		}
		next.done()
	}
	p.wantNothingLeft(x)
}

// What waits for attempts counts as held, and only so much is.
func TestRequestsThatAreHandedOverAreBounded(t *testing.T) {
	t.Parallel()
	p := newNativeOf(t, strings.NewReplacer(`"limits":[{"name":"now","concurrent":1}]`, `"bounds":{"request":"64KiB","held":"100KiB"}`).Replace(nativeConfig))
	large := chatRequest("/v1/chat/completions", `{"model":"chain","messages":[{"role":"user","content":"`+strings.Repeat("x", 60<<10)+`"}]}`)
	x := p.ask(large)
	full := p.ask(large)
	full.wantStatus("503", "overloaded")
	full.done()
	a := p.attempt(x, "a", "m-a")
	a.respond(good)
	x.give(a) // nothing can follow: the body is let go
	if y := p.ask(large); y.upstream == nil {
		t.Errorf("got %s, want room for it", y.response)
	}
	x.done()
}

// What the gateway has taken out of a request comes back in the answer of whichever attempt.
func TestGuardsAroundAttempts(t *testing.T) {
	t.Parallel()
	p := newNativeOf(t, strings.Replace(nativeConfig, `"limits"`, `"guards":[{"type":"pii","restore":true}],"limits"`, 1))
	x := p.ask(chatRequest("/v1/chat/completions", `{"model":"chain","messages":[{"role":"user","content":"mail ada@example.com"}]}`))
	a := p.attempt(x, "a", "m-a")
	a.respond(jsonAnswer("500", `{"error":{"message":"broken"}}`))
	a.done()
	b := p.attempt(x, "b", "m-b")
	if strings.Contains(string(a.upstream.Body)+string(b.upstream.Body), "ada@") {
		t.Errorf("got %s and %s, want no address", a.upstream, b.upstream)
	}
	_, said, _ := strings.Cut(string(b.upstream.Body), "mail ")
	said, _, _ = strings.Cut(said, `"`)
	b.respond(jsonAnswer("200", strings.Replace(string(good.Body), `"hello"`, `"to `+said+`"`, 1)))
	x.give(b)
	x.wantFrom("200", "to ada@example.com")
	p.wantNothingLeft(x)
}

func TestNativeModelsRefuseWhatCannotBeTriedAgain(t *testing.T) {
	t.Parallel()
	p := newNative(t)
	x := p.ask(chatRequest("/universal", `[{"provider":"compat","endpoint":"chat/completions","query":{"model":"chain","messages":[]}}]`))
	x.wantStatus("400", "is retried by the proxy, which cannot be in a list of requests")
	x.done()
	form := "--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nchain\r\n--b--\r\n"
	x = p.ask(cases.Message{First: "POST /v1/audio/transcriptions", Headers: []cases.Header{{Name: "content-type", Value: "multipart/form-data; boundary=b"}}, Body: []byte(form)})
	x.wantStatus("400", "is retried by the proxy, which cannot be with a form")
	p.wantNothingLeft(x)
}

// Two attempts at once have one stream between them: the answer of the one that is not under
// way would be read with the other's reader.
func TestAnswersOfOtherAttemptsAreRefused(t *testing.T) {
	t.Parallel()
	p := newNative(t)
	x := p.ask(askFor("chain", false))
	first, second := p.attempt(x, "a", "m-a"), p.attempt(x, "claude", "claude-sonnet-4-5")
	first.respond(good)
	first.wantStatus("503", "no hedging")
	second.done()
	p.wantNothingLeft(x)
}

// A request that waits for a limit is handed over when its turn comes.
func TestHandOverAfterWaiting(t *testing.T) {
	t.Parallel()
	p := newNativeOf(t, strings.Replace(nativeConfig, `{"name":"now","concurrent":1}`, `{"name":"slow","requests":1,"per":"2s","wait":"20s"}`, 1))
	first := p.ask(askFor("chain", false))
	a := p.attempt(first, "a", "m-a")
	a.respond(good)
	first.give(a)
	p.wantNothingLeft(first)
	x := p.ask(askFor("chain", false))
	if x.upstream != nil || x.answered {
		t.Fatalf("got %v, want a request that waits", x.upstream)
	}
	for range 50 {
		if x.upstream == nil {
			p.tick(time.Second)
		}
	}
	b := p.attempt(x, "b", "m-b")
	b.respond(good)
	x.give(b)
	x.wantFrom("200", "hello")
	p.wantNothingLeft(x)
}
