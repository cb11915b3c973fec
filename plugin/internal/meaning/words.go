package meaning

import (
	"unicode/utf8"
)

// What of a text counts how much: its words, pairs of neighbours, signs such as + and the
// letters of words three and four at a time, by which forms of one word are near each other.
const (
	ofWord, ofPair, ofSign, ofLetters = 1, 0.5, 0.7, 0.5
	fewLetters, mostLetters           = 3, 4
	// mostTogether is how many letters count together where no spaces part the words.
	mostTogether = 3
)

// A reader finds what counts in a text.
type reader struct {
	count func(feature uint32, weight float32)

	word   []rune
	before uint32 // the word before; 0: there is none
}

// read goes through a text.
func (r *reader) read(text string) {
	r.word, r.before = r.word[:0], 0
	last := other
	for _, c := range text {
		c = small(c)
		k := kindOf(c)
		if k == joint { // it is left out of its word
			continue
		}
		if k != last {
			r.end(last)
		}
		last = k
		switch k {
		case letter, digit, dense:
			r.word = append(r.word, c)
		case sign:
			r.count(hash(4, uint32(c)), ofSign)
		}
	}
	r.end(last)
}

// end ends a word, of whatever it is.
func (r *reader) end(k kind) {
	if len(r.word) == 0 {
		return
	}
	w := r.word
	r.word = w[:0]
	switch k {
	case dense:
		r.together(w)
		r.before = 0
		return
	case digit: // which number it is says little
		w = append(w[:0], '#')
	}
	h := hashAll(1, w)
	r.count(h, ofWord)
	if r.before != 0 {
		r.count(hash(hash(2, r.before), h), ofPair)
	}
	r.before = h
	if len(w) >= fewLetters {
		r.letters(w)
	}
}

// letters counts a word's letters three and four at a time; its ends are letters too.
func (r *reader) letters(w []rune) {
	for n := fewLetters; n <= mostLetters; n++ {
		for i := -1; i+n <= len(w)+1; i++ {
			h := uint32(3)
			for at := i; at < i+n; at++ {
				if at < 0 || at == len(w) {
					h = hash(h, ' ')
				} else {
					h = hash(h, uint32(w[at]))
				}
			}
			r.count(h, ofLetters)
		}
	}
}

// together counts letters one, two and three at a time.
func (r *reader) together(w []rune) {
	for i := range w {
		h := uint32(5)
		for n := 0; n < mostTogether && i+n < len(w); n++ {
			h = hash(h, uint32(w[i+n]))
			r.count(h, [...]float32{ofLetters, ofWord, ofPair}[n])
		}
	}
}

// A kind is what a character is to its neighbours.
type kind uint8

const (
	other  kind = iota
	letter      // of words with spaces between them
	digit
	dense // a letter of a script whose words are short, or have no spaces between them
	sign
	joint // within a word
)

func kindOf(c rune) kind {
	switch {
	case c >= 'a' && c <= 'z':
		return letter
	case c >= '0' && c <= '9':
		return digit
	case c == '\'' || c == 0x2019 || c == 0xad:
		return joint
	case c < utf8.RuneSelf:
		switch c {
		case '+', '=', '*', '/', '^', '%', '<', '>', '{', '}', '[', ']', '(', ')', ';', '\\', '_', '@', '#', '&', '|', '$':
			return sign
		}
		return other
	case c == 0x20ac || c == 0xa3 || c == 0xa5 || c == 0xd7 || c == 0xf7 || c >= 0x2200 && c < 0x2300: // € £ ¥ × ÷ and mathematics
		return sign
	case c < 0xc0, c >= 0x2000 && c < 0x2c00, c >= 0x3000 && c < 0x3040, c >= 0xfe00 && c < 0xfe70, c >= 0xff00 && c < 0xff66, c == utf8.RuneError:
		return other
	case c >= 0x0e00 && c < 0x1000, c >= 0x1000 && c < 0x10a0, c >= 0x1780 && c < 0x1800, // Thai, Lao, Tibetan; Burmese; Khmer
		c >= 0x3040 && c < 0xa000, c >= 0xac00 && c < 0xd7b0, c >= 0xf900 && c < 0xfb00, c >= 0x20000:
		return dense
	}
	return letter
}

// small is a character in its small form, for the scripts in which that is a shift.
func small(c rune) rune {
	switch {
	case c < 'A':
	case c <= 'Z', c >= 0xc0 && c <= 0xde && c != 0xd7, c >= 0x391 && c <= 0x3ab, c >= 0x410 && c <= 0x42f:
		return c + 32
	case c >= 0x400 && c <= 0x40f:
		return c + 80
	case c >= 0x100 && c < 0x138, c >= 0x14a && c < 0x178, c >= 0x460 && c < 0x482, c >= 0x1e00 && c < 0x1e96, c >= 0x1ea0 && c < 0x1f00:
		return c | 1
	case c >= 0x139 && c <= 0x148 && c&1 == 1, c >= 0x179 && c <= 0x17e && c&1 == 1:
		return c + 1
	}
	return c
}

// hash goes on with a hash by one number: FNV-1a on 32 bits at a time, mixed.
func hash(h, x uint32) uint32 {
	h = (h ^ x) * 0x01000193
	return h ^ h>>15*0x2c1b3c6d
}

func hashAll(h uint32, w []rune) uint32 {
	for _, c := range w {
		h = hash(h, uint32(c))
	}
	return h | 1 // 0 is none
}
