package ollama

import (
	"errors"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var (
	errTruncated = errors.New("the Ollama stream ended before its answer was done")
	errLine      = errors.New("the Ollama stream: want objects with a message, got a line of another form")
)

// bigLine is the size from which on the memory of a line is not kept.
const bigLine = 4 << 10

// NewDecoder makes a reader of streams: each line is an answer with what is new.
func (a *adapter) NewDecoder() adapters.Decoder {
	return &decoder{doc: rawjson.Doc{LoneSurrogates: true}}
}

// A decoder reads one stream. The line that is done is the last.
type decoder struct {
	doc   rawjson.Doc
	parts []chat.Part // scratch
	text  []byte      // scratch
	ids   ids
	next  int // index of the next block
	open  bool
	kind  chat.PartKind // of the open block
	begun bool
	over  bool
	ev    chat.Event
}

var _ adapters.Decoder = (*decoder)(nil)

func (d *decoder) Reset() {
	d.doc.Reset()
	*d = decoder{doc: d.doc, parts: d.parts[:0], text: d.text[:0]}
}

func (d *decoder) Event(_, data []byte, emit func(*chat.Event)) error {
	if d.over {
		return nil
	}
	err := d.doc.Parse(data)
	if err == nil {
		err = d.line(d.doc.Root(), emit)
	}
	d.over = d.over || err != nil
	if len(data) > bigLine {
		d.doc, d.parts, d.text = rawjson.Doc{LoneSurrogates: true}, nil, nil
	}
	return err
}

func (d *decoder) line(v rawjson.Value, emit func(*chat.Event)) error {
	if e := v.Get("error"); e.Exists() {
		d.over = true
		e := d.event(chat.Failure)
		e.Err = readError(v, 0)
		emit(e)
		return nil
	}
	m := v.Get("message")
	done, _ := v.Get("done").Bool()
	if m.Kind() != rawjson.Object && !done {
		return errLine
	}
	if !d.begun {
		d.begun = true
		d.ids = newIDs(v)
		e := d.event(chat.Start)
		e.ID, e.Model, e.Created = d.ids.answer(), inner(v.Get("model")), created(v)
		emit(e)
	}
	var err error
	if d.parts, err = d.ids.parts(d.parts[:0], m); err != nil {
		return err
	}
	for i := range d.parts {
		d.part(&d.parts[i], emit)
	}
	if raw := logprobs(v.Get("logprobs")); raw != nil {
		e := d.event(chat.LogprobsDelta)
		e.Raw = raw
		emit(e)
	}
	if done {
		d.over = true
		d.close(emit)
		e := d.event(chat.FinishEvent)
		e.Finish = finish(v.Get("done_reason"), d.ids.calls > 0)
		e.Usage, e.Counted = usage(v)
		emit(e)
		emit(d.event(chat.End))
	}
	return nil
}

// event makes an event of the last block's in memory that is always the same.
//
//go:noinline
func (d *decoder) event(kind chat.EventKind) *chat.Event {
	d.ev = chat.Event{Kind: kind}
	if kind == chat.BlockStart || kind == chat.TextDelta || kind == chat.BlockStop {
		d.ev.Index, d.ev.Block = d.next-1, d.kind
	}
	return &d.ev
}

// part writes a part: texts of a kind that follow each other are one block, a call comes
// whole and is one of its own.
func (d *decoder) part(p *chat.Part, emit func(*chat.Event)) {
	call := p.Kind == chat.ToolCallPart
	if !d.open || call || d.kind != p.Kind {
		d.close(emit)
		d.open, d.kind = true, p.Kind
		d.next++
		e := d.event(chat.BlockStart)
		e.ID, e.Name = p.ID, p.Name
		emit(e)
	}
	e := d.event(chat.TextDelta)
	if e.Text = p.Text; call {
		d.text = rawjson.AppendEscaped(d.text[:0], p.Input)
		e.Text = d.text
	}
	emit(e)
	if call {
		d.close(emit)
	}
}

func (d *decoder) close(emit func(*chat.Event)) {
	if d.open {
		d.open = false
		emit(d.event(chat.BlockStop))
	}
}

// Close finds a stream that was cut.
func (d *decoder) Close(func(*chat.Event)) error {
	if d.over {
		return nil
	}
	d.over = true
	return errTruncated
}
