package slim

import "bytes"

// Go compares strings and memory byte by byte for WebAssembly (`internal/bytealg/equal_wasm.s`), each with
// its address. equalBytes is what it has for that, which is found by its name and its instructions.
const equalBytes = "memeqbody"

const typeOfEqual = "\x60\x03\x7e\x7e\x7e\x01\x7e" // two addresses and how many bytes → 1 if they are the same

// compareWords compares 32 bytes at a time, then eight, then four, then what is left.
func (m *module) compareWords() error {
	n := int(m.number(equalBytes)) - m.imported
	if n < 0 || n >= len(m.bodies) || !bytes.Equal(m.types[m.funcs[n]], []byte(typeOfEqual)) {
		return nil
	}
	f, err := readBody(m.bodies[n])
	if known := byBytes(); err != nil || f.groups != 0 || len(f.list) != len(known) || !match(f.list, 0, known...) {
		return err
	}
	m.bodies[n] = encode([]byte{0}, byWords())
	return nil
}

const (
	localA, localB, localLeft = 0, 1, 2 // of both functions
	ltU64                     = 0x54
	i64Xor                    = 0x85
)

// byBytes is what Go has.
func byBytes() []instr {
	list := append(unlessSame(), block(opLoop))
	return append(append(list, oneByOne()...), instr{op: opUnreachable}, instr{op: opUnreachable}, instr{op: opEnd})
}

func byWords() []instr {
	list := append(unlessSame(), steps(32, differInAny(24, 16, 8, 0))...) // the farthest first: see bounds
	list = append(list, steps(8, differ(opI64Load, opI64Ne))...)
	list = append(list, block(opBlock), instr{op: opLocalGet, x: localLeft}, instr{op: opI64Const, x: 4}, instr{op: ltU64}, instr{op: opBrIf})
	list = append(list, differ(opI32Load, opI32Ne)...)
	list = append(append(list, advance(4)...), instr{op: opEnd}, block(opLoop))
	return append(append(list, oneByOne()...), instr{op: opUnreachable}, instr{op: opEnd})
}

// steps goes on by so many bytes as long as as many are left, and unless they differ.
func steps(size int64, unlessDiffer []instr) []instr {
	list := []instr{block(opBlock), block(opLoop), {op: opLocalGet, x: localLeft}, {op: opI64Const, x: size}, {op: ltU64}, {op: opBrIf, x: 1}}
	return append(append(append(list, unlessDiffer...), advance(size)...), instr{op: opBr}, instr{op: opEnd}, instr{op: opEnd})
}

// unlessSame returns that the bytes are the same if the addresses are.
func unlessSame() []instr {
	return []instr{{op: opLocalGet, x: localA}, {op: opLocalGet, x: localB}, {op: opI64Eq}, block(opIf), {op: opI64Const, x: 1}, {op: opReturn}, {op: opEnd}}
}

// oneByOne is a loop without its beginning.
func oneByOne() []instr {
	list := []instr{{op: opLocalGet, x: localLeft}, {op: opI64Eqz}, block(opIf), {op: opI64Const, x: 1}, {op: opReturn}, {op: opEnd}}
	list = append(list, differ(opI64Load8U, opI64Ne)...)
	return append(append(list, advance(1)...), instr{op: opBr}, instr{op: opEnd})
}

// differ returns that the bytes are not the same if those here are not.
func differ(load, notEqual byte) []instr {
	return []instr{{op: opLocalGet, x: localA}, {op: opI32WrapI64}, {op: load}, {op: opLocalGet, x: localB}, {op: opI32WrapI64}, {op: load},
		{op: notEqual}, block(opIf), {op: opI64Const}, {op: opReturn}, {op: opEnd}}
}

// differInAny is differ for words at several places.
func differInAny(places ...uint64) (list []instr) {
	for i, at := range places {
		list = append(list, instr{op: opLocalGet, x: localA}, instr{op: opI32WrapI64}, instr{op: opI64Load, off: at},
			instr{op: opLocalGet, x: localB}, instr{op: opI32WrapI64}, instr{op: opI64Load, off: at}, instr{op: i64Xor})
		if i > 0 {
			list = append(list, instr{op: opI64Or})
		}
	}
	return append(list, instr{op: opI64Const}, instr{op: opI64Ne}, block(opIf), instr{op: opI64Const}, instr{op: opReturn}, instr{op: opEnd})
}

// advance goes on by so many bytes.
func advance(by int64) (list []instr) {
	for _, step := range []struct {
		local int64
		op    byte
	}{{localA, opI64Add}, {localB, opI64Add}, {localLeft, opI64Sub}} {
		list = append(list, instr{op: opLocalGet, x: step.local}, instr{op: opI64Const, x: by}, instr{op: step.op}, instr{op: opLocalSet, x: step.local})
	}
	return list
}
