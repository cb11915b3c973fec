package cel

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// quoted reads a string or bytes literal with a prefix of n letters: b, r, both or none.
func quoted(text string, n int) (token, int, error) {
	kind, raw := kindString, false
	for _, c := range text[:n] {
		if c|0x20 == 'b' {
			kind = kindBytes
		} else {
			raw = true
		}
	}
	quote := text[n : n+1]
	if strings.HasPrefix(text[n:], strings.Repeat(quote, 3)) {
		quote = text[n : n+3]
	}
	start := n + len(quote)
	length, err := bodyLength(text[start:], quote, raw)
	if err != nil {
		return token{}, 0, err
	}
	body := text[start : start+length]
	if !raw {
		if body, err = unescape(body, kind == kindBytes); err != nil {
			return token{}, 0, err
		}
	}
	return token{kind, body}, start + length + len(quote), nil
}

// bodyLength is the number of bytes until the closing quote.
func bodyLength(text, quote string, raw bool) (int, error) {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case strings.HasPrefix(text[i:], quote):
			return i, nil
		case c == '\\' && !raw:
			i++
		case (c == '\n' || c == '\r') && len(quote) == 1:
			return 0, errors.New("line end in a string")
		}
	}
	return 0, errors.New("string without end")
}

// unescape resolves escapes. \x and octal digits are a byte in bytes, else a code point.
func unescape(s string, bytes bool) (string, error) {
	var out []byte
	for {
		before, rest, found := strings.Cut(s, `\`)
		out = append(out, before...)
		if !found {
			return string(out), nil
		}
		if rest == "" {
			return "", errors.New("escape without end")
		}
		if at := strings.IndexByte("abfnrtv\"'\\?`", rest[0]); at >= 0 {
			out = append(out, "\a\b\f\n\r\t\v\"'\\?`"[at])
			s = rest[1:]
			continue
		}
		digits, base, from := escapeDigits(rest)
		if len(rest) < from+digits {
			return "", errors.New("escape without end")
		}
		v, err := strconv.ParseUint(rest[from:from+digits], base, 32)
		switch wide := digits > 3; {
		case err != nil || digits == 0:
			return "", fmt.Errorf("unknown escape %q", rest[:1])
		case bytes && (wide || v > 0xff):
			return "", errors.New("code point in bytes")
		case bytes:
			out = append(out, byte(v))
		case v > utf8.MaxRune || !utf8.ValidRune(rune(v)) || base == 8 && v > 0xff:
			return "", errors.New("escape of no code point")
		default:
			out = utf8.AppendRune(out, rune(v))
		}
		s = rest[from+digits:]
	}
}

// escapeDigits says how many digits an escape has, of what base, and where they begin;
// none if there is no such escape.
func escapeDigits(s string) (n, base, from int) {
	switch s[0] {
	case 'x', 'X':
		return 2, 16, 1
	case 'u':
		return 4, 16, 1
	case 'U':
		return 8, 16, 1
	case '0', '1', '2', '3':
		return 3, 8, 0
	}
	return 0, 10, 1
}
