package bootstrap

import (
	"regexp"
	"time"

	"github.com/postern-gateway/postern/hostsim/internal/format"
)

// A RouteConfig is the routes of a listener.
type RouteConfig struct {
	Name         string
	VirtualHosts []VirtualHost
	Edits        Edits
	IgnorePort   bool // of the host, when it is looked for
}

// A VirtualHost has the routes of some domains.
type VirtualHost struct {
	Name          string
	Domains       []string
	Routes        []Route
	Edits         Edits
	CountAttempts bool // x-envoy-attempt-count goes upstream
	ReturnCount   bool // and to the client
}

// A Route is what happens to the requests that it matches.
type Route struct {
	Name  string
	Match RouteMatch
	Edits Edits

	Direct   *Direct   // an answer, or
	Redirect *Redirect // another place, or
	Clusters []Weighted
	Header   string // that names the cluster

	Timeout       time.Duration
	IdleTimeout   time.Duration // 0: the listener's
	PrefixRewrite string
	RegexRewrite  *RegexRewrite
	HostRewrite   HostRewrite
	Retry         *Retry
	Follow        *Follow // answers that redirect; nil: none is followed
	NotFound      int     // status when the cluster does not exist
	Metadata      map[string]any
	RetryBuffer   int // bytes kept for a retry; 0: the listener's limit

	source *object
}

// A Weighted is one of the clusters of a route.
type Weighted struct {
	Name   string
	Weight int
}

// A HostRewrite says what becomes of the host; at most one is set.
type HostRewrite struct {
	Literal string
	Header  string // takes it from there
	Auto    bool   // the endpoint's
}

// A RegexRewrite changes the path.
type RegexRewrite struct {
	Regex        *regexp.Regexp
	Substitution string // in Go's form
}

// A Direct is an answer without an upstream.
type Direct struct {
	Status int
	Body   string
}

// A Redirect sends the client elsewhere.
type Redirect struct {
	Status              int
	Scheme, Host        string
	Port                int
	Path, PrefixRewrite string
	StripQuery          bool
}

// A RouteMatch says which requests a route is for.
type RouteMatch struct {
	Prefix, Path, Separated string // at most one is set
	Regex                   Matcher
	IgnoreCase              bool
	Headers                 []HeaderMatch
	Query                   []QueryMatch
	Grpc                    bool
}

// A HeaderMatch is about a header's values joined by commas.
type HeaderMatch struct {
	Name    string
	Present bool // whether it has to be there, when Value is nil
	Value   Matcher
	Invert  bool
	Empty   bool // a missing one counts as empty
}

// A QueryMatch is about a parameter.
type QueryMatch struct {
	Name  string
	Value Matcher // nil: it only has to be there
}

// Edits are changes to headers.
type Edits struct {
	AddRequest, AddResponse       []HeaderEdit
	RemoveRequest, RemoveResponse []string
}

// A HeaderEdit adds a header.
type HeaderEdit struct {
	Name      string
	Value     *format.Text
	Action    string // APPEND_IF_EXISTS_OR_ADD and so on
	KeepEmpty bool
}

func readRouteConfig(o *object) RouteConfig {
	c := RouteConfig{Name: o.str("name", ""), Edits: readEdits(o), IgnorePort: o.boolean("ignore_port_in_host_matching", false)}
	o.list("virtual_hosts", func(h *object) { c.VirtualHosts = append(c.VirtualHosts, readVirtualHost(h)) })
	seen := map[string]bool{}
	for _, h := range c.VirtualHosts {
		for _, d := range h.Domains {
			if seen[d] {
				o.failAt("virtual_hosts", "the domain %q is given twice", d)
			}
			seen[d] = true
		}
	}
	o.ignore("unknown clusters are always refused", "validate_clusters")
	o.done()
	return c
}

func readVirtualHost(o *object) VirtualHost {
	h := VirtualHost{Name: o.required("name"), Domains: o.strings("domains"), Edits: readEdits(o),
		CountAttempts: o.boolean("include_request_attempt_count", false),
		ReturnCount:   o.boolean("include_attempt_count_in_response", false)}
	if len(h.Domains) == 0 {
		o.failAt("domains", "want at least one")
	}
	var retry *Retry
	if r, ok := o.child("retry_policy"); ok {
		retry = readRetry(r)
	}
	o.list("routes", func(r *object) {
		one := readRoute(r)
		if one.Retry == nil {
			one.Retry = retry
		}
		h.Routes = append(h.Routes, one)
	})
	o.only("require_tls", "NONE")
	o.done()
	return h
}

func readRoute(o *object) Route {
	r := Route{Name: o.str("name", ""), Edits: readEdits(o), source: o,
		RetryBuffer: o.integer("request_body_buffer_limit", o.integer("per_request_buffer_limit_bytes", 0, 0, 1<<31-1), 0, 1<<31-1)}
	if m, ok := o.child("match"); ok {
		r.Match = readRouteMatch(m)
	} else {
		o.failAt("match", "missing")
	}
	switch kind := o.oneOf("route", "direct_response", "redirect"); kind {
	case "route":
		a, _ := o.child(kind)
		readRouteAction(a, &r)
	case "direct_response":
		d, _ := o.child(kind)
		r.Direct = &Direct{Status: d.integer("status", 0, 200, 599)}
		if b, ok := d.child("body"); ok {
			r.Direct.Body = string(readData(b))
		}
		if !d.has("status") {
			d.failAt("status", "missing")
		}
		d.done()
	case "redirect":
		d, _ := o.child(kind)
		r.Redirect = readRedirect(d)
	}
	r.Metadata = readMetadata(o)
	o.ignore("there is no tracing here", "decorator", "tracing")
	o.ignore("counters are few here", "stat_prefix")
	o.done()
	return r
}

func readRouteMatch(o *object) RouteMatch {
	m := RouteMatch{IgnoreCase: !o.boolean("case_sensitive", true)}
	switch kind := o.oneOf("prefix", "path", "safe_regex", "path_separated_prefix"); kind {
	case "prefix":
		m.Prefix = o.str(kind, "")
	case "path":
		m.Path = o.required(kind)
	case "path_separated_prefix":
		m.Separated = o.required(kind)
	case "safe_regex":
		re, _ := o.child(kind)
		m.Regex = readRegex(re)
	}
	m.Headers = readHeaderMatches(o, "headers")
	o.list("query_parameters", func(q *object) {
		one := QueryMatch{Name: q.required("name")}
		if q.oneOf("string_match", "present_match") == "string_match" {
			s, _ := q.child("string_match")
			one.Value = readStringMatch(s)
		} else {
			q.only("present_match", "true")
		}
		q.done()
		m.Query = append(m.Query, one)
	})
	if g, ok := o.child("grpc"); ok {
		m.Grpc = true
		g.done()
	}
	o.done()
	return m
}

func readHeaderMatches(o *object, key string) []HeaderMatch {
	var all []HeaderMatch
	o.list(key, func(h *object) { all = append(all, readHeaderMatch(h)) })
	return all
}

func readHeaderMatch(o *object) HeaderMatch {
	m := HeaderMatch{Name: lower(o.required("name")), Present: true, Invert: o.boolean("invert_match", false),
		Empty: o.boolean("treat_missing_header_as_empty", false)}
	switch {
	case o.has("string_match"):
		s, _ := o.child("string_match")
		m.Value = readStringMatch(s)
	case o.has("range_match"):
		r, _ := o.child("range_match")
		m.Value = inRange(r.integer("start", 0, -1<<62, 1<<62), r.integer("end", 0, -1<<62, 1<<62))
		r.done()
	default:
		m.Present = o.boolean("present_match", true)
	}
	o.done()
	return m
}

// Matches judges a header's value, if there is one.
func (m *HeaderMatch) Matches(value string, ok bool) bool {
	switch {
	case m.Value == nil:
		return (ok == m.Present) != m.Invert
	case !ok && !m.Empty:
		return false // Invert does not change that
	}
	return m.Value(value) != m.Invert
}

func readRouteAction(o *object, r *Route) {
	switch kind := o.oneOf("cluster", "cluster_header", "weighted_clusters"); kind {
	case "cluster":
		r.Clusters = []Weighted{{o.required(kind), 1}}
	case "cluster_header":
		r.Header = lower(o.required(kind))
	case "weighted_clusters":
		w, _ := o.child(kind)
		w.list("clusters", func(c *object) {
			r.Clusters = append(r.Clusters, Weighted{c.required("name"), c.integer("weight", 0, 0, 1<<31-1)})
			c.done()
		})
		w.ignore("weights are added up", "total_weight")
		w.done()
	}
	r.Timeout = o.duration("timeout", 15*time.Second)
	r.IdleTimeout = o.duration("idle_timeout", 0)
	r.PrefixRewrite = o.str("prefix_rewrite", "")
	if re, ok := o.child("regex_rewrite"); ok {
		r.RegexRewrite = readRegexRewrite(re)
	}
	r.HostRewrite = HostRewrite{o.str("host_rewrite_literal", ""), lower(o.str("host_rewrite_header", "")), o.boolean("auto_host_rewrite", false)}
	if p, ok := o.child("retry_policy"); ok {
		r.Retry = readRetry(p)
	}
	if p, ok := o.child("internal_redirect_policy"); ok {
		r.Follow = readFollow(p)
	}
	r.NotFound = 503
	switch o.word("cluster_not_found_response_code", "SERVICE_UNAVAILABLE", "NOT_FOUND", "INTERNAL_SERVER_ERROR") {
	case "NOT_FOUND":
		r.NotFound = 404
	case "INTERNAL_SERVER_ERROR":
		r.NotFound = 500
	}
	o.ignore("all requests have the same priority", "priority")
	o.done()
}

func readRegexRewrite(o *object) *RegexRewrite {
	p, _ := o.child("pattern")
	rw := &RegexRewrite{Regex: readSearch(p), Substitution: goTemplate(o.str("substitution", ""))}
	o.done()
	return rw
}

func readRedirect(o *object) *Redirect {
	d := &Redirect{Scheme: o.str("scheme_redirect", ""), Host: o.str("host_redirect", ""),
		Port: o.integer("port_redirect", 0, 0, 65535), Path: o.str("path_redirect", ""),
		PrefixRewrite: o.str("prefix_rewrite", ""), StripQuery: o.boolean("strip_query", false)}
	if o.boolean("https_redirect", false) {
		d.Scheme = "https"
	}
	switch o.word("response_code", "MOVED_PERMANENTLY", "FOUND", "SEE_OTHER", "TEMPORARY_REDIRECT", "PERMANENT_REDIRECT") {
	case "FOUND":
		d.Status = 302
	case "SEE_OTHER":
		d.Status = 303
	case "TEMPORARY_REDIRECT":
		d.Status = 307
	case "PERMANENT_REDIRECT":
		d.Status = 308
	default:
		d.Status = 301
	}
	o.done()
	return d
}

func readEdits(o *object) Edits {
	return Edits{
		AddRequest: readHeadersToAdd(o, "request_headers_to_add"), RemoveRequest: lowerAll(o.strings("request_headers_to_remove")),
		AddResponse: readHeadersToAdd(o, "response_headers_to_add"), RemoveResponse: lowerAll(o.strings("response_headers_to_remove")),
	}
}

func readHeadersToAdd(o *object, key string) []HeaderEdit {
	var all []HeaderEdit
	o.list(key, func(e *object) { all = append(all, readHeaderEdit(e)) })
	return all
}

func readHeaderEdit(o *object) HeaderEdit {
	e := HeaderEdit{Action: "APPEND_IF_EXISTS_OR_ADD", KeepEmpty: o.boolean("keep_empty_value", false)}
	if !o.boolean("append", true) {
		e.Action = "OVERWRITE_IF_EXISTS_OR_ADD"
	}
	e.Action = o.word("append_action", e.Action, "APPEND_IF_EXISTS_OR_ADD", "ADD_IF_ABSENT",
		"OVERWRITE_IF_EXISTS_OR_ADD", "OVERWRITE_IF_EXISTS")
	h, _ := o.child("header")
	e.Name = lower(h.required("key"))
	e.Value = readText(h, "value", h.str("value", ""), format.OmitEmpty)
	h.done()
	o.done()
	return e
}
