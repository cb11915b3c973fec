package serve

import (
	"net"
	"net/url"
	"strings"

	"github.com/postern-gateway/postern/hostsim"
	"github.com/postern-gateway/postern/hostsim/internal/bootstrap"
)

// A table finds the route of a request.
type table struct {
	config   *bootstrap.RouteConfig
	exact    map[string]*bootstrap.VirtualHost
	suffixes []wildcard // "*.example.com", the longest first
	prefixes []wildcard // "example.*"
	rest     *bootstrap.VirtualHost
}

type wildcard struct {
	text string
	host *bootstrap.VirtualHost
}

func newTable(c *bootstrap.RouteConfig) *table {
	t := &table{config: c, exact: map[string]*bootstrap.VirtualHost{}}
	for i := range c.VirtualHosts {
		h := &c.VirtualHosts[i]
		for _, d := range h.Domains {
			d = strings.ToLower(d)
			switch {
			case d == "*":
				t.rest = h
			case strings.HasPrefix(d, "*"):
				t.suffixes = insert(t.suffixes, wildcard{d[1:], h})
			case strings.HasSuffix(d, "*"):
				t.prefixes = insert(t.prefixes, wildcard{d[:len(d)-1], h})
			default:
				t.exact[d] = h
			}
		}
	}
	return t
}

func insert(list []wildcard, w wildcard) []wildcard {
	i := 0
	for i < len(list) && len(list[i].text) >= len(w.text) {
		i++
	}
	list = append(list, wildcard{})
	copy(list[i+1:], list[i:])
	list[i] = w
	return list
}

func (t *table) virtualHost(authority string) *bootstrap.VirtualHost {
	if len(t.exact) == 0 && len(t.suffixes) == 0 && len(t.prefixes) == 0 {
		return t.rest
	}
	host := strings.ToLower(authority)
	if t.config.IgnorePort {
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
	}
	if h := t.exact[host]; h != nil {
		return h
	}
	for _, w := range t.suffixes {
		if len(host) > len(w.text) && strings.HasSuffix(host, w.text) {
			return w.host
		}
	}
	for _, w := range t.prefixes {
		if len(host) > len(w.text) && strings.HasPrefix(host, w.text) {
			return w.host
		}
	}
	return t.rest
}

// find returns the first route that matches, or nil.
func (t *table) find(h hostsim.Headers) (*bootstrap.VirtualHost, *bootstrap.Route) {
	host := t.virtualHost(h.Get(":authority"))
	if host == nil {
		return nil, nil
	}
	target := h.Get(":path")
	path, query, _ := strings.Cut(target, "?")
	for i := range host.Routes {
		if r := &host.Routes[i]; matches(&r.Match, path, query, h) {
			return host, r
		}
	}
	return nil, nil
}

func matches(m *bootstrap.RouteMatch, path, query string, h hostsim.Headers) bool {
	if !pathMatches(m, path) {
		return false
	}
	if m.Grpc && !strings.HasPrefix(h.Get("content-type"), "application/grpc") {
		return false
	}
	return headersMatch(m.Headers, h) && queryMatches(m.Query, query)
}

func pathMatches(m *bootstrap.RouteMatch, path string) bool {
	switch {
	case m.Regex != nil:
		return m.Regex(path)
	case m.Path != "":
		return path == m.Path || m.IgnoreCase && strings.EqualFold(path, m.Path)
	case m.Separated != "":
		rest, ok := cutPrefix(path, m.Separated, m.IgnoreCase)
		return ok && (rest == "" || rest[0] == '/')
	}
	_, ok := cutPrefix(path, m.Prefix, m.IgnoreCase)
	return ok
}

func cutPrefix(s, prefix string, fold bool) (string, bool) {
	if len(s) < len(prefix) || s[:len(prefix)] != prefix && !(fold && strings.EqualFold(s[:len(prefix)], prefix)) {
		return s, false
	}
	return s[len(prefix):], true
}

// headersMatch says whether all of them match.
func headersMatch(all []bootstrap.HeaderMatch, h hostsim.Headers) bool {
	for i := range all {
		if !all[i].Matches(joined(h, all[i].Name)) {
			return false
		}
	}
	return true
}

func queryMatches(all []bootstrap.QueryMatch, query string) bool {
	if len(all) == 0 {
		return true
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return false
	}
	for _, m := range all {
		v, ok := values[m.Name]
		if !ok || m.Value != nil && !m.Value(v[0]) {
			return false
		}
	}
	return true
}

// joined is all values of a name, parted by commas.
func joined(h hostsim.Headers, name string) (string, bool) {
	value, found := "", false
	for i := range h {
		switch {
		case h[i].Name != name:
		case found:
			value += "," + h[i].Value
		default:
			value, found = h[i].Value, true
		}
	}
	return value, found
}
