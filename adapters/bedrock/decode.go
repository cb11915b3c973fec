package bedrock

import (
	"bytes"
	"errors"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/anthropic"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/eventstream"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var (
	errTruncated = errors.New("the Bedrock stream ended before its metadata event")
	errOrder     = errors.New("the Bedrock stream has an event out of order")
)

// bigEvent is the size from which on the memory of an event is not kept.
const bigEvent = 4 << 10

// NewDecoder makes a reader of streams
// (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html).
func (a *adapter) NewDecoder() adapters.Decoder {
	return &decoder{doc: rawjson.Doc{LoneSurrogates: true}}
}

// A decoder reads one stream. Its last event is metadata, behind messageStop: only then
// the usage is known, and the answer is complete.
type decoder struct {
	doc      rawjson.Doc
	state    state
	open     bool
	hidden   bool  // the open block is none of the client's
	at       int64 // what the stream calls the open block
	next     int   // what the client's next is called
	kind     chat.PartKind
	raw      bool // it is of the answer tool
	empty    bool // nothing of it has come yet
	called   bool
	finish   chat.Finish
	sequence []byte
	ev       chat.Event
}

type state uint8

const (
	fresh state = iota
	begun
	stopped
	over
)

var _ adapters.Decoder = (*decoder)(nil)

func (d *decoder) Reset() {
	d.doc.Reset()
	*d = decoder{doc: d.doc, sequence: d.sequence[:0]}
}

// Event reads one event. Types that are not known are passed over.
func (d *decoder) Event(event, data []byte, emit func(*chat.Event)) error {
	if d.state == over {
		return nil
	}
	for _, kind := range [...]string{eventstream.Exception, eventstream.Error} {
		if name, ok := bytes.CutPrefix(event, []byte(kind)); ok {
			d.state = over
			d.event(chat.Failure, nil).Err = streamError(string(name), data)
			emit(&d.ev)
			return nil
		}
	}
	err := d.doc.Parse(data)
	if err == nil {
		err = d.read(event, d.doc.Root(), emit)
	}
	if err != nil {
		d.state = over
	}
	if len(data) > bigEvent {
		d.doc = rawjson.Doc{LoneSurrogates: true}
	}
	return err
}

// streamError is what ended a stream: an exception of the API's, or another error, which
// has no document but says its message as it is.
func streamError(name string, data []byte) *chat.Error {
	var doc rawjson.Doc
	if doc.Parse(data) == nil && doc.Root().Kind() == rawjson.Object {
		return readError(name, 0, doc.Root())
	}
	e := readError(name, 0, rawjson.Value{})
	if len(data) > 0 {
		e.Message = chat.Clip(string(data), mostMessage)
	}
	return e
}

func (d *decoder) read(event []byte, v rawjson.Value, emit func(*chat.Event)) error {
	switch string(event) {
	case "messageStart":
		if d.state != fresh {
			return errOrder
		}
		d.state = begun
		d.event(chat.Start, nil)
		emit(&d.ev)
		return nil
	case "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop":
		if d.state != begun {
			return errOrder
		}
	case "metadata":
		return d.end(v, emit)
	default:
		return nil
	}
	index, _ := v.Get("contentBlockIndex").Int64()
	switch string(event) {
	case "contentBlockStart":
		return d.start(index, v.Get("start"), emit)
	case "contentBlockDelta":
		return d.delta(index, v.Get("delta"), emit)
	case "contentBlockStop":
		if d.open && index == d.at {
			d.close(emit)
		}
		return nil
	}
	d.close(emit)
	var err error
	d.state = stopped
	d.sequence = append(d.sequence[:0], inner(v.Find("additionalModelResponseFields", "stop_sequence"))...)
	d.finish, err = finish(v.Get("stopReason"), d.called)
	return err
}

// end reads the last event.
func (d *decoder) end(v rawjson.Value, emit func(*chat.Event)) error {
	if d.state != stopped {
		return errOrder
	}
	d.state = over
	e := d.event(chat.FinishEvent, nil)
	e.Finish, e.Sequence = d.finish, d.sequence
	if u := v.Get("usage"); u.Kind() == rawjson.Object {
		e.Usage, e.Counted = usage(u), true
	}
	emit(e)
	emit(d.event(chat.End, nil))
	return nil
}

// event makes an event of the open block, in memory that is always the same.
//
//go:noinline
func (d *decoder) event(kind chat.EventKind, t chat.Text) *chat.Event {
	d.ev = chat.Event{}
	d.ev.Kind, d.ev.Text = kind, t
	if kind < chat.FinishEvent && kind > chat.Start {
		d.ev.Index, d.ev.Block = d.next-1, d.kind
	}
	return &d.ev
}

// begin opens a block of the client's: of a call by its id and name, of sealed thinking
// by its text.
func (d *decoder) begin(index int64, kind chat.PartKind, id, name, t chat.Text, emit func(*chat.Event)) {
	d.close(emit)
	d.open, d.hidden, d.raw, d.empty, d.at, d.kind = true, false, false, true, index, kind
	d.next++
	e := d.event(chat.BlockStart, t)
	e.ID, e.Name = id, name
	emit(e)
}

// hide opens a block that the client does not see.
func (d *decoder) hide(index int64, emit func(*chat.Event)) {
	d.close(emit)
	d.open, d.hidden, d.at = true, true, index
}

func (d *decoder) close(emit func(*chat.Event)) {
	if d.open && !d.hidden {
		if d.raw && d.empty {
			d.words(chat.Text("{}"), emit) // no input is an empty object
		}
		emit(d.event(chat.BlockStop, nil))
	}
	d.open = false
}

// words hands over the next words of the open block.
func (d *decoder) words(t chat.Text, emit func(*chat.Event)) {
	if len(t) > 0 {
		d.empty = false
		emit(d.event(chat.TextDelta, t))
	}
}

// start reads what only calls begin with; blocks of other kinds begin with their first
// delta.
func (d *decoder) start(index int64, v rawjson.Value, emit func(*chat.Event)) error {
	u := v.Get("toolUse")
	id, name := inner(u.Get("toolUseId")), inner(u.Get("name"))
	switch {
	case !u.Exists() && v.Len() == 0: // of a text, perhaps
	case !u.Exists(), u.Get("type").Is(serverTool), string(name) == noTool:
		d.hide(index, emit)
	case len(id) == 0 || len(name) == 0:
		return errCall
	case string(name) == anthropic.AnswerTool:
		d.begin(index, chat.TextPart, nil, nil, nil, emit)
		d.raw = true
	default:
		d.called = true
		d.begin(index, chat.ToolCallPart, id, name, nil, emit)
	}
	return nil
}

// within makes sure that a block of the kind is open.
//
//go:noinline
func (d *decoder) within(index int64, kind chat.PartKind, emit func(*chat.Event)) {
	if !d.open || d.at != index || d.kind != kind {
		d.begin(index, kind, nil, nil, nil, emit)
	}
}

func (d *decoder) delta(index int64, v rawjson.Value, emit func(*chat.Event)) error {
	if d.open && d.hidden && d.at == index {
		return nil
	}
	if u := v.Get("toolUse"); u.Exists() {
		if !d.open || d.at != index || d.kind != chat.ToolCallPart && !d.raw {
			return errOrder
		}
		d.words(inner(u.Get("input")), emit)
		return nil
	}
	if t := inner(v.Get("text")); len(t) > 0 {
		d.within(index, chat.TextPart, emit)
		d.words(t, emit)
	}
	if c := v.Get("citation"); c.Exists() {
		if raw := addCitation(nil, c); raw != nil {
			d.within(index, chat.TextPart, emit)
			d.event(chat.CitationDelta, nil).Raw = raw
			emit(&d.ev)
		}
	}
	r := v.Get("reasoningContent")
	if t := inner(r.Get("text")); len(t) > 0 {
		d.within(index, chat.ThinkingPart, emit)
		d.words(t, emit)
	}
	if t := inner(r.Get("signature")); len(t) > 0 {
		d.within(index, chat.ThinkingPart, emit)
		emit(d.event(chat.SignatureDelta, t))
	}
	if t := inner(r.Get("redactedContent")); len(t) > 0 {
		d.begin(index, chat.RedactedPart, nil, nil, t, emit)
	}
	return nil
}

// Finished reports whether the answer has its reason to end.
func (d *decoder) Finished() bool { return d.finish != chat.FinishNone }

// Close reports a stream that ended before its last event. One that failed has said so.
func (d *decoder) Close(func(*chat.Event)) error {
	if d.state == over {
		return nil
	}
	return errTruncated
}
