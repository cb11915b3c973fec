package bootstrap

import (
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/builtin"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/meter"
)

// providers are the real ones and one that is nowhere in public.
func providers() []adapters.Provider {
	local := builtin.Providers()[0]
	local.Name, local.Host = "compatible", ""
	return append(builtin.Providers(), local)
}

func read(t *testing.T, document string) *config.Plan {
	t.Helper()
	plan, err := config.Read([]byte(document), config.Parts{
		Providers:   providers(),
		Environment: func(string) string { return "set" },
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func options(upstreams map[string]string) Options {
	return Options{
		Listen: netip.MustParseAddrPort("127.0.0.1:8080"), Admin: netip.MustParseAddrPort("[::1]:9901"),
		Module: "/etc/it's \"here\".wasm", CA: "/etc/ca.pem", Upstreams: upstreams,
	}
}

// write writes a bootstrap and reads it as YAML.
func write(t *testing.T, document string, o Options) node {
	t.Helper()
	b, err := Write([]byte(document), read(t, document), []string{"A", "B"}, o)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := yaml.Unmarshal(b, &v); err != nil {
		t.Fatalf("got %v, want YAML:\n%s", err, b)
	}
	return node{t, v}
}

// A node is a place in the bootstrap.
type node struct {
	t *testing.T
	v any
}

// at follows a path of keys and indexes.
func (n node) at(path ...any) node {
	n.t.Helper()
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := n.v.(map[string]any)
			n.v = m[p]
		case int:
			l, _ := n.v.([]any)
			if p >= len(l) {
				return node{n.t, nil}
			}
			n.v = l[p]
		}
	}
	return n
}

func (n node) is(want any) {
	n.t.Helper()
	if n.v != want {
		n.t.Errorf("got %v, want %v", n.v, want)
	}
}

func (n node) list() []any {
	l, _ := n.v.([]any)
	return l
}

func (n node) manager() node {
	return n.at("static_resources", "listeners", 0, "filter_chains", 0, "filters", 0, "typed_config")
}

const two = `{"providers": [
	{"name": "a", "type": "openai", "cluster": "one", "keys": [{"env": "A"}]},
	{"name": "b", "type": "anthropic", "cluster": "two", "host": "claude.example.com", "keys": [{"env": "B"}]}],
	"consumers": [{"name": "é \" ' % \\ \u2028\u0085", "keys": [{"sha256": "aa`

// document is a configuration with characters that are hard to quote.
func document() string {
	return two + strings.Repeat("0", 62) + `"}]}], "bounds": {"request": "2MiB", "answer": "1MiB"}}`
}

func TestWrite(t *testing.T) {
	t.Parallel()
	b := write(t, document(), options(nil))
	b.at("admin", "address", "socket_address", "address").is("::1")
	listener := b.at("static_resources", "listeners", 0)
	listener.at("address", "socket_address", "port_value").is(8080)
	listener.at("per_connection_buffer_limit_bytes").is(3 << 20)
	filter := b.manager().at("http_filters", 0, "typed_config", "config")
	filter.at("allow_on_headers_stop_iteration").is(true)
	filter.at("failure_policy").is("FAIL_RELOAD")
	filter.at("vm_config", "code", "local", "filename").is(`/etc/it's "here".wasm`)
	if got := filter.at("vm_config", "environment_variables", "host_env_keys").list(); !slices.Equal(got, []any{"A", "B"}) {
		t.Errorf("got the variables %v, want A and B", got)
	}
	text, _ := filter.at("configuration", "value").v.(string)
	again := read(t, text)
	if len(again.Providers) != 2 || again.Identity.Len() != 1 || !strings.Contains(text, `"é \" ' % \\`) {
		t.Errorf("got the configuration %s, want the same", text)
	}
}

// TestRoute checks what keeps clients from choosing a cluster, and providers from
// seeing what is the proxy's.
func TestRoute(t *testing.T) {
	t.Parallel()
	m := write(t, document(), options(nil)).manager()
	m.at("early_header_mutation_extensions", 0, "typed_config", "mutations", 0, "remove").is("x-postern-cluster")
	route := m.at("route_config", "virtual_hosts", 0, "routes", 0)
	route.at("match", "headers", 0, "name").is("x-postern-cluster")
	route.at("route", "cluster_header").is("x-postern-cluster")
	route.at("route", "timeout").is("0s")
	for _, name := range []any{"x-postern-cluster", "x-forwarded-for", "x-envoy-external-address"} {
		if got := route.at("request_headers_to_remove").list(); !slices.Contains(got, name) {
			t.Errorf("got %v removed, want %s too", got, name)
		}
	}
}

// TestSignalsAreTheProxysAlone: no client can say them, and no provider sees them.
func TestSignalsAreTheProxysAlone(t *testing.T) {
	t.Parallel()
	told := strings.TrimSuffix(document(), "}") + `, "signals": {"headers": ["consumer", "tier"], "properties": ["tokens"]}}`
	m := write(t, told, options(nil)).manager()
	mutations := m.at("early_header_mutation_extensions", 0, "typed_config", "mutations")
	removed := m.at("route_config", "virtual_hosts", 0, "routes", 0, "request_headers_to_remove")
	for i, name := range []string{"x-postern-cluster", "x-postern-consumer", "x-postern-tier"} {
		mutations.at(i, "remove").is(name)
		removed.at(i).is(name)
	}
	if n := len(mutations.list()); n != 3 {
		t.Errorf("got %d headers, want 3", n)
	}
}

func TestClusters(t *testing.T) {
	t.Parallel()
	one := func(provider string) string {
		return `{"providers": [{"name": "p", "cluster": "c", "keys": [{"env": "A"}], ` + provider + `}]}`
	}
	const openai = `"type": "openai"`
	for _, tt := range []struct {
		name, provider, upstream string
		want                     cluster
		err                      string
	}{
		{name: "public host", provider: openai, want: cluster{"c", "api.openai.com", 443, "api.openai.com", true, false}},
		{name: "own host", provider: openai + `, "host": "ai.example.com"`, want: cluster{"c", "ai.example.com", 443, "ai.example.com", true, false}},
		{name: "own host with a port", provider: openai + `, "host": "ai.example.com:8443"`, want: cluster{"c", "ai.example.com", 8443, "ai.example.com:8443", true, false}},
		{name: "own host that is an address", provider: openai + `, "host": "192.0.2.1"`, want: cluster{"c", "192.0.2.1", 443, "192.0.2.1", true, true}},
		{name: "own host with a path", provider: openai + `, "host": "ai.example.com/v1"`, err: "want a name, and perhaps a port"},
		{name: "own host with a port that is none", provider: openai + `, "host": "ai.example.com:0"`, err: "port from 1 to 65535"},
		{name: "https upstream", provider: openai, upstream: "https://eu.example.com", want: cluster{"c", "eu.example.com", 443, "eu.example.com", true, false}},
		{name: "https upstream with a port", provider: openai, upstream: "https://eu.example.com:8443/", want: cluster{"c", "eu.example.com", 8443, "eu.example.com:8443", true, false}},
		{name: "https upstream and own host", provider: openai + `, "host": "ai.example.com"`, upstream: "https://eu.example.com", want: cluster{"c", "eu.example.com", 443, "ai.example.com", true, false}},
		{name: "https address", provider: openai, upstream: "https://127.0.0.1:1234", want: cluster{"c", "127.0.0.1", 1234, "api.openai.com", true, true}},
		{name: "https address of something nameless", provider: `"type": "compatible"`, upstream: "https://127.0.0.1", err: "no name to check"},
		{name: "http address", provider: `"type": "compatible"`, upstream: "http://127.0.0.1:8000", want: cluster{"c", "127.0.0.1", 8000, "127.0.0.1:8000", false, true}},
		{name: "http address of IPv6", provider: openai, upstream: "http://[::1]:8000", want: cluster{"c", "::1", 8000, "[::1]:8000", false, true}},
		{name: "http name", provider: openai, upstream: "http://vllm", want: cluster{"c", "vllm", 80, "vllm", false, false}},
		{name: "nowhere", provider: `"type": "compatible"`, err: "--upstream NAME=URL"},
		{name: "path", provider: openai, upstream: "https://a/v1", err: "want http://HOST:PORT"},
		{name: "query", provider: openai, upstream: "https://a?b", err: "want http://HOST:PORT"},
		{name: "user", provider: openai, upstream: "https://u:p@a", err: "want http://HOST:PORT"},
		{name: "no host", provider: openai, upstream: "https://", err: "want http://HOST:PORT"},
		{name: "no scheme", provider: openai, upstream: "127.0.0.1:80", err: "want http://HOST:PORT"},
		{name: "other scheme", provider: openai, upstream: "grpc://a", err: "want http or https"},
		{name: "port out of range", provider: openai, upstream: "http://a:70000", err: "port from 1 to 65535"},
		{name: "port zero", provider: openai, upstream: "http://a:0", err: "port from 1 to 65535"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			upstreams := map[string]string{}
			if tt.upstream != "" {
				upstreams["p"] = tt.upstream
			}
			got, err := clusters(read(t, one(tt.provider)), upstreams)
			switch {
			case tt.err != "":
				if err == nil || !strings.Contains(err.Error(), tt.err) || !strings.Contains(err.Error(), "providers[0] (p)") {
					t.Errorf("got %v, %v, want an error with providers[0] (p) and %s", got, err, tt.err)
				}
			case err != nil || len(got) != 1 || got[0] != tt.want:
				t.Errorf("got %+v, %v, want %+v", got, err, tt.want)
			}
		})
	}
}

func TestSharedClusters(t *testing.T) {
	t.Parallel()
	shared := func(host string) string {
		return `{"providers": [
			{"name": "p", "type": "openai", "cluster": "c", "keys": [{"env": "A"}]},
			{"name": "q", "type": "openai", "cluster": "c", "keys": [{"env": "B"}]` + host + `}]}`
	}
	if got, err := clusters(read(t, shared("")), nil); err != nil || len(got) != 1 {
		t.Errorf("got %v, %v, want one cluster", got, err)
	}
	if got, err := clusters(read(t, shared(`, "host": "b.example.com"`)), nil); err == nil || !strings.Contains(err.Error(), "another's cluster c leads to api.openai.com:443") {
		t.Errorf("got %v, %v, want an error", got, err)
	}
	if got, err := clusters(read(t, shared("")), map[string]string{"r": "http://a"}); err == nil || !strings.Contains(err.Error(), "upstream r:") {
		t.Errorf("got %v, %v, want an error", got, err)
	}
}

// Whoever writes a bootstrap hears of all that is missing at once.
func TestAllClustersThatLeadNowhere(t *testing.T) {
	t.Parallel()
	_, err := clusters(read(t, `{"providers": [
		{"name": "p", "type": "ollama", "cluster": "a", "keys": [{"injected": true}]},
		{"name": "q", "type": "openai", "cluster": "b", "keys": [{"env": "A"}]},
		{"name": "r", "type": "vllm", "cluster": "c", "keys": [{"injected": true}]}]}`), nil)
	if err == nil || !strings.Contains(err.Error(), "providers[0] (p)") || strings.Contains(err.Error(), "(q)") || !strings.Contains(err.Error(), "providers[2] (r)") {
		t.Errorf("got %v, want p and r", err)
	}
}

func TestSecureCluster(t *testing.T) {
	t.Parallel()
	b := write(t, document(), options(map[string]string{"a": "http://127.0.0.1:8000"}))
	plain, secure := b.at("static_resources", "clusters", 0), b.at("static_resources", "clusters", 1)
	plain.at("type").is("STATIC")
	plain.at("transport_socket").is(nil)
	secure.at("type").is("LOGICAL_DNS")
	tls := secure.at("transport_socket", "typed_config")
	tls.at("sni").is("claude.example.com")
	tls.at("auto_sni_san_validation").is(true)
	tls.at("common_tls_context", "validation_context", "trusted_ca", "filename").is("/etc/ca.pem")
	secure.at("circuit_breakers", "thresholds", 0, "retry_budget", "budget_percent", "value").is(20)
}

// TestMetrics checks that the names that the gateway gives its metrics come apart
// into a name and labels, and that each histogram has its buckets.
func TestMetrics(t *testing.T) {
	t.Parallel()
	stats := write(t, document(), options(nil)).at("stats_config")
	set := meter.NewSet()
	g := set.Group(meter.Labels{Operation: "chat", Provider: "a", Model: "gpt-4.1"})
	set.Requests(g, 200)
	set.Guard("pii", "EMAIL_ADDRESS")
	set.HeldBytes("pii")
	set.HeldMillis("pii")
	for _, s := range set.All() {
		name := s.Name
		for i := range stats.at("stats_tags").list() {
			re, _ := stats.at("stats_tags", i, "regex").v.(string)
			if found := regexp.MustCompile(re).FindStringSubmatch(name); found != nil {
				name = strings.Replace(name, found[1], "", 1)
			}
		}
		if strings.ContainsAny(name, ";=") {
			t.Errorf("%s: got %s without its labels, want none left", s.Name, name)
		}
		matches := 0
		for i := range stats.at("histogram_bucket_settings").list() {
			part, _ := stats.at("histogram_bucket_settings", i, "match", "contains").v.(string)
			if strings.Contains(s.Name, part) {
				matches++
			}
		}
		if want := s.Kind == meter.Histogram; (matches == 1) != want || matches > 1 {
			t.Errorf("%s: got %d bucket settings, want one for a histogram only", s.Name, matches)
		}
	}
	for i := range stats.at("histogram_bucket_settings").list() {
		last := 0
		for _, bound := range stats.at("histogram_bucket_settings", i, "buckets").list() {
			if n, _ := bound.(int); n <= last {
				t.Errorf("buckets %d: got %v after %d, want more", i, bound, last)
			} else {
				last = n
			}
		}
	}
}

func TestLayout(t *testing.T) {
	t.Parallel()
	long := `"` + strings.Repeat("x", lineWidth) + `"`
	for _, tt := range []struct{ name, in, want string }{
		{"the document is broken up", `{"a":1,"b":[1,2]}`, "{\n  \"a\": 1,\n  \"b\": [1, 2]\n}"},
		{"what is short stays on its line", `{"a":{"b":[{"c":null}]}}`, "{\n  \"a\": {\"b\": [{\"c\": null}]}\n}"},
		{"what is long does not", `{"a":[` + long + `,2]}`, "{\n  \"a\": [\n    " + long + ",\n    2\n  ]\n}"},
		{"nothing in it", `{"a":{},"b":[]}`, "{\n  \"a\": {},\n  \"b\": []\n}"},
		{"text as it was spelled", `{"\u0061":"\u00e9 : , \" {"}`, "{\n  \"\\u0061\": \"\\u00e9 : , \\\" {\"\n}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := layout([]byte(tt.in))
			if err != nil || string(got) != tt.want {
				t.Errorf("got %s, %v, want %s", got, err, tt.want)
			}
		})
	}
	if got, err := layout([]byte(`{`)); err == nil {
		t.Errorf("got %s, want an error", got)
	}
}

// A provider's host may depend on its options, and it may need a second cluster.
func TestClustersOfCallouts(t *testing.T) {
	t.Parallel()
	plan := read(t, `{"providers":[{"name":"vertex","type":"vertex","cluster":"vertex","options":{"project":"p","location":"eu","token_cluster":"tokens"},"keys":[{"env":"K"}]}]}`)
	got, err := clusters(plan, nil)
	want := []cluster{
		{Name: "vertex", Address: "aiplatform.eu.rep.googleapis.com", Port: 443, Host: "aiplatform.eu.rep.googleapis.com", TLS: true},
		{Name: "tokens", Address: "oauth2.googleapis.com", Port: 443, Host: "oauth2.googleapis.com", TLS: true},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

// The keys of tokens are fetched from a cluster of their own, or a provider's.
func TestClustersOfIssuers(t *testing.T) {
	t.Parallel()
	issuers := func(host string) string {
		return `{"providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"env":"K"}]}],"identity":{"jwt":[{"issuer":"i","audiences":["a"],"jwks":{"cluster":"idp","host":"id.example.com","path":"/"}},
			{"issuer":"j","audiences":["a"],"jwks":{"cluster":"idp","host":"` + host + `","path":"/j"}}]}}`
	}
	got, err := clusters(read(t, issuers("id.example.com")), nil)
	if want := (cluster{Name: "idp", Address: "id.example.com", Port: 443, Host: "id.example.com", TLS: true}); err != nil || len(got) != 2 || got[1] != want {
		t.Errorf("got %+v, %v, want openai's and %+v", got, err, want)
	}
	for host, want := range map[string]string{"other.example.com": "identity.jwt[1]: another's cluster idp leads to id.example.com:443", "a/b": `identity.jwt[1]: host "a/b"`} {
		if _, err := clusters(read(t, issuers(host)), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", host, err, want)
		}
	}
}

// TestChains: each target is a cluster that says what it is, in the order of the attempts,
// and the cluster of all has the attempt in the VM of the gateway.
func TestChains(t *testing.T) {
	t.Parallel()
	native := strings.TrimSuffix(document(), "}") + `, "models": [
		{"name": "m", "mechanism": "native", "cluster": "chain", "targets": [{"provider": "a", "model": "x"}], "fallback": [{"provider": "b", "model": "y"}]},
		{"name": "n", "mechanism": "native", "targets": [{"provider": "a", "model": "x", "cluster": "a-first"}, {"provider": "b", "model": "y", "cluster": "b-first"}]}]}`
	b := write(t, native, options(nil))
	route := b.manager().at("route_config", "virtual_hosts", 0, "routes", 0)
	route.at("match", "headers", 0, "string_match", "exact").is("chain")
	route.at("route", "cluster").is("chain")
	route.at("route", "retry_policy", "retry_priority", "typed_config", "update_frequency").is(1)
	if got := route.at("request_headers_to_remove").list(); !slices.Contains(got, "x-postern-cluster") {
		t.Errorf("got %v removed, want the cluster too", got)
	}
	clusters := map[string]node{}
	for i, c := range b.at("static_resources", "clusters").list() {
		clusters[c.(map[string]any)["name"].(string)] = b.at("static_resources", "clusters", i)
	}
	for name, want := range map[string][]any{"chain": {"chain/a/x", "chain/b/y"}, "a-first": {"a-first/a/x", "a-first/b/y"}, "b-first": {"b-first/b/y", "b-first/a/x"}} {
		c := clusters[name]
		if got := c.at("cluster_type", "typed_config", "clusters").list(); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
		filter := c.at("typed_extension_protocol_options", "envoy.extensions.upstreams.http.v3.HttpProtocolOptions", "http_filters", 0, "typed_config", "config")
		if got, want := filter.at("vm_config").v, b.manager().at("http_filters", 0, "typed_config", "config", "vm_config").v; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got the VM %v, want that of the gateway, %v", name, got, want)
		}
	}
	member := clusters["b-first/b/y"]
	at := member.at("load_assignment", "endpoints", 0, "lb_endpoints", 0)
	at.at("metadata", "filter_metadata", "postern", "provider").is("b")
	at.at("metadata", "filter_metadata", "postern", "model").is("y")
	at.at("endpoint", "hostname").is("claude.example.com")
	member.at("transport_socket", "typed_config", "sni").is("claude.example.com")
	member.at("outlier_detection", "max_ejection_percent").is(100)
	if clusters["one"].at("outlier_detection").v != nil {
		t.Error("got outlier detection for a provider that is in no chain")
	}
}

// TestRedirects: each target's cluster has the attempt, its route follows redirects, and what
// the gateway itself asks providers goes to clusters that have none.
func TestRedirects(t *testing.T) {
	t.Parallel()
	document := strings.TrimSuffix(document(), "}") + `, "models": [
		{"name": "m", "mechanism": "redirect", "targets": [{"provider": "a", "model": "x", "cluster": "to-a"}, {"provider": "a", "model": "y", "cluster": "to-a"}], "fallback": [{"provider": "b", "cluster": "to-b"}]}]}`
	b := write(t, document, options(nil))
	for i, name := range []string{"to-a", "to-b"} {
		route := b.manager().at("route_config", "virtual_hosts", 0, "routes", i)
		route.at("match", "headers", 0, "string_match", "exact").is(name)
		route.at("route", "cluster").is(name)
		route.at("route", "internal_redirect_policy", "redirect_response_codes", 0).is(307)
		route.at("route", "internal_redirect_policy", "response_headers_to_copy", 0).is("x-forwarded-proto")
	}
	attempts := map[string]bool{}
	for i, c := range b.at("static_resources", "clusters").list() {
		options := b.at("static_resources", "clusters", i, "typed_extension_protocol_options", "envoy.extensions.upstreams.http.v3.HttpProtocolOptions")
		_, there := options.v.(map[string]any)["http_filters"]
		attempts[c.(map[string]any)["name"].(string)] = there
		if there {
			options.at("http_filters", 0, "typed_config", "config", "configuration", "value").is("{\"role\": \"attempt\"}\n")
		}
	}
	if want := map[string]bool{"one": false, "two": false, "to-a": true, "to-b": true}; !reflect.DeepEqual(attempts, want) {
		t.Errorf("got clusters with attempts %v, want %v", attempts, want)
	}
}

func TestChainsThatCannotBe(t *testing.T) {
	t.Parallel()
	const other = `{"name": "n", "mechanism": "native", "cluster": "chain", "targets": [{"provider": "b"}]}`
	for _, tt := range []struct{ models, err string }{
		{`{"name": "m", "mechanism": "native", "cluster": "chain", "targets": [{"provider": "a"}]}, ` + other, "model n: the cluster chain has other members elsewhere"},
		{`{"name": "m", "mechanism": "native", "cluster": "chain", "targets": [{"provider": "a"}, {"provider": "a"}]}`, "model m: the target a/ is there twice"},
		{`{"name": "m", "mechanism": "redirect", "targets": [{"provider": "a", "cluster": "one"}]}`, "model m: the cluster one is for what the gateway itself asks its provider, and has no attempt filter"},
		{`{"name": "m", "mechanism": "redirect", "targets": [{"provider": "a", "cluster": "c"}, {"provider": "b", "cluster": "c"}]}`, "model m: the cluster c leads elsewhere for others"},
	} {
		document := strings.TrimSuffix(document(), "}") + `, "models": [` + tt.models + `]}`
		if _, err := Write([]byte(document), read(t, document), nil, options(nil)); err == nil || err.Error() != tt.err {
			t.Errorf("got %v, want %s", err, tt.err)
		}
	}
	if _, err := Write([]byte(`{"role":"attempt"}`), read(t, `{"role":"attempt"}`), nil, options(nil)); err != errAttempt {
		t.Errorf("got %v, want %v", err, errAttempt)
	}
}
