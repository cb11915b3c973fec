package gateway

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/guard"
)

// A running text of an answer comes in pieces.
type running struct {
	pipe
	key    []byte // which it is
	used   bool
	frame  []byte // the event that brought its last piece, without any text
	insert int    // where the text belongs in it
}

// runningText is the number of the one with that key, begun if there is none yet.
func (s *Stream) runningText(key []byte, part guard.Part) int {
	g := &s.guarding
	for i := range g.texts {
		if t := &g.texts[i]; t.used && bytes.Equal(t.key, key) {
			return i
		}
	}
	g.texts = append(g.texts, running{key: bytes.Clone(key), used: true})
	n := len(g.texts) - 1
	s.openText(&g.texts[n].pipe, guard.Response, part)
	if g.texts[n].runs = true; g.held == nil {
		g.held = make([]holding, len(g.list))
	}
	return n
}

// holds reports whether some of the text has not passed yet.
func (t *running) holds() bool {
	for i := range t.stages {
		if len(t.stages[i].raw) > 0 {
			return true
		}
	}
	return false
}

// partOfBlock is what a text of an answer is.
func partOfBlock(kind chat.PartKind) guard.Part {
	p := guard.Part{Role: guard.Assistant}
	switch kind {
	case chat.ThinkingPart:
		p.Kind = guard.Reasoning
	case chat.ToolCallPart:
		p.Kind = guard.Arguments
	case chat.RefusalPart:
		p.Kind = guard.Refusal
	}
	return p
}

// guardEvent has the guards read a step of an answer that is translated. It says whether
// the step has to go out.
func (s *Stream) guardEvent(e *chat.Event) bool {
	g := &s.guarding
	switch e.Kind {
	case chat.TextDelta:
		t := &g.texts[s.runningText(blockKey(e), partOfBlock(e.Block))]
		text := []byte(e.Text)
		if bytes.IndexByte(text, '\\') >= 0 {
			text = rawjson.AppendUnescaped(nil, text)
		}
		out := t.feed(text, false)
		if s.refuseRest() {
			return false
		}
		e.Text = rawjson.AppendEscaped(nil, out)
		return len(e.Text) > 0
	case chat.BlockStop:
		key := blockKey(e)
		for i := range g.texts {
			t := &g.texts[i]
			if !t.used || !bytes.Equal(t.key, key) {
				continue
			}
			t.used = false
			out := t.feed(nil, true)
			if s.refuseRest() {
				return false
			}
			if len(out) > 0 {
				g.inner = true
				s.event(&chat.Event{Kind: chat.TextDelta, Choice: e.Choice, Index: e.Index, Block: e.Block, Text: rawjson.AppendEscaped(nil, out)})
				g.inner = false
			}
		}
	case chat.LogprobsDelta:
		return false
	}
	return true
}

func blockKey(e *chat.Event) []byte {
	k := rawjson.AppendInt(nil, int64(e.Choice))
	return rawjson.AppendInt(append(k, ':'), int64(e.Index))
}

// refuseRest ends a translated answer that a guard refuses.
func (s *Stream) refuseRest() bool {
	e := s.guarding.failed
	if e == nil {
		return false
	}
	if !s.answer.cut {
		s.failure = e.Code
		s.guarding.inner = true
		s.event(&chat.Event{Kind: chat.Failure, Err: e})
		s.guarding.inner = false
		s.stopHere()
	}
	return true
}

// stopHere swallows what the provider still sends, and ends the stream in a while.
func (s *Stream) stopHere() {
	s.answer.cut = true
	s.finished = s.w.port.Now()
	s.w.cut.add(s)
}
