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

func (c *Collector) addRaw(to *chat.Raw, p chat.Raw) { c.add((*chat.Text)(to), chat.Text(p)) }

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
	p := replay{emit: emit}
	p.e = chat.Event{ID: r.ID, Model: r.Model, Created: r.Created, Tier: r.Tier, System: r.System, Counted: r.Counted}
	p.e.Usage = chat.Usage{Input: r.Usage.Input, CachedRead: r.Usage.CachedRead, CacheWrite: r.Usage.CacheWrite}
	p.event(chat.Start)
	for i := range r.Choices {
		c := &r.Choices[i]
		p.e.Choice = i
		for k := range c.Parts {
			p.e.Index = k
			p.part(&c.Parts[k])
		}
		p.raw(chat.LogprobsDelta, c.Logprobs)
		p.e.Finish, p.e.Sequence, p.e.Raw, p.e.Usage, p.e.Counted = c.Finish, c.Sequence, c.Details, r.Usage, r.Counted
		p.event(chat.FinishEvent)
	}
	p.e.Usage, p.e.Counted = r.Usage, r.Counted
	p.event(chat.End)
}

// A replay is the event that is next, in memory that is used for one after another.
type replay struct {
	e    chat.Event
	emit func(*chat.Event)
}

// event hands the event over and empties it, but for where in the answer it is.
//
//go:noinline
func (p *replay) event(kind chat.EventKind) {
	p.e.Kind = kind
	p.emit(&p.e)
	p.e = chat.Event{Choice: p.e.Choice, Index: p.e.Index, Block: p.e.Block}
}

// text and raw are events with something in them, and none without.
func (p *replay) text(kind chat.EventKind, t chat.Text) {
	if len(t) > 0 {
		p.e.Text = t
		p.event(kind)
	}
}

//go:noinline
func (p *replay) raw(kind chat.EventKind, raw chat.Raw) {
	if len(raw) > 0 {
		p.e.Raw = raw
		p.event(kind)
	}
}

// part opens a block, fills it and closes it.
func (p *replay) part(x *chat.Part) {
	p.e.Block = x.Kind
	p.e.ID, p.e.Name, p.e.Raw = x.ID, x.Name, x.Raw
	text := x.Text
	switch {
	case x.Kind == chat.RedactedPart:
		p.e.Text, text = text, nil
	case x.Kind == chat.ToolCallPart && x.Input != nil:
		text = rawjson.AppendEscaped(nil, x.Input)
	case x.Kind == chat.ToolCallPart:
		text = x.Arguments
	}
	p.event(chat.BlockStart)
	p.text(chat.TextDelta, text)
	p.text(chat.SignatureDelta, x.Signature)
	var doc rawjson.Doc
	if len(x.Citations) > 0 && doc.Parse(x.Citations) == nil {
		for it := doc.Root().Items(); it.Next(); {
			p.raw(chat.CitationDelta, it.Value.Raw())
		}
	}
	p.event(chat.BlockStop)
}
