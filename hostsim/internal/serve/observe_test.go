package serve_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/hostsim/internal/bootstrap"
	"github.com/postern-gateway/postern/hostsim/internal/serve"
)

func TestAccessLog(t *testing.T) {
	t.Parallel()
	log := func(filter any, form object) object {
		c := object{"name": "log", "typed_config": object{"@type": stdout, "log_format": form}}
		if filter != nil {
			c["filter"] = filter
		}
		return c
	}
	line := func(text string) object {
		return object{"text_format_source": object{"inline_string": text + "\n"}}
	}
	cel := func(expression string) object {
		return object{"extension_filter": object{"name": "cel", "typed_config": object{
			"@type": types + "extensions.access_loggers.filters.cel.v3.ExpressionFilter", "expression": expression}}}
	}
	r := start(t, file{clusters: []object{cluster("up", hello(t))}, script: "on log\nset_property used \"7 tokens\"",
		hcm: object{"access_log": list{
			log(nil, line("%REQ(:METHOD)% %REQ(:PATH)% %PROTOCOL% %RESPONSE_CODE% %RESPONSE_CODE_DETAILS% %BYTES_RECEIVED% %BYTES_SENT% "+
				"%FILTER_STATE(wasm.used:PLAIN)% %UPSTREAM_CLUSTER% %REQ(NOPE?USER-AGENT):4% %RESP(CONTENT-TYPE)%")),
			log(nil, object{"json_format": object{"z": "%RESPONSE_CODE%", "a": "%REQ(NOPE)%", "in": object{"text": "x%BYTES_SENT%", "yes": true}}}),
			log(cel("'wasm.used' in filter_state && response.code == 200"), line("used")),
			log(cel("!('wasm.used' in filter_state)"), line("never")),
			log(object{"status_code_filter": object{"comparison": object{"op": "GE", "value": object{"default_value": 500, "runtime_key": "k"}}}}, line("never")),
			log(object{"header_filter": object{"header": object{"name": "x-mark", "present_match": true}}}, line("marked")),
		}}})
	r.do("POST", r.url+"/a?b=c", strings.NewReader("text"), "User-Agent", "tester", "x-mark", "1")
	got := r.out.lines(4)
	for i, want := range []string{
		"POST /a?b=c HTTP/1.1 200 via_upstream 4 5 7 tokens up test text/plain; charset=utf-8",
		`{"a":null,"in":{"text":"x5","yes":true},"z":200}`, "used", "marked",
	} {
		equal(t, "line", got[i], want)
	}
	r.finish()
	equal(t, "lines in all", strings.Join(r.out.lines(4)[4:], "\n"), "")
}

func TestLocalReplies(t *testing.T) {
	t.Parallel()
	r := start(t, file{script: "on request_headers open\nget_header_map_value 0 x-refuse > why\nreturn 1\n" +
		"on request_body\nsend_local_response 401 refused $why -1\n",
		routes: list{object{"match": prefix("/"), "direct_response": object{"status": 503, "body": object{"inline_string": "down"}}}},
		hcm: object{"local_reply_config": object{
			"mappers": list{object{
				"filter":      object{"status_code_filter": object{"comparison": object{"op": "EQ", "value": object{"default_value": 401, "runtime_key": "k"}}}},
				"status_code": 403, "headers_to_add": list{object{"header": object{"key": "x-mapped", "value": "yes"}}},
				"body_format_override": object{"text_format_source": object{"inline_string": "%RESPONSE_CODE%: %LOCAL_REPLY_BODY%"}}}},
			"body_format": object{"json_format": object{"error": "%LOCAL_REPLY_BODY%", "code": "%RESPONSE_CODE%", "why": "%RESPONSE_CODE_DETAILS%"}},
		}}})
	resp, body := r.do("POST", r.url, strings.NewReader("x"), "x-refuse", "go away")
	equal(t, "mapped", resp.Status+" "+resp.Header.Get("x-mapped")+" "+body, "403 Forbidden yes 403: go away")
	resp, body = r.do("GET", r.url, nil)
	equal(t, "formatted", resp.Header.Get("content-type")+" "+strings.TrimSpace(body), `application/json {"code":503,"error":"down","why":"direct_response"}`)
}

func TestStats(t *testing.T) {
	t.Parallel()
	r := start(t, file{clusters: []object{cluster("up", hello(t))}, script: `
on configure
define_metric 0 "requests;kind=chat" > counter
define_metric 2 took_ms > histogram
return 1
on request_headers
increment_metric $counter 1
record_metric $histogram 7
`, stats: object{
		"stats_tags":                list{object{"tag_name": "kind", "regex": "(;kind=([^;]+))"}, object{"tag_name": "where", "fixed_value": "here"}},
		"histogram_bucket_settings": list{object{"match": object{"suffix": "took_ms"}, "buckets": list{5, 10}}}}})
	r.get(r.url)
	r.get(r.url)
	text := r.get(r.admin + "/stats?filter=wasmcustom|_2xx|rq_total")
	for _, want := range []string{"wasmcustom.requests;kind=chat: 2\n", "http.in.downstream_rq_2xx: 2\n", "cluster.up.upstream_rq_total: 2\n", "wasmcustom.took_ms: P0(5) "} {
		contains(t, "/stats", text, want)
	}
	text = r.get(r.admin + "/stats/prometheus")
	for _, want := range []string{
		"# TYPE requests counter\nrequests{kind=\"chat\",where=\"here\"} 2\n",
		"# TYPE took_ms histogram\ntook_ms_bucket{where=\"here\",le=\"5\"} 0\ntook_ms_bucket{where=\"here\",le=\"10\"} 2\ntook_ms_bucket{where=\"here\",le=\"+Inf\"} 2\ntook_ms_sum{where=\"here\"} 14\ntook_ms_count{where=\"here\"} 2\n",
		"envoy_http_downstream_rq_xx{where=\"here\",envoy_response_code_class=\"2\",envoy_http_conn_manager_prefix=\"in\"} 2\n",
		"envoy_cluster_upstream_rq_total{where=\"here\",envoy_cluster_name=\"up\"} 2\n",
	} {
		contains(t, "/stats/prometheus", text, want)
	}
	contains(t, "/stats?type=Counters&usedonly", r.get(r.admin+"/stats?type=Counters&usedonly"), "requests;kind=chat: 2")
}

func TestAdmin(t *testing.T) {
	t.Parallel()
	r := start(t, file{clusters: []object{cluster("up", hello(t))}})
	equal(t, "/ready", r.get(r.admin+"/ready"), "LIVE\n")
	contains(t, "/listeners", r.get(r.admin+"/listeners"), "main::"+strings.TrimPrefix(r.url, "http://"))
	contains(t, "/clusters", r.get(r.admin+"/clusters"), "up::127.0.0.1:")
	contains(t, "/server_info", r.get(r.admin+"/server_info"), `"state": "LIVE"`)
	var dump struct {
		Configs []struct {
			Bootstrap struct {
				Admin any `json:"admin"`
			} `json:"bootstrap"`
		} `json:"configs"`
	}
	if err := json.Unmarshal([]byte(r.get(r.admin+"/config_dump")), &dump); err != nil || dump.Configs[0].Bootstrap.Admin == nil {
		t.Errorf("/config_dump: got %+v and %v, want the file", dump, err)
	}
	resp, _ := r.do("POST", r.admin+"/quitquitquit", nil)
	equal(t, "/quitquitquit", resp.Status, "200 OK")
	if err := <-r.ended; err != nil {
		t.Errorf("end: got %v, want none", err)
	}
	r.ended = nil
}

func TestConfigDumpHidesSecrets(t *testing.T) {
	t.Parallel()
	filter := wasm(t, "on log\n")
	filter["typed_config"].(object)["config"].(object)["vm_config"].(object)["environment_variables"] = object{"key_values": object{"KEY": "very secret"}}
	r := start(t, file{clusters: []object{cluster("up", hello(t))}, hcm: object{"http_filters": list{filter,
		object{"name": "router", "typed_config": object{"@type": types + "extensions.filters.http.router.v3.Router"}}}}})
	if dump := r.get(r.admin + "/config_dump"); strings.Contains(dump, "very secret") || !strings.Contains(dump, `"KEY": "[redacted]"`) {
		t.Errorf("/config_dump: got %s, want the variable's value blacked out", dump)
	}
}

// TestGracefulStop: a request that is under way ends as it should; new ones are refused.
func TestGracefulStop(t *testing.T) {
	t.Parallel()
	for name, newClient := range map[string]func(testing.TB) *http.Client{"HTTP/1.1": client, "HTTP/2": clientHTTP2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testGracefulStop(t, newClient(t))
		})
	}
}

func testGracefulStop(t *testing.T, c *http.Client) {
	reached, finish := make(chan struct{}), make(chan struct{})
	up := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
		close(reached)
		<-finish
		io.WriteString(w, "whole")
	})
	r := start(t, file{clusters: []object{cluster("up", up)}})
	answer := make(chan string, 1)
	go func() {
		resp, err := c.Get(r.url)
		if err != nil {
			answer <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		answer <- string(b)
	}()
	<-reached
	r.stop()
	for { // the listener closes soon
		c, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
		if err != nil {
			break
		}
		c.Close()
	}
	close(finish)
	equal(t, "answer", <-answer, "whole")
	if err := <-r.ended; err != nil {
		t.Errorf("end: got %v, want none", err)
	}
	r.ended = nil
}

// TestStopHasABound: a request that never ends is cut.
func TestStopHasABound(t *testing.T) {
	t.Parallel()
	up := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "first\n")
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	b, err := bootstrap.Parse(file{clusters: []object{cluster("up", up)}}.json(t))
	if err != nil {
		t.Fatal(err)
	}
	s, err := serve.New(context.Background(), b, serve.Options{Modules: modules, Workers: 1, Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, 10*time.Millisecond) }()
	resp, err := client(t).Get("http://" + s.Addr("main").String())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	if _, err := lines.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	stop()
	if rest, err := io.ReadAll(lines); err == nil {
		t.Errorf("response: got a whole one with %q, want one that is cut", rest)
	}
	if err := <-ended; err != nil {
		t.Errorf("end: got %v, want none", err)
	}
}

func TestTwoPluginsShareData(t *testing.T) {
	t.Parallel()
	filters := list{
		wasm(t, "on request_headers\nset_shared_data k \"from the first\" 0\n"),
		wasm(t, "on request_headers\nget_shared_data k\n"),
		object{"name": "router", "typed_config": object{"@type": types + "extensions.filters.http.router.v3.Router"}},
	}
	r := start(t, file{clusters: []object{cluster("up", hello(t))}, hcm: object{"http_filters": filters}, workers: 2})
	r.get(r.url)
	contains(t, "log", r.log.String(), `get_shared_data k -> 0 "from the first"`)
}
