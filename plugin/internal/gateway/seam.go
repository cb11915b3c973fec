package gateway

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/plugin/internal/route"
)

// A seam is where a sequel meets what was said before it: which of the blocks of the one
// its own become.
type seam struct {
	text openBlock // that is open, into which its first text goes; kind is another if there is none
	trim bool      // white space in front of that text is there already
	at   int       // the client's index of the block in hand; -1: the client does not get it
	met  bool      // something of it has come
}

// openText is the block of text that has begun and not ended.
func (t *translation) openText() openBlock {
	for _, b := range t.open {
		if b.choice == 0 {
			return b
		}
	}
	return openBlock{kind: chat.RefusalPart}
}

// join puts the answer of a target into the stream, and says why if that is none or not all
// of one.
func (s *Stream) join(x *Answer) route.Reason {
	q := &s.sequel
	if x.Status == 0 {
		q.broke = &chat.Error{Status: 504, Kind: chat.Timeout, Code: "upstream_timeout", Message: "the provider did not answer in time"}
		return route.TimedOut
	}
	head := readResponse(x.Headers)
	s.routing.rest = 0
	if head.status >= 400 {
		s.routing.rest = rest(x.Headers, s.w.port.Now())
		q.broke = s.translation.way.ReadError(head.status, x.Body)
		why := s.reasonOf(head.status, x.Body)
		if why == route.NoReason {
			why = route.Unsuited
		}
		return why
	}
	if !s.openFrames(head.contentType) {
		q.broke = s.unreadable("is not a stream")
		return route.Unreadable
	}
	s.read(x.Body)
	if q.broke != nil {
		return route.BrokenStream
	}
	return route.NoReason
}

// read reads a sequel, which is here as a whole.
func (s *Stream) read(p []byte) {
	q := &s.sequel
	e := s.decode(p, s.joined)
	if e == nil && q.broke == nil && s.translation.decoder.Close(s.joined) != nil {
		e = s.truncated()
	}
	if q.broke == nil {
		q.broke = e
	}
	if q.failure, s.failure = s.failure, ""; s.hasFinished() {
		q.able = false
	}
	if e := s.guarding.failed; e != nil { // a guard has ended the answer
		q.broke, s.failure = nil, e.Code
	}
}

// joined takes an event of a sequel.
func (s *Stream) joined(e *chat.Event) {
	q := &s.sequel
	m := &q.seam
	if e.Choice > 0 || e.Kind == chat.Ping || s.guarding.failed != nil {
		return
	}
	switch e.Kind {
	case chat.Failure:
		if q.broke == nil {
			copied := *e.Err
			q.broke = &copied
		}
		return
	case chat.Start:
		if e.Counted {
			s.translation.usage, s.translation.counted = e.Usage, true
		}
		return
	case chat.FinishEvent:
		s.closeText()
	case chat.End:
	case chat.BlockStart:
		if !s.opens(e) {
			return
		}
	default:
		if m.at < 0 {
			return
		}
		e.Index = m.at
		if e.Kind == chat.TextDelta && m.trim && e.Block == chat.TextPart {
			if e.Text = begun(e.Text); len(e.Text) == 0 {
				return
			}
			m.trim = false
		}
		if e.Kind == chat.BlockStop {
			m.text.kind = chat.RefusalPart
		}
	}
	if !m.met {
		m.met = true
		q.come++
		if s.cache.keeps() {
			s.cache.unfit("continued")
		}
	}
	s.event(e)
}

// opens finds where a block of a sequel goes, and reports whether it is one of its own.
func (s *Stream) opens(e *chat.Event) bool {
	q := &s.sequel
	m := &q.seam
	switch {
	case e.Block == chat.ThinkingPart || e.Block == chat.RedactedPart: // about how to go on, which nobody has asked
		m.at = -1
		return false
	case e.Block == chat.TextPart && m.text.kind == chat.TextPart:
		m.at = m.text.index
		return false
	}
	s.closeText()
	m.at, e.Index = q.next, q.next
	return true
}

// closeText ends the block that is open at the seam.
func (s *Stream) closeText() {
	for _, b := range append([]openBlock(nil), s.translation.open...) {
		s.event(&chat.Event{Kind: chat.BlockStop, Choice: b.choice, Index: b.index, Block: b.kind})
	}
	s.sequel.seam.text.kind = chat.RefusalPart
}

// begun is a text, as it is spelled in JSON, without the white space at its beginning.
func begun(t chat.Text) chat.Text {
	for {
		switch {
		case len(t) > 0 && t[0] == ' ':
			t = t[1:]
		case len(t) > 1 && t[0] == '\\' && (t[1] == 'n' || t[1] == 't' || t[1] == 'r'):
			t = t[2:]
		default:
			return t
		}
	}
}
