package gateway_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
	"github.com/postern-gateway/postern/plugin/internal/state/statetest"
)

// numbered is a chat that no other number asks.
func numbered(n int, head ...string) cases.Message {
	return chatAsk(chatBody("m", fmt.Sprint(`,"seed":`, n)), head...)
}

// breaksOff is an answer that is not kept.
func breaksOff() cases.Message { return saysBut(`"stop"`, `"length"`) }

// saysBut is an answer with something else in the place of what it has.
func saysBut(what, with string) cases.Message {
	m := says("Hello")
	m.Body = []byte(strings.Replace(string(m.Body), what, with, 1))
	return m
}

// lateConfig is a configuration whose cache an operator may purge.
func lateConfig(cache string) string {
	return cached(cache, `,"admin":{"keys":[{"sha256":"`+sum("admin-key")+`"}]}`)
}

// TestPutOff follows the second of two answers in quick succession, which is stored later.
func TestPutOff(t *testing.T) {
	t.Parallel()
	purge := func(p *proxy, filter string) {
		t.Helper()
		if status, answer := p.administer("POST /postern/cache/purge", filter); status != "200" {
			t.Fatalf("a purge got %s: %s", status, answer)
		}
	}
	for _, tt := range []struct {
		name     string
		cache    string
		between  func(one, two *proxy)
		one, two string // what they say of it then
	}{
		{"nothing between", `{}`, func(_, _ *proxy) {}, "hit", "miss"},
		{"a glance", `{}`, func(one, _ *proxy) { one.tick(gateway.GlanceEvery) }, "hit", "hit"},
		{"the end of the worker", `{}`, func(one, _ *proxy) { one.worker.End() }, "hit", "hit"},
		{"a purge here", `{}`, func(one, _ *proxy) { purge(one, `{"all":true}`) }, "miss", "miss"},
		{"a purge there", `{}`, func(_, two *proxy) { purge(two, `{"all":true}`) }, "miss", "miss"},
		{"a purge of something else here", `{}`, func(one, _ *proxy) { purge(one, `{"model":"other"}`) }, "hit", "hit"},
		{"a purge there, and a glance", `{}`, func(one, two *proxy) { purge(two, `{"model":"m"}`); one.tick(gateway.GlanceEvery) }, "miss", "miss"},
		{"two purges there", `{}`, func(_, two *proxy) { purge(two, `{"all":true}`); purge(two, `{"model":"other"}`) }, "miss", "miss"},
		{"14 more", `{}`, func(one, _ *proxy) { one.askMore(14) }, "hit", "miss"},
		{"15 more", `{}`, func(one, _ *proxy) { one.askMore(15) }, "hit", "hit"},
		{"questions that are alike", `{"similar":{}}`, func(_, _ *proxy) {}, "hit", "hit"},
	} {
		h := &statetest.Host{}
		one, two := newWorker(t, lateConfig(tt.cache), h), newWorker(t, lateConfig(tt.cache), h)
		one.exchange(numbered(0), says("alone"))
		one.exchange(numbered(1), says("soon after"))
		tt.between(one, two)
		if x := two.exchange(numbered(1), breaksOff()); x.cache() != tt.two {
			t.Errorf("%s: another worker has a %s, want a %s", tt.name, x.cache(), tt.two)
		}
		if x := one.exchange(numbered(1), breaksOff()); x.cache() != tt.one || tt.one == "hit" && !strings.Contains(string(x.response.Body), "soon after") {
			t.Errorf("%s: got a %s, want a %s: %s", tt.name, x.cache(), tt.one, x.response.Body)
		}
	}
}

// A meddledHost has something done before its worker's nth store from now on.
type meddledHost struct {
	*proxy
	after int
	do    func()
}

func (h *meddledHost) Store(key string, value []byte, version uint32) error {
	if h.after--; h.after == 0 {
		h.do()
	}
	return h.proxy.Store(key, value, version)
}

// TestPurgeWhileStoring has a purge come before each store of a worker that stores what it has put off.
func TestPurgeWhileStoring(t *testing.T) {
	t.Parallel()
	for after := range 14 {
		h := &statetest.Host{}
		one, two := newWorker(t, lateConfig(`{}`), h), newWorker(t, lateConfig(`{}`), h)
		meddled := &meddledHost{proxy: one}
		one.worker = gateway.NewWorker(readPlan(t, lateConfig(`{}`)), meddled, gateway.Build{})
		one.exchange(numbered(0), says("alone"))
		one.askMore(5)
		purged := false
		meddled.after, meddled.do = after+1, func() {
			purged = true
			two.administer("POST /postern/cache/purge", `{"all":true}`)
		}
		one.tick(gateway.GlanceEvery)
		if !purged && after < 10 { // an index and a value each
			t.Errorf("nothing was purged before store %d", after)
		}
		for i := range 5 {
			if got := two.exchange(numbered(100+i), breaksOff()).cache(); (got == "miss") != purged {
				t.Errorf("answer %d, after a purge before store %d: got a %s", i, after, got)
			}
		}
	}
}

func (p *proxy) askMore(n int) {
	for i := range n {
		p.exchange(numbered(100+i), says("one of many"))
	}
}

// TestPutOffIsFoundAtOnce has the worker asked again for what it has not stored yet.
func TestPutOffIsFoundAtOnce(t *testing.T) {
	t.Parallel()
	p := newProxy(t, lateConfig(`{}`))
	for i := range 40 {
		p.exchange(numbered(i), says(fmt.Sprint("answer ", i)))
		for range 3 {
			if x := p.exchange(numbered(i), says("another")); x.cache() != "hit" || !strings.Contains(string(x.response.Body), fmt.Sprint("answer ", i, `"`)) {
				t.Fatalf("request %d: got a %s: %s", i, x.cache(), x.response.Body)
			}
		}
	}
	// An answer that comes late replaces what others were given byte by byte.
	x := p.stream()
	x.request(numbered(60))
	p.exchange(numbered(60), says("an earlier one"))
	for range 3 {
		p.exchange(numbered(60), breaksOff())
	}
	x.respond(says("a later one"))
	x.done()
	if x := p.exchange(numbered(60), breaksOff()); x.cache() != "hit" || !strings.Contains(string(x.response.Body), "a later one") {
		t.Errorf("what came later: got a %s: %s", x.cache(), x.response.Body)
	}
	// Who wants a new answer replaces one that is remembered, byte by byte, and that new one is given.
	p.exchange(numbered(7, "cache-control", "no-cache"), says("a new answer"))
	if x := p.exchange(numbered(7), says("another")); x.cache() != "hit" || !strings.Contains(string(x.response.Body), "a new answer") {
		t.Errorf("what was replaced: got a %s: %s", x.cache(), x.response.Body)
	}
	if status, answer := p.administer("POST /postern/cache/purge", `{"all":true}`); status != "200" || !strings.Contains(answer, `"purged":41`) {
		t.Errorf("a purge got %s: %s, want 41 to be purged", status, answer)
	}
	p.exchange(numbered(50), says("not put off"))
	p.tick(gateway.TickEvery)
	if got := p.counts["postern.cache;outcome=stored"]; got != 44 {
		t.Errorf("got %d that were stored, want 44", got)
	}
}

// TestPutOffSaysWhy checks that what is not kept is told as if nothing were put off: by answers that are
// not worth it, too large or find no room.
func TestPutOffSaysWhy(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Hello ", 900)
	for _, tt := range []struct {
		name, cache string
		answer      cases.Message
		want        string
		twoHit      bool // another worker has it at once
	}{
		{"kept, and put off", `{}`, says("Hello"), "", false},
		{"large, and kept at once", `{}`, says(long), "", true},
		{"truncated", `{}`, breaksOff(), `"cache_reason":"truncated"`, false},
		{"nothing", `{}`, says(""), `"cache_reason":"empty"`, false},
		{"too large", `{"max_answer":"1KiB"}`, says(long), `"cache_reason":"size"`, false},
		{"an error", `{}`, saysBut(`"id"`, `"error":{"message":"no"},"id"`), `"cache_reason":"error"`, false},
		{"without usage", `{}`, saysBut(`"usage"`, `"used"`), "", false},
		{"no JSON", `{}`, saysBut(`"usage"`, `usage`), `"cache_reason":"unread"`, false},
	} {
		h := &statetest.Host{}
		one, two := newWorker(t, lateConfig(tt.cache), h), newWorker(t, lateConfig(tt.cache), h)
		one.exchange(numbered(0), says("Hi"))
		x := one.exchange(numbered(1), tt.answer)
		if got := string(x.record); !strings.Contains(got, tt.want) || tt.want == "" && strings.Contains(got, "cache_reason") {
			t.Errorf("%s: the log has %s, want %s", tt.name, got, tt.want)
		}
		if hit := two.exchange(numbered(1), breaksOff()).cache() == "hit"; hit != tt.twoHit {
			t.Errorf("%s: another worker has it at once: %v, want %v", tt.name, hit, tt.twoHit)
		}
		one.tick(gateway.TickEvery)
		if got := two.exchange(numbered(1), breaksOff()).cache(); (got == "hit") != (tt.want == "") {
			t.Errorf("%s: afterwards got a %s", tt.name, got)
		}
	}
}

// TestPutOffHoldsLittle has many answers come at once where few can be kept: as many are kept, and
// counted, as if each were stored when it comes.
func TestPutOffHoldsLittle(t *testing.T) {
	t.Parallel()
	counts := func(pause time.Duration) (stored, evicted, room uint64) {
		p := newProxy(t, lateConfig(`{"store":{"memory":{"max_bytes":"1MiB"}}}`))
		said := uint64(0)
		for i := range 2000 {
			if x := p.exchange(numbered(i), says(fmt.Sprint("answer ", i))); strings.Contains(string(x.record), `"cache_reason":"room"`) {
				said++
			}
			if i < 1000 { // those are worth more than new ones
				p.exchange(numbered(i), breaksOff())
			}
			if pause > 0 {
				p.tick(pause)
			}
		}
		p.tick(gateway.TickEvery)
		room = p.counts["postern.cache_not_kept;outcome=room"]
		if said > room || said+8 < room {
			t.Errorf("with pauses of %v %d answers found no room, of which the log tells of %d", pause, room, said)
		}
		return p.counts["postern.cache;outcome=stored"], p.counts["postern.cache;outcome=evicted"], room
	}
	stored, evicted, room := counts(2 * gateway.GlanceEvery)
	late, lateEvicted, lateRoom := counts(0)
	if stored+room != 2000 || late+lateRoom != 2000 {
		t.Errorf("%d and %d were stored, %d and %d found no room: want 2000 in all", stored, late, room, lateRoom)
	}
	if stored-evicted != late-lateEvicted || stored == 2000 && evicted == 0 {
		t.Errorf("%d are kept of %d that are stored one by one, %d of %d together", stored-evicted, stored, late-lateEvicted, late)
	}
}
