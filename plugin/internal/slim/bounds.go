package slim

import "slices"

// Wazero compares each address with the length of the memory, unless it has done so before
// for the same value and at least the same offset: on every way that leads there. It
// loses that where a branch has a table, where an `if` has no `else`, and where it
// does not see that a local is the same whichever way it came.

// appendCheck has a function look at the far end of what it uses of the stack, so that an
// engine which checks addresses has done so for all of it.
func appendCheck(dst []instr, parts []part) []instr {
	used, far := 0, uint64(0)
	for _, p := range parts {
		for i := range p.list {
			if !p.list[i].is(opLocalGet, localSP) {
				continue
			}
			if user := userOf(p.list[i+1:]); user != nil {
				used++
				far = max(far, user.off+8)
			}
		}
	}
	const (
		few  = 3    // which are cheaper each by itself
		page = 4096 // below a stack there is at least as much as the program's first page
	)
	if used < few || far > page {
		return dst
	}
	return append(dst, instr{op: opLocalGet, x: localSP}, instr{op: opI32Load8U, off: far - 1}, instr{op: opDrop})
}

// settle writes the copy of the stack pointer anew at the beginning of what several ways
// lead to. It is the same by all of them; but wazero takes what it reads there a second time
// for another value, and only what is written for the same.
func settle(list []instr, entrances int) []instr {
	if entrances < 2 {
		return list
	}
	i := slices.IndexFunc(list, func(in instr) bool {
		return in.is(opLocalGet, localSP) || in.op >= opBlock && in.op <= opReturn
	})
	if i >= 0 && list[i].is(opLocalGet, localSP) {
		return slices.Insert(list, i+1, instr{op: opLocalTee, x: localSP})
	}
	return slices.Insert(list, 0, instr{op: opLocalGet, x: localSP}, instr{op: opLocalSet, x: localSP})
}

// withoutIfs writes conditions as blocks that are left if they do not hold.
func withoutIfs(list []instr) []instr {
	begins := map[int]bool{} // where the computing of conditions does
	ifs := map[int]bool{}
	for i := range list {
		if !list[i].is(opIf, void) {
			continue
		}
		if at := valueBegins(list[:i]); at >= 0 {
			begins[at], ifs[i] = true, true
		}
	}
	if len(ifs) == 0 {
		return list
	}
	out := make([]instr, 0, len(list)+2*len(ifs))
	for i, in := range list {
		if begins[i] {
			out = append(out, instr{op: opBlock, raw: []byte{opBlock, voidByte}, x: void})
		}
		if ifs[i] {
			out = append(negate(out), instr{op: opBrIf})
			continue
		}
		out = append(out, in)
	}
	return out
}

// valueBegins is where the value that list leaves on the top of the stack begins to be computed,
// -1 if that cannot be told.
func valueBegins(list []instr) int {
	missing := 1
	for i, in := range slices.Backward(list) {
		takes, leaves, ok := in.effect()
		if missing += takes - leaves; !ok || missing < 0 {
			return -1
		}
		if missing == 0 {
			return i
		}
	}
	return -1
}

// negate has a condition hold if it did not.
func negate(list []instr) []instr {
	last := &list[len(list)-1]
	switch op := last.op; {
	case op == opI32Eqz:
		return list[:len(list)-1]
	case opposites[op] != 0:
		*last = instr{op: opposites[op]}
		return list
	}
	return append(list, instr{op: opI32Eqz})
}

// opposites are comparisons of which exactly one holds.
var opposites = map[byte]byte{
	0x46: 0x47, 0x47: 0x46, // equal, and not; of 32 bits
	0x48: 0x4e, 0x4e: 0x48, 0x49: 0x4f, 0x4f: 0x49, // less, and greater or equal
	0x4a: 0x4c, 0x4c: 0x4a, 0x4b: 0x4d, 0x4d: 0x4b, // greater, and less or equal
	0x51: 0x52, 0x52: 0x51, // the same of 64 bits
	0x53: 0x59, 0x59: 0x53, 0x54: 0x5a, 0x5a: 0x54,
	0x55: 0x57, 0x57: 0x55, 0x56: 0x58, 0x58: 0x56,
}
