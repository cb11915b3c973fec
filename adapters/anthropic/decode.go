package anthropic

import (
	"errors"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Errors of streams that do not keep to the API's grammar.
var (
	errTruncated = errors.New("the Anthropic stream ended before its last event")
	errOrder     = errors.New("the Anthropic stream has an event out of order")
	errCall      = errors.New("the Anthropic stream has a call without an id or a name")
)

// NewDecoder makes a reader of https://platform.claude.com/docs/en/build-with-claude/streaming.
func (t *Translation) NewDecoder() adapters.Decoder {
	d := &decoder{}
	d.doc.LoneSurrogates = true
	return d
}

// A decoder reads one stream. It keeps nothing of what was said, only where the
// stream is.
type decoder struct {
	doc   rawjson.Doc
	ev    chat.Event
	count counter
	state streamState
	index int           // of the open block
	next  int           // of the one after it
	late  bool          // usage came behind the reason
	block chat.PartKind // its kind
	inRaw bool          // the open block is the answer as the input of answerTool
	empty bool          // nothing of the open block has come

	answered, called bool // there was such a block, or a call for the client
}

type streamState uint8

const (
	atStart streamState = iota
	atBlocks
	inBlock
	atStop // the reason was given
	atEnd
	failed
)

var _ adapters.Decoder = (*decoder)(nil)

func (d *decoder) Reset() {
	doc := d.doc
	doc.Reset()
	*d = decoder{doc: doc}
}

// Event reads one event. Types that are not known are passed over, as the API asks
// its clients to.
func (d *decoder) Event(event, data []byte, emit func(*chat.Event)) error {
	if d.state == failed || d.state == atEnd || string(event) == "ping" {
		return nil
	}
	if d.state == inBlock {
		if t, ok := plainDelta(data); ok {
			d.words(t, emit)
			return nil
		}
	}
	err := d.doc.Parse(data)
	if err == nil {
		err = d.read(d.doc.Root(), emit)
	}
	if err != nil {
		d.state = failed
	}
	if len(data) > largeEvent {
		d.doc = rawjson.Doc{LoneSurrogates: true}
	}
	return err
}

// words hands over the next words of the open block.
//
//go:noinline
func (d *decoder) words(t chat.Text, emit func(*chat.Event)) {
	if len(t) > 0 {
		d.empty = false
		d.send(emit, chat.Event{Kind: chat.TextDelta, Index: d.index, Block: d.block, Text: t})
	}
}

// largeEvent is the size from which on an event's tape is not kept for the next one, so
// that a stream holds at most 32 KB of it.
const largeEvent = 4 << 10

func (d *decoder) read(e rawjson.Value, emit func(*chat.Event)) error {
	switch kind := e.Get("type"); {
	case kind.Is("content_block_delta"):
		if d.state != inBlock {
			return errOrder
		}
		d.delta(e.Get("delta"), emit)
	case kind.Is("content_block_start"):
		if d.state != atBlocks {
			return errOrder
		}
		return d.start(e, emit)
	case kind.Is("content_block_stop"):
		if d.state != inBlock {
			return errOrder
		}
		d.state = atBlocks
		if d.inRaw && d.empty {
			d.words(chat.Text("{}"), emit) // no input is an empty object
		}
		d.send(emit, chat.Event{Kind: chat.BlockStop, Index: d.index, Block: d.block})
	case kind.Is("message_start"):
		if d.state != atStart {
			return errOrder
		}
		d.begin(e.Get("message"), emit)
	case kind.Is("message_delta"):
		return d.finish(e, emit)
	case kind.Is("message_stop"):
		if d.state != atStop {
			return errOrder
		}
		d.state = atEnd
		end := chat.Event{Kind: chat.End}
		if d.late {
			end.Usage, end.Counted = d.count.usage(), true
		}
		d.send(emit, end)
	case kind.Is("error"):
		d.state = failed
		err := readError(e.Get("error"), 0)
		if err == nil {
			err = &chat.Error{Status: 500, Kind: chat.Internal, Message: "the Anthropic stream failed"}
		}
		d.send(emit, chat.Event{Kind: chat.Failure, Err: err})
	}
	return nil
}

// send hands over an event without allocating it.
//
//go:noinline
func (d *decoder) send(emit func(*chat.Event), e chat.Event) {
	d.ev = e
	emit(&d.ev)
}

func (d *decoder) begin(m rawjson.Value, emit func(*chat.Event)) {
	d.state = atBlocks
	e := chat.Event{Kind: chat.Start, ID: textOf(m.Get("id")), Model: textOf(m.Get("model"))}
	if usage := m.Get("usage"); usage.Kind() == rawjson.Object {
		d.count.add(usage)
		e.Usage, e.Counted = d.count.usage(), true
		e.Tier = tierOf(usage)
	}
	d.send(emit, e)
}

// start opens a block. What it holds already is handed over as a first delta. Blocks
// come one after the other, so they are counted here.
func (d *decoder) start(e rawjson.Value, emit func(*chat.Event)) error {
	var p chat.Part
	readBlock(e.Get("content_block"), &p)
	if p.Kind == chat.ToolCallPart && (len(p.ID) == 0 || len(p.Name) == 0) {
		return errCall
	}
	d.state, d.empty = inBlock, true
	d.index, d.next = d.next, d.next+1
	d.inRaw = p.Kind == chat.ToolCallPart && string(p.Name) == answerTool
	switch {
	case d.inRaw:
		d.answered = true
		p = chat.Part{}
	case p.Kind == chat.ToolCallPart:
		d.called = true
	}
	d.block = p.Kind
	open := chat.Event{Kind: chat.BlockStart, Index: d.index, Block: p.Kind, ID: p.ID, Name: p.Name, Raw: p.Raw}
	if p.Kind == chat.RedactedPart {
		open.Text = p.Text
	}
	d.send(emit, open)
	if p.Kind == chat.TextPart || p.Kind == chat.ThinkingPart {
		d.words(p.Text, emit)
	}
	return nil
}

// delta reads the next piece of the open block.
func (d *decoder) delta(v rawjson.Value, emit func(*chat.Event)) {
	switch kind := v.Get("type"); {
	case kind.Is("text_delta"):
		d.words(textOf(v.Get("text")), emit)
	case kind.Is("input_json_delta"):
		d.words(textOf(v.Get("partial_json")), emit)
	case kind.Is("thinking_delta"):
		d.words(textOf(v.Get("thinking")), emit)
	case kind.Is("signature_delta"):
		if t := textOf(v.Get("signature")); len(t) > 0 {
			d.send(emit, chat.Event{Kind: chat.SignatureDelta, Index: d.index, Block: d.block, Text: t})
		}
	case kind.Is("citations_delta"):
		if raw := object(v.Get("citation")); raw != nil {
			d.send(emit, chat.Event{Kind: chat.CitationDelta, Index: d.index, Block: d.block, Raw: raw})
		}
	}
}

// finish reads message_delta: why the model stopped, and the usage in total. A first
// one may come without a reason.
func (d *decoder) finish(e rawjson.Value, emit func(*chat.Event)) error {
	if d.state != atBlocks && d.state != atStop {
		return errOrder
	}
	counted := false
	if usage := e.Get("usage"); usage.Kind() == rawjson.Object {
		d.count.add(usage)
		counted = true
	}
	if d.state == atStop { // there is one reason, but its usage may be told again
		d.late = d.late || counted
		return nil
	}
	delta := e.Get("delta")
	reason := finish(delta.Get("stop_reason"))
	if reason == chat.FinishNone {
		return nil
	}
	if reason == chat.FinishTools && d.answered && !d.called {
		reason = chat.FinishStop
	}
	d.state = atStop
	out := chat.Event{Kind: chat.FinishEvent, Finish: reason, Sequence: textOf(delta.Get("stop_sequence")), Raw: object(delta.Get("stop_details"))}
	if counted {
		out.Usage, out.Counted = d.count.usage(), true
	}
	d.send(emit, out)
	return nil
}

// Close reports a stream that ended before message_stop. One that failed with an error
// event has said so.
func (d *decoder) Close(func(*chat.Event)) error {
	if d.state == atEnd || d.state == failed {
		return nil
	}
	return errTruncated
}
