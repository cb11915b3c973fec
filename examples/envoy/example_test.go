// Package example runs the production example as it is written, in a real Envoy and
// with TLS mocks in the providers' place.
package example

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/postern-gateway/postern/e2e/built"
	"github.com/postern-gateway/postern/e2e/envoy"
	"github.com/postern-gateway/postern/e2e/mockllm"
)

// Keys whose hashes are in postern.yaml.
const (
	web      = "pk-example-web"
	agents   = "pk-example-agents"
	operator = "pk-example-operator"
)

// gateway is the running example.
type gateway struct {
	url     string
	mocks   *mockllm.Server
	process *envoy.Process
}

// object is a part of the bootstrap.
type object = map[string]any

// at follows keys and indexes to an object.
func at(t *testing.T, v any, path ...any) object {
	t.Helper()
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(object)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				t.Fatalf("%v: got no element %d", path, p)
			}
			v = l[p]
		}
	}
	m, ok := v.(object)
	if !ok {
		t.Fatalf("%v: got %v, want an object", path, v)
	}
	return m
}

// serve starts envoy.yaml with nothing changed but where things are.
func serve(t *testing.T) *gateway {
	t.Helper()
	g := &gateway{mocks: mockllm.New(mockllm.Options{TLS: true})}
	addresses, err := g.mocks.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.mocks.Close() })
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, g.mocks.CA(), 0o600); err != nil {
		t.Fatal(err)
	}
	listen, err := envoy.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile("envoy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var bootstrap object
	if err := yaml.Unmarshal(b, &bootstrap); err != nil {
		t.Fatal(err)
	}
	g.url = "http://" + listen
	listener := at(t, bootstrap, "static_resources", "listeners", 0)
	at(t, listener, "address", "socket_address")["port_value"] = port(t, listen)
	wasm := at(t, listener, "filter_chains", 0, "filters", 0, "typed_config", "http_filters", 0, "typed_config", "config", "vm_config")
	at(t, wasm, "code", "local")["filename"] = built.Path(t, "POSTERN_MODULE", "build/postern.wasm")
	var environment []string
	for i, provider := range []string{"openai", "anthropic"} {
		environment = append(environment, strings.ToUpper(provider)+"_API_KEY="+g.mocks.Key(provider))
		cluster := at(t, bootstrap, "static_resources", "clusters", i)
		if cluster["name"] != provider {
			t.Fatalf("cluster %d: got %v, want %s", i, cluster["name"], provider)
		}
		address := at(t, cluster, "load_assignment", "endpoints", 0, "lb_endpoints", 0, "endpoint", "address", "socket_address")
		address["address"], address["port_value"] = "127.0.0.1", port(t, addresses.Of(provider).Addr)
		at(t, cluster, "transport_socket", "typed_config", "common_tls_context", "validation_context", "trusted_ca")["filename"] = ca
	}
	g.process, err = envoy.Start(envoy.Options{
		Binary: built.Path(t, "POSTERN_ENVOY", "build/tools/envoy"), Dir: dir, Bootstrap: bootstrap, Environment: environment})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.process.Stop)
	return g
}

func port(t *testing.T, address string) int {
	t.Helper()
	n, err := strconv.Atoi(address[strings.LastIndexByte(address, ':')+1:])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A call is a request to the example and what has to come of it.
type call struct {
	name    string
	method  string // POST unless said
	path    string
	key     string
	headers []string
	body    string
	size    int // of a body of nothing, in place of body
	status  int
	want    string // in the answer
}

func (g *gateway) send(t *testing.T, c call) {
	t.Helper()
	var body io.Reader = strings.NewReader(c.body)
	if c.size > 0 {
		body = io.LimitReader(zeros{}, int64(c.size))
	}
	if c.method == "" {
		c.method = http.MethodPost
	}
	r, err := http.NewRequest(c.method, g.url+c.path, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("content-type", "application/json")
	if c.key != "" {
		r.Header.Set("authorization", "Bearer "+c.key)
	}
	for _, h := range c.headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Errorf("%s: got %v, want an answer", c.name, err)
		return
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != c.status || !strings.Contains(string(b), c.want) {
		t.Errorf("%s: got %d, %v: %s, want %d with %s", c.name, answer.StatusCode, err, b, c.status, c.want)
	}
	if !strings.HasPrefix(answer.Header.Get("content-type"), "text/event-stream") && !json.Valid(b) {
		t.Errorf("%s: got %s, want JSON", c.name, b)
	}
}

// zeros is an endless body of zero bytes.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

const (
	chat     = `{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}]}`
	stream   = `{"model":"fast","stream":true,"messages":[{"role":"user","content":"Hi"}]}`
	messages = `{"model":"claude-sonnet-4-5","max_tokens":50,"stream":true,"messages":[{"role":"user","content":"Hi"}]}`
	embed    = `{"model":"text-embedding-3-small","input":"Hi"}`

	anthropicVersion = "anthropic-version: 2023-06-01"
)

// TestExample sends to the example what its users would, and what they should not.
func TestExample(t *testing.T) {
	g := serve(t)
	good := []call{
		{name: "chat", path: "/v1/chat/completions", key: agents, body: chat, status: 200, want: `"prompt_tokens"`},
		{name: "stream", path: "/v1/chat/completions", key: web, body: stream, status: 200, want: "data: [DONE]"},
		{name: "Anthropic's stream", path: "/v1/messages", key: agents, headers: []string{anthropicVersion}, body: messages, status: 200, want: "event: message_stop"},
		{name: "embeddings", path: "/v1/embeddings", key: agents, body: embed, status: 200, want: `"embedding"`},
		{name: "key in Anthropic's header", path: "/v1/messages", headers: []string{anthropicVersion, "x-api-key: " + agents}, body: messages, status: 200, want: "event: message_stop"},
	}
	for _, c := range good {
		g.send(t, c)
	}
	for _, c := range []call{
		{name: "models", method: "GET", path: "/v1/models", key: web, status: 200, want: `"fast"`},
		{name: "health", method: "GET", path: "/postern/health", key: operator, status: 200, want: `"ok"`},
		{name: "health for anybody", method: "GET", path: "/postern/health", key: agents, status: 401, want: `"error"`},
		{name: "no key", path: "/v1/chat/completions", body: chat, status: 401, want: "missing_api_key"},
		{name: "unknown key", path: "/v1/chat/completions", key: "pk-other", body: chat, status: 401, want: "invalid_api_key"},
		{name: "model of others", path: "/v1/messages", key: web, headers: []string{anthropicVersion}, body: messages, status: 403, want: "permission_error"},
		{name: "too large", path: "/v1/chat/completions", key: agents, size: 65 << 20, status: 413, want: `"code":"request_too_large"`},
		{name: "a client that chooses its cluster", path: "/v1/fine_tuning/jobs", key: agents, headers: []string{"x-postern-cluster: openai"}, body: chat, status: 404, want: "this path is not served here"},
		{name: "a path with quotes", method: "GET", path: `/a"b\c%22?d="`, status: 404, want: "this path is not served here"},
	} {
		g.send(t, c)
	}
	g.checkJournal(t, len(good))
	g.checkMetrics(t)
	g.mocks.Close()
	g.send(t, call{name: "OpenAI is down", path: "/v1/chat/completions", key: agents, body: chat, status: 503, want: `"type":"server_error"`})
	g.send(t, call{name: "Anthropic is down", path: "/v1/messages", key: agents, headers: []string{anthropicVersion}, body: messages, status: 503, want: `"type":"error"`})
	const requests = 5 + 9 + 2
	g.checkLog(t, requests)
}

// checkJournal checks what the providers saw: only good requests, each by TLS and
// HTTP/2 and under the provider's own name.
func (g *gateway) checkJournal(t *testing.T, want int) {
	t.Helper()
	entries := g.mocks.Journal().Since(0)
	if len(entries) != want {
		t.Errorf("got %d requests at the providers, want %d", len(entries), want)
	}
	for _, e := range entries {
		host := map[string]string{"openai": "api.openai.com", "anthropic": "api.anthropic.com"}[e.Provider]
		if !e.TLS || e.SNI != host || e.Host != host || e.ALPN != "h2" || len(e.Violations) > 0 {
			t.Errorf("%s: got TLS %v, SNI %s, host %s, ALPN %s, violations %v, want HTTP/2 for %s", e.Path, e.TLS, e.SNI, e.Host, e.ALPN, e.Violations, host)
		}
		for name := range e.Header {
			if n := strings.ToLower(name); strings.HasPrefix(n, "x-forwarded-") || strings.HasPrefix(n, "x-envoy-") || strings.HasPrefix(n, "x-postern-") {
				t.Errorf("%s: got the header %s, want none of the proxy's", e.Path, name)
			}
		}
	}
}

// checkMetrics checks that names have come apart into labels, and the buckets.
func (g *gateway) checkMetrics(t *testing.T) {
	t.Helper()
	labels := `gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="fast"`
	want := []string{
		`postern_requests{` + labels + `,http_response_status_code="200"} 1`,
		`postern_tokens{` + labels + `,gen_ai_token_type="output"}`,
		`gen_ai_client_operation_duration_ms_bucket{` + labels + `,le="81920"} 1`,
		`gen_ai_client_operation_time_to_first_chunk_ms_bucket{` + labels + `,le="10240"} 1`,
		`gen_ai_client_token_usage_bucket{` + labels + `,gen_ai_token_type="input",le="67108864"} 1`,
	}
	var page string
	for range 100 { // histograms are merged now and then
		var err error
		if page, err = g.process.Ask("/stats/prometheus"); err != nil {
			t.Fatal(err)
		}
		if missing(page, want) == "" {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("got no %s in the metrics", missing(page, want))
}

func missing(page string, want []string) string {
	for _, w := range want {
		if !strings.Contains(page, w) {
			return w
		}
	}
	return ""
}

// checkLog checks that each request has one line, and each line is one JSON object
// that begins with the same keys.
func (g *gateway) checkLog(t *testing.T, want int) {
	t.Helper()
	var lines []string
	for range 100 { // the log is flushed now and then
		lines = lines[:0]
		for line := range strings.Lines(g.process.Log()) {
			if strings.HasPrefix(line, "{") {
				lines = append(lines, line)
			}
		}
		if len(lines) >= want {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if len(lines) != want {
		t.Errorf("got %d lines in the access log, want %d", len(lines), want)
	}
	ours := 0
	for _, line := range lines {
		var entry struct {
			Time, ID, Client, Method, Path, Details string
			Status                                  int
			Postern                                 *struct {
				Status   int
				Consumer string
			}
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Status == 0 || len(entry.ID) != len("e24b0491-edd9-4e4c-b95c-76f0ad5b8c59") {
			t.Errorf("got %s (%v), want an object with id and status", line, err)
		}
		if p := entry.Postern; p != nil {
			ours++
			if p.Status != entry.Status {
				t.Errorf("got %s, want one status", line)
			}
		} else if entry.Status != 404 {
			t.Errorf("got %s, want what Postern knows of it", line)
		}
	}
	if ours != want-2 {
		t.Errorf("got %d lines of Postern's, want %d", ours, want-2)
	}
	for _, secret := range []string{web, agents, operator, g.mocks.Key("openai"), g.mocks.Key("anthropic")} {
		if strings.Contains(g.process.Log(), secret) {
			t.Error("got a key in the log, want none")
		}
	}
}
