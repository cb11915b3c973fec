package chat

import (
	"bytes"
	"unicode/utf8"
)

// An Estimate counts the tokens of a text that no provider has counted, in one
// pass over its bytes and wherever they are cut. Words, numbers, white space and
// scripts without spaces are told apart; the weights were fitted to the published
// vocabulary o200k_base (testdata/estimate.tsv has texts and their true counts).
type Estimate struct {
	milli int64 // thousandths of a token
	run   int   // length of the unfinished word or number
	class class
	cut   [utf8.UTFMax]byte // a character that is not complete yet
	ncut  int
}

type class uint8

const (
	none class = iota
	space
	lower
	upper
	digit
	punct
	other // letters outside ASCII, of scripts that write spaces
	dense // scripts that write none: each character is about a token
)

// Add counts the next bytes of the text.
func (e *Estimate) Add(p []byte) {
	for len(p) > 0 {
		if e.ncut == 0 && p[0] < utf8.RuneSelf {
			e.step(asciiClass(p[0]))
			p = p[1:]
			continue
		}
		p = e.wide(p)
	}
}

// AddJSON counts the content of the JSON string at the start of raw, as it is
// spelled; nothing if there is none. Escapes count like the character they stand for.
func (e *Estimate) AddJSON(raw []byte) {
	if len(raw) == 0 || raw[0] != '"' {
		return
	}
	from := 1
	for i := 1; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			e.Add(raw[from:i])
			return
		case '\\':
			e.Add(raw[from:i])
			i++
			if i < len(raw) {
				i += e.escape(raw[i])
			}
			from = min(i+1, len(raw))
		}
	}
	e.Add(raw[from:])
}

// AddText counts the next part of a text that is spelled as in JSON.
func (e *Estimate) AddText(t Text) {
	for from := 0; from < len(t); {
		i := bytes.IndexByte(t[from:], '\\')
		if i < 0 {
			e.Add(t[from:])
			return
		}
		e.Add(t[from : from+i])
		if from += i + 1; from < len(t) {
			from += 1 + e.escape(t[from])
		}
	}
}

// escape counts the character behind a backslash and says how many more bytes it has.
func (e *Estimate) escape(c byte) int {
	switch c {
	case 'n', 't', 'r', 'f', 'b':
		e.step(space)
	case 'u':
		e.step(other)
		return 4
	default:
		e.step(punct)
	}
	return 0
}

// wide takes one byte of a character that is not ASCII.
func (e *Estimate) wide(p []byte) []byte {
	e.cut[e.ncut] = p[0]
	e.ncut++
	if utf8.FullRune(e.cut[:e.ncut]) || e.ncut == utf8.UTFMax {
		r, _ := utf8.DecodeRune(e.cut[:e.ncut])
		e.ncut = 0
		e.step(wideClass(r))
	}
	return p[1:]
}

// Tokens is the count so far, at least one for any text.
func (e *Estimate) Tokens() int64 {
	if e.milli == 0 {
		return 0
	}
	return max(1, (e.milli+500)/1000)
}

// Reset forgets the text.
func (e *Estimate) Reset() { *e = Estimate{} }

// step counts one character. A word's first letters are one token with the space
// before it; long words, numbers and runs of signs take more.
func (e *Estimate) step(c class) {
	begins := c != e.class && !(c == lower && e.class == upper && e.run == 1)
	if begins {
		e.run = 0
	}
	e.run++
	e.class = c
	switch c {
	case space:
		if e.run == 2 {
			e.milli += weightSpaces
		}
	case lower, upper:
		e.milli += weightLetter
		if begins {
			e.milli += weightWord
		}
	case digit:
		if e.run%3 == 1 {
			e.milli += weightDigits
		}
	case punct:
		e.milli += weightSign
		if begins {
			e.milli += weightSigns
		}
	case other:
		e.milli += weightOther
		if begins {
			e.milli += weightWord
		}
	case dense:
		e.milli += weightDense
	}
}

// Thousandths of a token.
const (
	weightWord   = 650
	weightLetter = 85
	weightSpaces = 700
	weightDigits = 1000
	weightSign   = 150
	weightSigns  = 650
	weightOther  = 260
	weightDense  = 800
)

func asciiClass(b byte) class {
	switch {
	case b >= 'a' && b <= 'z':
		return lower
	case b >= 'A' && b <= 'Z':
		return upper
	case b >= '0' && b <= '9':
		return digit
	case b <= ' ':
		return space
	}
	return punct
}

// wideClass sorts characters outside ASCII by how a vocabulary cuts them: CJK,
// kana, Hangul and Thai by the character, symbols and emoji like dense text.
func wideClass(r rune) class {
	switch {
	case r == 0xa0 || r == 0x3000:
		return space
	case r >= 0x2010 && r <= 0x206f, r >= 0x3001 && r <= 0x303f, r >= 0xff00 && r <= 0xff65:
		return punct
	case r >= 0x0e00 && r <= 0x0eff, r >= 0x2e80 && r <= 0x9fff, r >= 0xac00 && r <= 0xd7ff, r >= 0x1f000:
		return dense
	}
	return other
}
