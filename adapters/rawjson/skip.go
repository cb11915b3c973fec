package rawjson

import "math/bits"

// skipString passes over a string from i on; ended says that p[:end] ends with its quote.
func (s *Skimmer) skipString(p []byte, i int) (end int, ended bool) {
	for i < len(p) {
		if s.slash {
			s.slash, s.slant = false, true
			i++
			continue
		}
		for len(p)-i >= 16 {
			b := p[i : i+16 : i+16]
			m0, m1 := quoteOrSlash(load(b)), quoteOrSlash(load(b[8:]))
			if m0|m1 != 0 {
				if m0 == 0 {
					m0 = m1
					i += 8
				}
				i += bits.TrailingZeros64(m0) >> 3
				break
			}
			i += 16
		}
		if i == len(p) {
			break
		}
		c := p[i]
		i++
		if c == '"' {
			return i, true
		}
		s.slash = c == '\\'
	}
	return i, false
}

// quoteOrSlash marks quotes and backslashes among eight bytes, as special does.
func quoteOrSlash(w uint64) uint64 {
	return (((w ^ quotes) - ones) | ((w ^ slashes) - ones)) &^ w & highs
}

// brackets marks quotes and the four brackets among eight bytes. Setting bit 5
// makes square ones curly; then they are 0x7b and 0x7d, which differ in two bits.
func brackets(w uint64) uint64 {
	c := w | 0x20*ones
	return (((w ^ quotes) - ones) | ((c ^ '{'*ones) - ones) | ((c ^ '}'*ones) - ones)) &^ w & highs
}

// nestedEnd passes over an array or object from i on, in which depth brackets are open.
// It returns where it ends, or where the bytes end or a string needs skipString: then
// depth is what is still open, and quoted that the place is in a string.
func nestedEnd(p []byte, i, depth int) (end, left int, quoted bool) {
	for len(p)-i >= 8 {
		m := brackets(load(p[i : i+8 : i+8]))
		if m == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(m) >> 3
		c := p[i]
		i++
		switch {
		case c == '"':
			if i = stringEnd(p, i); i < 0 {
				return ^i, depth, true
			}
		case c|0x20 == '{':
			depth++
		default:
			if depth--; depth == 0 {
				return i, 0, false
			}
		}
	}
	return i, depth, false
}

// stringEnd is the place behind the string whose inside begins at i, or, when it has a
// backslash or does not end in p, the complement of a place in it up to which there is
// neither.
func stringEnd(p []byte, i int) int {
	for len(p)-i >= 32 { // most are shorter, but then their end is found in the first turn
		b := p[i : i+32 : i+32]
		m0, m1 := quoteOrSlash(load(b)), quoteOrSlash(load(b[8:]))
		if m0|m1 != 0 {
			break
		}
		if quoteOrSlash(load(b[16:]))|quoteOrSlash(load(b[24:])) != 0 {
			i += 16
			break
		}
		i += 32
	}
	for len(p)-i >= 8 {
		if m := quoteOrSlash(load(p[i : i+8 : i+8])); m != 0 {
			i += bits.TrailingZeros64(m) >> 3
			if p[i] == '"' {
				return i + 1
			}
			break
		}
		i += 8
	}
	return ^i
}

// skipNested passes over an array or object from i on, until depth is 0 again.
func (s *Skimmer) skipNested(p []byte, i int) int {
	for i < len(p) {
		if s.quoted {
			var ended bool
			i, ended = s.skipString(p, i)
			s.quoted = !ended
			continue
		}
		if i, s.depth, s.quoted = nestedEnd(p, i, s.depth); s.depth == 0 {
			return i
		}
		if s.quoted || i == len(p) {
			continue
		}
		c := p[i] // one of the last bytes
		i++
		switch c {
		case '"':
			s.quoted = true
		case '{', '[':
			s.depth++
		case '}', ']':
			if s.depth--; s.depth == 0 {
				return i
			}
		}
	}
	return i
}

// pass is the quick way over members that nobody seeks and that lie whole in p, from
// before a key or comma at i on. It stops where it cannot tell, which is always before
// a key or, with the state set, within a value that is skipped.
func (s *Skimmer) pass(p []byte, i int) int {
	for {
		k := i
		if k < len(p) && p[k] == ',' {
			k++
		}
		if k >= len(p) || p[k] != '"' {
			return i
		}
		j := stringEnd(p, k+1)
		if j < 0 || len(p)-j < 3 || p[j] != ':' || p[j+1] <= ' ' || p[j+1] == ':' || s.step(p[k+1:j-1]) >= 0 {
			return i
		}
		v := j + 2
		ended := true
		switch p[j+1] {
		case '"':
			if i = stringEnd(p, v); i < 0 {
				if i, ended = s.skipString(p, ^i); !ended {
					s.state = inString
				}
			}
		case '{', '[':
			s.depth = 1
			if i = s.skipNested(p, v); s.depth != 0 {
				s.state, ended = inNested, false
			}
		default:
			if i = plainEnd(p, v); i == len(p) {
				s.state, ended = inPlain, false
			}
		}
		if !ended {
			s.into = -1
			return i
		}
	}
}

// plainEnd is the place behind a number or literal, or len(p).
func plainEnd(p []byte, i int) int {
	for i < len(p) && (p[i] > ',' && p[i] != ']' && p[i] != '}' || p[i] == '+') {
		i++
	}
	return i
}
