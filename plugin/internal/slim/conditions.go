package slim

// slimConditions writes shorter how conditions are computed. Go makes numbers of 64 bits of
// them, and turns them over by comparing once more with zero; an engine that makes a branch and
// the comparison before it one, as wazero does, then makes several of them.
func slimConditions(list []instr) []instr {
	out := make([]instr, 0, len(list))
	for _, in := range list {
		out = appendShort(out, in)
	}
	return out
}

// appendShort appends an instruction, in one with those before it if there is a shorter way.
func appendShort(out []instr, in instr) []instr {
	n := len(out)
	if n == 0 {
		return append(out, in)
	}
	last := &out[n-1]
	switch op := in.op; {
	case last.op == opI64ExtendU && op == opI64Eqz:
		return appendShort(out[:n-1], instr{op: opI32Eqz})
	case last.op == opI64ExtendU && narrow[op] != 0:
		return append(out[:n-1], instr{op: narrow[op], x: in.x, off: in.off})
	case op == opI32Eqz && last.op == opI64Eqz:
		return append(out[:n-1], instr{op: opI64Const}, instr{op: opI64Ne})
	case op == opI32Eqz && last.op == opI64Ne && n > 1 && out[n-2].is(opI64Const, 0):
		return append(out[:n-2], instr{op: opI64Eqz})
	case op == opI32Eqz && opposites[last.op] != 0:
		return append(out[:n-1], instr{op: opposites[last.op]})
	case (op == opBrIf || op == opIf || op == opI32Eqz) && last.op == opI32Eqz && n > 1 && out[n-2].op == opI32Eqz:
		return appendShort(out[:n-2], in)
	}
	return append(out, in)
}

// narrow are stores of less than 64 bits that take those from 32.
var narrow = map[byte]byte{opI64Store8: opI32Store8, opI64Store16: opI32Store16, opI64Store32: opI32Store}

// opposites are comparisons of which exactly one holds.
var opposites = map[byte]byte{
	0x46: 0x47, 0x47: 0x46, // equal, and not; of 32 bits
	0x48: 0x4e, 0x4e: 0x48, 0x49: 0x4f, 0x4f: 0x49, // less, and greater or equal
	0x4a: 0x4c, 0x4c: 0x4a, 0x4b: 0x4d, 0x4d: 0x4b, // greater, and less or equal
	0x51: 0x52, 0x52: 0x51, // the same of 64 bits
	0x53: 0x59, 0x59: 0x53, 0x54: 0x5a, 0x5a: 0x54,
	0x55: 0x57, 0x57: 0x55, 0x56: 0x58, 0x58: 0x56,
}
