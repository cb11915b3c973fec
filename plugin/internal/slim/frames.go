package slim

import (
	"fmt"
	"slices"
)

// slimStack writes shorter what a function does with its part of the stack. It needs names
// to be sure of all functions, and leaves a module without them as it is.
func (m *module) slimStack(f *function, name string) error {
	if m.names == nil {
		f.list = slimCalls(f.list)
		return nil
	}
	if m.callsHost(f.list) {
		if !f.slimImport() {
			return fmt.Errorf("%s calls the host in another way than Go's compiler does", name)
		}
		return nil
	}
	list, args, ok := slimFrames(f.list)
	if !ok {
		if !slices.Contains(stackSwitches, name) {
			return fmt.Errorf("%s moves the stack pointer in another way than Go's compiler does", name)
		}
		list = slimCalls(list)
	}
	f.list, f.args = list, args
	return nil
}

// stackSwitches are functions of Go's runtime that go to another stack: all of them unwind
// or never return, but systemstack, which comes back to where it was.
var stackSwitches = []string{"runtime.gogo", "runtime.mcall", "runtime.morestack", "runtime.pause", "runtime.switchToCrashStack0", "runtime.systemstack"}

// callsHost reports whether a function calls what the module imports.
func (m *module) callsHost(list []instr) bool {
	return slices.ContainsFunc(list, func(in instr) bool { return in.op == opCall && in.x < int64(m.imported) })
}

// slimImport has a function that calls the host say whether the stack has moved meanwhile,
// as it does when the host calls back and the stack has to grow then. It unwinds if
// so: callers go on where they read the stack pointer anew. It is false, and changes nothing,
// if the function has another shape than Go gives such a function.
func (f *function) slimImport() bool {
	calls, n := 0, len(f.list)
	for _, in := range f.list {
		switch in.op {
		case opCall:
			calls++
		case opBlock, opLoop, opIf, opCallIndirect:
			return false
		}
	}
	end := slices.IndexFunc(f.list, func(in instr) bool { return in.op == opReturn })
	if calls != 1 || end < 6 || n-end > 3 || !isLeave(f.list, end-5) || !f.list[end-1].is(opI32Const, 0) {
		return false
	}
	before := f.next
	f.addLocals(typeI32, 1)
	list := append(slices.Clone(f.list[:1]), instr{op: opLocalTee, x: localSP}, instr{op: opLocalSet, x: before})
	list = append(list, f.list[2:end-1]...)
	list = append(list, instr{op: opLocalGet, x: before}, instr{op: opLocalGet, x: localSP}, instr{op: opI32Ne})
	f.list = append(list, f.list[end:]...)
	return true
}

// A frame is what a function has on the stack.
type frame struct {
	size    int64 // what the function takes of the stack for itself
	begins  int   // where it does; 0 if it takes nothing
	pushed  int64 // what a call takes of it; 0 if there are no calls
	resumes bool  // the function can also be entered in its middle
}

// slimFrames computes once, at the beginning, where a function's part of the stack is, and
// keeps that in the local that is else a copy of the stack pointer: less what a call
// pushes, if there are calls. Go writes the copy anew behind every call, though a call
// that returns leaves the stack pointer as it was (see slimImport).
//
// A function that moves the stack pointer in another way stays as it is. args is where its arguments
// begin, from what is in the local.
func slimFrames(list []instr) (slimmed []instr, args int64, ok bool) {
	f, ok := readFrame(list)
	if !ok {
		return list, 0, false
	}
	for i := 2; i < len(list); i++ {
		switch {
		case i == f.begins:
			list[i+1], list[i+2], list[i+3] = gone, gone, gone
			f.use(list, i)
			i += 4
		case isPush(list, i):
			list[i+1], list[i+2], list[i+3] = gone, gone, gone
			i += 7
		case isRefresh(list, i):
			list[i], list[i+1] = gone, gone
			i++
		case isLeave(list, i):
			list[i+1] = instr{op: opI32Const, x: list[i+1].x + f.pushed}
			if list[i+3].is(opLocalTee, localSP) {
				list[i+3] = gone
			}
			i += 3
		case !list[i].is(opLocalGet, localSP):
		case i < f.begins:
			list[i] = instr{op: opGlobalGet, x: globalSP} // as the caller has left it
		default:
			f.use(list, i)
		}
	}
	const address = 8 // to return to, which is before the arguments
	return f.write(list), f.pushed + f.size + address, true
}

// readFrame reads all that writes the stack pointer or its copy. It is not ok if that has
// another shape than Go's compiler gives it.
func readFrame(list []instr) (f frame, ok bool) {
	depth, first := 0, 0 // of blocks, and of the function's first one
	for i := 2; i < len(list); i++ {
		switch in := &list[i]; {
		case isPush(list, i):
			f.pushed = 8
			i += 7
		case isRefresh(list, i):
			i++
		case isLeave(list, i):
			if size, _ := leaves(list, i); size != f.size {
				return f, false
			}
			i += 3
			if list[i].op == opLocalTee {
				i++
			}
		case isMove(list, i, opI32Sub):
			if f.begins > 0 || f.pushed > 0 || depth != first {
				return f, false
			}
			f.begins, f.size = i, list[i+1].x
			i += 4
		case in.x == localSP && (in.op == opLocalSet || in.op == opLocalTee), in.is(opGlobalSet, globalSP):
			return f, false
		case in.op == opBrTable:
			if f.resumes {
				return f, false
			}
			f.resumes, first = true, depth-1
		case in.op == opBlock || in.op == opLoop || in.op == opIf:
			depth++
		case in.op == opEnd:
			if depth--; depth < first && f.begins == 0 {
				first = -1 // what follows can be entered from outside: too late to begin
			}
		}
	}
	return f, true
}

// isMove reports whether the stack pointer is moved by a constant here.
func isMove(list []instr, i int, op byte) bool {
	return match(list, i, instr{op: opLocalGet, x: localSP}, instr{op: opI32Const, x: any64}, instr{op: op},
		instr{op: opLocalTee, x: localSP}, instr{op: opGlobalSet, x: globalSP})
}

// isPush reports whether an address to return to is pushed here, for the call behind it.
func isPush(list []instr, i int) bool {
	const after = 8
	return isMove(list, i, opI32Sub) && list[i+1].x == 8 &&
		match(list, i+5, instr{op: opLocalGet, x: localSP}, instr{op: opI64Const, x: any64}, instr{op: opI64Store, x: 3}) &&
		(match(list, i+after, instr{op: opCall, x: any64}) || match(list, i+after, instr{op: opI32Const}, instr{op: opCall, x: any64}) ||
			match(list, i+after, instr{op: opI64Const, x: 16}, instr{op: opI64ShrU}, instr{op: opI32WrapI64}, instr{op: opLocalSet, x: localBlock},
				instr{op: opI32Const}, instr{op: opLocalGet, x: localBlock}, instr{op: opCallIndirect}))
}

// isRefresh reports whether the copy of the stack pointer is written anew here, as behind
// each call.
func isRefresh(list []instr, i int) bool {
	return (list[i-1].op == opCall || list[i-1].op == opCallIndirect) &&
		match(list, i, instr{op: opGlobalGet, x: globalSP}, instr{op: opLocalSet, x: localSP})
}

// leaves returns what is given back of the stack here as the function leaves, less the
// address to return to; ok is false if it does not leave here.
func leaves(list []instr, i int) (size int64, ok bool) {
	switch {
	case match(list, i, instr{op: opLocalGet, x: localSP}, instr{op: opI32Const, x: any64}, instr{op: opI32Add}, instr{op: opGlobalSet, x: globalSP},
		instr{op: opI32Const, x: any64}, instr{op: opReturn}):
		return list[i+1].x - 8, true
	case !isMove(list, i, opI32Add) || !match(list, i+5, instr{op: opI32Const}, instr{op: opCall, x: any64}):
		return 0, false
	}
	// Another function takes its place, and returns to where this one would.
	end := i + 7
	if isRefresh(list, end) {
		end += 2
	}
	return list[i+1].x, match(list, end, instr{op: opReturn})
}

func isLeave(list []instr, i int) bool { _, ok := leaves(list, i); return ok }

// use makes of the local what the stack pointer was.
func (f *frame) use(list []instr, i int) {
	if f.pushed == 0 {
		return
	}
	if user := userOf(list[i+1:]); user != nil && user.off < 1<<31 {
		*user = instr{op: user.op, x: user.x, off: user.off + uint64(f.pushed)}
		return
	}
	for _, add := range [][]instr{
		{{op: opI32Const, x: any64}, {op: opI32Add}},
		{{op: opI64ExtendU}, {op: opI64Const, x: any64}, {op: opI64Add}},
	} {
		if match(list, i+1, add...) {
			number := &list[i+len(add)-1]
			*number = instr{op: number.op, x: number.x + f.pushed}
			return
		}
	}
	list[i].add = f.pushed
}

// write is the function with what comes at its beginning.
func (f *frame) write(list []instr) []instr {
	out := append(make([]instr, 0, len(list)+8), list[0])
	switch {
	case f.resumes && f.size > 0: // in its middle it has its frame already
		out = append(out, instr{op: opI32Const, x: -f.pushed}, instr{op: opI32Const, x: -f.pushed - f.size},
			instr{op: opLocalGet, x: localBlock}, instr{op: opSelect}, instr{op: opI32Add})
	case f.pushed+f.size > 0:
		out = append(out, instr{op: opI32Const, x: -f.pushed - f.size}, instr{op: opI32Add})
	}
	for _, in := range list[1:] {
		if in.isGone() {
			continue
		}
		if out = append(out, in); in.add > 0 {
			out = append(out, instr{op: opI32Const, x: in.add}, instr{op: opI32Add})
		}
	}
	return out
}
