package gemini

import (
	"errors"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var (
	errTruncated = errors.New("the Gemini stream ended before its answer had a finishReason")
	errChunk     = errors.New("the Gemini stream: want objects, got an event of another form")
	errChoices   = errors.New("the Gemini stream has more candidates than can be asked for")
)

// bigEvent is the size from which on the memory of an event is not kept.
const bigEvent = 4 << 10

// NewDecoder makes a reader of streams: each event is a GenerateContentResponse with
// what is new (https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent).
func (t *Translation) NewDecoder() adapters.Decoder {
	return &decoder{doc: rawjson.Doc{LoneSurrogates: true}}
}

// A decoder reads one stream. No event says that it is the last, and older models give
// a finishReason with each: the stream ends well if it ends when all candidates had one.
type decoder struct {
	doc     rawjson.Doc
	lanes   []lane
	parts   []chat.Part // scratch
	text    []byte      // scratch
	ids     callIDs
	usage   chat.Usage
	counted bool
	begun   bool
	over    bool
	ev      chat.Event
}

// A lane is one of the candidates.
type lane struct {
	next, calls int
	open        bool
	kind        chat.PartKind // of the open block
	finish      chat.Finish
}

var _ adapters.Decoder = (*decoder)(nil)

func (d *decoder) Reset() {
	d.doc.Reset()
	*d = decoder{doc: d.doc, lanes: d.lanes[:0], parts: d.parts[:0], text: d.text[:0]}
}

func (d *decoder) Event(_, data []byte, emit func(*chat.Event)) error {
	if d.over {
		return nil
	}
	err := d.doc.Parse(data)
	if err == nil {
		err = d.chunk(d.doc.Root(), emit)
	}
	d.over = d.over || err != nil
	if len(data) > bigEvent {
		d.doc, d.parts, d.text = rawjson.Doc{LoneSurrogates: true}, nil, nil
	}
	return err
}

func (d *decoder) chunk(v rawjson.Value, emit func(*chat.Event)) error {
	if v.Kind() == rawjson.Array {
		v = v.At(0) // as errors come in a list where streams are one
	}
	if v.Kind() != rawjson.Object {
		return errChunk
	}
	if e := v.Get("error"); e.Kind() == rawjson.Object {
		d.over = true
		d.send(emit, chat.Event{Kind: chat.Failure, Err: readError(e, 0)})
		return nil
	}
	if u := v.Get("usageMetadata"); u.Kind() == rawjson.Object {
		d.usage, d.counted = usage(u), true
	}
	if !d.begun {
		d.begun = true
		id := inner(v.Get("responseId"))
		d.ids.seed = seed(id)
		d.send(emit, chat.Event{Kind: chat.Start, ID: id, Model: inner(v.Get("modelVersion")), Usage: d.usage, Counted: d.counted})
	}
	if len(d.lanes) == 0 && isBlocked(v) {
		d.lanes = append(d.lanes, lane{finish: chat.FinishFilter})
	}
	for it := v.Get("candidates").Cursor(); it.Next(); {
		c := it.Value
		if err := d.candidate(c, emit); err != nil {
			return err
		}
	}
	return nil
}

// send hands over an event from memory that is always the same.
//
//go:noinline
func (d *decoder) send(emit func(*chat.Event), e chat.Event) {
	d.ev = e
	emit(&d.ev)
}

// candidate reads what an event adds to one of the answers.
func (d *decoder) candidate(v rawjson.Value, emit func(*chat.Event)) error {
	index, _ := v.Get("index").Int64()
	if index < 0 || index >= mostChoices {
		return errChoices
	}
	for len(d.lanes) <= int(index) {
		d.lanes = append(d.lanes, lane{})
	}
	l := &d.lanes[index]
	for it := v.Find("content", "parts").Cursor(); it.Next(); {
		var err error
		if d.parts, err = d.ids.read(d.parts[:0], it.Value, &l.calls); err != nil {
			return err
		}
		for i := range d.parts {
			d.part(int(index), &d.parts[i], emit)
		}
	}
	if raw := logprobs(v.Get("logprobsResult")); raw != nil {
		d.send(emit, chat.Event{Kind: chat.LogprobsDelta, Choice: int(index), Raw: raw})
	}
	if reason := v.Get("finishReason"); reason.Kind() == rawjson.String {
		var err error
		if l.finish, err = finish(reason, l.calls > 0); err != nil {
			return err
		}
	}
	return nil
}

// part writes a part: texts of a kind that follow each other are one block, anything
// else comes whole and is one of its own.
func (d *decoder) part(choice int, p *chat.Part, emit func(*chat.Event)) {
	l := &d.lanes[choice]
	text := p.Kind == chat.TextPart || p.Kind == chat.ThinkingPart
	if !l.open || !text || l.kind != p.Kind {
		d.close(choice, emit)
		open := chat.Event{Kind: chat.BlockStart, Choice: choice, Index: l.next, Block: p.Kind, ID: p.ID, Name: p.Name}
		if p.Kind == chat.RedactedPart {
			open.Text = p.Text
		}
		l.open, l.kind = true, p.Kind
		l.next++
		d.send(emit, open)
	}
	delta := chat.Event{Kind: chat.TextDelta, Choice: choice, Index: l.next - 1, Block: p.Kind, Text: p.Text}
	if p.Kind == chat.ToolCallPart {
		d.text = rawjson.AppendEscaped(d.text[:0], []byte(p.Input))
		delta.Text = d.text
	}
	if p.Kind != chat.RedactedPart {
		d.send(emit, delta)
	}
	if !text {
		d.close(choice, emit)
	}
}

func (d *decoder) close(choice int, emit func(*chat.Event)) {
	if l := &d.lanes[choice]; l.open {
		l.open = false
		d.send(emit, chat.Event{Kind: chat.BlockStop, Choice: choice, Index: l.next - 1, Block: l.kind})
	}
}

// Finished reports whether all candidates have their reasons to end.
func (d *decoder) Finished() bool {
	for i := range d.lanes {
		if d.lanes[i].finish == chat.FinishNone {
			return false
		}
	}
	return len(d.lanes) > 0
}

// Close ends the answers, if all of them have been ended by the model.
func (d *decoder) Close(emit func(*chat.Event)) error {
	if d.over {
		return nil
	}
	d.over = true
	if len(d.lanes) == 0 {
		return errTruncated
	}
	for i := range d.lanes {
		if d.lanes[i].finish == chat.FinishNone {
			return errTruncated
		}
	}
	for i := range d.lanes {
		d.close(i, emit)
		d.send(emit, chat.Event{Kind: chat.FinishEvent, Choice: i, Finish: d.lanes[i].finish, Usage: d.usage, Counted: d.counted})
	}
	d.send(emit, chat.Event{Kind: chat.End})
	return nil
}
