//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A document is what a run has found, as it is written to the file.
type document struct {
	Started     time.Time       `json:"started"`
	TookSeconds float64         `json:"took_seconds"`
	Machine     string          `json:"machine"`
	Envoy       string          `json:"envoy"`
	Rounds      int             `json:"rounds"`
	DurSeconds  float64         `json:"dur_seconds"`
	Starts      []start         `json:"starts"`
	Checks      []checkResult   `json:"checks"`
	Rows        []*row          `json:"rows"`
	HalfRate    []latencyRow    `json:"half_rate,omitempty"`
	Derived     []figure        `json:"derived,omitempty"`
	Micro       json.RawMessage `json:"microbench,omitempty"`

	quiet float64 // cores that other processes may use before a latency means nothing
}

// A start says what it took until a gateway served.
type start struct {
	Gateway string  `json:"gateway"`
	Seconds float64 `json:"seconds"`
	RSSMB   float64 `json:"rss_mb"`
}

type checkResult struct {
	Workload string `json:"workload"`
	Gateway  string `json:"gateway"`
	OK       bool   `json:"ok"`
	Note     string `json:"note"`
}

// A row is a gateway carrying a workload: medians over the rounds. Ratios are of the
// CPU time, each taken within a round, to plain Envoy (on the workload without
// translation) and to envoy-ai.
type row struct {
	Workload     string         `json:"workload"`
	Gateway      string         `json:"gateway"`
	CPU          float64        `json:"cpu_us"`
	CPULow       float64        `json:"cpu_us_min"`
	CPUHigh      float64        `json:"cpu_us_max"`
	Rate         float64        `json:"rps"`
	P50          float64        `json:"p50_us"`
	P99          float64        `json:"p99_us"`
	GapP99       float64        `json:"gap_p99_us,omitempty"` // between arrivals in one stream
	RSS          float64        `json:"rss_mb"`
	RatioPlain   float64        `json:"ratio_plain,omitempty"`
	RatioEnvoyAI float64        `json:"ratio_envoy_ai,omitempty"`
	Foreign      float64        `json:"foreign_cores"` // used by other processes meanwhile
	Errors       map[string]int `json:"errors,omitempty"`
	Target       *target        `json:"target,omitempty"`
	cpu          []float64      // by round
}

// A latencyRow is a gateway at a fixed rate.
type latencyRow struct {
	Gateway string  `json:"gateway"`
	Rate    float64 `json:"rps"`
	CPU     float64 `json:"cpu_us"`
	P50     float64 `json:"p50_us"`
	P99     float64 `json:"p99_us"`
	Foreign float64 `json:"foreign_cores"`
	Target  *target `json:"target,omitempty"`
}

// A figure follows from several rows.
type figure struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
	Target *target `json:"target,omitempty"`
}

func newDocument(r *rig, running []*envoy) *document {
	d := &document{Started: time.Now().UTC().Truncate(time.Second), Machine: machine(), Rounds: r.rounds, DurSeconds: r.duration.Seconds(), quiet: r.quiet}
	for _, e := range running {
		s := start{Gateway: e.gateway.name, Seconds: e.ready.Seconds()}
		if rss, err := e.RSS(); err == nil {
			s.RSSMB = float64(rss) / 1e6
		}
		d.Starts = append(d.Starts, s)
		if text, err := e.get("/server_info"); err == nil && d.Envoy == "" {
			var info struct{ Version string }
			if json.Unmarshal([]byte(text), &info) == nil {
				d.Envoy = release(info.Version)
			}
		}
	}
	if info, err := os.Stat(r.build.module); err == nil {
		d.Derived = append(d.Derived, figure{"module size", float64(info.Size()) / 1e6, "MB", limit(float64(info.Size())/1e6, maxModuleMB, "MB")})
	}
	return d
}

func machine() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(b)) {
		if k, v, _ := strings.Cut(line, ":"); strings.TrimSpace(k) == "model name" {
			return fmt.Sprintf("%s, %d cores", strings.TrimSpace(v), runtime.NumCPU())
		}
	}
	return runtime.GOARCH
}

func (d *document) checked(e *envoy, w workload, o outcome, err error) {
	c := checkResult{Workload: w.name, Gateway: e.gateway.name, OK: err == nil, Note: o.String()}
	if err != nil {
		c.Note = err.Error()
	}
	d.Checks = append(d.Checks, c)
}

func (d *document) addRows(w workload, lanes []*lane) {
	rows := map[string]*row{}
	for _, l := range lanes {
		cpu := each(l.rounds, (*cell).micros)
		x := &row{Workload: w.name, Gateway: l.envoy.gateway.name, cpu: cpu,
			CPU: median(cpu), CPULow: slices.Min(cpu), CPUHigh: slices.Max(cpu), Rate: median(each(l.rounds, (*cell).rate)),
			P50: median(percentiles(l.rounds, 50)), P99: median(percentiles(l.rounds, 99)), Errors: map[string]int{},
			RSS:     median(each(l.rounds, func(c *cell) float64 { return float64(c.rss) / 1e6 })),
			Foreign: median(each(l.rounds, (*cell).disturbance))}
		if w.stream {
			x.GapP99 = median(each(l.rounds, func(c *cell) float64 { return micros(c.gap.Percentile(99)) }))
		}
		for _, c := range l.rounds {
			for k, n := range c.errors {
				x.Errors[k] += n
			}
		}
		rows[x.Gateway] = x
		d.Rows = append(d.Rows, x)
	}
	for _, x := range rows {
		x.RatioPlain = ratio(x, rows[plain])
		x.RatioEnvoyAI = ratio(x, rows[envoyAI])
	}
}

// ratio is the median over the rounds of the ratio within each.
func ratio(x, to *row) float64 {
	if to == nil || x == to {
		return 0
	}
	var v []float64
	for i := range x.cpu {
		v = append(v, x.cpu[i]/to.cpu[i])
	}
	return median(v)
}

func (d *document) addHalfRate(rate float64, lanes []*lane) {
	var base latencyRow
	for _, l := range lanes {
		x := latencyRow{Gateway: l.envoy.gateway.name, Rate: rate, CPU: median(each(l.rounds, (*cell).micros)),
			P50: median(percentiles(l.rounds, 50)), P99: median(percentiles(l.rounds, 99)),
			Foreign: median(each(l.rounds, (*cell).disturbance))}
		switch x.Gateway {
		case plain:
			base = x
		case postern:
			x.Target = limit(x.P99-base.P99, maxAddedP99, "µs over plain's p99").unless(max(x.Foreign, base.Foreign), d.quiet)
		}
		d.HalfRate = append(d.HalfRate, x)
	}
}

// finish adds what follows from the rows, and the module's own benchmarks.
func (d *document) finish(micro string, took time.Duration) {
	d.TookSeconds = took.Seconds()
	d.judge()
	d.derive()
	b, err := os.ReadFile(micro)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil || !json.Valid(b):
		fmt.Fprintf(os.Stderr, "bench: %s left out: not JSON (%v)\n", micro, err)
	default:
		d.Micro = b
	}
}

func (d *document) find(workload, gateway string) *row {
	for _, x := range d.Rows {
		if x.Workload == workload && x.Gateway == gateway {
			return x
		}
	}
	return nil
}

func (d *document) write(file string) error {
	if file == "" {
		return nil
	}
	b, err := json.MarshalIndent(d, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file, append(b, '\n'), 0o644); err != nil {
		return err
	}
	fmt.Println("wrote", file)
	return nil
}

func micros(t time.Duration) float64 { return float64(t) / 1e3 }

func percentiles(cells []*cell, p float64) []float64 {
	return each(cells, func(c *cell) float64 { return micros(c.total.Percentile(p)) })
}

func each[T any](list []T, f func(T) float64) []float64 {
	var out []float64
	for _, x := range list {
		out = append(out, f(x))
	}
	return out
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(v))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

// release is the number in commit/number/state/build/library.
func release(version string) string {
	if f := strings.Split(version, "/"); len(f) > 1 {
		return f[1]
	}
	return version
}
