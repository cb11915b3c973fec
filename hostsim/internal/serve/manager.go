package serve

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/hostsim/internal/bootstrap"
	"github.com/postern-gateway/postern/hostsim/internal/format"
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
	for _, name := range m.EarlyRemove {
		h.Del(name)
	}
	if len(m.EarlyAdd) > 0 {
		ex.summary.Request = h
		edit(&h, m.EarlyAdd, ex)
	}
	ex.meet(&h, scheme)
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
	ex.editResponse(&h, answered{ex, a, resp.StatusCode})
	return h
}

func (ex *exchange) editResponse(h *hostsim.Headers, s format.Stream) {
	if ex.route == nil {
		return
	}
	for _, e := range []*bootstrap.Edits{&ex.route.Edits, &ex.host.Edits, &ex.listener.config.HCM.Routes.Edits} {
		for _, name := range e.RemoveResponse {
			h.Del(name)
		}
		edit(h, e.AddResponse, s)
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
	ex.status = r.Status
	ex.editResponse(&r.Headers, ex)
	if c.Body == nil && len(c.Mappers) == 0 {
		return
	}
	body := c.Body
	ex.localBody = r.Body
	for i := range c.Mappers {
		if one := &c.Mappers[i]; one.Match != nil && one.Match(ex) {
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
	edit(&r.Headers, m.Add, ex)
}
