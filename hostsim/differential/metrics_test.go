package differential

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/hostsim"
)

// compareMetrics compares what plugins have counted in the whole process. Of a
// histogram it is how many samples there are: Envoy does not keep them.
func compareMetrics(sim *simulated, real *real) string {
	var want []string
	for _, m := range sim.host.Metrics() {
		if m.Type == hostsim.Histogram {
			want = append(want, fmt.Sprintf("%s_count: %d", m.Name, len(m.Samples)))
		} else {
			want = append(want, fmt.Sprintf("%s: %d", m.Name, m.Value))
		}
	}
	slices.Sort(want)
	return agree(transcript{"metrics": want}, func() transcript {
		return transcript{"metrics": real.metrics()}
	})
}

// metrics are Envoy's, as it shows them to Prometheus.
func (w *real) metrics() []string {
	text, err := w.envoy.Ask("/stats/prometheus?filter=wasmcustom")
	if err != nil {
		return []string{err.Error()}
	}
	var got []string
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "{} ")
		name, custom := strings.CutPrefix(name, "envoy_wasmcustom_")
		if !ok || !custom || strings.HasSuffix(name, "_sum") {
			continue
		}
		if f, err := strconv.ParseFloat(value, 64); err == nil {
			value = strconv.FormatUint(uint64(f), 10)
		}
		got = append(got, name+": "+value)
	}
	slices.Sort(got)
	return got
}
