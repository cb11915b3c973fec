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

// metrics are Envoy's: histograms as it counts them for Prometheus, the others as
// its own page has them, with their names as they are.
func (w *real) metrics() []string {
	var got []string
	read := func(path, prefix, separator string, keep func(name, value string) bool) {
		text, err := w.envoy.Ask(path)
		if err != nil {
			got = append(got, err.Error())
		}
		for line := range strings.Lines(text) {
			name, value, ok := strings.Cut(strings.TrimSpace(line), separator)
			if name, custom := strings.CutPrefix(name, prefix); ok && custom && keep(name, value) {
				got = append(got, strings.TrimPrefix(name, ".")+": "+value)
			}
		}
	}
	read("/stats?filter=wasmcustom", "wasmcustom", ": ", func(_, value string) bool {
		_, err := strconv.ParseUint(value, 10, 64)
		return err == nil // histograms have more than a number
	})
	read("/stats/prometheus?filter=wasmcustom", "", "{} ", func(name, _ string) bool {
		return strings.HasSuffix(name, "_count")
	})
	slices.Sort(got)
	return got
}
