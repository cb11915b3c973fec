package gateway_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
)

// cached is a configuration with a cache and more; its model m is OpenAI's, and so is each
// that is called after a dialect, at a provider that speaks it.
func cached(cache, more string) string {
	return `{"hold_headers":"always","providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"env":"OPENAI_API_KEY"}]},{"name":"claude","type":"anthropic","cluster":"claude","keys":[{"env":"ANTHROPIC_API_KEY"}]}],
"models":[{"name":"m","targets":[{"provider":"openai","model":"gpt-4o-mini"}]},{"name":"other","targets":[{"provider":"openai","model":"gpt-4o"}]},{"name":"c","targets":[{"provider":"claude","model":"claude-sonnet-4-5"}]},{"name":"group","targets":[{"provider":"openai","model":"gpt-4o"},{"provider":"openai","model":"gpt-4o-mini"}]}],
"cache":` + cache + more + `}`
}

const saysHi = `"messages":[{"role":"user","content":"Hi"}],"max_tokens":50`

func chatBody(model, more string) string { return `{"model":"` + model + `",` + saysHi + more + `}` }

func post(path, body string, head ...string) cases.Message {
	m := cases.Message{First: "POST " + path, Body: []byte(body), Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}}
	for i := 0; i < len(head); i += 2 {
		m.Headers = append(m.Headers, cases.Header{Name: head[i], Value: head[i+1]})
	}
	return m
}

func chatAsk(body string, head ...string) cases.Message {
	return post("/v1/chat/completions", body, head...)
}

// says is an answer of OpenAI's with a text.
func says(text string) cases.Message {
	return jsonAnswer("200", `{"id":"c1","object":"chat.completion","created":1,"model":"gpt-4o-mini","choices":[{"index":0,"message":{"role":"assistant","content":"`+text+`"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}`)
}

// exchange has a request answered, by the provider if it is asked.
func (p *proxy) exchange(request, response cases.Message) *exchange {
	p.t.Helper()
	x := p.stream()
	x.request(request)
	if !x.answered {
		p.details = "via_upstream"
		x.respond(response, 40)
	}
	x.done()
	return x
}

// hits asks twice and reports whether the second request got what the first one got.
func (p *proxy) hits(first, response, second cases.Message) bool {
	p.t.Helper()
	p.exchange(first, response)
	x := p.exchange(second, says("another answer"))
	hit := x.response.Get("x-postern-cache") == "hit"
	if hit != (x.upstream == nil) {
		p.t.Errorf("the client is told %q, and the provider was asked: %v", x.response.Get("x-postern-cache"), x.upstream != nil)
	}
	return hit
}

func TestWhatIsNeverKept(t *testing.T) {
	t.Parallel()
	plain := chatBody("m", "")
	finished := func(reason string) cases.Message {
		m := says("Hello")
		m.Body = []byte(strings.Replace(string(m.Body), `"finish_reason":"stop"`, `"finish_reason":"`+reason+`"`, 1))
		return m
	}
	status := func(code string) cases.Message {
		m := says("Hello")
		m.First = code
		return m
	}
	begin := `{"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"}}]}`
	stop := `{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`
	calls := `{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`
	tools := chatBody("m", `,"tools":[{"type":"function","function":{"name":"f"}}]`)
	turn := `{"model":"m","messages":[{"role":"user","content":"Hi"},{"role":"assistant","tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"t1","content":"now"}]}`
	for _, tt := range []struct {
		name, cache, body string
		answer            cases.Message
		kept              bool
		why               string
	}{
		{"a whole answer", `{}`, plain, says("Hello"), true, ""},
		{"a stream", `{}`, chatBody("m", `,"stream":true`), events(begin, stop, "[DONE]"), true, ""},
		{"an error", `{}`, plain, status("500"), false, "error"},
		{"too many requests", `{}`, plain, status("429"), false, "error"},
		{"a redirect", `{}`, plain, status("302"), false, "error"},
		{"an error that says that all is well", `{}`, plain, jsonAnswer("200", `{"error":{"message":"no"}}`), false, "error"},
		{"what is no JSON", `{}`, plain, jsonAnswer("200", `Hello`), false, "unread"},
		{"nothing", `{}`, plain, says(""), false, "empty"},
		{"a truncated answer", `{}`, plain, finished("length"), false, "truncated"},
		{"a filtered answer", `{}`, plain, finished("content_filter"), false, "filtered"},
		{"a refusal", `{}`, plain, jsonAnswer("200", `{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":null,"refusal":"No."},"finish_reason":"stop"}]}`), false, "refused"},
		{"a stream without an end", `{}`, chatBody("m", `,"stream":true`), events(begin), false, "error"},
		{"a stream with its end but not its last event", `{}`, chatBody("m", `,"stream":true`), events(begin, "[DONE]"), false, ""},
		{"a stream that fails", `{}`, chatBody("m", `,"stream":true`), events(begin, `{"error":{"message":"no","type":"server_error"}}`, stop, "[DONE]"), false, "error"},
		{"a stream that is truncated", `{}`, chatBody("m", `,"stream":true`), events(begin, `{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"length"}]}`, "[DONE]"), false, "truncated"},
		{"a stream of what is no JSON", `{}`, chatBody("m", `,"stream":true`), events(begin, "Hello", stop, "[DONE]"), false, ""},
		{"a call of a tool", `{}`, tools, jsonAnswer("200", calls), false, "tools"},
		{"a call of a tool, if it is asked for", `{"tools":true}`, tools, jsonAnswer("200", calls), true, ""},
		{"an answer in spite of tools", `{}`, tools, says("Hello"), true, ""},
		{"an answer to a tool's result", `{}`, turn, says("Hello"), false, "agent"},
		{"an answer to a tool's result, if it is asked for", `{"tools":true}`, turn, says("Hello"), true, ""},
		{"a search", `{"tools":true}`, chatBody("m", `,"web_search_options":{}`), says("Hello"), false, "server_tools"},
		{"an answer that the client wants forgotten", `{}`, chatBody("m", `,"store":false`), says("Hello"), false, "store"},
		{"an answer that the client wants kept", `{}`, chatBody("m", `,"store":true`), says("Hello"), true, ""},
		{"a high temperature", `{"max_temperature":0.5}`, chatBody("m", `,"temperature":0.6`), says("Hello"), false, "temperature"},
		{"a low temperature", `{"max_temperature":0.5}`, chatBody("m", `,"temperature":0.5`), says("Hello"), true, ""},
		{"a long answer", `{"max_answer":"1KiB"}`, plain, says(strings.Repeat("long ", 300)), false, "size"},
		{"a much longer answer", `{"max_answer":"1KiB"}`, plain, says(strings.Repeat("long ", 3000)), false, "size"},
		{"a long stream", `{"max_answer":"1KiB"}`, chatBody("m", `,"stream":true`), events(begin, `{"id":"c","choices":[{"index":0,"delta":{"content":"`+strings.Repeat("long ", 300)+`"}}]}`, stop, "[DONE]"), false, "unread"},
		{"a model that has no time", `{"models":[{"models":["x*","m"],"ttl":"0s"}]}`, plain, says("Hello"), false, "ttl"},
		{"a cache that has no time but for a model", `{"ttl":"0s","models":[{"models":["m"],"ttl":"1m"}]}`, plain, says("Hello"), true, ""},
		{"a request that cannot be read", `{}`, chatBody("m", `,"top_logprobs":2`), says("Hello"), false, "unread"},
		{"a cache in shadow", `{"mode":"shadow"}`, plain, says("Hello"), false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t, cached(tt.cache, ""))
			first := p.exchange(chatAsk(tt.body), tt.answer)
			if tt.why != "" && !strings.Contains(string(first.record), `"cache_reason":"`+tt.why+`"`) {
				t.Errorf("got record %s, want reason %s", first.record, tt.why)
			}
			if got := p.exchange(chatAsk(tt.body), says("other")).response.Get("x-postern-cache") == "hit"; got != tt.kept {
				t.Errorf("kept: got %v, want %v; record %s", got, tt.kept, first.record)
			}
		})
	}
}

// TestAborted has clients hang up amidst an answer.
func TestAborted(t *testing.T) {
	t.Parallel()
	p := newProxy(t, cached(`{}`, ""))
	for _, body := range []string{chatBody("m", ""), chatBody("m", `,"stream":true`)} {
		x := p.stream()
		x.request(chatAsk(body))
		x.respond(cases.Message{First: "200", Headers: []cases.Header{{Name: "content-type", Value: "text/event-stream"}, {Name: "content-length", Value: "10000"}}})
		x.chunk([]byte(`data: {"id":"c","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":"stop"}]}`+"\n\n"), false)
		x.done()
		if got := p.exchange(chatAsk(body), says("new")).response.Get("x-postern-cache"); got == "hit" {
			t.Errorf("%s: half of an answer was kept", body)
		}
		p = newProxy(t, cached(`{}`, ""))
	}
}

// TestFormsOfHits has every form of an answer stored and given again to every client.
func TestFormsOfHits(t *testing.T) {
	t.Parallel()
	type form struct {
		name   string
		model  string
		ask    func(model string) cases.Message
		answer cases.Message // of the provider
		want   string        // in what a hit says
	}
	openai := func(more string) func(string) cases.Message {
		return func(model string) cases.Message { return chatAsk(chatBody(model, more)) }
	}
	anthropic := func(more string) func(string) cases.Message {
		return func(model string) cases.Message {
			return post("/v1/messages", chatBody(model, more), "anthropic-version", "2023-06-01")
		}
	}
	gemini := func(method string) func(string) cases.Message {
		return func(model string) cases.Message {
			return post("/v1beta/models/"+model+":"+method, `{"contents":[{"role":"user","parts":[{"text":"Hi"}]}],"generationConfig":{"maxOutputTokens":50}}`)
		}
	}
	ofOpenAI := events(`{"id":"c","model":"gpt-4o-mini","choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"}}]}`, `{"id":"c","model":"gpt-4o-mini","choices":[{"index":0,"delta":{"content":"lo"}}]}`,
		`{"id":"c","model":"gpt-4o-mini","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`, `{"id":"c","model":"gpt-4o-mini","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}`, "[DONE]")
	ofClaude := jsonAnswer("200", `{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":2}}`)
	claudeStream := cases.Message{First: "200", Headers: []cases.Header{{Name: "content-type", Value: "text/event-stream"}}, Body: []byte(`event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":2}}

event: message_stop
data: {"type":"message_stop"}

`)}
	forms := []form{
		{"openai", "m", openai(""), says("Hello"), `"content":"Hello"`},
		{"openai stream", "m", openai(`,"stream":true`), ofOpenAI, "data: [DONE]\n\n"},
		{"anthropic", "m", anthropic(""), says("Hello"), `"content":[{"type":"text","text":"Hello"}]`},
		{"anthropic stream", "m", anthropic(`,"stream":true`), ofOpenAI, "event: message_stop\n"},
		{"openai at claude", "c", openai(""), ofClaude, `"completion_tokens":2`},
		{"openai stream at claude", "c", openai(`,"stream":true`), claudeStream, `"finish_reason":"stop"`},
		{"anthropic at claude", "c", anthropic(""), ofClaude, `"output_tokens":2`},
		{"anthropic stream at claude", "c", anthropic(`,"stream":true`), claudeStream, `"text":"Hello"`},
		{"gemini", "m", gemini("generateContent"), says("Hello"), `"text":"Hello"`},
		{"gemini stream", "m", gemini("streamGenerateContent"), ofOpenAI, `"text":"Hello"`},
	}
	for _, from := range forms {
		for _, to := range forms {
			if from.model != to.model {
				continue
			}
			t.Run(from.name+" to "+to.name, func(t *testing.T) {
				t.Parallel()
				p := newProxy(t, cached(`{}`, ""))
				first := p.exchange(from.ask(from.model), from.answer)
				x := p.exchange(to.ask(to.model), says("wrong"))
				if x.upstream != nil || x.response.Get("x-postern-cache") != "hit" {
					t.Fatalf("the provider was asked again; records %s, %s", first.record, x.record)
				}
				if !strings.Contains(string(x.response.Body), to.want) {
					t.Errorf("got %s, want %s in it", x.response.Body, to.want)
				}
				if y := p.exchange(to.ask(to.model), says("wrong")); string(y.response.Body) == string(x.response.Body) && !strings.Contains(to.name, "gemini") {
					t.Errorf("two hits have one id: %s", x.response.Body)
				}
			})
		}
	}
}

// TestIsolation has one tenant ask, and others try to get what it got.
func TestIsolation(t *testing.T) {
	t.Parallel()
	const acme, web, other, lone, single = "client-acme", "client-web", "client-other", "client-lone", "client-single"
	consumer := func(name, tenant, key, more string) string {
		return `{"name":"` + name + `","tenant":"` + tenant + `","keys":[{"sha256":"` + sum(key) + `"}]` + more + `}`
	}
	who := `,"consumers":[` + consumer("a", "acme", acme, `,"privileged":["cache-key"]`) + "," + consumer("b", "acme", web, "") + "," + consumer("a", "other", other, `,"privileged":["cache-key"]`) + "," +
		consumer("lone", "", lone, `,"privileged":["cache-key"]`) + "," + consumer("acme", "", single, "") + `],"client_headers":{"narrow":["cache-ttl","skip-cache","metadata"],"aliases":"cloudflare"}`
	tricks := [][]string{nil}
	for _, name := range []string{"x-postern-tenant", "x-postern-consumer", "x-postern-scope", "x-postern-cache-scope", "x-postern-namespace", "x-postern-cache-namespace", "cf-aig-tenant", "x-tenant", "x-portkey-cache-namespace", "x-bf-cache-key", "x-postern-cache-shared"} {
		for _, value := range []string{"acme", "a", "shared", "tenant:acme"} {
			tricks = append(tricks, []string{name, value})
		}
	}
	for _, name := range []string{"x-postern-cache-key", "cf-aig-cache-key"} {
		for _, value := range []string{"k", "", "acme", `","scope":["tenant","acme"]`, "\x00acme", strings.Repeat("k", 1000)} {
			tricks = append(tricks, []string{name, value})
		}
	}
	tricks = append(tricks, []string{"cache-control", "only-if-cached"}, []string{"cache-control", "max-stale"}, []string{"x-postern-cache-ttl", "999999999"},
		[]string{"x-postern-metadata", `{"tenant":"acme"}`}, []string{"cf-aig-metadata", `{"consumer":"a"}`}, []string{"x-forwarded-for", "10.0.0.1"})
	for _, scope := range []string{"tenant", "consumer"} {
		p := newProxy(t, cached(`{"scope":"`+scope+`","key":["metadata:team"]}`, who))
		for _, trick := range tricks {
			p.exchange(chatAsk(chatBody("m", ""), append([]string{"authorization", "Bearer " + acme}, trick...)...), says("of acme"))
		}
		for _, key := range []string{other, lone, single, web} {
			if key == web && scope == "tenant" {
				continue
			}
			for _, trick := range tricks {
				for _, body := range []string{chatBody("m", ""), chatBody("m", `,"user":"acme"`), chatBody("m", `,"metadata":{"tenant":"acme"}`)} {
					x := p.exchange(chatAsk(body, append([]string{"authorization", "Bearer " + key}, trick...)...), says("of "+key))
					if strings.Contains(string(x.response.Body), "of acme") {
						t.Errorf("%s: %s got an answer of acme with %q", scope, key, trick)
					}
				}
			}
		}
		if x := p.exchange(chatAsk(chatBody("m", "")), says("x")); x.response.First != "401" {
			t.Errorf("%s: somebody without a key got %s", scope, x.response.First)
		}
	}
	p := newProxy(t, cached(`{}`, who))
	if !p.hits(chatAsk(chatBody("m", ""), "authorization", "Bearer "+acme), says("of acme"), chatAsk(chatBody("m", ""), "authorization", "Bearer "+web)) {
		t.Error("consumers of one tenant do not share")
	}
	p = newProxy(t, cached(`{"scope":"shared"}`, who))
	if !p.hits(chatAsk(chatBody("m", ""), "authorization", "Bearer "+acme), says("of acme"), chatAsk(chatBody("m", ""), "authorization", "Bearer "+lone)) {
		t.Error("consumers do not share although it is asked for")
	}
}

// TestWhoMayNotAsk checks that an answer that is there is given to nobody who may not have it.
func TestWhoMayNotAsk(t *testing.T) {
	t.Parallel()
	p := newProxy(t, cached(`{"scope":"shared"}`, `,"consumers":[{"name":"a","keys":[{"sha256":"`+sum("client-a")+`"}]},{"name":"b","models":["other"],"keys":[{"sha256":"`+sum("client-b")+`"}]}]`))
	p.exchange(chatAsk(chatBody("m", ""), "authorization", "Bearer client-a"), says("Hello"))
	for key, want := range map[string]string{"client-b": "403", "client-c": "401"} {
		if x := p.exchange(chatAsk(chatBody("m", ""), "authorization", "Bearer "+key), says("Hello")); x.response.First != want {
			t.Errorf("%s got %s: %s, want %s", key, x.response.First, x.response.Body, want)
		}
	}
}

// TestClientsOwnKeys checks that where clients bring the provider's key, only the same key
// finds what it has bought.
func TestClientsOwnKeys(t *testing.T) {
	t.Parallel()
	p := newProxy(t, `{"hold_headers":"always","providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"passthrough":true}]}],"cache":{"scope":"shared"}}`)
	one := chatAsk(chatBody("gpt-4o", ""), "authorization", "Bearer sk-one")
	if p.hits(one, says("of one"), chatAsk(chatBody("gpt-4o", ""), "authorization", "Bearer sk-two")) {
		t.Error("another key finds the answer")
	}
	if p.hits(one, says("of one"), chatAsk(chatBody("gpt-4o", ""))) {
		t.Error("no key finds the answer")
	}
	if x := p.exchange(one, says("new")); x.response.Get("x-postern-cache") != "hit" {
		t.Error("the same key does not find its answer")
	}
}

func TestWhatTellsRequestsApart(t *testing.T) {
	t.Parallel()
	plain := chatAsk(chatBody("m", ""))
	for _, tt := range []struct {
		name, cache   string
		first, second cases.Message
		hit           bool
	}{
		{"the same", `{}`, plain, plain, true},
		{"another model", `{}`, plain, chatAsk(chatBody("other", "")), false},
		{"the same target by another name", `{}`, chatAsk(chatBody("m", "")), chatAsk(chatBody("openai/m", "")), true},
		{"a group by its name", `{}`, chatAsk(chatBody("group", "")), chatAsk(chatBody("group", "")), true},
		{"a group and one of its models", `{}`, chatAsk(chatBody("group", "")), chatAsk(chatBody("other", "")), false},
		{"another user", `{}`, chatAsk(chatBody("m", `,"user":"u"`)), chatAsk(chatBody("m", `,"user":"v"`)), true},
		{"another user, if that counts", `{"key":["user"]}`, chatAsk(chatBody("m", `,"user":"u"`)), chatAsk(chatBody("m", `,"user":"v"`)), false},
		{"the same user, if that counts", `{"key":["user"]}`, chatAsk(chatBody("m", `,"user":"u"`)), chatAsk(chatBody("m", `,"user":"\u0075"`)), true},
		{"another header", `{}`, chatAsk(chatBody("m", ""), "x-lang", "de"), chatAsk(chatBody("m", ""), "x-lang", "en"), true},
		{"another header, if that counts", `{"key":["header:x-lang"]}`, chatAsk(chatBody("m", ""), "x-lang", "de"), chatAsk(chatBody("m", ""), "x-lang", "en"), false},
		{"other metadata, if that counts", `{"key":["metadata:team"]}`, chatAsk(chatBody("m", ""), "x-postern-metadata", `{"team":"a"}`), chatAsk(chatBody("m", ""), "x-postern-metadata", `{"team":"b"}`), false},
		{"other metadata that do not count", `{"key":["metadata:team"]}`, chatAsk(chatBody("m", ""), "x-postern-metadata", `{"team":"a","x":1}`), chatAsk(chatBody("m", ""), "x-postern-metadata", `{"team":"a","x":2}`), true},
		{"features of the API", `{}`, post("/v1/messages", chatBody("c", ""), "anthropic-beta", "x"), post("/v1/messages", chatBody("c", "")), false},
		{"no-store", `{}`, plain, chatAsk(chatBody("m", ""), "cache-control", "no-store"), false},
		{"no-store before", `{}`, chatAsk(chatBody("m", ""), "cache-control", "private, No-Store"), plain, false},
		{"no-cache", `{}`, plain, chatAsk(chatBody("m", ""), "cache-control", "no-cache"), false},
		{"no-cache before", `{}`, chatAsk(chatBody("m", ""), "cache-control", "no-cache"), plain, true},
		{"old enough", `{}`, plain, chatAsk(chatBody("m", ""), "cache-control", "max-age=10"), true},
		{"skipped", `{}`, plain, chatAsk(chatBody("m", ""), "x-postern-skip-cache", "true"), false},
		{"skipped by Cloudflare's name", `{}`, plain, chatAsk(chatBody("m", ""), "cf-aig-skip-cache", "true"), false},
		{"not skipped", `{}`, plain, chatAsk(chatBody("m", ""), "cf-aig-skip-cache", "false"), true},
		{"a custom key that one may not send", `{}`, chatAsk(chatBody("m", ""), "x-postern-cache-key", "k"), chatAsk(`{"model":"m","messages":[{"role":"user","content":"Ho"}]}`, "x-postern-cache-key", "k"), false},
		{"no time at all", `{}`, chatAsk(chatBody("m", ""), "cf-aig-cache-ttl", "0"), plain, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t, cached(tt.cache, `,"client_headers":{"narrow":["cache-ttl","skip-cache","metadata"],"aliases":"cloudflare"}`))
			if got := p.hits(tt.first, says("Hello"), tt.second); got != tt.hit {
				t.Errorf("hit: got %v, want %v", got, tt.hit)
			}
		})
	}
}

func TestCustomCacheKey(t *testing.T) {
	t.Parallel()
	p := newProxy(t, cached(`{}`, `,"consumers":[{"name":"a","privileged":["cache-key"],"keys":[{"sha256":"`+sum("client-a")+`"}]}]`))
	if !p.hits(chatAsk(chatBody("m", ""), "authorization", "Bearer client-a", "x-postern-cache-key", "k"), says("Hello"),
		chatAsk(`{"model":"m","messages":[{"role":"user","content":"Ho"}]}`, "authorization", "Bearer client-a", "x-postern-cache-key", "k")) {
		t.Error("a custom key does not find the answer")
	}
}

func TestTimeToLive(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		first cases.Message
		after time.Duration
		again cases.Message
		hit   bool
	}{
		{"within the time", chatAsk(chatBody("m", "")), 50 * time.Second, chatAsk(chatBody("m", "")), true},
		{"after it", chatAsk(chatBody("m", "")), 60 * time.Second, chatAsk(chatBody("m", "")), false},
		{"within the client's time", chatAsk(chatBody("m", ""), "x-postern-cache-ttl", "20"), 15 * time.Second, chatAsk(chatBody("m", "")), true},
		{"after the client's time", chatAsk(chatBody("m", ""), "x-postern-cache-ttl", "20s"), 20 * time.Second, chatAsk(chatBody("m", "")), false},
		{"a client's time that is too long", chatAsk(chatBody("m", ""), "x-postern-cache-ttl", "1h"), 60 * time.Second, chatAsk(chatBody("m", "")), false},
		{"too old for the client", chatAsk(chatBody("m", "")), 15 * time.Second, chatAsk(chatBody("m", ""), "cache-control", "max-age=10"), false},
	} {
		p := newProxy(t, cached(`{"ttl":"1m"}`, `,"client_headers":{"narrow":["cache-ttl"]}`))
		p.exchange(tt.first, says("Hello"))
		p.now += int64(tt.after)
		x := p.exchange(tt.again, says("new"))
		if got := x.response.Get("x-postern-cache") == "hit"; got != tt.hit {
			t.Errorf("%s: hit: got %v, want %v", tt.name, got, tt.hit)
		}
		if tt.hit {
			if age, err := strconv.Atoi(x.response.Get("age")); err != nil || time.Duration(age)*time.Second != tt.after {
				t.Errorf("%s: got age %q, want %v", tt.name, x.response.Get("age"), tt.after)
			}
		}
	}
}

// TestTimeToLiveOfBranches has answers of a branch kept for its own time, then for its model's, then for
// everybody's: branches are known before the cache is asked.
func TestTimeToLiveOfBranches(t *testing.T) {
	t.Parallel()
	const config = `{"hold_headers":"always","providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"env":"OPENAI_API_KEY"}]}],"models":[
{"name":"m","when":[
{"name":"short","headers":[{"name":"x-way","values":["short"]}],"targets":[{"provider":"openai","model":"a"}],"cache":{"ttl":"10s"}},
{"name":"long","headers":[{"name":"x-way","values":["long"]}],"targets":[{"provider":"openai","model":"b"}],"cache":{"ttl":"1h","stale_while_revalidate":"0s"}},
{"name":"never","headers":[{"name":"x-way","values":["never"]}],"targets":[{"provider":"openai","model":"a"}],"cache":{"ttl":"0s"}},
{"name":"stale","headers":[{"name":"x-way","values":["stale"]}],"targets":[{"provider":"openai","model":"c"}],"cache":{"stale_while_revalidate":"30s"}},
{"name":"silent","headers":[{"name":"x-way","values":["silent"]}],"targets":[{"provider":"openai","model":"d"}],"cache":{}},
{"name":"about","text":["*refund*"],"targets":[{"provider":"openai","model":"a"}],"cache":{"ttl":"5s"}},
{"name":"meant","examples":["Where is my parcel?","When does my parcel come?","Track my parcel"],"targets":[{"provider":"openai","model":"e"}],"cache":{"ttl":"5s"}}
],"targets":[{"provider":"openai","model":"a"}]},
{"name":"other","when":[{"headers":[{"name":"x-way","values":["long"]}],"targets":[{"provider":"openai","model":"f"}],"cache":{"ttl":"1h"}}],"targets":[{"provider":"openai","model":"f"}]}],
"cache":{"ttl":"2m","stale_while_revalidate":"0s","models":[{"models":["m"],"ttl":"1m","stale_while_revalidate":"20s"},{"models":["other"],"ttl":"0s"}]}}`
	asks := func(model, text, way string) cases.Message {
		return chatAsk(`{"model":"`+model+`","messages":[{"role":"user","content":"`+text+`"}]}`, "x-way", way)
	}
	for _, tt := range []struct {
		name         string
		first, again cases.Message
		after        time.Duration
		want         string
	}{
		{"within the branch's time", asks("m", "Hi", "short"), asks("m", "Hi", "short"), 9 * time.Second, "hit"},
		{"after it, though within the model's, of which the rest holds", asks("m", "Hi", "short"), asks("m", "Hi", "short"), 10 * time.Second, "stale"},
		{"after the rest, too", asks("m", "Hi", "short"), asks("m", "Hi", "short"), 30 * time.Second, "miss"},
		{"a branch whose time is longer", asks("m", "Hi", "long"), asks("m", "Hi", "long"), 59 * time.Minute, "hit"},
		{"a branch that is never stale", asks("m", "Hi", "long"), asks("m", "Hi", "long"), 60 * time.Minute, "miss"},
		{"a branch that keeps nothing", asks("m", "Hi", "never"), asks("m", "Hi", "never"), 0, "bypass"},
		{"and has nothing that another keeps", asks("m", "Hi", ""), asks("m", "Hi", "never"), 0, "bypass"},
		{"a branch with the model's time and stale for longer", asks("m", "Hi", "stale"), asks("m", "Hi", "stale"), 89 * time.Second, "stale"},
		{"the same later", asks("m", "Hi", "stale"), asks("m", "Hi", "stale"), 90 * time.Second, "miss"},
		{"a branch that says nothing", asks("m", "Hi", "silent"), asks("m", "Hi", "silent"), 59 * time.Second, "hit"},
		{"the same as long as the model says", asks("m", "Hi", "silent"), asks("m", "Hi", "silent"), 79 * time.Second, "stale"},
		{"no branch, so as the model says", asks("m", "Hi", ""), asks("m", "Hi", ""), 59 * time.Second, "hit"},
		{"a branch by what is asked", asks("m", "My refund?", ""), asks("m", "My refund?", ""), 4 * time.Second, "hit"},
		{"the same later", asks("m", "My refund?", ""), asks("m", "My refund?", ""), 25 * time.Second, "miss"},
		{"a branch by what is meant", asks("m", "Where is the parcel?", ""), asks("m", "Where is the parcel?", ""), 4 * time.Second, "hit"},
		{"the same later", asks("m", "Where is the parcel?", ""), asks("m", "Where is the parcel?", ""), 25 * time.Second, "miss"},
		{"a branch of a model that keeps nothing", asks("other", "Hi", "long"), asks("other", "Hi", "long"), 59 * time.Minute, "hit"},
		{"the rest of that model", asks("other", "Hi", "long"), asks("other", "Hi", ""), 0, "bypass"},
		{"what another branch with the same target keeps for longer", asks("m", "Hi", ""), asks("m", "Hi", "short"), 9 * time.Second, "hit"},
		{"the same when it is too old for the branch", asks("m", "Hi", ""), asks("m", "Hi", "short"), 30 * time.Second, "miss"},
		{"what another branch with the same target keeps for less", asks("m", "Hi", "short"), asks("m", "Hi", ""), 30 * time.Second, "miss"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t, config)
			p.exchange(tt.first, says("Hello"))
			p.at(tt.after)
			if x := p.exchange(tt.again, says("new")); x.cache() != tt.want {
				t.Errorf("got %q, want %q", x.cache(), tt.want)
			}
		})
	}
}

// TestHitsAndLimits checks that a hit counts as a request unless told otherwise, and never
// as tokens or money.
func TestHitsAndLimits(t *testing.T) {
	t.Parallel()
	const limits = `,"limits":[{"requests":3,"per":"1m"},{"tokens":100,"per":"1m"},{"concurrent":1}],"reserve":{"output":10}`
	for _, tt := range []struct {
		name, cache string
		passed      int
	}{
		{"hits count", `{}`, 3},
		{"hits do not count", `{"count_hits":false}`, 20},
	} {
		p := newProxy(t, cached(tt.cache, limits))
		passed := 0
		for range 20 {
			x := p.exchange(chatAsk(chatBody("m", "")), says("Hello"))
			if x.response.First == "200" {
				passed++
			} else if x.response.First != "429" {
				t.Errorf("%s: got %s: %s", tt.name, x.response.First, x.response.Body)
			}
		}
		if passed != tt.passed {
			t.Errorf("%s: %d requests passed, want %d", tt.name, passed, tt.passed)
		}
		if got := p.counts["postern.cache_saved_tokens"]; got != uint64(11*(passed-1)) {
			t.Errorf("%s: %d tokens saved, want %d", tt.name, got, 11*(passed-1))
		}
	}
}

func TestSavings(t *testing.T) {
	t.Parallel()
	p := newProxy(t, cached(`{}`, ""))
	first := p.exchange(chatAsk(chatBody("m", "")), says("Hello"))
	p.exchange(chatAsk(chatBody("m", "")), says("Hello"))
	p.tick(gateway.TickEvery)
	for name, want := range map[string]uint64{";outcome=miss": 1, ";outcome=hit": 1, ";outcome=stored": 1, "_saved_tokens": 11} {
		if got := p.counts["postern.cache"+name]; got != want {
			t.Errorf("%s: got %d, want %d", name, got, want)
		}
	}
	if got := p.counts["postern.cache_saved_nano_usd"]; got == 0 || !strings.Contains(string(first.record), `"cost_nano_usd":`+strconv.FormatUint(got, 10)) {
		t.Errorf("%d nano-dollars saved, but the answer was %s", got, first.record)
	}
}

// TestPurging has an operator remove some of what is kept.
func TestPurging(t *testing.T) {
	t.Parallel()
	who := `,"consumers":[{"name":"a","tenant":"acme","keys":[{"sha256":"` + sum("client-a") + `"}]},{"name":"b","keys":[{"sha256":"` + sum("client-b") + `"}]}],"admin":{"keys":[{"sha256":"` + sum("admin-key") + `"}]}`
	as := func(key, model string) cases.Message {
		return chatAsk(chatBody(model, ""), "authorization", "Bearer "+key)
	}
	for _, tt := range []struct {
		name, body, answer string
		left               string // of a at m, a at other, b at m: h for those still there
	}{
		{"a tenant", `{"tenant":"acme"}`, `{"purged":2}`, "mmh"},
		{"a consumer", `{"consumer":"b"}`, `{"purged":1}`, "hhm"},
		{"a consumer's name of a tenant", `{"consumer":"b","tenant":"acme"}`, `{"purged":0}`, "hhh"},
		{"a model", `{"model":"m"}`, `{"purged":2}`, "mhm"},
		{"a tenant's model", `{"model":"m","tenant":"acme"}`, `{"purged":1}`, "mhh"},
		{"what is old", `{"older_than":"100s"}`, `{"purged":0}`, "hhh"},
		{"what is not so old", `{"older_than":"10s"}`, `{"purged":2}`, "mmh"},
		{"one key", `{"key":"KEY"}`, `{"purged":1}`, "mhh"},
		{"all", `{"all":true}`, `{"purged":3}`, "mmm"},
		{"nothing in particular", `{}`, `want some of key`, "hhh"},
		{"all and something", `{"all":true,"model":"m"}`, `want some of key`, "hhh"},
		{"no key", `{"key":"x"}`, `want 64 hexadecimal digits`, "hhh"},
	} {
		p := newProxy(t, cached(`{}`, who))
		first := p.exchange(as("client-a", "m"), says("Hello"))
		p.exchange(as("client-a", "other"), says("Hello"))
		p.now += int64(20 * time.Second)
		p.exchange(as("client-b", "m"), says("Hello"))
		_, key, _ := strings.Cut(string(first.record), `"cache_key":"`)
		x := p.exchange(post("/postern/cache/purge", strings.Replace(tt.body, "KEY", key[:64], 1), "authorization", "Bearer admin-key"), says(""))
		if !strings.Contains(string(x.response.Body), tt.answer) {
			t.Errorf("%s: got %s, want %s", tt.name, x.response.Body, tt.answer)
		}
		left := ""
		for _, m := range []cases.Message{as("client-a", "m"), as("client-a", "other"), as("client-b", "m")} {
			left += p.exchange(m, says("new")).response.Get("x-postern-cache")[:1]
		}
		if left != tt.left {
			t.Errorf("%s: got %s left, want %s", tt.name, left, tt.left)
		}
	}
	p := newProxy(t, `{"hold_headers":"always","providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"env":"OPENAI_API_KEY"}]}]`+who+`}`)
	if x := p.exchange(post("/postern/cache/purge", `{"all":true}`, "authorization", "Bearer admin-key"), says("")); x.response.First != "404" {
		t.Errorf("without a cache: got %s, want 404", x.response.First)
	}
}

// TestCacheInAList has a list of requests whose second one is kept.
func TestCacheInAList(t *testing.T) {
	t.Parallel()
	p := newProxy(t, cached(`{}`, ""))
	p.exchange(chatAsk(chatBody("m", "")), says("Hello"))
	one := func(model string) string {
		return `{"provider":"openai","endpoint":"chat/completions","query":` + chatBody(model, "") + `}`
	}
	failed := says("no")
	failed.First = "500"
	x := p.exchange(post("/universal", "["+one("other")+","+one("m")+"]"), failed)
	if x.response.Get("x-postern-cache") != "hit" || !strings.Contains(string(x.response.Body), "Hello") {
		t.Errorf("got %s, want what is kept", x.response)
	}
	if y := p.exchange(chatAsk(chatBody("other", "")), says("new")); y.response.Get("x-postern-cache") == "hit" {
		t.Error("the answer to the second request was kept for the first")
	}
}

// TestCacheAndFallback checks that what a fallback says is not kept for the target whose
// place it took, and that what the target has said is given while it is down.
func TestCacheAndFallback(t *testing.T) {
	t.Parallel()
	p := newProxy(t, `{"hold_headers":"always","providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"env":"OPENAI_API_KEY"}]},{"name":"second","type":"openai","cluster":"second","keys":[{"env":"OPENAI_API_KEY"}]}],
"models":[{"name":"m","targets":[{"provider":"openai"}],"fallback":[{"provider":"second"}]}],"cache":{}}`)
	down := says("no")
	down.First = "503"
	x := p.stream()
	x.request(chatAsk(chatBody("m", "")))
	p.details = "via_upstream"
	x.respond(down)
	second := says("of the second")
	p.answer(&second)
	x.done()
	if !strings.Contains(string(x.response.Body), "of the second") || !strings.Contains(string(x.record), `"cache_reason":"fallback"`) {
		t.Fatalf("got %s, record %s", x.response, x.record)
	}
	if x := p.exchange(chatAsk(chatBody("m", "")), says("of the first")); x.response.Get("x-postern-cache") != "miss" {
		t.Errorf("what the fallback has said was kept: %s", x.response)
	}
	if x := p.exchange(chatAsk(chatBody("m", "")), down); x.response.Get("x-postern-cache") != "hit" || !strings.Contains(string(x.response.Body), "of the first") {
		t.Errorf("got %s, want what is kept", x.response)
	}
}

// TestCacheAndAccess checks that of a group nobody gets what a target has said that he may not
// have.
func TestCacheAndAccess(t *testing.T) {
	t.Parallel()
	p := newProxy(t, cached(`{"scope":"shared"}`, `,"consumers":[{"name":"a","keys":[{"sha256":"`+sum("client-a")+`"}]},{"name":"b","keys":[{"sha256":"`+sum("client-b")+`"}]}],
"access":[{"name":"small","effect":"deny","when":{"consumers":["b"],"models":["gpt-4o"]}}]`))
	as := func(key string) cases.Message {
		return chatAsk(chatBody("group", ""), "authorization", "Bearer client-"+key)
	}
	for range 5 {
		p.exchange(as("a"), says("of a"))
	}
	x := p.exchange(as("b"), says("of b"))
	if x.response.Get("x-postern-cache") != "miss" {
		t.Errorf("got %s, want a miss", x.response)
	}
}
