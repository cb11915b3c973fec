package guests

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/envoy"
)

const types = "type.googleapis.com/envoy.extensions.filters."

// TestOneFile runs the plugins from one file in Envoy, then in hostsim serve.
func TestOneFile(t *testing.T) {
	t.Parallel()
	list, err := built()
	if err != nil || len(list) == 0 {
		t.Fatalf("got %d plugins and %v; make guests builds them", len(list), err)
	}
	addresses := map[string]string{}
	var want strings.Builder
	for _, g := range list {
		address, err := envoy.FreeAddress()
		if err != nil {
			t.Fatal(err)
		}
		addresses[g.name] = address
		fmt.Fprintf(&want, "%s: 401 shut NO TOKEN\n%s: 403  UNKNOWN TOKEN\n%s: 200  JANE POST DEAR YOU\n", g.name, g.name, g.name)
	}
	dir := t.TempDir()
	binary := os.Getenv("POSTERN_ENVOY")
	if binary == "" {
		binary = "../../build/tools/envoy"
	}
	p, err := envoy.Start(envoy.Options{Binary: binary, Dir: dir, Bootstrap: bootstrap(t, list, addresses)})
	if err != nil {
		t.Fatal(err)
	}
	got := exchanges(list, addresses)
	p.Stop()
	if got != want.String() {
		t.Errorf("in Envoy: got\n%swant\n%s", got, want.String())
	}
	stop := serve(t, filepath.Join(dir, "envoy.json"), p.Admin)
	got = exchanges(list, addresses)
	stop()
	if got != want.String() {
		t.Errorf("in hostsim serve: got\n%swant\n%s", got, want.String())
	}
}

// exchanges has a line for each answer of each plugin.
func exchanges(list []guest, addresses map[string]string) string {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections() // the next host listens at the same addresses
	var out strings.Builder
	for _, g := range list {
		for _, token := range []string{"", "other", "secret"} {
			r, err := http.NewRequest("POST", "http://"+addresses[g.name]+"/", strings.NewReader("you"))
			if err != nil {
				return err.Error()
			}
			if token != "" {
				r.Header.Set("x-token", token)
			}
			resp, err := client.Do(r)
			if err != nil {
				return err.Error()
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil {
				return err.Error()
			}
			fmt.Fprintf(&out, "%s: %d %s %s\n", g.name, resp.StatusCode, resp.Header.Get("x-gate"), body)
		}
	}
	return out.String()
}

// serve builds the program, starts it, and returns what ends it.
func serve(t *testing.T, file, admin string) (stop func()) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "hostsim")
	if out, err := exec.Command("go", "build", "-o", program, "../../hostsim/cmd/hostsim").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	var log bytes.Buffer
	cmd := exec.Command(program, "serve", "-c", file, "--concurrency", "1", "--cache", t.TempDir())
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("end: %v\n%s", err, log.String())
		}
	}
	for begin := time.Now(); time.Since(begin) < time.Minute; time.Sleep(10 * time.Millisecond) {
		if r, err := http.Get("http://" + admin + "/ready"); err == nil {
			r.Body.Close()
			return stop
		}
	}
	stop()
	t.Fatalf("not ready after a minute\n%s", log.String())
	return nil
}

// bootstrap has a listener for each plugin, an upstream that tells what it has got,
// and accounts.
func bootstrap(t *testing.T, list []guest, addresses map[string]string) map[string]any {
	upstream := backend(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) //nolint:errcheck // the answer shows it
		fmt.Fprintf(w, "%s %s %s", r.Header.Get("x-user"), r.Header.Get("x-method"), body)
	})
	asked := backend(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/secret" {
			http.NotFound(w, r)
			return
		}
		io.WriteString(w, "jane") //nolint:errcheck // the answer shows it
	})
	var listeners []any
	for _, g := range list {
		listeners = append(listeners, listener(g, addresses[g.name]))
	}
	return map[string]any{"static_resources": map[string]any{
		"listeners": listeners,
		"clusters":  []any{envoy.Cluster("upstream", upstream), envoy.Cluster("accounts", asked)},
	}}
}

func listener(g guest, address string) map[string]any {
	wasm := map[string]any{"name": "wasm", "typed_config": map[string]any{
		"@type": types + "http.wasm.v3.Wasm",
		"config": map[string]any{"name": g.name, "root_id": "gate",
			"vm_config":     map[string]any{"vm_id": g.name, "runtime": "envoy.wasm.runtime.v8", "code": map[string]any{"local": map[string]any{"filename": g.file}}},
			"configuration": map[string]any{"@type": "type.googleapis.com/google.protobuf.StringValue", "value": "dear"}},
	}}
	router := map[string]any{"name": "router", "typed_config": map[string]any{"@type": types + "http.router.v3.Router"}}
	routes := []any{map[string]any{"match": map[string]any{"prefix": "/"}, "route": map[string]any{"cluster": "upstream"}}}
	return map[string]any{"name": g.name, "address": envoy.Address(address), "filter_chains": []any{map[string]any{"filters": []any{map[string]any{
		"name": "http", "typed_config": map[string]any{
			"@type": types + "network.http_connection_manager.v3.HttpConnectionManager", "stat_prefix": g.name,
			"route_config": map[string]any{"virtual_hosts": []any{map[string]any{"name": "all", "domains": []any{"*"}, "routes": routes}}},
			"http_filters": []any{wasm, router},
		}}}}}}
}

// backend is an HTTP server on the loopback.
func backend(t *testing.T, f http.HandlerFunc) string {
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}
