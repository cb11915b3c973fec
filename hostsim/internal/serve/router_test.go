package serve_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

func route(match object, action object, more ...object) object {
	r := object{"match": match, "route": action}
	for _, m := range more {
		for k, v := range m {
			r[k] = v
		}
	}
	return r
}

func prefix(p string) object { return object{"prefix": p} }

// A redirect is another request to the plugins and in the access log, and none to the client.
func TestInternalRedirects(t *testing.T) {
	t.Parallel()
	up := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/again" {
			fmt.Fprintf(w, "%s %s %s from=%s copied=%s", r.Method, r.Host, body, r.Header.Get("x-envoy-original-url"), r.Header.Get("x-copied"))
			return
		}
		w.Header().Set("location", r.Header.Get("x-to"))
		w.Header().Set("x-copied", "yes")
		w.WriteHeader(307)
	})
	r := start(t, file{script: "on request_headers\nadd_header_map_value 0 x-seen 1", clusters: []object{cluster("up", up)}, log: "%REQ(:PATH)% %RESPONSE_CODE% %RESPONSE_CODE_DETAILS% %REQ(X-SEEN)%", routes: list{
		route(prefix("/"), object{"cluster": "up", "internal_redirect_policy": object{"redirect_response_codes": list{307}, "response_headers_to_copy": list{"x-copied"}}}),
	}})
	host := strings.TrimPrefix(r.url, "http://")
	for _, tt := range []struct{ name, to, want string }{
		{"followed", "http://b.test/again?a=1", "200 OK POST b.test abc from=http://" + host + "/first copied=yes"},
		{"to another scheme", "https://b.test/again", "307 Temporary Redirect "},
		{"for ever", "http://b.test/other", "307 Temporary Redirect "},
	} {
		resp, body := r.do("POST", r.url+"/first", strings.NewReader("abc"), "x-to", tt.to)
		equal(t, tt.name, resp.Status+" "+body, tt.want)
	}
	r.finish()
	const log = "/again?a=1 307 internal_redirect 1\n/again?a=1 200 via_upstream 1,1\n" +
		"/first 307 via_upstream 1\n/other 307 internal_redirect 1\n/other 307 via_upstream 1,1\n"
	equal(t, "access log", r.out.String(), log)
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	echo := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s add=%s gone=%s orig=%s timeout=%s", r.Host, r.RequestURI, r.Header.Get("x-add"), r.Header.Get("x-gone"),
			r.Header.Get("x-envoy-original-path"), r.Header.Get("x-envoy-expected-rq-timeout-ms"))
	})
	other := upstream(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "other") })
	r := start(t, file{clusters: []object{cluster("up", echo), cluster("other", other)}, routes: list{
		route(object{"path": "/exact"}, object{"cluster": "other"}),
		route(object{"safe_regex": object{"regex": "/re/[0-9]+"}}, object{"cluster": "other"}),
		route(object{"path_separated_prefix": "/sep"}, object{"cluster": "other"}),
		route(object{"prefix": "/h", "headers": list{object{"name": "x-to", "string_match": object{"prefix": "oth"}}}}, object{"cluster": "other"}),
		route(object{"prefix": "/not", "headers": list{object{"name": "x-to", "present_match": true, "invert_match": true}}}, object{"cluster": "other"}),
		route(object{"prefix": "/q", "query_parameters": list{object{"name": "a", "string_match": object{"exact": "1"}}}}, object{"cluster": "other"}),
		route(prefix("/by-header"), object{"cluster_header": "x-cluster"}),
		route(prefix("/rewrite/"), object{"cluster": "up", "prefix_rewrite": "/new/", "host_rewrite_literal": "h.example", "timeout": "0s"}, object{
			"request_headers_to_add":     list{object{"header": object{"key": "x-add", "value": "%REQ(:METHOD)%-%%"}}},
			"request_headers_to_remove":  list{"x-gone"},
			"response_headers_to_add":    list{object{"header": object{"key": "x-code", "value": "%RESPONSE_CODE%"}}},
			"response_headers_to_remove": list{"content-type"}}),
		route(prefix("/regex"), object{"cluster": "up", "regex_rewrite": object{"pattern": object{"regex": "^/regex/(.*)$"}, "substitution": "/\\1/x"}}),
		object{"match": prefix("/direct"), "direct_response": object{"status": 418, "body": object{"inline_string": "teapot"}}},
		object{"match": prefix("/redirect"), "redirect": object{"https_redirect": true, "path_redirect": "/there", "response_code": "FOUND"}},
		route(prefix("/up"), object{"cluster": "up"}),
	}})
	host := strings.TrimPrefix(r.url, "http://")
	for _, tt := range []struct {
		name, path string
		headers    []string
		want       string
	}{
		{"path", "/exact", nil, "200 OK other"},
		{"path must be whole", "/exact/", nil, "404 Not Found "},
		{"regular expression", "/re/12", nil, "200 OK other"},
		{"regular expression must match all", "/re/12x", nil, "404 Not Found "},
		{"separated prefix", "/sep/x", nil, "200 OK other"},
		{"separated prefix does not match inside of a segment", "/separate", nil, "404 Not Found "},
		{"header", "/h", []string{"x-to", "other"}, "200 OK other"},
		{"header with another value", "/h", []string{"x-to", "up"}, "404 Not Found "},
		{"header must be missing", "/not", nil, "200 OK other"},
		{"header must be missing and is there", "/not", []string{"x-to", "a"}, "404 Not Found "},
		{"query parameter", "/q?a=1", nil, "200 OK other"},
		{"query parameter with another value", "/q?a=2", nil, "404 Not Found "},
		{"cluster named by a header", "/by-header", []string{"x-cluster", "other"}, "200 OK other"},
		{"cluster that does not exist", "/by-header", []string{"x-cluster", "nobody"}, "503 Service Unavailable "},
		{"prefix rewritten", "/rewrite/a?b=c", []string{"x-gone", "1"}, "200 OK h.example /new/a?b=c add=GET-% gone= orig=/rewrite/a?b=c timeout="},
		{"path rewritten", "/regex/a", nil, "200 OK " + host + " /a/x add= gone= orig=/regex/a timeout=15000"},
		{"direct response", "/direct", nil, "418 I'm a teapot teapot"},
		{"redirect", "/redirect", nil, "302 Found "},
		{"path is passed on as it is", "/up/%2e%2E//a", nil, "200 OK " + host + " /up/%2e%2E//a add= gone= orig= timeout=15000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp, body := (&running{t: t}).do("GET", r.url+tt.path, nil, tt.headers...)
			equal(t, "answer", resp.Status+" "+body, tt.want)
		})
	}
	resp, _ := r.do("GET", r.url+"/rewrite/a", nil)
	equal(t, "x-code", resp.Header.Get("x-code"), "200")
	equal(t, "content-type", resp.Header.Get("content-type"), "")
	resp, _ = r.do("GET", r.url+"/redirect?a=b", nil)
	equal(t, "location", resp.Header.Get("location"), "https://"+host+"/there?a=b")
}

// TestPluginRoutes: a plugin names the cluster in a header that the route removes.
func TestPluginRoutes(t *testing.T) {
	t.Parallel()
	up := upstream(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "cluster=%q", r.Header.Get("x-cluster")) })
	r := start(t, file{clusters: []object{cluster("chosen", up)}, script: "on request_headers\nadd_header_map_value 0 x-cluster chosen\n",
		routes: list{route(prefix("/"), object{"cluster_header": "x-cluster"}, object{"request_headers_to_remove": list{"x-cluster"}})}})
	equal(t, "body", r.get(r.url), `cluster=""`)
}

func TestVirtualHosts(t *testing.T) {
	t.Parallel()
	host := func(name string, domains ...any) object {
		return object{"name": name, "domains": domains, "routes": list{
			object{"match": prefix("/"), "direct_response": object{"status": 200, "body": object{"inline_string": name}}}}}
	}
	r := start(t, file{hcm: object{"route_config": object{"virtual_hosts": list{
		host("rest", "*"), host("suffix", "*.example.com"), host("longer", "*.a.example.com"), host("exact", "x.a.example.com"), host("prefix", "example.*"),
	}}}})
	for domain, want := range map[string]string{"x.a.example.com": "exact", "y.a.example.com": "longer", "y.example.com": "suffix",
		"example.org": "prefix", "EXAMPLE.org": "prefix", "nobody": "rest", ".example.com": "rest"} {
		req, err := http.NewRequest("GET", r.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = domain
		_, body := send(t, client(t), req)
		equal(t, domain, body, want)
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	up := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		n := calls.Add(1)
		switch {
		case n == 1:
			panic(http.ErrAbortHandler)
		case n == 2:
			w.WriteHeader(503)
		default:
			fmt.Fprintf(w, "attempt %d %s header=%s", n, body, r.Header.Get("x-envoy-attempt-count"))
		}
	})
	policy := object{"retry_on": "reset,5xx", "num_retries": 3, "retry_back_off": object{"base_interval": "0.001s"}}
	r := start(t, file{clusters: []object{cluster("up", up)}, log: "%RESPONSE_CODE% %UPSTREAM_REQUEST_ATTEMPT_COUNT% %RESPONSE_FLAGS%",
		hcm: object{"route_config": object{"virtual_hosts": list{object{"name": "all", "domains": list{"*"}, "include_request_attempt_count": true,
			"routes": list{route(prefix("/"), object{"cluster": "up", "retry_policy": policy})}}}}}})
	_, body := r.do("POST", r.url, strings.NewReader("text"))
	equal(t, "body", body, "attempt 3 text header=3")
	equal(t, "log", r.out.lines(1)[0], "200 3 -")
}

// A plugin's headers add to what the route says of retries, and go no further.
func TestRetriesThatAreAskedFor(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	up := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for name := range r.Header {
			if strings.HasPrefix(name, "X-Envoy-") {
				t.Errorf("got %s upstream", name)
			}
		}
		switch calls.Add(1) {
		case 1:
			w.Header().Set("again", "1")
			w.WriteHeader(400)
		case 2:
			w.WriteHeader(409)
		case 3:
			panic(http.ErrAbortHandler)
		case 4:
			<-r.Context().Done() // silence
		}
	})
	script := `
on request_headers
add_header_map_value 0 x-envoy-retry-on retriable-headers,reset,retriable-status-codes
add_header_map_value 0 x-envoy-retriable-header-names again,anew
add_header_map_value 0 x-envoy-retriable-status-codes 409
add_header_map_value 0 x-envoy-max-retries 4
add_header_map_value 0 x-envoy-upstream-rq-per-try-timeout-ms 200
add_header_map_value 0 x-envoy-upstream-rq-timeout-ms 10000
`
	r := start(t, file{clusters: []object{cluster("up", up)}, log: "%RESPONSE_CODE% %UPSTREAM_REQUEST_ATTEMPT_COUNT%",
		hcm: object{"http_filters": list{wasm(t, script), object{"name": "router", "typed_config": object{"@type": types + "extensions.filters.http.router.v3.Router", "suppress_envoy_headers": true}}}}})
	r.do("POST", r.url, strings.NewReader("text"))
	equal(t, "log", r.out.lines(1)[0], "200 5")
}

func TestRetriesRunOut(t *testing.T) {
	t.Parallel()
	up := upstream(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
	policy := object{"retry_on": "5xx", "num_retries": 1, "retry_back_off": object{"base_interval": "0.001s"}}
	r := start(t, file{clusters: []object{cluster("up", up)}, log: "%RESPONSE_CODE% %UPSTREAM_REQUEST_ATTEMPT_COUNT% %RESPONSE_FLAGS%",
		routes: list{route(prefix("/"), object{"cluster": "up", "retry_policy": policy})}})
	resp, _ := r.do("GET", r.url, nil)
	equal(t, "status", resp.Status, "503 Service Unavailable")
	equal(t, "log", r.out.lines(1)[0], "503 2 URX")
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	up := upstream(t, func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		close(gone)
	})
	r := start(t, file{clusters: []object{cluster("up", up)}, log: "%RESPONSE_CODE% %RESPONSE_CODE_DETAILS% %RESPONSE_FLAGS%",
		routes: list{route(prefix("/"), object{"cluster": "up", "timeout": "0.05s"})}})
	resp, body := r.do("GET", r.url, nil)
	equal(t, "answer", resp.Status+" "+body, "504 Gateway Timeout upstream request timeout")
	equal(t, "log", r.out.lines(1)[0], "504 response_timeout UT")
	<-gone
}

func TestPerTryTimeout(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, path, want string
	}{
		{"the second attempt is in time", "/once", "200 OK attempt 2"},
		{"no attempt is in time", "/never", "504 Gateway Timeout upstream request timeout"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			up := upstream(t, func(w http.ResponseWriter, r *http.Request) {
				if n := calls.Add(1); n > 1 && r.URL.Path == "/once" {
					fmt.Fprintf(w, "attempt %d", n)
					return
				}
				<-r.Context().Done()
			})
			policy := object{"retry_on": "5xx", "num_retries": 1, "per_try_timeout": "0.1s", "retry_back_off": object{"base_interval": "0.001s"}}
			r := start(t, file{clusters: []object{cluster("up", up)}, routes: list{route(prefix("/"), object{"cluster": "up", "retry_policy": policy})}})
			resp, body := r.do("GET", r.url+tt.path, nil)
			equal(t, "answer", resp.Status+" "+body, tt.want)
		})
	}
}

func TestTimeoutsOfTheRequest(t *testing.T) {
	t.Parallel()
	for name, hcm := range map[string]object{
		"request_timeout":     {"request_timeout": "0.05s"},
		"stream_idle_timeout": {"stream_idle_timeout": "0.05s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, file{clusters: []object{cluster("up", hello(t))}, hcm: hcm, script: "on request_headers\nreturn 1\non request_body open\nreturn 1\n"})
			c, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "status", resp.Status, "408 Request Timeout")
		})
	}
}

func TestRouteIdleTimeout(t *testing.T) {
	t.Parallel()
	up := upstream(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	r := start(t, file{clusters: []object{cluster("up", up)}, routes: list{route(prefix("/"), object{"cluster": "up", "idle_timeout": "0.05s"})}})
	resp, body := r.do("GET", r.url, nil)
	equal(t, "answer", resp.Status+" "+body, "504 Gateway Timeout stream timeout")
}

func TestUnderscores(t *testing.T) {
	t.Parallel()
	up := upstream(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "a_b=%s", r.Header.Get("a_b")) })
	for action, want := range map[string]string{"ALLOW": "200 OK a_b=1", "REJECT_REQUEST": "400 Bad Request ", "DROP_HEADER": "200 OK a_b="} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			r := start(t, file{clusters: []object{cluster("up", up)},
				hcm: object{"common_http_protocol_options": object{"headers_with_underscores_action": action}}})
			resp, body := r.do("GET", r.url, nil, "a_b", "1")
			equal(t, "answer", resp.Status+" "+body, want)
		})
	}
}

// TestEdge: what clients outside say about themselves does not count.
func TestEdge(t *testing.T) {
	t.Parallel()
	up := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"x-request-id", "x-envoy-internal", "x-envoy-max-retries", "x-secret", "x-forwarded-proto"} {
			fmt.Fprintf(w, "%s=%s ", name, r.Header.Get(name))
		}
		fmt.Fprint(w, strings.Count(r.Header.Get("x-forwarded-for"), ","))
	})
	headers := []string{"x-request-id", "mine", "x-envoy-internal", "true", "x-envoy-max-retries", "9", "x-secret", "s", "x-forwarded-proto", "https", "x-forwarded-for", "8.8.8.8"}
	mutation := object{"@type": types + "extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation", "mutations": list{object{"remove": "x-secret"}}}
	for _, tt := range []struct {
		name string
		hcm  object
		want string
	}{
		{"behind another proxy", object{}, "x-request-id=mine x-envoy-internal=true x-envoy-max-retries=9 x-secret=s x-forwarded-proto=https 0"},
		{"at the edge", object{"use_remote_address": true, "generate_request_id": false, "early_header_mutation_extensions": list{object{"name": "m", "typed_config": mutation}}},
			"x-request-id=mine x-envoy-internal= x-envoy-max-retries= x-secret= x-forwarded-proto=http 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, file{clusters: []object{cluster("up", up)}, hcm: tt.hcm})
			_, body := r.do("GET", r.url, nil, headers...)
			equal(t, "body", body, tt.want)
		})
	}
	r := start(t, file{clusters: []object{cluster("up", up)}, hcm: object{"use_remote_address": true, "always_set_request_id_in_response": true}})
	resp, body := r.do("GET", r.url, nil, headers...)
	id := resp.Header.Get("x-request-id")
	if len(id) != 36 || !strings.Contains(body, "x-request-id="+id) {
		t.Errorf("request id: got %q and %q, want a new one in both", id, body)
	}
}

func TestNormalizedPath(t *testing.T) {
	t.Parallel()
	up := upstream(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.RequestURI) })
	r := start(t, file{clusters: []object{cluster("up", up)}, hcm: object{"normalize_path": true, "merge_slashes": true}})
	for path, want := range map[string]string{"/a/../b": "/b", "/a/./b": "/a/b", "/a/..": "/", "/a//b/": "/a/b/", "/%2e%2E/x?y=/../z": "/x?y=/../z", "/a/b/.": "/a/b/"} {
		req, err := http.NewRequest("GET", r.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.URL.Opaque = path
		_, body := send(t, client(t), req)
		equal(t, path, body, want)
	}
}

func TestStreamIdleTimeout(t *testing.T) {
	t.Parallel()
	up := upstream(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	r := start(t, file{clusters: []object{cluster("up", up)}, hcm: object{"stream_idle_timeout": "0.05s"},
		log: "%RESPONSE_CODE% %RESPONSE_CODE_DETAILS% %RESPONSE_FLAGS%"})
	resp, body := r.do("GET", r.url, nil)
	equal(t, "answer", resp.Status+" "+body, "504 Gateway Timeout stream timeout")
	equal(t, "log", r.out.lines(1)[0], "504 stream_idle_timeout SI")
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	r := start(t, file{clusters: []object{cluster("up", l.Addr())}, log: "%RESPONSE_CODE_DETAILS% %RESPONSE_FLAGS%"})
	_, body := r.do("GET", r.url, nil)
	equal(t, "body", body, "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure")
	equal(t, "log", r.out.lines(1)[0], "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused} UF")
}

// TestUpstreamPlugin: a plugin behind the router runs once for each attempt, knows the
// endpoint, and may rewrite the request.
func TestUpstreamPlugin(t *testing.T) {
	t.Parallel()
	down := upstream(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	up := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s", r.RequestURI, body)
	})
	options := func(script string) object {
		return object{"typed_extension_protocol_options": object{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": object{
			"@type": types + "extensions.upstreams.http.v3.HttpProtocolOptions", "explicit_http_config": object{"http_protocol_options": object{}},
			"http_filters": list{wasm(t, script), object{"name": "codec", "typed_config": object{"@type": types + "extensions.filters.http.upstream_codec.v3.UpstreamCodec"}}}}}}
	}
	script := `
on request_headers
get_property upstream address
get_property xds upstream_host_metadata filter_metadata who name > name
get_property upstream request_attempt_count
replace_header_map_value 0 :path $name
`
	endpoint := func(addr net.Addr, priority int, name string) object {
		return object{"priority": priority, "lb_endpoints": list{object{"endpoint": object{"address": socket(addr.(*net.TCPAddr).Port)},
			"metadata": object{"filter_metadata": object{"who": object{"name": name}}}}}}
	}
	c := options(script)
	c["name"], c["load_assignment"] = "up", object{"endpoints": list{endpoint(down, 0, "/first"), endpoint(up, 1, "/second")}}
	policy := object{"retry_on": "reset", "retry_back_off": object{"base_interval": "0.001s"}, "retry_priority": object{"name": "previous",
		"typed_config": object{"@type": types + "extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig", "update_frequency": 1}}}
	r := start(t, file{clusters: []object{c}, routes: list{route(prefix("/"), object{"cluster": "up", "retry_policy": policy})}})
	_, body := r.do("POST", r.url, strings.NewReader("text"))
	equal(t, "body", body, "/second text")
	contains(t, "plugin's log", r.log.String(), fmt.Sprintf("get_property upstream address -> 0 %q", down.String()))
	contains(t, "plugin's log", r.log.String(), fmt.Sprintf("get_property upstream address -> 0 %q", up.String()))
}

func TestAggregateCluster(t *testing.T) {
	t.Parallel()
	down := upstream(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	all := object{"name": "all", "lb_policy": "CLUSTER_PROVIDED", "cluster_type": object{"name": "aggregate", "typed_config": object{
		"@type": types + "extensions.clusters.aggregate.v3.ClusterConfig", "clusters": list{"first", "second"}}}}
	policy := object{"retry_on": "reset", "retry_back_off": object{"base_interval": "0.001s"}, "retry_priority": object{"name": "previous",
		"typed_config": object{"@type": types + "extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig"}}}
	r := start(t, file{clusters: []object{all, cluster("first", down), cluster("second", hello(t))}, log: "%UPSTREAM_CLUSTER%",
		routes: list{route(prefix("/"), object{"cluster": "all", "retry_policy": policy})}})
	equal(t, "body", r.get(r.url), "hello")
	equal(t, "log", r.out.lines(1)[0], "second")
}
