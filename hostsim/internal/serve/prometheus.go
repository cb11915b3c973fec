package serve

import (
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/hostsim"
)

// appendPrometheus writes stats in the text format of Prometheus.
// https://prometheus.io/docs/instrumenting/exposition_formats/
//
// As in Envoy, a plugin's metrics have the names that it gave them, without prefix,
// and everything else begins with envoy_.
func (m *metrics) appendPrometheus(b []byte, all []stat) []byte {
	typed := map[string]bool{}
	groups, order := map[string][]series{}, []string{}
	for _, s := range all {
		one := m.series(s)
		if _, ok := groups[one.name]; !ok {
			order = append(order, one.name)
		}
		groups[one.name] = append(groups[one.name], one)
	}
	for _, name := range order {
		for _, one := range groups[name] {
			if !typed[name] {
				typed[name] = true
				b = append(b, "# TYPE "+name+" "+typeName(one.stat.typ)+"\n"...)
			}
			b = one.append(b)
		}
	}
	return b
}

// A series is a stat under its Prometheus name.
type series struct {
	name   string
	labels []label
	stat   stat
}

func (m *metrics) series(s stat) series {
	name, labels := m.tagged(s.name)
	if !s.custom && m.config.DefaultTags {
		var own []label
		name, own = builtinTags(name)
		labels = append(labels, own...)
	}
	if s.custom {
		name = strings.TrimPrefix(name, customPrefix)
	} else {
		name = "envoy_" + name
	}
	return series{sanitize(name), labels, s}
}

func typeName(t hostsim.MetricType) string {
	switch t {
	case hostsim.Counter:
		return "counter"
	case hostsim.Gauge:
		return "gauge"
	}
	return "histogram"
}

func (s series) append(b []byte) []byte {
	if s.stat.histogram == nil {
		b = appendLabels(append(b, s.name...), s.labels, "")
		return append(strconv.AppendUint(append(b, ' '), s.stat.value, 10), '\n')
	}
	h, seen := s.stat.histogram, uint64(0)
	for i := range h.counts {
		seen += h.counts[i].Load()
		bound := "+Inf"
		if i < len(h.bounds) {
			bound = strconv.FormatFloat(h.bounds[i], 'g', -1, 64)
		}
		b = appendLabels(append(b, s.name+"_bucket"...), s.labels, bound)
		b = append(strconv.AppendUint(append(b, ' '), seen, 10), '\n')
	}
	b = appendLabels(append(b, s.name+"_sum"...), s.labels, "")
	b = append(strconv.AppendUint(append(b, ' '), h.sum.Load(), 10), '\n')
	b = appendLabels(append(b, s.name+"_count"...), s.labels, "")
	return append(strconv.AppendUint(append(b, ' '), seen, 10), '\n')
}

func appendLabels(b []byte, labels []label, le string) []byte {
	b = append(b, '{')
	for i, l := range labels {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, sanitize(l.name)...), `="`...)
		b = append(append(b, escapeLabel(l.value)...), '"')
	}
	if le != "" {
		if len(labels) > 0 {
			b = append(b, ',')
		}
		b = append(append(b, `le="`+le...), '"')
	}
	return append(b, '}')
}

func escapeLabel(s string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`).Replace(s)
}

// sanitize replaces what may not stand in a name.
func sanitize(s string) string {
	b := []byte(s)
	for i, c := range b {
		if !(c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' && i > 0) {
			b[i] = '_'
		}
	}
	return string(b)
}
