package differential

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postern-gateway/postern/hostsim"
)

// simulated is a process in the simulator.
type simulated struct {
	host    *hostsim.Host
	process *process
	plugins map[string][]int // of scenarios, in Config.Plugins
	ups     map[string][]int // in Config.UpstreamPlugins
	access  map[string][]string
	current *simulation
}

// newSimulated starts the process: all plugins of all scenarios, as one Envoy has them.
func newSimulated(p *process, modules func(file string) (*hostsim.Module, error)) (*simulated, error) {
	w := &simulated{process: p, plugins: map[string][]int{}, ups: map[string][]int{}, access: map[string][]string{}}
	cfg := hostsim.Config{Workers: p.workers, Canary: true, MainThread: true, LogLevel: hostsim.LevelInfo,
		BufferLimit: -1, Clusters: map[string]hostsim.Handler{"svc": nil}, Start: time.Now(),
		Grpc: map[string]hostsim.GrpcHandler{"svc": func(g *hostsim.GrpcStream) { w.current.watchGrpc(g) }}}
	for _, s := range p.scenarios {
		w.plugins[s.name], w.ups[s.name] = []int{}, []int{}
		for _, spec := range s.plugins {
			m, err := modules(spec.module)
			if err != nil {
				return nil, err
			}
			one := spec.plugin(m, s)
			if spec.upstream {
				w.ups[s.name] = append(w.ups[s.name], len(cfg.UpstreamPlugins))
				cfg.UpstreamPlugins = append(cfg.UpstreamPlugins, one)
			} else {
				w.plugins[s.name] = append(w.plugins[s.name], len(cfg.Plugins))
				cfg.Plugins = append(cfg.Plugins, one)
			}
		}
	}
	var err error
	w.host, err = hostsim.New(cfg)
	return w, err
}

func (p pluginSpec) plugin(m *hostsim.Module, s *scenario) hostsim.Plugin {
	one := hostsim.Plugin{Module: m, Name: p.name, RootID: p.rootID, Configuration: p.script,
		VM:                          hostsim.VM{ID: p.vm, Configuration: p.vmConfig, Env: environment()},
		AllowOnHeadersStopIteration: s.hold, ReloadBackoff: s.backoff}
	switch p.policy {
	case "FAIL_OPEN":
		one.FailurePolicy = hostsim.FailOpen
	case "FAIL_RELOAD":
		one.FailurePolicy = hostsim.FailReload
	}
	return one
}

// A simulation is a scenario that runs in the simulator.
type simulation struct {
	w         *simulated
	s         *scenario
	streams   map[int]*simulatedStream
	callouts  []*hostsim.Callout
	shown     []*half
	grpc      []*hostsim.GrpcStream
	grpcReply []byte
	old       []*hostsim.Callout // of scenarios before
}

type simulatedStream struct {
	stream   *hostsim.Stream
	client   half
	attempts []*half // what the upstream has got, by attempt
}

// A sink writes one direction of a stream into a half.
type sink struct{ half func(newHeaders bool) *half }

func (k sink) Headers(h *hostsim.Headers, end bool) {
	k.half(true).headers("headers", h.Clone(), end)
}
func (k sink) Data(p []byte, end bool) { k.half(false).data(p, end) }
func (k sink) Trailers(h *hostsim.Headers) {
	k.half(false).headers("trailers", h.Clone(), true)
}
func (k sink) Reset(string) { k.half(false).reset() }

// A datedSink adds a date to responses, as Envoy does when they have left the filters.
type datedSink struct{ sink }

func (k datedSink) Headers(h *hostsim.Headers, end bool) {
	h.Set("date", time.Unix(0, 0).UTC().Format(http.TimeFormat))
	k.sink.Headers(h, end)
}

// begin lets some time pass: in Envoy there is always some between two scenarios.
func (w *simulated) begin(s *scenario) *simulation {
	w.host.Advance(2 * reloadBackoff) //nolint:errcheck // traps are seen in the scenarios that they are of
	w.current = &simulation{w: w, s: s, streams: map[int]*simulatedStream{}, old: w.host.Callouts()}
	return w.current
}

// do plays a step.
func (r *simulation) do(st step) error {
	switch st.who {
	case "sleep":
		d, err := time.ParseDuration(st.words[0])
		if err != nil {
			return err
		}
		return onlyMisuse(r.w.host.Advance(d))
	case "await":
		return r.await(st.words[0])
	case "grpc":
		return r.answerGrpc(st)
	case "callout":
		return onlyMisuse(r.answer(st))
	}
	frames, err := st.frames()
	if err != nil {
		return err
	}
	for _, f := range frames {
		if err := onlyMisuse(r.send(st, f)); err != nil {
			return err
		}
	}
	return nil
}

// onlyMisuse leaves out what the other side shows as well: traps, and frames that
// come after the stream's end.
func onlyMisuse(err error) error {
	var misuse *hostsim.MisuseError
	if errors.As(err, &misuse) {
		return misuse
	}
	return nil
}

func (r *simulation) send(st step, f frame) error {
	one := r.streams[st.stream]
	if one == nil {
		one = r.open(st.stream)
	}
	s := one.stream
	if st.who == "client" {
		switch f.kind {
		case "headers":
			return s.RequestHeaders(append(f.fields, hostsim.H("x-forwarded-proto", "http")...), f.end)
		case "data":
			return s.RequestBody(f.data, f.end)
		case "trailers":
			return s.RequestTrailers(f.fields)
		case "reset":
			return s.ClientReset()
		default:
			return s.Disconnect()
		}
	}
	switch f.kind {
	case "headers":
		return s.ResponseHeaders(f.fields, f.end)
	case "data":
		return s.ResponseBody(f.data, f.end)
	case "trailers":
		return s.ResponseTrailers(f.fields)
	case "close":
		return s.UpstreamReset("connection termination")
	default:
		return s.UpstreamReset("remote reset")
	}
}

func (r *simulation) open(n int) *simulatedStream {
	one := &simulatedStream{}
	r.streams[n] = one
	limit := -1
	if r.s.limited {
		limit = bufferLimit
	}
	one.stream = r.w.host.NewStream(hostsim.StreamOptions{
		Worker: (n - 1) % r.w.process.workers, Plugins: r.w.plugins[r.s.name], BufferLimit: limit,
		Properties: map[string]any{"request": map[string]any{"protocol": "HTTP/2"}},
		Client:     datedSink{sink{func(bool) *half { return &one.client }}},
		Upstream: sink{func(newAttempt bool) *half {
			if newAttempt || len(one.attempts) == 0 {
				one.attempts = append(one.attempts, &half{})
			}
			return one.attempts[len(one.attempts)-1]
		}},
		Route:      func(h *hostsim.Headers) hostsim.Route { return r.route(*h) },
		Redirected: r.logged,
		Done:       r.logged,
	})
	return one
}

// logged is a line of the access log.
func (r *simulation) logged(m hostsim.Summary) {
	r.w.access[r.s.name] = append(r.w.access[r.s.name], strconv.Itoa(m.Status)+" "+m.Details)
}

// route is the bootstrap's only route, which Envoy finds for requests that have a path
// and say how they came.
func (r *simulation) route(h hostsim.Headers) hostsim.Route {
	if h.Get(":path") == "" || h.Get("x-forwarded-proto") == "" {
		return hostsim.Route{Reply: &hostsim.Reply{Status: 404, Details: "route_not_found"}}
	}
	route := hostsim.Route{UpstreamPlugins: r.w.ups[r.s.name], Timeout: r.s.timeout}
	if r.s.retries > 0 {
		route.Retry = func(t hostsim.Retry) bool {
			return t.Attempt <= r.s.retries && (t.Reset != "" || strings.HasPrefix(t.Headers.Get(":status"), "5"))
		}
	}
	if r.s.follows > 0 {
		route.Redirects = &hostsim.Redirects{Codes: redirectCodes(), Most: r.s.follows, Copy: []string{copiedHeader, "x-forwarded-proto"},
			Routed: func(h hostsim.Headers) bool { return h.Get("x-forwarded-proto") != "" }}
	}
	return route
}

// answer answers the oldest callout.
func (r *simulation) answer(st step) error {
	open := r.pending()
	if len(open) == 0 {
		return nil
	}
	f := st.answer()
	f.fields.Add("x-envoy-upstream-service-time", "0") // as Envoy's client for callouts does
	resp := hostsim.Response{Headers: f.fields, Body: f.data, Trailers: f.trailers}
	if f.kind == "reset" {
		resp = hostsim.Response{Reset: "remote reset"}
		if f.status != "" {
			resp.Headers = hostsim.H(":status", f.status)
		}
	}
	return open[0].Reply(resp)
}

// pending notes the callouts that are new, and returns those without an answer.
func (r *simulation) pending() []*hostsim.Callout {
	open := slices.DeleteFunc(r.w.host.Callouts(), func(c *hostsim.Callout) bool { return slices.Contains(r.old, c) })
	for _, c := range open {
		if slices.Contains(r.callouts, c) {
			continue
		}
		r.callouts = append(r.callouts, c)
		h := &half{}
		h.headers("headers", c.Headers, false)
		h.data(c.Body, false)
		h.end(true)
		r.shown = append(r.shown, h)
	}
	return open
}

// await moves the clock until the scenario has logged a text.
func (r *simulation) await(text string) error {
	const step, most = 5 * time.Millisecond, 2000
	for range most {
		for _, lines := range r.seen(false) {
			for _, l := range lines {
				if strings.Contains(l, text) {
					return nil
				}
			}
		}
		if err := onlyMisuse(r.w.host.Advance(step)); err != nil {
			return err
		}
	}
	return fmt.Errorf("await %q: it was not logged", text)
}

// end is the client going away where it still waits.
func (r *simulation) end() error {
	for n := range len(r.streams) {
		if one := r.streams[n+1]; one != nil && !one.stream.Done() {
			if err := onlyMisuse(one.stream.Disconnect()); err != nil {
				return err
			}
		}
	}
	return nil
}

// seen is the transcript so far; last adds what has no order among the steps.
func (r *simulation) seen(last bool) transcript {
	t := transcript{}
	for n, one := range r.streams {
		t["client "+strconv.Itoa(n)] = one.client.seen()
		for i, a := range one.attempts {
			t[fmt.Sprintf("upstream %d attempt %d", n, i+1)] = a.seen()
		}
	}
	r.pending()
	for i, h := range r.shown {
		t["callout "+strconv.Itoa(i+1)] = h.seen()
	}
	for who, lines := range byWorker(r.log(), func(thread string) bool { return thread == "canary" || thread == "main thread" }) {
		if last || who != "main thread" {
			t["log "+who] = normalLog(lines)
		}
	}
	t.prune()
	return t
}

// log is the scenario's lines.
func (r *simulation) log() []logLine {
	var lines []logLine
	for _, l := range r.w.host.Logs() {
		if !r.s.owns(l.RootID) {
			continue
		}
		prefix, _, _ := strings.Cut(l.String(), ": ")
		_, prefix, _ = strings.Cut(prefix, "] ")
		lines = append(lines, logLine{level: l.Level.String(), prefix: prefix, message: l.Message, thread: l.Worker})
	}
	return lines
}
