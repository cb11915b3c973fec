package route

import "strings"

// A TextPattern is a pattern for a whole text, with * for any characters. The case of letters
// does not matter if they are ASCII; others are to be small in the text. Texts are long and
// patterns rarely match, so the search looks at one letter of several.
type TextPattern struct {
	begin, end string
	within     []needle // in this order between them
	exact      bool     // there is no *: the text is begin
	wide       bool     // it has other letters than ASCII
}

// A needle is looked for from its end: skip says for each letter that stands there how far its
// end is away at least, and 0 for its last letter.
// https://onlinelibrary.wiley.com/doi/10.1002/spe.4380100608
type needle struct {
	word string
	skip [256]uint8
}

// NewTextPattern compiles a pattern.
func NewTextPattern(pattern string) *TextPattern {
	parts := strings.Split(Fold(pattern), "*")
	last := len(parts) - 1
	p := &TextPattern{begin: parts[0], exact: last == 0, wide: !ascii(pattern)}
	if p.exact {
		return p
	}
	p.end = parts[last]
	for _, word := range parts[1:last] {
		if word != "" {
			p.within = append(p.within, newNeedle(word))
		}
	}
	return p
}

func newNeedle(word string) needle {
	n := needle{word: word}
	const most = 255
	for c := range n.skip {
		n.skip[c] = uint8(min(len(word), most))
	}
	for i := range len(word) {
		far := uint8(min(len(word)-1-i, most))
		n.skip[word[i]] = far
		if word[i]-'a' < 26 {
			n.skip[word[i]-('a'-'A')] = far
		}
	}
	return n
}

// Match reports whether the text is as the pattern says.
func (p *TextPattern) Match(text []byte) bool {
	rest := len(text) - len(p.begin) - len(p.end)
	if rest < 0 || p.exact && rest > 0 || !same(text, p.begin) || !same(text[len(text)-len(p.end):], p.end) {
		return false
	}
	text = text[len(p.begin):][:rest]
	for i := range p.within {
		at := p.within[i].find(text)
		if at < 0 {
			return false
		}
		text = text[at:]
	}
	return true
}

// find is where the word ends in a text; -1 if it is not there.
func (n *needle) find(text []byte) int {
	last := len(n.word) - 1
	for at := last; at < len(text); {
		if far := n.skip[text[at]]; far > 0 {
			at += int(far)
			continue
		}
		if at++; same(text[at-1-last:], n.word) {
			return at
		}
	}
	return -1
}

// same reports whether a text, which is as long at least, begins with a word in small letters.
func same(text []byte, word string) bool {
	for i := range len(word) {
		c := text[i]
		if c-'A' < 26 {
			c += 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}
