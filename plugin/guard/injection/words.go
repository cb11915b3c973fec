package injection

import (
	"slices"
	"unicode/utf8"
)

// A word is a place in the folded text where entries can begin.
type word struct {
	start, end int32 // in the folded text
	source     int32 // in the text
	at         int32 // its place, in units
	hash       uint32
	dense      bool
	quoted     bool
	value      uint16 // of a sign that was found in the bare text; 0: look for words
}

// A cutter folds a text and cuts it into words.
type cutter struct {
	rules  *Rules
	text   []byte
	folded []byte
	words  []word
	at     int32
	single int32 // words of one letter in a row
	codes  int   // words with digits
	coded  bool  // there is a word that can be something encoded
	tags   []byte
	// the quotation that the cutter is in or was in last, and a place before which none opens
	quoteStart, quoteEnd, openUntil int
	scan                            *scan
}

// Classes of bytes.
const (
	ofNothing = iota
	ofWords
	ofMarks // and signs
)

const (
	flushAt   = 1024 // bytes of folded text, or words and signs
	keepWords = 8    // for phrases: how many words the longest has
	longWord  = 16   // letters from which on a word may be several, or encoded
	sentence  = 2 * wordUnits

	fewestSpaced = 5 // single letters in a row that are read as words
)

// run cuts the whole text.
func (c *cutter) run(text []byte) {
	c.text = text
	size := flushAt + 64 // so that plainWord has room
	c.folded, c.words = make([]byte, 0, size), make([]word, 0, min(len(text), size)/5)
	c.sign(-1)
	class := &c.rules.class
	for i := 0; i < len(text); {
		switch class[text[i]] {
		case ofWords:
			end := c.plainWord(i)
			if end == 0 {
				end = c.word(i)
			}
			if i = end; i < len(text) && text[i] == ' ' {
				i++
			}
		case ofMarks:
			c.mark(i, text[i])
			i++
		default:
			i++
		}
	}
	c.spaced()
	c.flush(0)
}

// mark takes a byte that belongs to no word.
func (c *cutter) mark(i int, b byte) {
	if c.rules.starts[b] && (b != '\n' || i+1 < len(c.text) && c.text[i+1] != '\n') {
		if len(c.words) > flushAt {
			c.flush(keepWords)
		}
		c.sign(i)
	}
	switch b {
	case '"', '\'':
		c.quotation(i, rune(b), 1)
	case '.', '!', '?', ':', ';', '\n':
		if n := len(c.folded); n > 0 && c.folded[n-1] != '\n' && c.single == 0 && (i+1 == len(c.text) || c.text[i+1] <= ' ' || b == '\n') {
			if b == '?' {
				c.question(i)
			}
			c.at += sentence
			c.folded = append(c.folded, '\n')
		}
	}
}

// question takes a question mark for a word: what is asked is seldom ordered.
func (c *cutter) question(i int) {
	n := int32(len(c.folded))
	c.words = append(c.words, word{start: n, end: n + 1, source: int32(i), at: c.at, quoted: c.quoted(i)})
	c.folded = append(c.folded, '?')
}

// sign looks for a sign that begins at a byte of the bare text, -1 for the line that the
// text begins with. Spaces within it do not count.
func (c *cutter) sign(i int) {
	t := c.rules.words
	from := i
	state := int32(0)
	if i < 0 {
		state, i = t.Step(0, '\n'), 0
		if state == 0 {
			return
		}
	}
	var value uint16
	spaces := 0
	for end := min(len(c.text), i+48); i < end; i++ {
		b := c.text[i]
		if b == ' ' || b == '\t' || b == '\r' || b == '\n' && i > from && state != 0 && t.Step(state, b) == 0 {
			if spaces++; spaces > 6 {
				break
			}
			continue
		}
		if l := c.rules.lower[b]; l != 0 {
			b = l
		}
		if state = t.Step(state, b); state == 0 {
			break
		}
		if v := t.Value(state); v != 0 {
			value = v
		}
	}
	if value != 0 {
		c.words = append(c.words, word{source: int32(max(from, 0)), at: c.at, value: value &^ openEnd, quoted: c.quoted(from)})
		c.at += wordUnits
	}
}

// plainWord takes a short word of ASCII letters with nothing before its end that could belong
// to it, as most are, and returns where it ends; 0 if it is not one. It does for those what
// word does for all.
func (c *cutter) plainWord(i int) int {
	start := len(c.folded)
	if start > flushAt || c.single >= fewestSpaced {
		return 0
	}
	const longestPlain = shortest - 1
	h := uint32(hashBasis)
	t := c.text[i:]
	plain := c.folded[start : start+longestPlain+1] // there is room: see run
	n := 0
	for ; n < len(t) && n <= longestPlain; n++ {
		l := c.rules.letter[t[n]]
		if l == 0 {
			break
		}
		plain[n] = l
		h = (h ^ uint32(l)) * hashPrime
	}
	if n == 0 || n > longestPlain || n < len(t) && !c.rules.apart[t[n]] {
		return 0
	}
	if c.single++; n > 1 {
		c.single = 0
	}
	plain[n] = ' '
	c.folded = c.folded[:start+n+1]
	w := word{start: int32(start), end: int32(start + n), source: int32(i), at: c.at, hash: h, quoted: c.quoted(i)}
	c.words = append(c.words, w)
	c.at += wordUnits
	if n >= shortestMisspelt && c.rules.spell.may(plain[:n]) {
		c.misspelt(w)
	}
	return i + n
}

// word takes a run of letters and digits, which begins at i, and returns where it ends.
func (c *cutter) word(i int) int {
	if len(c.folded) > flushAt {
		if c.single > 0 {
			c.spaced() // while its letters are there
		}
		c.flush(keepWords)
	}
	start, source := len(c.folded), i
	ascii, digits, foreign, leet, mail := 0, 0, 0, 0, false
	t, lower := c.text, &c.rules.lower
	for i < len(t) && lower[t[i]] != 0 {
		i++
	}
	c.folded = slices.Grow(c.folded, i-source+utf8.UTFMax)[:start+i-source]
	plain := c.folded[start:]
	capitals := byte(0)
	for k, b := range t[source:i] {
		l := lower[b]
		plain[k] = l
		capitals += (b ^ l) >> 5
		if b <= '9' {
			digits++
		}
	}
	if digits > 0 {
		c.codes++
	}
	if len(plain) >= shortest && (digits > 0 || capitals > 1) || len(plain) >= 2*longWord {
		c.coded = true
	}
	ascii = len(plain) - digits
loop:
	for i < len(t) {
		b := t[i]
		switch l := lower[b]; {
		case l != 0:
			c.folded = append(c.folded, l)
			if l <= '9' {
				digits++
			} else {
				ascii++
			}
			i++
		case b == '\'' || b == '`':
			if i == source || i+1 == len(t) || c.rules.lower[t[i+1]] == 0 {
				break loop
			}
			i++
		case b == '@' || b == '$' || (b == '!' || b == '|') && i > source && i+1 < len(t) && c.rules.lower[t[i+1]] != 0:
			c.folded = append(c.folded, b)
			leet++
			mail = mail || b == '@' && i > source
			i++
		case b >= utf8.RuneSelf:
			r, n := utf8.DecodeRune(t[i:])
			f, kind := foldRune(r)
			switch kind {
			case separator:
				if r == 0x2019 && i > source {
					i += n
					continue
				}
				if i == source {
					c.quotation(i, r, n)
					i += n
				}
				if r == 0x3002 || r == 0xff01 || r == 0xff1f || r == 0x0964 || r == 0x2026 || r == 0xff1a {
					c.at += sentence
				}
				break loop
			case letter:
				if f < utf8.RuneSelf {
					c.folded = append(c.folded, byte(f))
					ascii++
				} else {
					c.folded = utf8.AppendRune(c.folded, f)
					foreign++
				}
			case dense:
				if len(c.folded) > start {
					break loop
				}
				return c.denseRun(i)
			case invisible:
				// A word goes on behind it.
			case tag:
				c.tags = append(c.tags, byte(f))
			}
			i += n
		default:
			break loop
		}
	}
	n := len(c.folded) - start
	if n == 0 {
		return i
	}
	if foreign > 0 && ascii > 0 {
		c.folded = append(c.folded[:start], latinise(c.folded[start:])...)
		n = len(c.folded) - start
	}
	if n == 1 && digits == 0 {
		c.single++
	} else if c.single > 0 {
		c.spaced()
	}
	w := word{start: int32(start), end: int32(start + n), source: int32(source), at: c.at, quoted: c.quoted(source)}
	if mail {
		c.scan.concept(c.rules.address, c.at, int32(source), false)
	}
	if leet+digits > 0 && ascii > 0 && n < longWord {
		c.unleet(w)
	}
	c.words = append(c.words, w)
	c.at += wordUnits
	c.folded = append(c.folded, ' ')
	if n >= longWord {
		c.long(w, source, i, digits)
	} else if n >= shortestMisspelt && digits == 0 && leet == 0 && foreign == 0 && c.rules.spell.may(c.folded[start:start+n]) {
		c.misspelt(w)
	}
	return i
}

// denseRun takes letters of a script that has no spaces.
func (c *cutter) denseRun(i int) int {
	c.spaced()
	if n := len(c.folded); n > 0 && c.folded[n-1] == ' ' && len(c.words) > 0 && c.words[len(c.words)-1].dense {
		c.folded = c.folded[:n-1] // spaces between such letters do not count
	}
	for i < len(c.text) {
		r, n := utf8.DecodeRune(c.text[i:])
		f, kind := foldRune(r)
		if kind == invisible {
			i += n
			continue
		}
		if kind != dense {
			break
		}
		if len(c.folded) > flushAt {
			c.flush(keepWords)
		}
		start := len(c.folded)
		c.folded = utf8.AppendRune(c.folded, f)
		c.words = append(c.words, word{start: int32(start), end: int32(len(c.folded)), source: int32(i), at: c.at, dense: true, quoted: c.quoted(i)})
		c.at++
		i += n
	}
	c.folded = append(c.folded, ' ')
	return i
}

// flush looks for entries at all words but the last few, and forgets those.
func (c *cutter) flush(keep int) {
	n := max(len(c.words)-keep, 0)
	for i := range c.words[:n] {
		w := &c.words[i]
		if w.value != 0 {
			c.scan.found(w.value, w)
			continue
		}
		c.scan.word(w, c.hashOf(w))
		if c.begins(i) {
			c.walk(w)
		}
	}
	shift := int32(len(c.folded))
	for _, w := range c.words[n:] {
		if w.value == 0 {
			shift = w.start
			break
		}
	}
	kept := copy(c.folded, c.folded[shift:])
	c.folded = c.folded[:kept]
	rest := copy(c.words, c.words[n:])
	c.words = c.words[:rest]
	for i := range c.words {
		c.words[i].start -= shift
		c.words[i].end -= shift
	}
}

// hashOf is that of a word, which plainWord knows already.
func (c *cutter) hashOf(w *word) uint32 {
	if w.hash == 0 {
		w.hash = hash(c.folded[w.start:w.end])
	}
	return w.hash
}

// begins reports whether an entry can begin at a word.
func (c *cutter) begins(i int) bool {
	w := &c.words[i]
	text := c.folded[w.start:w.end]
	if text[0] >= utf8.RuneSelf || i+1 == len(c.words) || c.words[i+1].value != 0 {
		return true
	}
	return c.rules.begin.has(text, w.hash, c.hashOf(&c.words[i+1]))
}

// walk finds all entries that begin at a word.
func (c *cutter) walk(w *word) {
	t := c.rules.words
	state := int32(0)
	for i := int(w.start); i < len(c.folded); i++ {
		if state = t.Step(state, c.folded[i]); state == 0 {
			return
		}
		if v := t.Value(state); v != 0 && (v&openEnd != 0 || w.dense || c.ends(i+1)) {
			c.scan.found(v&^openEnd, w)
		}
	}
}

// ends reports whether a word ends before a byte of the folded text.
func (c *cutter) ends(i int) bool {
	return i == len(c.folded) || c.folded[i] == ' ' || c.folded[i] == '\n' || c.folded[i] >= 0xe3 && c.folded[i-1] < utf8.RuneSelf
}
