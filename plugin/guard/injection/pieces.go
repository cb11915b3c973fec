package injection

import (
	"bytes"
	"unicode/utf8"
)

// A row is base64 or hexadecimal in pieces: in groups with spaces between, or in strings that
// a program joins.
type row struct {
	digits []byte
	starts [4]int // where the first pieces begin: what seems the first may be a word before it
	n      int    // pieces
	last   int    // length of the last
	loose  bool   // no piece but the last can be read by itself
}

// shortestRow is how many digits a text in pieces has at least.
const shortestRow = 20

// pieces decodes rows of pieces that token has not read.
func (d *decoder) pieces(text []byte) {
	var r row
	for i := 0; i < len(text); {
		start := i
		for i < len(text) && sextet(text[i]) >= 0 {
			i++
		}
		t := text[start:i]
		if len(t) == 0 {
			if !betweenPieces(text[i]) {
				d.endRow(&r)
			}
			i++
			continue
		}
		if len(t) == 1 && t[0] == '+' { // joins strings
			continue
		}
		plain := plainly(t)
		if plain && len(t) != r.last {
			d.endRow(&r)
		}
		if r.n > 0 || !plain {
			r.add(t)
		}
	}
	d.endRow(&r)
}

// betweenPieces reports whether a byte can stand between pieces of a row.
func betweenPieces(b byte) bool {
	return b <= ' ' || b == '"' || b == '\'' || b == ',' || b == '.'
}

// plainly reports whether a piece looks like a word, with a capital in front or none, or like
// a small number; with = behind it, it is a name.
func plainly(t []byte) bool {
	t = bytes.TrimRight(t, "=")
	letters, digits := 0, 0
	for i, b := range t {
		switch {
		case b >= 'a' && b <= 'z' || i == 0 && b >= 'A' && b <= 'Z':
			letters++
		case b >= '0' && b <= '9':
			digits++
		}
	}
	return letters == len(t) || digits == len(t) && digits < 4
}

func (r *row) add(t []byte) {
	if r.n < len(r.starts) {
		r.starts[r.n] = len(r.digits)
	}
	r.loose = r.loose || r.n > 0 && (r.last < shortest || r.last%4 != 0)
	r.digits = append(r.digits, t...)
	r.last = len(t)
	r.n++
}

// endRow keeps what a row reads as, and begins another.
func (d *decoder) endRow(r *row) {
	for k := 0; r.loose && k < min(r.n, len(r.starts)); k++ {
		t := r.digits[r.starts[k]:]
		if len(t) < shortestRow {
			break
		}
		if len(leading(t[:shortestRow])) < 6 {
			continue
		}
		if text := leading(t); readable(text) {
			d.take(text, false)
			break
		}
	}
	*r = row{digits: r.digits[:0]}
}

// leading decodes digits as far as they are text, as words may follow that are none.
func leading(t []byte) []byte {
	out := join(t, likely(t))
	for i := 0; i < len(out); {
		r, n := utf8.DecodeRune(out[i:])
		if r == utf8.RuneError || r < ' ' && r != '\n' && r != '\t' && r != '\r' {
			return out[:i]
		}
		i += n
	}
	return out
}
