package differential

import (
	"fmt"
	"maps"
	"time"

	"github.com/postern-gateway/postern/e2e/envoy"
)

// reloadBackoff is the least that Envoy waits before it starts a failed VM again. A
// scenario sleeps for twice as long, because Envoy adds up to a half.
const reloadBackoff = 400 * time.Millisecond

// environment is what all VMs see of their environment.
func environment() map[string]string { return map[string]string{"A": "b"} }

const (
	httpFilters = "type.googleapis.com/envoy.extensions.filters.http."
	httpOptions = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
)

// addresses are where a process listens and where its upstreams are.
type addresses struct {
	listeners map[string]string // sockets by scenario; "" is the one without plugins
	up, svc   string
	accessLog string
}

// bootstrap is a process for Envoy.
func bootstrap(p *process, at addresses, modules func(file string) (string, error)) (map[string]any, error) {
	listeners := []any{listener("", at, nil, &scenario{})}
	clusters := []any{cluster("up", at.up, nil), cluster("svc", at.svc, nil)}
	for _, s := range p.scenarios {
		var filters, upstream []any
		for _, spec := range s.plugins {
			file, err := modules(spec.module)
			if err != nil {
				return nil, err
			}
			if spec.upstream {
				upstream = append(upstream, spec.filter(file, s))
			} else {
				filters = append(filters, spec.filter(file, s))
			}
		}
		if upstream != nil {
			clusters = append(clusters, cluster("up "+s.name, at.up, upstream))
		}
		listeners = append(listeners, listener(s.name, at, filters, s))
	}
	// Histograms are counted when stats are flushed.
	return map[string]any{"stats_flush_interval": "0.2s", "static_resources": map[string]any{"listeners": listeners, "clusters": clusters}}, nil
}

func (p pluginSpec) filter(file string, s *scenario) map[string]any {
	policy := p.policy
	if policy == "" {
		policy = "FAIL_CLOSED"
	}
	text := func(s string) map[string]any {
		return map[string]any{"@type": "type.googleapis.com/google.protobuf.StringValue", "value": s}
	}
	vm := map[string]any{
		"vm_id": p.vm, "runtime": "envoy.wasm.runtime.v8",
		"code":                  map[string]any{"local": map[string]any{"filename": file}},
		"environment_variables": map[string]any{"key_values": environment()},
	}
	if p.vmConfig != "" {
		vm["configuration"] = text(p.vmConfig)
	}
	return map[string]any{"name": p.name, "typed_config": map[string]any{
		"@type": httpFilters + "wasm.v3.Wasm",
		"config": map[string]any{
			"name": p.name, "root_id": p.rootID, "allow_on_headers_stop_iteration": s.hold,
			"failure_policy": policy, "vm_config": vm, "configuration": text(p.script),
			"reload_config": map[string]any{"backoff": map[string]any{"base_interval": fmt.Sprintf("%.3fs", s.backoff.Seconds())}},
		},
	}}
}

func cluster(name, address string, filters []any) map[string]any {
	c := envoy.Cluster(name, address)
	options := map[string]any{"@type": httpOptions,
		"explicit_http_config": map[string]any{"http2_protocol_options": map[string]any{}}}
	if filters != nil {
		options["http_filters"] = append(filters, map[string]any{"name": "envoy.filters.http.upstream_codec",
			"typed_config": map[string]any{"@type": httpFilters + "upstream_codec.v3.UpstreamCodec"}})
	}
	c["typed_extension_protocol_options"] = map[string]any{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options}
	return c
}

// redirectCodes are what is followed, and copiedHeader is what such an answer gives the request.
func redirectCodes() []int { return []int{302, 303, 307} }

const copiedHeader = "x-copied"

func listener(name string, at addresses, filters []any, s *scenario) map[string]any {
	to := "up"
	if name == "" {
		to = "svc" // see warm
	}
	for _, p := range s.plugins {
		if p.upstream {
			to = "up " + name
		}
	}
	route := map[string]any{"cluster": to, "timeout": fmt.Sprintf("%.3fs", s.timeout.Seconds())}
	if s.retries > 0 {
		route["retry_policy"] = map[string]any{"retry_on": "5xx", "num_retries": s.retries,
			"retry_back_off": map[string]any{"base_interval": "0.001s"}}
	}
	if s.follows > 0 {
		route["internal_redirect_policy"] = map[string]any{"max_internal_redirects": s.follows,
			"redirect_response_codes": redirectCodes(), "response_headers_to_copy": []any{copiedHeader, "x-forwarded-proto"}}
	}
	extra := map[string]any{
		"generate_request_id": false, "server_header_transformation": "PASS_THROUGH", "stream_idle_timeout": "0s",
		"access_log": []any{map[string]any{"name": "file", "typed_config": map[string]any{
			"@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog", "path": at.accessLog,
			"log_format": map[string]any{"text_format_source": map[string]any{
				"inline_string": name + " %RESPONSE_CODE% %RESPONSE_CODE_DETAILS%\n"}}}}},
	}
	if s.limited {
		extra["http2_protocol_options"] = map[string]any{"initial_stream_window_size": bufferLimit}
	}
	l := envoy.Listener{Filters: filters, Codec: "HTTP2", Extra: extra,
		Routes: []any{map[string]any{"match": map[string]any{"prefix": "/"}, "route": route}}}
	if s.limited {
		l.Buffer = bufferLimit
	}
	built := maps.Clone(l.Build())
	// Sockets of the file system are the test's alone. Ports are not: another Envoy
	// may take part of what comes to one, for they share them.
	built["address"] = map[string]any{"pipe": map[string]any{"path": at.listeners[name]}}
	built["name"] = "l" + name
	built["connection_balance_config"] = map[string]any{"exact_balance": map[string]any{}}
	return built
}
