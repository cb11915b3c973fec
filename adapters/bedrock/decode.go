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
			d.send(emit, chat.Event{Kind: chat.Failure, Err: streamError(string(name), data)})
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
		e.Message = tidy(string(data))
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
		d.send(emit, chat.Event{Kind: chat.Start})
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
	done := chat.Event{Kind: chat.FinishEvent, Finish: d.finish, Sequence: d.sequence}
	if u := v.Get("usage"); u.Kind() == rawjson.Object {
		done.Usage, done.Counted = usage(u), true
	}
	d.send(emit, done)
	d.send(emit, chat.Event{Kind: chat.End})
	return nil
}

// send hands over an event from memory that is always the same.
//
//go:noinline
func (d *decoder) send(emit func(*chat.Event), e chat.Event) {
	d.ev = e
	emit(&d.ev)
}

// begin opens a block of the client's.
func (d *decoder) begin(index int64, open chat.Event, emit func(*chat.Event)) {
	d.close(emit)
	d.open, d.hidden, d.raw, d.empty, d.at, d.kind = true, false, false, true, index, open.Block
	open.Kind, open.Index = chat.BlockStart, d.next
	d.next++
	d.send(emit, open)
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
		d.send(emit, chat.Event{Kind: chat.BlockStop, Index: d.next - 1, Block: d.kind})
	}
	d.open = false
}

// words hands over the next words of the open block.
func (d *decoder) words(t chat.Text, emit func(*chat.Event)) {
	if len(t) > 0 {
		d.empty = false
		d.send(emit, chat.Event{Kind: chat.TextDelta, Index: d.next - 1, Block: d.kind, Text: t})
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
		d.begin(index, chat.Event{Block: chat.TextPart}, emit)
		d.raw = true
	default:
		d.called = true
		d.begin(index, chat.Event{Block: chat.ToolCallPart, ID: id, Name: name}, emit)
	}
	return nil
}

// within makes sure that a block of the kind is open.
func (d *decoder) within(index int64, kind chat.PartKind, emit func(*chat.Event)) {
	if !d.open || d.at != index || d.kind != kind {
		d.begin(index, chat.Event{Block: kind}, emit)
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
		if raw := citation(c); raw != nil {
			d.within(index, chat.TextPart, emit)
			d.send(emit, chat.Event{Kind: chat.CitationDelta, Index: d.next - 1, Block: d.kind, Raw: raw})
		}
	}
	r := v.Get("reasoningContent")
	if t := inner(r.Get("text")); len(t) > 0 {
		d.within(index, chat.ThinkingPart, emit)
		d.words(t, emit)
	}
	if t := inner(r.Get("signature")); len(t) > 0 {
		d.within(index, chat.ThinkingPart, emit)
		d.send(emit, chat.Event{Kind: chat.SignatureDelta, Index: d.next - 1, Block: d.kind, Text: t})
	}
	if t := inner(r.Get("redactedContent")); len(t) > 0 {
		d.begin(index, chat.Event{Block: chat.RedactedPart, Text: t}, emit)
	}
	return nil
}

// Close reports a stream that ended before its last event. One that failed has said so.
func (d *decoder) Close(func(*chat.Event)) error {
	if d.state == over {
		return nil
	}
	return errTruncated
}
