package redact

// A Match is something that was found: the bytes [Start, End) of the whole text.
type Match struct {
	Start, End int
	Entity     Entity
	Term       int  // which own term or pattern, from 1; 0: none
	More       bool // it goes on with the next match
	Rest       bool // it goes on from the one before
}

// A Scanner finds things in a text that comes in pieces. Its zero value with On set is
// ready. It keeps what is undecided and a little of what was before: at most about
// mostToken bytes, and twice as much for what is found in one go.
type Scanner struct {
	On    Set
	Terms *Terms // an operator's own; nil: none

	folded
	view
	progress
	number  number // the one that is looked at
	matches []Match
	own     []Match // of Terms
	machine machine // for their patterns
	cleared []cleared
}

// A progress is how far a text has been read.
type progress struct {
	tail     [4]byte // of a character that is not complete
	tails    int
	total    int    // bytes of the whole text so far
	pos      int    // in the folded text: before it all is decided
	seen     int    // from pos on, so much of a token has been looked at
	bits     uint16 // and these classes were in it
	amid     Entity // what goes on at pos
	inToken  bool   // pos is in a token that was too long to be looked at together
	wordPos  int    // before it all words of Terms are decided
	skips    *Terms // those that plainWords has to look for; nil: none
	decided  int
	borrowed bool // text is the caller's
}

// mostToken bounds what is taken for one token.
const mostToken = 4 << 10

// kept is how much of what is decided stays to be looked back at.
const kept = reach + 8

// Reset makes the scanner ready for another text.
func (s *Scanner) Reset() {
	if s.borrowed {
		s.text = nil
	}
	s.machine.reset()
	s.folded = folded{text: s.text[:0], jumps: s.jumps[:0]}
	s.view.t, s.view.last, s.view.hit, s.view.left.at = nil, false, false, 0
	s.progress = progress{}
	s.matches, s.own, s.cleared = s.matches[:0], s.own[:0], s.cleared[:0]
}

// Feed takes the next bytes; last means that nothing follows. It returns how many bytes of
// the whole text are decided, and what was found in those that were not before: in order,
// but for what is of Terms, which stands behind the rest, words first. p is only read, and
// only now.
func (s *Scanner) Feed(p []byte, last bool) (decided int, found []Match) {
	s.matches, s.own, s.cleared = s.matches[:0], s.own[:0], s.cleared[:0]
	s.take(p, last)
	s.view.t, s.view.last = s.text, last
	s.left.at = 0
	if s.skips = nil; s.Terms != nil && len(s.Terms.words) > 0 && !s.Terms.signs {
		s.skips = s.Terms
	}
	if s.On != 0 {
		s.scan()
	} else {
		s.pos = len(s.t)
	}
	if s.Terms != nil {
		s.findOwn()
	}
	if pos := s.undecided(); pos >= len(s.t) {
		s.decided = s.total - s.tails
	} else {
		s.decided = s.start(pos)
	}
	s.forget(last)
	return s.decided, s.matches
}

// findOwn looks for what is of Terms.
func (s *Scanner) findOwn() {
	if len(s.Terms.words) > 0 {
		s.findWords()
	}
	if len(s.Terms.program.starts) > 0 {
		s.findPatterns()
	}
	s.matches = append(s.matches, s.own...)
}

// undecided is where what is not decided begins.
func (s *Scanner) undecided() int {
	pos := s.pos
	if s.Terms != nil && len(s.Terms.words) > 0 {
		pos = min(pos, s.wordPos)
	}
	if s.Terms != nil && len(s.Terms.program.starts) > 0 {
		pos = min(pos, s.machine.undecided())
	}
	return pos
}

// take adds p to the text, but for a character at its end that is not complete.
func (s *Scanner) take(p []byte, last bool) {
	at := s.total - s.tails
	s.total += len(p)
	if s.tails > 0 {
		joined := append(s.tail[:s.tails:s.tails], p...)
		s.tails = 0
		p = joined
	}
	if n := cutTail(p); !last && n > 0 {
		s.tails = copy(s.tail[:], p[len(p)-n:])
		p = p[:len(p)-n]
	}
	if last && len(s.text) == 0 && plainPrefix(p) == len(p) { // a whole text need not be copied
		s.text, s.base, s.borrowed = p, at, true
		return
	}
	s.add(p, at)
}

// forget drops what nothing can ask for any more.
func (s *Scanner) forget(last bool) {
	if s.borrowed || last {
		return
	}
	if n := s.undecided() - kept; n >= 4*kept {
		s.drop(n)
		s.pos, s.wordPos = s.pos-n, s.wordPos-n
		s.machine.forget(n)
	}
}

func (s *Scanner) found(e Entity, p, end int, more bool) {
	s.matches = append(s.matches, Match{Start: s.start(p), End: s.end(end), Entity: e, More: more})
	s.pos, s.seen, s.bits, s.inToken = end, 0, 0, false
	s.amid = None
	if more {
		s.amid = e
	}
}

// scan goes on from pos as far as it can.
func (s *Scanner) scan() {
	for s.pos < len(s.t) {
		if s.amid != None && !s.goOn() {
			return
		}
		if s.pos >= len(s.t) || !s.next() {
			return
		}
	}
}

// goOn continues a match that was too long; false if more has to come first.
func (s *Scanner) goOn() bool {
	s.hit = false
	var e int
	var more bool
	switch s.amid {
	case PrivateKey:
		e, more = pemRest(&s.view, s.pos)
	case JWT:
		e, more = jwtRest(&s.view, s.pos)
	default:
		e, more = urlRest(&s.view, s.pos)
	}
	if s.hit && !more {
		return false
	}
	if e == s.pos {
		s.amid = None
		return true
	}
	s.found(s.amid, s.pos, e, more)
	s.matches[len(s.matches)-1].Rest = true
	return !more || s.goOn()
}

// next looks at what is at pos; false if more has to come first.
func (s *Scanner) next() bool {
	t, p := s.t, s.pos
	if s.seen == 0 {
		if p = plainWords(t, p, s.skips); p > s.pos {
			s.inToken = false
			if s.skips != nil {
				s.cleared = append(s.cleared, cleared{s.pos, p})
			}
		}
		for p < len(t) { // what stands between tokens
			c := t[p]
			k := classes[c]
			if k&token != 0 {
				break
			}
			s.inToken = false
			if k&lead3 != 0 {
				n := charSize(c)
				for p++; n > 1 && p < len(t) && t[p]&0xc0 == 0x80; p++ {
					n--
				}
				continue
			}
			if leads[c] && mayLead(t, p) {
				if s.pos = p; !s.punctuation(c) {
					return false
				}
				if s.pos != p {
					return true
				}
			}
			p++
		}
		s.pos, s.bits = p, 0
		if p == len(t) {
			return true
		}
	}
	q, bits := p+s.seen, s.bits
	end := min(len(t), p+mostToken)
	for q < end {
		k := classes[t[q]]
		if k&token == 0 {
			break
		}
		bits |= k
		q++
	}
	if q == len(t) && !s.last && q-p < mostToken {
		s.seen, s.bits = q-p, bits
		return false
	}
	s.hit = false
	cut := q-p == mostToken
	if !s.inToken && bits&(digit|at) == 0 && isName(t, p, q) {
		s.pos, s.seen, s.bits = q, 0, 0
		return true
	}
	if e, end, more := s.token(p, q, bits); s.hit {
		s.seen, s.bits = q-p, bits
		return false
	} else if end > 0 {
		s.found(e.entity, e.start, end, more)
		return true
	}
	s.pos, s.seen, s.bits, s.inToken = q, 0, 0, cut
	return true
}

// leads are signs that stand between tokens and yet begin something.
var leads = [256]bool{'(': true, ':': true, '\\': true}

// mayLead reports whether what begins with such a sign at p has to be looked at. What is
// near the end of t has.
func mayLead(t []byte, p int) bool {
	if p+1 >= len(t) {
		return true
	}
	d := t[p+1]
	switch t[p] {
	case ':':
		return d == ':'
	case '(':
		return isDigit(d) || d == '+'
	}
	return true
}

// punctuation looks at what begins with ( or :, which are no tokens, and goes over escapes
// as JSON within a text has them.
func (s *Scanner) punctuation(c byte) bool {
	v, p := &s.view, s.pos
	s.hit = false
	e, end := None, 0
	if c == '\\' {
		to := escaped(v, p)
		if s.hit {
			return false
		}
		s.pos = to
		return true
	}
	if c == ':' {
		if s.On.Has(IPAddress) && v.at(p+1) == ':' {
			e, end = IPAddress, ipv6(v, p)
		}
	} else if d := v.at(p + 1); s.On.Has(Phone) && (isDigit(d) || d == '+') {
		if x := &s.number; x.read(v, p) && opens(v, p) {
			e, end = Phone, phone(v, x)
		}
	}
	if s.hit {
		return false
	}
	if end > 0 {
		s.found(e, p, end, false)
	}
	return true
}
