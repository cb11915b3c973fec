package slim

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"
)

// TestEqual compares ranges of all short lengths, the same and with one byte that differs at each
// place, as Go does and many bytes at a time.
func TestEqual(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer func() { _ = runtime.Close(ctx) }()
	body := encode([]byte{0}, byBytes())
	m := &module{types: [][]byte{[]byte(typeOfEqual)}, funcs: []uint64{0}, bodies: [][]byte{slices.Clone(body)}, names: map[int]string{0: equalBytes}}
	if err := m.compareWords(); err != nil || bytes.Equal(m.bodies[0], body) {
		t.Fatalf("it was not written anew: %v", err)
	}
	var compare []func(a, b, n uint64) uint64
	for _, body := range [][]byte{body, m.bodies[0]} {
		module, err := runtime.InstantiateWithConfig(ctx, equalModule(body), wazero.NewModuleConfig().WithName(""))
		if err != nil {
			t.Fatal(err)
		}
		memory, f := module.Memory(), module.ExportedFunction("f")
		compare = append(compare, func(a, b, n uint64) uint64 {
			for i := range uint32(512) {
				memory.WriteByte(i, byte(i%128))
			}
			if a > 0 { // one that differs
				memory.WriteByte(uint32(a), 199)
			}
			result, err := f.Call(ctx, 1, b, n)
			if err != nil {
				t.Fatal(err)
			}
			return result[0]
		})
	}
	for n := range uint64(100) {
		for _, b := range []uint64{1, 129, 130, 2} {
			for at := range n + 2 { // 0 for none
				if got, want := compare[1](at, b, n), compare[0](at, b, n); got != want {
					t.Fatalf("%d bytes at 1 and %d, another one at %d: got %d, want %d", n, b, at, got, want)
				}
			}
		}
	}
}

// A function of this name that is another one stays as it is.
func TestOtherEqual(t *testing.T) {
	t.Parallel()
	body := encode([]byte{0}, append(unlessSame(), instr{op: opI64Const}, instr{op: opEnd}))
	m := &module{types: [][]byte{[]byte(typeOfEqual)}, funcs: []uint64{0}, bodies: [][]byte{slices.Clone(body)}, names: map[int]string{0: equalBytes}}
	if err := m.compareWords(); err != nil || !bytes.Equal(m.bodies[0], body) {
		t.Errorf("it was written anew: %v", err)
	}
}

// equalModule has one function of this body, a page of memory and no imports.
func equalModule(body []byte) []byte {
	section := func(id byte, data string) []byte { return append(appendUint([]byte{id}, uint64(len(data))), data...) }
	wasm := append(slices.Clone(header), section(typeSection, "\x01"+typeOfEqual)...)
	wasm = append(wasm, section(functionSection, "\x01\x00")...)
	wasm = append(wasm, section(5, "\x01\x00\x01")...)
	wasm = append(wasm, section(7, "\x02\x01f\x00\x00\x06memory\x02\x00")...)
	return append(wasm, section(codeSection, "\x01"+string(appendUint(nil, uint64(len(body))))+string(body))...)
}
