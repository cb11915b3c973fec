package serve

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/hostsim/internal/bootstrap"
)

// clusterMetrics are Envoy's most asked for counters of a cluster.
type clusterMetrics struct {
	requests, active, connections, failures, retries, redirects atomic.Int64
	byClass                                                     [6]atomic.Int64
}

func (m *clusterMetrics) begin() { m.active.Add(1) }
func (m *clusterMetrics) end()   { m.active.Add(-1) }

func (m *clusterMetrics) answered(status int) { count(&m.byClass, status) }

// listenerMetrics are those of a connection manager.
type listenerMetrics struct {
	requests, active, connections, activeConnections atomic.Int64
	byClass                                          [6]atomic.Int64
}

func count(byClass *[6]atomic.Int64, status int) {
	if class := status / 100; class >= 1 && class <= 5 {
		byClass[class].Add(1)
	}
}

// metrics keeps histograms and shows everything that is counted.
type metrics struct {
	config     bootstrap.Stats
	mu         sync.RWMutex
	histograms map[string]*histogram
}

func newMetrics(c bootstrap.Stats) *metrics {
	return &metrics{config: c, histograms: map[string]*histogram{}}
}

// A histogram has a count for each bucket; the last one is for what is above all.
type histogram struct {
	bounds []float64
	counts []atomic.Uint64
	sum    atomic.Uint64
}

// defaultBounds are Envoy's.
func defaultBounds() []float64 {
	return []float64{0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000, 3600000}
}

// sample records what a plugin gave to a histogram.
func (m *metrics) sample(name string, value uint64) {
	m.mu.RLock()
	h := m.histograms[name]
	m.mu.RUnlock()
	if h == nil {
		h = m.newHistogram(name)
	}
	i, _ := slices.BinarySearch(h.bounds, float64(value))
	h.counts[i].Add(1)
	h.sum.Add(value)
}

func (m *metrics) newHistogram(name string) *histogram {
	m.mu.Lock()
	defer m.mu.Unlock()
	if h := m.histograms[name]; h != nil {
		return h
	}
	h := &histogram{bounds: defaultBounds()}
	for _, b := range m.config.Buckets {
		if b.Match(customPrefix+name) || b.Match(name) {
			h.bounds = b.Bounds
			break
		}
	}
	h.counts = make([]atomic.Uint64, len(h.bounds)+1)
	m.histograms[name] = h
	return h
}

// customPrefix is what Envoy puts in front of the names that plugins give.
const customPrefix = "wasmcustom."

// A stat is one line of /stats.
type stat struct {
	name      string
	typ       hostsim.MetricType
	value     uint64
	histogram *histogram
	custom    bool // a plugin's
}

// all collects every stat, sorted by name.
func (s *Server) stats() []stat {
	var all []stat
	add := func(typ hostsim.MetricType, name string, v int64) {
		all = append(all, stat{name: name, typ: typ, value: uint64(v)})
	}
	for _, l := range s.listeners {
		p := "http." + l.config.HCM.StatPrefix + "."
		add(hostsim.Counter, p+"downstream_rq_total", l.metrics.requests.Load())
		add(hostsim.Gauge, p+"downstream_rq_active", l.metrics.active.Load())
		add(hostsim.Counter, p+"downstream_cx_total", l.metrics.connections.Load())
		add(hostsim.Gauge, p+"downstream_cx_active", l.metrics.activeConnections.Load())
		addClasses(add, p+"downstream_rq_", &l.metrics.byClass)
	}
	for name, c := range s.clusters {
		p, m := "cluster."+name+".", &c.metrics
		add(hostsim.Counter, p+"upstream_rq_total", m.requests.Load())
		add(hostsim.Gauge, p+"upstream_rq_active", m.active.Load())
		add(hostsim.Counter, p+"upstream_cx_total", m.connections.Load())
		add(hostsim.Counter, p+"upstream_rq_retry", m.retries.Load())
		add(hostsim.Counter, p+"upstream_internal_redirect_succeeded_total", m.redirects.Load())
		add(hostsim.Counter, p+"upstream_cx_connect_fail", m.failures.Load())
		addClasses(add, p+"upstream_rq_", &m.byClass)
	}
	add(hostsim.Counter, "wasm.wazero.traps", int64(len(s.host.Traps())))
	add(hostsim.Gauge, "server.concurrency", int64(len(s.load)))
	for _, m := range s.host.Metrics() {
		if m.Type != hostsim.Histogram {
			all = append(all, stat{name: customPrefix + m.Name, typ: m.Type, value: m.Value, custom: true})
		}
	}
	s.metrics.mu.RLock()
	for name, h := range s.metrics.histograms {
		all = append(all, stat{name: customPrefix + name, typ: hostsim.Histogram, histogram: h, custom: true})
	}
	s.metrics.mu.RUnlock()
	slices.SortFunc(all, func(a, b stat) int { return cmp.Compare(a.name, b.name) })
	return all
}

func addClasses(add func(hostsim.MetricType, string, int64), prefix string, byClass *[6]atomic.Int64) {
	for class := 1; class <= 5; class++ {
		if n := byClass[class].Load(); n > 0 {
			add(hostsim.Counter, prefix+strconv.Itoa(class)+"xx", n)
		}
	}
}

// appendText is a stat as /stats shows it.
func (s stat) appendText(b []byte) []byte {
	b = append(append(b, s.name...), ": "...)
	if s.histogram == nil {
		return append(strconv.AppendUint(b, s.value, 10), '\n')
	}
	total := s.histogram.total()
	if total == 0 {
		return append(b, "No recorded values\n"...)
	}
	for i, p := range []float64{0, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 100} {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(append(b, 'P'), strconv.FormatFloat(p, 'g', -1, 64)...)
		b = append(append(b, '('), strconv.FormatFloat(s.histogram.quantile(p/100, total), 'g', 5, 64)...)
		b = append(b, ')')
	}
	return append(b, '\n')
}

func (h *histogram) total() (n uint64) {
	for i := range h.counts {
		n += h.counts[i].Load()
	}
	return n
}

// quantile interpolates inside of a bucket.
func (h *histogram) quantile(q float64, total uint64) float64 {
	want, seen, low := q*float64(total), 0.0, 0.0
	for i := range h.counts {
		n := float64(h.counts[i].Load())
		if i == len(h.bounds) {
			return low
		}
		if n > 0 && seen+n >= want {
			return low + (h.bounds[i]-low)*(want-seen)/n
		}
		seen, low = seen+n, h.bounds[i]
	}
	return low
}

// A label is a name and value of Prometheus.
type label struct{ name, value string }

// tagged takes the labels out of a name, as stats_tags say.
func (m *metrics) tagged(name string) (string, []label) {
	var labels []label
	for _, t := range m.config.Tags {
		if t.Regex == nil {
			labels = append(labels, label{t.Name, t.Fixed})
			continue
		}
		at := t.Regex.FindStringSubmatchIndex(name)
		if at == nil || at[2] < 0 {
			continue
		}
		value := name[at[2]:at[3]]
		if len(at) > 4 && at[4] >= 0 {
			value = name[at[4]:at[5]]
		}
		labels = append(labels, label{t.Name, value})
		name = name[:at[2]] + name[at[3]:]
	}
	return name, labels
}

// builtinTags are those of Envoy's default tags that the few built-in stats need.
func builtinTags(name string) (string, []label) {
	parts := strings.SplitN(name, ".", 2)
	if len(parts) != 2 || parts[0] != "http" && parts[0] != "cluster" {
		return name, nil
	}
	i := strings.LastIndexByte(parts[1], '.')
	if i < 0 {
		return name, nil
	}
	tag, owner, rest := "envoy_cluster_name", parts[1][:i], parts[1][i+1:]
	if parts[0] == "http" {
		tag = "envoy_http_conn_manager_prefix"
	}
	labels := []label{{tag, owner}}
	if base, class, ok := cutClass(rest); ok {
		rest = base + "_xx"
		labels = append([]label{{"envoy_response_code_class", class}}, labels...)
	}
	return parts[0] + "." + rest, labels
}

func cutClass(s string) (base, class string, ok bool) {
	if len(s) < 5 || !strings.HasSuffix(s, "xx") || s[len(s)-4] != '_' {
		return s, "", false
	}
	return s[:len(s)-4], s[len(s)-3 : len(s)-2], true
}
