package gateway

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
