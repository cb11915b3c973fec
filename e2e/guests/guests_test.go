package guests

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-gateway/postern/hostsim"
)

// A guest is one built plugin.
type guest struct {
	name, file string
	module     *hostsim.Module
}

// built compiles what make guests has left in its folder.
var built = sync.OnceValues(func() ([]guest, error) {
	dir := os.Getenv("POSTERN_GUESTS")
	if dir == "" {
		dir = "../../build/guests"
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.wasm"))
	if err != nil {
		return nil, err
	}
	var out []guest
	for _, f := range files {
		wasm, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		m, err := hostsim.Compile(context.Background(), wasm)
		if err != nil {
			return nil, err
		}
		out = append(out, guest{strings.TrimSuffix(filepath.Base(f), ".wasm"), f, m})
	}
	return out, nil
})

// each runs a test for each guest. AssemblyScript can be had everywhere.
func each(t *testing.T, f func(t *testing.T, g guest)) {
	t.Helper()
	list, err := built()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(list, func(g guest) bool { return g.name == "assemblyscript" }) {
		t.Fatal("no plugins: run make guests")
	}
	for _, g := range list {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			f(t, g)
		})
	}
}

func (g guest) config() hostsim.Config {
	return hostsim.Config{
		Plugin:   hostsim.Plugin{Module: g.module, Name: g.name, RootID: "gate", Configuration: "dear"},
		Upstream: echo,
		Clusters: map[string]hostsim.Handler{"accounts": accounts},
	}
}

// echo answers with the request's body and two of its headers.
func echo(r hostsim.Request) hostsim.Response {
	return hostsim.Respond(200, string(r.WholeBody()), "x-user", r.Headers.Get("x-user"), "x-method", r.Headers.Get("x-method"))
}

// accounts knows one token.
func accounts(r hostsim.Request) hostsim.Response {
	if r.Headers.Get(":path") != "/secret" {
		return hostsim.Respond(404, "")
	}
	return hostsim.Respond(200, "jane")
}

func TestGate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		request hostsim.Request
		status  int
		body    string
		headers map[string]string
	}{
		{"without a token", hostsim.Get("/a"), 401, "NO TOKEN", map[string]string{"x-gate": "shut"}},
		{"unknown token", hostsim.Get("/a", "x-token", "other"), 403, "UNKNOWN TOKEN", nil},
		{"without a body", hostsim.Get("/a", "x-token", "secret"), 200, "", map[string]string{"x-user": "jane", "x-method": "GET", "x-ticks": "0"}},
		{"with a body in pieces", hostsim.Request{Headers: hostsim.Post("/a", "", "x-token", "secret", "content-length", "11").Headers,
			Chunks: [][]byte{[]byte("all "), []byte("of "), []byte("you")}}, 200, "DEAR ALL OF YOU", map[string]string{"x-user": "jane", "x-method": "POST"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, g guest) {
				h := hostsim.Start(t, g.config())
				got, err := h.Do(tt.request)
				if err != nil {
					t.Fatal(err)
				}
				if got.Status() != tt.status || string(got.Body) != tt.body {
					t.Errorf("got %d and %q, want %d and %q", got.Status(), got.Body, tt.status, tt.body)
				}
				for name, want := range tt.headers {
					if v := got.Headers.Get(name); v != want {
						t.Errorf("%s: got %q, want %q", name, v, want)
					}
				}
				if m, ok := h.Metric(hostsim.Counter, "gate_requests"); !ok || m.Value != 1 {
					t.Errorf("gate_requests: got %v, want 1", m.Value)
				}
				if log := h.Messages(hostsim.LevelInfo); !slices.Contains(log, "done with /a") {
					t.Errorf("log: got %q, want a line for the request", log)
				}
			})
		})
	}
}

// Ticks count on all workers together, and what the plugin keeps belongs to the stream.
func TestTicksAndState(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, g guest) {
		cfg := g.config()
		cfg.Workers = 2
		h := hostsim.Start(t, cfg)
		if err := h.Advance(3 * time.Second); err != nil {
			t.Fatal(err)
		}
		s := h.NewStream(hostsim.StreamOptions{})
		got, err := s.Do(hostsim.Get("/", "x-token", "secret"))
		if err != nil {
			t.Fatal(err)
		}
		if v := got.Headers.Get("x-ticks"); v != "6" {
			t.Errorf("x-ticks: got %q, want 6", v)
		}
		if v, _ := s.FilterState("user"); string(v) != "jane" {
			t.Errorf("filter state: got %q, want jane", v)
		}
	})
}

// A callout that is not answered in time is an answer without headers.
func TestCalloutTimesOut(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, g guest) {
		cfg := g.config()
		cfg.Clusters = map[string]hostsim.Handler{"accounts": nil}
		got, err := hostsim.Start(t, cfg).Do(hostsim.Get("/", "x-token", "secret"))
		if err != nil || got.Status() != 403 {
			t.Errorf("got %d and %v, want 403", got.Status(), err)
		}
	})
}

func TestConfigurationIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, g guest) {
		cfg := g.config()
		cfg.Plugin.Configuration = "two words"
		if _, err := hostsim.New(cfg); err == nil || !strings.Contains(err.Error(), "want one word") {
			t.Errorf("got %v, want what the plugin logged", err)
		}
	})
}
