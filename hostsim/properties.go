package hostsim

import (
	"encoding/binary"
	"math"
	"sort"
	"strings"
	"time"
)

// properties are the attributes of one stream. Names and types are Envoy's:
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes
type properties struct {
	given        []map[string]any // looked up first
	state        map[string][]byte
	start        time.Time
	finish       time.Time
	status       int64
	requestSize  uint64
	responseSize uint64
}

func newProperties(host, stream map[string]any, now time.Time) *properties {
	p := &properties{start: now}
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
	v, ok := s.props.state[name]
	return v, ok
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
	p := c.stream.props
	if p.state == nil {
		p.state = map[string][]byte{}
	}
	p.state[path] = append([]byte(nil), value...)
	return StatusOK
}

// property walks the tree along a path whose parts are parted by zero bytes.
func (c *vmContext) property(path string) (any, bool) {
	parts := strings.Split(strings.TrimSuffix(path, "\x00"), "\x00")
	v, ok := c.topProperty(parts[0])
	if !ok {
		return nil, false
	}
	for _, part := range parts[1:] {
		if v, ok = child(v, part); !ok {
			return nil, false
		}
	}
	return v, true
}

func (c *vmContext) topProperty(name string) (any, bool) {
	if c.stream != nil {
		s := c.stream
		var found map[string]any
		for _, m := range s.props.given {
			v, ok := m[name]
			if !ok {
				continue
			}
			sub, isMap := v.(map[string]any)
			if !isMap {
				return v, true
			}
			if found == nil {
				found = map[string]any{}
			}
			for k, x := range sub {
				if _, taken := found[k]; !taken {
					found[k] = x
				}
			}
		}
		if own := c.attributes(name); own != nil {
			return overlay{found, own}, true
		}
		if found != nil {
			return found, true
		}
		if v, ok := s.props.state[name]; ok {
			return v, true
		}
	} else if v, ok := c.vm.host.config.Properties[name]; ok {
		return v, true
	}
	switch name {
	case "plugin_name":
		if c.plugin != nil {
			return c.plugin.Name, true
		}
	case "plugin_root_id":
		if c.plugin != nil {
			return c.plugin.RootID, true
		}
	case "plugin_vm_id":
		return c.vm.id, true
	}
	return nil, false
}

// overlay is a map whose entries may be given or follow from the stream.
type overlay struct {
	given map[string]any
	own   func(name string) (any, bool)
}

func child(v any, name string) (any, bool) {
	switch v := v.(type) {
	case overlay:
		if x, ok := v.given[name]; ok {
			return x, true
		}
		return v.own(name)
	case map[string]any:
		x, ok := v[name]
		return x, ok
	case Headers:
		return joinedValue(v, lower(name))
	case []any:
		i := 0
		for _, c := range name {
			if c < '0' || c > '9' {
				return nil, false
			}
			i = i*10 + int(c-'0')
		}
		if name == "" || i >= len(v) {
			return nil, false
		}
		return v[i], true
	}
	return nil, false
}

// joinedValue is all values of a name, as an attribute shows them.
func joinedValue(h Headers, name string) (any, bool) {
	vs := h.Values(name)
	if len(vs) == 0 {
		return nil, false
	}
	return strings.Join(vs, ","), true
}

// attributes returns the look-up of one of the maps that follow from the stream.
func (c *vmContext) attributes(name string) func(string) (any, bool) {
	switch name {
	case "request":
		return c.requestAttribute
	case "response":
		return c.responseAttribute
	}
	return nil
}

func (c *vmContext) requestAttribute(name string) (any, bool) {
	s := c.stream
	switch name {
	case "time":
		return s.props.start, true
	case "duration":
		if s.props.finish.IsZero() {
			return nil, false
		}
		return s.props.finish.Sub(s.props.start), true
	case "protocol":
		return "HTTP/1.1", true
	}
	m := c.reqHeaders
	if m == nil || c.logging {
		m = s.req.headers
	}
	if m == nil {
		return nil, false
	}
	h := m.list
	header := func(name string) (any, bool) {
		v, ok := h.Lookup(name)
		return v, ok
	}
	switch name {
	case "headers":
		return h, true
	case "path":
		return header(":path")
	case "url_path":
		path, _, _ := strings.Cut(h.Get(":path"), "?")
		return path, true
	case "query":
		_, query, _ := strings.Cut(h.Get(":path"), "?")
		return query, true
	case "host":
		return header(":authority")
	case "scheme":
		return header(":scheme")
	case "method":
		return header(":method")
	case "referer":
		return header("referer")
	case "useragent":
		return header("user-agent")
	case "id":
		return header("x-request-id")
	case "size":
		return int64(s.props.requestSize), true
	case "total_size":
		return int64(s.props.requestSize) + int64(m.byteSize()), true
	}
	return nil, false
}

func (c *vmContext) responseAttribute(name string) (any, bool) {
	s := c.stream
	switch name {
	case "code":
		if s.props.status == 0 {
			return nil, false
		}
		return s.props.status, true
	case "code_details":
		if s.details == "" {
			return nil, false
		}
		return s.details, true
	case "size":
		return int64(s.props.responseSize), true
	case "flags":
		return int64(0), true
	case "headers":
		if s.resp.headers != nil {
			return s.resp.headers.list, true
		}
		return Headers{}, true
	case "trailers":
		if s.resp.trailers != nil {
			return s.resp.trailers.list, true
		}
		return Headers{}, true
	}
	return nil, false
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
		return appendPairs(nil, v), true
	case map[string]any:
		return serializeMap(v)
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
