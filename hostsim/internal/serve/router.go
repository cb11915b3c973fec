package serve

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/hostsim/internal/bootstrap"
	"github.com/postern-gateway/postern/hostsim/internal/format"
)

// routeRequest is the router filter: it runs while the worker is held.
func (ex *exchange) routeRequest(h *hostsim.Headers) hostsim.Route {
	ex.summary = ex.stream.Summary()
	ex.host, ex.route = ex.listener.routes.find(*h)
	r := ex.route
	switch {
	case r == nil:
		return ex.refuse("NR", http.StatusNotFound, "", "route_not_found")
	case r.Direct != nil:
		ex.finalizeRequest(h)
		return hostsim.Route{Reply: &hostsim.Reply{Status: r.Direct.Status, Body: r.Direct.Body, Details: "direct_response"}}
	case r.Redirect != nil:
		return hostsim.Route{Reply: &hostsim.Reply{Status: r.Redirect.Status, Details: "direct_response",
			Headers: hostsim.H("location", location(r, *h))}}
	}
	name := ex.clusterName(r, *h)
	ex.cluster = ex.server.clusters[name]
	if ex.cluster == nil {
		return ex.refuse("NC", r.NotFound, "", "cluster_not_found")
	}
	ex.finalizeRequest(h)
	ex.cluster.metrics.requests.Add(1)
	ex.request = h
	if r.IdleTimeout > 0 {
		ex.timers.limit.Store(int64(r.IdleTimeout))
		ex.touch()
	}
	route := hostsim.Route{UpstreamPlugins: ex.cluster.plugins, Timeout: askedTimeout(r.Timeout, h), Attempt: ex.announce}
	ex.retry = askedRetry(r.Retry, route.Timeout, h)
	if ex.retry != nil && len(ex.retry.On) > 0 {
		route.Retry = ex.again
	}
	route.Redirects = ex.follow(r.Follow)
	return route
}

func (ex *exchange) refuse(flag string, status int, body, details string) hostsim.Route {
	ex.setFlag(flag)
	return hostsim.Route{Reply: &hostsim.Reply{Status: status, Body: body, Details: details}}
}

func (ex *exchange) clusterName(r *bootstrap.Route, h hostsim.Headers) string {
	if r.Header != "" {
		return h.Get(r.Header)
	}
	if len(r.Clusters) == 1 {
		return r.Clusters[0].Name
	}
	total := 0
	for _, w := range r.Clusters {
		total += w.Weight
	}
	if total == 0 {
		return ""
	}
	at := rand.IntN(total)
	for _, w := range r.Clusters {
		if at -= w.Weight; at < 0 {
			return w.Name
		}
	}
	return ""
}

// finalizeRequest makes the route's changes to the request.
func (ex *exchange) finalizeRequest(h *hostsim.Headers) {
	r := ex.route
	ex.rewritePath(h)
	ex.rewriteHost(h, r.HostRewrite.Literal)
	if r.HostRewrite.Header != "" {
		ex.rewriteHost(h, h.Get(r.HostRewrite.Header))
	}
	for _, e := range []*bootstrap.Edits{&r.Edits, &ex.host.Edits, &ex.listener.config.HCM.Routes.Edits} {
		for _, name := range e.RemoveRequest {
			h.Del(name)
		}
		edit(h, e.AddRequest, ex)
	}
	if !ex.listener.config.HCM.SuppressEnvoy && r.Timeout > 0 {
		h.Set("x-envoy-expected-rq-timeout-ms", strconv.FormatInt(r.Timeout.Milliseconds(), 10))
	}
}

func (ex *exchange) rewriteHost(h *hostsim.Headers, host string) {
	if host == "" {
		return
	}
	if !ex.listener.config.HCM.SuppressEnvoy {
		h.Set("x-envoy-original-host", h.Get(":authority"))
	}
	h.Set(":authority", host)
}

func (ex *exchange) rewritePath(h *hostsim.Headers) {
	r := ex.route
	old := h.Get(":path")
	path, query, hasQuery := strings.Cut(old, "?")
	switch {
	case r.RegexRewrite != nil:
		path = r.RegexRewrite.Regex.ReplaceAllString(path, r.RegexRewrite.Substitution)
	case r.PrefixRewrite != "":
		path = replacePrefix(r, path, r.PrefixRewrite)
	default:
		return
	}
	if hasQuery {
		path += "?" + query
	}
	if !ex.listener.config.HCM.SuppressEnvoy {
		h.Set("x-envoy-original-path", old)
	}
	h.Set(":path", path)
}

// replacePrefix replaces what the route's match has matched.
func replacePrefix(r *bootstrap.Route, path, with string) string {
	matched := r.Match.Prefix
	switch {
	case r.Match.Path != "":
		matched = r.Match.Path
	case r.Match.Separated != "":
		matched = r.Match.Separated
	case r.Match.Regex != nil:
		matched = path
	}
	return with + path[min(len(matched), len(path)):]
}

func location(r *bootstrap.Route, h hostsim.Headers) string {
	d := r.Redirect
	scheme, host := d.Scheme, d.Host
	if scheme == "" {
		scheme = h.Get(":scheme")
	}
	if host == "" {
		host = h.Get(":authority")
	}
	if d.Port != 0 {
		host, _, _ = strings.Cut(host, ":")
		host += ":" + strconv.Itoa(d.Port)
	}
	path, query, _ := strings.Cut(h.Get(":path"), "?")
	switch {
	case d.Path != "":
		path = d.Path
	case d.PrefixRewrite != "":
		path = replacePrefix(r, path, d.PrefixRewrite)
	}
	if query != "" && !d.StripQuery && !strings.Contains(path, "?") {
		path += "?" + query
	}
	return scheme + "://" + host + path
}

// edit adds headers as a route, a virtual host or a mapper says.
func edit(h *hostsim.Headers, edits []bootstrap.HeaderEdit, s format.Stream) {
	for _, e := range edits {
		value := string(e.Value.Append(nil, s))
		if value == "" && !e.KeepEmpty {
			continue
		}
		_, exists := h.Lookup(e.Name)
		switch e.Action {
		case "APPEND_IF_EXISTS_OR_ADD":
			h.Add(e.Name, value)
		case "ADD_IF_ABSENT":
			if !exists {
				h.Add(e.Name, value)
			}
		case "OVERWRITE_IF_EXISTS":
			if exists {
				h.Set(e.Name, value)
			}
		default:
			h.Set(e.Name, value)
		}
	}
}

// announce picks the endpoint of an attempt and shows it to the plugins.
func (ex *exchange) announce(n int) map[string]any {
	to := ex.cluster.pick(ex.retry, ex.tried)
	ex.tried = append(ex.tried, to)
	if ex.route.HostRewrite.Auto {
		ex.rewriteHost(ex.request, to.hostname())
	}
	if ex.host.CountAttempts {
		ex.request.Set("x-envoy-attempt-count", strconv.Itoa(n))
	}
	if n > 1 {
		to.owner.metrics.retries.Add(1)
	}
	return ex.attributes(to)
}

// attributes are what plugins may ask about the route and the endpoint.
func (ex *exchange) attributes(to *endpoint) map[string]any {
	metadata := func(m map[string]any) map[string]any {
		if m == nil {
			m = map[string]any{}
		}
		return map[string]any{"filter_metadata": m}
	}
	return map[string]any{
		"xds": map[string]any{
			"cluster_name": to.owner.config.Name, "cluster_metadata": metadata(to.owner.config.Metadata),
			"route_name": ex.route.Name, "route_metadata": metadata(ex.route.Metadata),
			"virtual_host_name":      ex.host.Name,
			"upstream_host_metadata": metadata(to.Metadata),
		},
		"upstream": map[string]any{"address": to.addr, "port": int64(to.Address.Port)},
	}
}

// backOff waits before another attempt, longer each time, by chance up to a bound.
func (a *attempt) backOff(p *bootstrap.Retry) {
	if a.number <= 1 || p == nil {
		return
	}
	bound := p.Base << min(a.number-1, 10)
	bound = min(bound-1, p.Max)
	select {
	case <-a.ctx.Done():
	case <-time.After(rand.N(max(bound, 1))):
	}
}

// again decides whether another attempt is made.
func (ex *exchange) again(r hostsim.Retry) bool {
	p := ex.retry
	if !retriable(p, r) {
		return false
	}
	ex.mu.Lock()
	defer ex.mu.Unlock()
	if r.Attempt > p.Retries {
		ex.flags = append([]string{"URX"}, ex.flags...)
		return false
	}
	ex.flags = nil // what broke this attempt is not the stream's end
	return true
}

func retriable(p *bootstrap.Retry, r hostsim.Retry) bool {
	if r.Reset != "" {
		connect := strings.HasPrefix(r.Reset, "remote connection failure") || strings.HasPrefix(r.Reset, "connection timeout")
		return slices.ContainsFunc(p.On, func(on string) bool {
			switch on {
			case "5xx", "gateway-error", "reset":
				return true
			case "refused-stream":
				return r.Reset == "remote refused stream reset"
			case "connect-failure", "reset-before-request":
				return connect
			}
			return false
		})
	}
	status, err := strconv.Atoi(r.Headers.Get(":status"))
	if err != nil {
		return false
	}
	return slices.ContainsFunc(p.On, func(on string) bool { return statusRetriable(p, on, status, r.Headers) })
}

func statusRetriable(p *bootstrap.Retry, on string, status int, h hostsim.Headers) bool {
	switch on {
	case "5xx":
		return status >= 500 && status <= 599
	case "gateway-error":
		return status >= 502 && status <= 504
	case "retriable-4xx":
		return status == http.StatusConflict
	case "envoy-ratelimited":
		return h.Get("x-envoy-ratelimited") != ""
	case "retriable-status-codes":
		return slices.Contains(p.Codes, status)
	case "retriable-headers":
		for i := range p.Headers {
			if headersMatch(p.Headers[i:i+1], h) {
				return true
			}
		}
	case "cancelled":
		return h.Get("grpc-status") == "1"
	case "deadline-exceeded":
		return h.Get("grpc-status") == "4"
	case "resource-exhausted":
		return h.Get("grpc-status") == "8"
	case "internal":
		return h.Get("grpc-status") == "13"
	case "unavailable":
		return h.Get("grpc-status") == "14"
	}
	return false
}
