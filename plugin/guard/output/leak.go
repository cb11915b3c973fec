package output

import (
	"unicode/utf8"

	"github.com/postern-gateway/postern/plugin/guard"
)

const (
	shingleWords = 4       // in a row that are looked up at once
	leastLeak    = 8       // words: fewer in a row are in many answers
	mostShingles = 1 << 14 // of a request's system prompts; what comes after is not known again
)

// Shingles are the rows of words of system prompts, by their hashes.
type shingles struct {
	set   map[uint64]struct{}
	words int
}

// least is how many words in a row are a leak, if most configured are so many; 0: none is.
func (s *shingles) least(configured int) int {
	if configured == 0 || s.words < leastLeak {
		return 0
	}
	return min(configured, max(leastLeak, s.words*3/4))
}

// A row is the last words of a text.
type row struct {
	hashes [shingleWords]uint64
	starts [shingleWords]int // where they begin, the oldest first
	n      int
}

// push adds a word.
func (r *row) push(hash uint64, start int) {
	if r.n == shingleWords {
		copy(r.hashes[:], r.hashes[1:])
		copy(r.starts[:], r.starts[1:])
		r.n--
	}
	r.hashes[r.n], r.starts[r.n] = hash, start
	r.n++
}

// shingle is the hash of the whole row.
func (r *row) shingle() uint64 {
	h := uint64(14695981039346656037)
	for _, x := range r.hashes {
		h = (h ^ x) * 1099511628211
		h ^= h >> 29
	}
	return h
}

// A speller makes words of bytes: letters, digits and all that is not ASCII, without case.
type speller struct {
	hash  uint64
	start int
	in    bool
}

// next takes a byte and reports whether a word has ended before it.
func (s *speller) next(b byte, at int) bool {
	switch {
	case b >= 'A' && b <= 'Z':
		b |= 0x20
	case b >= 'a' && b <= 'z', b >= '0' && b <= '9', b >= utf8.RuneSelf:
	case b == '\'':
		return false
	default:
		ended := s.in
		s.in = false
		return ended
	}
	if !s.in {
		s.in, s.start, s.hash = true, at, 14695981039346656037
	}
	s.hash = (s.hash ^ uint64(b)) * 1099511628211
	return false
}

// A learner takes in a system prompt.
type learner struct {
	prompt  *shingles
	row     row
	speller speller
	at      int
}

// Feed takes the next piece; nothing of it changes.
func (l *learner) Feed(text []byte, last bool) guard.Result {
	for _, b := range text {
		if l.speller.next(b, l.at) {
			l.word()
		}
		l.at++
	}
	if last && l.speller.in {
		l.word()
	}
	return guard.Result{Decided: l.at}
}

func (l *learner) word() {
	p := l.prompt
	p.words++
	if l.row.push(l.speller.hash, 0); l.row.n < shingleWords || len(p.set) >= mostShingles {
		return
	}
	if p.set == nil {
		p.set = map[uint64]struct{}{}
	}
	p.set[l.row.shingle()] = struct{}{}
}

// Ask asks nobody.
func (l *learner) Ask() *guard.Callout { return nil }

// A leak is a reader that knows system prompts again.
type leak struct {
	prompt  *shingles
	least   int
	row     row
	speller speller
	at      int // what has been read
	run     int // words in a row that are those of a prompt
	start   int // where they begin
	end     int // what has been found reaches to here
}

func (l *leak) read(text []byte, base int, last bool, found func(start, end int, with string)) int {
	for ; l.at < base+len(text); l.at++ {
		if l.speller.next(text[l.at-base], l.at) {
			l.word(found)
		}
	}
	if last && l.speller.in {
		l.speller.in = false
		l.word(found)
	}
	switch {
	case l.run > 0:
		return max(l.start, l.end)
	case l.row.n == shingleWords:
		return l.row.starts[1] // the last three can be the beginning of four
	case l.row.n > 0:
		return l.row.starts[0]
	case l.speller.in:
		return l.speller.start
	}
	return l.at
}

// word takes a word that has ended.
func (l *leak) word(found func(start, end int, with string)) {
	l.row.push(l.speller.hash, l.speller.start)
	if l.row.n < shingleWords {
		return
	}
	if _, known := l.prompt.set[l.row.shingle()]; !known {
		l.run = 0
		return
	}
	if l.run == 0 {
		l.run, l.start = shingleWords-1, l.row.starts[0]
	}
	if l.run++; l.run < l.least {
		return
	}
	with := removed
	if l.end > l.start {
		with = "" // more of what was found
	}
	found(max(l.start, l.end), l.at, with)
	l.end = l.at
}
