package hostsim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/hostsim"
)

const ask = `:method=GET :path=/ :authority=a`

// The answers were seen in Envoy 1.40.
func TestCallouts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		handler hostsim.Handler
		want    string
	}{
		{"answer", func(hostsim.Request) hostsim.Response { return hostsim.Respond(200, "hello", "x-a", "1") },
			`http_call_response ctx=1 4 2 5 0|  get_header_map_pairs 6 -> 0 [":status=200" "x-a=1"]|  get_buffer_bytes 4 0 200 -> 0 "hello"|  get_status -> 0 0 ""`},
		{"trailers", func(hostsim.Request) hostsim.Response {
			return hostsim.Response{Headers: hostsim.H(":status", "200"), Trailers: hostsim.H("a", "b", "c", "d")}
		}, `http_call_response ctx=1 4 1 0 2|  get_header_map_pairs 6 -> 0 [":status=200"]|  get_buffer_bytes 4 0 200 -> 0 ""|  get_status -> 0 0 ""`},
		{"timeout is a 504", func(hostsim.Request) hostsim.Response { return hostsim.Response{Delay: time.Hour} },
			`http_call_response ctx=1 4 3 24 0|  get_header_map_pairs 6 -> 0 [":status=504" "content-length=24" "content-type=text/plain"]|  get_buffer_bytes 4 0 200 -> 0 "upstream request timeout"|  get_status -> 0 0 ""`},
		{"reset before headers is a 503", func(hostsim.Request) hostsim.Response { return hostsim.Response{Reset: "connection termination"} },
			`http_call_response ctx=1 4 3 95 0|  get_header_map_pairs 6 -> 0 [":status=503" "content-length=95" "content-type=text/plain"]|  get_buffer_bytes 4 0 200 -> 0 "upstream connect error or disconnect/reset before headers. reset reason: connection termination"|  get_status -> 0 0 ""`},
		{"reset after headers is no answer", func(hostsim.Request) hostsim.Response {
			return hostsim.Response{Headers: hostsim.H(":status", "200"), Reset: "connection termination"}
		}, `http_call_response ctx=1 4 0 0 0|  get_header_map_pairs 6 -> 0 []|  get_buffer_bytes 4 0 200 -> 1|  get_status -> 0 11 "reset"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := start(t, "on configure\nset_tick_period_milliseconds 100\non tick #1\nhttp_call svc 1000 body "+ask+`
on http_call_response
get_header_map_pairs 6
get_buffer_bytes 4 0 200
get_status`, func(c *hostsim.Config) {
				c.Clusters = map[string]hostsim.Handler{"svc": func(r hostsim.Request) hostsim.Response {
					if string(r.Body) != "body" || r.Headers.Get("content-length") != "4" || r.Cluster != "svc" {
						t.Errorf("request: got %+v", r)
					}
					return tt.handler(r)
				}}
			})
			if err := h.Advance(2 * time.Second); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, l := range since(h, "  http_call svc") {
				if !strings.HasPrefix(l, "tick") {
					got = append(got, l)
				}
			}
			if s := strings.Join(got, "|"); s != tt.want {
				t.Errorf("got\n%s\nwant\n%s", s, tt.want)
			}
		})
	}
}

func TestCalloutRefused(t *testing.T) {
	t.Parallel()
	h := start(t, "on request_headers\nhttp_call nope 1 x "+ask+"\nhttp_call svc 1 x :method=GET :path=/\nhttp_call svc -1 x "+ask+
		"\nraw http_call \"svc\" \"\" \"\" \"\" 1 &\nraw http_call \"svc\" \"\" \"\" \"\" 1 0xfffffff0",
		func(c *hostsim.Config) { c.Clusters = map[string]hostsim.Handler{"svc": nil} })
	do(t, h, hostsim.Get("/"))
	for i, c := range calls(h) {
		want := "2"
		switch {
		case strings.HasSuffix(c, "-> 2 0"):
			want = "2 0"
		case i == 4:
			want = "6"
		}
		if _, got, _ := cutLast(c, " -> "); got != want {
			t.Errorf("%s: want %s", c, want)
		}
	}
}

func TestCalloutByHandAndOrphan(t *testing.T) {
	t.Parallel()
	h := start(t, "on request_headers\nhttp_call svc 1000 x "+ask+"\nreturn 4\non http_call_response\nget_header_map_value 6 :status",
		func(c *hostsim.Config) { c.Clusters = map[string]hostsim.Handler{"svc": nil} })
	s := h.NewStream(hostsim.StreamOptions{})
	if err := s.RequestHeaders(hostsim.Get("/").Headers, true); err != nil {
		t.Fatal(err)
	}
	if err := s.Disconnect(); err != nil {
		t.Fatal(err)
	}
	pending := h.Callouts()
	if len(pending) != 1 {
		t.Fatalf("callouts: got %d, want 1", len(pending))
	}
	if err := pending[0].Reply(hostsim.Respond(204, "")); err != nil {
		t.Fatal(err)
	}
	if got := calls(h); got[len(got)-1] != `get_header_map_value 6 :status -> 0 "204"` {
		t.Errorf("last call: got %s, want the answer of a callout that outlived its stream", got[len(got)-1])
	}
}

func TestGrpc(t *testing.T) {
	t.Parallel()
	h := start(t, `on request_headers
grpc_call svc pkg.Service Method 1000 "ping" a=b
grpc_call nope pkg.Service Method 1000 "ping"
grpc_call svc pkg.Service Fail 1000 "ping"
grpc_stream svc pkg.Service Stream a=b > s
grpc_send $s one 0
grpc_send $s two 1
grpc_send 5 x 0
grpc_send 98 x 0
grpc_close 4
grpc_cancel 97
on grpc_receive
get_buffer_bytes 5 0 99
on grpc_receive_initial_metadata
get_header_map_pairs 4
on grpc_receive_trailing_metadata
get_header_map_pairs 5
on grpc_close
get_status`, func(c *hostsim.Config) {
		c.Clusters = map[string]hostsim.Handler{}
		c.Grpc = map[string]hostsim.GrpcHandler{"svc": func(g *hostsim.GrpcStream) {
			switch g.Method {
			case "Method":
				g.Reply([]byte("pong")) //nolint:errcheck // traps are seen below
			case "Fail":
				g.Close(7, "no") //nolint:errcheck // traps are seen below
			}
		}}
	})
	do(t, h, hostsim.Get("/"))
	open := h.GrpcStreams()
	if len(open) != 1 {
		t.Fatalf("open: got %d, want 1", len(open))
	}
	g := open[0]
	if sent, closed := g.Sent(); len(sent) != 2 || string(sent[1]) != "two" || !closed {
		t.Errorf("sent: got %q closed %v", sent, closed)
	}
	for _, f := range []func() error{
		func() error { return g.InitialMetadata(hostsim.H("i", "1")) },
		func() error { return g.Reply([]byte("msg")) },
		func() error { return g.TrailingMetadata(hostsim.H("t", "1")) },
		func() error { return g.Close(0, "") },
		func() error { return g.Reply([]byte("too late")) },
	} {
		if err := f(); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, l := range since(h, "configure ctx=") {
		if strings.HasPrefix(l, "grpc") || strings.HasPrefix(l, "  ") {
			got = append(got, l)
		}
	}
	want := `  grpc_call svc pkg.Service Method 1000 "ping" a=b -> 0 5
  grpc_call nope pkg.Service Method 1000 "ping" -> 4
  grpc_call svc pkg.Service Fail 1000 "ping" -> 0 9
  grpc_stream svc pkg.Service Stream a=b -> 0 6
  grpc_send 6 one 0 -> 0
  grpc_send 6 two 1 -> 0
  grpc_send 5 x 0 -> 2
  grpc_send 98 x 0 -> 1
  grpc_close 4 -> 2
  grpc_cancel 97 -> 1
grpc_receive ctx=1 5 4
  get_buffer_bytes 5 0 99 -> 0 "pong"
grpc_close ctx=1 9 7
  get_status -> 0 7 "no{via_upstream}"
grpc_receive_initial_metadata ctx=1 6 1
  get_header_map_pairs 4 -> 0 ["i=1"]
grpc_receive ctx=1 6 3
  get_buffer_bytes 5 0 99 -> 0 "msg"
grpc_receive_trailing_metadata ctx=1 6 1
  get_header_map_pairs 5 -> 0 ["t=1"]
grpc_close ctx=1 6 0
  get_status -> 0 0 "via_upstream"`
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("got\n%s\nwant\n%s", s, want)
	}
}

// The upstream plugin runs once per attempt, sees what the last attempt changed,
// has no log callback, and its replies go past its own response callbacks.
func TestUpstreamPlugin(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, script string
		statuses     []int
		want, client string
	}{
		{"one attempt", "", []int{200}, "request_headers:4:0 request_body:3:1 response_headers:1:1 done delete", `200 ""`},
		{"retry", "on request_headers\nadd_header_map_value 0 x-attempt 1", []int{500, 200},
			"request_headers:4:0 request_body:3:1 response_headers:1:1 done delete request_headers:5:0 request_body:3:1 response_headers:1:1 done delete", `200 ""`},
		{"reply", "on request_headers\nsend_local_response 418 det body -1", []int{200}, "request_headers:4:0 done delete", `418 "body"`},
		{"reply from the response", "on response_headers\nsend_local_response 418 det body -1", []int{200},
			"request_headers:4:0 request_body:3:1 response_headers:1:1 done delete", `418 "body"`},
		{"body held with headers", "on request_headers\nreturn 1\non request_body open\nreturn 1", []int{200},
			"request_headers:4:0 request_body:3:1 response_headers:1:1 done delete", `200 ""`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := 0
			h := hostsim.Start(t, hostsim.Config{
				UpstreamPlugins: []hostsim.Plugin{probe(t, tt.script)},
				Retry:           func(r hostsim.Retry) bool { return r.Headers.Get(":status") == "500" },
				Upstream: func(r hostsim.Request) hostsim.Response {
					n++
					if string(r.Body) != "abc" {
						t.Errorf("attempt %d: got body %q, want abc", n, r.Body)
					}
					return hostsim.Respond(tt.statuses[n-1], "")
				},
			})
			s := h.NewStream(hostsim.StreamOptions{})
			if _, err := s.Do(hostsim.Post("/", "abc")); err != nil {
				t.Fatal(err)
			}
			if got := outcome(s.Response()); got != tt.client {
				t.Errorf("client: got %s, want %s", got, tt.client)
			}
			if got := callbacks(h); got != tt.want {
				t.Errorf("callbacks: got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	h := start(t, "", func(c *hostsim.Config) { c.Upstream, c.Timeout = nil, 15*time.Second })
	if resp := do(t, h, hostsim.Get("/")); outcome(resp) != `504 "upstream request timeout"` {
		t.Errorf("got %s, want 504", outcome(resp))
	}
}

func TestRepeatable(t *testing.T) {
	t.Parallel()
	run := func(seed uint64) string {
		h := start(t, "on request_headers\nrandom 8\nclock\nget_current_time_nanoseconds", func(c *hostsim.Config) { c.Seed = seed })
		do(t, h, hostsim.Get("/"))
		return strings.Join(calls(h), "|")
	}
	if a, b := run(1), run(1); a != b {
		t.Errorf("same seed: got %s and %s", a, b)
	}
	if a, b := run(1), run(2); a == b {
		t.Errorf("other seed: got %s twice", a)
	}
}

func TestProperties(t *testing.T) {
	t.Parallel()
	h := start(t, `on request_headers
get_property request path
get_property request url_path
get_property request query
get_property request host
get_property request method
get_property request headers x-a
get_property request size
get_property request
get_property response
get_property response code
get_property nope
get_property xds cluster_name
get_property xds cluster_metadata
get_property metadata filter_metadata
get_property connection mtls
get_property plugin_name
get_property plugin_root_id
get_property plugin_vm_id
get_property custom list 1
get_property custom duration
set_property foo bar
get_property foo
get_property filter_state wasm.foo
raw get_property "" & &
on response_headers
get_property request path
get_property request headers
get_property response code
get_property response code_details
get_property response grpc_status
on log
get_property request path
get_property response code`, func(c *hostsim.Config) {
		c.RootID, c.VM.ID = "root", "v"
		c.Properties = map[string]any{"xds": map[string]any{"cluster_name": "up"},
			"custom": map[string]any{"list": []any{"a", "b"}, "duration": 2 * time.Nanosecond}}
	})
	do(t, h, hostsim.Post("/p?q=1", "abc", "x-a", "1", "x-a", "2", "content-length", "3"))
	want := []string{`0 "/p?q=1"`, `0 "/p"`, `0 "q=1"`, `0 "example.com"`, `0 "POST"`, `0 "1,2"`, `0 "\x03\x00\x00\x00\x00\x00\x00\x00"`,
		"3", "3", "1", "1", `0 "up"`, `0 ""`, `0 "\x00\x00\x00\x00"`, `0 "\x00"`, `0 "probe"`, `0 "root"`, `0 "v"`, `0 "b"`,
		`0 "\x02\x00\x00\x00\x00\x00\x00\x00"`, "0", `0 "bar"`, `0 "bar"`, "3 0 0",
		"1", `0 "\x00\x00\x00\x00"`, `0 "\xc8\x00\x00\x00\x00\x00\x00\x00"`, `0 "via_upstream"`, `0 "\x02\x00\x00\x00\x00\x00\x00\x00"`,
		`0 "/p?q=1"`, `0 "\xc8\x00\x00\x00\x00\x00\x00\x00"`}
	for i, c := range calls(h) {
		if _, got, _ := cutLast(c, " -> "); i >= len(want) || got != want[i] {
			t.Errorf("%s: want %s", c, want[min(i, len(want)-1)])
		}
	}
}
