package openairesponses

import (
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// States of a textReader: it looks for where the text begins, is in it, is behind it, or
// has arguments of another form, which then are the text.
const (
	before uint8 = iota
	within
	behind
	other
)

// A textReader takes the text out of a call's arguments, {"input":"the text"}, as they
// come: models write them piece by piece, and not always well. Its memory is bounded by
// the longest piece.
type textReader struct {
	state uint8
	outer []byte // half a character, which the next piece completes
	doc   []byte // of the arguments, what is not decided yet
}

// reset begins another call.
func (t *textReader) reset() {
	t.state, t.outer, t.doc = before, t.outer[:0], t.doc[:0]
}

// feed writes what a piece of the arguments says of the text.
func (t *textReader) feed(b *rawjson.Builder, piece chat.Text) {
	t.outer = rawjson.AddRaw(t.outer, piece)
	n := len(t.outer)
	if half(t.outer) {
		n -= unit
	}
	t.doc = rawjson.AppendUnescaped(t.doc, t.outer[:n])
	t.outer = rawjson.AddRaw(t.outer[:0], t.outer[n:])
	if t.state == before {
		t.begin()
	}
	switch t.state {
	case within:
		n = t.inside(b)
	case other:
		n = t.escaped(b, 0, len(t.doc))
	case behind:
		n = len(t.doc)
	default:
		return
	}
	t.doc = t.doc[:copy(t.doc, t.doc[n:])]
}

// end writes what was not decided when the arguments ended. Half an escape is nothing.
func (t *textReader) end(b *rawjson.Builder) {
	if t.state == before {
		t.escaped(b, 0, len(t.doc))
	}
}

// escaped writes what is between two places as what it is, and returns the latter.
//
//go:noinline
func (t *textReader) escaped(b *rawjson.Builder, from, to int) int {
	b.Dst = rawjson.AppendEscaped(b.Dst, t.doc[from:to])
	return to
}

// begin looks for the text; there may be space between what stands in front of it.
func (t *textReader) begin() {
	at := 0
	for _, token := range [...]string{`{`, `"input"`, `:`, `"`} {
		for at < len(t.doc) && t.doc[at] <= ' ' {
			at++
		}
		rest := t.doc[at:]
		n := min(len(rest), len(token))
		if string(rest[:n]) != token[:n] {
			if t.state = other; rest[0] == '}' && token == `"input"` { // no arguments at all
				t.state = behind
			}
			return
		}
		if at += n; n < len(token) {
			return
		}
	}
	t.state, t.doc = within, t.doc[:copy(t.doc, t.doc[at:])]
}

// inside writes the text up to its end or to where more has to come, and returns the
// place. It is spelled as in the arguments, but for what JSON does not allow there.
func (t *textReader) inside(b *rawjson.Builder) (at int) {
	for at < len(t.doc) {
		n := 1
		switch t.doc[at] {
		case '"':
			t.state = behind
			return len(t.doc)
		case '\\':
			if n = escape(t.doc[at:]); n == 0 {
				return at
			}
			if n > 1 {
				b.Put(t.doc[at : at+n])
				at += n
				continue
			}
		default:
			for at+n < len(t.doc) && t.doc[at+n] != '"' && t.doc[at+n] != '\\' {
				n++
			}
		}
		at = t.escaped(b, at, at+n)
	}
	return at
}

// escape is how long the escape is that p begins with: 1 if it is none, 0 if more has to
// come. The first half of a character waits for the second.
func escape(p []byte) int {
	if len(p) < 2 {
		return 0
	}
	if p[1] != 'u' {
		if strings.IndexByte(`"\/bfnrt`, p[1]) < 0 {
			return 1
		}
		return 2
	}
	for _, c := range p[2:min(len(p), unit)] {
		if !isHex(c) {
			return 1
		}
	}
	if len(p) < unit {
		return 0
	}
	if rest := p[unit:]; half(p[:unit]) && len(rest) < unit && string(rest[:min(len(rest), 2)]) == `\u`[:min(len(rest), 2)] {
		return 0
	}
	return unit
}

// unit is how long the escape of a character is, or of half of one.
const unit = len(`\u0000`)

func isHex(c byte) bool { return c-'0' < 10 || c|0x20-'a' < 6 }

// half reports whether a text ends with the escape of the first half of a character.
//
//go:noinline
func half(t []byte) bool {
	n := len(t) - unit
	if n < 0 || t[n] != '\\' || t[n+1] != 'u' || t[n+2]|0x20 != 'd' || t[n+3]|0x20 < '8' || t[n+3]|0x20 > 'b' {
		return false
	}
	slashes := 0
	for n > 0 && t[n-1] == '\\' {
		n--
		slashes++
	}
	return slashes%2 == 0
}
