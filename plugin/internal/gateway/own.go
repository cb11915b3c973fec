package gateway

import (
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/route"
)

// An errand is a request of the gateway's own to a provider: a stream without a client, which
// is translated, signed and counted as those of clients are.
type errand struct {
	endpoint dialect.Endpoint // in whose dialect it is, and its answer
	model    string           // that it names
	target   config.Target
	timeout  time.Duration
	most     int  // bytes that its answer may have
	unjudged bool // its provider's health is not learned from it
}

// An outcome is what came of an errand. Its body is only read, and only now.
type outcome struct {
	status  int // 0: there was no answer
	body    []byte
	usage   chat.Usage
	cost    int64 // nano-dollars
	elapsed int64 // nanoseconds
}

// good reports whether there is an answer.
func (o *outcome) good() bool { return o.status == 200 }

// run sends an errand. then gets what comes of it, once and never at once. A status is that
// it could not be sent, and why.
func (w *Worker) run(e *errand, body []byte, then func(*outcome) []Wake) (status int) {
	s := w.NewStream(nil)
	if status = s.embark(e, body, then); status != 0 {
		s.finishErrand()
	}
	return status
}

// embark makes a new stream an errand.
func (s *Stream) embark(e *errand, body []byte, then func(*outcome) []Wake) int {
	w := s.w
	s.began, s.phase, s.prefixed = w.port.Now(), awaiting, true
	s.endpoint, s.in = e.endpoint, clientHeaders{length: -1, own: s.in.own[:0], api: s.in.api[:0], counted: s.in.counted[:0], words: s.in.words[:0]}
	s.endpoint.Method, s.unjudged, s.rewritten, s.aside = "POST", e.unjudged, true, true
	s.model, s.meant, s.label = e.model, e.model, e.target.Model
	s.attempts = &attempts{calling: true}
	s.routing = routing{at: -1, group: &config.Group{Timeout: e.timeout}}
	s.aimAt(&e.target)
	request, problem := w.parse(body)
	if problem != nil {
		return problem.Status
	}
	step := s.dispatch(request, body)
	if step.Reply != nil {
		return step.Reply.Status
	}
	if !w.call(s.callout(step), e.most, func(a *Answer) []Wake { return s.returned(a, then) }) {
		return 503
	}
	return 0
}

// returned takes the answer of an errand.
func (s *Stream) returned(a *Answer, then func(*outcome) []Wake) []Wake {
	h, body := a.Headers, a.Body
	if a.Status == 0 {
		s.timedOut = true
		h = []adapters.Header{{Name: ":status", Value: "504"}}
	}
	step := s.ResponseHeaders(h, len(body) == 0)
	if step.Reply == nil {
		if step = s.ResponseBody(body, true); step.Replace {
			body = step.Body
		}
	}
	s.finished = s.w.port.Now()
	s.tally()
	s.land(s.verdict(), 0)
	cost, _ := s.known().Cost(s.usage, s.asks.format)
	o := outcome{status: s.status, body: body, usage: s.usage, cost: cost, elapsed: s.finished - s.began}
	switch {
	case a.Status == 0:
		o.status = 0
	case step.Reply != nil:
		o.status, o.body = step.Reply.Status, step.Reply.Body
	}
	wakes := then(&o)
	s.finishErrand()
	return wakes
}

func (s *Stream) finishErrand() {
	s.land(route.Nothing, 0)
	s.forget()
	s.Release()
}
