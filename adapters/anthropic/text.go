package anthropic

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// trimEnd is a text without the white space at its end.
func trimEnd(t chat.Text) chat.Text {
	end := 0
	for i := 0; i < len(t); {
		n, white := character(t[i:])
		i += n
		if !white {
			end = i
		}
	}
	return t[:end]
}

// blank reports whether a text has nothing but white space, which this API refuses.
func blank(t chat.Text) bool {
	for i := 0; i < len(t); {
		n, white := character(t[i:])
		if !white {
			return false
		}
		i += n
	}
	return true
}

// character is the length of an escaped text's first character, or of a part of it,
// and whether it is white space.
func character(t chat.Text) (n int, white bool) {
	switch {
	case t[0] == ' ':
		return 1, true
	case t[0] != '\\' || len(t) < 2:
		return 1, false
	case t[1] == 'u' && len(t) >= 6:
		return 6, string(t[2:5]) == "000" && isSpaceDigit(t[5]) || string(t[2:6]) == "0020" || bytes.EqualFold(t[2:6], []byte("00a0"))
	}
	return 2, t[1] == 'n' || t[1] == 't' || t[1] == 'r' || t[1] == 'f'
}

// isSpaceDigit reports whether \u000 and this digit are a tab or a line end.
func isSpaceDigit(c byte) bool {
	return c == '9' || c|0x20 >= 'a' && c|0x20 <= 'd'
}

// same reports whether two texts say the same, however they are spelled.
func same(a, b chat.Text) bool {
	if bytes.Equal(a, b) {
		return true
	}
	if bytes.IndexByte(a, '\\') < 0 && bytes.IndexByte(b, '\\') < 0 {
		return false
	}
	return bytes.Equal(rawjson.AppendUnescaped(nil, a), rawjson.AppendUnescaped(nil, b))
}

// isName reports whether a text is a name as tools and calls have them here.
func isName(t chat.Text) bool {
	for _, c := range t {
		if c|0x20-'a' > 25 && c-'0' > 9 && c != '_' && c != '-' {
			return false
		}
	}
	return len(t) > 0
}

// idMark begins an id that was respelled.
const idMark = "pid_"

// appendID appends a call's id as this API takes it, ^[a-zA-Z0-9_-]+$. One that is not
// like that is respelled so that different ids stay different: behind idMark, each
// byte that is no letter, digit or hyphen is an underscore and two hexadecimal digits.
func appendID(dst []byte, id chat.Text) []byte {
	if isName(id) && !bytes.HasPrefix(id, []byte(idMark)) {
		return append(dst, id...)
	}
	const digits = "0123456789abcdef"
	dst = append(dst, idMark...)
	for _, c := range rawjson.AppendUnescaped(nil, id) {
		if c|0x20-'a' <= 25 || c-'0' <= 9 || c == '-' {
			dst = append(dst, c)
		} else {
			dst = append(dst, '_', digits[c>>4], digits[c&15])
		}
	}
	return dst
}
