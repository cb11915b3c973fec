package gateway

import (
	"slices"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/internal/cache"
	"github.com/postern-gateway/postern/plugin/internal/config"
)

// newStore is where the configuration has answers kept.
func (w *Worker) newStore(c *config.Cache) cache.Store {
	var memory *cache.Memory
	if c.Bytes > 0 {
		memory = cache.NewMemory(w.port, w.plan.Limits.Space, c.Bytes)
	}
	if c.Redis == nil {
		return memory
	}
	remote := cache.NewRemote(outward{w}, c.Redis)
	if memory == nil {
		return remote
	}
	return &cache.Tiers{Memory: memory, Remote: remote}
}

// An outward is the worker as a store sees it.
type outward struct{ w *Worker }

var _ cache.Network = outward{}

func (n outward) Now() int64 { return n.w.port.Now() }

// Ask makes a callout. Streams that go on with its answer are woken.
func (n outward) Ask(c *adapters.Callout, most int, then func(status int, body []byte)) bool {
	w := n.w
	return w.call(c, most, func(a *Answer) []Wake {
		then(a.Status, a.Body)
		wakes := w.wakes
		w.wakes = nil
		return wakes
	})
}

func (n outward) Asked(operation, outcome string, nanos int64) {
	n.w.count(n.w.series.StoreAsked(operation, outcome))
	if nanos > 0 {
		n.w.count(n.w.series.StoreTook(operation, nanos))
	}
}

func (n outward) Warn(line string) { n.w.outbox.Log = append(n.w.outbox.Log, line) }

// Unasked is what becomes of the step in hand if the host has not taken the question that the
// request is held for; nil: nothing. So a store whose cluster has gone delays nobody until
// the next tick.
func (s *Stream) Unasked() *Step {
	l := s.cache.lookup
	if l == nil || !slices.Contains(s.w.callouts.refused, l.call) {
		return nil
	}
	for _, wake := range s.w.Callout(l.call, Answer{}) {
		return wake.Step
	}
	return nil
}
