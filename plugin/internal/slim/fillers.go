package slim

import "slices"

// V8 without its baseline compiler, which is how Envoy has it, compiles a function with what it calls inside,
// in the order of the calls and whatever these call, until that has two to five times the function's own size or it has done
// so 60 times. It knows nothing of how often a call is made, and the first one in a Go function is that which makes the
// stack grow. So all functions had the same cold code in them, which was more than half of what the compiler
// wrote. Fillers are functions that do nothing: what makes the stack grow calls so many of them first that nothing else
// fits. (`should_inline` of V8's src/wasm/turboshaft-graph-interface.cc, `NoLiftoffBudget` of src/wasm/inlining-tree.h)

// mostInlined is how many calls V8 does so with (`kMaxInlinedCount`), of which one is that of what makes the stack grow.
const mostInlined = 60

// fill calls fillers: with all that they call they are one less than mostInlined.
func (c *coldCalls) fill() []instr {
	if c.fillers != nil {
		return c.fillers
	}
	var fillers []instr // calls of them: the first calls nothing, each other one the one before it twice
	var body []instr
	for size := 1; size < mostInlined; size = 2*size + 1 {
		n := c.add(typeOfStart, encode([]byte{0}, append(body, instr{op: opEnd})))
		call := instr{op: opCall, x: int64(n)}
		fillers, body = append(fillers, call), []instr{call, call}
	}
	left := mostInlined - 1
	for i, call := range slices.Backward(fillers) {
		for size := 2<<i - 1; left >= size; left -= size {
			c.fillers = append(c.fillers, call)
		}
	}
	return c.fillers
}
