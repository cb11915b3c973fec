package slim

import "slices"

const (
	void     = -0x40 // the type of a block without a value
	voidByte = 0x40  // as it is spelled
)

// A layout is a function by its parts. Go can enter a function at the beginning of each:
// it puts blocks into each other that end there, a branch in the innermost that goes to
// the one whose number the parameter says, and a loop around all of them, to go back.
type layout struct {
	before  []instr // what comes before all blocks
	exits   int     // blocks around the loop; to leave them is to unwind
	loop    bool
	table   []int // which part a value of the parameter means
	parts   []part
	behind  []instr       // what follows the last part
	resumed map[int]int64 // parts that calls return to → by which value of the parameter
	back    map[int]int   // parts that are gone back to → the last one that does so
	loops   map[int]loop  // by their first part
}

type part struct {
	list  []instr
	jumps []jump // that leave it
	falls bool   // its end can be reached: the next part follows
	lives bool   // something can go to it
}

// A jump is a branch to the beginning of a part.
type jump struct {
	at     int  // the branch
	set    bool // the two instructions before it set the parameter to
	inner  int  // how many blocks of its own part it leaves
	target int  // the part; beyond the last one, how many exits it leaves besides
}

// readLayout reads a function of Go's that can be entered at several places. It is not ok
// for one in which something else reads the parameter, or begins the loop in another way.
func readLayout(list []instr, known callees) (*layout, bool) {
	l := &layout{}
	at := l.readHead(list)
	if at < 0 || !l.split(list, at) || !l.readJumps() || !l.readResumed(known) {
		return nil, false
	}
	l.reach(0)
	for p := range l.resumed {
		l.reach(p)
	}
	l.findBack()
	l.findLoops()
	return l, true
}

// readHead reads what is before the first part, and returns where that begins; -1 if this is
// nothing that Go lays out so.
func (l *layout) readHead(list []instr) int {
	at := slices.IndexFunc(list, func(in instr) bool { return in.op == opBlock || in.op == opLoop })
	if at < 0 {
		return -1
	}
	l.before = list[:at]
	blocks := 0
	for ; at < len(list) && (list[at].is(opBlock, void) || list[at].is(opLoop, void) && !l.loop); at++ {
		if list[at].op == opLoop {
			l.loop, l.exits, blocks = true, blocks, 0
		} else {
			blocks++
		}
	}
	if !match(list, at, instr{op: opLocalGet, x: localBlock}, instr{op: opBrTable}, instr{op: opEnd}) {
		return -1
	}
	l.readTable(&list[at+1])
	last := l.table[len(l.table)-1]
	if !l.loop {
		l.exits, blocks = blocks-last-1, last+1
	}
	if l.exits < 0 || blocks != last+1 || slices.Max(l.table) != last {
		return -1
	}
	l.parts = make([]part, blocks)
	return at + 3
}

func (l *layout) readTable(in *instr) {
	r := &reader{p: in.raw, at: 1}
	for range r.count() + 1 {
		l.table = append(l.table, int(r.uint()))
	}
}

// target is the part that a value of the parameter means.
func (l *layout) target(value int64) int {
	if value < 0 || value >= int64(len(l.table)) {
		value = int64(len(l.table)) - 1
	}
	return l.table[value]
}

// split finds the parts. Each ends with a block around the branch, the last one with the
// loop, or where there is none with what is around that.
func (l *layout) split(list []instr, from int) bool {
	inner, n := 0, 0
	for i := from; i < len(list); i++ {
		switch list[i].op {
		case opBlock, opLoop, opIf:
			inner++
		case opElse, opBrTable:
			return false
		case opEnd:
			if inner--; inner >= 0 {
				continue
			}
			l.parts[n].list = list[from:i]
			inner, from, n = 0, i+1, n+1
			if n < len(l.parts) {
				continue
			}
			if l.behind = list[from:]; !l.loop {
				l.behind = list[i:]
			}
			return true
		}
	}
	return false
}

// readJumps finds the jumps. Go has each of them set the parameter and go to the loop;
// all but those that unwind.
func (l *layout) readJumps() bool {
	for p := range l.parts {
		if !l.readPart(p) {
			return false
		}
		l.parts[p].falls = !leavesAlways(l.parts[p].list)
	}
	return true
}

// leavesAlways reports whether the end of a part is never reached.
func leavesAlways(list []instr) bool {
	if len(list) == 0 {
		return false
	}
	op := list[len(list)-1].op
	return op == opBr || op == opReturn || op == opUnreachable
}

func (l *layout) readPart(p int) bool {
	inner, list, around := 0, l.parts[p].list, len(l.parts)-1-p
	for i := range list {
		switch in := &list[i]; in.op {
		case opBlock, opLoop, opIf:
			inner++
		case opEnd:
			inner--
		case opLocalGet:
			if in.x == localBlock && !isParked(list, i) {
				return false
			}
		case opLocalTee:
			if in.x == localBlock {
				return false
			}
		case opBr, opBrIf:
			n := int(in.x) - inner
			if n < 0 {
				continue
			}
			if n -= around; n < 0 {
				return false
			}
			j := jump{at: i, inner: inner, target: len(l.parts) + n}
			if l.loop && n == 0 {
				if in.op != opBr || i < 2 || list[i-2].op != opI32Const || !list[i-1].is(opLocalSet, localBlock) {
					return false
				}
				j.set, j.target = true, l.target(list[i-2].x)
			} else if l.loop {
				j.target--
			}
			if j.target-len(l.parts) >= l.exits {
				return false
			}
			l.parts[p].jumps = append(l.parts[p].jumps, j)
		}
	}
	return true
}

// isParked reports whether the parameter is read here for a call through the table of
// functions, which parks the number of the function there.
func isParked(list []instr, i int) bool {
	return i > 1 && i+1 < len(list) && match(list, i-2, instr{op: opLocalSet, x: localBlock}, instr{op: opI32Const}, instr{op: opLocalGet, x: localBlock}, instr{op: opCallIndirect})
}

// readResumed finds where calls return to, which is the part behind them. An address is pushed
// before each, of which the lower 16 bits are the value of the parameter. After a
// panic a function goes on where it calls deferreturn.
func (l *layout) readResumed(known callees) bool {
	l.resumed = map[int]int64{}
	for p := range l.parts[:len(l.parts)-1] {
		list := l.parts[p].list
		call := lastCall(list)
		if call < 0 || list[call].op == opCall && known.returns[list[call].x] {
			continue
		}
		push := lastPush(list[:call])
		if push < 0 {
			return false
		}
		value := list[push].x & 0xffff
		if l.resume(value); list[call].is(opCall, known.deferReturn) {
			l.resume(value - 1)
		}
		if _, ok := l.resumed[p+1]; !ok {
			return false
		}
	}
	return true
}

// lastCall is where a part calls a function at its end, and unwinds if that does; -1 if it
// does not.
func lastCall(list []instr) int {
	i := len(list) - 1
	if i < 1 || list[i].op != opBrIf {
		return -1
	}
	if i--; i > 1 && isRefresh(list, i-1) {
		i -= 2
	}
	if list[i].op != opCall && list[i].op != opCallIndirect {
		return -1
	}
	return i
}

// lastPush is where an address to return to was written last.
func lastPush(list []instr) int {
	const far = 8 // with the number of a function that is taken from a table between
	for i := len(list) - 1; i > 0 && i >= len(list)-far; i-- {
		if list[i].op == opI64Store && list[i-1].op == opI64Const {
			return i - 1
		}
	}
	return -1
}

// resume notes that a value enters a part, of several the first that means it.
func (l *layout) resume(value int64) {
	p := l.target(value)
	if known, ok := l.resumed[p]; p > 0 && (!ok || value < known) {
		l.resumed[p] = value
	}
}

// reach notes what can be gone to from a part, which can be itself. Go has parts behind what
// never returns.
func (l *layout) reach(p int) {
	if p >= len(l.parts) || l.parts[p].lives {
		return
	}
	l.parts[p].lives = true
	for _, j := range l.parts[p].jumps {
		l.reach(j.target)
	}
	if l.parts[p].falls {
		l.reach(p + 1)
	}
}

func (l *layout) findBack() {
	l.back = map[int]int{}
	for p := range l.parts {
		for _, j := range l.parts[p].jumps {
			if l.parts[p].lives && j.target <= p {
				l.back[j.target] = p
			}
		}
	}
}
