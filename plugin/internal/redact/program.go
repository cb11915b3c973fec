package redact

// A program is all patterns as one machine that reads bytes: a list of steps, each of which
// says where to go on. It stands on several steps at once.
type program struct {
	steps  []step
	sets   []byteSet
	starts []uint16 // where each pattern begins
	large  bool

	begins [256][]uint16 // of starts, those that can begin with a byte
	first  [256]uint8    // 1: there are any
	pairs  []uint64      // bits of the pairs of bytes that a pattern can begin with
}

// A step reads a byte of a set, chooses between two, looks, or has matched.
type step struct {
	op   stepOp
	look look
	set  uint16 // or the entity, of a match
	out  uint16
	arg  uint16 // the other one of two
}

type stepOp uint8

const (
	stepByte stepOp = iota
	stepSplit
	stepLook
	stepMatch
)

type byteSet [4]uint64

func (s *byteSet) has(c byte) bool { return s[c>>6]>>(c&63)&1 != 0 }

func (s *byteSet) add(low, high byte) {
	for c := int(low); c <= int(high); c++ {
		s[c>>6] |= 1 << (c & 63)
	}
}

// mostSteps bounds all patterns together.
const mostSteps = 4000

// AddPattern adds a pattern in RE2's syntax that is found as the entity of that name. Of
// what begins first the longest is found, of those that are as long the pattern added first.
func (t *Terms) AddPattern(name, source string) error {
	n, err := parsePattern(source)
	if err != nil {
		return err
	}
	g := &t.program
	steps, sets := len(g.steps), len(g.sets)
	end := g.step(step{op: stepMatch, set: uint16(t.entity(name))})
	start := g.emit(&n, end)
	if g.large {
		g.steps, g.sets, g.large = g.steps[:steps], g.sets[:sets], false
		return errLarge
	}
	g.starts = append(g.starts, start)
	return nil
}

// link finds out which bytes patterns begin with.
func (g *program) link() {
	g.pairs = make([]uint64, 1<<16/64)
	for _, start := range g.starts {
		var first byteSet
		for _, at := range g.reach(start) {
			s := &g.steps[at]
			if s.op != stepByte {
				continue
			}
			one, two := &g.sets[s.set], g.bytesAt(s.out)
			for c := range 256 {
				if one.has(byte(c)) {
					first.add(byte(c), byte(c))
					for k := range two {
						g.pairs[c<<2|k] |= two[k]
					}
				}
			}
		}
		for c := range 256 {
			if first.has(byte(c)) {
				g.begins[c], g.first[c] = append(g.begins[c], start), 1
			}
		}
	}
}

// bytesAt are those that can be read at a step: all if it can be the end.
func (g *program) bytesAt(start uint16) (all byteSet) {
	for _, at := range g.reach(start) {
		switch s := &g.steps[at]; s.op {
		case stepByte:
			for i, b := range g.sets[s.set] {
				all[i] |= b
			}
		case stepMatch:
			all.add(0, 255)
		}
	}
	return all
}

// reach are the steps that can be reached from one without reading.
func (g *program) reach(start uint16) (list []uint16) {
	seen := make([]bool, len(g.steps))
	rest := []uint16{start}
	for len(rest) > 0 {
		at := rest[len(rest)-1]
		if rest = rest[:len(rest)-1]; seen[at] {
			continue
		}
		seen[at] = true
		list = append(list, at)
		switch s := &g.steps[at]; s.op {
		case stepSplit:
			rest = append(rest, s.out, s.arg)
		case stepLook:
			rest = append(rest, s.out)
		}
	}
	return list
}

// skip goes to the first place from p on where a pattern can begin.
func (g *program) skip(t []byte, p int) int {
	for {
		for ; p+8 <= len(t); p += 8 {
			w := t[p : p+8 : p+8]
			if g.first[w[0]]|g.first[w[1]]|g.first[w[2]]|g.first[w[3]]|g.first[w[4]]|g.first[w[5]]|g.first[w[6]]|g.first[w[7]] != 0 {
				break
			}
		}
		for p < len(t) && g.first[t[p]] == 0 {
			p++
		}
		if p+1 >= len(t) {
			return p
		}
		if c, d := int(t[p]), t[p+1]; g.pairs[c<<2|int(d>>6)]>>(d&63)&1 != 0 {
			return p
		}
		p++
	}
}

func (g *program) step(s step) uint16 {
	if len(g.steps) >= mostSteps {
		g.large = true
		return 0
	}
	g.steps = append(g.steps, s)
	return uint16(len(g.steps) - 1)
}

// emit appends the steps of n, after which it goes on at next, and returns the first. It
// goes from the end to the beginning.
func (g *program) emit(n *node, next uint16) uint16 {
	if g.large {
		return next
	}
	switch n.op {
	case opChar:
		return g.char(n.class, next)
	case opConcat:
		for i := len(n.sub) - 1; i >= 0; i-- {
			next = g.emit(&n.sub[i], next)
		}
	case opAlternate:
		first := g.emit(&n.sub[len(n.sub)-1], next)
		for i := len(n.sub) - 2; i >= 0; i-- {
			first = g.step(step{op: stepSplit, out: g.emit(&n.sub[i], next), arg: first})
		}
		return first
	case opRepeat:
		return g.repeat(n, next)
	case opLook:
		return g.step(step{op: stepLook, look: n.look, out: next})
	}
	return next
}

func (g *program) repeat(n *node, next uint16) uint16 {
	end, steps := next, len(g.steps)
	if n.most < 0 {
		next = g.step(step{op: stepSplit, arg: end})
		if again := g.emit(&n.sub[0], next); !g.large {
			g.steps[next].out = again
		}
	}
	for range n.most - n.least {
		next = g.step(step{op: stepSplit, out: g.emit(&n.sub[0], next), arg: end})
	}
	for range n.least {
		if next = g.emit(&n.sub[0], next); len(g.steps) == steps {
			break // there is nothing in it
		}
	}
	return next
}

// char appends what reads one character of a class, as the bytes of UTF-8.
func (g *program) char(class []span, next uint16) uint16 {
	var ascii byteSet
	var list []uint16
	for _, s := range negated(negated(class)) { // in order, and apart
		if s.low < 0x80 {
			ascii.add(byte(s.low), byte(min(s.high, 0x7f)))
		}
		if s.high >= 0x80 {
			list = g.wide(list, max(s.low, 0x80), s.high, next)
		}
	}
	if ascii != (byteSet{}) {
		list = append(list, g.step(step{op: stepByte, set: g.set(ascii), out: next}))
	}
	if len(list) == 0 {
		return g.step(step{op: stepByte, set: g.set(byteSet{}), out: next})
	}
	first := list[0]
	for _, other := range list[1:] {
		first = g.step(step{op: stepSplit, out: other, arg: first})
	}
	return first
}

// wide appends what reads one character of a row of those of several bytes: rows of bytes
// for parts of it in which each byte may be any of its own row.
func (g *program) wide(list []uint16, low, high rune, next uint16) []uint16 {
	for n := 2; n < 4; n++ {
		if most := rune(1)<<(5*n+1) - 1; low <= most && most < high { // of n bytes
			return g.wide(g.wide(list, low, most, next), most+1, high, next)
		}
	}
	for n := 1; n < 4; n++ {
		rest := rune(1)<<(6*n) - 1 // what the last n bytes say
		if low&^rest == high&^rest {
			continue
		}
		if low&rest != 0 {
			return g.wide(g.wide(list, low, low|rest, next), low|rest+1, high, next)
		}
		if high&rest != rest {
			return g.wide(g.wide(list, low, high&^rest-1, next), high&^rest, high, next)
		}
	}
	lead, n := byte(0xc0), 1 // how many bytes follow the first
	for most := rune(0x800); low >= most; most <<= 5 {
		lead, n = lead>>1|0x80, n+1
	}
	for range n { // the last byte first
		next = g.byte(0x80|byte(low&0x3f), 0x80|byte(high&0x3f), next)
		low, high = low>>6, high>>6
	}
	return append(list, g.byte(lead|byte(low), lead|byte(high), next))
}

func (g *program) byte(low, high byte, next uint16) uint16 {
	var s byteSet
	s.add(low, high)
	return g.step(step{op: stepByte, set: g.set(s), out: next})
}

// set is the number of a set, which many steps have.
func (g *program) set(s byteSet) uint16 {
	for i := range g.sets {
		if g.sets[i] == s {
			return uint16(i)
		}
	}
	g.sets = append(g.sets, s)
	return uint16(len(g.sets) - 1)
}
