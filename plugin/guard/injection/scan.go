package injection

// A scan is the state of one text.
type scan struct {
	rules    *Rules
	mode     int
	limit    float32  // spans of windows are kept that come to it
	last     []int32  // of each concept: where it was seen last, in units
	sources  []int32  // and in bytes of the text
	seen     []bool   // whether at all
	cited    []bool   // and whether in a quotation
	fired    []int32  // of each rule: in which half window it fired last, from 1
	quoted   []int32  // and in which it fired last within a quotation
	where    []Span   // and where
	half     int32    // the half window that is being read
	latest   int32    // in which a rule fired last, quoted or not
	evasions int      // words in disguise
	turned   [4]int   // words of each cipher
	usage    usage    // of words, near where the scan is
	best     float32  // sum of the best window
	top      []uint16 // its rules
	judged   bool     // there is a best window
	spans    []Span
	bags     *[]Bag // for those who fit weights; else nil
}

// A Span is bytes [Start, End) of a text.
type Span struct{ Start, End int }

// halfWindow is half of what is judged together, in units: the signs of an attack are near
// each other, and those of a long text must not add up.
const halfWindow = 256 * wordUnits

func newScan(r *Rules) *scan {
	n := len(r.concepts)
	m := len(r.rules)
	ints, bools := make([]int32, 2*n+2*m), make([]bool, 2*n)
	return &scan{rules: r, last: ints[:n], sources: ints[n : 2*n], fired: ints[2*n : 2*n+m], quoted: ints[2*n+m:],
		seen: bools[:n], cited: bools[n:], where: make([]Span, m)}
}

// begin makes it ready for a text.
func (s *scan) begin(mode int, limit float32) {
	clear(s.fired)
	clear(s.quoted)
	clear(s.seen)
	*s = scan{rules: s.rules, mode: mode, limit: limit, last: s.last, sources: s.sources, fired: s.fired, quoted: s.quoted,
		seen: s.seen, cited: s.cited, where: s.where, top: s.top[:0], usage: usage{weights: s.rules.usage, before: beginning}}
}

func (s *scan) evaded() { s.evasions++ }

// found takes a value of the trie at a word.
func (s *scan) found(value uint16, w *word) {
	for _, id := range s.rules.sets[value] {
		s.concept(id, w.at, w.source, w.quoted)
		s.usage.concept(id, w.at, w.quoted)
		if w.quoted && id == s.rules.quotable {
			s.concept(s.rules.quoted, w.at, w.source, false)
		}
	}
}

// concept takes a concept at a place.
func (s *scan) concept(id uint8, at, source int32, quoted bool) {
	s.reach(at)
	s.last[id], s.sources[id], s.seen[id], s.cited[id] = at, source, true, quoted
	for i, cipher := range s.rules.ciphers {
		if int(id) == cipher {
			s.turned[i]++
		}
	}
	part := s.rules.of[id]
	for i := s.next(part, 0); i < len(part); i = s.next(part, i+1) {
		n := part[i].rule
		near, quoted := s.near(&s.rules.rules[n])
		switch {
		case !near:
		case quoted:
			s.quoted[n], s.latest = s.half, s.half
		default:
			s.fired[n], s.latest = s.half, s.half
			s.where[n] = s.span(&s.rules.rules[n])
		}
	}
}

// next is the first of some rules, from i on, that may fire and has not yet in this half.
func (s *scan) next(part []part, i int) int {
	for i < len(part) && (!s.seen[part[i].other] || s.fired[part[i].rule] == s.half) {
		i++
	}
	return i
}

// reach has what lies before a place judged when half a window is full.
func (s *scan) reach(at int32) {
	if h := int32(uint32(at)/halfWindow) + 1; h > s.half {
		s.judge()
		s.half = h
		s.usage.turn()
	}
}

// near reports whether all that a rule needs is near each other, in its order if it has one,
// and whether all of it stands in a quotation.
func (s *scan) near(r *rule) (near, quoted bool) {
	first, last, before := int32(1<<30), int32(-1), int32(-1)
	quoted = true
	for _, id := range r.needs {
		if !s.seen[id] {
			return false, false
		}
		at := s.last[id]
		if r.ordered && at < before {
			return false, false
		}
		before = at
		first, last = min(first, at), max(last, at)
		quoted = quoted && s.cited[id]
	}
	return last-first <= r.window, quoted
}

// span is from the first to the last thing that a rule needs.
func (s *scan) span(r *rule) Span {
	first, last := int32(1<<30), int32(0)
	for _, id := range r.needs {
		first, last = min(first, s.sources[id]), max(last, s.sources[id])
	}
	return Span{int(first), int(last) + 1}
}

// quotedShare is what a rule counts that fires within a quotation: who writes about attacks
// quotes them.
const quotedShare = 0.25

// judge adds up what fired in this half window and the one before, and how words are used
// there.
func (s *scan) judge() {
	if s.half == 0 {
		return
	}
	use := s.usage.best()
	sum := s.rules.bias + use
	fired := s.fired
	if s.latest == 0 || s.latest < s.half-1 {
		fired = nil // as in most texts
	}
	for i, f := range fired {
		switch {
		case f != 0 && f >= s.half-1:
			sum += s.rules.rules[i].weights[s.mode]
		case s.quoted[i] != 0 && s.quoted[i] >= s.half-1:
			sum += quotedShare * s.rules.rules[i].weights[s.mode]
		}
	}
	if s.bags != nil {
		s.record()
	}
	better := !s.judged || sum > s.best
	if !better && sum < s.limit {
		return
	}
	if better {
		s.best, s.top, s.judged = sum, s.top[:0], true
	}
	for i, f := range fired {
		if f == 0 || f < s.half-1 {
			continue
		}
		if better {
			s.top = append(s.top, uint16(i))
		}
		if sum >= s.limit && s.rules.rules[i].weights[s.mode] > 0 {
			s.spans = append(s.spans, s.where[i])
			use = 0
		}
	}
	if sum >= s.limit && use > 0 { // no rule tells where it is
		s.spans = append(s.spans, s.usage.where())
	}
}
