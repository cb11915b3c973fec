package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/envoy"
)

// Limits of four workers, each with VMs of its own, under many clients at once. Each list of
// limits is a listener with a state of its own, so that it can be filled again.
const (
	limitRuns = 10
	moreRuns  = 2
)

// limited is a proxy with four workers, and a listener for each list of limits.
type limited struct {
	addresses []string
	client    *http.Client
	asked     atomic.Int64 // requests that the provider got
}

func newLimited(t *testing.T, answer string, limits ...string) *limited {
	t.Helper()
	l := &limited{client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}}
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.asked.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		time.Sleep(time.Millisecond)
		w.Header().Set("content-type", "application/json")
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(provider.Close)
	var listeners []any
	for i, rule := range limits {
		address, err := envoy.FreeAddress()
		if err != nil {
			t.Fatal(err)
		}
		config := `{"hold_headers":"always","state":{"space":"run-` + fmt.Sprint(i) + `"},"providers":[{"name":"openai","type":"openai","cluster":"provider","keys":[{"value":"k"}]}],"limits":[` + rule + `]}`
		l.addresses = append(l.addresses, address)
		listeners = append(listeners, envoy.Listener{Address: address, Filters: filters(config, false)}.Build())
	}
	p, err := envoy.Start(envoy.Options{Binary: envoyPath(), Dir: t.TempDir(), Concurrency: 4, Bootstrap: map[string]any{
		"static_resources": map[string]any{"listeners": listeners, "clusters": []any{envoy.Cluster("provider", strings.TrimPrefix(provider.URL, "http://"))}}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return l
}

// ask sends one request and says how it was answered.
func (l *limited) ask(address string) (int, error) {
	r, err := l.client.Post("http://"+address+"/v1/chat/completions", "application/json",
		bytes.NewReader([]byte(`{"model":"gpt-4o","max_tokens":50,"messages":[{"role":"user","content":"Hi"}]}`)))
	if err != nil {
		return 0, err
	}
	defer r.Body.Close()
	_, err = io.Copy(io.Discard, r.Body)
	return r.StatusCode, err
}

// flood has many clients send requests, and says how many were answered with each status.
func (l *limited) flood(t *testing.T, address string, clients, requests int) map[int]int {
	t.Helper()
	var mu sync.Mutex
	got := map[int]int{}
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for range requests {
				status, err := l.ask(address)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				got[status]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return got
}

// Of more than 1,024 workers take some for requests to come, and give back what they do not need.
func TestExactlySoManyRequestsPass(t *testing.T) {
	limit := func(n int) string { return fmt.Sprintf(`{"key":[],"requests":%d,"per":"1d"}`, n) }
	limits := append(slices.Repeat([]string{limit(1000)}, limitRuns), slices.Repeat([]string{limit(4000)}, moreRuns)...)
	l := newLimited(t, `{"usage":{"prompt_tokens":8,"completion_tokens":1}}`, limits...)
	for i, address := range l.addresses {
		each, want := 8, 1000
		if i >= limitRuns {
			each, want = 25, 4000
		}
		before := l.asked.Load()
		got := l.flood(t, address, 200, each)
		if got[200] != want || got[429] != 200*each-want || int(l.asked.Load()-before) != want {
			t.Errorf("run %d: got %v, the provider %d; want %d that pass", i+1, got, l.asked.Load()-before, want)
		}
	}
}
