package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/envoy"
	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/grammar"
)

// badConfig is wrong in three places; none of them is the key.
const (
	badConfigSecret = "sk-secret-of-a-bad-configuration"
	badConfig       = `{"providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"value":"` + badConfigSecret + `","weight":0}],"tiemout":1}],
		"models":[{"name":"m","targets":[{"provider":"opnai"}]}]}`
)

// wantRefusal checks that a log names all that is wrong with badConfig, and no secret.
func wantRefusal(t *testing.T, log string) {
	t.Helper()
	for _, want := range []string{
		"providers[0].keys[0].weight: want 1 to",
		"providers[0].tiemout: unknown key",
		`models[0].targets[0].provider: no provider is called "opnai"`,
		`did you mean "openai"`,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q", want)
		}
	}
	if strings.Contains(log, badConfigSecret) {
		t.Error("the log has the key")
	}
}

func TestBadConfigurationStopsTheStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	address, err := envoy.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	l := envoy.Listener{Address: address, Filters: filters(badConfig, false)}
	p, err := envoy.Start(envoy.Options{Binary: envoyPath(), Dir: dir, Bootstrap: map[string]any{
		"static_resources": map[string]any{"listeners": []any{l.Build()}}}})
	if err == nil {
		p.Stop()
		t.Fatal("Envoy has started with a bad configuration")
	}
	log, readErr := os.ReadFile(filepath.Join(dir, "envoy.log"))
	if readErr != nil {
		t.Fatalf("%v; %v", err, readErr)
	}
	wantRefusal(t, string(log))
}

// A live is an Envoy that watches a file which has the configuration of its gateway in it.
type live struct {
	t        *testing.T
	envoy    *envoy.Process
	dir      string
	address  string
	version  int
	resource func(config string) map[string]any
}

const liveAdminKey = "client-admin"

func liveConfig(models string) string {
	return `{"providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"value":"` + mockKey("openai") + `"}]}],
		"models":[` + models + `],"admin":{"keys":[{"sha256":"` + hash(liveAdminKey) + `"}]}}`
}

// update replaces the configuration, as a control plane would.
func (l *live) update(config string) {
	l.t.Helper()
	l.version++
	b, err := json.Marshal(map[string]any{"version_info": fmt.Sprint(l.version), "resources": []any{l.resource(config)}})
	if err != nil {
		l.t.Fatal(err)
	}
	next := filepath.Join(l.dir, "next.json")
	if err := os.WriteFile(next, b, 0o600); err != nil {
		l.t.Fatal(err)
	}
	if err := os.Rename(next, l.file()); err != nil { // Envoy watches for moved files
		l.t.Fatal(err)
	}
}

func (l *live) file() string { return filepath.Join(l.dir, "live.json") }

// watched is where Envoy has the resource from.
func (l *live) watched() map[string]any {
	return map[string]any{"path_config_source": map[string]any{"path": l.file()}}
}

// stats are Envoy's counters and gauges by name.
func (l *live) stats() map[string]int64 {
	l.t.Helper()
	all, err := readStats(l.envoy)
	if err != nil {
		l.t.Fatal(err)
	}
	return all
}

func readStats(p *envoy.Process) (map[string]int64, error) {
	text, err := p.Ask("/stats?format=json")
	if err != nil {
		return nil, err
	}
	var page struct {
		Stats []struct {
			Name  string
			Value json.RawMessage // some are texts
		}
	}
	if err := json.Unmarshal([]byte(text), &page); err != nil {
		return nil, err
	}
	all := map[string]int64{}
	for _, s := range page.Stats {
		if n, err := strconv.ParseInt(string(s.Value), 10, 64); err == nil {
			all[s.Name] = n
		}
	}
	return all, nil
}

// digest is the configuration that the gateway says it has.
func (l *live) digest() string {
	r, err := http.NewRequest("GET", "http://"+l.address+"/postern/version", nil)
	if err != nil {
		l.t.Fatal(err)
	}
	r.Header.Set("authorization", "Bearer "+liveAdminKey)
	r.Close = true // a connection from before an update keeps the old configuration
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	var v struct{ Configuration string }
	json.NewDecoder(resp.Body).Decode(&v)
	return v.Configuration
}

func startLive(t *testing.T, config string, workers int) *live {
	t.Helper()
	return startListening(t, config, workers, func(config string) envoy.Listener { return envoy.Listener{Filters: filters(config, false)} })
}

// startListening has the file be the listener.
func startListening(t *testing.T, config string, workers int, listen func(config string) envoy.Listener) *live {
	t.Helper()
	l := newLive(t)
	l.resource = func(config string) map[string]any {
		server := listen(config)
		server.Address = l.address
		listener := server.Build()
		listener["name"] = "live"
		listener["@type"] = "type.googleapis.com/envoy.config.listener.v3.Listener"
		return listener
	}
	l.serve(config, workers, map[string]any{"dynamic_resources": map[string]any{"lds_config": l.watched()}})
	return l
}

// startDiscovering has the file be the listener's first filter, which is the gateway. clusters are
// there beside those that serve has.
func startDiscovering(t *testing.T, config string, workers int, server envoy.Listener, clusters ...any) *live {
	t.Helper()
	l := newLive(t)
	server.Address = l.address
	list := server.Extra["http_filters"].([]any)
	wasm := list[0].(map[string]any)["typed_config"].(map[string]any)
	l.resource = func(config string) map[string]any {
		wasm["config"].(map[string]any)["configuration"].(map[string]any)["value"] = config
		return map[string]any{"@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig", "name": "postern", "typed_config": wasm}
	}
	list[0] = map[string]any{"name": "postern", "config_discovery": map[string]any{"config_source": l.watched(), "type_urls": []any{wasm["@type"]}}}
	l.serve(config, workers, map[string]any{"static_resources": map[string]any{"listeners": []any{server.Build()}, "clusters": clusters}})
	return l
}

func newLive(t *testing.T) *live {
	t.Helper()
	l := &live{t: t, dir: t.TempDir()}
	var err error
	if l.address, err = envoy.FreeAddress(); err != nil {
		t.Fatal(err)
	}
	return l
}

// serve starts Envoy before a provider that is well, and one that finds all requests too long.
func (l *live) serve(config string, workers int, bootstrap map[string]any) {
	l.t.Helper()
	mocks := mockllm.New(mockllm.Options{JournalSize: 10})
	addresses, err := mocks.Start()
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { mocks.Close() })
	tooLong := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		time.Sleep(100 * time.Millisecond)
		answerWith(400, apiJSON, `{"error":{"message":"too long","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`)(w, r)
	}))
	l.t.Cleanup(tooLong.Close)
	openai := addresses.Of("openai").Addr
	static, ok := bootstrap["static_resources"].(map[string]any)
	if !ok {
		static = map[string]any{}
		bootstrap["static_resources"] = static
	}
	more, _ := static["clusters"].([]any)
	static["clusters"] = append([]any{envoy.Cluster("openai", openai), chain("chain", endpoint{openai, "openai", ""}), envoy.Cluster("small", tooLong.Listener.Addr().String())}, more...)
	bootstrap["node"] = map[string]any{"id": "test", "cluster": "test"}
	l.update(config)
	if l.envoy, err = envoy.Start(envoy.Options{Binary: envoyPath(), Dir: l.dir, Concurrency: workers, Bootstrap: bootstrap}); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(l.envoy.Stop)
	eventually(l.t, "the gateway has its configuration", func() bool { return l.digest() == digestOf(config) })
}

func digestOf(config string) string {
	sum := sha256.Sum256([]byte(config))
	return hex.EncodeToString(sum[:])
}

// A load is requests at a steady rate, and what came of them.
type load struct {
	client   http.Client
	url      string
	sent     atomic.Int64
	mu       sync.Mutex
	problems []string
	requests sync.WaitGroup
}

func (l *load) problem(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.problems = append(l.problems, fmt.Sprintf(format, args...))
}

func (l *load) post(body string) (string, bool) {
	l.sent.Add(1)
	resp, err := l.client.Post(l.url, "application/json", strings.NewReader(body))
	if err != nil {
		l.problem("%v", err)
		return "", false
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		l.problem("%d, %v: %.200s", resp.StatusCode, err, b)
		return "", false
	}
	return string(b), true
}

// run sends a request each tick until stop is closed.
func (l *load) run(every time.Duration, stop <-chan struct{}) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			l.requests.Go(func() { l.post(ask("Hi")) })
		}
	}
}

// stream asks for an answer that takes a while and checks that it is whole.
func (l *load) stream() {
	b, ok := l.post(askStream("[[mock:chunks=200;interval=20ms]] a long story"))
	if !ok {
		return
	}
	if err := grammar.OpenAIChat([]byte(b)); err != nil {
		l.problem("a stream: %v", err)
	}
}

// TestListenerUpdateUnderLoad replaces the configuration, by a good one and by a bad
// one, under 200 requests a second and with streams open.
func TestListenerUpdateUnderLoad(t *testing.T) {
	t.Parallel()
	const every, streams = 5 * time.Millisecond, 10
	one := liveConfig(`{"name":"gpt-4o","targets":[{"provider":"openai"}]}`)
	two := liveConfig(`{"name":"gpt-4o","targets":[{"provider":"openai"}]},{"name":"gpt-4.1","targets":[{"provider":"openai"}]}`)
	l := startLive(t, one, 1)
	traffic := &load{url: "http://" + l.address + "/v1/chat/completions",
		client: http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	defer traffic.client.CloseIdleConnections()
	stop, began := make(chan struct{}), time.Now()
	traffic.requests.Go(func() { traffic.run(every, stop) })
	for range streams {
		traffic.requests.Go(traffic.stream)
	}
	sent := func(n int64) func() bool { return func() bool { return traffic.sent.Load() >= n } }
	eventually(t, "the load is up", sent(100))
	before := l.stats()

	l.update(two)
	eventually(t, "the gateway has the new configuration", func() bool { return l.digest() == digestOf(two) })
	eventually(t, "requests go on", sent(traffic.sent.Load()+200))

	l.update(badConfig)
	eventually(t, "Envoy has refused the bad one", func() bool { return l.stats()["listener_manager.lds.update_rejected"] == 1 })
	eventually(t, "requests go on", sent(traffic.sent.Load()+200))
	if got := l.digest(); got != digestOf(two) {
		t.Errorf("after a bad configuration the gateway has %q, want the one before", got)
	}
	wantRefusal(t, l.envoy.Log())
	if n := l.stats()["http.test.downstream_rq_active"]; n < streams {
		t.Errorf("got %d requests under way, want the %d streams that were open at the updates", n, streams)
	}
	close(stop)
	took := time.Since(began)
	traffic.requests.Wait()
	t.Logf("%d requests in %.1f s, %.0f a second, %d of them streams that were open throughout",
		traffic.sent.Load(), took.Seconds(), float64(traffic.sent.Load())/took.Seconds(), streams)
	for _, p := range traffic.problems[:min(len(traffic.problems), 5)] {
		t.Error(p)
	}
	l.wantContinued(before, traffic.sent.Load())
}

// wantContinued checks the counters after all.
func (l *live) wantContinued(before map[string]int64, sent int64) {
	l.t.Helper()
	const requests, input = "wasmcustom.postern.requests;operation=chat;provider=openai;model=gpt-4o;status=200", "wasmcustom.postern.tokens;operation=chat;provider=openai;model=gpt-4o;type=input"
	eventually(l.t, "all requests are counted", func() bool { return l.stats()[requests] >= sent })
	after := l.stats()
	if before[requests] == 0 || after[requests] != sent {
		l.t.Errorf("requests counted: got %d before the updates and %d after all, want some and %d", before[requests], after[requests], sent)
	}
	if after[input] <= before[input] {
		l.t.Errorf("input tokens counted: got %d before the updates and %d after all", before[input], after[input])
	}
	for _, bad := range []string{"downstream_rq_5xx", "downstream_rq_rx_reset", "downstream_rq_tx_reset", "upstream_rq_5xx", "upstream_rq_rx_reset", "upstream_rq_tx_reset"} {
		found := bad == "upstream_rq_5xx" // which Envoy makes at the first
		for name, n := range after {
			if !strings.HasSuffix(name, "."+bad) {
				continue
			}
			found = true
			if n > 0 {
				l.t.Errorf("%s: got %d, want 0", name, n)
			}
		}
		if !found {
			l.t.Errorf("Envoy has no counter %s", bad)
		}
	}
}
