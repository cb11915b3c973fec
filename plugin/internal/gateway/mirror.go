package gateway

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/meter"
	"github.com/postern-gateway/postern/plugin/internal/route"
)

// A mirroring is what a worker has under way of a group's copies.
type mirroring struct {
	flying int
	series *meter.Mirror
}

const (
	// mostMirrored is the largest request that is copied, and mostReflected the largest answer
	// to a copy that is read.
	mostMirrored  = 1 << 20
	mostReflected = 4 << 20
)

func (w *Worker) newMirrors() {
	for _, m := range w.plan.Mirrors {
		w.mirrors = append(w.mirrors, mirroring{series: w.series.Mirror(m.Provider.Label(), m.Model)})
	}
}

// mirror sends a copy of a request that is on its way, if it is one of those that are copied: as
// the guards have left it, without a stream, and for nobody. body is in the client's dialect.
func (s *Stream) mirror(body []byte) {
	m := s.mirrors(body)
	if m == nil {
		return
	}
	w := s.w
	x := &w.mirrors[m.Number]
	if x.flying >= m.Concurrent || len(w.callouts.open) >= maxCallouts/2 {
		w.count(x.series.Outcome("busy"))
		return
	}
	e := &errand{endpoint: s.endpoint, model: s.model, target: m.Target, timeout: m.Timeout, most: mostReflected, unjudged: true}
	e.endpoint.Stream = false
	if e.target.Model == "" {
		e.target.Model = s.meant
	}
	status := w.run(e, w.unstreamed(s, body), func(o *outcome) []Wake {
		w.mirrors[m.Number].flying--
		w.count(x.series.Answered(o.status, &o.usage, o.cost, millis(o.elapsed))...)
		return nil
	})
	s.budget.read = false // the worker's neutral request was the copy's
	if status != 0 {
		w.count(x.series.Outcome("unsent"))
		return
	}
	x.flying++
	s.routing.mirror = m
}

// mirrors is where a copy of the request goes; nil if it is not copied. A conversation is copied
// as a whole or not at all, as long as the percentage stays; a higher one adds others.
func (s *Stream) mirrors(body []byte) *config.Mirror {
	g := s.routing.group
	if g == nil || g.Mirror == nil || s.attempts != nil || s.budget.wait != nil || len(body) > mostMirrored {
		return nil
	}
	switch s.endpoint.Op {
	case adapters.Chat, adapters.Completions, adapters.Responses, adapters.Embeddings, adapters.Rerank:
	default:
		return nil
	}
	key := s.w.port.Random()
	if request, e := s.w.parse(body); e != nil {
		return nil
	} else if h := s.sticks(route.ByConversation, request); h != 0 {
		key = h
	}
	if !route.Sampled(key, g.Mirror.Percent) {
		return nil
	}
	return g.Mirror
}

// unstreamed is a request, which is the one in hand, that asks for no stream.
func (w *Worker) unstreamed(s *Stream, body []byte) []byte {
	request := w.doc.Root()
	w.patch.Reset()
	if request.Get("stream").Exists() || s.endpoint.Dialect.StreamsUnasked && s.endpoint.Op == adapters.Chat {
		w.patch.SetField(request, "stream", []byte("false"))
	}
	w.patch.DeleteField(request, "stream_options")
	if w.patch.Empty() {
		return body
	}
	return w.patch.Apply(nil, &w.doc)
}
