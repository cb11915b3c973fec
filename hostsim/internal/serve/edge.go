package serve

import (
	"crypto/rand"
	"encoding/hex"
	"net"
	"net/netip"
	"strings"

	"github.com/postern-gateway/postern/hostsim"
)

// meet decides whether the request comes from outside, says where it comes from,
// and gives it an id. What clients outside say about any of that does not count.
func (ex *exchange) meet(h *hostsim.Headers, scheme string) {
	m := &ex.listener.config.HCM
	edge := false
	if m.RemoteAddress {
		edge = ex.meetPeer(h)
	}
	if proto := h.Get("x-forwarded-proto"); proto == "" || m.RemoteAddress && m.TrustedHops == 0 {
		h.Set("x-forwarded-proto", scheme)
	}
	id := h.Get("x-request-id")
	if m.RequestID && (id == "" || edge && !m.KeepRequestID) {
		id = newID()
		h.Set("x-request-id", id)
	}
	ex.requestID = id
	if m.AddUserAgent && h.Get("user-agent") == "" {
		h.Set("user-agent", ex.server.cluster)
	}
	if m.Via != "" {
		h.Add("via", m.Via)
	}
}

// meetPeer is for listeners whose peers are clients.
func (ex *exchange) meetPeer(h *hostsim.Headers) (edge bool) {
	m := &ex.listener.config.HCM
	peer, err := netip.ParseAddrPort(ex.r.RemoteAddr)
	if err != nil {
		return true
	}
	ip := peer.Addr().Unmap()
	forwarded := h.Get("x-forwarded-for")
	internal := forwarded == "" && isInternal(m.Internal, ip)
	edge = !internal && m.TrustedHops == 0
	h.Del("x-envoy-internal")
	if edge {
		cleanEdge(h)
		h.Set("x-envoy-external-address", ip.String())
	} else if internal {
		h.Set("x-envoy-internal", "true")
	}
	if forwarded != "" {
		forwarded += ","
	}
	if ip.IsLoopback() && ex.server.address.IsValid() {
		ip = ex.server.address // so does Envoy: its peer may be another proxy on the machine
	}
	h.Set("x-forwarded-for", forwarded+ip.String())
	return edge
}

// isInternal: nobody is unless the file says so.
func isInternal(ranges []netip.Prefix, ip netip.Addr) bool {
	if ranges == nil {
		return false
	}
	for _, r := range ranges {
		if r.Contains(ip) {
			return true
		}
	}
	return false
}

// ownAddress is the machine's first address that others can reach.
func ownAddress() netip.Addr {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{}
	}
	for _, a := range all {
		p, err := netip.ParsePrefix(a.String())
		if err == nil && p.Addr().Is4() && !p.Addr().IsLoopback() {
			return p.Addr()
		}
	}
	return netip.Addr{}
}

// cleanEdge removes what only internal clients may say to the router.
func cleanEdge(h *hostsim.Headers) {
	for _, name := range []string{"x-envoy-decorator-operation", "x-envoy-downstream-service-cluster",
		"x-envoy-downstream-service-node", "x-envoy-expected-rq-timeout-ms", "x-envoy-force-trace",
		"x-envoy-ip-tags", "x-envoy-original-path", "x-envoy-original-url", "x-envoy-retry-on", "x-envoy-retry-grpc-on",
		"x-envoy-max-retries", "x-envoy-hedge-on-per-try-timeout", "x-envoy-retriable-status-codes",
		"x-envoy-retriable-header-names", "x-envoy-upstream-alt-stat-name", "x-envoy-upstream-rq-timeout-ms",
		"x-envoy-upstream-rq-per-try-timeout-ms", "x-envoy-upstream-rq-timeout-alt-response"} {
		if _, has := h.Lookup(name); has {
			h.Del(name)
		}
	}
}

// newID is a UUID.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) //nolint:errcheck // does not fail
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	var out [36]byte
	hex.Encode(out[:], b[:4])
	hex.Encode(out[9:], b[4:6])
	hex.Encode(out[14:], b[6:8])
	hex.Encode(out[19:], b[8:10])
	hex.Encode(out[24:], b[10:])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(out[:])
}

// normalize removes dot segments, and joins slashes if told to.
// https://www.rfc-editor.org/rfc/rfc3986#section-5.2.4
func normalize(target string, dots, slashes bool) string {
	path, query, hasQuery := strings.Cut(target, "?")
	if !strings.HasPrefix(path, "/") {
		return target
	}
	var kept []string
	parts := strings.Split(path[1:], "/")
	for i, p := range parts {
		last := i == len(parts)-1
		switch {
		case dots && (p == "." || strings.EqualFold(p, "%2e")):
			if last {
				kept = append(kept, "")
			}
		case dots && isDoubleDot(p):
			if len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
			if last {
				kept = append(kept, "")
			}
		case slashes && p == "" && !last:
		default:
			kept = append(kept, p)
		}
	}
	path = "/" + strings.Join(kept, "/")
	if hasQuery {
		path += "?" + query
	}
	return path
}

func isDoubleDot(p string) bool {
	switch strings.ToLower(p) {
	case "..", ".%2e", "%2e.", "%2e%2e":
		return true
	}
	return false
}
