package hostsim

import (
	"sort"
	"sync"

	"github.com/tetratelabs/wazero/api"
)

// A MetricType is counter, gauge or histogram.
type MetricType uint8

// The metric types.
const (
	Counter MetricType = iota
	Gauge
	Histogram
)

// A Metric is the state of one metric of the process.
type Metric struct {
	Name    string
	Type    MetricType
	Value   uint64   // of a counter or gauge
	Samples []uint64 // of a histogram, in order
}

// metrics are the process's; the same name in two VMs is the same metric.
type metrics struct {
	mu     sync.Mutex
	byName map[metricKey]*Metric
}

type metricKey struct {
	typ  MetricType
	name string
}

func (m *metrics) define(typ MetricType, name string) *Metric {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := metricKey{typ, name}
	one, ok := m.byName[k]
	if !ok {
		one = &Metric{Name: name, Type: typ}
		m.byName[k] = one
	}
	return one
}

// Metrics returns a copy of all metrics that plugins have defined, by name and type.
func (h *Host) Metrics() []Metric {
	h.metrics.mu.Lock()
	defer h.metrics.mu.Unlock()
	all := make([]Metric, 0, len(h.metrics.byName))
	for _, m := range h.metrics.byName {
		one := *m
		one.Samples = append([]uint64(nil), m.Samples...)
		all = append(all, one)
	}
	sort.Slice(all, func(i, j int) bool {
		if all[i].Name != all[j].Name {
			return all[i].Name < all[j].Name
		}
		return all[i].Type < all[j].Type
	})
	return all
}

// Metric returns one metric; ok is false if no plugin has defined it.
func (h *Host) Metric(typ MetricType, name string) (m Metric, ok bool) {
	h.metrics.mu.Lock()
	defer h.metrics.mu.Unlock()
	one, ok := h.metrics.byName[metricKey{typ, name}]
	if !ok {
		return Metric{}, false
	}
	m = *one
	m.Samples = append([]uint64(nil), one.Samples...)
	return m, true
}

// vmMetrics are the ids by which one VM knows its metrics.
type vmMetrics struct {
	byID map[uint32]*Metric
	last [3]uint32
}

func newVMMetrics() vmMetrics {
	return vmMetrics{byID: map[uint32]*Metric{}, last: [3]uint32{metricCounter, metricGauge, metricHistogram}}
}

func metricFuncs() []hostFunc {
	return []hostFunc{
		statusFunc("proxy_define_metric", 4, (*vm).defineMetric),
		{name: "proxy_increment_metric", params: i32i64(), results: i32s(1),
			fn: func(v *vm, a []uint64) uint32 { return uint32(v.incrementMetric(uint32(a[0]), int64(a[1]))) }},
		{name: "proxy_record_metric", params: i32i64(), results: i32s(1),
			fn: func(v *vm, a []uint64) uint32 { return uint32(v.recordMetric(uint32(a[0]), a[1])) }},
		statusFunc("proxy_get_metric", 2, (*vm).getMetric),
	}
}

func i32i64() []api.ValueType { return []api.ValueType{api.ValueTypeI32, api.ValueTypeI64} }

func (v *vm) defineMetric(a []uint64) Status {
	name, ok := v.readString(a[1], a[2])
	if !ok {
		return StatusInvalidMemoryAccess
	}
	if a[0] > metricMax {
		return StatusBadArgument
	}
	m := &v.metrics
	m.last[a[0]] += metricIncrement
	id := m.last[a[0]]
	m.byID[id] = v.host.metrics.define(MetricType(a[0]), name)
	if !v.writeU32(a[3], id) {
		return StatusInvalidMemoryAccess
	}
	return StatusOK
}

func (v *vm) incrementMetric(id uint32, offset int64) Status {
	typ := id & metricTypeMask
	if typ > metricGauge {
		return StatusBadArgument
	}
	m, ok := v.metrics.byID[id]
	if !ok {
		return StatusNotFound
	}
	if typ == metricCounter && offset <= 0 {
		return StatusBadArgument
	}
	v.host.metrics.mu.Lock()
	m.Value += uint64(offset)
	v.host.metrics.mu.Unlock()
	return StatusOK
}

func (v *vm) recordMetric(id uint32, value uint64) Status {
	m, ok := v.metrics.byID[id]
	if !ok {
		return StatusNotFound
	}
	if f := v.host.config.Samples; f != nil && m.Type == Histogram {
		f(m.Name, value)
		return StatusOK
	}
	v.host.metrics.mu.Lock()
	defer v.host.metrics.mu.Unlock()
	switch m.Type {
	case Counter:
		m.Value += value
	case Gauge:
		m.Value = value
	case Histogram:
		m.Samples = append(m.Samples, value)
	}
	return StatusOK
}

func (v *vm) getMetric(a []uint64) Status {
	id := uint32(a[0])
	if id&metricTypeMask > metricGauge {
		return StatusBadArgument
	}
	m, ok := v.metrics.byID[id]
	if !ok {
		return StatusNotFound
	}
	v.host.metrics.mu.Lock()
	value := m.Value
	v.host.metrics.mu.Unlock()
	if !v.writeU64(a[1], value) {
		return StatusInvalidMemoryAccess
	}
	return StatusOK
}
