package hostsim

import (
	"strconv"
	"strings"
)

// This file is the tree of attributes that proxy_get_property walks.

// An overlay is one of Envoy's attribute maps: entries given by the test in front
// of those that follow from the stream. Unlike a plain map it cannot be had whole.
type overlay struct {
	given map[string]any
	own   func(name string) (any, bool)
}

// A message is a protobuf message without fields.
type message struct{}

// property walks the tree along a path whose parts are parted by zero bytes.
func (c *vmContext) property(path string) (any, bool) {
	name, rest, more := strings.Cut(strings.TrimSuffix(path, "\x00"), "\x00")
	v, ok := c.topProperty(name)
	for ok && more {
		name, rest, more = strings.Cut(rest, "\x00")
		v, ok = child(v, name)
	}
	return v, ok
}

func (c *vmContext) topProperty(name string) (any, bool) {
	given, leaf := c.givenProperty(name)
	if leaf != nil {
		return leaf, true
	}
	if own := c.attributes(name); own != nil {
		return overlay{given, own}, true
	}
	if given != nil {
		return given, true
	}
	switch {
	case name == "plugin_vm_id":
		return c.vm.id, true
	case name == "plugin_name" && c.plugin != nil:
		return c.plugin.Name, true
	case name == "plugin_root_id" && c.plugin != nil:
		return c.plugin.RootID, true
	}
	if c.stream == nil {
		return nil, false
	}
	switch name {
	case "connection_id":
		return c.connectionAttribute("id")
	case "metadata":
		return overlay{nil, func(name string) (any, bool) {
			return map[string]any{}, name == "filter_metadata"
		}}, true
	}
	v, ok := c.stream.filterState(name)
	return v, ok
}

// givenProperty looks in what the test has given: a leaf, or a map of all entries.
func (c *vmContext) givenProperty(name string) (entries map[string]any, leaf any) {
	sources := []map[string]any{c.vm.host.config.Properties}
	if c.stream != nil {
		sources = c.stream.props.given
	}
	for _, m := range sources {
		switch v := m[name].(type) {
		case nil:
		case map[string]any:
			if entries == nil {
				entries = map[string]any{}
			}
			for k, x := range v {
				if _, taken := entries[k]; !taken {
					entries[k] = x
				}
			}
		default:
			return nil, v
		}
	}
	return entries, nil
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
		return v.joinedValue(lower(name))
	case []any:
		i, err := strconv.Atoi(name)
		if err != nil || i < 0 || i >= len(v) {
			return nil, false
		}
		return v[i], true
	}
	return nil, false
}

// joinedValue is all values of a name, as an attribute shows them.
func (h Headers) joinedValue(name string) (any, bool) {
	vs := h.Values(name)
	return strings.Join(vs, ","), len(vs) > 0
}

// joined has each name once, with all its values.
func (h Headers) joined() Headers {
	var out Headers
	for _, f := range h {
		if _, done := out.Lookup(f.Name); !done {
			v, _ := h.joinedValue(f.Name)
			out = append(out, Header{f.Name, v.(string)})
		}
	}
	return out
}

// attributes returns the look-up of one of the maps that follow from the stream.
func (c *vmContext) attributes(name string) func(string) (any, bool) {
	if name == "xds" {
		return c.xdsAttribute
	}
	if c.stream == nil {
		return nil
	}
	switch name {
	case "request":
		return c.requestAttribute
	case "response":
		return c.responseAttribute
	case "connection":
		return c.connectionAttribute
	case "upstream":
		return c.upstreamAttribute
	case "source":
		return sourceAttribute
	case "destination":
		return destinationAttribute
	case "filter_state":
		return func(name string) (any, bool) {
			name, ok := strings.CutPrefix(name, "wasm.")
			v, found := c.stream.filterState(name)
			return v, ok && found
		}
	}
	return nil
}

func sourceAttribute(name string) (any, bool) {
	return addressAttribute(name, "127.0.0.1:40000", 40000)
}

func destinationAttribute(name string) (any, bool) {
	return addressAttribute(name, "127.0.0.1:8080", 8080)
}

func addressAttribute(name, address string, port int64) (any, bool) {
	switch name {
	case "address":
		return address, true
	case "port":
		return port, true
	}
	return nil, false
}

// noMetadata is an attribute that is known and cannot be serialised.
type noMetadata struct{}

func (c *vmContext) xdsAttribute(name string) (any, bool) {
	if c.stream == nil {
		return nil, false
	}
	switch name {
	case "listener_direction":
		return int64(0), true
	case "filter_chain_name", "route_name", "virtual_host_name", "cluster_name":
		return "", true
	case "upstream_host_metadata":
		return noMetadata{}, c.stream.attempts > 0 // of a picked host that has none
	case "cluster_metadata", "route_metadata", "virtual_host_metadata", "listener_metadata":
		return message{}, true
	}
	return nil, false
}

func (c *vmContext) connectionAttribute(name string) (any, bool) {
	switch name {
	case "id":
		return c.stream.id, true
	case "mtls":
		return false, true
	case "requested_server_name":
		return "", true
	}
	return nil, false
}

func (c *vmContext) upstreamAttribute(name string) (any, bool) {
	s := c.stream
	switch name {
	case "request_attempt_count":
		return uint64(s.attempts), true
	case "num_endpoints":
		return uint64(1), true
	case "transport_failure_reason":
		return "", s.attempts > 0
	}
	return nil, false
}

// requestAttribute sees the headers only where the plugin itself may read them.
func (c *vmContext) requestAttribute(name string) (any, bool) {
	p := &c.stream.props
	m := c.readable(mapRequestHeaders)
	switch name {
	case "time":
		return p.start, true
	case "duration":
		return p.finish.Sub(p.start), !p.finish.IsZero()
	case "protocol":
		return "HTTP/1.1", true
	case "size":
		if m != nil {
			if n, err := strconv.ParseInt(m.list.Get("content-length"), 10, 64); err == nil {
				return n, true
			}
		}
		return int64(p.requestSize), true
	case "total_size":
		if m != nil {
			return int64(p.requestSize) + int64(m.byteSize()), true
		}
		return int64(p.requestSize), true
	case "headers":
		if m == nil {
			return Headers{}, true
		}
		return m.list, true
	}
	if m == nil {
		return nil, false
	}
	return headerAttribute(m.list, name)
}

// headerAttribute is one of the request attributes that are a header or a part of one.
func headerAttribute(h Headers, name string) (any, bool) {
	header := ""
	switch name {
	case "url_path":
		path, _, _ := strings.Cut(h.Get(":path"), "?")
		return path, true
	case "query":
		_, query, _ := strings.Cut(h.Get(":path"), "?")
		return query, true
	case "path", "scheme", "method":
		header = ":" + name
	case "host":
		header = ":authority"
	case "referer":
		header = name
	case "useragent":
		header = "user-agent"
	case "id":
		header = "x-request-id"
	default:
		return nil, false
	}
	v, ok := h.Lookup(header)
	return v, ok
}

func (c *vmContext) responseAttribute(name string) (any, bool) {
	s := c.stream
	m, t := c.readable(mapResponseHeaders), c.readable(mapResponseTrailers)
	switch name {
	case "code":
		// The router notes it of an attempt whose headers have reached it.
		return s.props.status, s.props.status != 0 && (s.parent == nil || s.headersOut)
	case "code_details":
		return s.details, s.explained
	case "grpc_status":
		return c.grpcStatus()
	case "size":
		return int64(s.props.responseSize), true
	case "total_size":
		return int64(s.props.responseSize) + int64(m.bytes()) + int64(t.bytes()), true
	case "flags":
		return int64(0), true
	case "headers":
		if m != nil {
			return m.list, true
		}
		return Headers{}, true
	case "trailers":
		if t != nil {
			return t.list, true
		}
		return Headers{}, true
	}
	return nil, false
}

// grpcStatus is the status of a gRPC answer, or what its HTTP status amounts to.
func (c *vmContext) grpcStatus() (any, bool) {
	for _, m := range []*headerMap{c.readable(mapResponseTrailers), c.readable(mapResponseHeaders)} {
		if m == nil {
			continue
		}
		if n, err := strconv.ParseInt(m.list.Get("grpc-status"), 10, 64); err == nil {
			return n, true
		}
	}
	if _, known := c.responseAttribute("code"); !known {
		return nil, false
	}
	return int64(grpcStatusOf(int(c.stream.props.status))), true
}

// bytes is byteSize of a map that may be missing.
func (m *headerMap) bytes() uint32 {
	if m == nil {
		return 0
	}
	return m.byteSize()
}
