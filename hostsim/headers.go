package hostsim

import "strings"

// A Header is one field of a header or trailer map. Names are in lower case.
type Header struct{ Name, Value string }

// Headers are fields in order; a name may repeat. Pseudo-headers stand in front.
type Headers []Header

// H builds Headers from alternating names and values. A last name without a value gets an empty one.
func H(namesAndValues ...string) Headers {
	h := make(Headers, 0, (len(namesAndValues)+1)/2)
	for i := 0; i < len(namesAndValues); i += 2 {
		value := ""
		if i+1 < len(namesAndValues) {
			value = namesAndValues[i+1]
		}
		h = append(h, Header{lower(namesAndValues[i]), value})
	}
	return h
}

// Get returns the first value of a name, or "".
func (h Headers) Get(name string) string {
	v, _ := h.Lookup(name)
	return v
}

// Lookup returns the first value of a name and whether there is one.
func (h Headers) Lookup(name string) (string, bool) {
	for i := range h {
		if h[i].Name == name {
			return h[i].Value, true
		}
	}
	return "", false
}

// Values returns all values of a name in order.
func (h Headers) Values(name string) []string {
	var v []string
	for i := range h {
		if h[i].Name == name {
			v = append(v, h[i].Value)
		}
	}
	return v
}

// Set removes a name and adds it with one value.
func (h *Headers) Set(name, value string) { h.replace(lower(name), value) }

// Add appends a field; a pseudo-header goes behind the last pseudo-header.
func (h *Headers) Add(name, value string) { h.append(lower(name), value) }

// Del removes every field of a name.
func (h *Headers) Del(name string) { h.drop(lower(name)) }

// replace, append and drop are Set, Add and Del for names that are in lower case.
func (h *Headers) replace(name, value string) {
	h.drop(name)
	h.append(name, value)
}

func (h *Headers) append(name, value string) {
	f := Header{name, value}
	if strings.HasPrefix(name, ":") {
		n := 0
		for n < len(*h) && strings.HasPrefix((*h)[n].Name, ":") {
			n++
		}
		*h = append(*h, Header{})
		copy((*h)[n+1:], (*h)[n:])
		(*h)[n] = f
		return
	}
	*h = append(*h, f)
}

func (h *Headers) drop(name string) {
	if _, there := h.Lookup(name); !there { // which most are not that a plugin sets
		return
	}
	kept := (*h)[:0]
	for _, f := range *h {
		if f.Name != name {
			kept = append(kept, f)
		}
	}
	clear((*h)[len(kept):])
	*h = kept
}

// Clone returns a copy that shares nothing.
func (h Headers) Clone() Headers {
	if h == nil {
		return nil
	}
	return append(make(Headers, 0, len(h)+4), h...)
}

// String writes one field per line, for failure messages.
func (h Headers) String() string {
	var b strings.Builder
	for i, f := range h {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(f.Name + ": " + f.Value)
	}
	return b.String()
}

// lower is strings.ToLower for ASCII; almost every name is in lower case already.
func lower(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 'A' && c <= 'Z' {
			return strings.ToLower(s)
		}
	}
	return s
}

// mapKind tells which well-known names a map keeps in one field.
type mapKind uint8

const (
	kindRequest mapKind = iota
	kindRequestTrailers
	kindResponse
	kindResponseTrailers
	kindOther
)

// A headerMap is a map as a filter sees it.
type headerMap struct {
	list Headers
	kind mapKind
}

// newHeaderMap takes fields as a codec delivers them: well-known names are joined.
func newHeaderMap(kind mapKind, h Headers) *headerMap {
	m := &headerMap{kind: kind, list: make(Headers, 0, len(h)+12)}
	for _, f := range h {
		m.add(lower(f.Name), f.Value)
	}
	return m
}

func (m *headerMap) add(name, value string) {
	for i := range m.list {
		if m.list[i].Name != name {
			continue
		}
		if !isJoined(m.kind, name) {
			break
		}
		switch {
		case value == "":
		case m.list[i].Value == "":
			m.list[i].Value = value
		default:
			m.list[i].Value += "," + value
		}
		return
	}
	m.list.append(name, value)
}

// set is what a plugin's replace does: the field moves to the end.
func (m *headerMap) set(name, value string) { m.list.replace(name, value) }

// put is what the host itself does: a field that is there keeps its place.
func (m *headerMap) put(name, value string) {
	for i := range m.list {
		if m.list[i].Name == name {
			m.list[i].Value = value
			return
		}
	}
	m.list.append(name, value)
}

// byteSize is the sum of all names and values.
func (m *headerMap) byteSize() uint32 {
	n := 0
	for i := range m.list {
		n += len(m.list[i].Name) + len(m.list[i].Value)
	}
	return uint32(n)
}

func (m *headerMap) size() uint32 {
	if m == nil {
		return 0
	}
	return uint32(len(m.list))
}

// isJoined says whether Envoy keeps a name in a single field, its values parted by
// commas. The fields of any other name stay apart.
func isJoined(kind mapKind, name string) bool {
	switch kind {
	case kindRequest:
		return oneInRequest(name) || oneInBoth(name)
	case kindResponse:
		return oneInResponse(name) || oneInBoth(name) || oneInTrailers(name)
	case kindResponseTrailers:
		return oneInTrailers(name)
	}
	return false
}

// The names below were read off Envoy 1.40 with every filter linked in: some are of
// the core, some of filters that registered them.

func oneInRequest(name string) bool {
	switch name {
	case ":authority", ":method", ":path", ":protocol", ":scheme", "accept", "accept-encoding",
		"access-control-request-method", "authorization", "expect", "grpc-accept-encoding",
		"grpc-timeout", "if-match", "if-modified-since", "if-none-match", "origin", "pragma",
		"referer", "te", "user-agent", "x-client-trace-id", "x-envoy-downstream-service-cluster",
		"x-envoy-downstream-service-node", "x-envoy-expected-rq-timeout-ms", "x-envoy-external-address",
		"x-envoy-force-trace", "x-envoy-hedge-on-per-try-timeout", "x-envoy-internal", "x-envoy-ip-tags",
		"x-envoy-is-timeout-retry", "x-envoy-max-retries", "x-envoy-original-host",
		"x-envoy-original-path", "x-envoy-original-url", "x-envoy-retriable-header-names",
		"x-envoy-retriable-status-codes", "x-envoy-retry-grpc-on", "x-envoy-retry-on",
		"x-envoy-upstream-alt-stat-name", "x-envoy-upstream-rq-per-try-timeout-ms",
		"x-envoy-upstream-rq-timeout-alt-response", "x-envoy-upstream-rq-timeout-ms",
		"x-envoy-upstream-stream-duration-ms", "x-forwarded-client-cert", "x-forwarded-for",
		"x-forwarded-host", "x-forwarded-port", "x-forwarded-proto":
		return true
	}
	return false
}

func oneInResponse(name string) bool {
	switch name {
	case ":status", "access-control-allow-origin", "age", "date", "etag", "expires", "last-modified",
		"location", "server", "vary", "x-envoy-degraded", "x-envoy-immediate-health-check-fail",
		"x-envoy-ratelimited", "x-envoy-upstream-canary", "x-envoy-upstream-healthchecked-cluster",
		"x-envoy-upstream-service-time":
		return true
	}
	return false
}

func oneInTrailers(name string) bool { return name == "grpc-message" || name == "grpc-status" }

func oneInBoth(name string) bool {
	switch name {
	case "cache-control", "connection", "content-encoding", "content-length", "content-type",
		"keep-alive", "proxy-connection", "proxy-status", "transfer-encoding", "upgrade", "via",
		"x-envoy-attempt-count", "x-envoy-decorator-operation", "x-request-id":
		return true
	}
	return false
}

// overwrite gives a header another value where it is, or adds it.
func (h *Headers) overwrite(name, value string) {
	for i := range *h {
		if (*h)[i].Name == name {
			(*h)[i].Value = value
			return
		}
	}
	h.Add(name, value)
}
