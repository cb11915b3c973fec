package envoy

import (
	"encoding/json"
	"net"
	"strconv"
)

// Address is an address as a bootstrap has it.
func Address(hostPort string) map[string]any {
	host, port, _ := net.SplitHostPort(hostPort)
	n, _ := strconv.Atoi(port)
	return map[string]any{"socket_address": map[string]any{"address": host, "port_value": n}}
}

// A Listener is one HTTP listener whose requests go through filters to the cluster
// that a header names.
type Listener struct {
	Address   string
	Filters   []any
	AccessLog string // file for records: the case, and what the plugin says
	Routes    []any  // before the one that all plugins share
	Codec     string // AUTO unless set
	Buffer    int    // bytes; 0 is Envoy's default
	Extra     map[string]any

	Certificate, Key string // files, for TLS; empty: none
}

const httpPackage = "type.googleapis.com/envoy.extensions.filters.http."

// Build is the listener's part of a bootstrap.
func (l Listener) Build() map[string]any {
	routes := append([]any{}, l.Routes...)
	routes = append(routes, map[string]any{
		"match":                     map[string]any{"prefix": "/", "headers": []any{map[string]any{"name": "x-postern-cluster", "present_match": true}}},
		"route":                     map[string]any{"cluster_header": "x-postern-cluster", "timeout": "0s"},
		"request_headers_to_remove": []any{"x-postern-cluster"},
	}, map[string]any{
		"match":           map[string]any{"prefix": "/"},
		"direct_response": map[string]any{"status": 200, "body": map[string]any{"inline_string": "another application"}},
	})
	manager := map[string]any{
		"@type":       "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
		"stat_prefix": "test", "codec_type": "AUTO",
		"route_config": map[string]any{"virtual_hosts": []any{map[string]any{"name": "all", "domains": []any{"*"}, "routes": routes}}},
		"http_filters": append(append([]any{}, l.Filters...), map[string]any{
			"name":         "envoy.filters.http.router",
			"typed_config": map[string]any{"@type": httpPackage + "router.v3.Router", "suppress_envoy_headers": true},
		}),
	}
	if l.Codec != "" {
		manager["codec_type"] = l.Codec
	}
	if l.AccessLog != "" {
		manager["access_log"] = []any{map[string]any{"name": "file", "typed_config": map[string]any{
			"@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
			"path":  l.AccessLog,
			"log_format": map[string]any{"text_format_source": map[string]any{
				"inline_string": "%REQ(x-case)% %FILTER_STATE(wasm.postern:PLAIN)%\n"}},
		}}}
	}
	for k, v := range l.Extra {
		manager[k] = v
	}
	chain := map[string]any{"filters": []any{map[string]any{"name": "http", "typed_config": manager}}}
	if l.Certificate != "" {
		chain["transport_socket"] = map[string]any{"name": "envoy.transport_sockets.tls", "typed_config": map[string]any{
			"@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
			"common_tls_context": map[string]any{"tls_certificates": []any{map[string]any{
				"certificate_chain": map[string]any{"filename": l.Certificate}, "private_key": map[string]any{"filename": l.Key}}}},
		}}
	}
	out := map[string]any{
		"name": "l" + l.Address, "address": Address(l.Address),
		"filter_chains": []any{chain},
	}
	if l.Buffer > 0 {
		out["per_connection_buffer_limit_bytes"] = l.Buffer
	}
	return out
}

// A Plugin is a Wasm filter. All plugins of one module and environment share a VM.
type Plugin struct {
	Module        string // file
	Configuration string
	Environment   map[string]string
	NoHeadersStop bool // leave allow_on_headers_stop_iteration off
	Struct        bool // the configuration is one, as it is in files in YAML
	Reload        bool // a VM that has failed is loaded again
}

// Filter is the plugin's part of a listener.
func (p Plugin) Filter() map[string]any {
	configuration := map[string]any{"@type": "type.googleapis.com/google.protobuf.StringValue", "value": p.Configuration}
	if p.Struct {
		configuration = map[string]any{"@type": "type.googleapis.com/google.protobuf.Struct", "value": json.RawMessage(p.Configuration)}
	}
	config := map[string]any{
		"name": "postern", "root_id": "postern",
		"allow_on_headers_stop_iteration": !p.NoHeadersStop,
		"vm_config": map[string]any{
			"vm_id": "postern", "runtime": "envoy.wasm.runtime.v8",
			"code":                  map[string]any{"local": map[string]any{"filename": p.Module}},
			"environment_variables": map[string]any{"key_values": p.Environment},
		},
		"configuration": configuration,
	}
	if p.Reload {
		config["failure_policy"] = "FAIL_RELOAD"
	}
	return map[string]any{"name": "postern", "typed_config": map[string]any{"@type": httpPackage + "wasm.v3.Wasm", "config": config}}
}

// Cluster is a cluster with one endpoint, reached without TLS.
func Cluster(name, address string) map[string]any {
	return map[string]any{
		"name": name, "type": "STATIC", "connect_timeout": "2s",
		"load_assignment": map[string]any{"cluster_name": name, "endpoints": []any{map[string]any{
			"lb_endpoints": []any{map[string]any{"endpoint": map[string]any{"address": Address(address)}}}}}},
	}
}

// SecureCluster is a cluster with one endpoint, reached by TLS and HTTP/2 under the
// given server name, its certificate checked against a file.
func SecureCluster(name, address, serverName, caFile string) map[string]any {
	c := Cluster(name, address)
	c["transport_socket"] = map[string]any{"name": "envoy.transport_sockets.tls", "typed_config": map[string]any{
		"@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
		"sni":   serverName,
		"common_tls_context": map[string]any{
			"alpn_protocols": []any{"h2"},
			"validation_context": map[string]any{
				"trusted_ca":                    map[string]any{"filename": caFile},
				"match_typed_subject_alt_names": []any{map[string]any{"san_type": "DNS", "matcher": map[string]any{"exact": serverName}}},
			}},
	}}
	c["typed_extension_protocol_options"] = map[string]any{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": map[string]any{
		"@type":                "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
		"explicit_http_config": map[string]any{"http2_protocol_options": map[string]any{}},
	}}
	return c
}
