package injection

// What a text is charged for what it does so that it is not read.
const (
	forEvading   = 0.45 // words of the rules in disguise, as many as fewestEvaded and more
	fewestEvaded = 2
	forHiding    = 0.7  // orders that are decoded
	forTags      = 1.0  // and that are written in characters that show nothing
	leastHidden  = 0.25 // what an encoded text must come to by itself
	deepest      = 2    // how often something is decoded that was decoded
)

// A Result is what a scan thinks of a text.
type Result struct {
	Score float64  // 0 to 1
	Rules []string // family/name of those that fired where it was highest
	Spans []Span   // where rules fired in parts that come to the limit; the whole text if it hides something
}

// Scan judges a whole text. Untrusted text is what nobody vouches for: results of tools and
// documents, which have no business to tell a model what to do. limit is the score from
// which on a part is bad.
func (r *Rules) Scan(text []byte, untrusted bool, limit float64) Result {
	mode := 0
	if untrusted {
		mode = 1
	}
	v := r.weigh(text, mode, sumOf(limit), 0)
	out := Result{Score: scoreOf(v.sum), Spans: v.spans}
	for _, n := range v.fired {
		x := &r.rules[n]
		out.Rules = append(out.Rules, x.family+"/"+x.name)
	}
	return out
}

// A weight is what a text comes to.
type weight struct {
	sum   float32
	fired []uint16
	spans []Span
}

func (r *Rules) weigh(text []byte, mode int, limit float32, depth int) weight {
	s := newScan(r, mode, limit)
	c := cutter{rules: r, scan: s}
	c.run(text)
	s.judge()
	v := weight{s.best, s.top, s.spans}
	whole := false
	if s.evasions >= fewestEvaded && len(v.fired) > 0 {
		v.sum += forEvading
		whole = true
	}
	if depth < deepest {
		hidden := func(text []byte, charge float32) {
			if h := r.weigh(text, 1, limit, depth+1); h.sum >= leastHidden {
				v.sum = max(v.sum, 0) + h.sum + charge
				v.fired = append(v.fired, h.fired...)
				whole = true
			}
		}
		if c.mayHide() {
			if d := decode(text); len(d) > 0 {
				hidden(d, forHiding)
			}
		}
		if len(c.tags) > 0 {
			hidden(c.tags, forTags)
		}
		for i, n := range s.turned {
			if n >= 2 {
				hidden(turn(text, i), forHiding)
			}
		}
	}
	if whole && v.sum >= limit {
		v.spans = append(v.spans[:0], Span{0, len(text)})
	}
	return v
}

// A score is sum² / (sum² + spread): small signs alone say little.
const spread = 0.6

func scoreOf(sum float32) float64 {
	if sum <= 0 {
		return 0
	}
	s := float64(sum)
	return s * s / (s*s + spread)
}

// sumOf is the sum that comes to a score.
func sumOf(score float64) float32 {
	low, high := float32(0), float32(64)
	for range 32 {
		if mid := (low + high) / 2; scoreOf(mid) < score {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}
