package gateway_test

import (
	"bytes"
	"compress/gzip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/cache/cachetest"
	"github.com/postern-gateway/postern/plugin/internal/state/statetest"
)

const (
	onlyRedis = `{"store":{"redis":{"cluster":"redis"}}}`
	both      = `{"store":{"memory":{},"redis":{"cluster":"redis","protocol":"upstash","token":{"value":"t0"},"secret":{"value":"s0"}}}}`
)

// A shared is several proxies with one Redis.
type shared struct {
	*cachetest.Redis
	proxies []*proxy
}

func newShared(t *testing.T, cache, more string, n int) *shared {
	t.Helper()
	s := &shared{Redis: &cachetest.Redis{Upstash: strings.Contains(cache, "upstash")}}
	for range n {
		p := newWorker(t, cached(cache, more), &statetest.Host{})
		s.proxies = append(s.proxies, p)
		p.tick(0)
		s.serve(p)
	}
	return s
}

// serve has Redis answer all that a proxy has asked.
func (s *shared) serve(p *proxy) {
	p.t.Helper()
	for len(p.calls) > 0 {
		c := p.calls[0]
		if c.Cluster != "redis" {
			p.t.Fatalf("a callout to %s", c.Cluster)
		}
		status, body := s.Answer(c.Callout)
		p.answer(&cases.Message{First: strconv.Itoa(status), Body: body})
	}
}

// ask has a proxy answer a request, by its provider if it is asked.
func (s *shared) ask(p *proxy, request, response cases.Message) *exchange {
	p.t.Helper()
	x := p.stream()
	x.request(request)
	s.serve(p)
	if !x.answered {
		if x.upstream == nil {
			p.t.Fatal("the request stays where it is")
		}
		p.details = "via_upstream"
		x.respond(response)
	}
	x.done()
	s.serve(p)
	return x
}

func (x *exchange) cache() string { return x.response.Get("x-postern-cache") }

// TestFleet has one proxy give what another has got.
func TestFleet(t *testing.T) {
	t.Parallel()
	for _, cache := range []string{onlyRedis, both} {
		s := newShared(t, cache, "", 2)
		a, b := s.proxies[0], s.proxies[1]
		if x := s.ask(a, chatAsk(chatBody("m", "")), says("Hello")); x.cache() != "miss" || !strings.Contains(string(x.response.Body), "Hello") {
			t.Fatalf("got %q: %s", x.cache(), x.response.Body)
		}
		for range 2 {
			x := s.ask(b, post("/v1/messages", chatBody("m", ""), "anthropic-version", "2023-06-01"), says("another"))
			if x.cache() != "hit" || !strings.Contains(string(x.response.Body), `"text":"Hello"`) || x.response.Get("age") != "0" || x.upstream != nil {
				t.Errorf("%s: got %q, age %s: %s", cache, x.cache(), x.response.Get("age"), x.response.Body)
			}
		}
		looks := 0
		for _, words := range s.Words {
			if words[0] == "MGET" {
				looks++
			}
		}
		if want := map[string]int{onlyRedis: 3, both: 2}[cache]; looks != want {
			t.Errorf("%s: got %d questions, want %d", cache, looks, want)
		}
		b.now += int64(10 * time.Second)
		if x := s.ask(b, chatAsk(chatBody("m", ""), "cache-control", "max-age=5"), says("new")); x.cache() != "miss" || !strings.Contains(string(x.response.Body), "new") {
			t.Errorf("somebody who wants what is new got %q: %s", x.cache(), x.response.Body)
		}
		for _, text := range s.Values {
			if strings.Contains(text, "Hello") || strings.Contains(text, "Hi") {
				t.Errorf("what is asked or answered can be read in Redis: %q", text)
			}
		}
	}
}

// TestWhatWaits has requests of all kinds wait for a store, and checks that they go on as if
// they had not.
func TestWhatWaits(t *testing.T) {
	t.Parallel()
	limited := `,"limits":[{"tokens":100000,"per":"1m"}],"consumers":[{"name":"a","keys":[{"sha256":"` + sum("client-a") + `"}]}]`
	for _, tt := range []struct {
		name, more string
		request    cases.Message
	}{
		{"a request that passes", "", chatAsk(chatBody("m", ""))},
		{"a stream", "", chatAsk(chatBody("m", `,"stream":true`))},
		{"one that is translated", "", post("/v1/messages", chatBody("m", ""), "anthropic-version", "2023-06-01")},
		{"one with a limit", limited, chatAsk(chatBody("m", ""), "authorization", "Bearer client-a")},
		{"a long one, whose tokens are lowered", `,"limits":[{"tokens":4000,"per":"1m"}]`, chatAsk(`{"model":"m","max_tokens":3500,"messages":[{"role":"user","content":"` + strings.Repeat("many words ", 500) + `"}]}`)},
		{"one that is compressed", "", cases.Message{First: "POST /v1/chat/completions", Body: gzipped(t, chatBody("m", "")), Headers: []cases.Header{{Name: "content-type", Value: "application/json"}, {Name: "content-encoding", Value: "gzip"}}}},
		{"one with a guard", `,"guards":[{"type":"pii","on":["request"],"action":"mask"}]`, chatAsk(strings.Replace(chatBody("m", ""), "Hi", "I am jane@example.com", 1))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			plain := newProxy(t, cached(`{}`, tt.more))
			want := plain.stream()
			want.request(tt.request)
			s := newShared(t, onlyRedis, tt.more, 1)
			p := s.proxies[0]
			x := p.stream()
			x.request(tt.request)
			if !x.waits || x.upstream != nil {
				t.Fatal("the request does not wait")
			}
			others := p.stream() // are read meanwhile
			others.request(chatAsk(`{"model":"other","messages":[{"role":"user","content":"` + strings.Repeat("something else ", 100) + `"}]}`))
			s.serve(p)
			if x.upstream == nil || want.upstream == nil {
				t.Fatalf("the request has not gone on: %v, without waiting: %v", x.upstream, want.upstream)
			}
			for _, d := range want.upstream.Compare(*x.upstream) {
				t.Error(d)
			}
		})
	}
}

// TestDeadStore has the store not answer: requests wait for their deadline, then it is not
// asked any more.
func TestDeadStore(t *testing.T) {
	t.Parallel()
	p := newProxy(t, cached(onlyRedis, ""))
	x := p.exchange(chatAsk(chatBody("m", "")), says("Hello"))
	if x.cache() != "miss" || len(p.calls) > 0 {
		t.Fatalf("got %q and %d questions before anybody has answered", x.cache(), len(p.calls))
	}
	if !strings.Contains(string(x.record), `"cache_reason":"away"`) {
		t.Errorf("got record %s, want the reason away", x.record)
	}
	p.tick(0)
	p.answer(&cases.Message{First: "200", Body: []byte(`{"PING":[true,"PONG"]}`)})
	waited := 0
	for range 20 {
		x := p.stream()
		x.request(chatAsk(chatBody("m", "")))
		if x.waits {
			waited++
			if d := p.calls[0].Timeout; d != 50*time.Millisecond {
				t.Errorf("got a deadline of %v, want 50ms", d)
			}
			p.answer(nil)
		}
		if x.upstream == nil {
			t.Fatal("a request has not gone on")
		}
	}
	if waited != 5 {
		t.Errorf("%d requests have waited, want 5", waited)
	}
	if got := p.counts["postern.cache_store;what=find;outcome=unanswered"]; got != 5 {
		t.Errorf("got %d unanswered questions counted, want 5", got)
	}
	if p.counts["postern.cache_store;what=breaker;outcome=opened"] != 1 || len(p.log) != 1 || !strings.Contains(p.log[0], "the next attempt is in 1s") {
		t.Errorf("got log %q", p.log)
	}
}

// TestStoreThatHasGone has the proxy not know the store's cluster: no request waits.
func TestStoreThatHasGone(t *testing.T) {
	t.Parallel()
	p := newProxy(t, cached(`{"store":{"redis":{"cluster":"missing"}}}`, ""))
	p.tick(0)
	p.tick(time.Second)
	if x := p.exchange(chatAsk(chatBody("m", "")), says("Hello")); x.response.First != "200" {
		t.Errorf("got %s", x.response.First)
	}
	s := newShared(t, onlyRedis, "", 1)
	p = s.proxies[0]
	p.gone = "redis"
	if x := p.exchange(chatAsk(chatBody("m", "")), says("Hello")); x.response.First != "200" || x.waits {
		t.Errorf("got %s, waits: %v", x.response.First, x.waits)
	}
	p.tick(time.Second)
}

// TestGoneWhileWaiting has clients hang up while the store is asked, and others take their
// place.
func TestGoneWhileWaiting(t *testing.T) {
	t.Parallel()
	s := newShared(t, onlyRedis, "", 1)
	p := s.proxies[0]
	s.ask(p, chatAsk(chatBody("m", "")), says("Hello"))
	first := p.stream()
	first.request(chatAsk(chatBody("m", "")))
	first.done()
	second := p.stream()
	second.request(chatAsk(chatBody("other", "")))
	s.serve(p)
	if second.answered || second.upstream == nil {
		t.Error("a request has got what another has asked for")
	}
	second.respond(says("Other"))
	second.done()
	s.serve(p)
	if x := s.ask(p, chatAsk(chatBody("m", "")), says("new")); x.cache() != "hit" {
		t.Errorf("got %q", x.cache())
	}
}

// TestPoisonedStore has somebody else write to the store.
func TestPoisonedStore(t *testing.T) {
	t.Parallel()
	s := newShared(t, both, "", 1)
	p := s.proxies[0]
	s.ask(p, chatAsk(chatBody("m", "")), says("Hello"))
	for _, poison := range []string{"", "poison", strings.Repeat("QUFB", 100)} {
		other := newShared(t, both, "", 1)
		for name := range s.Values {
			other.Values = map[string]string{name: poison}
		}
		if x := other.ask(other.proxies[0], chatAsk(chatBody("m", "")), says("mine")); x.cache() != "miss" || !strings.Contains(string(x.response.Body), "mine") {
			t.Errorf("%q: got %q: %s", poison, x.cache(), x.response.Body)
		}
	}
}

// TestPurgeOfStore purges what is in Redis through the admin endpoint.
func TestPurgeOfStore(t *testing.T) {
	t.Parallel()
	admin := `,"admin":{"keys":[{"sha256":"` + sum("operator") + `"}]}`
	purge := func(body string) cases.Message {
		return post("/postern/cache/purge", body, "authorization", "Bearer operator")
	}
	for _, cache := range []string{onlyRedis, both} {
		s := newShared(t, cache, admin, 1)
		p := s.proxies[0]
		fill := func() { s.ask(p, chatAsk(chatBody("m", "")), says("Hello")) }
		fill()
		x := s.ask(p, purge(`{"model":"m"}`), cases.Message{})
		if x.response.First != "200" || !strings.HasPrefix(string(x.response.Body), `{"purged":`) {
			t.Errorf("got %s %s", x.response.First, x.response.Body)
		}
		if x := s.ask(p, chatAsk(chatBody("m", "")), says("new")); x.cache() != "miss" {
			t.Errorf("got %q after a purge", x.cache())
		}
		if x := s.ask(p, purge(`{"key":"`+strings.Repeat("0", 64)+`","model":"m"}`), cases.Message{}); x.response.First != "400" {
			t.Errorf("a key and more: got %s %s, want 400", x.response.First, x.response.Body)
		}
		y := p.stream()
		y.request(purge(`{"all":true}`))
		p.answer(nil)
		if y.response.First != "502" || !strings.Contains(string(y.response.Body), "store_unavailable") {
			t.Errorf("a store that is away: got %s %s, want 502", y.response.First, y.response.Body)
		}
		z := p.stream()
		z.request(purge(`{"all":true}`))
		z.done()
		p.answer(nil)
	}
}

// TestListsDoNotWait: a list of requests looks only into memory.
func TestListsDoNotWait(t *testing.T) {
	t.Parallel()
	s := newShared(t, both, "", 1)
	p := s.proxies[0]
	list := post("/universal", `[{"provider":"compat","endpoint":"chat/completions","query":`+chatBody("m", "")+`}]`)
	for i, want := range []string{"miss", "hit"} {
		x := p.stream()
		x.request(list)
		if x.waits {
			t.Fatal("the list waits for the store")
		}
		if !x.answered {
			p.details = "via_upstream"
			x.respond(says("Hello"))
		}
		x.done()
		s.serve(p)
		if x.cache() != want {
			t.Errorf("time %d: got %q, want %q", i, x.cache(), want)
		}
	}
}

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestAddressOfWhoWaits keeps limits by address although the proxy does not tell it when the
// store answers.
func TestAddressOfWhoWaits(t *testing.T) {
	t.Parallel()
	s := newShared(t, onlyRedis, `,"limits":[{"key":["ip"],"requests":1,"per":"1d"}]`, 1)
	p := s.proxies[0]
	for i, tt := range []struct{ source, want string }{{"10.0.0.1:40000", "passes"}, {"10.0.0.2:40000", "passes"}, {"10.0.0.1:40001", "429"}} {
		p.source = tt.source
		x := p.stream()
		x.request(chatAsk(chatBody("m", `,"seed":`+strconv.Itoa(i))))
		p.source = ""
		s.serve(p)
		got := x.response.First
		if x.upstream != nil {
			got = "passes"
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.source, got, tt.want)
		}
	}
}
