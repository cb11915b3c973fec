package gateway

import "github.com/postern-gateway/postern/adapters/chat"

// held is a list of requests that wait for the same, the oldest first: for their body,
// or for a token. It runs through the streams themselves, as every request enters and
// leaves one; a stream is in one list at a time.
type held struct{ first, last *Stream }

func (h *held) add(s *Stream) {
	if s.list == h {
		return
	}
	s.leave()
	s.list, s.before = h, h.last
	if h.last != nil {
		h.last.after = s
	} else {
		h.first = s
	}
	h.last = s
}

// leave takes the stream out of the list that it is in, if any.
//
//go:noinline
func (s *Stream) leave() {
	h := s.list
	if h == nil {
		return
	}
	if s.before != nil {
		s.before.after = s.after
	} else {
		h.first = s.after
	}
	if s.after != nil {
		s.after.before = s.before
	} else {
		h.last = s.before
	}
	s.list, s.before, s.after = nil, nil, nil
}

// retain notes how many bytes the proxy, a list of requests or what may follow, has to keep for the stream
// from now on. All that a worker's streams have kept is bounded: beyond it the stream is to
// be refused.
func (s *Stream) retain(n int) *chat.Error {
	if a := s.attempts; a != nil {
		n += a.bytes
	}
	n += len(s.routing.kept) + s.cache.spare.size()
	w := s.w
	w.bytes += n - s.bytes
	more := n > s.bytes
	s.bytes = n
	if more && w.bytes > w.plan.Bounds.Held {
		return full()
	}
	return nil
}

// forget notes that nothing is kept for the stream any more.
func (s *Stream) forget() {
	s.w.bytes -= s.bytes
	s.bytes = 0
}
