package openai

import (
	"bytes"
	"errors"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var (
	errReopened    = errors.New("the provider's stream goes on with a tool call that was complete")
	errInterleaved = errors.New("the provider's stream mixes tool calls beyond what is kept of them")
	errNameless    = errors.New("the provider's stream has a tool call without a name")
	errCalls       = errors.New("the provider's stream has too many tool calls")
)

// Bounds of what a stream keeps, for all its answers together.
const (
	mostCalls   = 128
	mostWaiting = 12 << 10 // bytes of blocks that wait for the one before them
	mostID      = 128
)

// A lane is one of the answers: the block that is open, and those that wait because
// they came before it was complete. The API lets calls come in any order; here a block
// ends before the next begins. Calls that come one after the other never wait.
type lane struct {
	choice   int
	next     int // index of the next block
	open     bool
	kind     chat.PartKind // of the open block
	call     int           // the open block's place in calls
	detail   int64         // which of reasoning_details it is; -1: not said
	calls    []call
	waiting  []block
	finish   chat.Finish
	finished bool
	refused  bool
	tags     tags
}

// A call is a tool call that was seen.
type call struct {
	index int64 // as the provider counts
	id    []byte
	args  argument
	state callState
}

type callState uint8

const (
	callWaits callState = iota
	callOpen
	callClosed
)

// A block waits.
type block struct {
	kind chat.PartKind
	call int
	name []byte
	text []byte
}

// delta reads what a chunk adds. What comes after the end is not looked at.
func (l *lane) delta(d *decoder, v rawjson.Value, emit func(*chat.Event)) error {
	if v.Kind() != rawjson.Object || l.finished {
		return nil
	}
	if err := l.reasoning(d, v, emit); err != nil {
		return err
	}
	if err := l.answer(d, inner(v.Get("content")), emit); err != nil {
		return err
	}
	if err := l.chunks(d, v.Get("content"), emit); err != nil {
		return err
	}
	if t := inner(v.Get("refusal")); len(t) > 0 {
		l.refused = true
		if err := l.text(d, chat.RefusalPart, t, emit); err != nil {
			return err
		}
	}
	if l.open && l.kind == chat.TextPart {
		for it := v.Get("annotations").Items(); it.Next(); {
			a := it.Value
			if c := a.Get("url_citation"); c.Kind() == rawjson.Object {
				d.send(emit, chat.Event{Kind: chat.CitationDelta, Choice: l.choice, Index: l.next - 1, Raw: appendCitation(nil, c)})
			}
		}
	}
	calls := v.Get("tool_calls")
	if calls.Get("function").Kind() == rawjson.Object { // as text-generation-inference had it
		c := callOf(calls)
		return l.toolCall(d, &c, emit)
	}
	for it := calls.Items(); it.Next(); {
		c := callOf(it.Value)
		if err := l.toolCall(d, &c, emit); err != nil {
			return err
		}
	}
	return nil
}

// answer adds to the text, in which thinking may stand.
func (l *lane) answer(d *decoder, t chat.Text, emit func(*chat.Event)) error {
	switch {
	case len(t) == 0:
		return nil
	case d.tags:
		return l.tagged(d, t, emit)
	}
	return l.text(d, chat.TextPart, t, emit)
}

// reasoning reads thinking, as other servers of this format show it.
func (l *lane) reasoning(d *decoder, v rawjson.Value, emit func(*chat.Event)) error {
	details := v.Get("reasoning_details")
	if details.Len() == 0 {
		if t := plainThought(v.Get("reasoning_content"), v.Get("reasoning")); len(t) > 0 {
			return l.text(d, chat.ThinkingPart, t, emit)
		}
		return nil
	}
	for it := details.Items(); it.Next(); {
		e := it.Value
		if err := l.reasoningDetail(d, e, emit); err != nil {
			return err
		}
	}
	return nil
}

func (l *lane) reasoningDetail(d *decoder, v rawjson.Value, emit func(*chat.Event)) error {
	index, ok := v.Get("index").Int64()
	if !ok {
		index = -1
	}
	if l.open && l.kind == chat.ThinkingPart && l.detail != index {
		l.close(d, emit)
	}
	if v.Get("type").Is("reasoning.encrypted") {
		return l.redacted(d, inner(v.Get("data")), emit)
	}
	t := inner(v.Get("text"))
	if len(t) == 0 {
		t = inner(v.Get("summary"))
	}
	if len(t) > 0 {
		if err := l.text(d, chat.ThinkingPart, t, emit); err != nil {
			return err
		}
	}
	l.detail = index
	return l.sign(d, inner(v.Get("signature")), emit)
}

// redacted writes a block of its own: its data never comes in pieces.
func (l *lane) redacted(d *decoder, data chat.Text, emit func(*chat.Event)) error {
	if l.busy() {
		l.waiting = append(l.waiting, block{kind: chat.RedactedPart})
		return l.keep(d, &l.waiting[len(l.waiting)-1], data)
	}
	l.close(d, emit)
	l.begin(d, chat.Event{Block: chat.RedactedPart, Text: data}, emit)
	l.close(d, emit)
	return nil
}

// text adds to the open block of the kind, or opens one.
func (l *lane) text(d *decoder, kind chat.PartKind, t chat.Text, emit func(*chat.Event)) error {
	if l.busy() {
		if n := len(l.waiting); n == 0 || l.waiting[n-1].kind != kind {
			l.waiting = append(l.waiting, block{kind: kind})
		}
		return l.keep(d, &l.waiting[len(l.waiting)-1], t)
	}
	if !l.open || l.kind != kind {
		l.close(d, emit)
		l.begin(d, chat.Event{Block: kind}, emit)
	}
	if len(t) > 0 {
		d.send(emit, chat.Event{Kind: chat.TextDelta, Choice: l.choice, Index: l.next - 1, Block: kind, Text: t})
	}
	return nil
}

// busy reports whether what is new has to wait: other blocks do, or the open one is a
// call whose arguments are not complete.
func (l *lane) busy() bool {
	return len(l.waiting) > 0 || l.open && l.kind == chat.ToolCallPart && !l.calls[l.call].args.complete
}

func (l *lane) keep(d *decoder, b *block, t chat.Text) error {
	if d.kept += len(t); d.kept > mostWaiting || len(l.waiting) > mostCalls {
		return errInterleaved
	}
	b.text = append(b.text, t...)
	return nil
}

// toolCall takes a piece of a call.
func (l *lane) toolCall(d *decoder, p *Call, emit func(*chat.Event)) error {
	if err := l.untag(d, emit); err != nil {
		return err
	}
	if isNoID(p.ID) {
		p.ID = nil
	}
	name, args := p.Name, p.Arguments
	if len(p.ID) > mostID || len(name) > mostID {
		return errInterleaved
	}
	at := l.find(p)
	if at < 0 {
		return l.newCall(d, p, emit)
	}
	c := &l.calls[at]
	switch c.state {
	case callOpen:
		if len(args) > 0 {
			l.arguments(d, at, args, emit)
			l.advance(d, emit)
		}
	case callWaits:
		for i := range l.waiting {
			b := &l.waiting[i]
			if b.kind != chat.ToolCallPart || b.call != at {
				continue
			}
			if len(b.name) == 0 {
				b.name = append(b.name, name...)
			}
			err := l.keep(d, b, args)
			l.advance(d, emit)
			return err
		}
	case callClosed:
		if !c.args.blank(args) {
			return errReopened
		}
	}
	return nil
}

// find is the call that a piece belongs to, -1 if it begins one. Some servers give all
// calls the same index, or none, and tell them apart by their ids.
func (l *lane) find(p *Call) int {
	for i := len(l.calls) - 1; i >= 0; i-- {
		c := &l.calls[i]
		switch {
		case p.Numbered && c.index != p.Index:
		case len(p.ID) == 0 || bytes.Equal(c.id, p.ID):
			return i
		case p.Numbered:
			return -1
		}
	}
	return -1
}

func (l *lane) newCall(d *decoder, p *Call, emit func(*chat.Event)) error {
	if d.calls++; d.calls > mostCalls {
		return errCalls
	}
	name, args := p.Name, p.Arguments
	at := len(l.calls)
	c := call{index: p.Index, id: append([]byte(nil), p.ID...)}
	if !p.Numbered {
		c.index = int64(at)
	}
	if len(p.ID) == 0 {
		c.id = callID(nil, d.created, l.choice<<8|at)
	}
	l.calls = append(l.calls, c)
	if l.busy() || len(name) == 0 {
		l.waiting = append(l.waiting, block{kind: chat.ToolCallPart, call: at, name: append([]byte(nil), name...)})
		return l.keep(d, &l.waiting[len(l.waiting)-1], args)
	}
	l.close(d, emit)
	l.beginCall(d, at, name, emit)
	if len(args) > 0 {
		l.arguments(d, at, args, emit)
	}
	return nil
}

func (l *lane) beginCall(d *decoder, at int, name chat.Text, emit func(*chat.Event)) {
	l.calls[at].state = callOpen
	l.call = at
	l.begin(d, chat.Event{Block: chat.ToolCallPart, ID: l.calls[at].id, Name: name}, emit)
}

func (l *lane) begin(d *decoder, e chat.Event, emit func(*chat.Event)) {
	e.Kind, e.Choice, e.Index = chat.BlockStart, l.choice, l.next
	l.open, l.kind, l.detail = true, e.Block, -1
	l.next++
	d.send(emit, e)
}

func (l *lane) arguments(d *decoder, at int, args chat.Text, emit func(*chat.Event)) {
	l.calls[at].args.feed(args)
	d.send(emit, chat.Event{Kind: chat.TextDelta, Choice: l.choice, Index: l.next - 1, Block: chat.ToolCallPart, Text: args})
}

func (l *lane) close(d *decoder, emit func(*chat.Event)) {
	if !l.open {
		return
	}
	l.open = false
	if l.kind == chat.ToolCallPart {
		l.calls[l.call].state = callClosed
	}
	d.send(emit, chat.Event{Kind: chat.BlockStop, Choice: l.choice, Index: l.next - 1, Block: l.kind})
}

// advance lets blocks go on that wait for nothing any more.
func (l *lane) advance(d *decoder, emit func(*chat.Event)) {
	for len(l.waiting) > 0 {
		b := &l.waiting[0]
		if l.open && l.kind == chat.ToolCallPart && !l.calls[l.call].args.complete || b.kind == chat.ToolCallPart && len(b.name) == 0 {
			return
		}
		l.release(d, emit)
	}
}

// release writes the first block that waits.
func (l *lane) release(d *decoder, emit func(*chat.Event)) {
	l.close(d, emit)
	b := l.waiting[0]
	l.waiting = l.waiting[1:]
	d.kept -= len(b.text)
	if b.kind == chat.ToolCallPart {
		l.beginCall(d, b.call, b.name, emit)
		if len(b.text) > 0 {
			l.arguments(d, b.call, b.text, emit)
		}
		return
	}
	if b.kind == chat.RedactedPart {
		l.begin(d, chat.Event{Block: b.kind, Text: b.text}, emit)
		return
	}
	l.begin(d, chat.Event{Block: b.kind}, emit)
	if len(b.text) > 0 {
		d.send(emit, chat.Event{Kind: chat.TextDelta, Choice: l.choice, Index: l.next - 1, Block: b.kind, Text: b.text})
	}
}

// end takes why the answer ended.
func (l *lane) end(d *decoder, reason []byte, emit func(*chat.Event)) error {
	if string(reason) == "error" {
		return errFailed
	}
	if l.finished {
		return nil
	}
	l.finished = true
	l.finish = finish(reason, len(l.calls) > 0, l.refused)
	return l.drain(d, emit)
}

// drain ends the answer: what waits has nothing more to wait for.
func (l *lane) drain(d *decoder, emit func(*chat.Event)) error {
	if err := l.untag(d, emit); err != nil {
		return err
	}
	for len(l.waiting) > 0 {
		if b := &l.waiting[0]; b.kind == chat.ToolCallPart && len(b.name) == 0 {
			return errNameless
		}
		l.release(d, emit)
	}
	l.close(d, emit)
	return nil
}
