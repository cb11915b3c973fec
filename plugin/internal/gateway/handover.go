package gateway

import (
	"slices"
	"strconv"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/route"
)

// A Handover is what gateways of one VM share: where they leave requests of which the proxy makes
// the attempts, each from its release until its stream is done, and who they are.
type Handover struct {
	open    map[string]*handed
	workers []*Worker
}

// NewHandover has nothing in it.
func NewHandover() *Handover { return &Handover{open: map[string]*handed{}} }

// mostHanded bounds how many requests are there at once. Their bytes count among those that
// their worker holds.
const mostHanded = 10_000

// A handed request is one that the proxy has been given in the form of an id.
type handed struct {
	id     string
	s      *Stream // nil: it is over
	home   any     // owner of the gateway's stream
	count  int     // attempts so far
	now    *Attempt
	passed bool         // one has let its answer pass: nothing can follow
	again  *again       // nil: the proxy retries by itself
	why    route.Reason // why the one before, or the last, has failed

	host     string            // for targets that have none of their own
	leftHost string            // the last attempt's
	own      []adapters.Header // the client's, that only its own API knows
	left     []string          // names of headers that the last attempt has set: attempts share one map
}

// join notes that a worker has requests in the VM.
//
//go:noinline
func (h *Handover) join(w *Worker) {
	if !slices.Contains(h.workers, w) {
		h.workers = append(h.workers, w)
	}
}

// leave notes that it has none any more.
func (h *Handover) leave(w *Worker) { h.workers = without(h.workers, w) }

// without takes one out of a list whose order means nothing.
func without[T any](list []*T, x *T) []*T {
	i := slices.Index(list, x)
	if i < 0 {
		return list
	}
	last := len(list) - 1
	list[i], list[last] = list[last], nil
	return list[:last]
}

// waits reports whether a request is to be picked up by the proxy.
func (h *handed) waits() bool { return h != nil && h.now == nil }

// idle reports whether a request is with the proxy, and nobody is asked: the first attempt, or
// the next, is not under way.
func (h *handed) idle() bool { return h.waits() && !h.passed }

func (h *Handover) drop(x *handed) {
	if x != nil {
		delete(h.open, x.id)
		x.s = nil
	}
}

const (
	hashHeader  = "x-postern-hash"
	chainHeader = "x-postern-chain"
	retryHeader = "x-postern-retry" // of an answer: the proxy is to try again
)

// handOver leaves a request to the proxy's attempts: what goes on is its id, for a body, so
// that nothing of it gets to where no attempt reads it.
func (s *Stream) handOver() *Step {
	g, h := s.routing.group, s.w.handover
	if s.attempts != nil {
		return s.reject(notRetried(s.model, "in a list of requests"))
	}
	if len(h.open) >= mostHanded {
		return s.reject(full())
	}
	if e := s.retain(0); e != nil {
		return s.reject(e)
	}
	r := s.w.port.Random
	x := &handed{id: strconv.FormatUint(r()|1<<63, 16) + strconv.FormatUint(r()|1<<63, 16), s: s, home: s.owner}
	h.open[x.id], s.handed = x, x
	if g.Redirect {
		x.again = s.w.newAgain(x.id)
	}
	step := s.next()
	for i, name := range privateNames {
		if s.in.private&(1<<i) != 0 {
			step.set(name, "")
		}
	}
	for _, name := range s.in.own {
		step.set(name, "")
	}
	step.Replace = true
	step.Body = append(append(append(step.Body, '"'), x.id...), '"')
	return s.handOn(step)
}

// handOn has the proxy make attempts at where the request is aimed.
func (s *Stream) handOn(step *Step) *Step {
	cluster := s.target.Cluster
	if cluster == "" {
		cluster = s.routing.group.Cluster
	}
	step.set(clusterHeader, cluster)
	s.signal(step)
	step.set(hashHeader, s.hashKey())
	step.set(chainHeader, s.chain())
	s.tellRouter(step)
	step.set("content-length", itoa(len(s.handed.id)+2))
	return s.depart(step)
}

// tellRouter says by Envoy's own headers what its router is to do; it removes them
// (https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter).
func (s *Stream) tellRouter(step *Step) {
	g := s.routing.group
	if g.Native {
		on, broken := "retriable-headers", route.Reasons(0).With(route.Unavailable).With(route.TimedOut).With(route.Silent)
		if g.Retry.On.Reasons&broken != 0 {
			on += ",reset,connect-failure,refused-stream"
		}
		step.set("x-envoy-retry-on", on)
		step.set("x-envoy-retriable-header-names", retryHeader)
		step.set("x-envoy-max-retries", itoa(g.Retry.Attempts))
	}
	if d := s.patience(); d > 0 {
		step.set("x-envoy-upstream-rq-per-try-timeout-ms", itoa(int(d.Milliseconds())))
	}
	switch {
	case s.in.timeout != "" && parseLength(s.in.timeout) > 0:
		step.set("x-envoy-upstream-rq-timeout-ms", s.in.timeout)
	case g.Deadline > 0 && !s.stream: // a stream may go on for as long as it likes, once it has begun
		left := g.Deadline - time.Duration(s.w.port.Now()-s.began)
		step.set("x-envoy-upstream-rq-timeout-ms", itoa(int(max(1, left.Milliseconds()))))
	}
}

// hashKey is what sticks, for a proxy that picks by a hash.
func (s *Stream) hashKey() string {
	if s.routing.stick == 0 {
		return ""
	}
	return strconv.FormatUint(s.routing.stick, 16)
}

// chain is where the request may go if its target fails.
func (s *Stream) chain() string {
	r := &s.routing
	if r.group == nil {
		return ""
	}
	chain := ""
	for i := range r.group.Targets {
		if i != r.at && r.group.Retry.Attempts > 0 {
			chain = joined(chain, s.called(&r.group.Targets[i]))
		}
	}
	for i := r.next; i < len(r.group.Fallback); i++ {
		chain = joined(chain, s.called(&r.group.Fallback[i].Target))
	}
	return chain
}

// called is a target's provider and model.
func (s *Stream) called(t *config.Target) string {
	model := t.Model
	if model == "" {
		model = s.meant
	}
	return t.Provider.Name + "/" + model
}

// takeBack ends the attempts at a request, of which the answer is here: the proxy has let
// one pass, or none has come to anything.
func (s *Stream) takeBack() {
	x := s.handed
	if x == nil {
		return
	}
	s.owner, s.weighing = x.home, weighing{}
	x.now, x.passed = nil, true
	if x.again != nil { // something may follow that is the gateway's own
		s.w.handover.drop(x)
		return
	}
	if x.count == 0 {
		s.routing.told = false // nobody was asked
	}
	delete(s.w.handover.open, x.id)
	s.routing.kept = nil
	s.retain(0)
}

//go:noinline
func notRetried(model, how string) *chat.Error {
	return invalid("operation_not_supported", "model", "the model '"+brief(model)+"' is retried by the proxy, which cannot be "+how)
}

// misplaced is the error for an endpoint that is none of a model's.
//
//go:noinline
func misplaced(model, provider, name string) *chat.Error {
	return &chat.Error{Status: 500, Kind: chat.Internal, Code: "host_misconfigured", Message: "the proxy has picked an endpoint whose metadata postern says provider '" + brief(provider) + "' and model '" + brief(name) +
		"', which is no target of the model '" + brief(model) + "'"}
}
