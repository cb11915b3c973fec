package injection

import "unicode/utf8"

// How a text is turned.
const (
	rot13 = iota
	reversed
	atbash
	caesar // by three letters
)

// turn undoes it.
func turn(text []byte, how int) []byte {
	out := make([]byte, len(text))
	if how == reversed {
		reverse(out, text)
		return out
	}
	for i, b := range text {
		if l := b | 0x20; l >= 'a' && l <= 'z' {
			switch how {
			case rot13:
				b = 'a' + (l-'a'+13)%26
			case atbash:
				b = 'z' - (l - 'a')
			case caesar:
				b = 'a' + (l-'a'+23)%26
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
