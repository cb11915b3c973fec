package hostsim_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/hostsim"
)

// callbacks is the log of a stream cut down to which callbacks came with which
// arguments: "request_body:3:1".
func callbacks(h *hostsim.Host) string {
	var out []string
	for _, l := range since(h, "configure ctx=") {
		if strings.HasPrefix(l, "  ") || strings.Contains(l, " => ") || strings.HasPrefix(l, "context_create") {
			continue
		}
		words := strings.Fields(l)
		out = append(out, strings.Join(append(words[:1:1], words[2:]...), ":"))
	}
	return strings.Join(out, " ")
}

// A step is one thing that the client or the upstream does.
type step func(s *hostsim.Stream) error

func reqHeaders(end bool) step {
	return func(s *hostsim.Stream) error { return s.RequestHeaders(hostsim.Post("/p", "").Headers, end) }
}

func reqBody(p string, end bool) step {
	return func(s *hostsim.Stream) error { return s.RequestBody([]byte(p), end) }
}

func reqTrailers(s *hostsim.Stream) error { return s.RequestTrailers(hostsim.H("x-t", "1")) }

func respHeaders(end bool) step {
	return func(s *hostsim.Stream) error { return s.ResponseHeaders(hostsim.H(":status", "200"), end) }
}

func respBody(p string, end bool) step {
	return func(s *hostsim.Stream) error { return s.ResponseBody([]byte(p), end) }
}

func respTrailers(s *hostsim.Stream) error { return s.ResponseTrailers(hostsim.H("x-t", "1")) }

func upstreamReset(s *hostsim.Stream) error { return s.UpstreamReset("connection termination") }

func disconnect(s *hostsim.Stream) error { return s.Disconnect() }

// outcome is what the client has got.
func outcome(r hostsim.Response) string {
	s := fmt.Sprintf("%d %q", r.Status(), r.Body)
	if r.Trailers != nil {
		s += " trailers"
	}
	switch {
	case r.Reset != "":
		s += " reset"
	case !r.Complete:
		s += " open"
	}
	return s
}

// The cells below were seen in Envoy 1.40 with the same probe.
func TestStreams(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 60)
	const finish = " log done delete"
	whole := []step{reqHeaders(false), reqBody("abc", true), respHeaders(false), respBody("hello", true)}
	tests := []struct {
		name   string
		script string
		off    bool // allow_on_headers_stop_iteration
		limit  int
		steps  []step
		want   string // callbacks
		client string
		up     string // request body as it went upstream; "-" is nothing
	}{
		{name: "nothing is held", steps: whole, up: "abc", client: `200 "hello"`,
			want: "request_headers:4:0 request_body:3:1 response_headers:1:0 response_body:5:1" + finish},
		{name: "trailers never show the end in a body callback",
			steps: []step{reqHeaders(false), reqBody("ab", false), reqTrailers, respHeaders(false), respBody("hello", false), respTrailers},
			want:  "request_headers:4:0 request_body:2:0 request_trailers:1 response_headers:1:0 response_body:5:0 response_trailers:1" + finish,
			up:    "ab", client: `200 "hello" trailers`},
		{name: "headers held, body seen", script: "on request_headers\nreturn 1\non request_body open\nreturn 1",
			steps: []step{reqHeaders(false), reqBody("ab", false), reqBody("cd", true), respHeaders(true)}, up: "abcd", client: `200 ""`,
			want: "request_headers:4:0 request_body:2:0 request_body:4:1 response_headers:1:1" + finish},
		{name: "headers held without the option hold the body too", off: true, script: "on request_headers\nreturn 1",
			steps: []step{reqHeaders(false), reqBody("ab", true)}, want: "request_headers:4:0", client: `0 "" open`, up: "-"},
		{name: "an action beyond the last one holds everything", script: "on request_headers\nreturn 9",
			steps: []step{reqHeaders(false), reqBody("ab", true)}, want: "request_headers:4:0", client: `0 "" open`, up: "-"},
		{name: "continue and end is continue", script: "on request_headers\nreturn 2\non response_headers\nreturn 2", steps: whole,
			want: "request_headers:4:0 request_body:3:1 response_headers:1:0 response_body:5:1" + finish, up: "abc", client: `200 "hello"`},
		{name: "body held over the limit is 413 after its callback", script: "on request_body\nreturn 1", limit: 100,
			steps: []step{reqHeaders(false), reqBody(long, false), reqBody(long, false)}, client: `413 "Payload Too Large"`,
			want: "request_headers:4:0 request_body:60:0 request_body:120:0 response_headers:3:0 response_body:17:1" + finish},
		{name: "one chunk over the limit is 413", script: "on request_body\nreturn 1", limit: 50,
			steps: []step{reqHeaders(false), reqBody(long, false)}, client: `413 "Payload Too Large"`,
			want: "request_headers:4:0 request_body:60:0 response_headers:3:0 response_body:17:1" + finish},
		{name: "stop all and buffer over the limit is 413", script: "on request_headers\nreturn 3", limit: 100, up: "-",
			steps: []step{reqHeaders(false), reqBody(long, false), reqBody(long, false)}, client: `413 "Payload Too Large"`,
			want: "request_headers:4:0 response_headers:3:0 response_body:17:1" + finish},
		{name: "stop all and watermark over the limit waits", script: "on request_headers\nreturn 4", limit: 100, up: "-",
			steps: []step{reqHeaders(false), reqBody(long, false), reqBody(long, false)}, client: `0 "" open`, want: "request_headers:4:0"},
		{name: "response held over the limit after its headers is a reset", script: "on response_body\nreturn 1", limit: 100,
			steps: []step{reqHeaders(true), respHeaders(false), respBody(long, false), respBody(long, false)}, client: `200 "" reset`,
			want: "request_headers:4:1 response_headers:1:0 response_body:60:0" + finish},
		{name: "response held over the limit with its headers is 500", script: "on response_headers\nreturn 1\non response_body\nreturn 1",
			limit: 100, steps: []step{reqHeaders(true), respHeaders(false), respBody(long, false), respBody(long, false)},
			client: `500 "Internal Server Error"`, want: "request_headers:4:1 response_headers:1:0 response_body:60:0" + finish},
		{name: "reply from request headers passes the plugin itself", script: `on request_headers
send_local_response 418 det "body" -1 a=b`, steps: []step{reqHeaders(false)}, up: "-", client: `418 "body"`,
			want: "request_headers:4:0 response_headers:4:0 response_body:4:1" + finish},
		{name: "the first of two replies counts", script: "on request_headers\nsend_local_response 418 a one -1\nsend_local_response 419 b two -1",
			steps: []step{reqHeaders(false)}, up: "-", client: `418 "one"`,
			want: "request_headers:4:0 response_headers:3:0 response_body:3:1" + finish},
		{name: "reply from request body", script: "on request_body\nsend_local_response 418 det body -1",
			steps: []step{reqHeaders(false), reqBody("abc", false)}, client: `418 "body"`,
			want: "request_headers:4:0 request_body:3:0 response_headers:3:0 response_body:4:1" + finish},
		{name: "reply from response headers goes past the filters", script: "on response_headers\nsend_local_response 418 det body -1",
			steps: []step{reqHeaders(true), respHeaders(false)}, client: `418 "body"`, want: "request_headers:4:1 response_headers:1:0" + finish},
		{name: "reply from a held response", script: "on response_headers\nreturn 1\non response_body\nsend_local_response 418 det body -1",
			steps: []step{reqHeaders(true), respHeaders(false), respBody("x", false)}, client: `418 "body"`,
			want: "request_headers:4:1 response_headers:1:0 response_body:1:0" + finish},
		{name: "reply after response headers is a reset", script: "on response_body\nsend_local_response 418 det body -1",
			steps: []step{reqHeaders(true), respHeaders(false), respBody("x", false)}, client: `200 "" reset`,
			want: "request_headers:4:1 response_headers:1:0 response_body:1:0" + finish},
		{name: "close from response body comes before the chunk", script: "on response_body\nclose_stream 1",
			steps: []step{reqHeaders(true), respHeaders(false), respBody("x", false)}, client: `200 "" reset`,
			want: "request_headers:4:1 response_headers:1:0 response_body:1:0" + finish},
		{name: "close from request headers", script: "on request_headers\nclose_stream 0\nreturn 1",
			steps: []step{reqHeaders(true)}, client: `0 "" reset`, up: "-", want: "request_headers:4:1" + finish},
		{name: "upstream reset before headers is 503 through the plugin", steps: []step{reqHeaders(true), upstreamReset},
			client: `503 "upstream connect error or disconnect/reset before headers. reset reason: connection termination"`,
			want:   "request_headers:4:1 response_headers:3:0 response_body:95:1" + finish},
		{name: "upstream reset after headers cuts the response", steps: []step{reqHeaders(true), respHeaders(false), respBody("hello", false), upstreamReset},
			client: `200 "hello" reset`, want: "request_headers:4:1 response_headers:1:0 response_body:5:0" + finish},
		{name: "upstream reset while headers are held is 503 past the plugin", script: "on response_headers\nreturn 4",
			steps:  []step{reqHeaders(true), respHeaders(false), respBody("hello", false), upstreamReset},
			client: `503 "upstream connect error or disconnect/reset before headers. reset reason: connection termination"`,
			want:   "request_headers:4:1 response_headers:1:0" + finish},
		{name: "disconnect while the request is held", script: "on request_headers\nreturn 4", steps: []step{reqHeaders(true), disconnect},
			client: `0 "" open`, up: "-", want: "request_headers:4:1" + finish},
		{name: "trailers made in the last body callback", script: "on response_body end\nadd_header_map_value 3 x-new t", steps: whole,
			want: "request_headers:4:0 request_body:3:1 response_headers:1:0 response_body:5:1" + finish, up: "abc", client: `200 "hello" trailers`},
		{name: "held body is released by a trailers callback", script: "on request_body\nreturn 1",
			steps: []step{reqHeaders(false), reqBody("ab", false), reqTrailers, respHeaders(true)}, up: "ab", client: `200 ""`,
			want: "request_headers:4:0 request_body:2:0 request_trailers:1 response_headers:1:1" + finish},
		{name: "stop without buffer drops the chunk", script: "on request_body open\nreturn 3",
			steps: []step{reqHeaders(false), reqBody("ab", false), reqBody("cd", true), respHeaders(true)}, up: "cd", client: `200 ""`,
			want: "request_headers:4:0 request_body:2:0 request_body:2:1 response_headers:1:1" + finish},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := start(t, tt.script, func(c *hostsim.Config) {
				c.Upstream, c.BufferLimit, c.AllowOnHeadersStopIteration = nil, tt.limit, !tt.off
			})
			s := h.NewStream(hostsim.StreamOptions{})
			for i, step := range tt.steps {
				if err := step(s); err != nil {
					t.Fatalf("step %d: %v", i, err)
				}
			}
			if got := callbacks(h); got != tt.want {
				t.Errorf("callbacks: got\n%s\nwant\n%s", got, tt.want)
			}
			if got := outcome(s.Response()); got != tt.client {
				t.Errorf("client: got %s, want %s", got, tt.client)
			}
			up, _ := s.Upstream()
			if got := string(up.Body); tt.up == "-" && up.Headers != nil || tt.up != "-" && got != tt.up {
				t.Errorf("upstream: got %q %v, want %q", got, up.Headers, tt.up)
			}
		})
	}
}

func TestResumeFromElsewhere(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, script string }{
		{"timer", "on configure\nset_tick_period_milliseconds 50\non request_headers\nset held $ctx\nreturn 4\non tick\nset_effective_context $held\ncontinue_stream 0"},
		{"callout", "on request_headers\nset held $ctx\nhttp_call auth 1000 \"\" :method=GET :path=/ :authority=a\nreturn 4\non http_call_response\nset_effective_context $held\ncontinue_stream 0"},
		{"queue", "on configure\nregister_shared_queue q > q\non request_headers\nset held $ctx\nenqueue_shared_queue $q x\nreturn 4\non queue_ready\nset_effective_context $held\ncontinue_stream 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := start(t, tt.script, func(c *hostsim.Config) {
				c.Clusters = map[string]hostsim.Handler{"auth": func(hostsim.Request) hostsim.Response {
					return hostsim.Response{Headers: hostsim.H(":status", "200"), Delay: 10 * time.Millisecond}
				}}
			})
			if resp := do(t, h, hostsim.Post("/", "body")); resp.Status() != 200 {
				t.Errorf("status: got %d, want 200", resp.Status())
			}
		})
	}
}
