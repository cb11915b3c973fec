package e2e

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/envoy"
	"github.com/postern-gateway/postern/e2e/mockllm/grammar"
)

// TestTenUpdatesUnderLoad switches a model to and fro by ten updates under 200 requests a
// second, with streams open all the time.
func TestTenUpdatesUnderLoad(t *testing.T) {
	t.Parallel()
	configs := [...]string{liveConfig(`{"name":"gpt-4o","targets":[{"provider":"openai"}]}`), liveConfig(`{"name":"gpt-4o","targets":[{"provider":"openai","model":"gpt-4.1"}]}`)}
	updateUnderLoad(t, startLive(t, configs[0], 1), configs)
}

// The same with requests that the gateway has handed over when its successor comes.
func TestTenUpdatesOfANativeModelUnderLoad(t *testing.T) {
	t.Parallel()
	const model = `{"name":"gpt-4o","mechanism":"native","cluster":"chain","targets":[{"provider":"openai"`
	configs := [...]string{liveConfig(model + `}]}`), liveConfig(model + `,"model":"gpt-4.1"}]}`)}
	updateUnderLoad(t, startListening(t, configs[0], 1, nativeListener), configs)
}

// The same with requests that the proxy begins again when their first target has not done.
// Those under way stay with the filter that they have begun with, where a listener is replaced.
func TestTenUpdatesOfARedirectedModelUnderLoad(t *testing.T) {
	t.Parallel()
	configs := redirectedConfigs()
	l := startListening(t, configs[0], 1, redirectingListener)
	updateUnderLoad(t, l, configs)
	l.wantRedirects()
}

// Where the filter alone is replaced they begin again in its successor.
func TestTenUpdatesOfAFilterThatRequestsBeginAgainIn(t *testing.T) {
	t.Parallel()
	configs := redirectedConfigs()
	l := startDiscovering(t, configs[0], 1, redirectingListener(configs[0]))
	updateUnderLoad(t, l, configs)
	l.wantRedirects()
}

func redirectedConfigs() [2]string {
	const model = `{"name":"gpt-4o","mechanism":"redirect","targets":[{"provider":"small","model":"small","cluster":"small"}],"fallback":[{"provider":"openai","cluster":"openai","on":["context_length"]`
	var configs [2]string
	for i, more := range [...]string{"", `,"model":"gpt-4.1"`} {
		configs[i] = strings.Replace(liveConfig(model+more+`}]}`), `"providers":[`, `"providers":[{"name":"small","type":"openai","cluster":"small","keys":[{"value":"k"}]},`, 1)
	}
	return configs
}

// wantRedirects checks that the proxy has followed nearly as many redirects as there were
// requests.
func (l *live) wantRedirects() {
	l.t.Helper()
	stats := l.stats()
	n, asked := stats["cluster.small.upstream_internal_redirect_succeeded_total"], stats["cluster.small.upstream_rq_total"]
	if n == 0 || n != asked {
		l.t.Errorf("got %d redirects of %d requests, want all", n, asked)
	}
	l.t.Logf("%d redirects", n)
}

func updateUnderLoad(t *testing.T, l *live, configs [2]string) {
	t.Helper()
	const every, updates, streams = 5 * time.Millisecond, 10, 3
	traffic := &load{url: "http://" + l.address + "/v1/chat/completions",
		client: http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	defer traffic.client.CloseIdleConnections()
	stop := make(chan struct{})
	traffic.requests.Go(func() { traffic.run(every, stop) })
	sent := func(n int64) func() bool { return func() bool { return traffic.sent.Load() >= n } }
	eventually(t, "the load is up", sent(100))
	before := l.stats()
	for i := range updates {
		for range streams {
			traffic.requests.Go(traffic.stream)
		}
		config := configs[(i+1)%2]
		l.update(config)
		eventually(t, "the gateway has the new configuration", func() bool { return l.digest() == digestOf(config) })
		if n := l.stats()["http.test.downstream_rq_active"]; n < streams {
			t.Errorf("got %d requests under way at update %d, want the streams", n, i+1)
		}
		eventually(t, "requests go on", sent(traffic.sent.Load()+100))
	}
	close(stop)
	traffic.requests.Wait()
	for _, p := range traffic.problems[:min(len(traffic.problems), 5)] {
		t.Error(p)
	}
	l.wantContinued(before, traffic.sent.Load())
}

// A flapping provider is well and not well in turns.
type flapping struct {
	sick  atomic.Bool
	asked atomic.Int64
}

func (f *flapping) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.asked.Add(1)
	if f.sick.Load() {
		answerWith(500, apiJSON, `{"error":{"message":"broken"}}`)(w, r)
		return
	}
	healthy(w, r)
}

// healthy is a stream that says hello.
func healthy(w http.ResponseWriter, r *http.Request) {
	answerWith(200, "text/event-stream", roleChunk+chunkOf("hello")+
		strings.NewReplacer(`"role":"assistant","content":""`, "", "null", `"stop"`).Replace(roleChunk)+"data: [DONE]\n\n")(w, r)
}

// flaps adds a listener with a provider that flaps, before one that is well.
func (s *suite) flaps(add func(string, envoy.Listener) error) ([]any, error) {
	s.flapping = &flapping{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go http.Serve(l, s.flapping)
	config := `{"hold_headers":"always","providers":[
		{"name":"flapping","type":"openai","cluster":"flapping","keys":[{"value":"k"}]},
		{"name":"openai","type":"openai","cluster":"mock-openai-called","keys":[{"value":"` + mockKey("openai") + `"}]}],
		"models":[{"name":"m","targets":[{"provider":"flapping","model":"x"}],"fallback":[{"provider":"openai","model":"gpt-4o"}],"first_token":"1s"}],
		"state":{"space":"flaps"}}`
	return []any{envoy.Cluster("flapping", l.Addr().String())}, add("flaps", envoy.Listener{Buffer: 4 << 20, Filters: filters(config, false)})
}

// Clients notice nothing of a provider that flaps; as long as it is sick it is hardly asked,
// and once it is well it gets its requests back.
func TestAProviderThatFlaps(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.outlive(t, s.flapping, "flaps", "m")
}

// Within a cluster it is Envoy that leaves it alone.
func TestAProviderOfTheProxysThatFlaps(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.outlive(t, s.sick, "native", "flapping")
}

// outlive asks a model whose first target flaps.
func (s *suite) outlive(t *testing.T, provider *flapping, listener, model string) {
	t.Helper()
	send := func() (step string) {
		t.Helper()
		r, err := http.NewRequestWithContext(context.Background(), "POST", s.url(listener)+"/v1/chat/completions", strings.NewReader(chatFor(model, true)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("content-type", "application/json")
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		body, err := io.ReadAll(a.Body)
		if err == nil {
			err = grammar.OpenAIChat(body)
		}
		if err != nil || a.StatusCode != 200 {
			t.Errorf("got %d, %v: %s, want an answer", a.StatusCode, err, body)
		}
		return a.Header.Get("x-postern-step")
	}
	const times, each = 2, 60
	for i := range times {
		provider.sick.Store(true)
		before := provider.asked.Load()
		for range each {
			send()
		}
		if n := provider.asked.Load() - before; n > each/2 {
			t.Errorf("sick for the %d. time it was asked %d times of %d", i+1, n, each)
		}
		provider.sick.Store(false)
		for range each / 2 {
			send()
		}
	}
	deadline := time.Now().Add(60 * time.Second)
	for send() != "0" {
		if time.Now().After(deadline) {
			t.Fatal("after a minute the provider that is well again has no requests")
		}
		time.Sleep(200 * time.Millisecond)
	}
}
