package llama

import (
	"bytes"
	"errors"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var (
	errTruncated = errors.New("the Llama API's stream ended before its metrics")
	errEvent     = errors.New("the Llama API's stream: want an event, got another document")
	errNameless  = errors.New("the Llama API's stream has a tool call without a name")
	errUnended   = errors.New("the Llama API's stream has metrics before the answer's reason to end")
)

// decoder reads events. Blocks come one after the other.
type decoder struct {
	adapter *adapter
	doc     rawjson.Doc
	call    []byte // id of the open call, as the API gave it
	blocks  int
	calls   int
	open    bool
	kind    chat.PartKind // of the open block
	begun   bool
	ended   bool // it has its reason
	done    bool
	finish  chat.Finish
	ev      chat.Event
}

var _ adapters.Decoder = (*decoder)(nil)

// NewDecoder makes a reader of streams.
func (a *adapter) NewDecoder() adapters.Decoder {
	return &decoder{adapter: a, doc: rawjson.Doc{LoneSurrogates: true}}
}

func (d *decoder) Reset() {
	d.doc.Reset()
	*d = decoder{adapter: d.adapter, doc: d.doc, call: d.call[:0]}
}

// bigEvent is from how many bytes on the memory of an event is not kept.
const bigEvent = 2 << 10

func (d *decoder) Event(event, data []byte, emit func(*chat.Event)) error {
	if d.done {
		return nil
	}
	if err := d.doc.Parse(data); err != nil {
		return err
	}
	err := d.event(event, d.doc.Root(), data, emit)
	d.ev = chat.Event{} // it has views of data
	if d.doc.Reset(); len(data) > bigEvent {
		d.doc = rawjson.Doc{LoneSurrogates: true}
	}
	return err
}

func (d *decoder) event(name []byte, v rawjson.Value, data []byte, emit func(*chat.Event)) error {
	e := v.Get("event")
	if e.Kind() != rawjson.Object {
		if string(name) != "error" && !v.Get("error").Exists() && !v.Get("detail").Exists() {
			return errEvent
		}
		d.done = true
		status, ok := v.Get("status").Int64()
		if !ok {
			status = 500
		}
		d.send(emit, chat.Event{Kind: chat.Failure, Err: d.adapter.ReadError(int(status), data)})
		return nil
	}
	if !d.begun {
		d.begun = true
		d.send(emit, chat.Event{Kind: chat.Start, ID: inner(v.Get("id"))})
	}
	if err := d.delta(e.Get("delta"), emit); err != nil {
		return err
	}
	if reason := e.Get("stop_reason"); reason.Kind() == rawjson.String && !d.ended {
		d.close(emit)
		d.ended, d.finish = true, finish(reason, d.calls > 0)
	}
	if e.Get("event_type").Is("metrics") {
		return d.end(e.Get("metrics"), emit)
	}
	return nil
}

// Finished reports whether the answer has its reason to end.
func (d *decoder) Finished() bool { return d.ended }

// delta reads what an event adds. What comes after the reason to end is not looked at.
func (d *decoder) delta(v rawjson.Value, emit func(*chat.Event)) error {
	if d.ended {
		return nil
	}
	if t := inner(v.Get("text")); len(t) > 0 {
		if !d.open || d.kind != chat.TextPart {
			d.begin(chat.Event{Block: chat.TextPart}, emit)
		}
		d.text(t, emit)
	}
	if v.Get("type").Is("tool_call") {
		return d.toolCall(v, emit)
	}
	return nil
}

// toolCall reads a piece of a call: the first has its id and name.
func (d *decoder) toolCall(v rawjson.Value, emit func(*chat.Event)) error {
	f := v.Get("function")
	id, name := inner(v.Get("id")), inner(f.Get("name"))
	if !d.open || d.kind != chat.ToolCallPart || len(id) > 0 && !bytes.Equal(id, d.call) {
		if len(name) == 0 {
			return errNameless
		}
		d.call = append(d.call[:0], id...)
		if len(id) == 0 {
			id = callID(d.calls)
		}
		d.begin(chat.Event{Block: chat.ToolCallPart, ID: id, Name: name}, emit)
		d.calls++
	}
	if t := inner(f.Get("arguments")); len(t) > 0 {
		d.text(t, emit)
	}
	return nil
}

func (d *decoder) begin(e chat.Event, emit func(*chat.Event)) {
	d.close(emit)
	e.Kind, e.Index = chat.BlockStart, d.blocks
	d.open, d.kind = true, e.Block
	d.blocks++
	d.send(emit, e)
}

func (d *decoder) text(t chat.Text, emit func(*chat.Event)) {
	d.send(emit, chat.Event{Kind: chat.TextDelta, Index: d.blocks - 1, Block: d.kind, Text: t})
}

func (d *decoder) close(emit func(*chat.Event)) {
	if d.open {
		d.open = false
		d.send(emit, chat.Event{Kind: chat.BlockStop, Index: d.blocks - 1, Block: d.kind})
	}
}

// send hands over an event from memory that is always the same.
//
//go:noinline
func (d *decoder) send(emit func(*chat.Event), e chat.Event) {
	d.ev = e
	emit(&d.ev)
}

// end hands over how the answer ended, with its usage.
func (d *decoder) end(metrics rawjson.Value, emit func(*chat.Event)) error {
	if !d.ended {
		return errUnended
	}
	d.done = true
	u, ok := usage(metrics)
	d.send(emit, chat.Event{Kind: chat.FinishEvent, Finish: d.finish, Usage: u, Counted: ok})
	d.send(emit, chat.Event{Kind: chat.End})
	return nil
}

func (d *decoder) Close(func(*chat.Event)) error {
	if d.done {
		return nil
	}
	return errTruncated
}
