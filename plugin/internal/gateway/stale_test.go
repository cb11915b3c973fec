package gateway_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/plugin/cases"
)

const staleCache = `{"ttl":"60s","stale_while_revalidate":"60s","stale_if_error":"10m","models":[{"models":["other"],"ttl":"60s","stale_while_revalidate":"0s"}]}`

// at lets time pass.
func (p *proxy) at(d time.Duration) { p.now += int64(d) }

// TestStaleWhileRevalidate gives what is not fresh, and has another for who asks next.
func TestStaleWhileRevalidate(t *testing.T) {
	t.Parallel()
	anthropic := []string{"anthropic-version", "2023-06-01"}
	openaiStream := events(`{"id":"c","model":"gpt-4o-mini","choices":[{"index":0,"delta":{"role":"assistant","content":"new"}}]}`,
		`{"id":"c","model":"gpt-4o-mini","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`, `{"id":"c","model":"gpt-4o-mini","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}`, "[DONE]")
	for _, tt := range []struct {
		name     string
		request  cases.Message
		response cases.Message
	}{
		{"whole", chatAsk(chatBody("m", "")), says("new")},
		{"a stream", chatAsk(chatBody("m", `,"stream":true`)), openaiStream},
		{"translated", post("/v1/messages", chatBody("m", ""), anthropic...), says("new")},
		{"a stream that is translated", post("/v1/messages", chatBody("m", `,"stream":true`), anthropic...), openaiStream},
		{"one of a group's targets", chatAsk(chatBody("group", "")), says("new")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t, cached(staleCache, ""))
			first := tt.request
			if strings.Contains(tt.name, "stream") {
				first.Body = []byte(strings.Replace(string(first.Body), `,"stream":true`, "", 1))
			}
			p.exchange(first, says("old"))
			p.at(70 * time.Second)
			for range 3 {
				x := p.exchange(tt.request, says("wrong"))
				if x.cache() != "stale" || x.response.Get("age") != "70" || !strings.Contains(string(x.response.Body), "old") || x.upstream != nil {
					t.Fatalf("got %q of age %s: %s", x.cache(), x.response.Get("age"), x.response.Body)
				}
			}
			if len(p.calls) != 1 {
				t.Fatalf("got %d requests of the gateway's own, want 1", len(p.calls))
			}
			c := calloutMessage(p.calls[0])
			if c.First != "POST /v1/chat/completions" || c.Get("authorization") == "" || !strings.Contains(string(c.Body), "Hi") {
				t.Errorf("got %s %s with %q", c.First, c.Body, c.Get("authorization"))
			}
			p.answer(&tt.response)
			x := p.exchange(tt.request, says("wrong"))
			if x.cache() != "hit" || !strings.Contains(string(x.response.Body), "new") || len(p.calls) != 0 {
				t.Errorf("afterwards: got %q: %s, %d requests", x.cache(), x.response.Body, len(p.calls))
			}
			for _, name := range []string{"postern.cache;outcome=refresh", "postern.cache;outcome=hit"} {
				if p.counts[name] != 1 {
					t.Errorf("%s: got %d, want 1", name, p.counts[name])
				}
			}
			if got := p.counts["postern.cache;outcome=stale"]; got != 3 {
				t.Errorf("got %d stale answers counted, want 3", got)
			}
		})
	}
}

// TestRefreshThatFails goes on giving what is stale as long as it may.
func TestRefreshThatFails(t *testing.T) {
	t.Parallel()
	p := newProxy(t, cached(staleCache, ""))
	ask := chatAsk(chatBody("m", ""))
	p.exchange(ask, says("old"))
	p.at(70 * time.Second)
	status := cases.Message{First: "500", Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: []byte(`{"error":{"message":"no"}}`)}
	refusal := jsonAnswer("200", `{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":null,"refusal":"No."},"finish_reason":"stop"}]}`)
	for i, answer := range []*cases.Message{nil, &status, {First: "503"}, &refusal} {
		if x := p.exchange(ask, says("wrong")); x.cache() != "stale" {
			t.Fatalf("time %d: got %q", i, x.cache())
		}
		if len(p.calls) != 1 {
			t.Fatalf("time %d: got %d requests of the gateway's own, want 1", i, len(p.calls))
		}
		p.answer(answer)
	}
	p.at(60 * time.Second)
	if x := p.exchange(ask, says("new")); x.cache() != "miss" || !strings.Contains(string(x.response.Body), "new") {
		t.Errorf("got %q: %s", x.cache(), x.response.Body)
	}
}

// TestRefreshCounts has what a request of the gateway's own takes count for who has asked,
// and no room for it be no reason to refuse anything.
func TestRefreshCounts(t *testing.T) {
	t.Parallel()
	p := newProxy(t, cached(staleCache, `,"limits":[{"key":["ip"],"tokens":130,"per":"1d"},{"key":["ip"],"requests":4,"per":"1d"}]`))
	ask := chatAsk(chatBody("m", ""))
	p.exchange(ask, says("old")) // 11 tokens of 130
	for i, calls := range []int{1, 1, 0} {
		p.at(70 * time.Second)
		x := p.exchange(ask, says("wrong"))
		if x.cache() != "stale" && i < 2 {
			t.Fatalf("time %d: got %q: %s", i, x.cache(), x.response.Body)
		}
		if len(p.calls) != calls {
			t.Fatalf("time %d: got %d requests of the gateway's own, want %d; %v", i, len(p.calls), calls, p.log)
		}
		if calls > 0 {
			answer := says("newer")
			answer.Body = []byte(strings.Replace(string(answer.Body), `"prompt_tokens":9,"completion_tokens":2,"total_tokens":11`, `"prompt_tokens":9,"completion_tokens":31,"total_tokens":40`, 1))
			p.answer(&answer)
		}
	}
	if x := p.exchange(ask, says("wrong")); x.response.First != "429" {
		t.Errorf("a fifth request: got %s", x.response.First)
	}
}

// TestStaleIfError gives what is kept in the place of a provider's failure, and of nothing
// else.
func TestStaleIfError(t *testing.T) {
	t.Parallel()
	failed := func(status int) cases.Message {
		return cases.Message{First: strconv.Itoa(status), Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: []byte(`{"error":{"message":"no","type":"x"}}`)}
	}
	for _, tt := range []struct {
		name    string
		status  int
		details string
		head    []string
		stale   bool
	}{
		{"an error of the provider's", 500, "via_upstream", nil, true},
		{"a bad gateway", 502, "via_upstream", nil, true},
		{"too much to do", 503, "via_upstream", nil, true},
		{"too many requests", 429, "via_upstream", nil, true},
		{"nobody is there", 503, "no_healthy_upstream", nil, true},
		{"no answer in time", 504, "upstream_response_timeout", nil, true},
		{"a connection that broke", 503, "upstream_reset_before_response_started{connection_termination}", nil, true},
		{"a limit of the proxy's", 429, "request_rate_limited", nil, false},
		{"a filter that refuses", 503, "ext_authz_error", nil, false},
		{"what the client has done wrong", 400, "via_upstream", nil, false},
		{"the gateway's key", 401, "via_upstream", nil, false},
		{"a model that there is not", 404, "via_upstream", nil, false},
		{"all is well", 200, "via_upstream", nil, false},
		{"a client that wants what is new", 500, "via_upstream", []string{"cache-control", "no-cache"}, false},
		{"a client that wants nothing of it", 500, "via_upstream", []string{"cache-control", "no-store"}, false},
		{"a client that wants what is not so old", 500, "via_upstream", []string{"cache-control", "max-age=100"}, false},
		{"a client that takes what is that old", 500, "via_upstream", []string{"cache-control", "max-age=300"}, true},
		{"a client that wants the error", 500, "via_upstream", []string{"cache-control", "stale-if-error=0"}, false},
		{"a client that wants the error after a while", 500, "via_upstream", []string{"cache-control", "stale-if-error=100"}, false},
		{"a client that takes more than there is", 500, "via_upstream", []string{"cache-control", "stale-if-error=999999"}, true},
	} {
		for _, stream := range []string{"", `,"stream":true`} {
			t.Run(tt.name+stream, func(t *testing.T) {
				t.Parallel()
				p := newProxy(t, cached(staleCache, ""))
				p.exchange(chatAsk(chatBody("m", "")), says("old"))
				p.at(200 * time.Second)
				x := p.stream()
				x.request(chatAsk(chatBody("m", stream), tt.head...))
				if x.answered || x.upstream == nil {
					t.Fatalf("the provider was not asked: %s", x.response.Body)
				}
				p.details = tt.details
				answer := failed(tt.status)
				if tt.status == 200 {
					answer = says("new")
				}
				x.respond(answer)
				x.done()
				if stale := x.cache() == "stale"; stale != tt.stale || stale != strings.Contains(string(x.response.Body), "old") {
					t.Fatalf("got %s, %q: %s", x.response.First, x.cache(), x.response.Body)
				}
				if !tt.stale {
					if x.response.First != strconv.Itoa(tt.status) && tt.status != 401 {
						t.Errorf("got %s, want %d", x.response.First, tt.status)
					}
					return
				}
				if x.response.First != "200" || x.response.Get("age") != "200" {
					t.Errorf("got %s of age %s", x.response.First, x.response.Get("age"))
				}
				if stream != "" && !strings.HasSuffix(string(x.response.Body), "data: [DONE]\n\n") {
					t.Errorf("got %s, want a stream", x.response.Body)
				}
				if !strings.Contains(string(x.record), `"cache":"stale"`) || !strings.Contains(string(x.record), `"failed":"openai/gpt-4o-mini `) || strings.Contains(string(x.record), `"error"`) {
					t.Errorf("got record %s", x.record)
				}
			})
		}
	}
}

// TestStaleAfterFallbacks gives what is kept when all targets have failed.
func TestStaleAfterFallbacks(t *testing.T) {
	t.Parallel()
	p := newProxy(t, `{"hold_headers":"always","providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"env":"OPENAI_API_KEY"}]},{"name":"claude","type":"anthropic","cluster":"claude","keys":[{"env":"ANTHROPIC_API_KEY"}]}],
"models":[{"name":"m","targets":[{"provider":"openai","model":"gpt-4o-mini"}],"fallback":[{"provider":"claude","model":"claude-sonnet-4-5"}]}],"cache":`+staleCache+`}`)
	p.exchange(chatAsk(chatBody("m", "")), says("old"))
	for _, last := range []*cases.Message{nil, {First: "529", Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: []byte(`{"type":"error","error":{"type":"overloaded_error","message":"no"}}`)}} {
		p.at(150 * time.Second)
		x := p.stream()
		x.request(chatAsk(chatBody("m", "")))
		p.details = "via_upstream"
		x.respond(cases.Message{First: "503", Headers: []cases.Header{{Name: "content-type", Value: "text/plain"}}, Body: []byte("no")})
		if len(p.calls) != 1 {
			t.Fatalf("got %d callouts, want one to the fallback", len(p.calls))
		}
		p.answer(last)
		x.done()
		if x.cache() != "stale" || !strings.Contains(string(x.response.Body), "old") {
			t.Errorf("got %s, %q: %s", x.response.First, x.cache(), x.response.Body)
		}
	}
}

// TestStaleOfRedis has what is stale be in a store that is asked.
func TestStaleOfRedis(t *testing.T) {
	t.Parallel()
	for _, store := range []string{onlyRedis, both} {
		s := newShared(t, store[:len(store)-1]+`,`+staleCache[1:], "", 2)
		a, b := s.proxies[0], s.proxies[1]
		ask := chatAsk(chatBody("m", ""))
		s.ask(a, ask, says("old"))
		for _, p := range s.proxies {
			p.at(70 * time.Second)
		}
		x := b.stream()
		x.request(ask)
		b.answerStore(s)
		if x.cache() != "stale" || len(b.calls) != 1 || b.calls[0].Cluster != "openai" {
			t.Fatalf("%s: got %q with %d callouts", store, x.cache(), len(b.calls))
		}
		x.done()
		response := says("new")
		b.answer(&response)
		s.serve(b)
		if x := s.ask(a, ask, says("wrong")); x.cache() != "hit" || !strings.Contains(string(x.response.Body), "new") {
			t.Errorf("%s: got %q: %s", store, x.cache(), x.response.Body)
		}
	}
}

// answerStore has Redis answer the question in hand.
func (p *proxy) answerStore(s *shared) {
	status, body := s.Answer(p.calls[0].Callout)
	p.answer(&cases.Message{First: strconv.Itoa(status), Body: body})
}
