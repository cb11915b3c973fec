package gateway_test

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/plugin/cases"
)

// waiting sends a request and says whether it waits.
func (p *proxy) waiting(m cases.Message) *exchange {
	p.t.Helper()
	x := p.stream()
	x.request(m)
	return x
}

// completed has the provider answer a request.
func (x *exchange) completed(m cases.Message) {
	x.p.t.Helper()
	if x.upstream == nil {
		x.p.t.Fatal("the provider was not asked")
	}
	x.p.details = "via_upstream"
	x.respond(m)
	x.done()
}

func TestCoalescing(t *testing.T) {
	t.Parallel()
	plain := chatAsk(chatBody("m", ""))
	failed := cases.Message{First: "500", Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: []byte(`{"error":{"message":"no"}}`)}
	t.Run("all get the first one's answer", func(t *testing.T) {
		t.Parallel()
		p := newProxy(t, cached(`{"coalesce":{}}`, ""))
		first := p.waiting(plain)
		others := []*exchange{p.waiting(plain), p.waiting(post("/v1/messages", chatBody("m", ""), "anthropic-version", "2023-06-01")), p.waiting(plain)}
		for i, x := range others {
			if !x.waits || x.upstream != nil {
				t.Fatalf("request %d does not wait", i)
			}
		}
		first.completed(says("Hello"))
		bodies := map[string]bool{}
		for i, x := range others {
			if !x.answered || x.cache() != "coalesced" || x.response.Get("age") != "0" || !strings.Contains(string(x.response.Body), "Hello") {
				t.Errorf("request %d: got %q: %s", i, x.cache(), x.response.Body)
			}
			x.done()
			if !strings.Contains(string(x.record), `"cache":"coalesced"`) || !strings.Contains(string(x.record), `"saved_tokens":11`) {
				t.Errorf("request %d: got record %s", i, x.record)
			}
			bodies[string(x.response.Body)] = true
		}
		if len(bodies) != 3 {
			t.Error("two answers have one id")
		}
		if x := p.exchange(plain, says("wrong")); x.cache() != "hit" {
			t.Errorf("afterwards: got %q", x.cache())
		}
	})
	t.Run("streams do not wait unless they are told to", func(t *testing.T) {
		t.Parallel()
		stream := chatAsk(chatBody("m", `,"stream":true`))
		p := newProxy(t, cached(`{"coalesce":{}}`, ""))
		p.waiting(plain)
		if x := p.waiting(stream); x.waits {
			t.Error("a stream waits")
		}
		p = newProxy(t, cached(`{"coalesce":{"streams":true}}`, ""))
		first, other := p.waiting(stream), p.waiting(stream)
		first.completed(events(`{"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":"Hello"}}]}`, `{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`, "[DONE]"))
		if other.cache() != "coalesced" || !strings.HasSuffix(string(other.response.Body), "data: [DONE]\n\n") {
			t.Errorf("got %q: %s", other.cache(), other.response.Body)
		}
	})
	t.Run("the next one tries when the first fails or goes", func(t *testing.T) {
		t.Parallel()
		p := newProxy(t, cached(`{"coalesce":{}}`, ""))
		all := []*exchange{p.waiting(plain), p.waiting(plain), p.waiting(plain), p.waiting(plain)}
		all[0].completed(failed)
		if all[1].upstream == nil || all[2].upstream != nil || all[3].upstream != nil || all[2].answered {
			t.Fatal("after a failure not just the next one has gone on")
		}
		all[1].done() // its client hangs up
		if all[2].upstream == nil || all[3].upstream != nil {
			t.Fatal("after somebody has gone not just the next one has gone on")
		}
		late := p.waiting(plain)
		all[2].completed(says("Hello"))
		for _, x := range []*exchange{all[3], late} {
			if x.cache() != "coalesced" || !strings.Contains(string(x.response.Body), "Hello") {
				t.Errorf("got %q: %s", x.cache(), x.response.Body)
			}
			x.done()
		}
		if all[0].response.First != "500" || all[2].cache() != "miss" {
			t.Errorf("got %s and %q", all[0].response.First, all[2].cache())
		}
	})
	t.Run("all fail if all are failed", func(t *testing.T) {
		t.Parallel()
		p := newProxy(t, cached(`{"coalesce":{}}`, ""))
		all := []*exchange{p.waiting(plain), p.waiting(plain), p.waiting(plain)}
		for _, x := range all {
			x.completed(failed)
			if x.response.First != "500" {
				t.Errorf("got %s", x.response.First)
			}
		}
	})
	t.Run("an answer that is for nobody else", func(t *testing.T) {
		t.Parallel()
		p := newProxy(t, cached(`{"coalesce":{}}`, ""))
		first, others := p.waiting(plain), []*exchange{p.waiting(plain), p.waiting(plain)}
		truncated := says("Hel")
		truncated.Body = []byte(strings.Replace(string(truncated.Body), `"stop"`, `"length"`, 1))
		first.completed(truncated)
		for _, x := range others {
			if x.upstream == nil {
				t.Fatal("a request waits on")
			}
		}
		if x := p.waiting(plain); !x.waits && x.upstream == nil {
			t.Error("a new one does nothing")
		}
	})
	t.Run("one that cannot be stored is shared all the same", func(t *testing.T) {
		t.Parallel()
		p := newProxy(t, cached(`{"coalesce":{},"store":{"redis":{"cluster":"redis"}}}`, ""))
		first, other := p.waiting(plain), p.waiting(plain)
		first.completed(says("Hello")) // nobody has answered for the store
		if other.cache() != "coalesced" {
			t.Errorf("got %q", other.cache())
		}
	})
	t.Run("as many as there may be", func(t *testing.T) {
		t.Parallel()
		p := newProxy(t, cached(`{"coalesce":{"waiting":2}}`, ""))
		p.waiting(plain)
		second := p.waiting(plain)
		if third, fourth := p.waiting(plain), p.waiting(plain); !third.waits || fourth.waits || fourth.upstream == nil {
			t.Error("not two requests wait")
		}
		second.done()
		if fifth := p.waiting(plain); !fifth.waits {
			t.Error("nobody may take the place of one that has gone")
		}
	})
	t.Run("as long as they may", func(t *testing.T) {
		t.Parallel()
		p := newProxy(t, cached(`{"coalesce":{"wait":"5s"}}`, ""))
		first := p.waiting(plain)
		p.tick(time.Second)
		other := p.waiting(plain)
		p.tick(4500 * time.Millisecond)
		if !other.waits {
			t.Error("a request has gone on too early")
		}
		p.tick(time.Second)
		if other.waits || other.upstream == nil {
			t.Fatal("a request waits for too long")
		}
		other.completed(says("mine"))
		first.completed(says("Hello"))
		if other.cache() != "miss" {
			t.Errorf("got %q", other.cache())
		}
	})
	t.Run("at a tick, if the host has no event for it", func(t *testing.T) {
		t.Parallel()
		p := newProxy(t, cached(`{"coalesce":{}}`, ""))
		first, other := p.waiting(plain), p.waiting(plain)
		first.respond(says("Hello"))
		first.gw.Done()
		if other.answered {
			t.Error("a request was answered in another's event")
		}
		p.tick(500 * time.Millisecond)
		if other.cache() != "coalesced" {
			t.Errorf("got %q", other.cache())
		}
	})
	t.Run("one that waits has gone before the answer is there", func(t *testing.T) {
		t.Parallel()
		p := newProxy(t, cached(`{"coalesce":{}}`, ""))
		first, gone, other := p.waiting(plain), p.waiting(plain), p.waiting(plain)
		gone.done()
		new := p.waiting(chatAsk(chatBody("other", ""))) // in its place
		first.completed(says("Hello"))
		if gone.answered || new.answered || other.cache() != "coalesced" {
			t.Errorf("got %v, %v and %q", gone.answered, new.answered, other.cache())
		}
	})
}

// TestWhoDoesNotWait is told apart by all that tells answers apart.
func TestWhoDoesNotWait(t *testing.T) {
	t.Parallel()
	who := `,"consumers":[{"name":"a","tenant":"x","keys":[{"sha256":"` + sum("client-a") + `"}]},{"name":"b","tenant":"x","keys":[{"sha256":"` + sum("client-b") + `"}]},{"name":"c","tenant":"y","keys":[{"sha256":"` + sum("client-c") + `"}]}]`
	ask := func(key, model, more string, head ...string) cases.Message {
		return chatAsk(chatBody(model, more), append([]string{"authorization", "Bearer " + key}, head...)...)
	}
	for _, tt := range []struct {
		name  string
		other cases.Message
		waits bool
	}{
		{"the same", ask("client-a", "m", ""), true},
		{"one of the same tenant", ask("client-b", "m", ""), true},
		{"another tenant", ask("client-c", "m", ""), false},
		{"another model", ask("client-a", "other", ""), false},
		{"another temperature", ask("client-a", "m", `,"temperature":0.5`), false},
		{"one that wants what is new", ask("client-a", "m", "", "cache-control", "no-cache"), false},
		{"one that wants nothing of it", ask("client-a", "m", "", "cache-control", "no-store"), false},
	} {
		p := newProxy(t, cached(`{"coalesce":{}}`, who))
		p.waiting(ask("client-a", "m", ""))
		if x := p.waiting(tt.other); x.waits != tt.waits {
			t.Errorf("%s: waits: %v, want %v", tt.name, x.waits, tt.waits)
		}
	}
	p := newProxy(t, cached(`{}`, who))
	p.waiting(ask("client-a", "m", ""))
	if x := p.waiting(ask("client-a", "m", "")); x.waits {
		t.Error("requests wait although nobody has said so")
	}
}

// TestWaitingCounts has a limit of requests hold for those that wait, too.
func TestWaitingCounts(t *testing.T) {
	t.Parallel()
	p := newProxy(t, cached(`{"coalesce":{}}`, `,"limits":[{"requests":3,"per":"1d"}]`))
	plain := chatAsk(chatBody("m", ""))
	all := []*exchange{p.waiting(plain), p.waiting(plain), p.waiting(plain), p.waiting(plain)}
	all[0].completed(says("Hello"))
	for i, want := range []string{"200", "200", "200", "429"} {
		if got := all[i].response.First; got != want {
			t.Errorf("request %d: got %s, want %s", i, got, want)
		}
	}
}

// TestSharedAfterItsClientHasGone gives those who wait what came of a callout whose own
// client has gone.
func TestSharedAfterItsClientHasGone(t *testing.T) {
	t.Parallel()
	p := newProxy(t, `{"hold_headers":"always","providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"env":"OPENAI_API_KEY"}]}],
"models":[{"name":"m","targets":[{"provider":"openai","model":"gpt-4o-mini"}],"retry":{"attempts":1,"on":["overloaded"]}}],"cache":{"coalesce":{}}}`)
	plain := chatAsk(chatBody("m", ""))
	first, other := p.waiting(plain), p.waiting(plain)
	p.details = "via_upstream"
	first.respond(cases.Message{First: "503", Headers: []cases.Header{{Name: "content-type", Value: "text/plain"}}, Body: []byte("no")})
	p.tick(10 * time.Second)
	if len(p.calls) != 1 {
		t.Fatalf("got %d callouts, want one", len(p.calls))
	}
	first.done()
	if !other.waits || other.upstream != nil {
		t.Fatal("a request does not wait for what is still under way")
	}
	response := says("Hello")
	p.answer(&response)
	p.rouse()
	if other.cache() != "coalesced" {
		t.Errorf("got %q", other.cache())
	}
}
