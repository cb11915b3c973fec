package injection

import (
	"math"
	"slices"
)

// What a text is charged for what it does so that it is not read, beside what it says.
const (
	forEvading   = 1.2 // words of the rules in disguise, as many as fewestEvaded and more
	fewestEvaded = 2
	forHiding    = 0.7 // what is decoded
	forTags      = 2.0 // and what is written in characters that show nothing
	fewestTurned = 2   // words that say that a text is turned
	deepest      = 2   // how often something is decoded that was decoded
)

// A Result is what a scan thinks of a text.
type Result struct {
	Score float64  // 0 to 1
	Rules []string // family/name of those that fired where it was highest
	Spans []Span   // what stands out in parts that come to the limit; the whole text if it hides something
}

// Scan judges a whole text. Untrusted text is what nobody vouches for: results of tools and
// documents, which have no business to tell a model what to do. limit is the score from
// which on a part is bad.
func (r *Rules) Scan(text []byte, untrusted bool, limit float64) Result {
	v := r.judge(text, modeOf(untrusted), sumOf(limit), 0, nil)
	out := Result{Score: scoreOf(v.sum), Spans: v.spans}
	for _, n := range v.fired {
		out.Rules = append(out.Rules, r.rules[n].name)
	}
	return out
}

func modeOf(untrusted bool) int {
	if untrusted {
		return 1
	}
	return 0
}

// A weight is what a text comes to.
type weight struct {
	sum   float32
	fired []uint16
	spans []Span
}

func (r *Rules) judge(text []byte, mode int, limit float32, depth int, bags *[]Bag) weight {
	c := r.idle.Swap(nil)
	if c == nil {
		c = newCutter(r)
	}
	defer c.end()
	s := c.scan
	s.begin(mode, limit)
	s.keep(bags)
	c.run(text)
	s.judge()
	v := weight{s.best, slices.Clone(s.top), s.spans}
	if !s.judged {
		v.sum = r.bias
	}
	whole := false
	if s.evasions >= fewestEvaded && len(v.fired) > 0 {
		v.sum += forEvading
		charge(bags, 0, forEvading)
		whole = true
	}
	if depth == deepest {
		return v
	}
	hidden := func(text []byte, more float32) {
		before := 0
		if bags != nil {
			before = len(*bags)
		}
		h := r.judge(text, 1, limit, depth+1, bags)
		charge(bags, before, more)
		if h.sum += more; h.sum > v.sum {
			v.sum, whole = h.sum, true
			v.fired = append(v.fired, h.fired...)
		}
	}
	if c.mayHide() {
		if d := decode(text, c.mayCut()); len(d) > 0 {
			hidden(d, forHiding)
		}
	}
	if len(c.tags) > 0 {
		hidden(c.tags, forTags)
	}
	turned := false
	for i, n := range s.turned {
		if n >= fewestTurned {
			turned = true
			hidden(turn(text, i), forHiding)
			if i == reversed {
				hidden(reverseWords(text), forHiding)
			}
		}
	}
	if !turned {
		if by := r.shifted(text); by != 0 {
			hidden(turn(text, byOne+by-1), forHiding)
		}
	}
	if whole && v.sum >= limit {
		v.spans = append(v.spans[:0], Span{0, len(text)})
	}
	return v
}

// highest is below 1, which nothing comes to.
const highest = 0.9999

// scoreOf is the logistic function: how likely a text of that sum is an attack, among such
// texts as the weights are of.
func scoreOf(sum float32) float64 { return min(1/(1+math.Exp(-float64(sum))), highest) }

// sumOf is the sum that comes to a score.
func sumOf(score float64) float32 { return float32(math.Log(score / (1 - score))) }
