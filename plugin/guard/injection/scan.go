package injection

// A scan is the state of one text.
type scan struct {
	rules    *Rules
	mode     int
	limit    float32  // spans of windows are kept that come to it
	last     []int32  // of each concept: where it was seen last, in units
	sources  []int32  // and in bytes of the text
	seen     []bool   // whether at all
	fired    []int32  // of each rule: in which half window it fired last, from 1
	where    []Span   // and where
	half     int32    // the half window that is being read
	evasions int      // words in disguise
	turned   [3]int   // words of each cipher
	best     float32  // sum of the best window
	top      []uint16 // its rules
	spans    []Span
}

// A Span is bytes [Start, End) of a text.
type Span struct{ Start, End int }

// halfWindow is half of what is judged together, in units: the signs of an attack are near
// each other, and those of a long text must not add up.
const halfWindow = 256 * wordUnits

func newScan(r *Rules, mode int, limit float32) *scan {
	n := len(r.concepts)
	ints := make([]int32, 2*n+len(r.rules))
	return &scan{rules: r, mode: mode, limit: limit, last: ints[:n], sources: ints[n : 2*n], fired: ints[2*n:],
		seen: make([]bool, n), where: make([]Span, len(r.rules))}
}

func (s *scan) evaded() { s.evasions++ }

// found takes a value of the trie at a word.
func (s *scan) found(value uint16, w word) {
	for _, id := range s.rules.sets[value] {
		s.concept(id, w.at, w.source)
		if w.quoted && id == s.rules.quotable {
			s.concept(s.rules.quoted, w.at, w.source)
		}
	}
}

// concept takes a concept at a place.
func (s *scan) concept(id uint8, at, source int32) {
	if h := at/halfWindow + 1; h > s.half {
		s.judge()
		s.half = h
	}
	s.last[id], s.sources[id], s.seen[id] = at, source, true
	for i, cipher := range s.rules.ciphers {
		if int(id) == cipher {
			s.turned[i]++
		}
	}
	for _, n := range s.rules.of[id] {
		if s.fired[n] != s.half && s.near(&s.rules.rules[n]) {
			s.fired[n] = s.half
			s.where[n] = s.span(&s.rules.rules[n])
		}
	}
}

// near reports whether all that a rule needs is near each other, in its order if it has one.
func (s *scan) near(r *rule) bool {
	first, last, before := int32(1<<30), int32(-1), int32(-1)
	for _, id := range r.needs {
		if !s.seen[id] {
			return false
		}
		at := s.last[id]
		if r.ordered && at < before {
			return false
		}
		before = at
		first, last = min(first, at), max(last, at)
	}
	return last-first <= r.window
}

// span is from the first to the last thing that a rule needs.
func (s *scan) span(r *rule) Span {
	first, last := int32(1<<30), int32(0)
	for _, id := range r.needs {
		first, last = min(first, s.sources[id]), max(last, s.sources[id])
	}
	return Span{int(first), int(last) + 1}
}

// judge adds up what fired in this half window and the one before.
func (s *scan) judge() {
	if s.half == 0 {
		return
	}
	var sum float32
	n := 0
	for i, f := range s.fired {
		if f != 0 && f >= s.half-1 {
			sum += s.rules.rules[i].weights[s.mode]
			n++
		}
	}
	if n == 0 || sum <= s.best && s.top != nil && sum < s.limit {
		return
	}
	better := sum > s.best || s.top == nil
	if better {
		s.best, s.top = sum, s.top[:0]
	}
	for i, f := range s.fired {
		if f == 0 || f < s.half-1 {
			continue
		}
		if better {
			s.top = append(s.top, uint16(i))
		}
		if sum >= s.limit && s.rules.rules[i].weights[s.mode] > 0 {
			s.spans = append(s.spans, s.where[i])
		}
	}
}
