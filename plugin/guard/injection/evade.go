package injection

import (
	"bytes"
	"strings"
)

// unleet reads digits and signs of a word as the letters that they look like, if that
// makes a word of the rules.
func (c *cutter) unleet(w word) {
	var out [longWord]byte
	text := c.folded[w.start:w.end]
	if c.spells(text, 0, 0, &out) {
		copy(text, out[:len(text)])
		c.scan.evaded()
	}
}

// looksLike gives the letters that a digit or sign can stand for; a letter stands for itself.
func looksLike(b byte) (first, second byte) {
	const signs, one, other = "0134567892@$!|", "oieasgtbgzasil", "oleasbtbgzasli"
	if i := strings.IndexByte(signs, b); i >= 0 {
		return one[i], other[i]
	}
	return b, b
}

// spells reports whether a word from a byte on goes on from a state of the trie to an entry,
// or past the end of one that is open, and writes its letters. The trie has few ways on, so
// that there is not much to try.
func (c *cutter) spells(text []byte, at int, state int32, out *[longWord]byte) bool {
	t := c.rules.words
	if at == len(text) {
		return t.Value(state) != 0
	}
	if t.Value(state)&openEnd != 0 && at > 3 {
		for i := at; i < len(text); i++ {
			out[i], _ = looksLike(text[i])
		}
		return true
	}
	first, second := looksLike(text[at])
	for _, l := range [...]byte{first, second} {
		if next := t.Step(state, l); next != 0 {
			if out[at] = l; c.spells(text, at+1, next, out) {
				return true
			}
		}
		if first == second {
			break
		}
	}
	return false
}

// spaced ends a row of single letters: five and more are read as the words that they spell.
func (c *cutter) spaced() {
	n := int(c.single)
	c.single = 0
	if n < fewestSpaced {
		return
	}
	var letters []byte
	k := len(c.words) - n
	if k < 0 {
		return
	}
	for _, w := range c.words[k:] {
		if w.value == 0 && w.end-w.start == 1 {
			letters = append(letters, c.folded[w.start])
		}
	}
	c.joined(letters, c.words[k].at, c.words[k].source)
}

// joined finds entries within letters that run together, whatever spaces they should have.
func (c *cutter) joined(letters []byte, at, source int32) {
	t := c.rules.words
	for i := range letters {
		state := int32(0)
		for j := i; j < len(letters) && j < i+24; j++ {
			next := t.Step(state, letters[j])
			if next == 0 {
				if next = t.Step(state, ' '); next != 0 {
					next = t.Step(next, letters[j])
				}
			}
			if state = next; state == 0 {
				break
			}
			if v := t.Value(state); v != 0 && j-i >= 3 {
				c.words = append(c.words, word{source: source, at: at, value: v &^ openEnd, quoted: c.quoted(int(source))})
				c.scan.evaded()
			}
		}
		if i%5 == 4 {
			at += wordUnits
		}
	}
	c.at = max(c.at, at)
}

// long takes a word that is too long for one: several without spaces, or something encoded.
func (c *cutter) long(w word, source, end, digits int) {
	if digits == 0 {
		c.joined(bytes.Clone(c.folded[w.start:w.end]), w.at, w.source)
	}
}

// misspelt finds words of the rules that are spelt wrongly, in a way that one reads over.
func (c *cutter) misspelt(w word) {
	text := c.folded[w.start:w.end]
	v := c.rules.spell.find(text)
	if v == 0 || c.rules.value(string(text)) != 0 {
		return
	}
	c.words = append(c.words, word{start: w.start, end: w.end, source: w.source, at: w.at, value: v, quoted: w.quoted})
	c.scan.evaded()
}
