package hostsim_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/postern-gateway/postern/hostsim"
)

// probeModule builds and compiles the probe once for the whole test binary.
var probeModule = sync.OnceValues(func() (*hostsim.Module, error) {
	wasm, err := buildGo("./internal/probe")
	if err != nil {
		return nil, err
	}
	return hostsim.Compile(context.Background(), wasm)
})

// emptyModule is a plugin with every callback and nothing in them.
var emptyModule = sync.OnceValues(func() (*hostsim.Module, error) {
	wasm, err := buildGo("./internal/empty")
	if err != nil {
		return nil, err
	}
	return hostsim.Compile(context.Background(), wasm)
})

// buildGo builds a Go plugin.
func buildGo(pkg string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "hostsim")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "plugin.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if msg, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build %s: %w\n%s", pkg, err, msg)
	}
	return os.ReadFile(out)
}

// probe is a plugin that obeys a script and may hold headers while it reads the body.
func probe(t testing.TB, script string) hostsim.Plugin {
	t.Helper()
	m, err := probeModule()
	if err != nil {
		t.Fatal(err)
	}
	return hostsim.Plugin{Module: m, Name: "probe", Configuration: script, AllowOnHeadersStopIteration: true}
}

// start runs one probe with an upstream that says "hello".
func start(t testing.TB, script string, with ...func(*hostsim.Config)) *hostsim.Host {
	t.Helper()
	cfg := hostsim.Config{Plugin: probe(t, script), Upstream: func(hostsim.Request) hostsim.Response {
		return hostsim.Respond(200, "hello")
	}}
	for _, f := range with {
		f(&cfg)
	}
	return hostsim.Start(t, cfg)
}

// wantLog compares what the probe logged since it was configured with the lines wanted.
func wantLog(t testing.TB, h *hostsim.Host, want string) {
	t.Helper()
	got := strings.Join(since(h, "configure ctx="), "\n")
	want = strings.Trim(want, "\n")
	if got != want {
		t.Errorf("log: got\n%s\nwant\n%s", got, want)
	}
}

// since returns the log behind the last line that begins with a prefix.
func since(h *hostsim.Host, prefix string) []string {
	all := h.Messages(hostsim.LevelInfo)
	for i := len(all) - 1; i >= 0; i-- {
		if strings.HasPrefix(all[i], prefix) {
			return all[i+1:]
		}
	}
	return all
}

// calls returns only the host calls with their results, without the indent.
func calls(h *hostsim.Host) []string {
	var out []string
	for _, l := range h.Messages(hostsim.LevelInfo) {
		if strings.HasPrefix(l, "  ") {
			out = append(out, l[2:])
		}
	}
	return out
}

func do(t testing.TB, h *hostsim.Host, r hostsim.Request) hostsim.Response {
	t.Helper()
	resp, err := h.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}
