package hostsim_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/hostsim"
)

func TestTraps(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		policy       hostsim.FailurePolicy
		script       string
		first, later string
	}{
		{"request headers, fail closed", hostsim.FailClosed, "on request_headers\npanic boom", `503 ""`, `503 ""`},
		{"request body, fail closed", hostsim.FailClosed, "on request_body\npanic boom", `503 ""`, `503 ""`},
		{"response headers, fail closed", hostsim.FailClosed, "on response_headers\npanic boom", `503 ""`, `503 ""`},
		{"response body, fail closed", hostsim.FailClosed, "on response_body\npanic boom", `200 "" reset`, `503 ""`},
		{"request headers, fail open", hostsim.FailOpen, "on request_headers\npanic boom", `503 ""`, `200 "hello"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := start(t, tt.script, func(c *hostsim.Config) { c.FailurePolicy = tt.policy })
			s := h.NewStream(hostsim.StreamOptions{})
			_, err := s.Do(hostsim.Post("/", "abc"))
			var trap *hostsim.TrapError
			if !errors.As(err, &trap) {
				t.Fatalf("error: got %v, want a trap", err)
			}
			if !strings.Contains(err.Error(), "wasm stack trace") || !strings.Contains(err.Error(), "stream 1") ||
				!strings.Contains(err.Error(), trap.Callback) {
				t.Errorf("error: got %v, want the callback, the stream and the guest's stack", err)
			}
			if got := outcome(s.Response()); got != tt.first {
				t.Errorf("stream that met the trap: got %s, want %s", got, tt.first)
			}
			resp, _ := h.Do(hostsim.Post("/", "abc")) //nolint:errcheck // a reset is part of the outcome
			if got := outcome(resp); got != tt.later {
				t.Errorf("later stream: got %s, want %s", got, tt.later)
			}
			if n := len(h.Traps()); n != 1 {
				t.Errorf("traps: got %d, want 1", n)
			}
		})
	}
}

func TestReload(t *testing.T) {
	t.Parallel()
	h := start(t, "on request_body\npanic boom",
		func(c *hostsim.Config) { c.FailurePolicy, c.ReloadBackoff = hostsim.FailReload, 10*time.Second })
	die := func() int {
		s := h.NewStream(hostsim.StreamOptions{})
		s.Do(hostsim.Post("/", "abc")) //nolint:errcheck // the trap is what is wanted
		return s.Response().Status()
	}
	live := func() int { return do(t, h, hostsim.Get("/")).Status() }
	later := func(f func() int) func() int {
		return func() int {
			if err := h.Advance(10 * time.Second); err != nil {
				t.Fatal(err)
			}
			return f()
		}
	}
	steps := []struct {
		name string
		do   func() int
		want int
	}{
		{"trap", die, 503},
		{"the start was just now", live, 503},
		{"after the back-off", later(live), 200},
		{"trap again", die, 503},
		{"the reload was just now", live, 503},
		{"after the back-off again", later(live), 200},
	}
	for _, s := range steps {
		if got := s.do(); got != s.want {
			t.Errorf("%s: got %d, want %d", s.name, got, s.want)
		}
	}
}

func TestStartIsRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, vm, plugin, want string }{
		{"vm start answers false", "on vm_start\nlog 4 why\nreturn 0", "", "proxy_on_vm_start returned false"},
		{"configure answers false", "", "on configure\nlog 4 why\nreturn 0", "proxy_on_configure returned false"},
		{"configure traps", "", "on configure\nlog 4 why\npanic boom", "wasm stack trace"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := probe(t, tt.plugin)
			p.VM.Configuration = tt.vm
			_, err := hostsim.New(hostsim.Config{Plugin: p})
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "why") {
				t.Fatalf("error: got %v, want %q and the log", err, tt.want)
			}
			if n := strings.Count(err.Error(), tt.want); n != 1 {
				t.Errorf("error: got the reason %d times, want once:\n%v", n, err)
			}
		})
	}
}

func TestLifecycle(t *testing.T) {
	t.Parallel()
	h, err := hostsim.New(hostsim.Config{Plugin: probe(t, "on configure\ndefine_metric 0 starts > m\nincrement_metric $m 1"),
		Workers: 2, Canary: true, MainThread: true})
	if err != nil {
		t.Fatal(err)
	}
	if m, _ := h.Metric(hostsim.Counter, "starts"); m.Value != 4 {
		t.Errorf("configured: got %d times, want 4: canary, two workers, main thread", m.Value)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	done, deleted := 0, 0
	for _, l := range h.Messages(hostsim.LevelInfo) {
		switch l {
		case "done ctx=1":
			done++
		case "delete ctx=1":
			deleted++
		}
	}
	if done != 3 || deleted != 3 {
		t.Errorf("end: got %d done and %d delete, want 3 and 3", done, deleted)
	}
}

func TestDoneLater(t *testing.T) {
	t.Parallel()
	h, err := hostsim.New(hostsim.Config{Plugin: probe(t, "on configure\nregister_shared_queue q > q\non done\nenqueue_shared_queue $q x\nreturn 0\non queue_ready\ndone\ndone")})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	want := "done ctx=1|  enqueue_shared_queue 1 x -> 0|done ctx=1 => 0|queue_ready ctx=1 1|  done -> 0|  done -> 1|delete ctx=1"
	if got := strings.Join(since(h, "configure ctx=1 => 1"), "|"); got != want {
		t.Errorf("log: got %s, want %s", got, want)
	}
}

func TestWorkersShareData(t *testing.T) {
	t.Parallel()
	h := start(t, "on request_headers\nset_shared_data k v 0\nregister_shared_queue q > q\nenqueue_shared_queue $q x\non queue_ready\nget_shared_data k",
		func(c *hostsim.Config) { c.Workers, c.VM.ID = 2, "shared" })
	for range 2 {
		if _, err := h.NewStream(hostsim.StreamOptions{Worker: -1}).Do(hostsim.Get("/")); err != nil {
			t.Fatal(err)
		}
	}
	if v, version, ok := h.SharedData("shared", "k"); !ok || string(v) != "v" || version != 2 {
		t.Errorf("shared data: got %q version %d %v, want \"v\" version 2", v, version, ok)
	}
	h.SetSharedData("shared", "key", []byte("longer"), 0)
	for prefix, want := range map[string][2]int{"": {2, 7}, "k": {2, 7}, "ke": {1, 6}, "keys": {}} {
		if values, bytes := h.SharedDataSize("shared", prefix); values != want[0] || bytes != want[1] {
			t.Errorf("shared data at %q: got %d values of %d bytes, want %v", prefix, values, bytes, want)
		}
	}
	if values, _ := h.SharedDataSize("another", ""); values != 0 {
		t.Errorf("got %d values of another vm_id, want none", values)
	}
	workers := map[string]int{}
	for _, l := range h.Logs() {
		if strings.HasPrefix(l.Message, "queue_ready") {
			workers[l.Worker]++
		}
	}
	if workers["worker 0"] != 1 || workers["worker 1"] != 1 {
		t.Errorf("queue callbacks: got %v, want one on each worker: the last to register consumes", workers)
	}
}

func TestTwoPlugins(t *testing.T) {
	t.Parallel()
	first := probe(t, "on request_headers\nadd_header_map_value 0 x-order 1\non response_headers\nadd_header_map_value 2 x-order 1")
	second := probe(t, "on request_headers\nadd_header_map_value 0 x-order 2\non response_headers\nadd_header_map_value 2 x-order 2")
	for _, sameVM := range []bool{true, false} {
		if !sameVM {
			second.VM.ID = "another"
		}
		h := hostsim.Start(t, hostsim.Config{Plugins: []hostsim.Plugin{first, second}, Upstream: func(r hostsim.Request) hostsim.Response {
			if got := strings.Join(r.Headers.Values("x-order"), ","); got != "1,2" {
				t.Errorf("request: got %s, want 1,2", got)
			}
			return hostsim.Respond(200, "")
		}})
		resp := do(t, h, hostsim.Get("/"))
		if got := strings.Join(resp.Headers.Values("x-order"), ","); got != "2,1" {
			t.Errorf("response: got %s, want 2,1", got)
		}
	}
}

// A reply stops whatever callback runs, also when it is for another stream.
func TestReplyForAnotherStreamStopsThisOne(t *testing.T) {
	t.Parallel()
	h := start(t, `on request_headers #1
set victim $ctx
return 4
on request_body
set_effective_context $victim
send_local_response 418 det body -1`, func(c *hostsim.Config) { c.Upstream = nil })
	victim, other := h.NewStream(hostsim.StreamOptions{}), h.NewStream(hostsim.StreamOptions{})
	if err := victim.RequestHeaders(hostsim.Get("/").Headers, true); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Do(hostsim.Post("/", "x")); err == nil || !strings.Contains(err.Error(), `request held by plugin "probe"`) {
		t.Errorf("other stream: got %v, want it held", err)
	}
	if got := outcome(victim.Response()); got != `0 "" open` && got != `418 "body"` {
		t.Errorf("victim: got %s", got)
	}
}

func TestMisuse(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, script, want string }{
		{"continue of headers that then continue", "on request_headers\ncontinue_stream 0", "Envoy sends them twice"},
		{"continue of a response before there is one", "on request_headers\ncontinue_stream 1", "has not begun: Envoy crashes"},
		{"reply in the done callback", "on done\nsend_local_response 500 x y -1", "has ended: Envoy crashes"},
		{"reply in the delete callback", "on delete\nsend_local_response 500 x y -1", "has ended: Envoy crashes"},
		{"close in the log callback", "on log\nclose_stream 0", "has ended: Envoy crashes"},
		{"close in the done callback", "on done\nclose_stream 1", "has ended: Envoy crashes"},
		{"reply in the log callback", "on log\nsend_local_response 500 x y -1", "Envoy crashes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := start(t, tt.script)
			_, err := h.Do(hostsim.Get("/"))
			var misuse *hostsim.MisuseError
			if !errors.As(err, &misuse) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error: got %v, want misuse: %s", err, tt.want)
			}
		})
	}
}
