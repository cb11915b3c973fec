package openairesponses

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/streams"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Bounds of what a stream keeps: of its answer, of the citations of one part, and of the
// memory that the next stream gets.
const (
	mostHeld      = 1 << 20
	mostCitations = 8 << 10
	keep          = 16 << 10
)

// An encoder writes events, and keeps the output that the last of them repeats.
type encoder struct {
	b     rawjson.Builder // of the client's bytes, while there are some to write
	quiet bool            // there are no events, only the response at the end

	id, model, tier, echo []byte
	created               int64
	next                  int64 // event's sequence_number

	// o is the output: items with commas between them, of which said bytes are
	// finished. The rest is the open item, up to where its text goes on.
	o      rawjson.Builder
	said   int
	items  int64 // finished ones
	item   uint8 // the open one
	itemAt int   // where the open item begins
	name   [2]int
	texts  []byte // names of tools that take a text
	reader textReader

	kind   chat.PartKind // of the open block; ServerPart if none is open
	part   uint8         // the open one
	parts  int64         // of the open item, finished ones
	partAt int
	textAt int

	sealed   []byte // what seals the open item's thinking
	isSealed bool   // it is nothing but sealed
	cited    []byte // citations of the open part, with commas
	probs    []byte // log probabilities of the open part, likewise
	doc      rawjson.Doc

	usage   chat.Usage
	counted bool
	finish  chat.Finish
	refused bool
	begun   bool
	done    bool
}

var _ adapters.Encoder = (*encoder)(nil)

// NewEncoder makes a writer of streams.
func (Writer) NewEncoder() adapters.Encoder { return &encoder{} }

func (e *encoder) Reset(r *chat.Request) {
	again := func(p []byte) []byte {
		if cap(p) > keep {
			return nil
		}
		return p[:0]
	}
	*e = encoder{id: e.id[:0], model: rawjson.AppendEscaped(e.model[:0], r.Model), tier: e.tier[:0], echo: rawjson.AddRaw(e.echo[:0], r.Echo), texts: rawjson.AddRaw(e.texts[:0], r.Texts), reader: textReader{outer: again(e.reader.outer), doc: again(e.reader.doc)},
		o: rawjson.Builder{Dst: again(e.o.Dst)}, sealed: again(e.sealed), cited: e.cited[:0], probs: again(e.probs), doc: e.doc, kind: chat.ServerPart}
}

func (e *encoder) Append(dst []byte, ev *chat.Event) []byte {
	if e.done || ev.Choice > 0 { // there is one answer here
		return dst
	}
	if ev.Counted {
		e.counted = true
		streams.Count(&e.usage, &ev.Usage)
	}
	e.b.Dst = dst
	e.step(ev)
	dst, e.b.Dst = e.b.Dst, nil
	return dst
}

func (e *encoder) step(ev *chat.Event) {
	switch {
	case ev.Kind == chat.Ping:
		return
	case ev.Kind == chat.Failure:
		e.fail(ev.Err)
		return
	case len(e.o.Dst)+len(e.reader.doc)+len(e.sealed)+len(e.probs)+len(ev.Text)+len(ev.Raw) > mostHeld:
		e.fail(&chat.Error{Kind: chat.Internal, Code: "answer_too_large", Message: "the answer is longer than the gateway can hold for the last event to repeat it"})
		return
	}
	if !e.begun {
		e.begin(ev)
	}
	switch ev.Kind {
	case chat.BlockStart:
		e.open(ev)
		e.delta(ev.Text)
	case chat.TextDelta:
		e.delta(ev.Text)
	case chat.SignatureDelta:
		if e.kind == chat.ThinkingPart {
			e.sealed = rawjson.AddRaw(e.sealed, ev.Text)
		}
	case chat.CitationDelta:
		e.cite(ev.Raw)
	case chat.LogprobsDelta:
		e.logprobs(ev.Raw)
	case chat.BlockStop:
		e.stop()
	case chat.FinishEvent:
		e.finished(ev.Finish)
	case chat.End:
		e.done = true
		e.last(e.status(), nil)
	}
}

// begin says that there is a response.
func (e *encoder) begin(ev *chat.Event) {
	e.begun, e.kind = true, chat.ServerPart
	if e.created = ev.Created; ev.Kind == chat.Start {
		e.id = rawjson.AddRaw(e.id, ev.ID)
		e.tier = rawjson.AddRaw(e.tier, ev.Tier)
		if len(ev.Model) > 0 {
			e.model = rawjson.AddRaw(e.model[:0], ev.Model)
		}
	}
	for _, name := range [...]string{"response.created", "response.in_progress"} {
		if e.event(name, "") {
			e.b.Raw(`,"response":`)
			e.object(inProgress, nil)
			e.end()
		}
	}
}

// finished ends the output, whose last item is as complete as the answer is.
func (e *encoder) finished(f chat.Finish) {
	e.finish = f
	e.closeItem(e.status())
}

// last writes the last event, which has all of the response.
func (e *encoder) last(status string, err *chat.Error) {
	e.event("response.", status)
	e.b.Raw(`,"response":`)
	e.object(status, err)
	e.end()
}

// fail ends the stream in an error and, if there is a response, in its failure: some
// clients look for the one, some for the other. What is open stays so.
func (e *encoder) fail(err *chat.Error) {
	e.done = true
	e.event("error", "")
	code := err.Code
	if code == "" {
		code = errorCode(err.Kind)
	}
	problem(&e.b, code, err.Message)
	e.b.Const("param", "null")
	e.end()
	if e.begun {
		e.last(failed, err)
	}
}

// event begins an event; false if there are none.
//
//go:noinline
func (e *encoder) event(name, rest string) bool {
	if e.quiet {
		return false
	}
	b := &e.b
	b.Raw("event: ")
	b.Raw(name)
	b.Raw(rest)
	b.Raw("\ndata: {\"type\":\"")
	b.Raw(name)
	b.Raw(rest)
	b.Raw(`","sequence_number":`)
	b.Dst = rawjson.AppendInt(b.Dst, e.next)
	e.next++
	return true
}

//go:noinline
func (e *encoder) end() { e.b.Raw("}\n\n") }

// placed begins an event about the open item, or the open part of it.
//
//go:noinline
func (e *encoder) placed(name, rest string) bool {
	if !e.event(name, rest) {
		return false
	}
	e.b.Raw(`,"item_id":"`)
	e.itemID(&e.b)
	e.b.Raw(`"`)
	e.b.Int("output_index", e.items)
	if e.part != none {
		e.b.Int(partForms[e.part].index, e.parts)
	}
	return true
}

// itemID writes the open item's id.
//
//go:noinline
func (e *encoder) itemID(b *rawjson.Builder) {
	b.Raw(itemForms[e.item].prefix)
	b.Put(e.id)
	b.Raw("_")
	b.Dst = rawjson.AppendInt(b.Dst, e.items)
}
