package bootstrap

import (
	"crypto/tls"
	"net/netip"
	"reflect"
	"time"
)

const (
	typeHTTPOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
	typeAggregate   = "envoy.extensions.clusters.aggregate.v3.ClusterConfig"
	typeClientTLS   = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
	typeServerTLS   = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
	typeRawBuffer   = "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"
)

// A Cluster is a group of endpoints, or of other clusters.
type Cluster struct {
	Name           string
	DNS            bool // addresses are names
	Family         string
	Endpoints      []Endpoint
	Aggregate      []string // names of clusters, the first that has an endpoint
	ConnectTimeout time.Duration
	TLS            *ClientTLS // nil: plain
	TLSMatches     []TLSMatch // the first that matches an endpoint's metadata, before TLS
	HTTP2          bool
	Settings       HTTP2
	AutoHTTP       bool // HTTP/2 or HTTP/1.1, as ALPN says
	SameHTTP       bool // as the client's
	IdleTimeout    time.Duration
	AutoSNI        bool // the SNI is the request's host
	AutoVerify     bool // and the certificate's name too
	Plugins        []Plugin
	Metadata       map[string]any

	source *object
}

// An Endpoint is an address of a cluster.
type Endpoint struct {
	Address  Address
	Hostname string
	Weight   int
	Priority int
	Metadata map[string]any // by filter name
}

// A TLSMatch is a transport socket for the endpoints with some metadata.
type TLSMatch struct {
	Match map[string]any
	TLS   *ClientTLS // nil: plain
}

// Applies says whether the endpoint is meant.
func (m TLSMatch) Applies(e Endpoint) bool {
	have, _ := e.Metadata["envoy.transport_socket_match"].(map[string]any)
	for k, want := range m.Match {
		if !reflect.DeepEqual(have[k], want) {
			return false
		}
	}
	return true
}

// A ClientTLS is TLS to an upstream.
type ClientTLS struct {
	SNI       string
	HostSNI   bool // the SNI is the endpoint's hostname
	VerifySNI bool // and the certificate has to be for it
	ALPN      []string
	Config    *tls.Config // versions, certificates, roots and verification
	// Unverified: as in Envoy, nobody's certificate is checked without a
	// validation context.
	Unverified bool
	Names      []Matcher // of which one has to match a DNS or IP name of the certificate; none: any
}

// A ServerTLS is TLS of a listener.
type ServerTLS struct{ Config *tls.Config }

func readCluster(o *object) Cluster {
	c := Cluster{Name: o.required("name"), source: o, ConnectTimeout: o.duration("connect_timeout", 5*time.Second)}
	readClusterType(o, &c)
	if a, ok := o.child("load_assignment"); ok {
		c.Endpoints = readEndpoints(a)
	}
	for _, e := range c.Endpoints {
		if _, err := netip.ParseAddr(e.Address.Host); err != nil && !c.DNS {
			o.failAt("load_assignment", "want an IP address, or type STRICT_DNS or LOGICAL_DNS, got %q", e.Address.Host)
		}
	}
	if len(c.Endpoints) == 0 && c.Aggregate == nil {
		o.failAt("load_assignment", "want at least one endpoint")
	}
	if socket, ok := o.child("transport_socket"); ok {
		c.TLS = readClientTLS(socket)
	}
	o.list("transport_socket_matches", func(m *object) {
		one := TLSMatch{Match: readStruct(m, "match")}
		m.required("name")
		if socket, ok := m.child("transport_socket"); ok {
			one.TLS = readClientTLS(socket)
		}
		m.done()
		c.TLSMatches = append(c.TLSMatches, one)
	})
	if h2, ok := o.child("http2_protocol_options"); ok {
		c.HTTP2 = true
		c.Settings = readHTTP2(h2)
	}
	if ext, ok := o.child("typed_extension_protocol_options"); ok {
		readHTTPOptions(ext, &c)
	}
	c.Metadata = readMetadata(o)
	o.word("lb_policy", "ROUND_ROBIN", "LEAST_REQUEST", "RANDOM", "CLUSTER_PROVIDED")
	o.ignore("endpoints take turns", "common_lb_config", "round_robin_lb_config", "least_request_lb_config")
	o.ignore("nothing is limited here", "circuit_breakers", "per_connection_buffer_limit_bytes", "preconnect_policy",
		"max_requests_per_connection")
	o.ignore("every endpoint is taken for healthy", "outlier_detection", "health_checks")
	o.ignore("names are resolved by the machine's resolver", "dns_refresh_rate", "dns_failure_refresh_rate", "respect_dns_ttl",
		"dns_resolvers", "typed_dns_resolver_config", "wait_for_warm_on_init", "dns_jitter")
	o.ignore("sockets are the machine's to tune", "upstream_connection_options", "upstream_bind_config", "alt_stat_name",
		"track_cluster_stats", "track_timeout_budgets", "close_connections_on_host_health_failure",
		"ignore_health_on_host_removal", "cleanup_interval", "connection_pool_per_downstream_connection")
	o.done()
	return c
}

func readClusterType(o *object, c *Cluster) {
	c.Family = o.word("dns_lookup_family", "AUTO", "V4_ONLY", "V6_ONLY", "V4_PREFERRED", "ALL")
	if t, ok := o.child("cluster_type"); ok {
		t.required("name")
		if a, ok := t.typed("typed_config", typeAggregate); ok {
			c.Aggregate = a.strings("clusters")
			a.done()
			if len(c.Aggregate) == 0 {
				a.failAt("clusters", "want at least one")
			}
		}
		t.done()
		return
	}
	switch o.word("type", "STATIC", "STRICT_DNS", "LOGICAL_DNS") {
	case "STRICT_DNS", "LOGICAL_DNS":
		c.DNS = true
	}
}

func readEndpoints(o *object) []Endpoint {
	var all []Endpoint
	o.str("cluster_name", "")
	o.list("endpoints", func(group *object) {
		priority := group.integer("priority", 0, 0, 127)
		group.list("lb_endpoints", func(l *object) {
			one := Endpoint{Priority: priority, Weight: l.integer("load_balancing_weight", 1, 1, 1<<31-1), Metadata: readMetadata(l)}
			e, ok := l.child("endpoint")
			if !ok {
				l.failAt("endpoint", "missing")
			} else {
				one.Address, _ = readAddress(e)
				one.Hostname = e.str("hostname", "")
				e.ignore("every endpoint is taken for healthy", "health_check_config")
				e.done()
			}
			l.ignore("every endpoint is taken for healthy", "health_status")
			l.done()
			all = append(all, one)
		})
		group.ignore("endpoints of a priority take turns", "locality", "load_balancing_weight", "proximity")
		group.done()
	})
	o.ignore("every endpoint is taken for healthy", "policy")
	o.done()
	return all
}

func readHTTPOptions(ext *object, c *Cluster) {
	defer ext.done()
	o, ok := ext.child(typeHTTPOptions)
	if !ok {
		return
	}
	if got := o.typeName(); got != typeHTTPOptions {
		o.failAt("@type", "want %s, got %q", typeHTTPOptions, got)
	}
	common, _ := o.child("common_http_protocol_options")
	c.IdleTimeout = common.duration("idle_timeout", time.Hour)
	common.ignore("nothing is limited here", "max_connection_duration", "max_requests_per_connection", "max_headers_count",
		"max_stream_duration", "max_response_headers_kb")
	common.done()
	if up, ok := o.child("upstream_http_protocol_options"); ok {
		c.AutoSNI = up.boolean("auto_sni", false)
		c.AutoVerify = up.boolean("auto_san_validation", false)
		up.done()
	}
	switch kind := o.oneOf("explicit_http_config", "auto_config", "use_downstream_protocol_config"); kind {
	case "explicit_http_config":
		e, _ := o.child(kind)
		if e.oneOf("http_protocol_options", "http2_protocol_options") == "http2_protocol_options" {
			c.HTTP2 = true
		}
		c.Settings = readBothHTTP(e)
		e.done()
	case "auto_config":
		c.AutoHTTP = true
		e, _ := o.child(kind)
		c.Settings = readBothHTTP(e)
		e.done()
	case "use_downstream_protocol_config":
		c.SameHTTP = true
		e, _ := o.child(kind)
		c.Settings = readBothHTTP(e)
		e.done()
	}
	if o.has("http_filters") {
		c.Plugins = readHTTPFilters(o, typeCodec, func(f *object) { f.done() })
	}
	o.done()
}

func readBothHTTP(o *object) HTTP2 {
	h1, _ := o.child("http_protocol_options")
	h1.ignore("Go's client decides", "header_key_format", "override_stream_error_on_invalid_http_message", "allow_chunked_length")
	h1.only("enable_trailers", "true")
	h1.done()
	h2, _ := o.child("http2_protocol_options")
	return readHTTP2(h2)
}

// HTTP2 are the settings of a connection; 0 leaves one to the library.
type HTTP2 struct {
	MaxStreams                int
	StreamWindow, ConnWindow  int
	PingInterval, PingTimeout time.Duration
}

func readHTTP2(o *object) HTTP2 {
	const window = 1<<31 - 1
	h := HTTP2{MaxStreams: o.integer("max_concurrent_streams", 1024, 1, window),
		StreamWindow: o.integer("initial_stream_window_size", 0, 65535, window),
		ConnWindow:   o.integer("initial_connection_window_size", 0, 65535, window)}
	ping, _ := o.child("connection_keepalive")
	h.PingInterval, h.PingTimeout = ping.duration("interval", 0), ping.duration("timeout", 0)
	ping.ignore("pings are not spread", "interval_jitter", "connection_idle_interval")
	ping.done()
	o.ignore("the library decides", "hpack_table_size", "max_outbound_frames", "allow_connect", "allow_metadata",
		"override_stream_error_on_invalid_http_message")
	o.done()
	return h
}
