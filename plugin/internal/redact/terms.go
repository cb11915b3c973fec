package redact

import "slices"

// Terms are an operator's own words, and patterns for what has a form. They are immutable.
//
// Words are found whole, in any case of ASCII's letters. A pattern is a row of characters,
// classes such as [A-Z0-9] or \d, each as often as ?, {n} or {m,n} say: what of RE2 has a
// longest match, so that a text in pieces need not be held without end.
type Terms struct {
	names    []string // of entities
	first    [1 << 13]uint8
	words    map[uint32][]term
	patterns []pattern
	begins   [256]bool // bytes that a pattern can begin with
	longest  int       // word
}

type term struct {
	text   string // in lower case
	entity int
}

// Bounds of what an operator may say.
const (
	mostTermBytes    = 128
	mostPatternChars = 256
)

// Add adds words that are found as the entity of that name. It returns the number of the
// first that is too short or too long, or -1.
func (t *Terms) Add(name string, words []string) int {
	e := t.entity(name)
	if t.words == nil {
		t.words = map[uint32][]term{}
	}
	for i, w := range words {
		if len(w) < 2 || len(w) > mostTermBytes {
			return i
		}
		b := []byte(w)
		for j := range b {
			b[j] = toLower(b[j])
		}
		t.longest = max(t.longest, len(b))
		k := keyOf(b[0], b[1], thirdOf(b))
		t.first[k>>3&(1<<13-1)] |= 1 << (k & 7)
		list := append(t.words[k], term{string(b), e})
		for j := len(list) - 1; j > 0 && len(list[j].text) > len(list[j-1].text); j-- { // the longest first
			list[j], list[j-1] = list[j-1], list[j]
		}
		t.words[k] = list
	}
	return -1
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

// thirdOf is the third byte of a word, 0 if it has but two.
func thirdOf(b []byte) byte {
	if len(b) < 3 {
		return 0
	}
	return b[2]
}

func keyOf(a, b, c byte) uint32 {
	k := uint32(a) | uint32(b)<<8 | uint32(c)<<16
	return k * 0x9e3779b1 >> 8 & 0xffff
}

// A termScanner finds an operator's own in a text that comes in pieces.
type termScanner struct {
	view
	text  []byte
	base  int
	pos   int
	found []placed
}

func (s *termScanner) reset() { *s = termScanner{text: s.text[:0], found: s.found[:0]} }

// feed takes the next bytes, and returns up to where the whole text is decided.
func (s *termScanner) feed(terms *Terms, p []byte, last bool) (decided int, found []placed) {
	s.found = s.found[:0]
	whole := last && len(s.text) == 0
	if whole {
		s.t = p
	} else {
		s.text = append(s.text, p...)
		s.t = s.text
	}
	s.last = last
	for s.pos < len(s.t) {
		c := s.t[s.pos]
		if c&0xc0 == 0x80 || s.pos > 0 && isWord(c) && c < 0x80 && isWord(s.t[s.pos-1]) && s.t[s.pos-1] < 0x80 {
			s.pos++ // amidst a character or a word
			continue
		}
		s.hit = false
		e, end := terms.at(&s.view, s.pos)
		if s.hit {
			break
		}
		if end > 0 {
			s.found = append(s.found, placed{Match: Match{Start: s.base + s.pos, End: s.base + end}, own: e + 1})
			s.pos = end
			continue
		}
		s.pos++
	}
	decided = s.base + s.pos
	if n := s.pos - behind; n > 256 && !whole {
		s.text = append(s.text[:0], s.text[n:]...)
		s.base, s.pos = s.base+n, s.pos-n
	}
	return decided, s.found
}

// at is what of the terms begins at p, and where that ends; 0 if nothing does.
func (t *Terms) at(v *view, p int) (entity, end int) {
	c := v.t[p]
	if t.words != nil {
		b := v.at(p + 1)
		for _, third := range [...]byte{v.at(p + 2), 0} {
			k := keyOf(toLower(c), toLower(b), toLower(third))
			if t.first[k>>3&(1<<13-1)]>>(k&7)&1 == 0 {
				continue
			}
			for _, w := range t.words[k] {
				if e := p + len(w.text); v.spells(p, w.text) && (!isWord(v.before(e-1)) || v.before(e-1) >= 0x80 || !isWord(v.at(e)) || v.at(e) >= 0x80) {
					return w.entity, e
				}
			}
		}
		if v.hit {
			return 0, 0
		}
	}
	if t.begins[c] {
		for i := range t.patterns {
			if e := t.patterns[i].match(v, p); e > 0 || v.hit {
				return t.patterns[i].entity, e
			}
		}
	}
	return 0, 0
}

// spells is is for a word in lower case.
func (v *view) spells(i int, w string) bool {
	for j := range len(w) {
		if toLower(v.at(i+j)) != w[j] {
			return false
		}
	}
	return true
}
