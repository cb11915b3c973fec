package injection

import "unicode/utf8"

// A decoder gathers what a text carries in other writings: base64, base32, hexadecimal,
// binary, octal and decimal codes, numbers of letters, escapes of URLs, mail, HTML and program
// text, Morse. It keeps what reads as text.
type decoder struct {
	out   []byte
	run   []byte // of tokens that are one character each
	pairs []byte // the same, tokens of two digits read as hexadecimal
	octal []byte // the same, tokens of three digits read as octal
	kind  int    // of those
	end   int    // where the last token ended that was decoded
	count int    // tokens of the run
}

// Kinds of tokens that make up a text in a row.
const (
	noRun = iota
	octets
	digits  // decimal codes, two hexadecimal digits each or three octal ones
	numbers // words of the alphabet's numbers: 19-9-20
	morse
)

// Tokens shorter than this say too little: a word of six letters has eight in base64.
const (
	shortest       = 12
	shortestToken  = 9  // of three escapes
	shortestTurned = 24 // from behind, by ROT13, or in base64 twice
	shortestCode   = 32 // of digits in a row
	leastRun       = 6  // tokens in a row
)

// mayHide reports whether it is worth while to decode a text whose words have been read:
// there is a long word that mixes digits, small letters and capitals, a row of codes, an
// escape, or hardly a word at all, as in Morse.
func (c *cutter) mayHide() bool {
	return c.coded || c.mayCut() || int(c.at) < len(c.text)/16
}

// mayCut reports whether some of it may be in pieces.
func (c *cutter) mayCut() bool { return c.mixed || c.codes >= leastRun }

// decode returns what a text carries, nil if nothing; cut: it may be in pieces. It takes
// linear time, and what it returns is at most half as long again as the text.
func decode(text []byte, cut bool) []byte {
	d := decoder{end: -1}
	for i := 0; i < len(text); {
		for i < len(text) && text[i] <= ' ' {
			i++
		}
		start := i
		for i < len(text) && text[i] > ' ' {
			i++
		}
		switch n := i - start; {
		case n == 0:
		case n < shortestToken && text[start]|0x20 > 'f': // no code begins so
			if d.count > 0 {
				d.flush()
			}
		default:
			d.token(text[start:i], start)
		}
	}
	d.flush()
	if cut {
		d.pieces(text)
	}
	return d.out
}

func (d *decoder) token(t []byte, at int) {
	if len(t) <= 10 {
		if c := codeOf(t); c.kind != noRun {
			d.code(c)
			return
		}
	}
	if n := len(d.run); d.numbered(t) {
		if d.kind != numbers {
			word := append([]byte(nil), d.run[n:]...)
			d.run = d.run[:n]
			d.begin(numbers)
			d.run = append(d.run, word...)
		} else {
			d.count++
		}
		return
	}
	if d.list(t) {
		return
	}
	d.flush()
	if len(t) < shortestToken {
		return
	}
	if d.escapes(t, at) || len(t) < shortest {
		return
	}
	for i := 0; i < len(t); {
		j := i
		for j < len(t) && sextet(t[j]) >= 0 {
			j++
		}
		if j-i >= shortest {
			d.alphabet(t[i:j], at+i)
		}
		i = j + 1
	}
}

// code takes a token that is one character.
func (d *decoder) code(c code) {
	d.begin(c.kind)
	d.run = keep(d.run, c.code)
	d.pairs = keep(d.pairs, c.pair)
	d.octal = keep(d.octal, c.octal)
}

// begin counts a token of a kind, in a row of such.
func (d *decoder) begin(kind int) {
	if kind != d.kind {
		d.flush()
		d.kind = kind
	}
	d.count++
}

func keep(run []byte, b byte) []byte {
	if b == 0 {
		return run
	}
	return append(run, b)
}

// flush ends a row of tokens.
func (d *decoder) flush() {
	if d.count >= leastRun {
		switch d.count {
		case len(d.pairs):
			d.take(d.pairs, false)
		case len(d.octal):
			d.take(d.octal, false)
		default:
			d.take(d.run, false)
		}
	}
	d.run, d.pairs, d.octal, d.kind, d.count = d.run[:0], d.pairs[:0], d.octal[:0], noRun, 0
}

// take keeps what reads as text.
func (d *decoder) take(text []byte, joined bool) {
	if !readable(text) {
		return
	}
	if !joined && len(d.out) > 0 {
		d.out = append(d.out, '\n')
	}
	d.out = append(d.out, text...)
}

// readable reports whether bytes are text, for the most part letters and spaces.
func readable(text []byte) bool {
	if len(text) < 6 || !utf8.Valid(text) {
		return false
	}
	if len(text) >= shortestCode && allHex(text) {
		return true // to be decoded again
	}
	letters := 0
	for _, b := range text {
		switch {
		case b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == ' ' || b >= utf8.RuneSelf:
			letters++
		case b < ' ' && b != '\n' && b != '\t' && b != '\r':
			return false
		}
	}
	return letters*5 >= len(text)*4 || letters*3 >= len(text)*2 && letters > 40
}

// allHex reports whether a text has hexadecimal digits only.
func allHex(text []byte) bool {
	for _, b := range text {
		if nibble(b) < 0 {
			return false
		}
	}
	return true
}
