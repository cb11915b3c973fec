package cohere

import (
	"errors"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var (
	errTruncated = errors.New("the Cohere stream ended before its message-end")
	errOrder     = errors.New("the Cohere stream has a part of a call that has not begun")
)

// bigEvent is the size from which on the memory of an event is not kept.
const bigEvent = 4 << 10

// NewDecoder makes a reader of streams of https://docs.cohere.com/v2/docs/streaming.
func (a *adapter) NewDecoder() adapters.Decoder {
	return &decoder{doc: rawjson.Doc{LoneSurrogates: true}}
}

// A decoder reads one stream. Its blocks follow each other; the plan of calls, which has
// no begin and no end, is a text.
type decoder struct {
	doc   rawjson.Doc
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
	*d = decoder{doc: d.doc}
}

func (d *decoder) Event(event, data []byte, emit func(*chat.Event)) error {
	if d.over || string(data) == "[DONE]" {
		return nil
	}
	err := d.doc.Parse(data)
	if err == nil {
		err = d.step(event, d.doc.Root(), emit)
	}
	d.over = d.over || err != nil
	if len(data) > bigEvent {
		d.doc = rawjson.Doc{LoneSurrogates: true}
	}
	return err
}

// send hands over an event from memory that is always the same.
//
//go:noinline
func (d *decoder) send(emit func(*chat.Event), e chat.Event) {
	d.ev = e
	emit(&d.ev)
}

func (d *decoder) step(event []byte, v rawjson.Value, emit func(*chat.Event)) error {
	kind := string(v.Get("type").Bytes())
	if kind == "" {
		kind = string(event)
	}
	if message := v.Get("message"); kind == "error" || kind == "" && message.Exists() {
		d.over = true
		d.send(emit, chat.Event{Kind: chat.Failure, Err: readError(v, 0)})
		return nil
	}
	if kind == "" {
		return nil
	}
	if !d.begun {
		d.begun = true
		d.send(emit, chat.Event{Kind: chat.Start, ID: inner(v.Get("id"))})
	}
	m := v.Find("delta", "message")
	switch kind {
	case "content-start", "content-delta":
		d.content(v, m.Get("content"), kind == "content-start", emit)
	case "tool-plan-delta":
		d.text(chat.TextPart, inner(m.Get("tool_plan")), emit)
	case "tool-call-start":
		return d.call(m.Get("tool_calls"), emit)
	case "tool-call-delta":
		if !d.open || d.kind != chat.ToolCallPart {
			return errOrder
		}
		d.delta(inner(m.Find("tool_calls", "function", "arguments")), emit)
	case "content-end", "tool-call-end":
		d.close(emit)
	case "citation-start":
		d.cite(m.Get("citations"), emit)
	case "message-end":
		return d.end(v.Get("delta"), emit)
	}
	return nil
}

// content opens a block or adds to the one that is open. The first event of a block
// tells its kind, those that follow have a member of its name.
func (d *decoder) content(v, c rawjson.Value, start bool, emit func(*chat.Event)) {
	thought := inner(c.Get("thinking"))
	if start {
		d.close(emit)
		kind := chat.TextPart
		if c.Get("type").Is("thinking") {
			kind = chat.ThinkingPart
		}
		d.begin(chat.Event{Block: kind}, emit)
	}
	d.text(chat.ThinkingPart, thought, emit)
	d.text(chat.TextPart, inner(c.Get("text")), emit)
	if item := v.Get("logprobs"); item.Kind() == rawjson.Object {
		b := rawjson.Builder{Dst: []byte(`{"content":[`)}
		logprob(&b, item)
		b.Raw(`],"refusal":null}`)
		d.send(emit, chat.Event{Kind: chat.LogprobsDelta, Raw: b.Dst})
	}
}

// text adds to the open block, or opens one if it is of another kind.
func (d *decoder) text(kind chat.PartKind, t chat.Text, emit func(*chat.Event)) {
	if len(t) == 0 {
		return
	}
	if !d.open || d.kind != kind {
		d.close(emit)
		d.begin(chat.Event{Block: kind}, emit)
	}
	d.delta(t, emit)
}

func (d *decoder) begin(e chat.Event, emit func(*chat.Event)) {
	e.Kind, e.Index = chat.BlockStart, d.next
	d.open, d.kind = true, e.Block
	d.next++
	d.send(emit, e)
}

func (d *decoder) delta(t chat.Text, emit func(*chat.Event)) {
	if len(t) > 0 {
		d.send(emit, chat.Event{Kind: chat.TextDelta, Index: d.next - 1, Block: d.kind, Text: t})
	}
}

func (d *decoder) close(emit func(*chat.Event)) {
	if d.open {
		d.open = false
		d.send(emit, chat.Event{Kind: chat.BlockStop, Index: d.next - 1, Block: d.kind})
	}
}

// call opens a call. It comes alone, though the member has the name of a list.
func (d *decoder) call(c rawjson.Value, emit func(*chat.Event)) error {
	if c.Kind() == rawjson.Array {
		c = c.At(0)
	}
	f := c.Get("function")
	id, name := inner(c.Get("id")), inner(f.Get("name"))
	if len(id) == 0 || len(name) == 0 {
		return errNameless
	}
	d.close(emit)
	d.begin(chat.Event{Block: chat.ToolCallPart, ID: id, Name: name}, emit)
	d.delta(inner(f.Get("arguments")), emit)
	return nil
}

// cite hands over a citation of the text that is open.
func (d *decoder) cite(c rawjson.Value, emit func(*chat.Event)) {
	if !d.open || d.kind != chat.TextPart {
		return
	}
	for i := range c.Get("sources").Len() {
		b := rawjson.Builder{}
		appendSource(&b, c.Get("sources").At(i))
		if len(b.Dst) > 0 {
			d.send(emit, chat.Event{Kind: chat.CitationDelta, Index: d.next - 1, Block: d.kind, Raw: b.Dst})
		}
	}
}

// end reads the last event.
func (d *decoder) end(delta rawjson.Value, emit func(*chat.Event)) error {
	if e := inner(delta.Get("error")); len(e) > 0 {
		d.over = true
		d.send(emit, chat.Event{Kind: chat.Failure, Err: readError(delta, 0)})
		return nil
	}
	f, err := finish(delta.Get("finish_reason"))
	if err != nil {
		return err
	}
	d.close(emit)
	d.over = true
	u, counted := usage(delta.Get("usage"))
	d.send(emit, chat.Event{Kind: chat.FinishEvent, Finish: f, Usage: u, Counted: counted})
	d.send(emit, chat.Event{Kind: chat.End})
	return nil
}

// Close finds a stream that was cut.
func (d *decoder) Close(func(*chat.Event)) error {
	if d.over {
		return nil
	}
	d.over = true
	return errTruncated
}
