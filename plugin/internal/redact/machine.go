package redact

// mostMatch is how many bytes a match of a pattern may take until it is certain, and again
// until more of it is.
const mostMatch = 1 << 10

// A machine looks for patterns in a text that comes in pieces: in all ways at once, each of
// which remembers where it has begun. So a byte takes no more than all steps do, and what is
// held back is the longest end of the text that can still become a match.
type machine struct {
	at        int      // all before it has been read
	now, next []thread // in the order of their starts
	stack     []uint16
	seen      []uint32 // when a step was last stood on
	turn      uint32
	found     bool // a match, which another that begins before it or is longer can still take the place of
	start     int
	end       int
	entity    uint16
	given     int // of a long one so much is found already
}

type thread struct {
	step  uint16
	start int
}

func (m *machine) reset() {
	*m = machine{now: m.now[:0], next: m.next[:0], stack: m.stack[:0], seen: m.seen, turn: m.turn}
}

// forget moves everything n bytes to the left.
func (m *machine) forget(n int) {
	m.at, m.start, m.end, m.given = m.at-n, m.start-n, m.end-n, m.given-n
	for i := range m.now {
		m.now[i].start -= n
	}
}

// undecided is where what can still be a match begins.
func (m *machine) undecided() int {
	p := m.at
	if len(m.now) > 0 {
		p = m.now[0].start
	}
	if m.found {
		p = min(p, m.start)
	}
	return max(p, m.given)
}

// findPatterns looks for patterns as far as the text goes.
func (s *Scanner) findPatterns() {
	g, m, t := &s.Terms.program, &s.machine, s.t
	if len(m.seen) < len(g.steps) {
		m.seen = make([]uint32, len(g.steps))
	}
	for {
		if len(m.now) == 0 && !m.found {
			m.at = g.skip(t, m.at)
		}
		end := m.at >= len(t)
		if end && !s.last {
			return
		}
		m.step(g, t, end, s)
		if len(m.now) > 0 && !end {
			continue
		}
		m.now = m.now[:0]
		if m.found {
			s.matched(m.end, false)
			m.at, m.found, m.given = m.end, false, 0
		} else if end {
			return
		}
	}
}

// matched gives what is found up to end.
func (s *Scanner) matched(end int, more bool) {
	m := &s.machine
	from := max(m.start, m.given)
	if end > from {
		s.own = append(s.own, Match{Start: s.start(from), End: s.end(end), Term: int(m.entity) + 1, More: more, Rest: from > m.start})
	}
	m.given = end
}

// step reads the byte at m.at, or finds that the text has ended.
func (m *machine) step(g *program, t []byte, end bool, s *Scanner) {
	i, c := m.at, byte(0)
	if !end {
		if c = t[i]; !m.found {
			for _, start := range g.begins[c] {
				m.now = append(m.now, thread{start, i})
			}
		}
	}
	looks := looksAt(t, i)
	if m.turn++; m.turn == 0 {
		clear(m.seen)
		m.turn++
	}
	m.next = m.next[:0]
	for _, x := range m.now {
		if m.found && x.start > m.start {
			break
		}
		if i-max(x.start, m.given) >= mostMatch {
			if !m.found || x.start != m.start || m.end <= m.given {
				continue
			}
			s.matched(m.end, true)
		}
		m.follow(g, x, c, end, looks)
	}
	m.now, m.next = m.next, m.now
	if len(m.now) > 0 && m.found && m.now[0].start > m.start {
		m.now = m.now[:0]
	}
	if !end {
		m.at++
	}
}

// follow goes on from one step to all that can be reached without reading, and from those
// by the byte c.
func (m *machine) follow(g *program, x thread, c byte, end bool, looks look) {
	m.stack = append(m.stack[:0], x.step)
	for len(m.stack) > 0 {
		at := m.stack[len(m.stack)-1]
		if m.stack = m.stack[:len(m.stack)-1]; m.seen[at] == m.turn {
			continue
		}
		m.seen[at] = m.turn
		switch s := &g.steps[at]; s.op {
		case stepByte:
			if !end && g.sets[s.set].has(c) {
				m.next = append(m.next, thread{s.out, x.start})
			}
		case stepSplit:
			m.stack = append(m.stack, s.arg, s.out)
		case stepLook:
			if looks&s.look != 0 {
				m.stack = append(m.stack, s.out)
			}
		case stepMatch:
			if !m.found || x.start < m.start || x.start == m.start && (m.at > m.end || m.at == m.end && s.set < m.entity) {
				m.found, m.start, m.end, m.entity = true, x.start, m.at, s.set
			}
		}
	}
}

// looksAt is what is so at i: of the text, of lines and of words.
func looksAt(t []byte, i int) (l look) {
	before, after := false, false
	if i == 0 {
		l |= beginText | beginLine
	} else {
		before = partOfWord(t[i-1])
		if t[i-1] == '\n' {
			l |= beginLine
		}
	}
	if i == len(t) {
		l |= endText | endLine
	} else {
		after = partOfWord(t[i])
		if t[i] == '\n' {
			l |= endLine
		}
	}
	if before != after {
		return l | wordBoundary
	}
	return l | noWordBoundary
}
