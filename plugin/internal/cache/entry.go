package cache

import (
	"encoding/binary"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/embed"
)

// The first byte of what is kept says what it is. Behind it come, as the code below has
// them: numbers as varints, texts and JSON behind their lengths, as they are spelled, so
// that they go out again without being read.
const (
	answerFormat = 1 + iota
	plainFormat
	vectorFormat
)

// An Answer is what is kept of one, with what it has cost.
type Answer struct {
	*chat.Response
	Cost int64 // in nano-dollars; 0 if that is not known
}

// AppendAnswer appends an answer. Its id and times are left out: whoever gets it gets new
// ones.
func AppendAnswer(dst []byte, a Answer) []byte {
	w := writer{append(dst, answerFormat)}
	u := &a.Usage
	w.numbers(a.Cost, u.Input, u.Output, u.CachedRead, u.CacheWrite, u.ImageInput, u.Reasoning)
	w.flags(a.Counted, u.Estimated)
	w.bytes(a.Model)
	w.bytes(a.System)
	w.bytes(a.Tier)
	w.number(int64(len(a.Choices)))
	for i := range a.Choices {
		w.choice(&a.Choices[i])
	}
	return w.dst
}

// ReadAnswer reads what AppendAnswer has written into r, which is empty; false if it is not
// that. What r gets are views of p.
func ReadAnswer(p []byte, r *chat.Response) (cost int64, ok bool) {
	if len(p) == 0 || p[0] != answerFormat {
		return 0, false
	}
	d := reader{rest: p[1:]}
	cost = d.number()
	u := &r.Usage
	for _, n := range [...]*int64{&u.Input, &u.Output, &u.CachedRead, &u.CacheWrite, &u.ImageInput, &u.Reasoning} {
		*n = d.number()
	}
	flags := d.byte()
	r.Counted, u.Estimated = flags&1 != 0, flags&2 != 0
	d.text(&r.Model)
	d.text(&r.System)
	d.text(&r.Tier)
	for range d.count() {
		d.choice(r.Choose())
	}
	return cost, !d.bad && len(d.rest) == 0
}

// A Plain is an answer that is kept as the client gets it.
type Plain struct {
	Cost, Tokens int64 // what it has cost in nano-dollars, and taken
	Kind         string
	Body         []byte
}

// AppendPlain appends one.
func AppendPlain(dst []byte, a *Plain) []byte {
	w := writer{append(dst, plainFormat)}
	w.number(a.Cost)
	w.number(a.Tokens)
	w.bytes([]byte(a.Kind))
	w.bytes(a.Body)
	return w.dst
}

// ReadPlain reads what AppendPlain has written; its body is a view of p.
func ReadPlain(p []byte) (a Plain, ok bool) {
	if len(p) == 0 || p[0] != plainFormat {
		return a, false
	}
	d := reader{rest: p[1:]}
	a.Cost, a.Tokens = d.number(), d.number()
	var kind, body chat.Text
	d.text(&kind)
	d.text(&body)
	a.Kind, a.Body = string(kind), body
	return a, !d.bad && len(d.rest) == 0
}

// A Vector is an embedding that is kept, as its provider has spelled it.
type Vector struct {
	embed.Vector
	Cost, Tokens int64 // its share of what the answer has cost in nano-dollars, and taken
	Model        chat.Text
}

// AppendVector appends one.
func AppendVector(dst []byte, v *Vector) []byte {
	w := writer{append(dst, vectorFormat)}
	w.number(v.Cost)
	w.number(v.Tokens)
	w.bytes(v.Model)
	w.bytes(v.Numbers)
	w.bytes(v.Base64)
	return w.dst
}

// ReadVector reads what AppendVector has written. What v gets are views of p.
func ReadVector(p []byte, v *Vector) bool {
	if len(p) == 0 || p[0] != vectorFormat {
		return false
	}
	d := reader{rest: p[1:]}
	v.Cost, v.Tokens = d.number(), d.number()
	d.text(&v.Model)
	d.raw(&v.Numbers)
	d.text(&v.Base64)
	return !d.bad && len(d.rest) == 0 && (v.Numbers == nil) != (v.Base64 == nil)
}

type writer struct{ dst []byte }

//go:noinline
func (w *writer) number(n int64) {
	if uint64(n) < 1<<7 { // as most are
		w.dst = append(w.dst, byte(n))
		return
	}
	w.dst = binary.AppendUvarint(w.dst, uint64(n))
}

//go:noinline
func (w *writer) numbers(list ...int64) {
	for _, n := range list {
		w.number(n)
	}
}

//go:noinline
func (w *writer) bytes(p []byte) {
	w.number(int64(len(p)))
	w.dst = append(w.dst, p...)
}

func (w *writer) flags(a, b bool) {
	var f byte
	if a {
		f |= 1
	}
	if b {
		f |= 2
	}
	w.dst = append(w.dst, f)
}

func (w *writer) choice(c *chat.Choice) {
	w.number(int64(c.Finish))
	w.bytes(c.Sequence)
	w.bytes(c.Logprobs)
	w.bytes(c.Details)
	w.number(int64(len(c.Parts)))
	for i := range c.Parts {
		p := &c.Parts[i]
		w.number(int64(p.Kind))
		w.bytes(p.Text)
		switch p.Kind {
		case chat.TextPart:
			w.bytes(p.Citations)
		case chat.ThinkingPart:
			w.bytes(p.Signature)
		case chat.ToolCallPart:
			w.bytes(p.ID)
			w.bytes(p.Name)
			w.bytes(p.Arguments)
			w.bytes(p.Input)
		case chat.ServerPart:
			w.bytes(p.Raw)
		}
	}
}

// A reader reads what a writer has written; what is not there is bad.
type reader struct {
	rest []byte
	bad  bool
}

//go:noinline
func (d *reader) number() int64 {
	n, size := binary.Uvarint(d.rest)
	if size <= 0 || n > 1<<62 {
		d.bad, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[size:]
	return int64(n)
}

// count is how many follow, each of which takes a byte at least.
func (d *reader) count() int64 {
	n := d.number()
	if n > int64(len(d.rest)) {
		d.bad, d.rest = true, nil
		return 0
	}
	return n
}

func (d *reader) byte() byte {
	if len(d.rest) == 0 {
		d.bad = true
		return 0
	}
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

// text and raw read into what is nil where there is nothing.
//
//go:noinline
func (d *reader) text(to *chat.Text) {
	if n := d.count(); n > 0 {
		*to, d.rest = d.rest[:n:n], d.rest[n:]
	}
}

//go:noinline
func (d *reader) raw(to *chat.Raw) { d.text((*chat.Text)(to)) }

func (d *reader) choice(c *chat.Choice) {
	c.Finish = chat.Finish(min(d.number(), int64(chat.FinishSequence)))
	d.text(&c.Sequence)
	d.raw(&c.Logprobs)
	d.raw(&c.Details)
	for range d.count() {
		kind := d.number()
		if kind > int64(chat.ServerPart) {
			d.bad, d.rest = true, nil
			return
		}
		c.Parts = chat.AppendPart(c.Parts, chat.PartKind(kind))
		p := &c.Parts[len(c.Parts)-1]
		d.text(&p.Text)
		switch p.Kind {
		case chat.TextPart:
			d.raw(&p.Citations)
		case chat.ThinkingPart:
			d.text(&p.Signature)
		case chat.ToolCallPart:
			d.text(&p.ID)
			d.text(&p.Name)
			d.text(&p.Arguments)
			d.raw(&p.Input)
		case chat.ServerPart:
			d.raw(&p.Raw)
		}
	}
}
