package cache

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/streams"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A Collector puts a stream's events together to the answer that they are, within a bound.
// It copies what it keeps. What has no form in a whole answer makes the stream unfit.
type Collector struct {
	Most int // bytes of content

	size                int
	unfit, ended        bool
	choices             []chat.Choice
	model, tier, system chat.Text
	usage               chat.Usage
	counted             bool
}

// mostChoices bounds what a stream can make a Collector keep.
const mostChoices = 128

// Event takes the next event.
func (c *Collector) Event(e *chat.Event) {
	if c.unfit {
		return
	}
	if e.Choice < 0 || e.Choice >= mostChoices || e.Kind == chat.Failure || e.Kind == chat.LogprobsDelta || c.ended {
		c.drop()
		return
	}
	if e.Counted {
		c.counted = true
		streams.Count(&c.usage, &e.Usage)
		c.usage.ImageInput = max(c.usage.ImageInput, e.Usage.ImageInput)
	}
	switch e.Kind {
	case chat.Start:
		c.add(&c.model, e.Model)
		c.add(&c.tier, e.Tier)
		c.add(&c.system, e.System)
	case chat.End:
		c.ended = true
	case chat.Ping:
	default:
		for len(c.choices) <= e.Choice {
			c.choices = append(c.choices, chat.Choice{})
		}
		c.step(&c.choices[e.Choice], e)
	}
	if c.size > c.Most {
		c.drop()
	}
}

// drop frees what there is of an answer that will not be kept.
func (c *Collector) drop() { *c = Collector{unfit: true} }

func (c *Collector) step(to *chat.Choice, e *chat.Event) {
	if e.Kind == chat.FinishEvent {
		to.Finish = e.Finish
		c.add(&to.Sequence, e.Sequence)
		c.addRaw(&to.Details, e.Raw)
		return
	}
	if e.Kind == chat.BlockStart {
		to.Parts = chat.AppendPart(to.Parts, e.Block)
		p := &to.Parts[len(to.Parts)-1]
		c.add(&p.ID, e.ID)
		c.add(&p.Name, e.Name)
		c.add(&p.Text, e.Text)
		c.addRaw(&p.Raw, e.Raw)
		return
	}
	if len(to.Parts) == 0 {
		c.unfit = c.unfit || e.Kind != chat.BlockStop
		return
	}
	p := &to.Parts[len(to.Parts)-1]
	switch {
	case e.Kind == chat.TextDelta && p.Kind == chat.ToolCallPart:
		c.add(&p.Arguments, e.Text)
	case e.Kind == chat.TextDelta:
		c.add(&p.Text, e.Text)
	case e.Kind == chat.SignatureDelta:
		c.add(&p.Signature, e.Text)
	case e.Kind == chat.CitationDelta:
		c.addRaw(&p.Citations, chat.Raw{','})
		c.addRaw(&p.Citations, e.Raw)
	case e.Kind == chat.BlockStop && len(p.Citations) > 0 && p.Citations[0] == ',':
		p.Citations[0] = '['
		p.Citations = append(p.Citations, ']')
	}
}

// add and addRaw append to what is kept.
//
//go:noinline
func (c *Collector) add(to *chat.Text, p chat.Text) {
	c.size += len(p)
	*to = append(*to, p...)
}

//go:noinline
func (c *Collector) addRaw(to *chat.Raw, p chat.Raw) {
	c.size += len(p)
	*to = append(*to, p...)
}

// Response is the whole answer; false if there is none, for the stream is unfit or has not
// come to its end. What r gets belongs to the Collector.
func (c *Collector) Response(r *chat.Response) bool {
	if c.unfit || !c.ended {
		return false
	}
	r.Model, r.Tier, r.System, r.Usage, r.Counted = c.model, c.tier, c.system, c.usage, c.counted
	r.Choices = append(r.Choices[:0], c.choices...)
	return true
}

// Replay hands an answer over as the events of a stream.
func Replay(r *chat.Response, emit func(*chat.Event)) {
	emit(&chat.Event{Kind: chat.Start, ID: r.ID, Model: r.Model, Created: r.Created, Tier: r.Tier, System: r.System,
		Usage: chat.Usage{Input: r.Usage.Input, CachedRead: r.Usage.CachedRead, CacheWrite: r.Usage.CacheWrite}, Counted: r.Counted})
	for i := range r.Choices {
		c := &r.Choices[i]
		for k := range c.Parts {
			replayPart(&c.Parts[k], chat.Event{Choice: i, Index: k, Block: c.Parts[k].Kind}, emit)
		}
		if len(c.Logprobs) > 0 {
			emit(&chat.Event{Kind: chat.LogprobsDelta, Choice: i, Raw: c.Logprobs})
		}
		emit(&chat.Event{Kind: chat.FinishEvent, Choice: i, Finish: c.Finish, Sequence: c.Sequence, Raw: c.Details, Usage: r.Usage, Counted: r.Counted})
	}
	emit(&chat.Event{Kind: chat.End, Usage: r.Usage, Counted: r.Counted})
}

// replayPart opens a block, fills it and closes it.
func replayPart(p *chat.Part, at chat.Event, emit func(*chat.Event)) {
	one := func(kind chat.EventKind, fill func(e *chat.Event)) {
		e := at
		e.Kind = kind
		if fill != nil {
			fill(&e)
		}
		emit(&e)
	}
	one(chat.BlockStart, func(e *chat.Event) {
		e.ID, e.Name, e.Raw = p.ID, p.Name, p.Raw
		if p.Kind == chat.RedactedPart {
			e.Text = p.Text
		}
	})
	text := p.Text
	if p.Kind == chat.ToolCallPart {
		if text = p.Arguments; p.Input != nil {
			text = rawjson.AppendEscaped(nil, p.Input)
		}
	}
	if len(text) > 0 && p.Kind != chat.RedactedPart {
		one(chat.TextDelta, func(e *chat.Event) { e.Text = text })
	}
	if len(p.Signature) > 0 {
		one(chat.SignatureDelta, func(e *chat.Event) { e.Text = p.Signature })
	}
	if len(p.Citations) > 0 && p.Citations[0] == '[' {
		var doc rawjson.Doc
		if doc.Parse(p.Citations) == nil {
			for it := doc.Root().Items(); it.Next(); {
				raw := it.Value.Raw()
				one(chat.CitationDelta, func(e *chat.Event) { e.Raw = raw })
			}
		}
	}
	one(chat.BlockStop, nil)
}
