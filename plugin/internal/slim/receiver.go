package slim

import (
	"regexp"
	"slices"
	"strings"
)

// A method reads its receiver from the stack wherever it needs it, which is at many places, and nothing writes it
// there again. Where it is a pointer, whatever is used of it is memory all through the method, or it is nil. So it
// is read once, at the beginning, which is also where the method goes on when it is resumed.

// methodOfPointer matches the name of a method of a pointer as Go's linker spells it: `(*T).Name` with
// `_` for what cannot be in a name. What follows another name is a function in a method.
var methodOfPointer = regexp.MustCompile(`\.__[^.]+_\.[^.]+$`)

// hasReceiver reports whether the first argument of the function of this name is a pointer to a receiver. The runtime
// has some that are none.
func hasReceiver(name string) bool {
	return methodOfPointer.MatchString(name) && !strings.HasSuffix(name, "_fm") && !strings.HasPrefix(name, "runtime.") && !strings.HasPrefix(name, "internal_runtime_")
}

// keepReceiver keeps the receiver in a local, the last one, unless that does not pay or the function may write
// it. It looks at the farthest of what it uses of the receiver, so that an engine which compares addresses has
// done so.
func (f *function) keepReceiver() bool {
	const least = 3 // that is used
	begin := slices.IndexFunc(f.list, func(in instr) bool { return in.is(opLocalSet, localSP) }) + 1
	if begin == 0 || f.args == 0 || f.mayWrite(f.args) {
		return false
	}
	reads, far := []int{}, uint64(0)
	for i := begin; i < len(f.list); i++ {
		if in := &f.list[i]; in.op != opI32Load || in.off != uint64(f.args) || !f.list[i-1].is(opLocalGet, localSP) {
			continue
		}
		if user := userOf(f.list[i+1:]); user != nil {
			reads = append(reads, i)
			far = max(far, user.off+sizeOf(user.op))
		}
	}
	if len(reads) < least || far > mostReceiver {
		return false
	}
	kept := f.next
	f.addLocals(typeI32, 1)
	for _, i := range reads {
		f.list[i-1], f.list[i] = gone, instr{op: opLocalGet, x: kept}
	}
	keep := append([]instr{{op: opLocalGet, x: localSP}, {op: opI32Load, x: 2, off: uint64(f.args)}, {op: opLocalTee, x: kept}}, look(kept, far)[1:]...)
	f.list = compact(slices.Insert(f.list, behindCheck(f.list, begin), keep...))
	return true
}

// behindCheck is behind where a function looks at its frame, if that is where it begins.
func behindCheck(list []instr, begin int) int {
	at := begin
	for list[at].op == opBlock {
		at++
	}
	if match(list, at, instr{op: opLocalGet, x: localSP}) && list[at+1].op == opI32Load8U && list[at+2].op == opDrop {
		return at + 3
	}
	return begin
}

// mostReceiver is how far a receiver is looked at: there is as much memory even behind nil.
const mostReceiver = 1 << 16

// mayWrite reports whether a function stores to a slot of its frame, or uses the address of one that is
// not below it.
func (f *function) mayWrite(slot int64) bool {
	for i := range f.list {
		if !f.list[i].is(opLocalGet, localSP) {
			continue
		}
		if user := userOfFrame(f.list, i); user != nil {
			if user.op >= opI32Store && int64(user.off) < slot+8 && int64(user.off)+8 > slot {
				return true
			}
			continue
		}
		if addressOfFrame(f.list, i+1) >= slot {
			return true
		}
	}
	return false
}

// addressOfFrame is how far behind the copy of the stack pointer, which was read before, the address is that is
// made of it; 0 where the function leaves.
func addressOfFrame(list []instr, i int) int64 {
	switch {
	case match(list, i, instr{op: opI32Const, x: any64}, instr{op: opI32Add}, instr{op: opGlobalSet, x: globalSP}):
		return 0
	case match(list, i, instr{op: opI32Const, x: any64}, instr{op: opI32Add}):
		return list[i].x
	case match(list, i, instr{op: opI64ExtendU}, instr{op: opI64Const, x: any64}, instr{op: opI64Add}):
		return list[i+1].x
	}
	return 0
}
