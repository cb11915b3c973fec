package gateway

import (
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/internal/meter"
)

// An Outbox is what a worker wants of its host beside the steps of its streams.
type Outbox struct {
	Callouts []Callout
	Samples  []meter.Sample
	Log      []string // warnings
	Soon     bool     // Worker.Roused is to be called, as soon as that can be an event of its own
}

// A Callout is a request that a worker makes by itself. The host gives its answer to
// Worker.Callout, under the same ID and in the worker's own context, however its streams
// have fared in the meantime; one that it cannot send to Worker.Refused.
type Callout struct {
	ID uint32
	// Most is how many bytes of the answer's body are worth reading; one byte more
	// tells that there are too many.
	Most int
	*adapters.Callout
}

// An Answer is what came of a callout. Status is 0 if nothing that can be used did.
// Headers and Body are only read, and only now.
type Answer struct {
	Status  int
	Headers []adapters.Header
	Body    []byte
}

// NewAnswer is an answer whose status is among its headers.
func NewAnswer(h []adapters.Header, body []byte) Answer {
	return Answer{max(0, parseLength(headerValue(h, ":status"))), h, body}
}

// maxCallouts bounds a worker's callouts under way: hosts have no bound of their own.
const maxCallouts = 256

// calloutGrace is how long after its timeout a callout counts as lost, if its host says
// nothing at all of it, at most: one that has less time than that is waited for twice that
// time.
const calloutGrace = 2 * time.Second

// callouts are those of a worker that have no answer yet.
type callouts struct {
	last    uint32 // number given
	open    []pending
	refused []uint32 // to be failed at the next tick
	first   int64    // until then none is overdue
}

type pending struct {
	id       uint32
	deadline int64
	most     int
	then     func(*Answer) []Wake
}

// call asks for a callout; then gets its answer, once and never at once. false is that
// too many are under way.
func (w *Worker) call(c *adapters.Callout, most int, then func(*Answer) []Wake) bool {
	o := &w.callouts
	if len(o.open) >= maxCallouts {
		return false
	}
	o.last++
	deadline := w.port.Now() + int64(c.Timeout+min(c.Timeout, calloutGrace))
	if len(o.open) == 0 || deadline < o.first {
		o.first = deadline
	}
	o.open = append(o.open, pending{o.last, deadline, most, then})
	w.outbox.Callouts = append(w.outbox.Callouts, Callout{ID: o.last, Most: most, Callout: c})
	return true
}

// count adds samples for the metrics.
//
//go:noinline
func (w *Worker) count(samples ...meter.Sample) {
	w.outbox.Samples = append(w.outbox.Samples, samples...)
}

// Busy reports whether there is something to hand over.
func (w *Worker) Busy() bool {
	return len(w.outbox.Callouts)+len(w.outbox.Samples)+len(w.outbox.Log) > 0 || w.outbox.Soon
}

// Outbox hands over what has gathered since it was last asked for, nil if that is
// nothing. A host asks after each event of the worker or of one of its streams; what it
// gets is valid until it asks again.
func (w *Worker) Outbox() *Outbox {
	if !w.Busy() {
		return nil
	}
	w.sent, w.outbox = w.outbox, Outbox{Samples: w.sent.Samples[:0]}
	return &w.sent
}

// Callout is the answer to a callout. No status is no answer: a timeout, a connection
// that broke. An answer that nobody waits for any more is ignored.
func (w *Worker) Callout(id uint32, a Answer) []Wake {
	open := w.callouts.open
	for i, p := range open {
		if p.id != id {
			continue
		}
		last := len(open) - 1
		open[i], open[last] = open[last], pending{}
		w.callouts.open = open[:last]
		if len(a.Body) > p.most {
			a = Answer{}
		}
		return p.then(&a)
	}
	return nil
}

// Refused tells that the host has not taken a callout: it may not know the cluster. What
// follows waits for a tick, as another stream's event may be under way.
func (w *Worker) Refused(id uint32) {
	w.callouts.refused = append(w.callouts.refused, id)
}

// lost fails the callouts that will have no answer.
func (w *Worker) lost(now int64) []Wake {
	o := &w.callouts
	var wakes []Wake
	for _, id := range o.refused {
		wakes = append(wakes, w.Callout(id, Answer{})...)
	}
	o.refused = o.refused[:0]
	if len(o.open) == 0 || now < o.first {
		return wakes
	}
	var overdue []uint32
	o.first = now + int64(calloutGrace)
	for _, p := range o.open {
		if now >= p.deadline {
			overdue = append(overdue, p.id)
		} else {
			o.first = min(o.first, p.deadline)
		}
	}
	for _, id := range overdue {
		wakes = append(wakes, w.Callout(id, Answer{})...)
	}
	return wakes
}
