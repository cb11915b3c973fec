package injection

// A Finding is a rule that fired.
type Finding struct {
	Rule       string // family/name
	Start, End int    // the bytes of the text between the first and the last concept
}

// A scan is the state of one text.
type scan struct {
	rules    *Rules
	mode     int
	last     []int32 // of each concept: where it was seen last, in units
	sources  []int32
	seen     []bool
	fired    []int32 // of each rule: in which half window it fired last, from 1
	half     int32
	evasions int
	best     float32
	top      []uint16 // rules of the best window
	turned   [3]int   // words of each cipher
}

// halfWindow is half of what is judged together, in units: the signs of an attack are near
// each other, and those of a long text must not add up.
const halfWindow = 256 * wordUnits

func newScan(r *Rules, mode int) *scan {
	return &scan{rules: r, mode: mode, last: make([]int32, len(r.concepts)), sources: make([]int32, len(r.concepts)),
		seen: make([]bool, len(r.concepts)), fired: make([]int32, len(r.rules))}
}

func (s *scan) evaded() { s.evasions++ }

// found takes a value of the trie at a place.
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
	{
		s.last[id], s.sources[id], s.seen[id] = at, source, true
		for i, cipher := range s.rules.ciphers {
			if int(id) == cipher {
				s.turned[i]++
			}
		}
		for _, n := range s.rules.of[id] {
			if s.fired[n] != s.half && s.near(&s.rules.rules[n]) {
				s.fired[n] = s.half
			}
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

// judge scores what fired in this half window and the one before.
func (s *scan) judge() {
	if s.half == 0 {
		return
	}
	var score float32
	n := 0
	for i, f := range s.fired {
		if f != 0 && f >= s.half-1 {
			score += s.rules.rules[i].weights[s.mode]
			n++
		}
	}
	if n > 0 && (score > s.best || s.top == nil) {
		s.best = score
		s.top = s.top[:0]
		for i, f := range s.fired {
			if f != 0 && f >= s.half-1 {
				s.top = append(s.top, uint16(i))
			}
		}
	}
}

// A Result is what a scan thinks of a text.
type Result struct {
	Score float64  // 0 to 1
	Rules []string // family/name of those that fired where it was highest
}

// What a text is charged for what it does so that it is not read.
const (
	forEvading   = 0.45 // words of the rules in disguise, two and more
	forHiding    = 0.7  // orders that are decoded
	forTags      = 1.0  // text in characters that show nothing
	fewestEvaded = 2
	leastHidden  = 0.25 // what an encoded text must come to by itself
	deepest      = 2
)

// Scan judges a whole text. Untrusted text is what nobody vouches for: results of tools and
// documents, which have no business to tell a model what to do.
func (r *Rules) Scan(text []byte, untrusted bool) Result {
	mode := 0
	if untrusted {
		mode = 1
	}
	sum, fired := r.sum(text, mode, 0)
	var out Result
	for _, n := range fired {
		x := &r.rules[n]
		out.Rules = append(out.Rules, x.family+"/"+x.name)
	}
	out.Score = squash(sum)
	return out
}

// sum adds up the weights of the rules that fire, and says which they are.
func (r *Rules) sum(text []byte, mode, depth int) (float32, []uint16) {
	s := newScan(r, mode)
	c := cutter{rules: r, scan: s}
	c.run(text)
	s.judge()
	sum, fired := s.best, s.top
	if s.evasions >= fewestEvaded && len(fired) > 0 {
		sum += forEvading
	}
	if depth == deepest {
		return sum, fired
	}
	hidden := func(text []byte, charge float32) {
		if h, more := r.sum(text, 1, depth+1); h >= leastHidden {
			sum = max(sum, 0) + h + charge
			fired = append(fired, more...)
		}
	}
	if d := decode(text); len(d) > 0 {
		hidden(d, forHiding)
	}
	if len(c.tags) > 0 {
		hidden(c.tags, forTags)
	}
	for i, n := range s.turned {
		if n >= 2 {
			hidden(turn(text, i), forHiding)
		}
	}
	return sum, fired
}

// squash brings a sum of weights between 0 and 1: 1 is a half.
func squash(sum float32) float64 {
	if sum <= 0 {
		return 0
	}
	return float64(sum / (1 + sum))
}
