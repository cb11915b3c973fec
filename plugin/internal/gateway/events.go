package gateway

// streamed reads the next bytes of a stream. They pass as they are, but for events
// that exist only because the gateway asked for them: where those may come, an
// event goes out when it is complete.
func (s *Stream) streamed(step *Step, p []byte, end bool) {
	a := &s.answer
	if a.cut {
		step.Replace = true
		return
	}
	edited := a.hide && s.frames.Pending() > 0
	if edited {
		step.Replace = true
	}
	rest := p
	for {
		ev, n, ok, err := s.frames.Next(rest)
		if err != nil {
			s.cutOff(step, err)
			return
		}
		if !ok {
			break
		}
		asked := ev.Message && s.watch.Event(ev.Type, ev.Data)
		if ev.Message {
			s.keepFrame(ev.Type, ev.Data)
		}
		if ev.Message && s.budget.output > 0 {
			s.budget.place.pass(ev.Type, ev.Data)
		}
		if a.hide {
			s.pass(step, p, p[:len(p)-len(rest)], ev.Raw, asked)
		}
		rest = rest[n:]
	}
	if !a.hide {
		s.passed(step, p, rest)
		return
	}
	held := s.frames.Held()
	if len(held) > 0 && !step.Replace {
		step.Replace = true
		step.Body = append(step.Body, p[:len(p)-len(rest)]...)
	}
	if end && step.Replace {
		step.Body = append(step.Body, held...)
	}
	s.passed(step, p, rest)
}

// pass lets an event go out or hides it. As long as nothing had to be changed the
// bytes before it are only remembered by their place in p.
func (s *Stream) pass(step *Step, p, before, raw []byte, hidden bool) {
	switch {
	case hidden && !step.Replace:
		step.Replace = true
		step.Body = append(step.Body, before...)
	case !hidden && step.Replace:
		step.Body = append(step.Body, raw...)
	}
}

// cutOff ends a stream whose event has no end: with an error that the client can
// read, instead of bytes without bound.
func (s *Stream) cutOff(step *Step, err error) {
	s.answer.cut = true
	step.Replace = true
	step.Body = append(step.Body, "\n\n"...)
	step.Body = s.endpoint.Dialect.ErrorEvent(step.Body, s.unframed(err))
}
