//go:build linux

package main

import (
	"encoding/json"
	"maps"
	"path/filepath"

	"github.com/postern-gateway/postern/e2e/bench/mock"
)

// A builder writes Envoy bootstraps. All gateways get the same listener but for
// their filters.
type builder struct {
	dir      string // of the modules that were built for the benchmark
	module   string
	upstream int  // port
	limit    int  // bytes that a connection may buffer
	given    bool // a listener is wanted for what the proxy answers by itself
}

type object = map[string]any

const (
	types           = "type.googleapis.com/envoy."
	hcm             = types + "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
	ai              = types + "extensions.filters.http.ai_protocol_manager.v3."
	protocolOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
	aiFilterT       = types + "extensions.http.ai_filters."
)

func (b *builder) path(name string) string { return filepath.Join(b.dir, name) }

// bootstrap is a whole configuration: one listener for each pair of dialects that
// the gateway carries, named client-upstream, each on a port that Envoy picks.
func (b *builder) bootstrap(g gateway) ([]byte, error) {
	var listeners []any
	for _, client := range []wire{openAI, anthropic} {
		for _, upstream := range []wire{openAI, anthropic} {
			if f, ok := g.filters(b, client, upstream); ok {
				name := listenerName(client, upstream)
				listeners = append(listeners, b.listener(name, route(g, client, upstream), f))
			}
		}
	}
	if b.given && g.given != nil {
		r := route(g, openAI, openAI)
		if g.name != postern {
			r = direct()
		}
		listeners = append(listeners, b.listener(givenListener, r, g.given(b)))
	}
	return json.MarshalIndent(object{
		"admin":            object{"address": address(0)},
		"static_resources": object{"listeners": listeners, "clusters": append([]any{b.cluster("mock", object{})}, g.clusters...)},
	}, "", " ")
}

// cluster has an endpoint for each of the metadata that Postern finds there, each of which is
// asked when the one before has failed; all are the one upstream.
func (b *builder) cluster(name string, metadata ...object) object {
	var levels []any
	for i, m := range metadata {
		levels = append(levels, object{"priority": i, "lb_endpoints": []any{object{
			"endpoint": object{"address": address(b.upstream)}, "metadata": object{"filter_metadata": object{"postern": m}}}}})
	}
	return object{
		"name": name, "type": "STATIC", "connect_timeout": "2s", "per_connection_buffer_limit_bytes": b.limit,
		"circuit_breakers": object{"thresholds": []any{object{"max_connections": 4096, "max_pending_requests": 4096, "max_requests": 4096,
			"retry_budget": object{"budget_percent": object{"value": 100}, "min_retry_concurrency": 1000}}}},
		"load_assignment": object{"cluster_name": name, "endpoints": levels},
	}
}

// attempting is a cluster whose requests the module makes what their endpoints take.
func (b *builder) attempting(name string, metadata ...object) object {
	c := b.cluster(name, metadata...)
	c["typed_extension_protocol_options"] = object{protocolOptions: object{
		"@type":                "type.googleapis.com/" + protocolOptions,
		"explicit_http_config": object{"http_protocol_options": object{}},
		"http_filters": []any{b.wasm(postern, b.module, `{"role":"attempt"}`), object{"name": "envoy.filters.http.upstream_codec",
			"typed_config": object{"@type": types + "extensions.filters.http.upstream_codec.v3.UpstreamCodec"}}},
	}}
	return c
}

func address(port int) object {
	return object{"socket_address": object{"address": "127.0.0.1", "port_value": port}}
}

func listenerName(client, upstream wire) string { return string(client) + "-" + string(upstream) }

// holding is Envoy's own filter that waits for the request's end, without which an answer of
// Envoy's own comes before the body and ends the connection.
func holding() object {
	return object{"name": "envoy.filters.http.buffer", "typed_config": object{"@type": types + "extensions.filters.http.buffer.v3.Buffer", "max_request_bytes": 1 << 20}}
}

// givenListener is the one whose requests nobody is asked for.
const givenListener = "given"

// direct is a route that Envoy answers by itself, as the upstream would.
func direct() object {
	return object{"match": object{"prefix": "/"}, "direct_response": object{"status": 200, "body": object{"inline_string": mock.Answer(givenBytes)}},
		"response_headers_to_add": []any{header("content-type", "application/json")}}
}

func (b *builder) listener(name string, route object, filters []any) object {
	return object{"name": name, "address": address(0), "per_connection_buffer_limit_bytes": b.limit,
		"filter_chains": []any{object{"filters": []any{object{
			"name": "envoy.filters.network.http_connection_manager",
			"typed_config": object{
				"@type": hcm, "stat_prefix": name, "codec_type": "HTTP1", "generate_request_id": true,
				"route_config": object{"name": name, "virtual_hosts": []any{object{"name": "all", "domains": []string{"*"}, "routes": []any{route}}}},
				"http_filters": append(filters, object{"name": "envoy.filters.http.router",
					"typed_config": object{"@type": types + "extensions.filters.http.router.v3.Router"}}),
			}}}}}}
}

// route sends everything to the upstream: by name, or, as Postern's examples do, to
// the cluster that the plugin has chosen.
func route(g gateway, client, upstream wire) object {
	action := object{"timeout": "120s"}
	r := object{"match": object{"prefix": "/"}, "route": action}
	switch g.name {
	case postern:
		action["cluster_header"] = "x-postern-cluster"
		r["request_headers_to_remove"] = []string{"x-postern-cluster"}
		maps.Copy(action, g.policy)
	case envoyAI:
		action["cluster"] = "mock"
		r["typed_per_filter_config"] = object{aiFilter: object{"@type": ai + "AiProtocolManagerPerRoute",
			"request": object{"llm_protocol": protocol(client)}, "response": object{"llm_protocol": protocol(upstream)}}}
		if client != upstream {
			r["match"] = object{"prefix": client.path()}
			action["prefix_rewrite"] = upstream.path()
		}
		if upstream == anthropic && client != upstream {
			r["request_headers_to_add"] = []any{header("x-api-key", "sk-mock"), header("anthropic-version", "2023-06-01")}
		}
	default:
		action["cluster"] = "mock"
	}
	return r
}

func header(key, value string) object {
	return object{"header": object{"key": key, "value": value}}
}

func protocol(w wire) string {
	if w == anthropic {
		return "ANTHROPIC_MESSAGES"
	}
	return "OPENAI_CHAT_COMPLETIONS"
}

// aiFilters are Envoy's own: they parse the request, note its parameters or write it
// in the upstream's dialect, and read the token usage from the answer.
func aiFilters(client, upstream wire) object {
	f := object{"@type": aiFilterT + "request_info.v3.RequestInfo"}
	if client != upstream {
		f = object{"@type": aiFilterT + "transcoder.v3.Transcoder", "request_handling": "FROM_IR", "response_handling": "TO_IR"}
	}
	return object{"name": aiFilter, "typed_config": object{"@type": ai + "AiProtocolManager",
		"request_handling": object{}, "response_handling": object{"token_usage": object{}},
		"filters": []any{object{"name": "f", "typed_config": f}}}}
}

func (b *builder) wasm(name, file, config string) object {
	return object{"name": "envoy.filters.http.wasm", "typed_config": object{
		"@type": types + "extensions.filters.http.wasm.v3.Wasm",
		"config": object{"name": name, "root_id": name, "allow_on_headers_stop_iteration": true,
			"vm_config":     object{"vm_id": name, "runtime": "envoy.wasm.runtime.v8", "code": object{"local": object{"filename": file}}},
			"configuration": object{"@type": "type.googleapis.com/google.protobuf.StringValue", "value": config},
		}}}
}
