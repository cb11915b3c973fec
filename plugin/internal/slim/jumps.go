package slim

const void = -0x40 // the type of a block without a value

// A skeleton is how Go lays out a function with jumps: blocks in each other, which end
// where it can be entered or resumed, around a branch that goes to the one whose number
// the parameter says; and a loop around all that, to branch again.
type skeleton struct {
	blocks  int      // in the loop
	table   []uint64 // which block a value of the parameter means
	from    int      // behind the branch
	entries []int    // where each block ends, which is where its code begins
}

// slimJumps writes jumps to a block further down as a branch to its beginning. Go has
// them set the parameter and begin the loop again.
func slimJumps(list []instr) []instr {
	s, ok := readSkeleton(list)
	if !ok || !s.onlyJumps(list) {
		return list
	}
	inner, block := 0, 0 // blocks within the code, and which of the skeleton's it is
	for i := s.from; i < len(list); i++ {
		switch list[i].op {
		case opBlock, opLoop, opIf:
			inner++
		case opEnd:
			if inner > 0 {
				inner--
			} else if block++; block == s.blocks {
				return compact(list)
			}
		case opI32Const:
			if !s.jump(list, i, inner, block) {
				continue
			}
			target := s.target(list[i].x)
			if target <= block {
				continue // back: this needs the loop
			}
			label := int64(inner + target - block - 1)
			list[i], list[i+1] = gone, gone
			list[i+2] = instr{op: opBr, x: label}
			switch {
			case inner > 0 && list[i-1].is(opIf, void) && list[i+3].op == opEnd:
				list[i-1], list[i+2], list[i+3] = gone, instr{op: opBrIf, x: label - 1}, gone
				inner--
				i += 3
			case label == 0 && inner == 0 && list[i+3].op == opEnd:
				list[i+2] = gone // what follows is the target
			}
		}
	}
	return list
}

// readSkeleton reads where a function begins.
func readSkeleton(list []instr) (s skeleton, ok bool) {
	i := 2
	for i < len(list) && list[i].is(opBlock, void) { // the one that unwinds
		i++
	}
	if i >= len(list) || !list[i].is(opLoop, void) {
		return s, false
	}
	for i++; i < len(list) && list[i].is(opBlock, void); i++ {
		s.blocks++
	}
	if s.blocks == 0 || len(list)-i < 3 || !list[i].is(opLocalGet, localBlock) || list[i+1].op != opBrTable || list[i+2].op != opEnd {
		return s, false
	}
	r := &reader{p: list[i+1].raw, at: 1}
	for range r.count() + 1 {
		n := r.uint()
		if n >= uint64(s.blocks) {
			return s, false
		}
		s.table = append(s.table, n)
	}
	s.from = i + 3
	return s, !r.failed
}

// target is the block that a value of the parameter means.
func (s *skeleton) target(value int64) int {
	if value < 0 || value >= int64(len(s.table)) {
		value = int64(len(s.table)) - 1
	}
	return int(s.table[value])
}

// jump reports whether a jump begins here.
func (s *skeleton) jump(list []instr, i, inner, block int) bool {
	loop := int64(inner + s.blocks - 1 - block)
	return i > 0 && i+3 < len(list) &&
		match(list, i, instr{op: opI32Const, x: any64}, instr{op: opLocalSet, x: localBlock}, instr{op: opBr, x: loop})
}

// onlyJumps reports whether the parameter is read by the branch alone, whether all who
// begin the loop again set it before, and whether no other branch leaves the blocks.
func (s *skeleton) onlyJumps(list []instr) bool {
	inner, block := 0, 0
	for i := s.from; i < len(list); i++ {
		in := &list[i]
		loop := int64(inner + s.blocks - 1 - block)
		switch in.op {
		case opBlock, opLoop, opIf:
			inner++
		case opElse:
			return false
		case opEnd:
			if inner > 0 {
				inner--
			} else if block++; block == s.blocks {
				return true
			}
		case opLocalGet:
			if in.x != localBlock {
				continue
			}
			// A call through a table parks the function's number there.
			if i < 2 || !list[i-1].is(opI32Const, 0) || !list[i-2].is(opLocalSet, localBlock) || i+1 == len(list) || list[i+1].op != opCallIndirect {
				return false
			}
		case opLocalTee:
			if in.x == localBlock {
				return false
			}
		case opBr:
			if in.x == loop && !s.jump(list, i-2, inner, block) {
				return false
			}
		case opBrIf:
			if in.x == loop {
				return false
			}
		case opBrTable:
			return false
		}
	}
	return false
}
