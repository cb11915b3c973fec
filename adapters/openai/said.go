package openai

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A Said is what an answer says, or an event of a stream, that somebody has read from
// another form and that is dealt with as if it were in this one. Its slices may be views.
type Said struct {
	ID, Model     chat.Text
	Thought, Text chat.Text // in a stream what is new
	Calls         []Call
	Usage         chat.Usage
	Counted       bool   // Usage is set
	Finish        string // why the answer ended, in this format's words; in a stream it is the end of all
}

// A Call is a tool call, or a piece of one that comes in pieces.
type Call struct {
	ID, Name, Arguments chat.Text
	Index               int64 // which of the calls a piece is of
	Numbered            bool  // Index is set
}

//go:noinline
func callOf(v rawjson.Value) (c Call) {
	f := function(v)
	c.ID, c.Name, c.Arguments = inner(v.Get("id")), inner(f.Get("name")), Arguments(f.Get("arguments"))
	c.Index, c.Numbered = v.Get("index").Int64()
	return c
}

// appendTo appends call n of a whole answer.
//
//go:noinline
func (c *Call) appendTo(parts []chat.Part, created int64, n int) []chat.Part {
	parts = chat.AppendPart(parts, chat.ToolCallPart)
	p := &parts[len(parts)-1]
	p.ID, p.Name, p.Arguments = c.ID, c.Name, c.Arguments
	if isNoID(p.ID) {
		p.ID = callID(nil, created, n)
	}
	if len(p.Arguments) == 0 {
		p.Arguments = chat.Text("{}")
	}
	return parts
}

// Fill fills out from a whole answer.
func (a *Adapter) Fill(s *Said, out *chat.Response) error {
	if s.Finish == "error" {
		return errFailed
	}
	out.ID, out.Model, out.Usage, out.Counted = s.ID, s.Model, s.Usage, s.Counted
	c := out.Choose()
	c.Parts = chat.AppendText(c.Parts, chat.ThinkingPart, s.Thought)
	if a.p.Tags {
		c.Parts = untagged(s.Text, c.Parts)
	} else {
		c.Parts = chat.AppendText(c.Parts, chat.TextPart, s.Text)
	}
	for i := range s.Calls {
		c.Parts = s.Calls[i].appendTo(c.Parts, 0, i)
	}
	c.Finish = finish([]byte(s.Finish), len(s.Calls) > 0, false)
	return out.Callable()
}

// Say takes an event of a stream with one answer.
func (d *decoder) Say(s *Said, emit func(*chat.Event)) error {
	if d.done {
		return nil
	}
	err := d.say(s, emit)
	d.ev = chat.Event{}
	return err
}

func (d *decoder) say(s *Said, emit func(*chat.Event)) error {
	d.usage, d.counted = s.Usage, s.Counted
	if !d.begun {
		d.begin(emit, chat.Event{ID: s.ID, Model: s.Model})
	}
	l := d.lane(0)
	if len(s.Thought) > 0 {
		if err := l.text(d, chat.ThinkingPart, s.Thought, emit); err != nil {
			return err
		}
	}
	if err := l.answer(d, s.Text, emit); err != nil {
		return err
	}
	for i := range s.Calls {
		if err := l.toolCall(d, &s.Calls[i], emit); err != nil {
			return err
		}
	}
	if s.Finish == "" {
		return nil
	}
	if err := l.end(d, []byte(s.Finish), emit); err != nil {
		return err
	}
	return d.end(emit)
}
