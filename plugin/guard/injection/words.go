package injection

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"
)

// A word is a place in the folded text where entries can begin.
type word struct {
	start, end int32  // in the folded text
	source     int32  // in the text
	at         int32  // its place, in units
	hash       uint32 // of its letters
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
	coded  bool  // there is a sign of an escape or of Morse
	mixed  bool  // there is a word that can be something encoded
	unsure bool  // the last word may be misspelt
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
	plainWord = 11   // letters that a plain word has at most
	sentence  = 2 * wordUnits

	fewestSpaced = 5 // single letters in a row that are read as words
)

func newCutter(r *Rules) *cutter {
	const size = flushAt + 64 // so that plainRun has room for a word
	return &cutter{rules: r, scan: newScan(r), folded: make([]byte, 0, size), words: make([]word, 0, size/4)}
}

// end leaves the cutter for another text, unless it has become large.
func (c *cutter) end() {
	c.text, c.tags, c.scan.spans = nil, nil, nil
	if cap(c.folded) <= 4*flushAt && cap(c.words) <= flushAt {
		c.rules.idle.Store(c)
	}
}

// run cuts the whole text.
func (c *cutter) run(text []byte) {
	*c = cutter{rules: c.rules, scan: c.scan, text: text, folded: c.folded[:0], words: c.words[:0]}
	c.sign(-1)
	class := &c.rules.class
	for i := 0; i < len(text); {
		if i = c.plainWords(i); i == len(text) {
			break
		}
		switch class[text[i]] {
		case ofWords:
			if i = c.word(i); i < len(text) && text[i] == ' ' {
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
	case '%', '\\', '&':
		c.coded = true
	case '-':
		c.coded = c.coded || i > 0 && i+1 < len(c.text) && c.text[i-1] == ' ' && c.text[i+1] == '.'
	case '.', '!', '?', ':', ';', '\n':
		c.coded = c.coded || b == '.' && i > 0 && i+1 < len(c.text) && c.text[i-1] == ' ' && c.text[i+1] == '-'
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
	c.folded = append(c.folded, '?')
	c.words = append(c.words, word{start: n, end: n + 1, source: int32(i), at: c.at, quoted: c.quoted(i)})
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

// plainWords takes short words of ASCII letters, as most are, and what means nothing between
// them, and returns where something else is, or the end of the text near. It does for those
// what word does for all.
func (c *cutter) plainWords(i int) int {
	for {
		i = c.plainRun(i)
		full := len(c.words) == cap(c.words)
		if full {
			c.words = slices.Grow(c.words, 1)
		}
		if !c.checked() && !full {
			return i
		}
	}
}

// checked looks whether the last word is misspelt, if plainRun has left that to be looked
// for; false if not.
func (c *cutter) checked() bool {
	if !c.unsure {
		return false
	}
	c.unsure = false
	c.misspelt(c.words[len(c.words)-1])
	return true
}

// plainRun takes plain words as long as it needs no call: without one in a loop, what the
// loop has in hand stays where it is. All of the words are within one quotation, or none is.
func (c *cutter) plainRun(i int) int {
	r, t, words, folded := c.rules, c.text, c.words[:cap(c.words)], c.folded[:cap(c.folded)]
	k, start, at, single := len(c.words), len(c.folded), c.at, c.single
	limit, quoted := len(t)-17, c.quoted(i)
	if i < c.quoteEnd {
		limit = min(limit, c.quoteEnd-1)
	}
	for i <= limit && start <= flushAt && k < len(words) && single < fewestSpaced {
		x := binary.LittleEndian.Uint64(t[i:])
		n := lettersAhead(x)
		if n == 0 {
			if r.class[byte(x)] != ofNothing {
				break
			}
			i++
			continue
		}
		small := x | 0x20*each
		binary.LittleEndian.PutUint64(folded[start:], small) // there is room: see newCutter
		first, last := byte(small), byte(small>>(n*8-8))
		next := byte(x >> (n * 8 & 63))
		if n == 8 {
			x = binary.LittleEndian.Uint64(t[i+8:])
			more := lettersAhead(x)
			if n += more; n > plainWord {
				break
			}
			if next = byte(x >> (more * 8)); more > 0 {
				small = x | 0x20*each
				binary.LittleEndian.PutUint64(folded[start+8:], small)
				last = byte(small >> (more*8 - 8))
			}
		}
		if !r.apart[next] {
			break
		}
		folded[start+n] = ' '
		w := &words[k]
		w.start, w.end, w.source, w.at, w.hash = int32(start), int32(start+n), int32(i), at, 0
		w.dense, w.quoted, w.value = false, quoted, 0
		at += wordUnits
		start += n + 1
		k++
		if i += n; next == ' ' {
			i++
		}
		if single++; n > 1 {
			single = 0
		}
		if n >= shortestMisspelt && r.spell.may(first, last, n) {
			c.unsure = true
			break
		}
	}
	c.words, c.folded, c.at, c.single = c.words[:k], c.folded[:start], at, single
	return i
}

// Of eight bytes at once:
const (
	each = 0x0101010101010101
	high = 0x80 * each // the highest bit of each
)

// lettersAhead is how many letters of ASCII eight bytes begin with. A byte beyond ASCII is
// none, though it may spoil those behind it.
func lettersAhead(x uint64) int {
	x |= 0x20 * each
	return bits.TrailingZeros64(^((x+(0x80-'a')*each)&^(x+(0x7f-'z')*each))&high) >> 3
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
		if c.codes++; capitals > 1 && len(plain) > digits+int(capitals) {
			c.codes += 2 // as in a piece of base64
		}
	}
	if len(plain) >= shortest && (digits > 0 || capitals > 1) || len(plain) >= 2*longWord {
		c.mixed = true
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
	} else if n >= shortestMisspelt && digits == 0 && leet == 0 && foreign == 0 && c.rules.spell.may(c.folded[start], c.folded[start+n-1], n) {
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
	c.folded = slices.Grow(c.folded, 4) // for next, which reads four bytes at once
	hashWords(c.words, c.folded)
	for from := 0; from < n; {
		c.scan.reach(c.words[from].at)
		i := c.next(from, n)
		list := c.words[from:min(i+1, n)] // concepts count where they are among words
		taken := c.scan.usage.words(list, c.scan.half*halfWindow)
		if from += taken; taken < len(list) || i == n {
			continue
		}
		if w := &c.words[i]; w.value != 0 {
			c.scan.found(w.value, w)
		} else {
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

// hashWords gives words their hashes that have none.
func hashWords(words []word, folded []byte) {
	for i := range words {
		if w := &words[i]; w.hash == 0 && w.value == 0 {
			w.hash = hash(folded[w.start:w.end])
		}
	}
}

// next is the first word from i to n at which an entry can begin, or a sign was found.
func (c *cutter) next(i, n int) int {
	b, words, folded := &c.rules.begin, c.words, c.folded[:cap(c.folded)]
	for last := min(n, len(words)-1); i < last; i++ {
		w, after := &words[i], &words[i+1]
		if w.value|after.value != 0 {
			return i
		}
		letters := binary.LittleEndian.Uint32(folded[w.start:]) // there is room: see flush
		first := b.firsts.of(w.hash)
		if first&alone|b.open.of(letters)|letters&utf8.RuneSelf != 0 || first&ofPhrase != 0 && b.pairs.of(pair(w.hash, after.hash)) != 0 {
			return i
		}
	}
	return i
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
