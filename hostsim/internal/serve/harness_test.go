package serve_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/hostsim/internal/bootstrap"
	"github.com/postern-gateway/postern/hostsim/internal/serve"
)

// probeFile builds the probe, a plugin that does what a script says, once.
var probeFile = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "serve")
	if err != nil {
		return "", err
	}
	out := filepath.Join(dir, "probe.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", out, "../probe")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if msg, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build probe: %w\n%s", err, msg)
	}
	return out, nil
})

// modules compile the probe once for all tests.
var modules = &serve.Modules{Progress: io.Discard}

var modulesLock sync.Mutex

func TestMain(m *testing.M) {
	status := m.Run()
	if file, err := probeFile(); err == nil {
		os.RemoveAll(filepath.Dir(file))
	}
	os.Exit(status)
}

type object = map[string]any

type list = []any

const (
	types  = "type.googleapis.com/envoy."
	stdout = types + "extensions.access_loggers.stream.v3.StdoutAccessLog"
)

// A file is a bootstrap under construction.
type file struct {
	script   string   // of the probe in front; empty: no plugin
	hcm      object   // further fields of the connection manager
	listener object   // and of the listener
	routes   list     // in place of one to the cluster "up"
	clusters []object // besides those made by cluster
	stats    object
	log      string // the access log's format
	workers  int
	tls      object // common_tls_context of the listener
}

// wasm is a filter that runs the probe.
func wasm(t testing.TB, script string) object {
	t.Helper()
	path, err := probeFile()
	if err != nil {
		t.Fatal(err)
	}
	return object{"name": "probe", "typed_config": object{"@type": types + "extensions.filters.http.wasm.v3.Wasm",
		"config": object{"name": "probe", "allow_on_headers_stop_iteration": true,
			"vm_config":     object{"vm_id": "v", "code": object{"local": object{"filename": path}}},
			"configuration": object{"@type": "type.googleapis.com/google.protobuf.StringValue", "value": script}}}}
}

func socket(port int) object {
	return object{"socket_address": object{"address": "127.0.0.1", "port_value": port}}
}

// cluster has the endpoint that addr is.
func cluster(name string, addr net.Addr, more ...object) object {
	c := object{"name": name, "load_assignment": object{"cluster_name": name, "endpoints": list{object{"lb_endpoints": list{
		object{"endpoint": object{"address": socket(addr.(*net.TCPAddr).Port)}}}}}}}
	for _, m := range more {
		for k, v := range m {
			c[k] = v
		}
	}
	return c
}

func (f file) json(t testing.TB) []byte {
	t.Helper()
	routes := f.routes
	if routes == nil {
		routes = list{object{"match": object{"prefix": "/"}, "route": object{"cluster": "up"}}}
	}
	filters := list{}
	if f.script != "" {
		filters = append(filters, wasm(t, f.script))
	}
	filters = append(filters, object{"name": "router", "typed_config": object{"@type": types + "extensions.filters.http.router.v3.Router"}})
	hcm := object{
		"@type":       types + "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
		"stat_prefix": "in", "http_filters": filters,
		"route_config": object{"virtual_hosts": list{object{"name": "all", "domains": list{"*"}, "routes": routes}}},
	}
	if f.log != "" {
		hcm["access_log"] = list{object{"name": "log", "typed_config": object{"@type": stdout,
			"log_format": object{"text_format_source": object{"inline_string": f.log + "\n"}}}}}
	}
	for k, v := range f.hcm {
		hcm[k] = v
	}
	chain := object{"filters": list{object{"name": "hcm", "typed_config": hcm}}}
	if f.tls != nil {
		chain["transport_socket"] = object{"name": "tls", "typed_config": object{
			"@type": types + "extensions.transport_sockets.tls.v3.DownstreamTlsContext", "common_tls_context": f.tls}}
	}
	l := object{"name": "main", "address": socket(0), "filter_chains": list{chain}}
	for k, v := range f.listener {
		l[k] = v
	}
	doc := object{"admin": object{"address": socket(0)},
		"static_resources": object{"listeners": list{l}, "clusters": f.clusters}}
	if f.stats != nil {
		doc["stats_config"] = f.stats
	}
	b, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A running server of a test.
type running struct {
	t      testing.TB
	server *serve.Server
	url    string
	admin  string
	out    *safeBuffer // access log
	log    *safeBuffer // of the plugins
	stop   context.CancelFunc
	ended  chan error
}

// start serves a file until the test ends.
func start(t testing.TB, f file) *running {
	t.Helper()
	b, err := bootstrap.Parse(f.json(t))
	if err != nil {
		t.Fatal(err)
	}
	r := &running{t: t, out: newSafeBuffer(), log: newSafeBuffer(), ended: make(chan error, 1)}
	modulesLock.Lock()
	r.server, err = serve.New(context.Background(), b, serve.Options{Modules: modules, Workers: max(f.workers, 1),
		LogLevel: hostsim.LevelInfo, Log: r.log, Stdout: r.out})
	modulesLock.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	r.url, r.admin = "http://"+r.server.Addr("main").String(), "http://"+r.server.Admin().String()
	var ctx context.Context
	ctx, r.stop = context.WithCancel(context.Background())
	go func() { r.ended <- r.server.Run(ctx, 5*time.Second) }()
	t.Cleanup(func() { r.finish() })
	return r
}

// finish stops the server as a signal does; it may be called twice.
func (r *running) finish() {
	r.stop()
	if r.ended == nil {
		return
	}
	if err := <-r.ended; err != nil {
		r.t.Errorf("server ended: %v", err)
	}
	r.ended = nil
}

// get asks for a page and returns its body.
func (r *running) get(url string) string {
	r.t.Helper()
	_, body := r.do(http.MethodGet, url, nil)
	return body
}

func (r *running) do(method, url string, body io.Reader, headers ...string) (*http.Response, string) {
	r.t.Helper()
	req, err := http.NewRequest(method, url, body)
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	return send(r.t, client(r.t), req)
}

func send(t testing.TB, c *http.Client, req *http.Request) (*http.Response, string) {
	t.Helper()
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("read the response: %v (so far %q)", err, b)
	}
	return resp, string(b)
}

// client follows nothing and keeps its connections to itself.
func client(t testing.TB) *http.Client {
	tr := &http.Transport{DisableCompression: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// clientHTTP2 speaks HTTP/2 without TLS from the first byte.
func clientHTTP2(t testing.TB) *http.Client {
	tr := &http.Transport{Protocols: new(http.Protocols)}
	tr.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// upstream serves a handler until the test ends, HTTP/1.1 and HTTP/2 without TLS.
func upstream(t testing.TB, h http.HandlerFunc) net.Addr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h, Protocols: new(http.Protocols)}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	go s.Serve(l) //nolint:errcheck // ends with the listener
	t.Cleanup(func() { s.Close() })
	return l.Addr()
}

// hello is an upstream that answers with a text.
func hello(t testing.TB) net.Addr {
	return upstream(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })
}

// A safeBuffer can be waited for.
type safeBuffer struct {
	mu  sync.Mutex
	b   bytes.Buffer
	new sync.Cond
}

func newSafeBuffer() *safeBuffer {
	b := &safeBuffer{}
	b.new.L = &b.mu
	return b
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.new.Broadcast()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// await waits until a text has come; the test binary's own time limit is the bound.
func (s *safeBuffer) await(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !strings.Contains(s.b.String(), text) {
		s.new.Wait()
	}
}

// lines waits for a number of lines and returns them.
func (s *safeBuffer) lines(n int) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for strings.Count(s.b.String(), "\n") < n {
		s.new.Wait()
	}
	return strings.Split(strings.TrimSuffix(s.b.String(), "\n"), "\n")
}

func equal(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func contains(t testing.TB, what, got, want string) {
	t.Helper()
	if !strings.Contains(got, want) {
		t.Errorf("%s: got\n%s\nwant it to have %q", what, got, want)
	}
}
