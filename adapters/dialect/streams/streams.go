// Package streams is what writers of streams share, whatever their dialect.
package streams

import "github.com/postern-gateway/postern/adapters/chat"

// A State is how far a stream of one answer is.
type State struct {
	Usage       chat.Usage // as far as it is known
	Begun, Done bool
}

// Skips takes over the usage of an event, and reports whether that is all that there is
// to it: it comes behind the end, belongs to another answer or is a ping. A failure is
// the end.
//
//go:noinline
func (s *State) Skips(ev *chat.Event) bool {
	if s.Done || ev.Choice > 0 {
		return true
	}
	if ev.Counted {
		Count(&s.Usage, &ev.Usage)
	}
	s.Done = ev.Kind == chat.Failure
	return ev.Kind == chat.Ping
}

// Count takes over what an event says of the usage: what it leaves out stays.
//
//go:noinline
func Count(have, got *chat.Usage) {
	for _, m := range [...]struct{ have, got *int64 }{
		{&have.Input, &got.Input}, {&have.Output, &got.Output}, {&have.CachedRead, &got.CachedRead},
		{&have.CacheWrite, &got.CacheWrite}, {&have.Reasoning, &got.Reasoning},
	} {
		if *m.got > 0 {
			*m.have = *m.got
		}
	}
}
