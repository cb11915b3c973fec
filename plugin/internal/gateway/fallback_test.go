package gateway_test

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
)

const fallbackConfig = `{"hold_headers":"always","providers":[
	{"name":"a","type":"openai","cluster":"a","keys":[{"value":"key-a"}]},
	{"name":"b","type":"openai","cluster":"b","keys":[{"value":"key-b"}]},
	{"name":"claude","type":"anthropic","cluster":"claude","keys":[{"value":"key-c"}]},
	{"name":"missing","type":"openai","cluster":"missing","keys":[{"value":"key-m"}]}],
	"models":[
	{"name":"chain","targets":[{"provider":"a","model":"m-a"}],"fallback":[{"provider":"b","model":"m-b"},{"provider":"claude","model":"claude-sonnet-4-5"}],"first_token":"2s","timeout":"4s"},
	{"name":"gone","targets":[{"provider":"a","model":"m-a"}],"fallback":[{"provider":"missing","model":"m-m"},{"provider":"b","model":"m-b"}]},
	{"name":"larger","targets":[{"provider":"a","model":"m-a"}],"fallback":[{"provider":"b","model":"m-b","on":["context_length"]},{"provider":"claude","model":"claude-sonnet-4-5","on":["content_filter"]}]},
	{"name":"again","targets":[{"provider":"a","model":"m-a"}],"retry":{"attempts":2,"backoff":"1s"}},
	{"name":"group","targets":[{"provider":"a","model":"m-a"},{"provider":"b","model":"m-b"}],"strategy":"priority"},
	{"name":"late","targets":[{"provider":"a","model":"m-a"}],"fallback":[{"provider":"b","model":"m-b"}],"deadline":"1s"}],
	"limits":[{"name":"all","requests":1000,"per":"1m"},{"name":"now","concurrent":100},{"name":"much","tokens":1000000,"per":"1m"}]}`

func askFor(model string, stream bool) cases.Message {
	s := "false"
	if stream {
		s = "true"
	}
	return chatRequest("/v1/chat/completions", `{"model":"`+model+`","stream":`+s+`,"messages":[{"role":"user","content":"Hi"}]}`)
}

func jsonAnswer(status, body string) cases.Message {
	return cases.Message{First: status, Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: []byte(body)}
}

// wantFrom is for an answer of a provider's that has passed by.
func (x *exchange) wantFrom(status, part string) {
	x.p.t.Helper()
	if x.answered || x.response.First != status || !strings.Contains(string(x.response.Body), part) {
		x.p.t.Errorf("got %s, want %s and %q", x.response, status, part)
	}
}

// well is a good answer, whole or as a stream, and what a client finds in it.
func well(stream bool) (answer cases.Message, want string) {
	if stream {
		return events(role, hello, stopped, "[DONE]"), "[DONE]"
	}
	return good, `"hello"`
}

func events(data ...string) cases.Message {
	return cases.Message{First: "200", Headers: []cases.Header{{Name: "content-type", Value: "text/event-stream"}}, Body: []byte("data: " + strings.Join(data, "\n\ndata: ") + "\n\n")}
}

const (
	role    = `{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}`
	hello   = `{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"hello"},"finish_reason":null}]}`
	stopped = `{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`
	failure = `{"error":{"message":"overloaded","type":"server_error","code":"overloaded"}}`
)

var good = jsonAnswer("200", `{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}`)

// What a first target can do wrong, and what it is called.
var faults = []struct {
	name   string
	stream bool
	answer cases.Message
	reason string
}{
	{"500", false, jsonAnswer("500", `{"error":{"message":"broken"}}`), "server_error"},
	{"500 for a stream", true, jsonAnswer("500", `{"error":{"message":"broken"}}`), "server_error"},
	{"503", false, jsonAnswer("503", `{"error":{"message":"busy"}}`), "overloaded"},
	{"a page", false, cases.Message{First: "502", Headers: []cases.Header{{Name: "content-type", Value: "text/html"}}, Body: []byte("<html>")}, "server_error"},
	{"a page with a good status", false, cases.Message{First: "200", Headers: []cases.Header{{Name: "content-type", Value: "text/html"}}, Body: []byte("<html>")}, "unreadable"},
	{"a page for a stream", true, cases.Message{First: "200", Headers: []cases.Header{{Name: "content-type", Value: "text/html"}}, Body: []byte("<html>")}, "unreadable"},
	{"an error with a good status", false, jsonAnswer("200", `{"error":{"message":"broken","type":"server_error"}}`), "unreadable"},
	{"JSON that is cut off", false, jsonAnswer("200", `{"id":"c","object":"chat.comp`), "unreadable"},
	{"429", false, jsonAnswer("429", `{"error":{"message":"slow down","code":"rate_limit_exceeded"}}`), "rate_limited"},
	{"no money", false, jsonAnswer("429", `{"error":{"message":"pay","code":"insufficient_quota"}}`), "unauthorized"},
	{"a key that is void", false, jsonAnswer("401", `{"error":{"message":"bad key"}}`), "unauthorized"},
	{"a model that is gone", false, jsonAnswer("404", `{"error":{"message":"no such model"}}`), "unsuited"},
	{"an error event at first", true, events(failure), "stream_error"},
	{"an error event before content", true, events(role, failure), "stream_error"},
	{"an end before content", true, events(role), "stream_error"},
}

func TestWhateverFailsTheNextTargetAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range faults {
		for cut := 1; cut < len(tt.answer.Body); cut += 11 {
			p := newProxy(t, fallbackConfig)
			x := p.stream()
			x.request(askFor("chain", tt.stream))
			p.details = "via_upstream"
			x.respond(tt.answer, cut)
			if len(p.calls) != 1 {
				t.Fatalf("%s: got %d callouts and %s, want one", tt.name, len(p.calls), x.response)
			}
			if got := calloutMessage(p.calls[0]); !strings.Contains(string(got.Body), `"m-b"`) || got.Get("authorization") != "Bearer key-b" {
				t.Errorf("%s: got %s, want a request to b", tt.name, got)
			}
			answer, want := well(tt.stream)
			p.answer(&answer)
			x.wantStatus("200", want)
			for name, value := range map[string]string{"x-postern-provider": "b", "x-postern-model": "m-b", "x-postern-step": "1", "x-postern-fallback-reason": tt.reason} {
				if got := x.response.Get(name); got != value {
					t.Errorf("%s: %s: got %q, want %q", tt.name, name, got, value)
				}
			}
			names := map[string]bool{}
			for _, h := range x.response.Headers {
				if names[h.Name] {
					t.Errorf("%s: got %s twice: %s", tt.name, h.Name, x.response)
				}
				names[h.Name] = true
			}
			x.done()
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

// An answer that is one goes out as it came, however it is cut.
func TestGoodAnswersOfAChain(t *testing.T) {
	t.Parallel()
	for _, answer := range []cases.Message{good, events(role, hello, stopped, "[DONE]"), jsonAnswer("400", `{"error":{"message":"your own fault","type":"invalid_request_error"}}`)} {
		for cut := range len(answer.Body) {
			p := newProxy(t, fallbackConfig)
			x := p.stream()
			x.request(askFor("chain", answer.Streams()))
			p.details = "via_upstream"
			x.respond(answer, cut)
			if got := x.response; string(got.Body) != string(answer.Body) || got.First != answer.First || len(p.calls) > 0 {
				t.Fatalf("cut at %d: got %s and %d callouts, want %s", cut, got, len(p.calls), answer)
			}
			if got := x.response.Get("x-postern-provider"); got != "a" {
				t.Errorf("got the provider %q, want a", got)
			}
			x.done()
		}
	}
}

func TestFallbackIntoAnotherDialect(t *testing.T) {
	t.Parallel()
	p := newProxy(t, fallbackConfig)
	x := p.stream()
	x.request(askFor("chain", true))
	p.details = "via_upstream"
	x.respond(jsonAnswer("500", "{}"))
	p.answer(&cases.Message{First: "503"})
	if got := calloutMessage(p.calls[0]); got.First != "POST /v1/messages" || got.Get("x-api-key") != "key-c" {
		t.Fatalf("got %s, want a request to Anthropic", got)
	}
	p.answer(&cases.Message{First: "200", Headers: []cases.Header{{Name: "content-type", Value: "text/event-stream"}}, Body: []byte(
		"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"c\",\"content\":[],\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}\n\n" +
			"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n" +
			"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"hello\"}}\n\n" +
			"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n" +
			"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":3}}\n\n" +
			"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")})
	x.wantStatus("200", `"content":"hello"`)
	x.wantStatus("200", "[DONE]")
	if got := x.response.Get("x-postern-step"); got != "2" {
		t.Errorf("got the step %s, want 2", got)
	}
	x.done()
	if !strings.Contains(string(x.record), `"input_tokens":9,"output_tokens":3`) {
		t.Errorf("got the record %s, want the usage of the one that has answered", x.record)
	}
}

func TestWhatOneTargetSaysAnotherMayNot(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ body, provider string }{
		{`{"error":{"message":"too long","code":"context_length_exceeded"}}`, "b"},
		{`{"error":{"message":"no","code":"content_filter"}}`, "claude"},
		{`{"error":{"message":"your fault","type":"invalid_request_error"}}`, ""},
	} {
		p := newProxy(t, fallbackConfig)
		x := p.stream()
		x.request(askFor("larger", false))
		p.details = "via_upstream"
		x.respond(jsonAnswer("400", tt.body))
		switch {
		case tt.provider == "" && len(p.calls) > 0:
			t.Errorf("%s: got a callout to %s, want none", tt.body, p.calls[0].Cluster)
		case tt.provider == "":
			x.wantFrom("400", "your fault")
		case len(p.calls) != 1 || p.calls[0].Cluster != tt.provider:
			t.Errorf("%s: got %d callouts, want one to %s", tt.body, len(p.calls), tt.provider)
		}
	}
}

func TestSilenceFallsBack(t *testing.T) {
	t.Parallel()
	p := newProxy(t, fallbackConfig)
	x := p.stream()
	x.request(askFor("chain", true))
	p.tick(time.Second)
	if len(p.calls) > 0 {
		t.Fatal("got a callout before the answer had to begin")
	}
	x.waits = true
	p.tick(1500 * time.Millisecond)
	if len(p.calls) != 1 {
		t.Fatalf("got %d callouts, want one", len(p.calls))
	}
	x.waits = true
	answer := events(role, hello, stopped, "[DONE]")
	p.answer(&answer)
	x.wantStatus("200", "hello")
	if got := x.response.Get("x-postern-fallback-reason"); got != "first_token" {
		t.Errorf("got the reason %s, want first_token", got)
	}
}

// What is no stream says nothing before it is thought of, so another time holds for it.
func TestAnswerThatDoesNotCome(t *testing.T) {
	t.Parallel()
	p := newProxy(t, fallbackConfig)
	x := p.stream()
	x.request(askFor("chain", false))
	p.tick(3 * time.Second)
	if len(p.calls) > 0 {
		t.Fatal("got a callout by the time for streams")
	}
	x.waits = true
	p.tick(1500 * time.Millisecond)
	if len(p.calls) != 1 || p.calls[0].Timeout != 4*time.Second {
		t.Fatalf("got %d callouts, want one that may take 4s", len(p.calls))
	}
	x.waits = true
	p.answer(&good)
	x.wantStatus("200", "hello")
	if got := x.response.Get("x-postern-fallback-reason"); got != "timeout" {
		t.Errorf("got the reason %s, want timeout", got)
	}
}

// An answer that is larger than what proxies hold goes out although its end is not there.
func TestLargeAnswersAreNotHeld(t *testing.T) {
	t.Parallel()
	p := newProxy(t, fallbackConfig)
	x := p.stream()
	x.request(askFor("chain", false))
	p.details = "via_upstream"
	large := jsonAnswer("200", `{"id":"c","object":"chat.completion","choices":[{"message":{"content":"`+strings.Repeat("x", 300<<10)+`"}}]}`)
	large.Headers = append(large.Headers, cases.Header{Name: "content-length", Value: "-"})
	x.respond(large, 100, 200<<10, 290<<10)
	if string(x.response.Body) != string(large.Body) {
		t.Errorf("got %d bytes, want %d as they came", len(x.response.Body), len(large.Body))
	}
}

// Clients that leave while something is tried for them leave nothing behind.
func TestClientsThatLeaveAChain(t *testing.T) {
	t.Parallel()
	p := newProxy(t, strings.Replace(fallbackConfig, `"concurrent":100`, `"concurrent":1`, 1))
	p.details = "via_upstream"
	for _, tt := range []struct {
		model string
		leave func(x *exchange)
	}{
		{"chain", func(x *exchange) { x.respond(jsonAnswer("500", "{}")) }}, // a callout is under way
		{"again", func(x *exchange) { x.respond(jsonAnswer("500", "{}")) }}, // it waits before it asks again
		{"chain", func(*exchange) {}},                                       // nothing has come
		{"chain", func(x *exchange) { x.respond(events(role), 1) }},         // a stream has begun
	} {
		x := p.stream()
		x.request(askFor(tt.model, true))
		if x.answered {
			t.Fatalf("%s: got %s, want room for it", tt.model, x.response)
		}
		tt.leave(x)
		x.done()
		x.waits = false
		for range 10 {
			p.tick(time.Second)
		}
		for len(p.calls) > 0 {
			p.answer(&good)
		}
		if x.answered {
			t.Errorf("%s: got %s after the client has left", tt.model, x.response)
		}
	}
}

func TestRetryWaits(t *testing.T) {
	t.Parallel()
	p := newProxy(t, fallbackConfig)
	x := p.stream()
	x.request(askFor("again", false))
	p.details = "via_upstream"
	x.respond(jsonAnswer("500", "{}"))
	if len(p.calls) > 0 {
		t.Fatal("got a callout at once, want one after a while")
	}
	x.waits = true
	p.tick(1100 * time.Millisecond)
	if len(p.calls) != 1 {
		t.Fatalf("got %d callouts, want one", len(p.calls))
	}
	p.answer(&cases.Message{First: "500", Headers: good.Headers, Body: []byte(`{"error":{"message":"second"}}`)})
	x.waits = true
	p.tick(2100 * time.Millisecond)
	x.waits = true
	last := jsonAnswer("500", `{"error":{"message":"third"}}`)
	p.answer(&last)
	x.wantStatus("500", "third")
}

func TestMissingClusterIsPassedOver(t *testing.T) {
	t.Parallel()
	p := newProxy(t, fallbackConfig)
	x := p.stream()
	x.request(askFor("gone", false))
	p.details = "via_upstream"
	x.respond(jsonAnswer("500", "{}"))
	x.waits = true
	p.tick(gateway.TickEvery)
	if len(p.calls) != 1 || p.calls[0].Cluster != "b" {
		t.Fatalf("got %d callouts, want one to b", len(p.calls))
	}
	x.waits = true
	p.answer(&good)
	x.wantStatus("200", "hello")
}

func TestNothingIsBegunAfterTheDeadline(t *testing.T) {
	t.Parallel()
	p := newProxy(t, fallbackConfig)
	x := p.stream()
	x.request(askFor("late", false))
	p.now += int64(time.Second)
	p.details = "via_upstream"
	x.respond(jsonAnswer("500", `{"error":{"message":"broken"}}`))
	x.wantFrom("500", "broken")
}

// What fails again and again is left alone, and comes back by one request that tries.
func TestTargetsThatFailAreLeftAlone(t *testing.T) {
	t.Parallel()
	p := newProxy(t, fallbackConfig)
	p.details = "via_upstream"
	for range 5 {
		x := p.stream()
		x.request(askFor("group", false))
		if got := string(x.upstream.Body); !strings.Contains(got, "m-a") {
			t.Fatalf("got %s, want the first", got)
		}
		x.respond(jsonAnswer("500", "{}"))
		p.answer(&good)
		x.done()
	}
	x := p.stream()
	x.request(askFor("group", false))
	if got := string(x.upstream.Body); !strings.Contains(got, "m-b") {
		t.Errorf("got %s, want the second", got)
	}
	x.respond(good)
	x.done()
	p.now += int64(6 * time.Second)
	first, second := p.stream(), p.stream()
	first.request(askFor("group", false))
	second.request(askFor("group", false))
	if a, b := string(first.upstream.Body), string(second.upstream.Body); !strings.Contains(a, "m-a") || !strings.Contains(b, "m-b") {
		t.Errorf("got %s and %s, want one that tries the first", a, b)
	}
	first.respond(good)
	first.done()
	second.done()
	x = p.stream()
	x.request(askFor("group", false))
	if got := string(x.upstream.Body); !strings.Contains(got, "m-a") {
		t.Errorf("got %s, want the first again", got)
	}
}

// A limit counts a request once, however many targets it takes, and nothing stays under way.
func TestLimitsCountAChainOnce(t *testing.T) {
	t.Parallel()
	p := newProxy(t, strings.Replace(strings.Replace(fallbackConfig, `"requests":1000`, `"requests":2`, 1), `"concurrent":100`, `"concurrent":1`, 1))
	p.details = "via_upstream"
	for range 2 {
		x := p.stream()
		x.request(askFor("chain", false))
		x.respond(jsonAnswer("500", "{}"))
		p.answer(&good)
		x.wantStatus("200", "hello")
		x.done()
	}
	x := p.stream()
	x.request(askFor("chain", false))
	x.wantStatus("429", "has no room")
}

// What a request costs at the targets that are left is told by its own size, whichever request
// has come in between.
func TestCheapestNextIsByTheRequestItself(t *testing.T) {
	t.Parallel()
	p := newProxy(t, `{"hold_headers":"always","providers":[
		{"name":"a","type":"openai","cluster":"a","keys":[{"value":"key-a"}]},
		{"name":"b","type":"openai","cluster":"b","keys":[{"value":"key-b"}]},
		{"name":"c","type":"openai","cluster":"c","keys":[{"value":"key-c"}]}],
		"catalog":[{"model":"m-a","prices":[{"input":1,"output":1}]},{"model":"m-b","context":4000,"prices":[{"input":2,"output":2}]},{"model":"m-c","prices":[{"input":3,"output":3}]}],
		"models":[{"name":"m","strategy":"cheapest","targets":[{"provider":"a","model":"m-a"},{"provider":"b","model":"m-b"},{"provider":"c","model":"m-c"}],"retry":{"attempts":1}}]}`)
	ask := func(text string) *exchange {
		x := p.stream()
		x.request(chatRequest("/v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":"`+text+`"}]}`))
		return x
	}
	small := ask("Hi")
	large := ask(strings.Repeat("word ", 10_000))
	for x, want := range map[*exchange]string{small: "b", large: "c"} {
		x.respond(jsonAnswer("500", `{"error":{"message":"no"}}`))
		if len(p.calls) != 1 || p.calls[0].Cluster != want {
			t.Fatalf("got the callouts %v, want one to %s", p.calls, want)
		}
		p.answer(&good)
		x.done()
	}
}
