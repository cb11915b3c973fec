package bootstrap

import (
	"net/netip"
	"time"
)

// Type names of what may stand in a typed_config.
const (
	typeHCM    = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
	typeRouter = "envoy.extensions.filters.http.router.v3.Router"
	typeWasm   = "envoy.extensions.filters.http.wasm.v3.Wasm"
	typeCodec  = "envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec"

	typeStdout = "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog"
	typeStderr = "envoy.extensions.access_loggers.stream.v3.StderrAccessLog"
	typeFile   = "envoy.extensions.access_loggers.file.v3.FileAccessLog"
)

// A Listener is a port with its HTTP connection manager.
type Listener struct {
	Name        string
	Address     Address
	BufferLimit int
	TLS         *ServerTLS // nil: plain
	HCM         HCM
}

// An HCM is an HTTP connection manager.
type HCM struct {
	StatPrefix       string
	Codec            string // AUTO, HTTP1 or HTTP2
	Routes           RouteConfig
	AccessLogs       []AccessLog
	LocalReply       LocalReply
	Plugins          []Plugin
	SuppressEnvoy    bool // the router adds no x-envoy-* headers
	ServerName       string
	ServerHeader     string // OVERWRITE, APPEND_IF_ABSENT or PASS_THROUGH
	RequestID        bool   // make an x-request-id
	KeepRequestID    bool   // of whoever calls
	ReturnRequestID  bool
	RemoteAddress    bool // the peer is the client: x-forwarded-for is extended
	TrustedHops      int
	Internal         []netip.Prefix // addresses that are inside; nil: Envoy's own idea of it
	EarlyRemove      []string       // request headers that are gone before anything else
	EarlyAdd         []HeaderEdit
	AddUserAgent     bool
	Via              string
	StreamIdle       time.Duration
	RequestTimeout   time.Duration
	HeadersTimeout   time.Duration
	IdleTimeout      time.Duration
	DrainTimeout     time.Duration
	HTTP2            HTTP2
	MaxHeaderBytes   int
	NormalizePath    bool
	MergeSlashes     bool
	StripPort        bool
	RejectUnderscore string // ALLOW, REJECT_REQUEST or DROP_HEADER
}

// An AccessLog is a log and its line.
type AccessLog struct {
	Path   string // empty: Stream
	Stream string // stdout or stderr
	Format *Format
	Filter Condition // nil: all streams
}

// A LocalReply changes what a local reply says.
type LocalReply struct {
	Mappers []ReplyMapper
	Body    *Format // nil: as it is
}

// A ReplyMapper is for the replies that its filter meets.
type ReplyMapper struct {
	Match  Condition
	Status int // 0: as it is
	Body   []byte
	Add    []HeaderEdit
	Format *Format
}

func readListener(o *object) Listener {
	l := Listener{Name: o.str("name", ""), BufferLimit: o.integer("per_connection_buffer_limit_bytes", 1<<20, 1, 1<<31-1)}
	l.Address, _ = readAddress(o)
	if l.Name == "" {
		l.Name = l.Address.String()
	}
	chains := 0
	o.list("filter_chains", func(c *object) {
		chains++
		readFilterChain(c, &l)
	})
	if chains != 1 {
		o.failAt("filter_chains", "want exactly one, got %d", chains)
	}
	o.list("listener_filters", func(f *object) {
		f.required("name")
		f.typed("typed_config", "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector")
		f.done()
	})
	o.ignore("sockets are the machine's to tune", "enable_reuse_port", "reuse_port", "tcp_backlog_size", "socket_options",
		"connection_balance_config", "traffic_direction", "listener_filters_timeout", "continue_on_listener_filters_timeout",
		"drain_type", "stat_prefix", "ignore_global_conn_limit", "max_connections_to_accept_per_socket_event")
	o.done()
	return l
}

func readFilterChain(c *object, l *Listener) {
	c.ignore("there is one chain", "name")
	if socket, ok := c.child("transport_socket"); ok {
		l.TLS = readServerTLS(socket)
	}
	filters := 0
	c.list("filters", func(f *object) {
		filters++
		f.required("name")
		if m, ok := f.typed("typed_config", typeHCM); ok {
			l.HCM = readHCM(m)
		}
		f.done()
	})
	if filters != 1 {
		c.failAt("filters", "want exactly one, got %d", filters)
	}
	c.done()
}

func readHCM(o *object) HCM {
	h := HCM{
		StatPrefix:      o.required("stat_prefix"),
		Codec:           o.word("codec_type", "AUTO", "HTTP1", "HTTP2"),
		ServerName:      o.str("server_name", "envoy"),
		ServerHeader:    o.word("server_header_transformation", "OVERWRITE", "APPEND_IF_ABSENT", "PASS_THROUGH"),
		RequestID:       o.boolean("generate_request_id", true),
		KeepRequestID:   o.boolean("preserve_external_request_id", false),
		ReturnRequestID: o.boolean("always_set_request_id_in_response", false),
		RemoteAddress:   o.boolean("use_remote_address", false),
		TrustedHops:     o.integer("xff_num_trusted_hops", 0, 0, 100),
		AddUserAgent:    o.boolean("add_user_agent", false),
		Via:             o.str("via", ""),
		StreamIdle:      o.duration("stream_idle_timeout", 5*time.Minute),
		RequestTimeout:  o.duration("request_timeout", 0),
		HeadersTimeout:  o.duration("request_headers_timeout", 0),
		DrainTimeout:    o.duration("drain_timeout", 5*time.Second),
		MaxHeaderBytes:  o.integer("max_request_headers_kb", 60, 1, 8192) << 10,
		NormalizePath:   o.boolean("normalize_path", false),
		MergeSlashes:    o.boolean("merge_slashes", false),
		StripPort:       o.boolean("strip_any_host_port", false),
	}
	readProtocols(o, &h)
	routes, ok := o.child("route_config")
	if !ok {
		o.failAt("route_config", "missing; routes from a control plane are not supported")
	}
	h.Routes = readRouteConfig(routes)
	o.list("access_log", func(l *object) { h.AccessLogs = append(h.AccessLogs, readAccessLog(l)) })
	if l, ok := o.child("local_reply_config"); ok {
		h.LocalReply = readLocalReply(l)
	}
	h.Plugins = readHTTPFilters(o, typeRouter, func(f *object) {
		h.SuppressEnvoy = f.boolean("suppress_envoy_headers", false)
		f.ignore("counters are few here", "dynamic_stats")
		f.ignore("there is no tracing here", "start_child_span")
		f.done()
	})
	readEdge(o, &h)
	o.only("path_with_escaped_slashes_action", "KEEP_UNCHANGED")
	o.ignore("connections are closed at once", "delayed_close_timeout")
	o.ignore("the log has one line for each stream, at its end", "access_log_options")
	o.done()
	return h
}

func readProtocols(o *object, h *HCM) {
	common, _ := o.child("common_http_protocol_options")
	h.IdleTimeout = common.duration("idle_timeout", time.Hour)
	h.RejectUnderscore = common.word("headers_with_underscores_action", "ALLOW", "REJECT_REQUEST", "DROP_HEADER")
	common.ignore("the limit is max_request_headers_kb", "max_headers_count")
	common.done()
	h1, _ := o.child("http_protocol_options")
	h1.ignore("Go's server decides", "accept_http_10", "allow_absolute_url", "default_host_for_http_10",
		"header_key_format", "override_stream_error_on_invalid_http_message")
	h1.only("enable_trailers", "true")
	h1.done()
	h2, _ := o.child("http2_protocol_options")
	h.HTTP2 = readHTTP2(h2)
}

// readHTTPFilters reads Wasm filters and the one that has to end their list.
func readHTTPFilters(o *object, last string, readLast func(*object)) []Plugin {
	var plugins []Plugin
	ended := false
	o.list("http_filters", func(f *object) {
		defer f.done()
		if ended {
			f.fail("stands behind the last filter")
		}
		f.required("name")
		f.only("is_optional", "false")
		f.only("disabled", "false")
		c, ok := f.child("typed_config")
		if !ok {
			f.failAt("typed_config", "missing")
			return
		}
		switch name := c.typeName(); name {
		case typeWasm:
			plugins = append(plugins, readWasm(c))
		case last:
			ended = true
			readLast(c)
		default:
			c.failAt("@type", "only %s and, at the end, %s are supported here, got %q", typeWasm, last, name)
		}
	})
	if !ended {
		o.failAt("http_filters", "want %s at the end", last)
	}
	return plugins
}
