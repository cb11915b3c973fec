package hostsim

import (
	"encoding/binary"
	"math"
	"sort"
	"time"
)

// properties are the attributes of one stream. Names and types are Envoy's:
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes
type properties struct {
	given        []map[string]any // looked up first
	state        map[string][]byte
	texts        map[string]bool // which of state are strings
	envoyState   map[string][]byte
	start        time.Time
	finish       time.Time
	status       int64
	requestSize  uint64
	responseSize uint64
}

func newProperties(host, stream map[string]any, now time.Time) properties {
	p := properties{start: now}
	for _, m := range []map[string]any{stream, host} {
		if m != nil {
			p.given = append(p.given, m)
		}
	}
	return p
}

func (p *properties) end(now time.Time) { p.finish = now }

// FilterState returns what a plugin stored with proxy_set_property; Envoy's access
// log knows it as %FILTER_STATE(wasm.NAME:PLAIN)%.
func (s *Stream) FilterState(name string) ([]byte, bool) {
	s.worker.mu.Lock()
	defer s.worker.mu.Unlock()
	return s.filterState(name)
}

func (s *Stream) filterState(name string) ([]byte, bool) {
	v, ok := s.props.state[name]
	return v, ok
}

// shareState makes what plugins store an attempt's and its stream's alike.
func (p *properties) shareState(stream *properties) {
	if stream.state == nil {
		stream.state, stream.texts = map[string][]byte{}, map[string]bool{}
	}
	if stream.envoyState == nil {
		stream.envoyState = map[string][]byte{}
	}
	p.state, p.texts, p.envoyState = stream.state, stream.texts, stream.envoyState
}

func propertyFuncs() []hostFunc {
	return []hostFunc{
		statusFunc("proxy_get_property", 4, (*vm).getProperty),
		statusFunc("proxy_set_property", 4, (*vm).setProperty),
	}
}

func (v *vm) getProperty(a []uint64) Status {
	path, ok := v.readString(a[0], a[1])
	if !ok {
		return StatusInvalidMemoryAccess
	}
	if path == "" {
		return StatusSerializationFailure
	}
	value, ok := v.current().property(path)
	if !ok {
		return StatusNotFound
	}
	b, ok := serialize(value)
	if !ok {
		return StatusSerializationFailure
	}
	return v.give(b, a[2], a[3])
}

// setProperty stores in the stream's filter state. The whole path is the name.
func (v *vm) setProperty(a []uint64) Status {
	path, ok := v.readString(a[0], a[1])
	value, ok2 := v.read(a[2], a[3])
	if !ok || !ok2 {
		return StatusInvalidMemoryAccess
	}
	c := v.current()
	if c.filter == nil {
		return StatusNotFound
	}
	p := &c.stream.props
	as := c.root.declared[path]
	if _, set := p.state[path]; set && as.readOnly {
		return StatusBadArgument
	}
	if p.state == nil {
		p.state, p.texts = map[string][]byte{}, map[string]bool{}
	}
	if _, set := p.state[path]; !set {
		p.texts[path] = as.text
	}
	p.state[path] = append([]byte(nil), value...)
	return StatusOK
}

// serialize gives an attribute's bytes: numbers are 8 bytes, times nanoseconds,
// maps and lists pairs.
func serialize(v any) ([]byte, bool) {
	switch v := v.(type) {
	case string:
		return []byte(v), true
	case []byte:
		return v, true
	case int64:
		return binary.LittleEndian.AppendUint64(nil, uint64(v)), true
	case int:
		return binary.LittleEndian.AppendUint64(nil, uint64(v)), true
	case uint64:
		return binary.LittleEndian.AppendUint64(nil, v), true
	case float64:
		return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)), true
	case bool:
		return []byte{byte(b2i(v))}, true
	case time.Time:
		return binary.LittleEndian.AppendUint64(nil, uint64(v.UnixNano())), true
	case time.Duration:
		return binary.LittleEndian.AppendUint64(nil, uint64(v)), true
	case Headers:
		return appendPairs(nil, v.joined()), true
	case map[string]any:
		return serializeMap(v)
	case message:
		return nil, true // an empty protobuf message
	case []any:
		h := make(Headers, len(v))
		for i, x := range v {
			b, ok := serialize(x)
			if !ok {
				return nil, false
			}
			h[i].Name = string(b)
		}
		return appendPairs(nil, h), true
	}
	return nil, false
}

func serializeMap(m map[string]any) ([]byte, bool) {
	h := make(Headers, 0, len(m))
	for k, x := range m {
		b, ok := serialize(x)
		if !ok {
			return nil, false
		}
		h = append(h, Header{k, string(b)})
	}
	sort.Slice(h, func(i, j int) bool { return h[i].Name < h[j].Name })
	return appendPairs(nil, h), true
}
