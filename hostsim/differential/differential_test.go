package differential

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-gateway/postern/hostsim"
)

var (
	// agreeLimit is how long Envoy may take to show what the simulator has shown.
	agreeLimit = flag.Duration("agree", 10*time.Second, "how long to wait for Envoy")
	only       = flag.String("scenario", "", "regular expression: which scenarios to run")
)

// processesAtOnce bounds how many Envoys run beside each other. Much of the time they wait.
const processesAtOnce = 3

// TestDifferential runs every scenario in the simulator and in Envoy, and fails for
// each difference that differences.txt does not explain.
func TestDifferential(t *testing.T) {
	binary := os.Getenv("POSTERN_ENVOY")
	if binary == "" {
		t.Fatal("no Envoy was given: run the tests by `make test` or `make differential`, or set POSTERN_ENVOY")
	}
	processes, err := loadProcesses("testdata", regexp.MustCompile(*only))
	if err != nil {
		t.Fatal(err)
	}
	known, err := readReasons("differences.txt")
	if err != nil {
		t.Fatal(err)
	}
	m := &modules{dir: t.TempDir(), compiled: map[string]*hostsim.Module{}}
	var mu sync.Mutex
	found := map[string]string{}
	slots := make(chan struct{}, processesAtOnce)
	t.Run("scenarios", func(t *testing.T) {
		for _, p := range processes {
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				slots <- struct{}{}
				defer func() { <-slots }()
				started := time.Now()
				differences := p.compare(t, binary, m)
				if !explained(differences, known) {
					differences = again(t, differences, p.only(differences).compare(t, binary, m))
				}
				t.Logf("%d scenarios in %v", len(p.scenarios), time.Since(started).Round(time.Millisecond))
				mu.Lock()
				defer mu.Unlock()
				for name, d := range differences {
					found[name] = d
				}
			})
		}
	})
	for _, name := range slices.Sorted(maps.Keys(found)) {
		d := found[name]
		if reason, ok := known[name]; ok {
			t.Logf("known difference: %s: %s", name, reason)
		} else {
			t.Errorf("%s: %s", name, d)
		}
	}
	for name := range known {
		if _, ok := found[name]; !ok && *only == "" {
			t.Errorf("differences.txt: %s differs no longer", name)
		}
	}
	report(t, processes, found, int(m.starts.Load()))
}

// explained reports whether every difference is a known one.
func explained(differences, known map[string]string) bool {
	for name := range differences {
		if _, ok := known[name]; !ok {
			return false
		}
	}
	return true
}

// again keeps the differences that a second run has too. What differs once is a matter
// of time, for Envoy is another process on a machine that has other things to do: what
// the simulator does wrong it does every time.
func again(t *testing.T, first, second map[string]string) map[string]string {
	t.Helper()
	kept := map[string]string{}
	for name, d := range first {
		if second[name] == "" {
			t.Logf("%s differed once and not again: %s", name, d)
			continue
		}
		kept[name] = second[name]
	}
	return kept
}

// only is the process with the scenarios that differ; with all of them if what
// differs is about the process itself.
func (p *process) only(differences map[string]string) *process {
	q := *p
	q.scenarios = slices.DeleteFunc(slices.Clone(p.scenarios), func(s *scenario) bool { return differences[s.name] == "" })
	if len(q.scenarios) < len(differences) {
		return p
	}
	return &q
}

// compare runs all scenarios of a process on both sides. The differences are by scenario.
func (p *process) compare(t *testing.T, binary string, m *modules) map[string]string {
	t.Helper()
	sim, err := newSimulated(p, m.compile)
	if err != nil {
		t.Fatalf("hostsim: %v", err)
	}
	m.starts.Add(1)
	real, err := newReal(p, binary, t.TempDir(), m.file)
	if real != nil {
		defer real.close()
	}
	if err != nil {
		t.Fatal(err)
	}
	differences := map[string]string{}
	runs := map[string]run{}
	for _, s := range p.scenarios {
		r := run{sim.begin(s), real.begin(s)}
		runs[s.name] = r
		note(differences, s.name, r.compare(s))
	}
	note(differences, p.name+"/metrics", compareMetrics(sim, real))
	for _, s := range p.scenarios {
		want := transcript{"access log": slices.Sorted(slices.Values(sim.access[s.name]))} // streams may end in any order
		note(differences, s.name, agree(want, func() transcript { return transcript{"access log": real.accessLog(s.name)} }))
	}
	real.envoy.Stop()
	sim.host.Close() //nolint:errcheck // its traps are those of the scenarios
	if real.crashed() {
		differences[p.name+"/end"] = "Envoy has crashed as it stopped; its log ends in\n" + real.envoy.LogTail()
		return differences
	}
	for _, s := range p.scenarios {
		// All connections are gone: what is left to see is what plugins log.
		if d := difference(runs[s.name].sim.seen(true).logs(), runs[s.name].real.seen(true).logs()); d != "" {
			note(differences, s.name, "at the end of the process\n"+d)
		}
	}
	return differences
}

// note keeps the first difference of a scenario.
func note(differences map[string]string, name, d string) {
	if d != "" && differences[name] == "" {
		differences[name] = d
	}
}

// A run is a scenario on both sides.
type run struct {
	sim  *simulation
	real *realRun
}

// compare plays each step on both sides. It ends at the first difference.
func (r run) compare(s *scenario) string {
	sim, real := r.sim, r.real
	defer real.end() //nolint:errcheck // the connections are closed, which is all that matters now
	for i, st := range s.steps {
		if err := sim.do(st); err != nil {
			return fmt.Sprintf("%s: hostsim: %v", st.text, err)
		}
		if err := real.do(st); err != nil {
			return fmt.Sprintf("%s: Envoy: %v%s\n%s", st.text, err, real.w.crash(), difference(sim.seen(false), real.seen(false)))
		}
		if i+1 < len(s.steps) && s.steps[i+1].who == "await" {
			continue // what is awaited may come at any time now
		}
		if d := agree(sim.seen(false), func() transcript { return real.seen(false) }); d != "" {
			return st.text + real.w.crash() + "\n" + d
		}
	}
	if err := errors.Join(sim.end(), real.end()); err != nil {
		return err.Error()
	}
	if d := agree(sim.seen(true), func() transcript { return real.seen(true) }); d != "" {
		return "in the end\n" + d
	}
	return ""
}

// agree waits until Envoy has shown what the simulator has.
func agree(want transcript, seen func() transcript) string {
	deadline := time.Now().Add(*agreeLimit)
	for {
		d := difference(want, seen())
		if d == "" || time.Now().After(deadline) {
			return d
		}
		time.Sleep(time.Millisecond)
	}
}

// modules are the plugins' code: the probe, built once, and files of others.
type modules struct {
	dir      string
	starts   atomic.Int32 // of Envoy
	mu       sync.Mutex
	compiled map[string]*hostsim.Module
}

// file is where a module's code is; "" is the probe.
func (m *modules) file(name string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.build(name)
}

func (m *modules) build(name string) (string, error) {
	if name != "" {
		return filepath.Join("..", "internal", "guests", name), nil
	}
	out := filepath.Join(m.dir, "probe.wasm")
	if _, err := os.Stat(out); err == nil {
		return out, nil
	}
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", out, "../internal/probe")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if msg, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the probe: %w\n%s", err, msg)
	}
	return out, nil
}

func (m *modules) compile(name string) (*hostsim.Module, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if one := m.compiled[name]; one != nil {
		return one, nil
	}
	file, err := m.build(name)
	if err != nil {
		return nil, err
	}
	wasm, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	one, err := hostsim.Compile(context.Background(), wasm)
	if err == nil {
		m.compiled[name] = one
	}
	return one, err
}

// readReasons reads lines "NAME: REASON".
func readReasons(file string) (map[string]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, line := range nonEmptyLines(string(text)) {
		name, reason, ok := strings.Cut(line, ": ")
		if !ok {
			return nil, fmt.Errorf("%s: %q: want NAME: REASON", file, line)
		}
		out[name] = reason
	}
	return out, nil
}
