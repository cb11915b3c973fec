package injection

import "unicode/utf8"

// How a text is turned.
const (
	rot13 = iota
	reversed
	atbash
	caesar // by three letters
	byOne  // and more: moved on by a letter, by two
)

// turn undoes it.
func turn(text []byte, how int) []byte {
	out := make([]byte, len(text))
	if how == reversed {
		reverse(out, text)
		return out
	}
	by := byte(13)
	switch {
	case how == caesar:
		by = 23
	case how >= byOne:
		by = byte(how-byOne) + 1
	}
	for i, b := range text {
		l := (b | 0x20) - 'a'
		switch {
		case l >= 26:
		case how == atbash:
			b = 'z' - l
		default:
			b += (l+by)%26 - l
			if how < byOne {
				b |= 0x20
			}
		}
		out[i] = b
	}
	return out
}

// reverse writes the characters of a text from its end.
func reverse(out, text []byte) {
	for i := 0; i < len(text); {
		_, n := utf8.DecodeRune(text[i:])
		copy(out[len(text)-i-n:], text[i:i+n])
		i += n
	}
}

// reverseWords turns each word by itself.
func reverseWords(text []byte) []byte {
	out := make([]byte, len(text))
	for i := 0; i < len(text); {
		j := i
		for j < len(text) && text[j] > ' ' {
			j++
		}
		reverse(out[i:j], text[i:j])
		if j < len(text) {
			out[j] = text[j]
			j++
		}
		i = j
	}
	return out
}
