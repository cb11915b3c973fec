package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/hostsim"
)

// trapping is a proxy in the simulator with two workers, each of which may have 28 MiB of memory.
// All requests but the operator's are of the first.
type trapping struct {
	t    *testing.T
	host *hostsim.Host
}

func startTrapping(t *testing.T, module *hostsim.Module) *trapping {
	t.Helper()
	plugin := hostsim.Plugin{Module: module, Name: "postern", RootID: "postern", VM: hostsim.VM{ID: "postern"}, AllowOnHeadersStopIteration: true,
		FailurePolicy: hostsim.FailReload, Configuration: waysConfig()}
	attempt := plugin
	attempt.Configuration = `{"role":"attempt"}`
	host, err := hostsim.New(hostsim.Config{Workers: 2, DiscardLogs: true, BufferLimit: 64 << 20, Plugin: plugin, UpstreamPlugins: []hostsim.Plugin{attempt}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { host.Close() })
	return &trapping{t, host}
}

func (p *trapping) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// route is what Envoy's configuration says in startSmall.
func (w waiting) route(*hostsim.Headers) (r hostsim.Route) {
	if w.way == "native" || w.way == "redirect" {
		r.UpstreamPlugins = []int{0}
	}
	switch w.way {
	case "native":
		r.Retry = func(r hostsim.Retry) bool { _, again := r.Headers.Lookup("x-postern-retry"); return again }
		r.Attempt = func(n int) map[string]any {
			provider := [...]string{w.model(), "well"}[n-1]
			return map[string]any{"xds": map[string]any{"upstream_host_metadata": map[string]any{"filter_metadata": map[string]any{
				"postern": map[string]any{"provider": provider, "model": "gpt-4o"}}}}}
		}
	case "redirect":
		r.Redirects = &hostsim.Redirects{Codes: []int{307}, Most: 1}
	}
	return r
}

func (p *trapping) send(w waiting, body string, headers ...string) (*hostsim.Stream, error) {
	s := p.host.NewStream(hostsim.StreamOptions{Route: w.route})
	p.must(s.RequestHeaders(hostsim.Post(chat, "", append(headers, "content-type", apiJSON)...).Headers, false))
	return s, s.RequestBody([]byte(body), true)
}

// answer sends the head of an answer, and some of its body.
func (p *trapping) answer(s *hostsim.Stream, status int, contentType, body string, end bool) error {
	p.must(s.ResponseHeaders(hostsim.Respond(status, "", "content-type", contentType).Headers, false))
	return s.ResponseBody([]byte(body), end)
}

// begin has a request wait, with its first target done with.
func (p *trapping) begin(w waiting) (s *hostsim.Stream) {
	p.t.Helper()
	s, err := p.send(w, w.request("wait"))
	p.must(err)
	if w.way != "plain" {
		p.must(s.ResponseHeaders(hostsim.Respond(500, "").Headers, true))
	}
	if w.stream && w.way != "plugin" { // whose target is asked by a callout
		p.must(p.answer(s, 200, "text/event-stream", helloChunks, false))
	}
	return s
}

// page is an operator's, by the other worker.
func (p *trapping) page(path string) []byte {
	p.t.Helper()
	r, err := p.host.NewStream(hostsim.StreamOptions{Worker: 1}).Do(hostsim.Get("/postern"+path, "authorization", "Bearer "+liveAdminKey))
	p.must(err)
	return r.Body
}

// left is what the limits' page says that remains, by their names.
func (p *trapping) left() map[string]string {
	p.t.Helper()
	var page struct {
		Limits []struct {
			Name      string
			Remaining json.RawMessage
		}
	}
	p.must(json.Unmarshal(p.page("/limits"), &page))
	left := map[string]string{}
	for _, l := range page.Limits {
		left[l.Name] = strings.Trim(string(l.Remaining), `"`)
	}
	return left
}

// What is under way when a worker traps for want of memory is billed once, as far as it had come:
// streams amid their text, requests that wait for their answer, and one that has just ended, by
// each mechanism. So is what is so young that no tick has looked at it. Limits have the same, and what was
// reserved lapses.
func TestWhatIsUnderWayWhenAWorkerTraps(t *testing.T) {
	t.Parallel()
	module, err := hostsim.Compile(t.Context(), smallModule(t))
	if err != nil {
		t.Fatal(err)
	}
	plain, called := waiting{"plain", false}, waiting{"plugin", false}
	translated := strings.Replace(chatFor("translated", false), "Hi", "wait", 1)
	for _, tt := range []struct {
		about string
		also  usageTotal // what the request has used itself that is too large, or whose answer is
		trap  func(p *trapping) error
	}{
		{"a request", usageTotal{}, func(p *trapping) error {
			_, err := p.send(plain, plain.request(tooMuch))
			return err
		}},
		{"a request that was small before it was unpacked", usageTotal{}, func(p *trapping) error {
			_, err := p.send(plain, gzipped(plain.request(tooMuch)), "content-encoding", "gzip")
			return err
		}},
		{"an answer", usageTotal{Requests: 1, Input: int64(len(translated) / 3)}, func(p *trapping) error {
			s, err := p.send(plain, translated)
			p.must(err)
			return p.answer(s, 200, apiJSON, tooMuch, true)
		}},
		{"the answer to a callout", called.used("wait"), func(p *trapping) error {
			p.begin(called)
			open := p.host.Callouts()
			return open[len(open)-1].Reply(hostsim.Respond(200, tooMuch, "content-type", apiJSON))
		}},
	} {
		t.Run(tt.about, func(t *testing.T) {
			p := startTrapping(t, module)
			want := tt.also
			for _, w := range everyWaiting() {
				p.begin(w)
				want = want.plus(w.used("wait"))
			}
			p.must(p.host.Advance(750 * time.Millisecond))
			ended := p.begin(plain)
			p.must(p.answer(ended, 200, apiJSON, `{"id":"c","object":"chat.completion","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":1000,"total_tokens":1007}}`, true))
			want = want.plus(usageTotal{Requests: 1, Input: 7, Output: 1000})
			for _, w := range everyWaiting() { // and no tick comes after these
				p.begin(w)
				want = want.plus(w.used("wait"))
			}
			if err := tt.trap(p); err == nil || len(p.host.Traps()) == 0 {
				t.Fatalf("nothing has trapped: %v", err)
			}
			for _, when := range []time.Duration{0, 30 * time.Second, 4 * time.Minute} {
				p.must(p.host.Advance(when))
				if got := readUsage(t, p.page("/usage")); got != want {
					t.Errorf("%v after the trap: got %+v, want %+v", when, got, want)
				}
			}
			left := p.left()
			for name, n := range map[string]int64{"asked": 1000 - want.Requests, "input": 1_000_000 - want.Input, "tokens": 1_000_000 - want.Input - want.Output, "open": 30} {
				if left[name] != fmt.Sprint(n) {
					t.Errorf("in the end %s remain of the limit %s, want %d", left[name], name, n)
				}
			}
			var page struct {
				Total struct {
					Cost int64 `json:"cost_nano_usd"`
				}
			}
			p.must(json.Unmarshal(p.page("/usage"), &page))
			if n := 10_000_000_000 - page.Total.Cost; left["budget"] != strings.TrimRight(fmt.Sprintf("%d.%09d", n/1e9, n%1e9), "0") {
				t.Errorf("in the end %s dollars remain, and %d nano-dollars were used", left["budget"], page.Total.Cost)
			}
		})
	}
}
