package main

import (
	"bytes"
	"context"
	"errors"
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
)

// probeFile builds the probe, a plugin that does what a script says, once.
var probeFile = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "hostsim")
	if err != nil {
		return "", err
	}
	out := filepath.Join(dir, "probe.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", out, "../../internal/probe")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if msg, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build probe: %w\n%s", err, msg)
	}
	return out, nil
})

func TestMain(m *testing.M) {
	status := m.Run()
	if file, err := probeFile(); err == nil {
		os.RemoveAll(filepath.Dir(file))
	}
	os.Exit(status)
}

const bootstrapText = `
admin: {address: {socket_address: {address: 127.0.0.1, port_value: 0}}}
static_resources:
  listeners:
  - name: main
    address: {socket_address: {address: 127.0.0.1, port_value: 0}}
    filter_chains:
    - filters:
      - name: hcm
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: in
          route_config:
            virtual_hosts:
            - {name: all, domains: ["*"], routes: [{match: {prefix: /}, direct_response: {status: 200, body: {inline_string: hi}}}]}
          http_filters:
          - name: probe
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
              config:
                name: probe
                allow_on_headers_stop_iteration: true
                vm_config: {code: {local: {filename: %FILE%}}}
                configuration: {"@type": type.googleapis.com/google.protobuf.StringValue, value: %SCRIPT%}
          - name: router
            typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
  clusters: []
`

// write makes a folder with the files, pairs of name and text, and returns it.
func write(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i+1 < len(files); i += 2 {
		if err := os.WriteFile(filepath.Join(dir, files[i]), []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// envoy is a bootstrap whose plugin runs a script.
func envoy(t *testing.T, script string) string {
	t.Helper()
	probe, err := probeFile()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(bootstrapText, "%FILE%", probe, 1)
	text = strings.Replace(text, "%SCRIPT%", fmt.Sprintf("%q", script), 1)
	return filepath.Join(write(t, "envoy.yaml", text), "envoy.yaml")
}

// call runs the program.
func call(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errOut bytes.Buffer
	status = run(context.Background(), args, &out, &errOut)
	return status, out.String(), errOut.String()
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args           string
		status         int
		stdout, stderr string
	}{
		{"", exitUsage, "", "usage: hostsim COMMAND"},
		{"--help", exitOK, "usage: hostsim COMMAND", ""},
		{"serve --help", exitOK, "SIGINT and SIGTERM", ""},
		{"check --help", exitOK, "without opening a port", ""},
		{"replay --help", exitOK, "DIR/*.txtar", ""},
		{"nope", exitUsage, "", `unknown command "nope"`},
		{"serve", exitUsage, "", "give the Envoy bootstrap with -c FILE"},
		{"serve --nope", exitUsage, "", "flag provided but not defined: -nope"},
		{"serve -c x y", exitUsage, "", `unexpected argument "y"`},
		{"serve -c /does/not/exist", exitUsage, "", "/does/not/exist: no such file"},
		{"serve -c x --concurrency 0", exitUsage, "", "--concurrency: want 1 to 1024, got 0"},
		{"check -c x -l loud", exitUsage, "", `-l: want trace, debug, info, warn, error or critical, got "loud"`},
		{"replay", exitUsage, "", "want one directory behind the flags, got 0"},
		{"replay /does/not/exist", exitUsage, "", "plugin.yaml: no such file"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			status, stdout, stderr := call(t, strings.Fields(tt.args)...)
			if status != tt.status {
				t.Errorf("status: got %d, want %d", status, tt.status)
			}
			if !strings.Contains(stdout, tt.stdout) || !strings.Contains(stderr, tt.stderr) {
				t.Errorf("got %q and %q, want %q and %q", stdout, stderr, tt.stdout, tt.stderr)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	status, stdout, stderr := call(t, "check", "-c", envoy(t, "on log\n"), "--cache", cache)
	if status != exitOK || !strings.Contains(stdout, "1 listeners, 0 clusters, 1 plugins: ok") {
		t.Errorf("accepted: got %d, %q, %q", status, stdout, stderr)
	}
	status, _, stderr = call(t, "check", "-c", envoy(t, "on configure\nlog 4 \"I do not want this\"\nreturn 0\n"), "--cache", cache)
	if status != exitFailed || !strings.Contains(stderr, "I do not want this") || !strings.Contains(stderr, "proxy_on_configure") {
		t.Errorf("rejected by the plugin: got %d, %q", status, stderr)
	}
	file := filepath.Join(write(t, "envoy.yaml", strings.NewReplacer("%FILE%", "x", "%SCRIPT%", "x", "stat_prefix", "stat_prefx").Replace(bootstrapText)), "envoy.yaml")
	status, _, stderr = call(t, "check", "-c", file, "--cache", cache)
	if status != exitUsage || !strings.Contains(stderr, "envoy.yaml:12: static_resources.listeners[0].filter_chains[0].filters[0].typed_config.stat_prefx: not supported") {
		t.Errorf("not served: got %d, %q", status, stderr)
	}
	file = filepath.Join(write(t, "envoy.yaml", strings.NewReplacer("%FILE%", "/no/such.wasm", "%SCRIPT%", "x").Replace(bootstrapText)), "envoy.yaml")
	status, _, stderr = call(t, "check", "-c", file, "--cache", cache)
	if status != exitFailed || !strings.Contains(stderr, file+": static_resources.listeners[0].filter_chains[0].filters[0].typed_config.http_filters[0].typed_config.config.vm_config.code: open /no/such.wasm: no such file") {
		t.Errorf("no code: got %d, %q", status, stderr)
	}
}

// TestFirstFile serves what the README shows.
func TestFirstFile(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "```yaml\n")
	text, _, _ := strings.Cut(rest, "```")
	probe, err := probeFile()
	if err != nil {
		t.Fatal(err)
	}
	text = strings.NewReplacer("plugin.wasm", probe, "what the plugin reads", "on log").Replace(text)
	status, stdout, stderr := call(t, "check", "-c", filepath.Join(write(t, "envoy.yaml", text), "envoy.yaml"), "--cache", t.TempDir())
	if status != exitOK || !strings.Contains(stdout, "1 listeners, 1 clusters, 1 plugins: ok") {
		t.Errorf("got %d, %q, %q", status, stdout, stderr)
	}
}

const recording = `-- request --
GET /
-- upstream-response --
200
-- upstream-response body --
hello
-- response --
200
x-seen: yes
-- response body --
hello
`

func TestReplay(t *testing.T) {
	t.Parallel()
	probe, err := probeFile()
	if err != nil {
		t.Fatal(err)
	}
	plugin := fmt.Sprintf("name: probe\nvm_config: {code: {local: {filename: %s}}}\nconfiguration: {\"@type\": type.googleapis.com/google.protobuf.StringValue, value: %q}\n",
		probe, "on response_headers\nadd_header_map_value 2 x-seen yes\n")
	cache := t.TempDir()
	dir := write(t, "plugin.yaml", plugin, "good.txtar", recording)
	if status, stdout, stderr := call(t, "replay", "--cache", cache, dir); status != exitOK || stdout != "1 recordings, 0 with differences\n" {
		t.Errorf("no differences: got %d, %q, %q", status, stdout, stderr)
	}
	bad := strings.Replace(recording, "x-seen: yes", "x-seen: no", 1)
	dir = write(t, "plugin.yaml", plugin, "good.txtar", recording, "bad.txtar", bad)
	status, stdout, _ := call(t, "replay", "--cache", cache, dir)
	if status != exitFailed || !strings.Contains(stdout, `bad.txtar: response: x-seen: want "no", got "yes"`) {
		t.Errorf("differences: got %d, %q", status, stdout)
	}
	if status, _, stderr := call(t, "replay", "--write", "--cache", cache, dir); status != exitOK {
		t.Errorf("write: got %d, %q", status, stderr)
	}
	if status, stdout, _ := call(t, "replay", "--cache", cache, dir); status != exitOK {
		t.Errorf("after writing: got %d, %q", status, stdout)
	}
	dir = write(t, "plugin.yaml", plugin, "broken.txtar", "-- nope --\n")
	if status, _, stderr := call(t, "replay", "--cache", cache, dir); status != exitUsage || !strings.Contains(stderr, `broken.txtar: section "nope": unknown`) {
		t.Errorf("broken recording: got %d, %q", status, stderr)
	}
	if status, _, stderr := call(t, "replay", "--cache", cache, write(t, "plugin.yaml", plugin)); status != exitUsage || !strings.Contains(stderr, "no recordings") {
		t.Errorf("no recordings: got %d, %q", status, stderr)
	}
	dir = write(t, "a.txtar", strings.Replace(recording, "x-seen: yes\n", "", 1))
	if status, stdout, stderr := call(t, "replay", "--cache", cache, "-c", envoy(t, "on log\n"), dir); status != exitOK {
		t.Errorf("plugins of a bootstrap: got %d, %q, %q", status, stdout, stderr)
	}
}

// TestServe starts the program, finds its port as a script would, and stops it.
func TestServe(t *testing.T) {
	t.Parallel()
	address := filepath.Join(t.TempDir(), "admin")
	ctx, stop := context.WithCancel(context.Background())
	in, out := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "-c", envoy(t, "on log\n"), "--concurrency", "1", "--cache", t.TempDir(), "--admin-address-path", address}, io.Discard, out)
		out.Close()
	}()
	listens := make(chan string, 1)
	go func() {
		var log bytes.Buffer
		told, buf := false, make([]byte, 1000)
		for {
			n, err := in.Read(buf)
			log.Write(buf[:n])
			if _, rest, ok := strings.Cut(log.String(), "listener main: serving on "); ok && strings.Contains(rest, "\n") && !told {
				listens <- strings.Split(rest, "\n")[0]
				told = true
			}
			if err != nil {
				return
			}
		}
	}()
	resp, err := http.Get("http://" + <-listens)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || string(body) != "hi" {
		t.Errorf("answer: got %q and %v, want hi", body, err)
	}
	stop()
	if status := <-ended; status != exitOK {
		t.Errorf("status: got %d, want 0", status)
	}
	admin, err := os.ReadFile(address)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := net.Dial("tcp", string(admin)); err == nil {
		t.Errorf("admin interface at %s still listens", admin)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if got := report(errors.New("plain"), &b); got != exitFailed || b.String() != "hostsim: plain\n" {
		t.Errorf("got %d and %q, want 1 and the error", got, b.String())
	}
}
