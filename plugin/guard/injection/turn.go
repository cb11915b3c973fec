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
		switch l := b | 0x20; {
		case l < 'a' || l > 'z':
		case how == rot13:
			b = shiftLetter(l, 13)
		case how == atbash:
			b = 'z' - (l - 'a')
		case how == caesar:
			b = shiftLetter(l, 23)
		}
		out[i] = b
	}
	return out
}

// shift moves the letters of a text on in the alphabet.
func shift(text []byte, by int) []byte {
	out := make([]byte, len(text))
	for i, b := range text {
		out[i] = shiftLetter(b, by)
	}
	return out
}

// shiftLetter moves a letter on in the alphabet, 0 to 25 places; other bytes it leaves.
func shiftLetter(b byte, by int) byte {
	l := b | 0x20 - 'a'
	if l >= 26 {
		return b
	}
	return b - l + (l+byte(by))%26
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
