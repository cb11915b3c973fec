package slim

// match reports whether the instructions at i are these.
func match(list []instr, i int, shape ...instr) bool {
	if len(list)-i < len(shape) {
		return false
	}
	for k := range shape {
		in, want := &list[i+k], &shape[k]
		if in.op != want.op || in.x != want.x && want.x != any64 || in.off != want.off {
			return false
		}
	}
	return true
}

// any64 stands for any number in a shape.
const any64 = -1 << 63

// slimReturns writes the end of functions shorter: the stack pointer is moved once
// instead of twice, and its copy in a local is not written, for nothing reads it.
func slimReturns(list []instr) []instr {
	move := func(i int, by int64) bool {
		return match(list, i, instr{op: opLocalGet, x: localSP}, instr{op: opI32Const, x: by}, instr{op: opI32Add},
			instr{op: opLocalTee, x: localSP}, instr{op: opGlobalSet, x: globalSP})
	}
	for i := range list {
		if !move(i, 8) || !match(list, i+5, instr{op: opI32Const, x: any64}, instr{op: opReturn}) {
			continue
		}
		list[i+3] = gone
		if frame := i - 5; frame >= 0 && move(frame, any64) {
			list[i+1] = instr{op: opI32Const, x: int64(int32(list[frame+1].x + 8))}
			for k := frame; k < i; k++ {
				list[k] = gone
			}
		}
	}
	return compact(list)
}

// slimCalls reads the stack pointer where it is needed behind a call, instead of before
// it is known whether to unwind.
func slimCalls(list []instr) []instr {
	for i := range list {
		if match(list, i, instr{op: opGlobalGet, x: globalSP}, instr{op: opLocalSet, x: localSP}, instr{op: opBrIf, x: any64},
			instr{op: opEnd}, instr{op: opLocalGet, x: localSP}) {
			list[i], list[i+1], list[i+2], list[i+3] = list[i+2], list[i+3], list[i], instr{op: opLocalTee, x: localSP}
			list[i+4] = gone
		}
	}
	return compact(list)
}

// slimLoads reads 32 bits where of 64 only half is used, and takes away what does
// nothing.
func slimLoads(list []instr) []instr {
	for i := range list {
		in := &list[i]
		switch {
		case in.op == opNop:
			*in = gone
		case i+1 < len(list) && list[i+1].op == opI32WrapI64 && in.op >= opI64Load && in.op <= opI64Load32U:
			// All 64 bits have to be there for this; on the stack they are.
			if in.op == opI64Load && (i == 0 || !list[i-1].is(opLocalGet, localSP)) {
				continue
			}
			short := halves[in.op]
			*in = instr{op: short.op, x: min(in.x, short.x), off: in.off}
			list[i+1] = gone
		}
	}
	return compact(list)
}

// slimLocals keeps a value on the stack where it is put into a local and read from there at once.
func slimLocals(list []instr) []instr {
	for i := 1; i < len(list); i++ {
		if set := &list[i-1]; set.op == opLocalSet && list[i].is(opLocalGet, set.x) {
			*set, list[i] = instr{op: opLocalTee, x: set.x}, gone
		}
	}
	return compact(list)
}

// halves are what loads 32 bits like another instruction loads 64, and how that is
// aligned at most.
var halves = map[byte]instr{
	opI64Load:    {op: opI32Load, x: 2},
	0x30:         {op: 0x2c, x: 0}, // 8 bits, signed
	0x31:         {op: 0x2d, x: 0},
	0x32:         {op: 0x2e, x: 1}, // 16
	0x33:         {op: 0x2f, x: 1},
	0x34:         {op: opI32Load, x: 2},
	opI64Load32U: {op: opI32Load, x: 2},
}

// slimAddresses computes addresses in 32 bits, which Go computes in 64, and leaves to
// loads and stores what they can add themselves.
func slimAddresses(list []instr) []instr {
	for i := range list {
		switch {
		case match(list, i, instr{op: opI64ExtendU}, instr{op: opI64Const, x: any64}, instr{op: opI64Add}, instr{op: opI32WrapI64}):
			add := list[i+1].x
			list[i], list[i+1], list[i+2], list[i+3] = gone, gone, gone, gone
			if i > 0 && list[i-1].is(opLocalGet, localSP) && add >= 0 {
				if user := userOf(list[i+4:]); user != nil && user.off+uint64(add) < 1<<31 {
					*user = instr{op: user.op, x: user.x, off: user.off + uint64(add)}
					continue
				}
			}
			list[i] = instr{op: opI32Const, x: int64(int32(add))}
			list[i+1] = instr{op: opI32Add}
		case match(list, i, instr{op: opI64ExtendU}, instr{op: opI32WrapI64}):
			list[i], list[i+1] = gone, gone
		}
	}
	return compact(list)
}

// userOf is the load or store that takes its address from the stack where list begins,
// nil if something else takes it or if it cannot be told.
func userOf(list []instr) *instr {
	above := 0 // how many values are on top of the address
	for i := range list {
		in := &list[i]
		if in.isGone() {
			continue
		}
		takes, leaves, ok := in.effect()
		if !ok {
			return nil
		}
		if takes > above {
			load := in.op >= opI32Load && in.op <= opI64Load32U && above == 0
			store := in.op >= opI32Store && in.op <= opI64Store32 && above == 1
			if load || store {
				return in
			}
			return nil
		}
		above += leaves - takes
	}
	return nil
}

// effect is how many values an instruction takes from the stack and leaves there; not
// ok for one that does more than that.
func (in *instr) effect() (takes, leaves int, ok bool) {
	switch op := in.op; {
	case op == opLocalGet || op == opGlobalGet || op >= opI32Const && op <= opF64Const:
		return 0, 1, true
	case op == opLocalTee, op >= opI32Load && op <= opI64Load32U, op == opI32Eqz, op == opI64Eqz,
		op >= opI32Clz && op <= opI32Popcnt, op >= opI64Clz && op <= opI64Popcnt, op >= opI32WrapI64 && op <= opI64Extend32S:
		return 1, 1, true
	case op >= 0x8b && op <= 0x91, op >= 0x99 && op <= 0x9f: // of one float, such as neg
		return 1, 1, true
	case op > opI32Eqz && op < opI32WrapI64:
		return 2, 1, true
	case op >= opI32Store && op <= opI64Store32:
		return 2, 0, true
	case op == opLocalSet:
		return 1, 0, true
	}
	return 0, 0, false
}
