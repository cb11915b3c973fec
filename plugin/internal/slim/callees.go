package slim

// callees is what is known of functions that are called.
type callees struct {
	deferReturn int64          // ends a function after a panic; -1 if its number is not known
	returns     map[int64]bool // those that return without another goroutine in between, or never
}

// readCallees finds functions that return before anything else runs: those that call nothing
// else, do not look whether their stack is large enough, and do not unwind. What only
// fails may be called, for nothing returns from that.
func (m *module) readCallees(functions []*function, cold *coldCalls) callees {
	c := callees{deferReturn: m.number("runtime.deferreturn"), returns: map[int64]bool{}}
	calls := map[int64][]int64{}
	for i, f := range functions {
		if f == nil {
			continue
		}
		if to, ok := m.callsOf(f.list, cold); ok {
			n := int64(m.imported + i)
			calls[n], c.returns[n] = to, true
		}
	}
	for again := true; again; {
		again = false
		for n := range c.returns {
			for _, to := range calls[n] {
				if !c.returns[to] {
					delete(c.returns, n)
					again = true
					break
				}
			}
		}
	}
	return c
}

// callsOf is what a function calls; not ok if it can unwind by itself, or calls what
// cannot be told.
func (m *module) callsOf(list []instr, cold *coldCalls) (to []int64, ok bool) {
	for i, in := range list {
		switch {
		case in.op == opCallIndirect, in.op == opCall && in.x < int64(m.imported), in.op == opReturn && !list[max(i-1, 0)].is(opI32Const, 0):
			return nil, false
		case in.op == opCall && !cold.isCold(in.x):
			to = append(to, in.x)
		case in.op == opCall && cold.grows(in.x):
			return nil, false
		}
	}
	return to, true
}
