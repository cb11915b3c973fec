package gateway_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/builtin"
	"github.com/postern-gateway/postern/plugin/cases"
	guards "github.com/postern-gateway/postern/plugin/guard/builtin"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
	"github.com/postern-gateway/postern/plugin/internal/meter"
	"github.com/postern-gateway/postern/plugin/internal/state/statetest"
)

// proxy does natively what the shell and a proxy do: it holds, edits and passes on.
type proxy struct {
	t       testing.TB
	now     int64
	random  uint64
	details string // response.code_details
	source  string // source.address

	properties map[string]string // nil: all are details
	counts     map[string]uint64
	*statetest.Host
	worker *gateway.Worker
	calls  []gateway.Callout // without an answer yet
	log    []string
	gone   string // a cluster that the host knows no more
	soon   bool   // the worker wants an event of its own
	still  bool   // time and chance are what the test says
	lent   []byte // where requests are that are lent
}

// epoch is when every test begins, in nanoseconds since 1970.
const epoch = 1_700_000_000_000_000_000

func newProxy(t testing.TB, document string) *proxy {
	t.Helper()
	return newWorker(t, document, &statetest.Host{})
}

// newWorker is one of several that share what a host keeps.
func newWorker(t testing.TB, document string, h *statetest.Host) *proxy {
	t.Helper()
	p := &proxy{t: t, now: epoch, source: "127.0.0.1:40000", counts: map[string]uint64{}, Host: h}
	p.worker = gateway.NewWorker(readPlan(t, document), p, gateway.Build{Version: "v0", Commit: "c0", Go: "go0"})
	return p
}

func readPlan(t testing.TB, document string) *config.Plan {
	t.Helper()
	env := cases.Environment()
	plan, err := config.Read([]byte(document), config.Parts{
		Providers:   builtin.Providers(),
		Guards:      guards.Types(),
		Environment: func(name string) string { return env[name] },
	})
	if err != nil {
		t.Fatalf("configuration: %v", err)
	}
	return plan
}

func (p *proxy) Now() int64 {
	if !p.still {
		p.now += 1_000_000
	}
	return p.now
}

func (p *proxy) Random() uint64 {
	if !p.still {
		p.random++
	}
	return p.random
}

func (p *proxy) Value(s *meter.Series) uint64 { return p.counts[s.Name] }

func (p *proxy) Verify(string, []byte, []byte, []byte) (valid, able bool) {
	return false, false
}

func (p *proxy) Property(path string) ([]byte, bool) {
	if path == "source\x00address" {
		return []byte(p.source), p.source != ""
	}
	if v, ok := p.properties[path]; ok || p.properties != nil {
		return []byte(v), ok
	}
	return []byte(p.details), p.details != ""
}

// filter has the events of a stream, or of an attempt.
type filter interface {
	RequestHeaders(h []adapters.Header, end bool) *gateway.Step
	RequestProgress(size int) *gateway.Step
	RequestBody(p []byte) *gateway.Step
	ResponseHeaders(h []adapters.Header, end bool) *gateway.Step
	ResponseProgress(size int) *gateway.Step
	ResponseBody(p []byte, end bool) *gateway.Step
	ResponseTrailers(p []byte) *gateway.Step
	Done() *gateway.Step
	Foreign() bool
	Unasked() *gateway.Step
}

// exchange is one request on its way through.
type exchange struct {
	p        *proxy
	gw       filter
	upstream *cases.Message // what the provider has got
	response cases.Message
	record   []byte
	told     map[string]string // properties
	answered bool

	want   gateway.Want
	held   []byte // of the response
	holds  bool   // its body is held where it is
	weighs bool   // and so are its headers: nothing of it has gone out
	gave   bool   // it has got a step that was not for an event of its own

	waits bool // the request is held although it is complete
	torn  bool // the gateway has torn the stream down
	head  []adapters.Header
	body  []byte
}

func (p *proxy) stream() *exchange {
	x := &exchange{p: p, told: map[string]string{}}
	x.gw = p.worker.NewStream(x)
	return x
}

// flush does what the worker wants beside its streams' steps.
func (p *proxy) flush() {
	out := p.worker.Outbox()
	if out == nil {
		return
	}
	p.soon = p.soon || out.Soon
	p.log = append(p.log, out.Log...)
	for _, s := range out.Samples {
		p.counts[s.Series.Name] += s.Value
	}
	for _, c := range out.Callouts {
		if c.Cluster == "missing" || c.Cluster == p.gone {
			p.worker.Refused(c.ID)
			continue
		}
		p.calls = append(p.calls, c)
	}
}

// answer gives the oldest callout its answer; nil is none.
func (p *proxy) answer(m *cases.Message) {
	c := p.calls[0]
	p.calls = p.calls[1:]
	a := gateway.Answer{}
	if m != nil {
		h := []adapters.Header{{Name: ":status", Value: m.First}}
		for _, x := range m.Headers {
			h = append(h, adapters.Header(x))
		}
		a = gateway.NewAnswer(h, m.Body)
	}
	p.wake(p.worker.Callout(c.ID, a))
	p.flush()
}

// tick lets time pass and the worker look what is due.
func (p *proxy) tick(d time.Duration) {
	p.now += int64(d)
	p.wake(p.worker.Tick())
	p.flush()
}

func (p *proxy) wake(wakes []gateway.Wake) {
	for _, w := range wakes {
		w.Owner.(*exchange).resume(w.Step)
	}
}

// request sends a whole request, its body in pieces that end at cuts.
func (x *exchange) request(m cases.Message, cuts ...int) {
	x.send(requestHeaders(m), m, cuts...)
}

func (x *exchange) send(h []adapters.Header, m cases.Message, cuts ...int) {
	step := x.begins(h, len(m.Body) == 0)
	if step.Of != nil {
		x.gw.(*gateway.Stream).Release()
		x.gw = step.Of
	}
	if x.replied(step) {
		return
	}
	if x.gw.Foreign() {
		x.answered = true
		x.response = cases.Message{First: "200", Body: []byte("another application")}
		return
	}
	x.p.flush()
	x.tell(step)
	h = edited(h, step.Set)
	x.waits = step.Action == gateway.Hold && (step.Want != gateway.Whole || len(m.Body) == 0)
	body := m.Body
	want := step.Want
	g, isRequest := x.gw.(*gateway.Stream)
	for _, cut := range cuts {
		if want != gateway.Whole || cut <= 0 || cut >= len(body) {
			continue
		}
		if isRequest && g.Progress(cut) {
			continue
		}
		if step = x.gw.RequestProgress(cut); x.replied(step) {
			return
		}
	}
	if want == gateway.Whole && len(body) > 0 {
		if isRequest {
			if r := g.Repeat(body, len(cuts) == 0); r != nil {
				x.replied(&gateway.Step{Reply: r})
				return
			}
		}
		step = x.gw.RequestBody(body)
		x.p.flush()
		if instead := x.gw.Unasked(); instead != nil {
			step = instead
		}
		if x.replied(step) {
			return
		}
		x.tell(step)
		h = edited(h, step.Set)
		if step.Replace {
			body = []byte(string(step.Body))
		}
		x.waits = step.Action == gateway.Hold
	}
	x.p.flush()
	x.head, x.body = h, body
	if !x.waits {
		x.upstream = upstreamMessage(h, body)
	}
}

// begins is a request's first event.
func (x *exchange) begins(h []adapters.Header, end bool) *gateway.Step {
	g, ok := x.gw.(*gateway.Stream)
	if !ok {
		return x.gw.RequestHeaders(h, end)
	}
	var raw []byte
	same := []int{0}
	for _, f := range h {
		raw = fmt.Appendf(raw, "%s\n%d\n", f.Name, len(f.Value))
		if gateway.IsIncidental(f.Name) {
			same = append(same, len(raw), len(raw)+len(f.Value))
		}
		raw = append(raw, f.Value...)
	}
	if g.Recognise(slices.Clone(raw), end) {
		return &gateway.Step{Action: gateway.Hold, Want: gateway.Whole}
	}
	step := g.RequestHeaders(h, end)
	if g.Wanted() {
		list := slices.Clone(h)
		for i := range list {
			list[i].Value = strings.Clone(list[i].Value)
		}
		g.Acquaint(raw, append(same, len(raw)), list)
	}
	return step
}

// resume is a step for a request that has waited.
func (x *exchange) resume(step *gateway.Step) {
	if step.Reset {
		x.torn = true
		return
	}
	if step.Answer {
		x.more(step)
		return
	}
	if !x.waits && !x.weighs {
		x.p.t.Errorf("a stream that does not wait gets a step")
		return
	}
	again := step.Again
	x.waits = x.carry(step)
	if again {
		x.waits = x.carry(x.gw.RequestBody(x.body))
	}
	if !x.waits && !x.answered {
		x.upstream = upstreamMessage(x.head, x.body)
	}
}

// more puts what a step has into the answer that is held.
func (x *exchange) more(step *gateway.Step) {
	if !x.holds {
		x.p.t.Errorf("an answer that is not held gets a step")
		return
	}
	x.gave = true
	x.edit(step)
	if step.Replace {
		x.held = []byte(string(step.Body))
	}
	if x.holds = step.Action == gateway.Hold; !x.holds {
		x.response.Body = append(x.response.Body, x.held...)
		x.held = nil
	}
}

// carry applies a step to the request that is held, and reports whether it stays so.
func (x *exchange) carry(step *gateway.Step) (waits bool) {
	if x.replied(step) {
		return false
	}
	x.p.flush()
	x.head = edited(x.head, step.Set)
	if step.Replace {
		x.body = []byte(string(step.Body))
	}
	return step.Action == gateway.Hold
}

// respond sends the provider's answer, its body in pieces that end at cuts.
func (x *exchange) respond(m cases.Message, cuts ...int) {
	h := []adapters.Header{{Name: ":status", Value: m.First}}
	for _, c := range m.Headers {
		h = append(h, adapters.Header(c))
	}
	if len(m.Body) > 0 && m.Get("content-length") == "" && !m.Streams() {
		h = append(h, adapters.Header{Name: "content-length", Value: strconv.Itoa(len(m.Body))})
	}
	if !x.begin(h, len(m.Body) == 0) {
		return
	}
	from := 0
	for _, cut := range append(cuts, len(m.Body)) {
		if cut > len(m.Body) || cut <= from {
			continue
		}
		x.chunk(m.Body[from:cut], cut == len(m.Body))
		from = cut
	}
}

// begin is the head of the provider's answer; false if the gateway answers in its place.
func (x *exchange) begin(h []adapters.Header, end bool) bool {
	step := x.gw.ResponseHeaders(h, end)
	x.p.flush()
	if x.replied(step) {
		return false
	}
	x.weighs = step.Action == gateway.Hold
	x.waits = x.weighs && end
	x.response = cases.Message{First: h[0].Value, Headers: headers(h[1:])}
	x.edit(step)
	return true
}

// chunk is a piece of the answer's body.
func (x *exchange) chunk(p []byte, end bool) {
	if x.answered { // the gateway has, and nothing follows
		return
	}
	p = []byte(string(p)) // the gateway may not keep it
	switch x.want {
	case gateway.Whole:
		x.held = append(x.held, p...)
		if !end {
			x.replied(x.gw.ResponseProgress(len(x.held)))
			return
		}
		p, x.held = x.held, nil
	case gateway.Nothing:
		x.response.Body = append(x.response.Body, p...)
		return
	default:
		p, x.held = append(x.held, p...), nil
	}
	step := x.gw.ResponseBody(p, end)
	if x.replied(step) {
		return
	}
	x.p.flush()
	held := x.holds
	x.holds = step.Action != gateway.Continue
	x.weighs = x.weighs && step.Action == gateway.Hold
	if step.Action == gateway.Hold {
		x.waits = end || len(x.p.calls) > 0
		x.edit(step)
		x.held = p
		return
	}
	if step.Action == gateway.Lend && !held {
		x.p.t.Errorf("an answer is lent that was not held")
	}
	x.waits = false
	x.edit(step)
	if step.Replace {
		p = step.Body
	}
	x.response.Body = append(x.response.Body, p...)
}

// edit applies a step to the response's headers.
func (x *exchange) edit(step *gateway.Step) {
	x.want = step.Want
	for _, set := range step.Set {
		var kept []cases.Header
		for _, h := range x.response.Headers {
			if h.Name != set.Name {
				kept = append(kept, h)
			}
		}
		if set.Name == ":status" {
			x.response.First = set.Value
		} else if set.Value != "" {
			kept = append(kept, cases.Header(set))
		}
		x.response.Headers = kept
	}
}

// done ends the stream and carries out what it leaves.
func (x *exchange) done() {
	step := x.gw.Done()
	x.p.flush()
	for _, s := range step.Samples {
		x.p.counts[s.Series.Name] += s.Value
	}
	x.tell(step)
	if r, ok := x.told["postern"]; ok {
		x.record = []byte(r)
	}
	if s, ok := x.gw.(*gateway.Stream); ok {
		s.Release()
	}
	x.p.rouse()
}

// rouse is the event that the worker has asked for.
func (p *proxy) rouse() {
	if p.soon {
		p.soon = false
		p.wake(p.worker.Roused())
		p.flush()
	}
}

// tell keeps a step's properties.
func (x *exchange) tell(step *gateway.Step) {
	for _, p := range step.Properties {
		x.told[p.Path] = string(p.Value)
	}
}

func (x *exchange) replied(step *gateway.Step) bool {
	r := step.Reply
	if r == nil {
		return false
	}
	x.answered = true
	x.response = cases.Message{First: strconv.Itoa(r.Status), Headers: headers(r.Headers), Body: []byte(string(r.Body))} // which is the stream's
	return true
}

func requestHeaders(m cases.Message) []adapters.Header {
	method, path, _ := strings.Cut(m.First, " ")
	h := []adapters.Header{{Name: ":method", Value: method}, {Name: ":path", Value: path}, {Name: ":authority", Value: "gateway.test"}}
	for _, c := range m.Headers {
		if c.Name == "host" {
			h[2].Value = c.Value
			continue
		}
		h = append(h, adapters.Header(c))
	}
	if len(m.Body) > 0 {
		h = append(h, adapters.Header{Name: "content-length", Value: strconv.Itoa(len(m.Body))})
	}
	return h
}

func upstreamMessage(h []adapters.Header, body []byte) *cases.Message {
	m := &cases.Message{Body: body}
	method, path := "", ""
	for _, x := range h {
		switch x.Name {
		case ":method":
			method = x.Value
		case ":path":
			path = x.Value
		case ":authority":
			m.Headers = append(m.Headers, cases.Header{Name: "host", Value: x.Value})
		case "x-postern-cluster": // the proxy's route removes it
		default:
			m.Headers = append(m.Headers, cases.Header(x))
		}
	}
	m.First = method + " " + path
	return m
}

func headers(h []adapters.Header) []cases.Header {
	var out []cases.Header
	for _, x := range h {
		out = append(out, cases.Header(x))
	}
	return out
}

// edited is h with headers set, and those without a value removed.
func edited(h, set []adapters.Header) []adapters.Header {
	for _, e := range set {
		h = slices.DeleteFunc(h, func(x adapters.Header) bool { return x.Name == e.Name })
		if e.Value != "" {
			h = append(h, e)
		}
	}
	return h
}
