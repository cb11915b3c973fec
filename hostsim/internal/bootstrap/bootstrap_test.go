package bootstrap

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/hostsim/internal/format"
)

// base is a file with one listener; %HCM% and %CLUSTER% take further fields.
const base = `
admin: {address: {socket_address: {address: 127.0.0.1, port_value: 9901}}}
static_resources:
  listeners:
  - name: main
    address: {socket_address: {address: 127.0.0.1, port_value: 8080}}
    filter_chains:
    - filters:
      - name: hcm
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: in
          %HCM%
          route_config:
            virtual_hosts:
            - {name: all, domains: ["*"], routes: [{match: {prefix: /}, route: {cluster: up%ROUTE%}}]}
          http_filters:
          %FILTERS%
          - name: router
            typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
  clusters:
  - name: up
    %CLUSTER%
    load_assignment:
      endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: 80}}}}]}]
%TOP%`

// with fills the gaps of base: pairs of a gap's name and its text.
func with(pairs ...string) string {
	s := base
	for i := 0; i+1 < len(pairs); i += 2 {
		s = strings.Replace(s, "%"+pairs[i]+"%", pairs[i+1], 1)
	}
	for _, gap := range []string{"HCM", "ROUTE", "FILTERS", "CLUSTER", "TOP"} {
		s = strings.Replace(s, "%"+gap+"%", "", 1)
	}
	return s
}

const hcmPath = "static_resources.listeners[0].filter_chains[0].filters[0].typed_config."

func TestRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, doc string
		want      []string // paths with texts, in the file's order
	}{
		{"unknown key with a near one", with("HCM", "stat_prefx: a"), []string{"line 13: " + hcmPath + `stat_prefx: not supported (did you mean "stat_prefix"?)`}},
		{"key that is Envoy's but not served", with("HCM", "tracing: {}"), []string{"line 13: " + hcmPath + "tracing: not supported"}},
		{"wrong type", with("HCM", "use_remote_address: 1"), []string{hcmPath + "use_remote_address: want true or false, got a number"}},
		{"duration without unit", with("ROUTE", ", timeout: 5"), []string{`route.timeout: want seconds such as "0.25s", got "5"`}},
		{"word that is not in the list", with("HCM", "codec_type: HTTP3"), []string{hcmPath + `codec_type: want one of HTTP1, HTTP2, got "HTTP3"`}},
		{"number out of range", with("CLUSTER", "http2_protocol_options: {max_concurrent_streams: 0}"), []string{"http2_protocol_options.max_concurrent_streams: want 1 to 2147483647, got 0"}},
		{"given twice, in both spellings", with("CLUSTER", "connect_timeout: 1s\n    connectTimeout: 2s"), []string{"static_resources.clusters[0].connectTimeout: given twice"}},
		{"cluster that does not exist", strings.Replace(with(), "cluster: up", "cluster: down", 1), []string{`route: no cluster has the name "down"`}},
		{"another filter", with("FILTERS", `- {name: x, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua}}`),
			[]string{`http_filters[0].typed_config.@type: only envoy.extensions.filters.http.wasm.v3.Wasm and, at the end, envoy.extensions.filters.http.router.v3.Router are supported here, got "envoy.extensions.filters.http.lua.v3.Lua"`}},
		{"code from afar", with("FILTERS", wasmFilter(`code: {remote: {}}`)), []string{"vm_config.code.remote: code is not fetched here: give local.filename"}},
		{"configuration of another type", with("FILTERS", wasmFilter(`code: {local: {inline_string: x}}, configuration: {"@type": type.googleapis.com/x.Y}`)),
			[]string{`vm_config.configuration.@type: want a StringValue, a BytesValue or a Struct of google.protobuf, got "x.Y"`}},
		{"operator that is not known", with("HCM", logWith(`{text_format_source: {inline_string: "%NOPE%"}}`)), []string{"log_format.text_format_source: operator %NOPE%: NOPE is not supported"}},
		{"regular expression that does not compile", strings.Replace(with(), "prefix: /", `safe_regex: {regex: "("}`, 1), []string{"match.safe_regex.regex: error parsing regexp: missing closing ): `\\A(?:()\\z`"}},
		{"redirects by a predicate", with("ROUTE", ", internal_redirect_policy: {predicates: []}"), []string{"internal_redirect_policy.predicates: "}},
		{"retry condition that is not served", with("ROUTE", ", retry_policy: {retry_on: \"5xx,moon\"}"), []string{`retry_policy.retry_on: "moon" is not supported`}},
		{"several at once", with("HCM", "a: 1\n          b: 2", "CLUSTER", "c: 3"), []string{"typed_config.a: not supported", "typed_config.b: not supported", "clusters[0].c: not supported"}},
		{"name where an address has to be", strings.Replace(with(), "address: 127.0.0.1, port_value: 80}}}}]}]", "address: api.example, port_value: 80}}}}]}]", 1),
			[]string{`load_assignment: want an IP address, or type STRICT_DNS or LOGICAL_DNS, got "api.example"`}},
		{"no listener", "static_resources: {clusters: []}", []string{"static_resources: want at least one listener"}},
		{"routes from a control plane", strings.Replace(with(), "route_config:", "rds:", 1), []string{"route_config: missing; routes from a control plane are not supported", "rds: not supported"}},
		{"dynamic resources", with("TOP", "dynamic_resources: {}"), []string{"dynamic_resources: not supported"}},
		{"expression that is not served", with("HCM", `access_log: [{name: a, filter: {extension_filter: {name: cel, typed_config: {"@type": type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter, expression: "size(request.headers) > 1"}}}, typed_config: {"@type": type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog}}]`),
			[]string{`typed_config.expression: attribute request.headers is not supported`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(tt.doc))
			var problems Problems
			if !errors.As(err, &problems) {
				t.Fatalf("got %v, want problems", err)
			}
			if len(problems) < len(tt.want) {
				t.Errorf("got %d problems, want %d", len(problems), len(tt.want))
			}
			for i, want := range tt.want {
				if i < len(problems) && !strings.Contains(problems[i].String(), want) {
					t.Errorf("problem %d: got\n%s\nwant\n%s", i, problems[i], want)
				}
			}
		})
	}
}

func wasmFilter(vm string) string {
	return `- {name: w, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm, config: {name: p, vm_config: {` + vm + `}}}}`
}

func logWith(format string) string {
	return `access_log: [{name: a, typed_config: {"@type": type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog, log_format: ` + format + `}}]`
}

func TestNotADocument(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ doc, want string }{
		"empty":             {"", "the file is empty"},
		"two documents":     {"a: 1\n---\nb: 2\n", "more than one document in the file"},
		"broken YAML":       {"a: [", "yaml: "},
		"merge key":         {"a: &a {b: 1}\nc: {<<: *a}\n", "merge keys"},
		"nested too deep":   {strings.Repeat("[", 300) + strings.Repeat("]", 300), "nested deeper than 200"},
		"YAML nested again": {"a: &a [" + strings.Repeat("{x: ", 250) + "1" + strings.Repeat("}", 250) + "]", "nested deeper than 200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(tt.doc))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestRead(t *testing.T) {
	t.Setenv("FROM_HOST", "h")
	b, err := Parse([]byte(with(
		"HCM", "stream_idle_timeout: 1.5s\n          internal_address_config: {cidr_ranges: [{address_prefix: 10.0.0.0, prefix_len: 8}]}",
		"ROUTE", ", retry_policy: {retry_on: \"5xx,reset\", num_retries: 3, retry_back_off: {base_interval: 0.1s}}, internal_redirect_policy: {max_internal_redirects: 3, redirect_response_codes: [307, 500], response_headers_to_copy: [X-A]}",
		"FILTERS", `- {name: w, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm, config: {
            name: p, root_id: r, failure_policy: FAIL_RELOAD, reload_config: {backoff: {base_interval: 2s}}, allow_on_headers_stop_iteration: true,
            configuration: {"@type": type.googleapis.com/google.protobuf.Struct, value: {b: [1, true, null, "x"], a: {c: 1.5}}},
            vm_config: {vm_id: v, runtime: envoy.wasm.runtime.v8, code: {local: {filename: /a.wasm}}, configuration: {"@type": type.googleapis.com/google.protobuf.StringValue, value: text},
              environment_variables: {host_env_keys: [FROM_HOST, NOT_THERE], key_values: {K: V}}}}}}`,
		"CLUSTER", "type: STRICT_DNS\n    circuit_breakers: {thresholds: []}")))
	if err != nil {
		t.Fatal(err)
	}
	m := b.Listeners[0].HCM
	p := m.Plugins[0]
	for _, tt := range []struct {
		what      string
		got, want any
	}{
		{"listener", b.Listeners[0].Address.String(), "127.0.0.1:8080"},
		{"admin", b.Admin.String(), "127.0.0.1:9901"},
		{"buffer limit", b.Listeners[0].BufferLimit, 1 << 20},
		{"stream idle timeout", m.StreamIdle, 1500 * time.Millisecond},
		{"internal range", m.Internal[0].String(), "10.0.0.0/8"},
		{"route timeout", m.Routes.VirtualHosts[0].Routes[0].Timeout, 15 * time.Second},
		{"retries", m.Routes.VirtualHosts[0].Routes[0].Retry.Retries, 3},
		{"back-off", m.Routes.VirtualHosts[0].Routes[0].Retry.Max, time.Second},
		{"redirects", fmt.Sprintf("%+v", *m.Routes.VirtualHosts[0].Routes[0].Follow), "{Codes:[307] Most:3 CrossScheme:false Copy:[x-a]}"},
		{"configuration", p.Configuration, `{"b":[1,true,null,"x"],"a":{"c":1.5}}`},
		{"VM configuration", p.VMConfiguration, "text"},
		{"file", p.File, "/a.wasm"},
		{"policy", p.FailurePolicy, "FAIL_RELOAD"},
		{"reload", p.ReloadBackoff, 2 * time.Second},
		{"variables", len(p.Env), 2},
		{"variable of the host", p.Env["FROM_HOST"], "h"},
		{"names in DNS", b.Clusters[0].DNS, true},
		{"ignored", len(b.Ignored), 1},
		{"ignored path", b.Ignored[0].Path, "static_resources.clusters[0].circuit_breakers"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.what, tt.got, tt.want)
		}
	}
}

// TestJSON: the same file in JSON, in the other spelling, with what YAML parsers trip over.
func TestJSON(t *testing.T) {
	t.Parallel()
	b, err := Parse([]byte(`{
	"staticResources": {"listeners": [{"name": "\ud83d\ude00\/", "address": {"socketAddress": {"address": "127.0.0.1", "portValue": "80"}},
	"filterChains": [{"filters": [{"name": "hcm", "typedConfig": {
		"@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
		"statPrefix": "in", "routeConfig": {"virtualHosts": []},
		"httpFilters": [{"name": "r", "typedConfig": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}]}}]}]}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := b.Listeners[0].Name, "😀/"; got != want {
		t.Errorf("name: got %q, want %q", got, want)
	}
	_, err = Parse([]byte("{\n\"admin\": {},\n\"nope\": 1}"))
	if err == nil || !strings.Contains(err.Error(), "line 3: nope: not supported") {
		t.Errorf("line: got %v, want line 3 for nope", err)
	}
}

func TestReadFile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "envoy.yaml")
	if err := os.WriteFile(name, []byte(with()), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(name); err != nil {
		t.Error(err)
	}
	if _, err := Read(name + "x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: got %v, want one that says so", err)
	}
}

func TestReadPlugin(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "plugin.yaml")
	if err := os.WriteFile(name, []byte("name: p\nvm_config: {code: {local: {filename: a.wasm}}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := ReadPlugin(name, "")
	if err != nil || p.File != "a.wasm" || p.Name != "p" {
		t.Errorf("got %+v and %v, want a plugin p with a.wasm", p, err)
	}
	if p, err = ReadPlugin(name, "b.wasm"); err != nil || p.File != "b.wasm" {
		t.Errorf("other code: got %q and %v, want b.wasm", p.File, err)
	}
}

func TestStringMatch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		matcher, yes, no string
	}{
		{`{exact: a}`, "a", "A"},
		{`{exact: a, ignore_case: true}`, "A", "b"},
		{`{prefix: ab}`, "abc", "cab"},
		{`{suffix: bc, ignore_case: true}`, "aBC", "bca"},
		{`{contains: b}`, "abc", "ac"},
		{`{safe_regex: {regex: "a+"}}`, "aaa", "aab"},
	} {
		r := &reader{}
		n, err := parse([]byte(tt.matcher))
		if err != nil {
			t.Fatal(err)
		}
		m := readStringMatch(r.root(n))
		if err := r.err(); err != nil {
			t.Errorf("%s: %v", tt.matcher, err)
		}
		if !m(tt.yes) || m(tt.no) {
			t.Errorf("%s: got %v for %q and %v for %q, want true and false", tt.matcher, m(tt.yes), tt.yes, m(tt.no), tt.no)
		}
	}
}

func TestHeaderMatch(t *testing.T) {
	t.Parallel()
	exact := func(s string) bool { return s == "a" }
	for _, tt := range []struct {
		name  string
		m     HeaderMatch
		value string
		has   bool
		want  bool
	}{
		{"present", HeaderMatch{Present: true}, "", true, true},
		{"absent and wanted so", HeaderMatch{Present: false}, "", false, true},
		{"present, inverted", HeaderMatch{Present: true, Invert: true}, "x", true, false},
		{"value", HeaderMatch{Value: exact}, "a", true, true},
		{"other value, inverted", HeaderMatch{Value: exact, Invert: true}, "b", true, true},
		{"missing never matches a value", HeaderMatch{Value: exact, Invert: true}, "", false, false},
		{"missing counts as empty", HeaderMatch{Value: exact, Invert: true, Empty: true}, "", false, true},
	} {
		if got := tt.m.Matches(tt.value, tt.has); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestTransportSocketMatch(t *testing.T) {
	t.Parallel()
	m := TLSMatch{Match: map[string]any{"who": "a"}}
	with := func(who string) Endpoint {
		return Endpoint{Metadata: map[string]any{"envoy.transport_socket_match": map[string]any{"who": who}}}
	}
	if !m.Applies(with("a")) || m.Applies(with("b")) || m.Applies(Endpoint{}) {
		t.Errorf("got %v, %v, %v, want true, false, false", m.Applies(with("a")), m.Applies(with("b")), m.Applies(Endpoint{}))
	}
}

func TestSubstitution(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{`\1-x`: "${1}-x", `$1`: "$$1", `a\\b`: `a\b`, `\x`: `\x`} {
		if got := goTemplate(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"stat_prefix", "codec_type"}
	if got := nearest("stat_prefx", known); got != "stat_prefix" {
		t.Errorf("got %q, want stat_prefix", got)
	}
	if got := nearest("something", known); got != "" {
		t.Errorf("got %q, want none", got)
	}
}

var _ format.Stream = noStream{}

type noStream struct{}

func (noStream) Header(format.Source, string) (string, bool) { return "", false }
func (noStream) FilterState(string) ([]byte, bool)           { return nil, false }
func (noStream) Info(name string) (format.Value, bool) {
	return format.Int(404), slices.Contains([]string{"RESPONSE_CODE", "DURATION"}, name)
}

func TestConditions(t *testing.T) {
	t.Parallel()
	status := func(op, value string) string {
		return `{status_code_filter: {comparison: {op: ` + op + `, value: {default_value: ` + value + `, runtime_key: k}}}}`
	}
	for condition, want := range map[string]bool{
		status("EQ", "404"): true, status("GE", "405"): false, status("LE", "404"): true, status("NE", "404"): false,
		`{and_filter: {filters: [` + status("EQ", "404") + `, ` + status("EQ", "500") + `]}}`: false,
		`{or_filter: {filters: [` + status("EQ", "404") + `, ` + status("EQ", "500") + `]}}`:  true,
		`{header_filter: {header: {name: a, present_match: true}}}`:                           false,
		`{response_flag_filter: {}}`: false,
		`{duration_filter: {comparison: {op: GE, value: {default_value: 400, runtime_key: k}}}}`: true,
	} {
		r := &reader{}
		n, err := parse([]byte(condition))
		if err != nil {
			t.Fatal(err)
		}
		c := readCondition(r.root(n))
		if err := r.err(); err != nil {
			t.Errorf("%s: %v", condition, err)
		}
		if got := c(noStream{}); got != want {
			t.Errorf("%s: got %v, want %v", condition, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(with()))
	f.Add([]byte(`{"admin":{"address":[]},"static_resources":{"listeners":[{}]}}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		b, err := Parse(doc)
		if err == nil && len(b.Listeners) == 0 {
			t.Errorf("got no error and no listener for %q", doc)
		}
	})
}
