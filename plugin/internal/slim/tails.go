package slim

import "slices"

// A coldSite is where a function calls what makes a call that never returns.
type coldSite struct {
	from, to int   // its instructions: from where its condition begins to be computed, if it has one
	branch   int   // the condition's, which goes around it or, an `if`, to it; -1 if it has none
	callee   int64 // what makes the call
	place    int64 // where that returns to
}

// What a function gains, in bytes, for each of them that it makes at its end, and what it pays to do so.
const (
	gainOfCondition = 9
	gainOfCall      = 5
	costOfTail      = 15
)

// share has a function make the calls that never return at its end, one for each callee, where all places go
// with the part of the function that the call is from.
//
// It also spares what compiles the function a call at each of these places.
func (c *coldCalls) share(list []instr) []instr {
	sites := c.sites(list)
	gain := map[int64]int{}
	var tails []int64 // the callees whose calls are made at the end, the first innermost
	for _, s := range sites {
		if s.branch < 0 {
			gain[s.callee] += gainOfCall
		} else {
			gain[s.callee] += gainOfCondition
		}
		if gain[s.callee] > costOfTail && !slices.Contains(tails, s.callee) {
			tails = append(tails, s.callee)
		}
	}
	if len(tails) == 0 {
		return list
	}
	var out []instr
	for range tails {
		out = append(out, instr{op: opBlock, raw: []byte{opBlock, typeI64}, x: typeI64 - 0x80})
	}
	base, depth, next := int64(0), 0, 0
	for _, s := range sites {
		tail := slices.Index(tails, s.callee)
		if tail < 0 {
			continue
		}
		out, depth = appendCounting(out, list[next:s.from], depth)
		base, next = s.place&^partMask, s.to
		out = append(out, instr{op: opI64Const, x: s.place & partMask})
		to := int64(depth + tail)
		switch {
		case s.branch < 0:
			out = append(out, instr{op: opBr, x: to})
			continue
		case list[s.branch].op == opIf:
			out = append(out, list[s.from:s.branch]...)
		default:
			out = append(append(out, list[s.from+1:s.branch]...), instr{op: opI32Eqz}) // without the block
		}
		out = append(out, instr{op: opBrIf, x: to}, instr{op: opDrop})
	}
	last := len(list) - 1
	out = append(out, list[next:last]...)
	if !leavesAlways(out) {
		out = append(out, instr{op: opReturn})
	}
	for _, callee := range tails {
		out = append(out, instr{op: opEnd}, instr{op: opI64Const, x: base}, instr{op: opI64Or}, instr{op: opCall, x: callee}, instr{op: opReturn})
	}
	return append(out, list[last])
}

// appendCounting appends instructions, and counts how many blocks are open behind them.
func appendCounting(dst, list []instr, depth int) ([]instr, int) {
	for _, in := range list {
		switch in.op {
		case opBlock, opLoop, opIf:
			depth++
		case opEnd:
			depth--
		}
	}
	return append(dst, list...), depth
}

// sites are where a function makes such calls.
func (c *coldCalls) sites(list []instr) (sites []coldSite) {
	for i := 1; i+1 < len(list); i++ {
		if list[i].op != opCall || list[i].x < int64(c.next) || list[i-1].op != opI64Const || list[i+1].op != opReturn {
			continue
		}
		s := coldSite{from: i - 1, to: i + 2, branch: -1, callee: list[i].x, place: list[i-1].x}
		if branch := i - 2; branch > 0 && i+2 < len(list) && list[i+2].op == opEnd {
			from := valuesBegin(list[:branch], 1)
			around := list[branch].is(opBrIf, 0) && from > 0 && list[from-1].is(opBlock, void)
			if around {
				from--
			}
			if around || list[branch].is(opIf, void) && from >= 0 {
				s.from, s.branch, s.to = from, branch, i+3
			}
		}
		sites = append(sites, s)
	}
	return sites
}
