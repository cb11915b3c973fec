package gateway

import (
	"bytes"
	"slices"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/guard"
)

// What is kept of an answer that guards read is what they leave of it, but for what they
// put back, which is somebody's own: placeholders stay. Who gets it has his own guards read
// it once more, which know what they stand for in his request.

// withoutOwn is an answer as guards leave it that know nobody's values; nil if they refuse
// it, or if it has something that they cannot read in this form.
func (s *Stream) withoutOwn(r *chat.Response) *chat.Response {
	own := s.guarding
	s.guarding = guarding{answers: true}
	defer func() { s.guarding = own }()
	kept := *r
	kept.Choices = slices.Clone(r.Choices)
	for i := range kept.Choices {
		c := &kept.Choices[i]
		c.Parts = slices.Clone(c.Parts)
		for k := range c.Parts {
			if len(c.Parts[k].Citations) > 0 || len(c.Details) > 0 {
				return nil
			}
		}
	}
	if s.guardNeutral(&kept) != nil {
		return nil
	}
	return &kept
}

// guardNeutral has the guards read an answer in the neutral form.
func (s *Stream) guardNeutral(r *chat.Response) *chat.Error {
	var p pipe
	for i := range r.Choices {
		c := &r.Choices[i]
		c.Logprobs = nil // they would spell it piece by piece
		for k := range c.Parts {
			if s.guardPart(&p, &c.Parts[k]); s.guarding.failed != nil {
				return s.guarding.failed
			}
		}
	}
	return nil
}

// guardPart has them read a part, as guardEvent does piece by piece.
func (s *Stream) guardPart(p *pipe, x *chat.Part) {
	text := []byte(x.Text)
	switch {
	case x.Kind == chat.RedactedPart: // encrypted
		return
	case x.Kind == chat.ToolCallPart && x.Input != nil:
		text = x.Input
	case x.Kind == chat.ToolCallPart:
		text = rawjson.AppendUnescaped(nil, x.Arguments)
	case bytes.IndexByte(text, '\\') >= 0:
		text = rawjson.AppendUnescaped(nil, text)
	}
	if len(text) == 0 {
		return
	}
	s.openText(p, guard.Response, partOfBlock(x.Kind))
	out := p.feed(text, true)
	switch {
	case !p.edited:
	case x.Kind == chat.ToolCallPart:
		x.Input, x.Arguments = nil, rawjson.AppendEscaped(nil, out)
	default:
		x.Text = rawjson.AppendEscaped(nil, out)
	}
}
