package serve

import (
	"crypto/rand"
	"encoding/hex"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/hostsim/internal/bootstrap"
)

// This file is the HTTP connection manager's own part: what it adds to requests
// before the filters and to responses behind them.

// requestHeaders makes the header map that plugins see.
func (ex *exchange) requestHeaders() hostsim.Headers {
	m, r := &ex.listener.config.HCM, ex.r
	h := make(hostsim.Headers, 0, len(r.Header)+8)
	host := r.Host
	if m.StripPort {
		if bare, _, err := net.SplitHostPort(host); err == nil {
			host = bare
		}
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	path := r.RequestURI
	if r.Method == http.MethodConnect || r.URL.IsAbs() {
		path = r.URL.RequestURI()
	}
	if m.NormalizePath || m.MergeSlashes {
		path = normalize(path, m.NormalizePath, m.MergeSlashes)
	}
	h = append(h, hostsim.Header{Name: ":authority", Value: host}, hostsim.Header{Name: ":path", Value: path},
		hostsim.Header{Name: ":method", Value: r.Method}, hostsim.Header{Name: ":scheme", Value: scheme})
	h = appendHeaders(h, r.Header)
	if r.ProtoMajor == 1 && len(r.TransferEncoding) > 0 {
		h = append(h, hostsim.Header{Name: "transfer-encoding", Value: "chunked"})
	}
	if m.RejectUnderscore == "DROP_HEADER" {
		h = dropUnderscores(h)
	}
	ex.addForwarded(&h, scheme)
	return h
}

func dropUnderscores(h hostsim.Headers) hostsim.Headers {
	kept := h[:0]
	for _, f := range h {
		if !strings.Contains(f.Name, "_") {
			kept = append(kept, f)
		}
	}
	return kept
}

// addForwarded says where the request comes from and gives it an id.
func (ex *exchange) addForwarded(h *hostsim.Headers, scheme string) {
	m := &ex.listener.config.HCM
	edge := m.RemoteAddress && m.TrustedHops == 0
	if m.RemoteAddress {
		ip, _, _ := net.SplitHostPort(ex.r.RemoteAddr)
		if old := h.Get("x-forwarded-for"); old != "" {
			ip = old + "," + ip
		}
		h.Set("x-forwarded-for", ip)
	}
	if proto := h.Get("x-forwarded-proto"); proto == "" || edge {
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

// newID is a UUID; the 9 in the place of the version says to Envoys that it is
// not sampled for tracing.
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

// statusLine is the start of a response's header map.
func statusLine(resp *http.Response) hostsim.Headers {
	h := make(hostsim.Headers, 0, len(resp.Header)+6)
	return append(h, hostsim.Header{Name: ":status", Value: strconv.Itoa(resp.StatusCode)})
}

// responseHeaders makes the header map of an upstream's answer, with what the
// router adds before the plugins see it.
func (ex *exchange) responseHeaders(a *attempt, resp *http.Response) hostsim.Headers {
	h := appendHeaders(statusLine(resp), resp.Header)
	if resp.ContentLength < 0 && resp.ProtoMajor == 1 && len(resp.TransferEncoding) > 0 {
		h = append(h, hostsim.Header{Name: "transfer-encoding", Value: "chunked"})
	}
	if !ex.listener.config.HCM.SuppressEnvoy {
		h.Set("x-envoy-upstream-service-time", strconv.FormatInt(time.Since(a.start).Milliseconds(), 10))
		if ex.host.ReturnCount {
			h.Set("x-envoy-attempt-count", strconv.Itoa(a.number))
		}
	}
	ex.editResponse(&h)
	return h
}

func (ex *exchange) editResponse(h *hostsim.Headers) {
	if ex.route == nil {
		return
	}
	for _, e := range []*bootstrap.Edits{&ex.route.Edits, &ex.host.Edits, &ex.listener.config.HCM.Routes.Edits} {
		for _, name := range e.RemoveResponse {
			h.Del(name)
		}
		ex.edit(h, e.AddResponse)
	}
}

// finishHeaders adds what the connection manager adds behind all filters.
func (ex *exchange) finishHeaders(h *hostsim.Headers) {
	m := &ex.listener.config.HCM
	ex.status, _ = strconv.Atoi(h.Get(":status"))
	if _, has := h.Lookup("server"); m.ServerHeader == "OVERWRITE" || m.ServerHeader == "APPEND_IF_ABSENT" && !has {
		h.Set("server", m.ServerName)
	}
	if _, has := h.Lookup("date"); !has {
		h.Add("date", ex.server.date())
	}
	if m.ReturnRequestID && ex.requestID != "" {
		h.Set("x-request-id", ex.requestID)
	}
	if m.Via != "" {
		h.Add("via", m.Via)
	}
	ex.timing.firstByte(ex)
}

// rewriteReply is local_reply_config.
func (ex *exchange) rewriteReply(m hostsim.Summary, r *hostsim.Reply) {
	ex.summary = m
	c := &ex.listener.config.HCM.LocalReply
	ex.editResponse(&r.Headers)
	if c.Body == nil && len(c.Mappers) == 0 {
		return
	}
	body := c.Body
	ex.localBody, ex.status = r.Body, r.Status
	for i := range c.Mappers {
		if one := &c.Mappers[i]; one.Match != nil && one.Match(r.Status) {
			if ex.mapReply(one, r); one.Format != nil {
				body = one.Format
			}
			break
		}
	}
	r.Body = ex.localBody
	if body == nil {
		return
	}
	r.Body = string(body.Append(nil, ex))
	if body.ContentType != "" {
		r.Headers.Set("content-type", body.ContentType)
	} else {
		r.Headers.Set("content-type", "text/plain")
	}
}

func (ex *exchange) mapReply(m *bootstrap.ReplyMapper, r *hostsim.Reply) {
	if m.Body != nil {
		ex.localBody = string(m.Body)
	}
	if m.Status != 0 {
		r.Status, ex.status = m.Status, m.Status
	}
	ex.edit(&r.Headers, m.Add)
}

// idleTimeout is how long nothing may happen.
func (ex *exchange) idleTimeout() time.Duration { return ex.listener.config.HCM.StreamIdle }

// idled answers, or cuts, a stream in which nothing has happened for too long.
func (ex *exchange) idled() {
	ex.setFlag("SI")
	status := http.StatusGatewayTimeout
	ex.mu.Lock()
	if ex.reading {
		status = http.StatusRequestTimeout
	}
	ex.mu.Unlock()
	reply := hostsim.Reply{Status: status, Body: "stream timeout", Details: "stream_idle_timeout"}
	ex.step(func() error { return ex.stream.Reply(reply) })
}
