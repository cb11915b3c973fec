package slim

import "slices"

// slimEntries lays out anew where a function can be entered. A part that nothing goes to is
// no part; jumps to one further down leave a block; those back go to a loop of their own if
// nothing else enters that; and for what is left comparisons stand instead of the branch.
func slimEntries(list []instr, known callees) []instr {
	l, ok := readLayout(list, known)
	if !ok {
		return list
	}
	for {
		w := newWriter(l)
		w.function()
		if len(w.missed) == 0 {
			return withoutIfs(w.out)
		}
		l.dropLoops(w.missed)
	}
}

// A node is a part, or a loop that is entered at one.
type node struct {
	part int
	loop []node
}

// A label is what a branch can go to.
type label struct {
	kind labelKind
	n    int // of the part or exit
}

type labelKind byte

const (
	toPart     labelKind = iota // further down
	toLoop                      // back
	toDispatch                  // back, by the comparisons
	toExit
)

type writer struct {
	*layout
	nodes  []node
	place  []int // of each part in what is written
	ahead  []int // how many jumps lead to each part from what is written before it
	out    []instr
	labels []label // of the blocks and loops around what is written
	missed []int   // parts that something should go to and cannot, for a loop is around them
}

func newWriter(l *layout) *writer {
	n := len(l.parts)
	w := &writer{layout: l, nodes: l.nest(0, n-1, -1), place: make([]int, n), ahead: make([]int, n), out: slices.Clone(l.before)}
	w.number(w.nodes, 0)
	for p := range l.parts {
		if !l.parts[p].lives {
			continue
		}
		for _, j := range l.parts[p].jumps {
			if !w.toNext(p, j) {
				w.lead(p, j.target)
			}
		}
		if l.parts[p].falls && !w.follows(p) {
			w.lead(p, p+1)
		}
	}
	return w
}

// nest are the nodes from first to last, within a loop that begins with a part. A loop
// begins where it is entered, and ends with what Go has written before that.
func (l *layout) nest(first, last, within int) (list []node) {
	for p := first; p <= last; p++ {
		o, ok := l.loops[p]
		if !ok || p == within {
			if l.parts[p].lives {
				list = append(list, node{part: p})
			}
			continue
		}
		body := append(l.nest(o.entry, o.last, p), l.nest(p, o.entry-1, p)...)
		list = append(list, node{part: o.entry, loop: body})
		p = o.last
	}
	return list
}

func (w *writer) number(list []node, next int) int {
	for _, n := range list {
		if n.loop != nil {
			next = w.number(n.loop, next)
			continue
		}
		w.place[n.part] = next
		next++
	}
	return next
}

func (w *writer) lead(from, to int) {
	if to < len(w.parts) && w.place[from] < w.place[to] {
		w.ahead[to]++
	}
}

// follows reports whether the next part is written behind this one.
func (w *writer) follows(p int) bool {
	return p+1 == len(w.parts) || w.place[p+1] == w.place[p]+1
}

// toNext reports whether a jump ends a part and leads to the one that is written behind it.
func (w *writer) toNext(p int, j jump) bool {
	return j.set && j.at == len(w.parts[p].list)-1 && w.place[j.target] == w.place[p]+1
}

func (w *writer) function() {
	for n := range w.exits {
		w.open(opBlock, label{toExit, w.exits - 1 - n})
	}
	again := slices.ContainsFunc(w.nodes, func(n node) bool { return w.isHead(n.part) })
	if again {
		w.open(opLoop, label{kind: toDispatch})
	}
	w.out = appendCheck(w.out, w.parts)
	w.write(w.nodes, w.entries())
	if again {
		w.close()
	}
	w.out = append(w.out, w.behind...)
}

func (w *writer) open(op byte, l label) {
	w.out = append(w.out, block(op))
	w.labels = append(w.labels, l)
}

func (w *writer) close() {
	w.out = append(w.out, instr{op: opEnd})
	w.labels = w.labels[:len(w.labels)-1]
}

// entries are the parts that are entered by the parameter, those that are gone back to first.
func (w *writer) entries() []int {
	var heads, others []int
	for p := 1; p < len(w.parts); p++ {
		switch {
		case w.isHead(p):
			heads = append(heads, p)
		case w.dispatched(p):
			others = append(others, p)
		}
	}
	return append(heads, others...)
}

// write writes nodes, of which the first is entered at its beginning or by one of the entries.
func (w *writer) write(list []node, entries []int) {
	targets := slices.DeleteFunc(slices.Clone(list[1:]), func(n node) bool { return w.ahead[n.part] == 0 && !slices.Contains(entries, n.part) })
	for _, n := range slices.Backward(targets) {
		w.open(opBlock, label{toPart, n.part})
	}
	if len(entries) > 0 {
		w.dispatch(entries)
	}
	for _, n := range list {
		if len(targets) > 0 && targets[0].part == n.part {
			w.close()
			targets = targets[1:]
		}
		if n.loop == nil {
			w.part(n.part)
			continue
		}
		w.open(opLoop, label{toLoop, n.part})
		w.write(n.loop, nil)
		w.close()
	}
}

// dispatch compares the parameter with what enters parts. The last one needs no comparison:
// Go's branch takes what it does not know for the last as well.
func (w *writer) dispatch(entries []int) {
	if len(entries) == 1 {
		w.out = append(w.out, instr{op: opLocalGet, x: localBlock}, instr{op: opBrIf, x: w.depth(label{toPart, entries[0]})})
		return
	}
	w.open(opBlock, label{toPart, 0})
	w.out = append(w.out, instr{op: opLocalGet, x: localBlock}, instr{op: opI32Eqz}, instr{op: opBrIf})
	last := len(entries) - 1
	for _, p := range entries[:last] {
		w.out = append(w.out, instr{op: opLocalGet, x: localBlock}, instr{op: opI32Const, x: w.value(p)}, instr{op: opI32Eq}, instr{op: opBrIf, x: w.depth(label{toPart, p})})
	}
	w.out = append(w.out, instr{op: opBr, x: w.depth(label{toPart, entries[last]})})
	w.close()
}

// value is the one of the parameter that enters a part: that of calls which return there,
// or if there are none the first that means it.
func (w *writer) value(p int) int64 {
	if value, ok := w.resumed[p]; ok {
		return value
	}
	return int64(slices.Index(w.table, p))
}

// part writes a part with its jumps.
func (w *writer) part(p int) {
	list := slices.Clone(w.parts[p].list)
	for _, j := range w.parts[p].jumps {
		if w.toNext(p, j) {
			list = list[:j.at-2]
		} else {
			w.jump(list, j)
		}
	}
	w.out = append(w.out, compact(list)...)
	if w.parts[p].falls && !w.follows(p) {
		w.out = append(w.out, instr{op: opBr, x: w.depth(w.labelOf(p + 1))})
	}
}

func (w *writer) jump(list []instr, j jump) {
	if exit := j.target - len(w.parts); exit >= 0 {
		list[j.at].x = w.depth(label{toExit, exit}) + int64(j.inner)
		list[j.at].raw = nil
		return
	}
	to := w.labelOf(j.target)
	depth := w.depth(to) + int64(j.inner)
	list[j.at] = instr{op: opBr, x: depth}
	if to.kind == toDispatch {
		list[j.at-2] = instr{op: opI32Const, x: w.value(j.target)}
		return
	}
	list[j.at-2], list[j.at-1] = gone, gone
	if j.at > 2 && list[j.at-3].is(opIf, void) && list[j.at+1].op == opEnd {
		list[j.at-3], list[j.at], list[j.at+1] = gone, instr{op: opBrIf, x: depth - 1}, gone
	}
}

// labelOf is how a part can be gone to from here.
func (w *writer) labelOf(p int) label {
	l := label{toPart, p}
	switch {
	case slices.Contains(w.labels, label{toLoop, p}):
		l.kind = toLoop
	case !slices.Contains(w.labels, l) && w.isHead(p):
		l = label{kind: toDispatch}
	}
	return l
}

// depth is by which number a branch goes to a label. It notes one that is not around here.
func (w *writer) depth(l label) int64 {
	for i, have := range slices.Backward(w.labels) {
		if have == l {
			return int64(len(w.labels) - 1 - i)
		}
	}
	w.missed = append(w.missed, l.n)
	return 0
}
