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
	return append(dst, look(localSP, far)...)
}

// look has a function look at the last of so many bytes at the address that a local has, and do nothing with it.
func look(local int64, bytes uint64) []instr {
	return []instr{{op: opLocalGet, x: local}, {op: opI32Load8U, off: bytes - 1}, {op: opDrop}}
}

// settleJoins writes a local anew where several ways come together, before it is read there. It
// is the same by all of them; but wazero takes what it reads there a second time for
// another value, and only what is written for the same.
func settleJoins(list []instr, local int64) []instr {
	if slices.ContainsFunc(list, func(in instr) bool { return in.op == opBrTable }) {
		return list
	}
	joins := findJoins(list)
	ahead := readAhead(list, joins, local)
	out := make([]instr, 0, len(list)+2*len(joins))
	settled := true
	for i, in := range list {
		switch {
		case settled:
		case in.is(opLocalGet, local):
			out, settled = append(out, in, instr{op: opLocalTee, x: local}), true
			continue
		case local != localSP && !ahead[i]:
		case in.op == opBrIf || in.op == opIf:
			out, settled = append(out, instr{op: opLocalGet, x: local}, instr{op: opLocalSet, x: local}), true
		case in.op == opLoop || in.op == opBr || in.op == opReturn || in.op == opUnreachable:
			settled = true // one way goes on, which reads it once
		}
		if joins[i] {
			settled = false
		}
		out = append(out, in)
	}
	return out
}

// readAhead tells for each instruction whether a local is read behind it, before ways come together again.
func readAhead(list []instr, joins map[int]bool, local int64) []bool {
	ahead := make([]bool, len(list))
	reads := false
	for i, in := range slices.Backward(list) {
		ahead[i] = reads
		reads = (reads || in.is(opLocalGet, local)) && !joins[i] && in.op != opLoop
	}
	return ahead
}

// findJoins finds the ends of blocks to which several ways lead.
func findJoins(list []instr) map[int]bool {
	type frame struct {
		op    byte
		ways  int  // that lead to its end by branches
		lives bool // something can go to its beginning
	}
	joins := map[int]bool{}
	var around []frame
	lives := true
	branch := func(label int64) {
		if n := len(around) - 1 - int(label); lives && n >= 0 && around[n].op != opLoop {
			around[n].ways++
		}
	}
	for i, in := range list {
		switch in.op {
		case opBlock, opLoop, opIf:
			around = append(around, frame{op: in.op, lives: lives})
		case opBr:
			branch(in.x)
			lives = false
		case opBrIf:
			branch(in.x)
		case opReturn, opUnreachable:
			lives = false
		case opEnd:
			if len(around) == 0 {
				return joins
			}
			f := around[len(around)-1]
			around = around[:len(around)-1]
			if lives {
				f.ways++
			}
			if f.op == opIf && f.lives {
				f.ways++
			}
			lives = f.ways > 0
			if f.ways > 1 {
				joins[i] = true
			}
		}
	}
	return joins
}

// withoutIfs writes conditions as blocks that are left if they do not hold.
func withoutIfs(list []instr) []instr {
	begins := map[int]bool{} // where the computing of conditions does
	ifs := map[int]bool{}
	for i := range list {
		if !list[i].is(opIf, void) {
			continue
		}
		if at := valuesBegin(list[:i], 1); at >= 0 {
			begins[at], ifs[i] = true, true
		}
	}
	if len(ifs) == 0 {
		return list
	}
	out := make([]instr, 0, len(list)+2*len(ifs))
	for i, in := range list {
		if begins[i] {
			out = append(out, block(opBlock))
		}
		if ifs[i] {
			out = append(out, instr{op: opI32Eqz}, instr{op: opBrIf})
			continue
		}
		out = append(out, in)
	}
	return out
}

// valuesBegin is where the values that list leaves on the top of the stack begin to be
// computed, -1 if that cannot be told.
func valuesBegin(list []instr, values int) int {
	for i, in := range slices.Backward(list) {
		takes, leaves, ok := in.effect()
		if values += takes - leaves; !ok || values < 0 {
			return -1
		}
		if values == 0 {
			return i
		}
	}
	return -1
}
