package cache_test

import (
	"bytes"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/plugin/internal/cache"
	"github.com/postern-gateway/postern/plugin/internal/cache/cachetest"
	"github.com/postern-gateway/postern/plugin/internal/state/statetest"
)

// A world is a worker as a Remote sees it, and a Redis. Callouts wait until they are answered.
type world struct {
	cachetest.Redis
	now    int64
	full   bool // no callout can be made
	calls  []call
	counts map[string]int
	log    []string
}

type call struct {
	*adapters.Callout
	most int
	then func(status int, body []byte)
}

func newWorld(upstash bool) *world {
	return &world{Redis: cachetest.Redis{Upstash: upstash}, now: start, counts: map[string]int{}}
}

func (w *world) Now() int64 { return w.now }

func (w *world) Ask(c *adapters.Callout, most int, then func(status int, body []byte)) bool {
	if w.full {
		return false
	}
	w.calls = append(w.calls, call{c, most, then})
	return true
}

func (w *world) Asked(operation, outcome string, _ int64) { w.counts[operation+" "+outcome]++ }
func (w *world) Warn(line string)                         { w.log = append(w.log, line) }

// take is the oldest callout.
func (w *world) take() call {
	c := w.calls[0]
	w.calls = w.calls[1:]
	return c
}

// answer has Redis answer all that it was asked.
func (w *world) answer() {
	for len(w.calls) > 0 {
		c := w.take()
		c.then(w.Answer(c.Callout))
	}
}

// fail has the oldest question fail.
func (w *world) fail() { w.take().then(0, nil) }

// store is a Remote in the world that has been told that Redis is there.
func (w *world) store(sealed string) *cache.Remote {
	p := cache.Webdis
	if w.Upstash {
		p = cache.Upstash
	}
	r := cache.NewRemote(w, &cache.Redis{Protocol: p, Cluster: "redis", Host: "redis.test", Prefix: "p", Secret: secret.New(sealed), Deadline: 50 * time.Millisecond, Most: 1 << 20})
	r.Tick()
	w.answer()
	return r
}

func query(n int) *cache.Query {
	return &cache.Query{Key: *key(n), Scope: 1, Model: 2, Now: start, Random: uint64(n)}
}

// find looks for an entry, and has Redis answer.
func (w *world) find(s cache.Store, q *cache.Query) (found *cache.Entry) {
	e, at := s.Find(q, func(e *cache.Entry) { found = e })
	if at == cache.Found {
		return &e
	}
	w.answer()
	return found
}

func TestCommands(t *testing.T) {
	t.Parallel()
	hex := strings.Repeat("0", 64)
	for _, tt := range []struct {
		name           string
		upstash        bool
		token          string
		ask            func(r *cache.Remote)
		first, body    string
		authentication string
	}{
		{"webdis looks", false, "", func(r *cache.Remote) { r.Find(&cache.Query{Scope: 0x1f, Model: 2}, func(*cache.Entry) {}) }, "POST /",
			"MGET/p:e1:" + hex + "/p:void:0:0/p:void:1f:0/p:void:0:2/p:void:1f:2", ""},
		{"upstash looks", true, "t0", func(r *cache.Remote) { r.Find(&cache.Query{Scope: 0x1f, Model: 2}, func(*cache.Entry) {}) }, "POST /",
			`["MGET","p:e1:` + hex + `","p:void:0:0","p:void:1f:0","p:void:0:2","p:void:1f:2"]`, "Bearer t0"},
		{"webdis keeps", false, "u:p", func(r *cache.Remote) {
			r.Keep(&cache.Query{Now: start}, &cache.Entry{Stored: start, Expires: start + second + 1, Value: []byte{0}})
		}, "PUT /SETEX/p:e1:" + hex + "/2", "", "Basic dTpw"},
		{"upstash keeps", true, "", func(r *cache.Remote) {
			r.Keep(&cache.Query{Now: start}, &cache.Entry{Stored: start, Expires: start + second, Value: []byte{0}})
		}, "POST /", "", ""},
		{"webdis forgets one", false, "", func(r *cache.Remote) { r.Remove(&cache.Filter{Key: &cache.Key{}}, nil) }, "POST /", "", ""},
		{"upstash forgets one", true, "", func(r *cache.Remote) { r.Remove(&cache.Filter{Key: &cache.Key{}}, nil) }, "POST /",
			`["EVAL","local n=redis.call('DEL',KEYS[1]) redis.call('SET',KEYS[2],string.sub(ARGV[3]..(redis.call('GET',KEYS[2]) or ''),1,tonumber(ARGV[4])),'EX',ARGV[2]) return n","2","p:e1:` + hex +
				`","p:purges","1700000000001","65000000","0000018bcfe568000000018bcfe56801000000000000000000000000000000000000000000000001","5120"]`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(tt.upstash)
			p := cache.Webdis
			if tt.upstash {
				p = cache.Upstash
			}
			r := cache.NewRemote(w, &cache.Redis{Protocol: p, Cluster: "redis", Host: "redis.test", Prefix: "p", Token: secret.New(tt.token), Deadline: time.Second, Most: 1 << 10})
			r.Tick()
			w.answer()
			tt.ask(r)
			c := w.take()
			if got := c.Method + " " + c.Path; got != tt.first {
				t.Errorf("got %s, want %s", got, tt.first)
			}
			if tt.body != "" && string(c.Body) != tt.body {
				t.Errorf("got %s, want %s", c.Body, tt.body)
			}
			if c.Cluster != "redis" || c.Host != "redis.test" {
				t.Errorf("got cluster %s and host %s", c.Cluster, c.Host)
			}
			got := ""
			for _, h := range c.Headers {
				if h.Name == "authorization" {
					got = h.Value
				}
			}
			if got != tt.authentication {
				t.Errorf("got authorization %q, want %q", got, tt.authentication)
			}
		})
	}
}

func TestRemote(t *testing.T) {
	t.Parallel()
	for _, upstash := range []bool{false, true} {
		w := newWorld(upstash)
		one, other := w.store("s"), w.store("s")
		if w.find(one, query(1)) != nil {
			t.Error("an empty Redis has an entry")
		}
		for _, size := range []int{1, 100, 100_000} {
			value := bytes.Repeat([]byte{byte(size), 0xff, 0, '"', '/', '\n'}, size)[:size]
			if why := one.Keep(query(size), entry(value)); why != "" {
				t.Fatalf("%d bytes are not kept: %s", size, why)
			}
			w.answer()
			e := w.find(other, query(size))
			if e == nil || !bytes.Equal(e.Value, value) || e.Stored != start || e.Expires != start+60*second || e.Scope != 1 || e.Model != 2 {
				t.Errorf("%d bytes: another worker got %+v", size, e)
			}
		}
		if got := slices.Collect(maps.Values(w.Seconds)); !slices.Equal(got, []string{"60", "60", "60"}) {
			t.Errorf("got seconds %q, want 60 each", got)
		}
		if why := one.Keep(query(1), entry(make([]byte, 1<<20+1))); why != "room" {
			t.Errorf("too large a value: got %q, want room", why)
		}
		q := query(100)
		q.Local = true
		if _, f := one.Find(q, nil); f != cache.Absent || len(w.calls) > 0 {
			t.Error("somebody is asked although nobody is to be")
		}
		w.now += 60 * second
		if w.find(other, query(100)) != nil {
			t.Error("an entry is found when it is over")
		}
	}
}

// TestWhatIsNotBelieved has all kinds of values in an entry's place.
func TestWhatIsNotBelieved(t *testing.T) {
	t.Parallel()
	w := newWorld(false)
	r := w.store("the secret")
	r.Keep(query(1), entry([]byte("Hello")))
	r.Keep(query(2), entry([]byte("Other")))
	w.answer()
	name := func(n int) string {
		r.Find(query(n), func(*cache.Entry) {})
		w.answer()
		return w.Words[len(w.Words)-1][1]
	}
	here := name(1)
	good, other := w.Values[here], w.Values[name(2)]
	found := func(text string) bool {
		w.Values[here] = text
		return w.find(r, query(1)) != nil
	}
	if !found(good) {
		t.Fatal("the entry is not found")
	}
	bad := []string{"", "Hello", other, good + "A", good + "AAAA", strings.Repeat("A", 1000), "null", `{"a":1}`, good[:len(good)-1] + "=", " " + good}
	raw, err := base64.RawURLEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		changed := bytes.Clone(raw)
		changed[i] ^= 1
		bad = append(bad, base64.RawURLEncoding.EncodeToString(changed), base64.RawURLEncoding.EncodeToString(raw[:i]))
	}
	for _, text := range bad {
		if found(text) {
			t.Errorf("%q is believed", text)
		}
	}
	if w.counts["find void"] != len(bad) {
		t.Errorf("got %d void, want %d", w.counts["find void"], len(bad))
	}
	w.Values[here] = good
	if w.find(w.store("another secret"), query(1)) != nil || w.find(w.store(""), query(1)) != nil {
		t.Error("who has another secret believes the entry")
	}
}

// FuzzReply has anything come in the place of an answer.
func FuzzReply(f *testing.F) {
	w := newWorld(false)
	r := w.store("s")
	r.Keep(query(1), entry([]byte("Hello")))
	w.answer()
	r.Find(query(1), nil)
	_, genuine := w.Answer(w.take().Callout)
	for _, body := range []string{string(genuine), ``, `{`, `[]`, `{"MGET":[]}`, `{"MGET":[true,"OK"]}`, `{"MGET":[false,"ERR"]}`, `{"MGET":{}}`, `{"MGET":[null,1]}`, `{"result":["a"]}`, `{"error":"no"}`, `{"MGET":["AQ"]}`} {
		f.Add(200, []byte(body))
	}
	f.Add(503, genuine)
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		for _, upstash := range []bool{false, true} {
			w := newWorld(upstash)
			r := w.store("s")
			var got *cache.Entry
			r.Find(query(1), func(e *cache.Entry) { got = e })
			w.take().then(status, body)
			if got != nil && string(got.Value) != "Hello" { // nobody but who has the secret can write another
				t.Errorf("%d %q is believed to be %q", status, body, got.Value)
			}
		}
	})
}

// purges are of four entries, of two scopes and two models, stored ten seconds one after the other.
var purges = []struct {
	name   string
	filter cache.Filter
	want   [4]bool // is still found
}{
	{"everything", cache.Filter{}, [4]bool{}},
	{"one", cache.Filter{Key: key(1)}, [4]bool{true, false, true, true}},
	{"a scope", cache.Filter{Scope: 1}, [4]bool{false, false, true, true}},
	{"a model", cache.Filter{Model: 2}, [4]bool{false, true, false, true}},
	{"a scope's model", cache.Filter{Scope: 1, Model: 2}, [4]bool{false, true, true, true}},
	{"what is old", cache.Filter{Before: start + 15*second}, [4]bool{false, false, true, true}},
	{"what is old of a scope", cache.Filter{Scope: 3, Before: start + 25*second}, [4]bool{true, true, false, true}},
	{"nobody's", cache.Filter{Scope: 9}, [4]bool{true, true, true, true}},
}

func TestRemovedFromRedis(t *testing.T) {
	t.Parallel()
	for _, upstash := range []bool{false, true} {
		for _, tt := range purges {
			w := newWorld(upstash)
			r := w.store("")
			q := func(i int) *cache.Query {
				return &cache.Query{Key: *key(i), Scope: cache.Tag(1 + i/2*2), Model: cache.Tag(2 + i%2*2), Now: w.now}
			}
			for i := range 4 {
				w.now = start + int64(i)*10*second
				r.Keep(q(i), &cache.Entry{Stored: w.now, Expires: w.now + 3600*second, Value: []byte{1}})
			}
			w.now += second
			heard := false
			r.Remove(&tt.filter, func(_ int, ok bool) { heard = ok })
			w.answer()
			if !heard {
				t.Errorf("%s: Redis has not heard of it", tt.name)
			}
			for range 2 {
				for i, want := range tt.want {
					if got := w.find(r, q(i)) != nil; got != want {
						t.Errorf("%s: entry %d is found: %v, want %v", tt.name, i, got, want)
					}
				}
				r.Remove(&cache.Filter{Scope: tt.filter.Scope, Model: tt.filter.Model, Before: start - second}, func(int, bool) {}) // takes nothing back
				w.answer()
			}
			w.now += second
			r.Keep(q(0), &cache.Entry{Stored: w.now, Expires: w.now + second, Value: []byte{1}})
			w.answer()
			if w.find(r, q(0)) == nil {
				t.Errorf("%s: what was stored afterwards is not found", tt.name)
			}
		}
	}
}

func TestBreaker(t *testing.T) {
	t.Parallel()
	w := newWorld(false)
	r := cache.NewRemote(w, &cache.Redis{Cluster: "redis", Prefix: "p", Deadline: 50 * time.Millisecond, Most: 1 << 10})
	asks := func() bool { _, f := r.Find(query(1), func(*cache.Entry) {}); return f == cache.Asked }
	if asks() || r.Keep(query(1), entry([]byte("x"))) != "away" {
		t.Fatal("somebody is asked who has not been there yet")
	}
	r.Tick()
	r.Tick()
	if len(w.calls) != 1 {
		t.Fatalf("got %d probes, want 1", len(w.calls))
	}
	w.fail()
	for range 3 {
		r.Tick()
	}
	if len(w.calls) > 0 || asks() || len(w.log) != 1 {
		t.Fatalf("after a probe that failed: got %d further ones and log %q, want none and a line", len(w.calls), w.log)
	}
	w.now += second
	r.Tick()
	w.answer()
	for range 4 {
		asks()
		w.fail()
	}
	for range 12 {
		if !asks() {
			t.Fatal("four failures have opened the breaker")
		}
		w.answer()
	}
	for range 3 { // with those four these would be too many, but they are forgotten
		asks()
		w.fail()
	}
	if !asks() {
		t.Fatal("what is long ago has opened the breaker")
	}
	w.fail()
	asks()
	w.fail()
	if asks() || r.Keep(query(1), entry([]byte("x"))) != "away" {
		t.Fatal("five failures of sixteen have not opened the breaker")
	}
	waits := []time.Duration{}
	began := w.now
	for range 8 {
		for len(w.calls) == 0 {
			w.now += int64(100 * time.Millisecond)
			r.Tick()
			if asks() {
				t.Fatal("a request waits for somebody who does not answer")
			}
		}
		waits = append(waits, time.Duration(w.now-began).Round(time.Second))
		began = w.now
		w.fail()
	}
	want := []time.Duration{1, 2, 4, 8, 16, 30, 30, 30}
	for i := range want {
		if waits[i] != want[i]*time.Second {
			t.Fatalf("got probes after %v, want %v s", waits, want)
		}
	}
	w.now += 30 * second
	r.Tick()
	w.answer()
	if !asks() {
		t.Error("who answers again is not asked again")
	}
	for _, line := range w.log {
		if strings.Contains(line, "p:e1") {
			t.Errorf("the log has names: %q", line)
		}
	}
}

// TestRefusals has Redis be there, and say no.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status int
		body   string
		keep   bool // the question is whether it keeps something
		open   bool // it is not asked any more
	}{
		{"it is forbidden to look", 403, "", false, true},
		{"it is forbidden to store", 403, "", true, false},
		{"Redis is full", 200, `{"SETEX":[false,"OOM command not allowed when used memory > 'maxmemory'."]}`, true, false},
		{"Redis wants a password", 200, `{"MGET":[false,"NOAUTH Authentication required."]}`, false, true},
		{"Redis is down", 503, "", true, true},
		{"a web page", 200, "<html>", false, true},
		{"nothing is there", 200, `{"MGET":[null,null,null,null,null]}`, false, false},
	} {
		w := newWorld(false)
		r := w.store("")
		for range 16 {
			if tt.keep {
				r.Keep(query(1), entry([]byte("x")))
			} else {
				r.Find(query(1), func(*cache.Entry) {})
			}
			if len(w.calls) > 0 {
				w.take().then(tt.status, []byte(tt.body))
			}
		}
		if _, f := r.Find(query(1), func(*cache.Entry) {}); (f != cache.Asked) != tt.open {
			t.Errorf("%s: it is not asked any more: %v, want %v", tt.name, f != cache.Asked, tt.open)
		}
	}
}

// TestManyQuestions bounds what is under way.
func TestManyQuestions(t *testing.T) {
	t.Parallel()
	w := newWorld(false)
	r := w.store("")
	asked := 0
	for range 1000 {
		if _, f := r.Find(query(1), func(*cache.Entry) {}); f == cache.Asked {
			asked++
		}
	}
	kept := 0
	for range 1000 {
		if r.Keep(query(1), entry([]byte("x"))) == "" {
			kept++
		}
	}
	if asked != 128 || kept != 32 || w.counts["find busy"] != 872 || w.counts["keep busy"] != 968 {
		t.Errorf("got %d and %d under way, counted %v, want 128 and 32", asked, kept, w.counts)
	}
	w.answer()
	if _, f := r.Find(query(1), func(*cache.Entry) {}); f != cache.Asked {
		t.Error("nothing is asked although nothing is under way")
	}
	w.full = true
	if _, f := r.Find(query(1), nil); f != cache.Absent {
		t.Error("a request waits for a question that was not asked")
	}
	told := false
	r.Remove(&cache.Filter{}, func(_ int, heard bool) { told = !heard })
	if !told {
		t.Error("nobody is told that nothing was removed")
	}
}

func TestTiers(t *testing.T) {
	t.Parallel()
	w := newWorld(false)
	tiers := func() *cache.Tiers {
		return &cache.Tiers{Memory: cache.NewMemory(&statetest.Host{}, "s", 1<<20), Remote: w.store("")}
	}
	one, other := tiers(), tiers()
	if why := one.Keep(query(1), entry([]byte("Hello"))); why != "" {
		t.Fatalf("nothing is kept: %s", why)
	}
	w.answer()
	before := len(w.Words)
	if e := w.find(one, query(1)); e == nil || string(e.Value) != "Hello" || len(w.Words) != before {
		t.Errorf("got %+v with %d questions, want what is in memory", e, len(w.Words)-before)
	}
	for i, questions := range []int{1, 0} {
		before := len(w.Words)
		if e := w.find(other, query(1)); e == nil || string(e.Value) != "Hello" || e.Stored != start || e.Expires != start+60*second || len(w.Words)-before != questions {
			t.Errorf("time %d: got %+v with %d questions, want %d", i, e, len(w.Words)-before, questions)
		}
	}
	old := *entry([]byte("Hello"))
	old.Stale = 50 * second
	one.Keep(query(3), &old)
	w.answer()
	later := query(3)
	later.Now = start + 20*second
	w.now = later.Now
	newer := old
	newer.Stored, newer.Expires, newer.Value = start+15*second, start+75*second, []byte("newer")
	other.Keep(later, &newer)
	w.answer()
	for i, questions := range []int{1, 0} { // at first what is in memory is stale
		before := len(w.Words)
		if e := w.find(one, later); e == nil || string(e.Value) != "newer" || e.Stale != 50*second || len(w.Words)-before != questions {
			t.Errorf("time %d, of what is stale: got %+v with %d questions, want what is newer", i, e, len(w.Words)-before)
		}
	}
	w.Values = nil
	later.Now = start + 30*second
	if e := w.find(one, later); e == nil || string(e.Value) != "newer" {
		t.Errorf("what is stale and nowhere else: got %+v", e)
	}
	removed, heard := 0, false
	one.Remove(&cache.Filter{Scope: 1}, func(n int, ok bool) { removed, heard = n, ok })
	w.now += second
	w.answer()
	if removed != 2 || !heard {
		t.Errorf("got %d removed, %v, want 2", removed, heard)
	}
	if w.find(one, query(1)) != nil {
		t.Error("what was removed is found")
	}
	if why := one.Keep(query(2), entry(make([]byte, 2<<20))); why != "room" {
		t.Errorf("what nobody has room for: got %q", why)
	}
}
