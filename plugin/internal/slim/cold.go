package slim

import (
	"slices"
	"strings"
)

// A coldCall is a function that makes the call of another one: it writes where that has
// to return to, which else would be written at each of thousands of places. Or it is a filler.
type coldCall struct {
	number uint64
	typ    string
	body   []byte
}

type coldCalls struct {
	names   func(function int64) string
	next    uint64
	to      map[int64]uint64 // what is called → what calls it
	funcs   []coldCall
	fillers []instr // calls of them; nil: there are none yet
}

// coldNames are functions that never return, and are called at thousands of places, but
// hardly ever when these run: when something fails, and when a stack has to grow. A name
// with a star stands for all that begin so.
var coldNames = []string{
	"runtime.morestack", "runtime.morestack_noctxt", "runtime.sigpanic", "runtime.gopanic", "runtime.throw", "runtime.goPanic*",
	"runtime.panicdivide", "runtime.panicdottype*", "runtime.panicrangestate", "runtime.panicshift", "runtime.panicunsafe*", "runtime.panicwrap",
}

func (m *module) coldCalls() *coldCalls {
	return &coldCalls{
		names: func(i int64) string { return m.names[int(i)] },
		next:  uint64(m.imported + len(m.funcs)),
		to:    map[int64]uint64{},
	}
}

func (c *coldCalls) isCold(function int64) bool {
	name := c.names(function)
	return slices.ContainsFunc(coldNames, func(n string) bool {
		prefix, star := strings.CutSuffix(n, "*")
		return name == prefix || star && strings.HasPrefix(name, prefix)
	})
}

// grows reports whether a cold function makes the stack grow, after which the caller begins again.
func (c *coldCalls) grows(function int64) bool {
	return strings.HasPrefix(c.names(function), "runtime.morestack")
}

// slim leaves to one function for each callee what callers do before the call. Behind it
// there is nothing to do but to unwind.
func (c *coldCalls) slim(list []instr) []instr {
	for i := range list {
		const call = 9
		if !match(list, i, instr{op: opLocalGet, x: localSP}, instr{op: opI32Const, x: 8}, instr{op: opI32Sub},
			instr{op: opLocalTee, x: localSP}, instr{op: opGlobalSet, x: globalSP}, instr{op: opLocalGet, x: localSP},
			instr{op: opI64Const, x: any64}, instr{op: opI64Store, x: 3}, instr{op: opI32Const}, instr{op: opCall, x: any64},
			instr{op: opGlobalGet, x: globalSP}, instr{op: opLocalSet, x: localSP}, instr{op: opBrIf, x: any64}) || !c.isCold(list[i+call].x) {
			continue
		}
		list[i] = list[i+6]
		list[i+1] = instr{op: opCall, x: int64(c.caller(list[i+call].x))}
		list[i+2] = instr{op: opReturn}
		for k := i + 3; k < i+13; k++ {
			list[k] = gone
		}
	}
	return compact(list)
}

// caller is the number of the function that makes a call of this one. It returns 1, which
// is to unwind, and fails should the other return anything else.
func (c *coldCalls) caller(function int64) uint64 {
	if n, ok := c.to[function]; ok {
		return n
	}
	body := []byte{0} // no locals
	if c.grows(function) {
		body = encode(body, c.fill())
	}
	body = encode(body, []instr{
		{op: opGlobalGet, x: globalSP},
		{op: opI32Const, x: 8},
		{op: opI32Sub},
		{op: opGlobalSet, x: globalSP},
		{op: opGlobalGet, x: globalSP},
		{op: opLocalGet, x: 0},
		{op: opI64Store, x: 3},
		{op: opI32Const, x: 0},
		{op: opCall, x: function},
		{op: opI32Eqz},
		{op: opIf, raw: []byte{opIf, 0x40}},
		{op: opUnreachable},
		{op: opEnd},
		{op: opI32Const, x: 1},
		{op: opEnd},
	})
	n := c.add(typeOfCall, body)
	c.to[function] = n
	return n
}

func (c *coldCalls) add(typ string, body []byte) uint64 {
	n := c.next + uint64(len(c.funcs))
	c.funcs = append(c.funcs, coldCall{n, typ, body})
	return n
}
