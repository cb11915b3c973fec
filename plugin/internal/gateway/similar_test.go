package gateway_test

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/plugin/cases"
)

const (
	asked = "How do I reset my password?"
	alike = "Hello, could you please tell me how I can reset my password?"
)

// user is a request with messages of the user, or of whoever is named before a bar.
func user(model, more string, messages ...string) string {
	var b strings.Builder
	for _, m := range messages {
		role, text, ok := strings.Cut(m, "|")
		if !ok {
			role, text = "user", m
		}
		b.WriteString(`,{"role":"` + role + `","content":"` + text + `"}`)
	}
	return `{"model":"` + model + `","max_tokens":50,"messages":[` + b.String()[1:] + `]` + more + `}`
}

// TestSimilar has an answer given to another question, or not.
func TestSimilar(t *testing.T) {
	t.Parallel()
	on := `{"similar":{}}`
	chat := func(more string, messages ...string) cases.Message { return chatAsk(user("m", more, messages...)) }
	plain := chat("", asked)
	for _, tt := range []struct {
		name, cache   string
		first, second cases.Message
		want          string
	}{
		{"the same in other words", on, plain, chat("", alike), "similar"},
		{"the same in other words, the other way round", on, chat("", alike), plain, "similar"},
		{"the same words", on, plain, plain, "hit"},
		{"where nobody wants it", `{}`, plain, chat("", alike), "miss"},
		{"another thing", on, plain, chat("", "How do I reset my router?"), "miss"},
		{"the opposite", on, plain, chat("", "How do I not reset my password?"), "miss"},
		{"another number", on, chat("", "What is 12 times 12?"), chat("", "What's 12 times 13?"), "miss"},
		{"another form of a number", on, chat("", "Name three rivers."), chat("", "Please name 3 rivers"), "similar"},
		{"other escapes", on, plain, chat("", `How d\u006f I reset\tmy passw\u006frd`), "similar"},
		{"a higher threshold", `{"similar":{"threshold":1}}`, chat("", "How do I sort a list?"), chat("", "How do I sort lists?"), "miss"},
		{"the usual threshold", on, chat("", "How do I sort a list?"), chat("", "How do I sort lists?"), "similar"},
		{"a lower threshold", `{"similar":{"threshold":0.85}}`, chat("", "How do I sort a list of names by length in Go?"), chat("", "How do I sort a long list of names by length in Go?"), "similar"},
		{"a word more", on, chat("", "How do I sort a list of names by length in Go?"), chat("", "How do I sort a long list of names by length in Go?"), "miss"},
		{"the same instructions", on, chat("", "system|Be brief.", asked), chat("", "system|Be brief.", alike), "similar"},
		{"other instructions", on, chat("", "system|Be brief.", asked), chat("", "system|Be long.", alike), "miss"},
		{"instructions that are alike", on, chat("", "system|Please explain it.", asked), chat("", "system|Explain it.", asked), "miss"},
		{"no instructions", on, chat("", "system|Be brief.", asked), chat("", alike), "miss"},
		{"another model", on, plain, chatAsk(user("other", "", alike)), "miss"},
		{"the group and one of its models", on, chatAsk(user("group", "", asked)), chatAsk(user("other", "", alike)), "miss"},
		{"another temperature", on, chat(`,"temperature":0`, asked), chat(`,"temperature":1`, alike), "miss"},
		{"another length", on, plain, chatAsk(strings.Replace(user("m", "", alike), "50", "60", 1)), "miss"},
		{"another seed", on, chat(`,"seed":1`, asked), chat(`,"seed":2`, alike), "miss"},
		{"another form of answers", on, plain, chat(`,"response_format":{"type":"json_object"}`, alike), "miss"},
		{"tools", on, plain, chat(`,"tools":[{"type":"function","function":{"name":"f"}}]`, alike), "miss"},
		{"the same tools", on, chat(`,"tools":[{"type":"function","function":{"name":"f"}}]`, asked), chat(`,"tools":[{"type":"function","function":{"name":"f"}}]`, alike), "similar"},
		{"a turn before it", on, chat("", "Hi", "assistant|Hello", asked), chat("", "Hi", "assistant|Hello", alike), "miss"},
		{"a turn before it, where that is allowed", `{"similar":{"turns":2}}`, chat("", "Hi", "assistant|Hello", asked), chat("", "Hi", "assistant|Hello", alike), "similar"},
		{"another turn before it, where that is allowed", `{"similar":{"turns":2}}`, chat("", "Hi", "assistant|Hello", asked), chat("", "Hey", "assistant|Hello", alike), "miss"},
		{"too many turns", `{"similar":{"turns":2}}`, chat("", "a", "assistant|b", "c", "assistant|d", asked), chat("", "a", "assistant|b", "c", "assistant|d", alike), "miss"},
		{"an answer that is to go on", `{"similar":{"turns":2}}`, chat("", "Hi", "assistant|"+asked), chat("", "Hi", "assistant|"+alike), "miss"},
		{"a name", on, plain, chatAsk(strings.Replace(user("m", "", alike), `"role":"user"`, `"role":"user","name":"eve"`, 1)), "miss"},
		{"an image", on, chatAsk(withImage(asked)), chatAsk(withImage(alike)), "miss"},
		{"text to go on with", on, post("/v1/completions", `{"model":"m","max_tokens":50,"prompt":"`+asked+`"}`), post("/v1/completions", `{"model":"m","max_tokens":50,"prompt":"`+alike+`"}`), "miss"},
		{"another model's words, of a list", `{"similar":{"models":["oth*"]}}`, plain, chat("", alike), "miss"},
		{"a model of a list", `{"similar":{"models":["oth*","m"]}}`, plain, chat("", alike), "similar"},
		{"shadow", `{"similar":{"mode":"shadow"}}`, plain, chat("", alike), "miss"},
		{"a client who wants nothing kept", on, plain, chatAsk(user("m", "", alike), "cache-control", "no-store"), "bypass"},
		{"a client who wants what is new", on, plain, chatAsk(user("m", "", alike), "cache-control", "no-cache"), "miss"},
		{"a new answer, which is kept", on, chatAsk(user("m", "", asked), "cache-control", "no-cache"), chat("", alike), "similar"},
		{"what may be old", on, plain, chatAsk(user("m", "", alike), "cache-control", "max-age=10"), "similar"},
		{"a high temperature", `{"similar":{},"max_temperature":0.5}`, chat(`,"temperature":0.6`, asked), chat(`,"temperature":0.6`, alike), "bypass"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t, cached(tt.cache, `,"client_headers":{"aliases":"cloudflare"}`))
			p.exchange(tt.first, says("Hello"))
			x := p.exchange(tt.second, says("new"))
			want, score := "new", ""
			if tt.want == "similar" || tt.want == "hit" {
				want = "Hello"
				if as := x.response.Get("cf-aig-cache-status"); as != "HIT" || x.response.Get("age") != "0" || x.upstream != nil {
					t.Errorf("got %s, of which the provider was asked: %v", x.response, x.upstream != nil)
				}
			}
			if got := x.cache(); got != tt.want || !strings.Contains(string(x.response.Body), want) {
				t.Errorf("got %s: %s; want %s", got, x.response.Body, tt.want)
			}
			if tt.want == "similar" {
				score = x.response.Get("x-postern-cache-score")
				if score != "1" && (len(score) != 4 || score < "0.85") {
					t.Errorf("got score %q", score)
				}
			}
			if tt.name == "shadow" {
				score = "1"
			}
			if got := strings.Contains(string(x.record), `"cache_score":`+score); score != "" && !got || score == "" && got {
				t.Errorf("got record %s, want score %q", x.record, score)
			}
			if got := x.response.Get("x-postern-cache-score"); tt.want != "similar" && got != "" {
				t.Errorf("got a score %s without such an answer", got)
			}
		})
	}
}

func withImage(text string) string {
	return `{"model":"m","max_tokens":50,"messages":[{"role":"user","content":[{"type":"text","text":"` + text + `"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}]}`
}

// TestSimilarForEverybody has an answer given in the forms of all clients.
func TestSimilarForEverybody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		request cases.Message
		want    string
	}{
		{"OpenAI's stream", chatAsk(user("m", `,"stream":true`, alike)), `"delta":{"content":"Hello"}`},
		{"Anthropic's answer", post("/v1/messages", user("m", "", alike), "anthropic-version", "2023-06-01"), `"text":"Hello"`},
		{"Anthropic's stream", post("/v1/messages", user("m", `,"stream":true`, alike), "anthropic-version", "2023-06-01"), `event: message_stop`},
		{"Google's answer", post("/v1beta/models/m:generateContent", `{"contents":[{"role":"user","parts":[{"text":"`+alike+`"}]}],"generationConfig":{"maxOutputTokens":50}}`), `"text":"Hello"`},
	} {
		p := newProxy(t, cached(`{"similar":{}}`, ""))
		p.exchange(chatAsk(user("m", "", asked)), says("Hello"))
		if x := p.exchange(tt.request, says("new")); x.cache() != "similar" || !strings.Contains(string(x.response.Body), tt.want) {
			t.Errorf("%s: got %s: %s", tt.name, x.cache(), x.response.Body)
		}
	}
}

// TestSimilarIsIsolated has two tenants ask the same, by every trick that could lead across.
func TestSimilarIsIsolated(t *testing.T) {
	t.Parallel()
	who := `,"consumers":[{"name":"a","tenant":"acme","keys":[{"sha256":"` + sum("client-a") + `"}]},{"name":"b","tenant":"other","keys":[{"sha256":"` + sum("client-b") + `"}]},{"name":"c","tenant":"acme","keys":[{"sha256":"` + sum("client-c") + `"}]}]`
	as := func(key, text string, head ...string) cases.Message {
		return chatAsk(user("m", `,"user":"a"`, text), append([]string{"authorization", "Bearer client-" + key}, head...)...)
	}
	for _, scope := range []string{"tenant", "consumer"} {
		p := newProxy(t, cached(`{"scope":"`+scope+`","similar":{"threshold":0.75}}`, who+`,"client_headers":{"narrow":["cache-ttl","skip-cache","metadata","session-id"]}`))
		p.exchange(as("a", asked), says("of acme"))
		for _, trick := range [][]string{
			nil, {"x-postern-cache-key", "k"}, {"x-postern-metadata", `{"tenant":"acme"}`}, {"x-postern-tenant", "acme"}, {"x-postern-consumer", "a"},
			{"x-postern-cache-score", "1"}, {"x-postern-cache", "similar"}, {"x-postern-session-id", "a"}, {"cache-control", "max-stale=100, only-if-cached"},
			{"x-tenant", "acme"}, {"x-forwarded-for", "10.0.0.1"}, {"authorization", "Bearer client-a, Bearer client-b"},
		} {
			for _, text := range []string{asked, alike} {
				x := p.exchange(as("b", text, trick...), says("of other"))
				if strings.Contains(string(x.response.Body), "of acme") {
					t.Errorf("%s, %q: somebody else gets %s", scope, trick, x.response.Body)
				}
			}
		}
		want := map[string]string{"tenant": "similar", "consumer": "miss"}[scope]
		if x := p.exchange(as("c", alike), says("new")); x.cache() != want {
			t.Errorf("%s: another of the tenant gets %s, want %s", scope, x.cache(), want)
		}
		if x := p.exchange(as("a", alike), says("new")); x.cache() != "similar" && scope == "consumer" {
			t.Errorf("%s: who has asked gets %s", scope, x.cache())
		}
	}
}

// TestSimilarToNothing has questions whose answers are not kept, or are no more.
func TestSimilarToNothing(t *testing.T) {
	t.Parallel()
	failed := says("no")
	failed.First = "500"
	p := newProxy(t, cached(`{"similar":{},"ttl":"1m"}`, `,"admin":{"keys":[{"sha256":"`+sum("admin-key")+`"}]}`))
	next := func(x *exchange, about, want string) {
		t.Helper()
		if x.cache() != want || strings.Contains(string(x.record), "cache_score") != (want == "similar") {
			t.Errorf("%s: got %s, want %s; record %s", about, x.cache(), want, x.record)
		}
	}
	p.exchange(chatAsk(user("m", "", asked)), failed)
	next(p.exchange(chatAsk(user("m", "", alike)), failed), "after an error", "miss")
	p.exchange(chatAsk(user("m", "", asked)), says("Hello"))
	hit := p.exchange(chatAsk(user("m", "", alike)), says("new"))
	next(hit, "after an answer", "similar")
	_, key, _ := strings.Cut(string(hit.record), `"cache_key":"`)
	p.exchange(post("/postern/cache/purge", `{"key":"`+key[:64]+`"}`, "authorization", "Bearer admin-key"), says(""))
	next(p.exchange(chatAsk(user("m", "", alike)), failed), "after its key was purged", "miss")
	p.exchange(chatAsk(user("m", "", asked)), says("Hello"))
	next(p.exchange(chatAsk(user("m", "", alike)), says("new")), "after another answer", "similar")
	p.exchange(post("/postern/cache/purge", `{"all":true}`, "authorization", "Bearer admin-key"), says(""))
	next(p.exchange(chatAsk(user("m", "", alike)), failed), "after all was purged", "miss")
	p.exchange(chatAsk(user("m", "", asked)), says("Hello"))
	p.now += int64(30 * time.Second)
	next(p.exchange(chatAsk(user("m", "", alike), "cache-control", "max-age=10"), failed), "for who wants what is younger", "miss")
	next(p.exchange(chatAsk(user("m", "", alike)), failed), "for others", "similar")
	p.now += int64(30 * time.Second)
	next(p.exchange(chatAsk(user("m", "", alike)), failed), "when it is over", "miss")
	if got := p.counts["postern.cache;outcome=similar"]; got != 3 {
		t.Errorf("counted %d, want 3", got)
	}
}

// TestSimilarAndStale checks that what is not fresh is for who asks the same words, and that
// what is renewed is found.
func TestSimilarAndStale(t *testing.T) {
	t.Parallel()
	p := newProxy(t, cached(`{"similar":{},"ttl":"1m","stale_while_revalidate":"1h","stale_if_error":"2h"}`, ""))
	p.exchange(chatAsk(user("m", "", asked)), says("old"))
	p.now += int64(2 * time.Minute)
	failed := says("no")
	failed.First = "503"
	if x := p.exchange(chatAsk(user("m", "", alike)), failed); x.cache() != "miss" || strings.Contains(string(x.response.Body), "old") {
		t.Errorf("got %s: %s; want no answer that is stale", x.cache(), x.response.Body)
	}
	if x := p.exchange(chatAsk(user("m", "", asked)), failed); x.cache() != "stale" {
		t.Errorf("got %s, want what is stale", x.cache())
	}
	renewed := says("renewed")
	p.answer(&renewed)
	if x := p.exchange(chatAsk(user("m", "", alike)), failed); x.cache() != "similar" || !strings.Contains(string(x.response.Body), "renewed") {
		t.Errorf("got %s: %s; want what was renewed", x.cache(), x.response.Body)
	}
}

// TestSimilarAtTheSameTime has two ask the same in other words before there is an answer.
func TestSimilarAtTheSameTime(t *testing.T) {
	t.Parallel()
	p := newProxy(t, cached(`{"similar":{},"coalesce":{}}`, ""))
	a, b := p.stream(), p.stream()
	a.request(chatAsk(user("m", "", asked)))
	b.request(chatAsk(user("m", "", alike)))
	if a.upstream == nil || b.upstream == nil {
		t.Fatal("one waits for the other")
	}
	p.details = "via_upstream"
	a.respond(says("one"))
	a.done()
	b.respond(says("two"))
	b.done()
	for text, want := range map[string]string{asked: "one", alike: "two"} {
		if x := p.exchange(chatAsk(user("m", "", text)), says("new")); x.cache() != "hit" || !strings.Contains(string(x.response.Body), want) {
			t.Errorf("%s: got %s: %s", text, x.cache(), x.response.Body)
		}
	}
}

// TestSimilarInAFleet has a proxy find in Redis what it knows to be alike, and no other proxy.
func TestSimilarInAFleet(t *testing.T) {
	t.Parallel()
	for _, cache := range []string{onlyRedis, both} {
		s := newShared(t, strings.Replace(cache, "{", `{"similar":{},`, 1), "", 2)
		a, b := s.proxies[0], s.proxies[1]
		s.ask(a, chatAsk(user("m", "", asked)), says("Hello"))
		for range 2 {
			x := s.ask(a, post("/v1/messages", user("m", "", alike), "anthropic-version", "2023-06-01"), says("another"))
			if x.cache() != "similar" || !strings.Contains(string(x.response.Body), `"text":"Hello"`) || x.upstream != nil {
				t.Errorf("%s: got %q: %s", cache, x.cache(), x.response.Body)
			}
		}
		if x := s.ask(a, chatAsk(user("m", "", "How do I reset my router?")), says("another")); x.cache() != "miss" {
			t.Errorf("%s: got %q: %s", cache, x.cache(), x.response.Body)
		}
		if x := s.ask(b, chatAsk(user("m", "", alike)), says("another")); x.cache() != "miss" {
			t.Errorf("%s: another proxy got %q", cache, x.cache())
		}
		clear(s.Values)
		if x := s.ask(a, chatAsk(user("m", "", "how can i reset my password")), says("another")); cache == onlyRedis && x.cache() != "miss" {
			t.Errorf("%s: got %q, and Redis has lost it", cache, x.cache())
		}
	}
}
