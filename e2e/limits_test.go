package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/envoy"
)

// Limits of four workers, each with VMs of its own, under many clients at once. Each list of
// limits is a listener with a state of its own, so that it can be filled again.
const limitRuns = 10

// limited is a proxy with four workers whose listeners have the same limits.
type limited struct {
	addresses []string
	client    *http.Client
	asked     atomic.Int64 // requests that the provider got
}

func newLimited(t *testing.T, answer string, limits string) *limited {
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
	var ports envoy.Ports
	var listeners []any
	for i := range limitRuns {
		address, err := ports.Next()
		if err != nil {
			t.Fatal(err)
		}
		config := `{"hold_headers":"always","state":{"space":"run-` + fmt.Sprint(i) + `"},"providers":[{"name":"openai","type":"openai","cluster":"provider","keys":[{"value":"k"}]}],` + limits + `}`
		l.addresses = append(l.addresses, address)
		listeners = append(listeners, envoy.Listener{Address: address, Filters: filters(config, false)}.Build())
	}
	ports.Release()
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

func TestExactlySoManyRequestsPass(t *testing.T) {
	l := newLimited(t, `{"usage":{"prompt_tokens":8,"completion_tokens":1}}`, `"limits":[{"key":[],"requests":1000,"per":"1d"}]`)
	for i, address := range l.addresses {
		before := l.asked.Load()
		got := l.flood(t, address, 200, 8)
		if got[200] != 1000 || got[429] != 600 || l.asked.Load()-before != 1000 {
			t.Errorf("run %d: got %v, the provider %d; want 1000 that pass", i+1, got, l.asked.Load()-before)
		}
	}
}
