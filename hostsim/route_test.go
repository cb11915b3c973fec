package hostsim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/hostsim"
)

// sink notes what reaches it, and lets the test answer.
type sink struct{ events []string }

func (s *sink) Headers(h *hostsim.Headers, end bool) {
	s.events = append(s.events, fmt.Sprintf("headers %s%s %v", h.Get(":status"), h.Get(":path"), end))
}
func (s *sink) Data(p []byte, end bool) {
	s.events = append(s.events, fmt.Sprintf("data %q %v", p, end))
}
func (s *sink) Trailers(*hostsim.Headers) { s.events = append(s.events, "trailers") }
func (s *sink) Reset(reason string)       { s.events = append(s.events, "reset "+reason) }
func (s *sink) want(t *testing.T, what string, want ...string) {
	t.Helper()
	if !slices.Equal(s.events, want) {
		t.Errorf("%s: got %q, want %q", what, s.events, want)
	}
}

func TestRouteOfAStream(t *testing.T) {
	t.Parallel()
	h := start(t, "on response_headers\nadd_header_map_value 2 x-seen yes")
	for _, tt := range []struct {
		name             string
		route            hostsim.Route
		upstream, client []string
	}{
		{"to the upstream", hostsim.Route{}, []string{"headers /changed true"}, []string{"headers 200 true"}},
		{"answered", hostsim.Route{Reply: &hostsim.Reply{Status: 404, Body: "none", Details: "route_not_found"}}, nil, []string{"headers 404 false", `data "none" true`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var up, client sink
			var got hostsim.Summary
			s := h.NewStream(hostsim.StreamOptions{Client: &client, Upstream: &up, Done: func(m hostsim.Summary) { got = m },
				Route: func(h *hostsim.Headers) hostsim.Route {
					h.Set(":path", "/changed")
					return tt.route
				}})
			if err := s.RequestHeaders(hostsim.Get("/").Headers, true); err != nil {
				t.Fatal(err)
			}
			if tt.route.Reply == nil {
				if err := s.ResponseHeaders(hostsim.H(":status", "200"), true); err != nil {
					t.Fatal(err)
				}
			}
			up.want(t, "upstream", tt.upstream...)
			client.want(t, "client", tt.client...)
			if got.Request.Get(":path") != "/changed" || got.Response.Get("x-seen") != "yes" || got.Details == "" {
				t.Errorf("summary: got %+v, want the changed path, the plugin's header and details", got)
			}
		})
	}
}

func TestRouteRetriesAndTellsOfAttempts(t *testing.T) {
	t.Parallel()
	h := start(t, "on log\nget_property upstream address")
	var up, client sink
	s := h.NewStream(hostsim.StreamOptions{Client: &client, Upstream: &up, Route: func(*hostsim.Headers) hostsim.Route {
		return hostsim.Route{
			Retry: func(r hostsim.Retry) bool { return r.Attempt < 2 },
			Attempt: func(n int) map[string]any {
				return map[string]any{"upstream": map[string]any{"address": fmt.Sprintf("host %d", n)}}
			},
		}
	}})
	if err := s.RequestHeaders(hostsim.Get("/").Headers, true); err != nil {
		t.Fatal(err)
	}
	if err := s.UpstreamReset("connection termination"); err != nil {
		t.Fatal(err)
	}
	if err := s.ResponseHeaders(hostsim.H(":status", "200"), true); err != nil {
		t.Fatal(err)
	}
	up.want(t, "upstream", "headers / true", "headers / true")
	client.want(t, "client", "headers 200 true")
	if got := calls(h); !slices.Contains(got, `get_property upstream address -> 0 "host 2"`) {
		t.Errorf("property: got %q, want the second host", got)
	}
}

// TestRetryBodyTooLong: a body that cannot be kept means that there is no retry.
func TestRetryBodyTooLong(t *testing.T) {
	t.Parallel()
	h := start(t, "on log")
	var up, client sink
	s := h.NewStream(hostsim.StreamOptions{Client: &client, Upstream: &up, BufferLimit: 4, Route: func(*hostsim.Headers) hostsim.Route {
		return hostsim.Route{Retry: func(hostsim.Retry) bool { return true }}
	}})
	if err := s.RequestHeaders(hostsim.Post("/", "").Headers, false); err != nil {
		t.Fatal(err)
	}
	if err := s.RequestBody([]byte("12345"), true); err != nil {
		t.Fatal(err)
	}
	if err := s.UpstreamReset("connection termination"); err != nil {
		t.Fatal(err)
	}
	up.want(t, "upstream", "headers / false", `data "12345" true`)
	if len(client.events) == 0 || client.events[0] != "headers 503 false" {
		t.Errorf("client: got %q, want 503", client.events)
	}
}

func TestRepliesAreRewritten(t *testing.T) {
	t.Parallel()
	h := start(t, "on request_headers\nsend_local_response 401 refused \"no\" -1 x-why=because")
	var client sink
	s := h.NewStream(hostsim.StreamOptions{Client: &client, Replies: func(m hostsim.Summary, r *hostsim.Reply) {
		r.Status, r.Body = 403, fmt.Sprintf("%s %s %d %s", m.Request.Get(":path"), r.Details, r.Status, r.Body)
	}})
	if err := s.RequestHeaders(hostsim.Get("/a").Headers, true); err != nil {
		t.Fatal(err)
	}
	client.want(t, "client", "headers 403 false", `data "/a refused 401 no" true`)
}

func TestReplyOfTheHost(t *testing.T) {
	t.Parallel()
	h := start(t, "on request_headers\nreturn 3")
	var client sink
	s := h.NewStream(hostsim.StreamOptions{Client: &client})
	if err := s.RequestHeaders(hostsim.Get("/").Headers, true); err != nil {
		t.Fatal(err)
	}
	if err := s.Reply(hostsim.Reply{Status: 504, Body: "late", Details: "stream_idle_timeout"}); err != nil {
		t.Fatal(err)
	}
	client.want(t, "client", "headers 504 false", `data "late" true`)
	if err := s.Reply(hostsim.Reply{Status: 500}); err == nil {
		t.Error("second reply: got no error, want one that says that the stream is over")
	}
}

func TestPluginsOfAStream(t *testing.T) {
	t.Parallel()
	one, two := probe(t, "on request_headers\nadd_header_map_value 0 x-by one"), probe(t, "on request_headers\nadd_header_map_value 0 x-by two")
	h := hostsim.Start(t, hostsim.Config{Plugins: []hostsim.Plugin{one, two}})
	for _, tt := range []struct {
		plugins []int
		want    string
	}{{nil, "one,two"}, {[]int{1}, "two"}, {[]int{}, ""}} {
		s := h.NewStream(hostsim.StreamOptions{Plugins: tt.plugins})
		if err := s.RequestHeaders(hostsim.Get("/").Headers, true); err != nil {
			t.Fatal(err)
		}
		up, _ := s.Upstream()
		if got := strings.Join(up.Headers.Values("x-by"), ","); got != tt.want {
			t.Errorf("plugins %v: got %q, want %q", tt.plugins, got, tt.want)
		}
		if err := s.Disconnect(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSlowSenders(t *testing.T) {
	t.Parallel()
	h := start(t, `
on configure
set_tick_period_milliseconds 10
return 1
on request_headers
set stream $ctx
return 4
on tick
set_effective_context $stream
continue_stream 0
`)
	var told []string
	var client sink
	s := h.NewStream(hostsim.StreamOptions{Client: &client, BufferLimit: 10, Slow: func(request, wait bool) {
		told = append(told, fmt.Sprintf("request=%v wait=%v", request, wait))
	}})
	if err := s.RequestHeaders(hostsim.Post("/", "").Headers, false); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := s.RequestBody([]byte("123456"), false); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"request=true wait=true"}; !slices.Equal(told, want) {
		t.Errorf("held: told %q, want %q", told, want)
	}
	if err := h.Advance(10 * time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if want := []string{"request=true wait=true", "request=true wait=false"}; !slices.Equal(told, want) {
		t.Errorf("let go: told %q, want %q", told, want)
	}
}

func TestSamplesGoElsewhere(t *testing.T) {
	t.Parallel()
	var got []string
	h := start(t, "on configure\ndefine_metric 2 took > id\nreturn 1\non request_headers\nrecord_metric $id 7", func(c *hostsim.Config) {
		c.Samples = func(name string, v uint64) { got = append(got, fmt.Sprint(name, " ", v)) }
	})
	do(t, h, hostsim.Get("/"))
	if want := []string{"took 7"}; !slices.Equal(got, want) {
		t.Errorf("samples: got %q, want %q", got, want)
	}
	if m, _ := h.Metric(hostsim.Histogram, "took"); len(m.Samples) != 0 {
		t.Errorf("kept: got %v, want none", m.Samples)
	}
}

// An upstream that has answered before the request's end is told that the rest has no
// reader: as soon as the router has the whole answer, though a plugin before it holds it,
// and at the timeout if a plugin behind it does.
func TestEarlyAnswerHeld(t *testing.T) {
	t.Parallel()
	const hold = "on response_trailers\nreturn 1"
	for _, tt := range []struct {
		name             string
		plugins, ups     []hostsim.Plugin
		answered, atLast []string
		callbacks        string
	}{
		{"before the router", []hostsim.Plugin{probe(t, hold)}, nil, []string{"reset local reset"}, []string{"reset local reset"}, ""},
		{"behind the router", []hostsim.Plugin{probe(t, "")}, []hostsim.Plugin{probe(t, hold)}, nil, []string{"reset local reset"},
			"done delete log done delete"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := hostsim.Start(t, hostsim.Config{Plugins: tt.plugins, UpstreamPlugins: tt.ups, Timeout: time.Second})
			var up sink
			s := h.NewStream(hostsim.StreamOptions{Upstream: &up})
			for _, step := range []step{
				reqHeaders(false),
				func(s *hostsim.Stream) error { return s.ResponseHeaders(hostsim.H(":status", "200"), false) },
				func(s *hostsim.Stream) error { return s.ResponseTrailers(hostsim.H("x-t", "1")) },
			} {
				if err := step(s); err != nil {
					t.Fatal(err)
				}
			}
			up.want(t, "upstream, answered", append([]string{"headers /p false"}, tt.answered...)...)
			if err := s.RequestBody([]byte("late"), true); err != nil {
				t.Fatal(err)
			}
			if err := h.Advance(time.Minute); err != nil {
				t.Fatal(err)
			}
			up.want(t, "upstream, at last", append([]string{"headers /p false"}, tt.atLast...)...)
			if got := callbacks(h); !strings.HasSuffix(got, tt.callbacks) {
				t.Errorf("callbacks: got %s, want at the end %s", got, tt.callbacks)
			}
		})
	}
}
