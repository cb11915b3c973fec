package redact

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
)

// Terms are an operator's own words and patterns. After Compile they are immutable. Both are
// looked for in the text as checks see it: what is spelled in other digits and letters, or
// with characters in it that nobody sees, is found too.
//
// Words are found whole, in any case of ASCII's letters.
type Terms struct {
	names   []string  // of entities
	words   []term    // in order
	filter  []uint64  // which beginnings words have, by their hashes
	shift   uint      // of a hash, for a place in filter
	odd     [256]bool // first bytes of words that begin with none of a word
	signs   bool      // one of those is a sign of ASCII
	program program   // of the patterns
}

type term struct {
	text   string // folded, in lower case
	entity int
}

// Bounds of what an operator may say.
const mostTermBytes = 128

// Add adds words that are found as the entity of that name. It returns the number of the
// first that is too short or too long, or -1.
func (t *Terms) Add(name string, words []string) int {
	e := t.entity(name)
	for i, w := range words {
		var f folded
		f.add([]byte(w), 0)
		if len(f.text) < 2 || len(f.text) > mostTermBytes {
			return i
		}
		for j, c := range f.text {
			f.text[j] = toLower(c)
		}
		t.words = append(t.words, term{string(f.text), e})
	}
	return -1
}

// Compile makes the terms ready.
func (t *Terms) Compile() {
	slices.SortStableFunc(t.words, func(a, b term) int { return strings.Compare(a.text, b.text) })
	size := 6 // of the filter: it is to let one beginning out of 32 through that it should not
	for 1<<size < 32*len(t.words) {
		size++
	}
	t.filter, t.shift = make([]uint64, 1<<(size-6)), uint(64-size)
	for i := range t.words {
		t.enter(t.words[i].text)
	}
	t.program.link()
}

func (t *Terms) entity(name string) int {
	if i := slices.Index(t.names, name); i >= 0 {
		return i
	}
	t.names = append(t.names, name)
	return len(t.names) - 1
}

// Names are the entities.
func (t *Terms) Names() []string { return t.names }

// partOfWord reports whether c is of a word that ends where the next does not: scripts that
// have no spaces between words do not count.
func partOfWord(c byte) bool { return classes[c]&(alnum|under) != 0 }

// enter notes what a word begins with: its first eight bytes, as far as they are of one
// word. Where a text has other than ASCII's they are not asked for.
func (t *Terms) enter(w string) {
	if c := w[0]; !partOfWord(c) {
		t.odd[c] = true
		t.signs = t.signs || c < 0x80
		return
	}
	var b [8]byte
	copy(b[:], w)
	if x := binary.LittleEndian.Uint64(b[:]); x&high == 0 {
		h := hashOf(x, inWord(x)) >> t.shift
		t.filter[h>>6] |= 1 << (h & 63)
	}
}

// inWord is how many bytes x begins with that are part of a word.
func inWord(x uint64) int { return bits.TrailingZeros64(^wordBytes(x)&high) >> 3 }

// hashOf is the hash of the first n bytes of x, one at least, in either case.
func hashOf(x uint64, n int) uint64 {
	return (x | 0x20*each) << (uint(64-8*n) & 63) * 0x9e3779b97f4a7c15
}

// has reports whether a word may have that beginning.
func (t *Terms) has(h uint64) bool {
	h >>= t.shift & 63
	return t.filter[h>>6]>>(h&63)&1 != 0
}

// findWords looks for words from s.wordPos on, as far as they are decided.
func (s *Scanner) findWords() {
	t, p := s.t, s.wordPos
	s.hit = false
	done := s.cleared
	for p < len(t) {
		for len(done) > 0 && done[0].to <= p {
			done = done[1:]
		}
		if len(done) > 0 && done[0].from <= p {
			p = done[0].to
			continue
		}
		limit := len(t)
		if len(done) > 0 {
			limit = done[0].from
		}
		if q := s.Terms.skip(t, p, limit); q > p {
			p = q
			continue
		}
		if c := t[p]; c&0xc0 == 0x80 || p > 0 && partOfWord(c) && partOfWord(t[p-1]) {
			p++ // amidst a character or a word
			continue
		}
		e, end := s.Terms.at(&s.view, p)
		if s.hit {
			break
		}
		if end > 0 {
			s.own = append(s.own, Match{Start: s.start(p), End: s.end(end), Term: e + 1})
			p = end
			continue
		}
		p++
	}
	s.wordPos = p
}

// skip goes from word to word of ASCII, to the first that may be the beginning of a term,
// or what has to be looked at byte by byte. Beyond limit it does not begin with one.
func (t *Terms) skip(text []byte, p, limit int) int {
	inside := p > 0 && p < len(text) && partOfWord(text[p-1])
	for p < limit && p+8 <= len(text) {
		x := binary.LittleEndian.Uint64(text[p:])
		if x&high != 0 {
			return p
		}
		m := wordBytes(x)
		n := bits.TrailingZeros64(^m&high) >> 3
		if n > 0 && !inside && t.has(hashOf(x, n)) || n == 0 && t.signs {
			return p
		}
		if n == 8 {
			p, inside = p+8, true
			continue
		}
		p, inside = p+n, false
		if !t.signs {
			p += min(bits.TrailingZeros64(m>>(8*n))>>3, 8-n)
		}
	}
	return p
}

// at is what of the words begins at p, and where the longest ends; 0 if nothing does.
func (t *Terms) at(v *view, p int) (entity, end int) {
	if c := v.t[p]; !partOfWord(c) && !t.odd[c] {
		return 0, 0
	}
	low, high := 0, len(t.words)
	for n := 0; ; n++ {
		if low < high && len(t.words[low].text) == n { // the shortest is the first
			if e := p + n; !(partOfWord(v.before(e-1)) && partOfWord(v.at(e))) {
				entity, end = t.words[low].entity, e
			}
			for low < high && len(t.words[low].text) == n {
				low++
			}
		}
		if low == high {
			return entity, end
		}
		c := toLower(v.at(p + n))
		if v.hit {
			return 0, 0
		}
		low = t.search(low, high, n, c)
		high = t.search(low, high, n, c+1)
	}
}

// search is the first of the words from low to high whose byte n is not below c. They have
// the same before it.
func (t *Terms) search(low, high, n int, c byte) int {
	if c == 0 {
		return high
	}
	for low < high {
		if mid := int(uint(low+high) >> 1); t.words[mid].text[n] < c {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}
