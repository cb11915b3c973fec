package rawjson

import (
	"math/bits"
	"unicode/utf8"
)

// Eight bytes as one word: a byte is marked by its highest bit. Of the marks in a
// word the lowest is exact; those above it may be false, for a subtraction borrows.
const (
	ones    = 0x0101010101010101
	highs   = 0x80 * ones
	spaces  = ' ' * ones
	quotes  = '"' * ones
	slashes = '\\' * ones
)

// load reads eight bytes, the first lowest. The compiler makes it one load.
func load(b []byte) uint64 {
	_ = b[7]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// special marks quotes, backslashes and control characters.
func special(w uint64) uint64 {
	return (((w ^ quotes) - ones) | ((w ^ slashes) - ones) | (w - spaces)) &^ w & highs
}

// skipPlain passes over the bytes of a string that stand for themselves, from i to
// the first quote, backslash or control character. high has the highest bit of some
// byte set if one of those passed is not ASCII; bytes behind them may set it too.
func skipPlain(p []byte, i int) (end int, high uint64) {
	for len(p)-i >= 32 {
		b := p[i : i+32 : i+32]
		w0, w1, w2, w3 := load(b), load(b[8:]), load(b[16:]), load(b[24:])
		if special(w0)|special(w1)|special(w2)|special(w3) != 0 {
			break
		}
		high |= w0 | w1 | w2 | w3
		i += 32
	}
	for len(p)-i >= 8 {
		w := load(p[i : i+8 : i+8])
		if m := special(w); m != 0 {
			n := bits.TrailingZeros64(m) // seven more than eight times the place
			return i + n>>3, high | w&(1<<(n&^7)-1)
		}
		high |= w
		i += 8
	}
	for i < len(p) && p[i] >= ' ' && p[i] != '"' && p[i] != '\\' {
		high |= uint64(p[i])
		i++
	}
	return i, high
}

// skipSpace passes over white space; indentation comes in runs of blanks. It is small
// enough to be inlined, since in most documents there is nothing to skip.
func skipSpace(p []byte, i int) int {
	if i < len(p) && p[i] <= ' ' {
		return skipBlanks(p, i)
	}
	return i
}

func skipBlanks(p []byte, i int) int {
	for i < len(p) {
		switch p[i] {
		case ' ':
			if len(p)-i >= 8 && load(p[i:i+8:i+8]) == spaces {
				i += 7
			}
		case '\n', '\r', '\t':
		default:
			return i
		}
		i++
	}
	return i
}

// scanString reads the string whose opening quote is at i and returns the place
// behind its closing quote. Most strings end, and most stretches between escapes, in
// the first word that is looked at.
func scanString(p []byte, i int, lone bool) (int, uint32, fault) {
	from := i + 1
	j, high, meta := from, uint64(0), uint32(String)
	for {
		if len(p)-j < 8 {
			end, h := skipPlain(p, j)
			j, high = end, high|h
		} else if w := load(p[j : j+8 : j+8]); special(w) != 0 {
			n := bits.TrailingZeros64(special(w)) // seven more than eight times the place
			j, high = j+n>>3, high|w&(1<<(n&^7)-1)
		} else {
			end, h := skipPlain(p, j+8)
			j, high = end, high|w|h
		}
		if j >= len(p) || p[j] != '\\' {
			break
		}
		meta |= flagEscaped
		if j+1 < len(p) && simpleEscape(p[j+1]) {
			j += 2
			continue
		}
		end, bad := scanUnicode(p, j, lone)
		if bad != 0 {
			return j, 0, bad
		}
		j = end
	}
	if high&highs != 0 && !utf8.Valid(p[from:j]) {
		return from + invalidAt(p[from:j]), 0, badUTF8
	}
	if j >= len(p) {
		return j, 0, badEnd
	}
	if p[j] != '"' {
		return j, 0, badControl
	}
	return j + 1, meta, 0
}

// simpleEscape reports whether c is an escape of two bytes with its backslash. A shift
// by 64 or more leaves nothing.
func simpleEscape(c byte) bool {
	const low = 1<<'"' | 1<<'/'
	const high = 1<<('\\'-64) | 1<<('b'-64) | 1<<('f'-64) | 1<<('n'-64) | 1<<('r'-64) | 1<<('t'-64)
	return (uint64(low)>>c|uint64(high)>>(c-64))&1 != 0
}

// invalidAt is the place of the first byte that is not UTF-8.
func invalidAt(p []byte) int {
	i := 0
	for i < len(p) {
		r, n := utf8.DecodeRune(p[i:])
		if r == utf8.RuneError && n <= 1 {
			break
		}
		i += n
	}
	return i
}

// scanUnicode reads the escape of four digits whose backslash is at i, or two that
// are a surrogate pair.
func scanUnicode(p []byte, i int, lone bool) (int, fault) {
	if i+1 >= len(p) {
		return i, badEnd
	}
	r, ok := hex4(p, i+2)
	switch {
	case p[i+1] != 'u' || !ok:
		return i, badEscape
	case r < 0xd800 || r > 0xdfff:
		return i + 6, 0
	}
	if low, ok := lowHalf(p, i+6); r < 0xdc00 && ok && low >= 0xdc00 && low <= 0xdfff {
		return i + 12, 0
	}
	if lone {
		return i + 6, 0
	}
	return i, badSurrogate
}

// lowHalf reads a \u escape at i, if there is one.
func lowHalf(p []byte, i int) (rune, bool) {
	if i+1 >= len(p) || p[i] != '\\' || p[i+1] != 'u' {
		return 0, false
	}
	return hex4(p, i+2)
}

// hex4 reads four hexadecimal digits at i.
func hex4(p []byte, i int) (rune, bool) {
	if len(p)-i < 4 {
		return 0, false
	}
	var r rune
	for _, c := range p[i : i+4] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20-'a' <= 5:
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// scanNumber reads the number at i: -? int frac? exp?
func scanNumber(p []byte, i int) (int, uint32, fault) {
	meta := uint32(Number | flagWhole)
	if p[i] == '-' {
		i++
	}
	switch {
	case i < len(p) && p[i] == '0':
		i++
		if i < len(p) && p[i]-'0' <= 9 {
			return i, 0, badNumber // a leading zero
		}
	default:
		j := skipDigits(p, i)
		if j == i {
			return i, 0, badNumber
		}
		i = j
	}
	if i < len(p) && p[i] == '.' {
		meta = uint32(Number)
		j := skipDigits(p, i+1)
		if j == i+1 {
			return j, 0, badNumber
		}
		i = j
	}
	if i < len(p) && p[i]|0x20 == 'e' {
		meta = uint32(Number)
		i++
		if i < len(p) && (p[i] == '+' || p[i] == '-') {
			i++
		}
		j := skipDigits(p, i)
		if j == i {
			return j, 0, badNumber
		}
		i = j
	}
	return i, meta, 0
}

// skipDigits passes over decimal digits. Taking '0' away and adding 6 leaves the upper
// half of a byte empty for digits alone; the lowest byte that it marks is exact.
func skipDigits(p []byte, i int) int {
	for len(p)-i >= 8 {
		w := load(p[i:i+8:i+8]) ^ '0'*ones
		m := (w | (w + 6*ones)) & (0xf0 * ones)
		if m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
		i += 8
	}
	for i < len(p) && p[i]-'0' <= 9 {
		i++
	}
	return i
}

// scanLiteral reads true, false or null at i.
func scanLiteral(p []byte, i int, want string, k Kind) (int, uint32, fault) {
	if len(p)-i < len(want) || string(p[i:i+len(want)]) != want {
		return i, 0, badValue
	}
	return i + len(want), uint32(k), 0
}
