package gateway

// held is the list of requests whose body is awaited, the oldest first. It runs through
// the streams themselves, as every request enters and leaves it.
type held struct{ first, last *Stream }

func (h *held) add(s *Stream) {
	if s.waits {
		return
	}
	s.waits, s.before = true, h.last
	if h.last != nil {
		h.last.after = s
	} else {
		h.first = s
	}
	h.last = s
}

func (h *held) remove(s *Stream) {
	if !s.waits {
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
	s.waits, s.before, s.after = false, nil, nil
}
