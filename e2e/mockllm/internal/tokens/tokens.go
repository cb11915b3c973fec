// Package tokens is the mock's tokenizer: deterministic, documented, and about
// four bytes a token on English text, so that estimates made from bytes can be
// compared with it.
//
// The rules: one blank joins the word that follows it; a word of letters and
// digits is one token for each six bytes or part of six; every other visible
// character, and every character from U+2E80 on (CJK, emoji), is a token of its
// own; blanks that join no word are one token a run.
package tokens

import (
	"unicode"
	"unicode/utf8"
)

// wordBytes is the longest piece of a word that is still one token.
const wordBytes = 6

// firstWide is where the scripts begin that are counted by the character.
const firstWide = 0x2E80

// Count returns the number of tokens of text.
func Count(text string) int {
	n := 0
	for len(text) > 0 {
		text = text[next(text):]
		n++
	}
	return n
}

// Split cuts text into its tokens; joined, they are text again.
func Split(text string) []string {
	var out []string
	for len(text) > 0 {
		n := next(text)
		out = append(out, text[:n])
		text = text[n:]
	}
	return out
}

// next returns the length of the first token of text, which is not empty.
func next(text string) int {
	blanks := 0
	for blanks < len(text) && isBlank(text[blanks]) {
		blanks++
	}
	switch {
	case blanks == 0:
		return visible(text)
	case blanks == 1 && len(text) > 1:
		return 1 + visible(text[1:])
	default:
		return blanks
	}
}

func visible(text string) int {
	n := 0
	for n < len(text) {
		r, size := utf8.DecodeRuneInString(text[n:])
		if !inWord(r) || n > 0 && n+size > wordBytes {
			break
		}
		n += size
	}
	if n == 0 {
		_, n = utf8.DecodeRuneInString(text)
	}
	return n
}

func inWord(r rune) bool {
	return r < firstWide && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

func isBlank(c byte) bool {
	return c == ' ' || c == '\n' || c == '\t' || c == '\r'
}
