package slim

import "slices"

// nothing is how many bytes at the beginning of the memory are always zero: Go puts nothing
// there, for an address this small is taken for that of a field of nil.
const nothing = 4096

// beginsWithNothing reports whether a module puts nothing there either.
func (m *module) beginsWithNothing() bool {
	at := slices.IndexFunc(m.sections, func(s section) bool { return s.id == dataSection })
	if at < 0 {
		return false
	}
	segments, ok, err := readSegments(m.sections[at].data)
	return ok && err == nil && !slices.ContainsFunc(segments, func(s segment) bool { return s.at < nothing })
}

// slimFills copies zeros from where there are always some, instead of filling memory with them.
// wazero fills it with one byte and copies that, then two, then four; and it forgets behind that
// which addresses it has compared. For a number of bytes that is not known a comparison
// tells whether there are enough zeros to copy.
func slimFills(list []instr) []instr {
	for i := 0; i < len(list); i++ {
		if !list[i].is(opMore, memoryFill) {
			continue
		}
		size := valuesBegin(list[:i], 1)
		if size < 1 || !list[size-1].is(opI32Const, 0) {
			continue
		}
		if size == i-1 && list[size].op == opI32Const {
			if list[size].x >= 0 && list[size].x <= nothing {
				list[i] = copyMemory
			}
			continue
		}
		from := valuesBegin(list[:i], 3)
		if from < 0 {
			continue
		}
		fill := list[from : i+1]
		out := append([]instr{}, list[:from]...)
		out = append(out, block(opBlock), block(opBlock))
		out = append(out, list[size:i]...)
		out = append(out, instr{op: opI32Const, x: nothing}, instr{op: opI32GtU}, instr{op: opBrIf})
		out = append(append(out, fill[:len(fill)-1]...), copyMemory, instr{op: opBr, x: 1}, instr{op: opEnd})
		out = append(append(out, fill...), instr{op: opEnd})
		next := len(out)
		list, i = append(out, list[i+1:]...), next-1
	}
	return list
}

var copyMemory = instr{op: opMore, raw: []byte{opMore, memoryCopy, 0, 0}, x: memoryCopy}

func block(op byte) instr { return instr{op: op, raw: []byte{op, voidByte}, x: void} }
