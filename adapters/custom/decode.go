package custom

import (
	"bytes"
	"errors"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var (
	errTruncated = errors.New("the stream ended before its answer was complete")
	errTooLarge  = errors.New("the answer is larger than what is kept of one")
	errPiece     = errors.New("a piece of a call follows no call, or another than the last")
)

const (
	bigEvent  = 4 << 10  // from which on the memory of an event is not kept
	mostWhole = 16 << 20 // bytes of an answer that is no stream
)

// NewDecoder makes a reader of streams.
func (a *adapter) NewDecoder() adapters.Decoder {
	d := &decoder{a: a}
	d.Reset()
	return d
}

// A decoder reads one stream. What it hands over last waits for the end, for a finish and
// usage can come in any event.
type decoder struct {
	a      *adapter
	doc    rawjson.Doc
	at     place
	text   []byte // scratch
	whole  []byte // of an answer that is no stream
	finish chat.Finish
	ended  bool // finish was there
	tally  tally
	seen   [2]cumulative // of texts
	next   int           // index of the next block
	open   bool
	kind   chat.PartKind // of the open block
	id     chat.Text     // of the answer
	calls  int
	index  string // of the last call
	begun  bool
	over   bool
	ev     chat.Event
}

var _ adapters.Decoder = (*decoder)(nil)

func (d *decoder) Reset() {
	d.doc.Reset()
	*d = decoder{a: d.a, doc: d.doc, at: place{found: d.at.found[:0]}, text: d.text[:0]}
	d.doc.LoneSurrogates = true
}

func (d *decoder) Event(event, data []byte, emit func(*chat.Event)) error {
	s := &d.a.stream
	ends := s.event != "" && string(event) == s.event
	switch {
	case d.over:
		return nil
	case s.framing == noFraming:
		if len(d.whole)+len(data) > mostWhole {
			d.over, d.whole = true, nil
			return errTooLarge
		}
		d.whole = append(d.whole, data...)
		return nil
	case s.data != "" && string(data) == s.data, ends && blank(data):
		return d.end(emit)
	case blank(data):
		return nil
	}
	err := d.doc.Parse(data)
	if err == nil {
		d.at.root, d.at.event = d.doc.Root(), event
		err = d.read(&d.a.events, emit)
	}
	if err == nil && !d.over && (ends || d.at.is(&s.end)) {
		err = d.end(emit)
	}
	d.over = d.over || err != nil
	d.tidy(len(data))
	return err
}

// tidy gives up the memory of an event that was large.
func (d *decoder) tidy(size int) {
	if size > bigEvent {
		d.doc, d.at, d.text = rawjson.Doc{LoneSurrogates: true}, place{}, nil
	}
}

// read reads an event, or an answer that is no stream.
func (d *decoder) read(f *fields, emit func(*chat.Event)) error {
	at := &d.at
	if at.is(&d.a.errors.when) {
		d.over = true
		e := d.event(chat.Failure)
		e.Err = d.a.errors.describe(at, 0)
		emit(e)
		return nil
	}
	d.begin(f, emit)
	for i := range texts {
		if err := d.delta(i, f, emit); err != nil {
			return err
		}
	}
	list := at.all(&f[atCalls])
	for _, v := range list {
		if err := d.call(f, v, emit); err != nil {
			return err
		}
	}
	d.tally.read(at, f)
	if v := at.first(&f[atFinish]); word(v) != "" && word(v) != "false" {
		d.ended, d.finish = true, d.a.finished(v, false)
	}
	return nil
}

// begin hands over the start, with what the first event tells of the answer.
func (d *decoder) begin(f *fields, emit func(*chat.Event)) {
	if d.begun {
		return
	}
	d.begun = true
	d.id = append(d.id[:0], inner(d.at.first(&f[atID]))...)
	e := d.event(chat.Start)
	e.ID, e.Model = d.id, inner(d.at.first(&f[atModel]))
	emit(e)
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

// delta hands over what is new of a text.
func (d *decoder) delta(i int, f *fields, emit func(*chat.Event)) error {
	t, ok, err := d.at.text(&f[texts[i].field], d.text[:0])
	if err != nil || !ok {
		return err
	}
	if d.a.stream.cumulative && d.a.streams {
		if t, err = d.seen[i].next(d.text[:0], t); err != nil {
			return err
		}
		d.text = t
	}
	d.write(texts[i].kind, t, emit)
	return nil
}

// write hands over a text of a kind; those of one kind that follow each other are a block.
func (d *decoder) write(kind chat.PartKind, t chat.Text, emit func(*chat.Event)) {
	if len(t) == 0 {
		return
	}
	if !d.open || d.kind != kind {
		d.block(kind, nil, emit)
	}
	e := d.event(chat.TextDelta)
	e.Text = t
	emit(e)
}

// block begins a block.
func (d *decoder) block(kind chat.PartKind, call *chat.Part, emit func(*chat.Event)) {
	d.stop(emit)
	d.open, d.kind = true, kind
	d.next++
	e := d.event(chat.BlockStart)
	if call != nil {
		e.ID, e.Name = call.ID, call.Name
	}
	emit(e)
}

func (d *decoder) stop(emit func(*chat.Event)) {
	if d.open {
		d.open = false
		emit(d.event(chat.BlockStop))
	}
}

// call hands over a call, or a piece of one: what names no tool, or has the number of the
// last, goes on with it.
func (d *decoder) call(f *fields, v rawjson.Value, emit func(*chat.Event)) error {
	p, err := d.at.call(f, v)
	if err != nil {
		return err
	}
	inPieces := !f[atCallIndex].none()
	index := ""
	if inPieces {
		index = word(d.at.under(v, &f[atCallIndex]))
	}
	last := d.open && d.kind == chat.ToolCallPart
	switch {
	case inPieces && last && (len(p.Name) == 0 || index != "") && (index == "" || index == d.index): // goes on
	case len(p.Name) == 0 && inPieces:
		return errPiece
	case len(p.Name) == 0:
		return errNameless
	default:
		if len(p.ID) == 0 {
			p.ID = madeID(d.id, d.calls)
		}
		d.calls++
		d.index = index
		d.block(chat.ToolCallPart, &p, emit)
	}
	t := p.Arguments
	if p.Input != nil {
		d.text = rawjson.AppendEscaped(d.text[:0], p.Input)
		t = d.text
	}
	d.write(chat.ToolCallPart, t, emit)
	if !inPieces {
		d.stop(emit)
	}
	return nil
}

// end hands over the end of a stream.
func (d *decoder) end(emit func(*chat.Event)) error {
	d.over = true
	d.at.root = rawjson.Value{}
	d.begin(&d.a.events, emit)
	for i := range texts {
		if d.text = d.seen[i].rest(d.text[:0]); len(d.text) > 0 {
			d.write(texts[i].kind, d.text, emit)
		}
	}
	d.stop(emit)
	e := d.event(chat.FinishEvent)
	e.Finish = d.finish
	switch {
	case d.finish > chat.FinishStop:
	case d.calls > 0:
		e.Finish = chat.FinishTools
	default:
		e.Finish = chat.FinishStop
	}
	e.Usage, e.Counted = d.tally.usage, d.tally.counted
	emit(e)
	emit(d.event(chat.End))
	return nil
}

// Close ends a stream that only closes, and finds one that was cut.
func (d *decoder) Close(emit func(*chat.Event)) error {
	if d.over {
		return nil
	}
	s := &d.a.stream
	switch {
	case s.framing == noFraming:
		return d.all(emit)
	case s.close && d.begun && (d.ended || d.a.events[atFinish].none()):
		return d.end(emit)
	}
	d.over = true
	return errTruncated
}

// all hands over an answer that is no stream.
func (d *decoder) all(emit func(*chat.Event)) error {
	data := d.whole
	d.whole, d.over = nil, true
	if err := d.doc.Parse(data); err != nil {
		return err
	}
	d.over = false
	d.at.root = d.doc.Root()
	err := d.read(&d.a.whole, emit)
	switch {
	case err != nil:
		d.over = true
	case d.over: // an error
	case d.next == 0 && len(d.at.all(&d.a.whole[atText])) == 0:
		d.over = true
		err = errNoText
	default:
		err = d.end(emit)
	}
	d.tidy(len(data))
	return err
}

// A cumulative is a text of which each event has all so far.
type cumulative struct {
	all  []byte // what it was, without escapes
	sent int    // how much of it was handed over
}

// errOther says that a text is not what it was.
var errOther = errors.New("want a text that begins with what it was before, for its mode is cumulative")

// broken stands for a character of which a server has decoded but a part: the next event
// may have the whole.
const broken = "\ufffd"

// next appends what is new of a text, as JSON spells it.
func (c *cumulative) next(dst []byte, t chat.Text) ([]byte, error) {
	from := len(dst)
	dst = rawjson.AppendUnescaped(dst, t)
	now := dst[from:]
	if len(now) < c.sent && bytes.HasPrefix(c.all, now) { // as in a last event without a text
		return dst[:from], nil
	}
	if !bytes.HasPrefix(now, c.all[:c.sent]) {
		return dst[:from], errOther
	}
	whole := len(now)
	for whole > c.sent && bytes.HasSuffix(now[:whole], []byte(broken)) {
		whole -= len(broken)
	}
	c.all = append(c.all[:c.sent], now[c.sent:]...)
	old := c.sent
	c.sent = max(whole, old)
	return rawjson.AppendEscaped(dst[:from], c.all[old:c.sent]), nil
}

// rest appends what was held back.
func (c *cumulative) rest(dst []byte) []byte {
	left := c.all[c.sent:]
	c.sent = len(c.all)
	return rawjson.AppendEscaped(dst, left)
}
