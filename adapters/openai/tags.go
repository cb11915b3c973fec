package openai

import (
	"unicode/utf8"

	"github.com/postern-gateway/postern/adapters/chat"
)

// Tags between which some models write their thinking, at the beginning of their text.
// Servers that know a model take them out; others leave them there.
const (
	openTag  = "<think>"
	closeTag = "</think>"
)

// A tagState is where in a text a tags is.
type tagState uint8

const (
	atStart  tagState = iota // nothing but blanks and a part of the tag so far
	within                   // the thinking
	behind                   // the blanks behind it
	inAnswer                 // there is nothing more to find
)

// tags find the thinking in a text that comes in pieces. What may be a part of a tag is
// held until that is clear. The zero value is ready for a text.
type tags struct {
	state   tagState
	matched int    // characters of the tag that are held
	begun   bool   // the thinking has something other than blanks
	held    []byte // as it is spelled
}

// sayer takes the next piece of thinking or text.
type sayer func(chat.PartKind, chat.Text) error

// feed takes the next piece, which ends with a whole character and a whole escape.
func (g *tags) feed(t chat.Text, say sayer) error {
	for i := 0; i < len(t); {
		c, n := plainChar(t[i:])
		var err error
		switch {
		case g.state == inAnswer:
			return say(chat.TextPart, t[i:])
		case g.state == behind:
			if !blank(c) {
				g.state = inAnswer
				continue
			}
		case c == g.next():
			g.hold(t[i : i+n])
		case g.state == atStart && g.matched == 0 && blank(c):
			g.held = append(g.held, t[i:i+n]...)
		case g.state == atStart:
			g.state = inAnswer
			err, n = g.end(say), 0
		case g.matched > 0:
			err, n = g.end(say), 0 // the character may begin the tag anew
		case g.begun || !blank(c):
			g.begun = true
			n += run(t[i+n:])
			err = say(chat.ThinkingPart, t[i:i+n])
		}
		if err != nil {
			return err
		}
		i += n
	}
	return nil
}

// next is the tag's next character.
func (g *tags) next() byte {
	if g.state == within {
		return closeTag[g.matched]
	}
	return openTag[g.matched]
}

// hold keeps a character of the tag, and goes on to the next state where it is the last.
func (g *tags) hold(piece chat.Text) {
	g.held = append(g.held, piece...)
	g.matched++
	if g.state == atStart && g.matched == len(openTag) || g.state == within && g.matched == len(closeTag) {
		g.state++
		g.matched, g.held = 0, g.held[:0]
	}
}

// end says what is held, which is no tag after all.
//
//go:noinline
func (g *tags) end(say sayer) error {
	kind := chat.TextPart
	if g.state == within {
		kind, g.begun = chat.ThinkingPart, true
	}
	g.matched = 0
	if len(g.held) == 0 {
		return nil
	}
	err := say(kind, g.held)
	g.held = g.held[:0]
	return err
}

// run is how much of a text may neither be a blank that is looked at nor begin a tag.
func run(t chat.Text) int {
	n := 0
	for n < len(t) && t[n] != '<' && t[n] != '\\' {
		n++
	}
	return n
}

func blank(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// plainChar is the character at the beginning of an escaped text, as far as tags and
// blanks tell characters apart, and how many bytes spell it: both halves of a pair.
func plainChar(t chat.Text) (c byte, n int) {
	switch {
	case t[0] >= utf8.RuneSelf:
		_, n = utf8.DecodeRune(t)
		return 'x', n
	case t[0] != '\\' || len(t) < 2:
		return t[0], 1
	case t[1] == 'n' || t[1] == 'r' || t[1] == 't':
		return '\n', 2
	}
	c, end := unescape(t, 0)
	if n = end + 1; isHigh(t) && n+6 <= len(t) && t[n] == '\\' && t[n+1] == 'u' {
		n += 6
	}
	return c, n
}

// isHigh reports whether an escape is the first half of a surrogate pair.
func isHigh(t chat.Text) bool {
	return len(t) >= 6 && t[1] == 'u' && t[2]|0x20 == 'd' && (t[3] == '8' || t[3] == '9' || t[3]|0x20 == 'a' || t[3]|0x20 == 'b')
}

// untagged appends the parts of a whole text.
//
//go:noinline
func untagged(t chat.Text, list []chat.Part) []chat.Part {
	if !mayBeTagged(t) {
		return chat.AppendText(list, chat.TextPart, t)
	}
	var g tags
	say := func(kind chat.PartKind, t chat.Text) error {
		if n := len(list); n > 0 && list[n-1].Kind == kind {
			list[n-1].Text = append(list[n-1].Text[:len(list[n-1].Text):len(list[n-1].Text)], t...)
			return nil
		}
		list = append(list, chat.Part{Kind: kind, Text: append(chat.Text(nil), t...)})
		return nil
	}
	_, _ = g.feed(t, say), g.end(say) // say has no errors
	return list
}

// mayBeTagged reports whether the first character but for blanks is that of a tag.
func mayBeTagged(t chat.Text) bool {
	for len(t) > 0 {
		c, n := plainChar(t)
		if !blank(c) {
			return c == openTag[0]
		}
		t = t[n:]
	}
	return false
}

// tagged says a piece of a stream's text.
func (l *lane) tagged(d *decoder, t chat.Text, emit func(*chat.Event)) error {
	return l.tags.feed(t, func(kind chat.PartKind, t chat.Text) error { return l.text(d, kind, t, emit) })
}

// untag says what is held of a stream's text when something else comes, or nothing more.
func (l *lane) untag(d *decoder, emit func(*chat.Event)) error {
	return l.tags.end(func(kind chat.PartKind, t chat.Text) error { return l.text(d, kind, t, emit) })
}
