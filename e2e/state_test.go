package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/postern-gateway/postern/e2e/envoy"
	"github.com/postern-gateway/postern/hostsim"
)

// tally builds the plugin that counts in shared state.
var tally = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "tally")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "tally.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", file, "../plugin/tally")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, out)
	}
	return os.ReadFile(file)
})

// A counted is a proxy with the plugin, and what its counts have to be.
type counted struct {
	t   *testing.T
	ask func(path string) (status int, body string, header func(string) string, err error)

	mu             sync.Mutex
	want           map[string]int
	vms            map[string]bool
	configurations map[string]bool
}

// do sends one request that counts.
func (c *counted) do(verb string, names ...string) {
	status, body, header, err := c.ask("/" + verb + "/" + strings.Join(names, ","))
	if err != nil || status != 200 {
		c.t.Errorf("%s %v: got %d, %v, %s", verb, names, status, err, body)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range names {
		c.want[n]++
	}
	c.vms[header("x-vm")] = true
	c.configurations[header("x-configuration")] = true
}

// clients send their requests all at once. Names are few, so buckets are shared by all.
func (c *counted) clients(n, requests int) {
	var all sync.WaitGroup
	for i := range n {
		own := "client-" + strconv.Itoa(i%16)
		all.Go(func() {
			for range requests {
				c.do("add", "all", own)
				c.do("both", "others", own, "all")
			}
		})
	}
	all.Wait()
}

// check compares the counts with those of the answers.
func (c *counted) check() {
	c.t.Helper()
	status, body, _, err := c.ask("/all")
	if err != nil || status != 200 {
		c.t.Fatalf("got %d, %v", status, err)
	}
	got := map[string]int{}
	for line := range strings.Lines(body) {
		name, count, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.Atoi(count)
		if err != nil {
			c.t.Error(err)
		}
		got[name] = n
	}
	if len(got) != len(c.want) {
		c.t.Errorf("got %d names, want %d", len(got), len(c.want))
	}
	for name, want := range c.want {
		if got[name] != want {
			c.t.Errorf("%s: got %d, want %d", name, got[name], want)
		}
	}
}

func newCounted(t *testing.T) *counted {
	return &counted{t: t, want: map[string]int{}, vms: map[string]bool{}, configurations: map[string]bool{}}
}

// Counts of four workers in one process add up, though VMs die between a load and a store.
func TestSharedStateInSimulator(t *testing.T) {
	t.Parallel()
	wasm, err := tally()
	if err != nil {
		t.Fatal(err)
	}
	m, err := hostsim.Compile(context.Background(), wasm)
	if err != nil {
		t.Fatal(err)
	}
	const workers = 4
	h := hostsim.Start(t, hostsim.Config{
		Plugin: hostsim.Plugin{Module: m, Name: "tally", Configuration: "one", VM: hostsim.VM{ID: "tally"},
			FailurePolicy: hostsim.FailReload, ReloadBackoff: 1},
		Workers: workers, Canary: true, MainThread: true, RealTime: true,
	})
	c := newCounted(t)
	c.ask = func(path string) (int, string, func(string) string, error) {
		r, err := h.NewStream(hostsim.StreamOptions{Worker: -1}).Do(hostsim.Get(path))
		return r.Status(), string(r.Body), r.Headers.Get, err
	}
	c.clients(32, 10)
	for i := range workers {
		if _, err := h.NewStream(hostsim.StreamOptions{Worker: i}).Do(hostsim.Get("/crash/all")); err == nil {
			t.Error("the VM lives, want it dead")
		}
	}
	c.clients(32, 10)
	c.check()
	if len(c.vms) != workers || len(h.Traps()) != workers {
		t.Errorf("got answers of %d VMs and %d dead, want %d and as many", len(c.vms), len(h.Traps()), workers)
	}
}

// Counts of Envoy's four workers add up, while a listener's update starts a canary VM and
// new plugins.
func TestSharedStateInEnvoy(t *testing.T) {
	t.Parallel()
	address, err := envoy.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	wasm, err := tally()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "tally.wasm"), wasm, 0o600); err != nil {
		t.Fatal(err)
	}
	configure(t, dir, address, "one first")
	p, err := envoy.Start(envoy.Options{Binary: envoyPath(), Dir: dir, Concurrency: 4, Bootstrap: map[string]any{
		"node":              map[string]any{"id": "test", "cluster": "test"},
		"dynamic_resources": map[string]any{"lds_config": map[string]any{"path_config_source": map[string]any{"path": filepath.Join(dir, "listeners.json")}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	client := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 128}}
	defer client.CloseIdleConnections()
	c := newCounted(t)
	c.ask = func(path string) (int, string, func(string) string, error) {
		return get(&client, "http://"+address+path)
	}
	eventually(t, "the listener answers", func() bool { status, _, _, err := c.ask("/all"); return err == nil && status == 200 })
	c.clients(64, 15)
	client.CloseIdleConnections() // a connection from before an update keeps the old configuration
	configure(t, dir, address, "one second")
	eventually(t, "the update has come", func() bool {
		c.clients(64, 2)
		client.CloseIdleConnections()
		return c.configurations["one second"]
	})
	c.clients(64, 15)
	c.check()
	if len(c.vms) < 4 {
		t.Errorf("got answers of %d VMs, want 4 at least", len(c.vms))
	}
}

func get(client *http.Client, url string) (int, string, func(string) string, error) {
	r, err := client.Get(url)
	if err != nil {
		return 0, "", nil, err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return r.StatusCode, string(body), r.Header.Get, err
}

// configure gives Envoy its listener, in one step, as it wants it of files.
func configure(t *testing.T, dir, address, configuration string) {
	t.Helper()
	plugin := envoy.Plugin{Module: filepath.Join(dir, "tally.wasm"), Configuration: configuration}
	listener := envoy.Listener{Address: address, Filters: []any{plugin.Filter()}}.Build()
	listener["@type"] = "type.googleapis.com/envoy.config.listener.v3.Listener"
	b, err := json.Marshal(map[string]any{"resources": []any{listener}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "listeners.json")
	if err := os.WriteFile(file+".new", b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkSharedState is a load and a store of 100 bytes in a bucket of 8 records, by the
// built plugin in the simulator: a hundred of them for each request, less the request.
func BenchmarkSharedState(b *testing.B) {
	wasm, err := tally()
	if err != nil {
		b.Fatal(err)
	}
	m, err := hostsim.Compile(context.Background(), wasm)
	if err != nil {
		b.Fatal(err)
	}
	h := hostsim.Start(b, hostsim.Config{Plugin: hostsim.Plugin{Module: m, Name: "tally", Configuration: "one"}, DiscardLogs: true})
	requests := func(verb string, n int) float64 {
		began := cpuTime(b)
		for i := range n {
			if _, err := h.Do(hostsim.Get("/" + verb + "/" + strconv.Itoa(i%100))); err != nil {
				b.Fatal(err)
			}
		}
		return float64(cpuTime(b)-began) / float64(100*n)
	}
	requests("loads", 200)
	for b.Loop() {
		ids := requests("ids", 100)
		b.ReportMetric(requests("loads", 100)-ids, "ns/load+store")
		b.ReportMetric(ids-requests("nothing", 100), "ns/id")
	}
}

// cpuTime is what this process has used of the processors, in nanoseconds.
func cpuTime(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
