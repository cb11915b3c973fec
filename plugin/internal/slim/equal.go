package slim

import "bytes"

// Go compares strings and memory byte by byte for WebAssembly (`internal/bytealg/equal_wasm.s`), each with
// its address. equalBytes is what it has for that, which is found by its name and its instructions.
const equalBytes = "memeqbody"

const typeOfEqual = "\x60\x03\x7e\x7e\x7e\x01\x7e" // two addresses and how many bytes → 1 if they are the same

// compareWords compares eight bytes at a time, then four, then what is left.
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
)

// byBytes is what Go has.
func byBytes() []instr {
	list := append(unlessSame(), block(opLoop))
	return append(append(list, oneByOne()...), instr{op: opUnreachable}, instr{op: opUnreachable}, instr{op: opEnd})
}

func byWords() []instr {
	list := append(unlessSame(), block(opBlock), block(opLoop), instr{op: opLocalGet, x: localLeft}, instr{op: opI64Const, x: 8}, instr{op: ltU64}, instr{op: opBrIf, x: 1})
	list = append(list, differ(opI64Load, opI64Ne)...)
	list = append(append(list, advance(8)...), instr{op: opBr}, instr{op: opEnd}, instr{op: opEnd})
	list = append(list, block(opBlock), instr{op: opLocalGet, x: localLeft}, instr{op: opI64Const, x: 4}, instr{op: ltU64}, instr{op: opBrIf})
	list = append(list, differ(opI32Load, opI32Ne)...)
	list = append(append(list, advance(4)...), instr{op: opEnd}, block(opLoop))
	return append(append(list, oneByOne()...), instr{op: opUnreachable}, instr{op: opEnd})
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
