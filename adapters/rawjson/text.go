package rawjson

import (
	"bytes"
	"unicode/utf8"
)

// appendUnescaped appends what the inside of a checked string says. Half of a
// surrogate pair, where the Doc let it pass, becomes U+FFFD.
func appendUnescaped(dst, raw []byte) []byte {
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 || i+1 >= len(raw) {
			return append(dst, raw...)
		}
		dst = append(dst, raw[:i]...)
		c := raw[i+1]
		raw = raw[i+2:]
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			var r rune
			r, raw = unescapeRune(raw)
			dst = utf8.AppendRune(dst, r)
			continue
		}
		dst = append(dst, c)
	}
}

// unescapeRune reads the four digits behind \u, and a second escape where the
// first is the high half of a pair.
func unescapeRune(raw []byte) (rune, []byte) {
	r, ok := hex4(raw, 0)
	if !ok {
		return utf8.RuneError, raw
	}
	raw = raw[4:]
	if r < 0xd800 || r > 0xdfff {
		return r, raw
	}
	if low, ok := lowHalf(raw, 0); r < 0xdc00 && ok && low >= 0xdc00 && low <= 0xdfff {
		return (r-0xd800)<<10 + (low - 0xdc00) + 0x10000, raw[6:]
	}
	return utf8.RuneError, raw
}

// AppendUnescaped appends what the inside of a JSON string says: raw without its
// quotes. It is for strings that were checked before, such as a Skimmer's fields.
//
//go:noinline
func AppendUnescaped(dst, raw []byte) []byte { return appendUnescaped(dst, raw) }
