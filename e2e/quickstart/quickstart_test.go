package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/built"
)

// output collects what the program prints, from several goroutines.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

// wait polls until the output contains n times what, and returns it.
func (o *output) wait(t *testing.T, what string, n int, ended <-chan error) string {
	t.Helper()
	for {
		o.mu.Lock()
		s := o.b.String()
		o.mu.Unlock()
		if strings.Count(s, what) >= n {
			return s
		}
		select {
		case err := <-ended:
			t.Fatalf("it has ended with %v, want %d times %q first; got %s", err, n, what, s)
		case <-t.Context().Done():
			t.Fatalf("got %s, want %d times %q", s, n, what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// TestServe does what a newcomer does: run, send what was printed, look at the access
// log, interrupt.
func TestServe(t *testing.T) {
	for _, host := range []string{"hostsim", "envoy"} {
		t.Run(host, func(t *testing.T) { serve(t, host) })
	}
}

func serve(t *testing.T, host string) {
	t.Helper()
	module := built.Path(t, "POSTERN_MODULE", "build/postern.wasm")
	envoy := built.Path(t, "POSTERN_ENVOY", "build/tools/envoy")
	dir := t.TempDir()
	t.Chdir("../..")
	listen, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out output
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"--host", host, "--envoy", envoy, "--module", module, "--listen", listen, "--dir", dir}, &out, &out)
	}()
	printed := out.wait(t, "Ctrl-C ends it", 1, ended)
	for _, x := range tries() {
		if !strings.Contains(printed, "curl -N http://"+listen+x.path) || !strings.Contains(printed, x.body) {
			t.Errorf("got %s, want a curl line for %s", printed, x.path)
		}
		send(t, "http://"+listen+x.path, x)
	}
	printed = out.wait(t, `"postern":`, len(tries()), ended)
	for line := range strings.Lines(printed[strings.Index(printed, "{\"time"):]) {
		checkLine(t, line)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("got %v after the interrupt, want none", err)
	}
	if c, err := net.Dial("tcp", listen); err == nil {
		c.Close()
		t.Errorf("%s still listens after the end", listen)
	}
}

func send(t *testing.T, url string, x try) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(x.body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("content-type", "application/json")
	for _, h := range x.headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("%s: got %d, %v: %s, want 200", x.path, answer.StatusCode, err, body)
	}
	if stream := strings.Contains(x.body, `"stream": true`); stream != strings.HasPrefix(answer.Header.Get("content-type"), "text/event-stream") {
		t.Errorf("%s: got content-type %s, want stream %v", x.path, answer.Header.Get("content-type"), stream)
	}
}

// checkLine checks that a line of the access log is one JSON object that says who
// was asked what, and what it has used.
func checkLine(t *testing.T, line string) {
	t.Helper()
	var entry struct {
		Status  int
		Details string
		Postern struct {
			Operation, Provider, Model string
			Input                      int `json:"input_tokens"`
			Output                     int `json:"output_tokens"`
			First                      int `json:"time_to_first_byte_ms"`
			Total                      int `json:"duration_ms"`
		}
	}
	if err := json.Unmarshal([]byte(line), &entry); err != nil {
		t.Errorf("got %q: %v, want a JSON object", line, err)
		return
	}
	p := entry.Postern
	if entry.Status != 200 || entry.Details != "via_upstream" || p.Operation != "chat" || p.Provider == "" || p.Model == "" ||
		p.Input == 0 || p.Output == 0 || p.First == 0 || p.Total == 0 {
		t.Errorf("got %s, want all of it told", line)
	}
}

func TestRefuse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"port in use", []string{"--listen", taken.Addr().String()}, taken.Addr().String() + " is in use"},
		{"unknown host", []string{"--host", "nginx"}, `--host: want hostsim or envoy, got "nginx"`},
		{"argument", []string{"x"}, `unexpected argument "x"`},
		{"address without port", []string{"--listen", "127.0.0.1"}, "--listen: "},
		{"no module", []string{"--listen", "127.0.0.1:0", "--module", "missing.wasm", "--dir", t.TempDir()}, "`make build` makes it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out output
			err := run(t.Context(), tt.args, &out, &out)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
