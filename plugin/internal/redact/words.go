package redact

import (
	"encoding/binary"
	"math/bits"
)

// A cleared is a part of a text in which no term begins.
type cleared struct{ from, to int }

// isName reports whether a token without digits is a name or a word with which nothing
// begins, as most tokens of code are. What is near the end of t is none.
func isName(t []byte, p, q int) bool {
	n := q - p
	if c := t[p]; q+4 >= len(t) || n >= 20 || c == '-' || c == '+' {
		return false
	}
	d := t[q+1]
	switch t[q] {
	case ' ':
		return !suspicious[d] && d < 0x80 && !isDigit(d) && (n != 1 || t[q+2] != ' ') && (n != 3 || !isUpper(t[p]))
	case ':':
		return n > 4 && d != '/'
	case '(', '[', '{', '<':
		if d == ' ' {
			d = t[q+2]
		}
		return !suspicious[d]
	case '"', ',', '\n', ')', ';', ']', '}', '\'', '\t', '>', '=', '*', '&', '!', '?', '\\', '|', '`':
		return true
	}
	return false
}

// plainWords goes over words that mean nothing, of which most texts consist, and returns
// where one begins that has to be looked at. It leaves what is near the end of t. With terms
// it goes over no word that one of them may begin with, or that has other than ASCII's letters.
func plainWords(t []byte, p int, terms *Terms) int {
	for p+24 < len(t) {
		x := binary.LittleEndian.Uint64(t[p:])
		n := bits.TrailingZeros64(^letterBytes(x)&high) >> 3
		if x&high != 0 {
			if terms != nil {
				return p
			}
			for n = 0; n < 19 && classes[t[p+n]]&(letter|wide) != 0; {
				n++
			}
		} else {
			if terms != nil && n > 0 && terms.has(hashOf(x, n)) {
				return p
			}
			if n == 8 {
				for n < 19 && classes[t[p+n]]&(letter|wide) != 0 {
					n++
				}
			}
		}
		q := p + n
		if t[q] == '.' && t[q+1] == ' ' && n > 1 {
			q++
		}
		switch c := t[q]; {
		case n == 0:
			if c != ' ' && c != '\n' {
				return p
			}
		case n >= 19 || n == 1 && t[q+2] == ' ' || n == 3 && isUpper(t[p]) && isUpper(t[p+2]) || t[p] >= 0x80 && t[p] < 0xc0:
			return p
		case c == ' ':
			if d := t[q+1]; !isLetter(d) && d < 0xc3 || suspicious[d] && mayBeSign(t, q+1) {
				return p
			}
		case !endsWord[c]:
			return p
		}
		p = q + 1
	}
	return p
}

// endsWord are signs that are behind words and mean nothing.
var endsWord = [256]bool{',': true, '\n': true, ';': true, '!': true, '?': true, '"': true, ')': true, '\'': true}

// suspicious is what @ or a dot may begin with, spelled in signs or a word.
var suspicious = func() (t [256]bool) {
	for _, c := range "@.([{<aApPdDcCkK" {
		t[c] = true
	}
	t[0xc3] = true
	return t
}()

// Of eight bytes of a text at once:
const (
	high = 0x8080808080808080 // the highest bit of each
	each = 0x0101010101010101
)

// letterBytes has the highest bit of each of eight bytes of ASCII that is a letter.
func letterBytes(x uint64) uint64 {
	y := x | 0x20*each
	return (y + (0x80-'a')*each) &^ (y + (0x7f-'z')*each) & high
}

// wordBytes has that of each that is part of a word.
func wordBytes(x uint64) uint64 {
	digits := (x + (0x80-'0')*each) &^ (x + (0x7f-'9')*each)
	return letterBytes(x) | (digits|(high-(x^'_'*each)))&high
}
