package slim

import "slices"

// slimRepeats keeps in a local what a function reads of its frame, or makes an address of, and
// needs again before that can have changed. Go reads a slot of the frame each time, and
// an engine that compares addresses with the length of the memory does so again, for it
// sees another address.
func (f *function) slimRepeats() {
	if slices.ContainsFunc(f.list, func(in instr) bool { return in.op == opElse || in.op == opBrTable }) {
		return
	}
	r := &repeats{list: f.list, exposed: exposesFrame(f.list)}
	r.find()
	if locals := r.assign(f.next); locals[0]+locals[1] > 0 {
		f.list = r.write()
		f.addLocals(typeI32, locals[0])
		f.addLocals(typeI64, locals[1])
	}
}

// addLocals declares so many locals more.
func (f *function) addLocals(typ byte, n int64) {
	if n == 0 {
		return
	}
	f.groups++
	f.next += n
	f.locals = append(appendUint(slices.Clone(f.locals), uint64(n)), typ)
}

// A reading is a value that a function has read and may read again.
type reading struct {
	what  what
	at    int // the instruction that leaves it on the stack
	again []int
	local int64 // that keeps it
}

// what a reading reads: a slot of the frame, by the load and its offset, or the address that a
// local has.
type what struct {
	op  byte // a load, or opI32WrapI64
	off uint64
	of  int64 // the local
}

type repeats struct {
	list    []instr
	exposed bool // something else than its own loads and stores may use the frame
	all     []*reading
	known   []*reading // what is known here, whichever way one came
	around  []scope
}

// A scope is a block or loop around an instruction.
type scope struct {
	loop bool
	left bool       // by a branch, to its end
	then []*reading // what all of those know
}

// find finds all readings and what repeats them.
func (r *repeats) find() {
	lives := true
	for i := range r.list {
		in := &r.list[i]
		switch op := in.op; {
		case op == opBlock || op == opLoop || op == opIf:
			r.around = append(r.around, scope{loop: op == opLoop})
			if op == opLoop {
				r.known = nil
			}
			if op == opIf && lives {
				r.leave(0)
			}
		case op == opBrIf && lives:
			r.leave(in.x)
		case op == opBr && lives:
			r.leave(in.x)
			lives = false
		case op == opReturn || op == opUnreachable:
			lives = false
		case op == opEnd:
			if lives = r.end(lives); len(r.around) == 0 && !lives {
				return
			}
		case lives:
			r.read(i)
		}
	}
}

// leave notes what is known where a branch leaves blocks.
func (r *repeats) leave(label int64) {
	n := len(r.around) - 1 - int(label)
	if n < 0 || r.around[n].loop {
		return
	}
	s := &r.around[n]
	if s.left {
		s.then = both(s.then, r.known)
	} else {
		s.left, s.then = true, slices.Clone(r.known)
	}
}

// end goes on behind a block; it reports whether anything comes there.
func (r *repeats) end(lives bool) bool {
	if len(r.around) == 0 {
		return false
	}
	s := r.around[len(r.around)-1]
	r.around = r.around[:len(r.around)-1]
	switch {
	case s.left && lives:
		r.known = both(s.then, r.known)
	case s.left:
		r.known = s.then
	case !lives:
		r.known = nil
	}
	return lives || s.left
}

// both is what is in two lists.
func both(a, b []*reading) []*reading {
	return slices.DeleteFunc(slices.Clone(a), func(k *reading) bool { return !slices.Contains(b, k) })
}

// read looks at an instruction for what it changes and reads.
func (r *repeats) read(i int) {
	r.forget(i)
	switch in := &r.list[i]; {
	case in.op == opI32WrapI64 && i > 0 && (r.list[i-1].op == opLocalGet || r.list[i-1].op == opLocalTee):
		if userOf(r.list[i+1:]) != nil {
			r.note(i, what{op: in.op, of: r.list[i-1].x})
		}
	case in.op >= opI32Load && in.op <= opI64Load32U && isOfFrame(r.list, i):
		if typeOfLoad(in.op) != 0 {
			r.note(i, what{op: in.op, off: in.off, of: localSP})
		}
	}
}

// forget forgets what an instruction may change.
func (r *repeats) forget(i int) {
	in := &r.list[i]
	var changed func(what) bool
	switch op := in.op; {
	case op == opCall || op == opCallIndirect:
		changed = func(what) bool { return true }
	case op == opLocalSet || op == opLocalTee:
		if in.x == localSP && i > 0 && r.list[i-1].is(opLocalGet, localSP) {
			return
		}
		changed = func(w what) bool { return w.of == in.x }
	case op == opMore && in.x >= memoryCopy && r.exposed:
		changed = what.isSlot
	case op >= opI32Store && op <= opI64Store32:
		at := valuesBegin(r.list[:i], 2)
		switch {
		case at >= 0 && userOfFrame(r.list, at) == in:
			changed = func(w what) bool { return w.isSlot() && w.off+8 > in.off && w.off < in.off+8 }
		case at < 0 || r.exposed:
			changed = what.isSlot
		default:
			return
		}
	default:
		return
	}
	if slices.ContainsFunc(r.known, func(k *reading) bool { return changed(k.what) }) {
		r.known = slices.DeleteFunc(slices.Clone(r.known), func(k *reading) bool { return changed(k.what) })
	}
}

func (w what) isSlot() bool { return w.op != opI32WrapI64 }

// note notes that something is read here.
func (r *repeats) note(i int, w what) {
	for _, k := range r.known {
		if k.what == w && r.list[i-1].op == opLocalGet {
			k.again = append(k.again, i)
			return
		}
	}
	k := &reading{what: w, at: i}
	r.all = append(r.all, k)
	r.known = append(slices.Clip(r.known), k)
}

// isOfFrame reports whether a load takes its address from the copy of the stack pointer.
func isOfFrame(list []instr, i int) bool {
	if i > 1 && list[i-1].is(opLocalTee, localSP) {
		i--
	}
	return i > 0 && list[i-1].is(opLocalGet, localSP)
}

// userOfFrame is the load or store that takes its address from the copy of the stack pointer which is read
// here, nil if something else takes it or if none is read.
func userOfFrame(list []instr, i int) *instr {
	switch {
	case match(list, i, instr{op: opLocalGet, x: localSP}, instr{op: opLocalTee, x: localSP}): // by settleJoins
		return userOf(list[i+2:])
	case list[i].is(opLocalGet, localSP):
		return userOf(list[i+1:])
	}
	return nil
}

// typeOfLoad is the type of what a load leaves; 0 for one of floats, of which there are few.
func typeOfLoad(op byte) byte {
	switch {
	case op == opI32Load, op >= 0x2c && op <= 0x2f:
		return typeI32
	case op == opI64Load, op >= 0x30 && op <= opI64Load32U:
		return typeI64
	}
	return 0
}

// exposesFrame reports whether a function uses the address of its frame for anything but a load, a store
// and to leave.
func exposesFrame(list []instr) bool {
	for i := range list {
		if !list[i].is(opLocalGet, localSP) || userOfFrame(list, i) != nil {
			continue
		}
		next := i + 1
		if match(list, next, instr{op: opI32Const, x: any64}, instr{op: opI32Add}) {
			next += 2
		}
		if next < len(list) && list[next].is(opLocalTee, localSP) {
			next++
		}
		if next == len(list) || !list[next].is(opGlobalSet, globalSP) && !list[next].is(opLocalSet, localSP) && !list[next].is(opLocalGet, localSP) {
			return true
		}
	}
	return false
}

// assign gives locals to what is read again, and returns how many it takes: of 32 and of 64
// bits, which are numbered from next on in this order.
func (r *repeats) assign(next int64) (count [2]int64) {
	kept := slices.DeleteFunc(slices.Clone(r.all), func(k *reading) bool { return len(k.again) == 0 })
	r.all = kept
	var until [2][]int // the last use of each local
	for _, k := range kept {
		t := k.wide()
		free := slices.IndexFunc(until[t], func(end int) bool { return end < k.at })
		if free < 0 {
			free = len(until[t])
			until[t] = append(until[t], 0)
		}
		until[t][free], k.local = k.again[len(k.again)-1], int64(free)
	}
	count = [2]int64{int64(len(until[0])), int64(len(until[1]))}
	for _, k := range kept {
		k.local += next
		if k.wide() == 1 {
			k.local += count[0]
		}
	}
	return count
}

// wide is 1 for a reading of 64 bits.
func (k *reading) wide() int {
	if k.what.op != opI32WrapI64 && typeOfLoad(k.what.op) == typeI64 {
		return 1
	}
	return 0
}

// write is the function with each reading kept and repeated.
func (r *repeats) write() []instr {
	behind := map[int][]instr{}
	for _, k := range r.all {
		behind[k.at] = r.keep(k)
	}
	for _, k := range r.all {
		for _, i := range k.again {
			r.list[i-1], r.list[i] = gone, instr{op: opLocalGet, x: k.local}
		}
	}
	out := make([]instr, 0, len(r.list)+2*len(behind))
	for i, in := range r.list {
		if !in.isGone() {
			out = append(append(out, in), behind[i]...)
		}
	}
	return out
}

// keep is what keeps a reading. If it is an address that is used at several offsets, one behind the
// other, the farthest is looked at first.
func (r *repeats) keep(k *reading) []instr {
	list := []instr{{op: opLocalTee, x: k.local}}
	if k.wide() == 1 {
		return list
	}
	end := straight(r.list, k.at)
	far, farther := uint64(0), 0
	for _, i := range append([]int{k.at}, k.again...) {
		if i > end {
			break
		}
		if user := userOf(r.list[i+1:]); user != nil && user.off+sizeOf(user.op) > far {
			far = user.off + sizeOf(user.op)
			farther++
		}
	}
	if farther < 2 || far > nothing { // below that there is memory, wherever an address points
		return list
	}
	return append(list, look(k.local, far)...)
}

// straight is up to where instructions follow each other, whatever they compute.
func straight(list []instr, i int) int {
	for ; i < len(list); i++ {
		switch list[i].op {
		case opBlock, opLoop, opIf, opEnd, opBr, opBrIf, opCall, opCallIndirect, opReturn, opUnreachable:
			return i
		}
	}
	return i
}

// sizeOf is how many bytes a load or store is of.
func sizeOf(op byte) uint64 {
	switch op {
	case 0x2c, 0x2d, 0x30, 0x31, 0x3a, 0x3c:
		return 1
	case 0x2e, 0x2f, 0x32, 0x33, 0x3b, 0x3d:
		return 2
	case opI32Load, 0x2a, 0x34, opI64Load32U, opI32Store, 0x38, opI64Store32:
		return 4
	}
	return 8
}
