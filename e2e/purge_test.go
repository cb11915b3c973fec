package e2e

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/postern-gateway/postern/e2e/envoy"
)

// TestPurgeIsSeenByAllWorkers has workers give one answer again and again, which each then knows by itself, and
// one of them purge it: no other gives it after that.
func TestPurgeIsSeenByAllWorkers(t *testing.T) {
	var asked atomic.Int64
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("content-type", "application/json")
		fmt.Fprintf(w, `{"id":"c","object":"chat.completion","created":1,"model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant","content":"answer %d."},"finish_reason":"stop"}],"usage":{"prompt_tokens":8,"completion_tokens":2,"total_tokens":10}}`, asked.Add(1))
	}))
	t.Cleanup(provider.Close)
	address, err := envoy.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf(`{"hold_headers":"always","admin":{"keys":[{"sha256":"%x"}]},"cache":{},"providers":[{"name":"openai","type":"openai","cluster":"provider","keys":[{"value":"k"}]}]}`, sha256.Sum256([]byte("admin")))
	p, err := envoy.Start(envoy.Options{Binary: envoyPath(), Dir: t.TempDir(), Concurrency: 4, Bootstrap: map[string]any{"static_resources": map[string]any{
		"listeners": []any{envoy.Listener{Address: address, Filters: filters(config, false)}.Build()},
		"clusters":  []any{envoy.Cluster("provider", strings.TrimPrefix(provider.URL, "http://"))}}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)

	const connections, rounds, repeats = 12, 15, 40
	var clients []*client // each is one worker's
	for range connections {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		clients = append(clients, &client{c, bufio.NewReader(c)})
	}
	repeated := 0
	for round := range rounds {
		for range repeats {
			for _, c := range clients {
				if _, status := c.ask(t, "/v1/chat/completions", "client", `{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}]}`); status == "hit" {
					repeated++
				}
			}
		}
		old := fmt.Sprintf("answer %d.", asked.Load())
		clients[round%connections].ask(t, "/postern/cache/purge", "admin", `{"all":true}`)
		for i, c := range clients {
			if body, _ := c.ask(t, "/v1/chat/completions", "client", `{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}]}`); strings.Contains(body, old) {
				t.Errorf("round %d: connection %d still gets %q after the purge", round, i, old)
			}
		}
	}
	if want := rounds * connections * repeats * 9 / 10; repeated < want {
		t.Errorf("%d answers are from the cache, want at least %d", repeated, want)
	}
}

// A client is one connection.
type client struct {
	net.Conn
	answers *bufio.Reader
}

// ask says what is answered, and where the cache says that it is from.
func (c *client) ask(t *testing.T, path, key, body string) (answer, status string) {
	t.Helper()
	r, err := http.NewRequest("POST", "http://gateway.test"+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("content-type", "application/json")
	r.Header.Set("authorization", "Bearer "+key)
	if err := r.Write(c); err != nil {
		t.Fatal(err)
	}
	got, err := http.ReadResponse(c.answers, r)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(got.Body)
	if err != nil || got.StatusCode != 200 {
		t.Fatalf("%s: %d, %v: %s", path, got.StatusCode, err, b)
	}
	return string(b), got.Header.Get("x-postern-cache")
}
