package injection

import "bytes"

// unleet reads digits and signs of a word as the letters that they look like, if that
// makes a word of the rules.
func (c *cutter) unleet(w word) {
	var two [2][longWord]byte
	n := 0
	for _, b := range c.folded[w.start:w.end] {
		x, y := plain(b)
		two[0][n], two[1][n] = x, y
		n++
	}
	for i := range two {
		if c.known(two[i][:n]) {
			copy(c.folded[w.start:w.end], two[i][:n])
			c.scan.evaded()
			return
		}
	}
}

// plain gives the letters that a digit or sign stands for.
func plain(b byte) (byte, byte) {
	const signs, first, second = "0134567892@$!|", "oieasgtbgzasil", "oleasgtbgzasii"
	if i := bytes.IndexByte([]byte(signs), b); i >= 0 {
		return first[i], second[i]
	}
	return b, b
}

// known reports whether a word is an entry, or begins with one that is open.
func (c *cutter) known(word []byte) bool {
	t := c.rules.words
	state := int32(0)
	for i, b := range word {
		if state = t.Step(state, b); state == 0 {
			return false
		}
		if v := t.Value(state); v != 0 && (i == len(word)-1 || v&openEnd != 0 && i > 2) {
			return true
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
