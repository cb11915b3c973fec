package geminigenerate

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/streams"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// mostArguments bounds what is kept of a call's arguments, far above what models write.
const mostArguments = 4 << 20

// encoder writes streams: each event is a GenerateContentResponse with what is new. A
// call comes whole in one of them, and so does the signature of thoughts; why answers
// ended and the usage come in the last.
type encoder struct {
	array   bool
	state   state
	model   []byte
	id      []byte
	usage   chat.Usage
	counted bool
	lanes   []lane
}

type state uint8

const (
	atStart state = iota
	begun
	ended
)

// A lane is one of the answers.
type lane struct {
	kind      chat.PartKind // of the open block
	id, name  []byte        // of its call
	text      []byte        // the call's arguments, or the signature of thoughts
	signature []byte        // of the call that follows
	finish    chat.Finish
	end       ending
}

var _ adapters.Encoder = (*encoder)(nil)

func (e *encoder) Reset(r *chat.Request) {
	lanes := e.lanes
	for i := range lanes {
		if l := &lanes[i]; cap(l.text) > 16<<10 {
			l.text = nil // a call that was large is not the memory's to keep
		}
	}
	*e = encoder{array: e.array, model: rawjson.AppendEscaped(e.model[:0], r.Model), id: e.id[:0], lanes: lanes[:0]}
}

// lane is the state of an answer; nil for one that cannot have been asked for.
func (e *encoder) lane(choice int) *lane {
	if choice < 0 || choice >= mostChoices {
		return nil
	}
	for len(e.lanes) <= choice {
		if len(e.lanes) < cap(e.lanes) {
			e.lanes = e.lanes[:len(e.lanes)+1]
		} else {
			e.lanes = append(e.lanes, lane{})
		}
		l := &e.lanes[len(e.lanes)-1]
		*l = lane{id: l.id[:0], name: l.name[:0], text: l.text[:0], signature: l.signature[:0]}
	}
	return &e.lanes[choice]
}

// Append writes what an event is here.
func (e *encoder) Append(dst []byte, ev *chat.Event) []byte {
	if e.state == ended {
		return dst
	}
	if ev.Kind == chat.Failure {
		dst = e.close(AppendError(e.open(dst), ev.Err))
		if e.state = ended; e.array {
			dst = add(dst, "]")
		}
		return dst
	}
	if ev.Counted {
		e.counted = true
		streams.Count(&e.usage, &ev.Usage)
	}
	switch ev.Kind {
	case chat.Ping: // there is none in this API
		return dst
	case chat.Start:
		if e.id = append(e.id[:0], ev.ID...); len(ev.Model) > 0 {
			e.model = append(e.model[:0], ev.Model...)
		}
		return dst
	case chat.End:
		return e.finish(dst)
	}
	if l := e.lane(ev.Choice); l != nil {
		dst = e.step(dst, l, ev)
	}
	return dst
}

// step takes an event of one of the answers.
func (e *encoder) step(dst []byte, l *lane, ev *chat.Event) []byte {
	switch ev.Kind {
	case chat.BlockStart:
		l.kind, l.text = ev.Block, l.text[:0]
		switch ev.Block {
		case chat.ToolCallPart:
			l.id, l.name = append(l.id[:0], ev.ID...), append(l.name[:0], ev.Name...)
		case chat.RedactedPart:
			if s := marked(ev.Text); s != nil {
				l.signature = append(l.signature[:0], s...)
				break
			}
			return e.part(dst, l, ev.Choice, ev.Text, nil)
		}
	case chat.TextDelta:
		if l.kind != chat.ToolCallPart {
			return e.delta(dst, l, ev)
		}
		if l.text = append(l.text, ev.Text...); len(l.text) > mostArguments {
			l.text = append(l.text[:0], "too long: "...) // which is no JSON, whatever follows
		}
	case chat.SignatureDelta:
		if l.kind == chat.ThinkingPart {
			l.text = append(l.text, ev.Text...)
		}
	case chat.BlockStop:
		return e.blockStop(dst, l, ev.Choice)
	case chat.LogprobsDelta:
		from := len(dst)
		dst = e.candidate(e.open(dst), ev.Choice)
		at := len(dst)
		if dst = appendLogprobs(dst, ev.Raw); len(dst) == at { // there are none in it
			return dst[:from]
		}
		return e.close(appendEnd(add(dst, `}]`), e.model, e.id))
	case chat.FinishEvent:
		l.finish = ev.Finish
	}
	return dst
}

func (e *encoder) delta(dst []byte, l *lane, ev *chat.Event) []byte {
	if len(ev.Text) == 0 || l.kind != chat.TextPart && l.kind != chat.RefusalPart && l.kind != chat.ThinkingPart {
		return dst
	}
	return e.part(dst, l, ev.Choice, ev.Text, nil)
}

func (e *encoder) blockStop(dst []byte, l *lane, choice int) []byte {
	switch l.kind {
	case chat.ToolCallPart:
		p := chat.Part{Kind: l.kind, ID: l.id, Name: l.name, Arguments: l.text}
		before := len(dst)
		dst = add(e.candidate(e.open(dst), choice), `,"content":{"parts":[`)
		from := len(dst)
		dst = appendCall(dst, &p, l.signature, &l.end)
		l.signature = l.signature[:0]
		if len(dst) == from {
			return dst[:before]
		}
		return e.content(dst)
	case chat.ThinkingPart:
		if len(l.text) > 0 {
			return e.part(dst, l, choice, nil, l.text)
		}
	}
	return dst
}

// part writes an event with one part.
func (e *encoder) part(dst []byte, l *lane, choice int, text, signature chat.Text) []byte {
	dst = add(e.candidate(e.open(dst), choice), `,"content":{"parts":[`)
	return e.content(appendPart(dst, l.kind, text, signature, &l.end))
}

// content closes an event with a content.
//
//go:noinline
func (e *encoder) content(dst []byte) []byte {
	return e.close(appendEnd(add(dst, `],"role":"model"}}]`), e.model, e.id))
}

// open begins an event, or an element of the array.
//
//go:noinline
func (e *encoder) open(dst []byte) []byte {
	switch {
	case !e.array:
		dst = add(dst, "data: ")
	case e.state == atStart:
		dst = add(dst, "[")
	default:
		dst = add(dst, ",\r\n")
	}
	return dst
}

//go:noinline
func (e *encoder) close(dst []byte) []byte {
	e.state = begun
	if e.array {
		return dst
	}
	return add(dst, "\n\n")
}

//go:noinline
func (e *encoder) candidate(dst []byte, choice int) []byte {
	return append(add(dst, `{"candidates":[{"index":`), '0'+byte(choice))
}

// finish writes the last event. Its text is empty, as Google's is: clients take a content
// without parts for an answer that failed.
func (e *encoder) finish(dst []byte) []byte {
	dst = add(e.open(dst), `{"candidates":[`)
	e.lane(0)
	for i := range e.lanes {
		l := &e.lanes[i]
		dst = add(comma(dst), `{"content":{"parts":[{"text":""}],"role":"model"}`)
		dst = l.end.append(dst, l.finish)
		dst = append(add(dst, `,"index":`), '0'+byte(i), '}')
	}
	dst = add(dst, `]`)
	if e.counted {
		dst = appendUsage(dst, e.usage)
	}
	dst = e.close(appendEnd(dst, e.model, e.id))
	if e.state = ended; e.array {
		dst = add(dst, "]")
	}
	return dst
}
