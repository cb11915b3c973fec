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

// event makes an event of the last block's in memory that is always the same.
//
//go:noinline
func (d *decoder) event(kind chat.EventKind) *chat.Event {
	d.ev = chat.Event{Kind: kind}
	switch kind {
	case chat.BlockStart, chat.TextDelta, chat.CitationDelta, chat.BlockStop:
		d.ev.Index, d.ev.Block = d.next-1, d.kind
	}
	return &d.ev
}

func (d *decoder) fail(v rawjson.Value, emit func(*chat.Event)) {
	d.over = true
	e := d.event(chat.Failure)
	e.Err = readError(v, 0)
	emit(e)
}

func (d *decoder) step(event []byte, v rawjson.Value, emit func(*chat.Event)) error {
	kind := string(v.Get("type").Bytes())
	if kind == "" {
		kind = string(event)
	}
	if message := v.Get("message"); kind == "error" || kind == "" && message.Exists() {
		d.fail(v, emit)
		return nil
	}
	if kind == "" {
		return nil
	}
	if !d.begun {
		d.begun = true
		e := d.event(chat.Start)
		e.ID = inner(v.Get("id"))
		emit(e)
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
		kind := chat.TextPart
		if c.Get("type").Is("thinking") {
			kind = chat.ThinkingPart
		}
		emit(d.begin(kind, emit))
	}
	d.text(chat.ThinkingPart, thought, emit)
	d.text(chat.TextPart, inner(c.Get("text")), emit)
	if item := v.Get("logprobs"); item.Kind() == rawjson.Object {
		b := rawjson.Builder{Dst: []byte(`{"content":[`)}
		logprob(&b, item)
		b.Raw(`],"refusal":null}`)
		e := d.event(chat.LogprobsDelta)
		e.Raw = b.Dst
		emit(e)
	}
}

// text adds to the open block, or opens one if it is of another kind.
func (d *decoder) text(kind chat.PartKind, t chat.Text, emit func(*chat.Event)) {
	if len(t) == 0 {
		return
	}
	if !d.open || d.kind != kind {
		emit(d.begin(kind, emit))
	}
	d.delta(t, emit)
}

// begin ends the block that is open and makes the event that opens another.
func (d *decoder) begin(kind chat.PartKind, emit func(*chat.Event)) *chat.Event {
	d.close(emit)
	d.open, d.kind = true, kind
	d.next++
	return d.event(chat.BlockStart)
}

func (d *decoder) delta(t chat.Text, emit func(*chat.Event)) {
	if len(t) > 0 {
		e := d.event(chat.TextDelta)
		e.Text = t
		emit(e)
	}
}

func (d *decoder) close(emit func(*chat.Event)) {
	if d.open {
		d.open = false
		emit(d.event(chat.BlockStop))
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
	e := d.begin(chat.ToolCallPart, emit)
	e.ID, e.Name = id, name
	emit(e)
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
			e := d.event(chat.CitationDelta)
			e.Raw = b.Dst
			emit(e)
		}
	}
}

// end reads the last event.
func (d *decoder) end(delta rawjson.Value, emit func(*chat.Event)) error {
	if e := inner(delta.Get("error")); len(e) > 0 {
		d.fail(delta, emit)
		return nil
	}
	f, err := finish(delta.Get("finish_reason"))
	if err != nil {
		return err
	}
	d.close(emit)
	d.over = true
	e := d.event(chat.FinishEvent)
	e.Finish = f
	e.Usage, e.Counted = usage(delta.Get("usage"))
	emit(e)
	emit(d.event(chat.End))
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
