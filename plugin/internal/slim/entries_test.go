package slim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"
)

// TestEntriesGoTheSameWay lays out functions with random jumps, loops, calls and returns, and
// runs them as they were and as they become: from the beginning and from wherever a call
// returns to they go through the same parts, whichever way conditions turn out.
func TestEntriesGoTheSameWay(t *testing.T) {
	t.Parallel()
	own := 0 // loops of their own, which is what is hard
	failing := 0
	for seed := range uint64(600) {
		f := randomFunction(rand.New(rand.NewPCG(seed, 1)))
		laid := slimEntries(slices.Clone(f.list), callees{deferReturn: -1})
		if shared := (&coldCalls{next: toFail}).share(laid); len(shared) != len(laid) {
			laid, failing = shared, failing+1
		}
		if slices.ContainsFunc(laid, func(in instr) bool { return in.op == opBrTable }) {
			t.Fatalf("seed %d: the branch is still there:\n%s", seed, print(f.list))
		}
		if l, ok := readLayout(f.list, callees{}); ok {
			own += len(l.loops)
		}
		for _, value := range f.values {
			for turn := range uint64(4) {
				want, got := walk(t, f.list, value, turn), walk(t, laid, value, turn)
				if !slices.Equal(want, got) {
					t.Fatalf("seed %d, entered by %d: went %v, want %v\n%s\nbecame\n%s", seed, value, got, want, print(f.list), print(laid))
				}
			}
		}
	}
	if own < 100 || failing < 100 {
		t.Errorf("there were only %d loops of their own, and %d functions that fail at several places", own, failing)
	}
}

// A laidOut function is what Go's compiler could have written.
type laidOut struct {
	list   []instr
	values []int64 // of the parameter, by which it can be entered
}

const (
	toTrace, toChoose, toCall, toFail = 0, 1, 2, 3 // functions: see walk
	ends                              = 99         // what a function traces that returns
)

func randomFunction(r *rand.Rand) laidOut {
	parts := 2 + r.IntN(9)
	f := laidOut{values: []int64{0}}
	var table []byte // as it is spelled, and which part a value means
	var first []int64
	values := int64(0)
	for p := range parts {
		first = append(first, values)
		for range 1 + r.IntN(3) {
			table = appendUint(table, uint64(p))
			values++
		}
	}
	list := []instr{{op: opGlobalGet}, {op: opLocalSet, x: localSP}, block(opBlock), block(opLoop)}
	for range parts {
		list = append(list, block(opBlock))
	}
	branch := append(appendUint([]byte{opBrTable}, uint64(values-1)), table...)
	list = append(list, instr{op: opLocalGet}, instr{op: opBrTable, raw: branch}, instr{op: opEnd})
	for p := range parts {
		last := p == parts-1
		jump := func(inner int) []instr {
			return []instr{{op: opI32Const, x: first[r.IntN(parts)]}, {op: opLocalSet}, {op: opBr, x: int64(inner + parts - 1 - p)}}
		}
		list = append(list, instr{op: opI32Const, x: int64(p)}, instr{op: opCall, x: toTrace})
		for range r.IntN(3) {
			list = append(append(list, instr{op: opCall, x: toChoose}, block(opIf)), jump(1)...)
			list = append(list, instr{op: opEnd})
		}
		list = append(list, randomFailures(r, p)...)
		switch n := r.IntN(6); {
		case n == 0 && !last:
			f.values = append(f.values, first[p+1])
			list = append(list, instr{op: opLocalGet, x: localSP}, instr{op: opI64Const, x: 0x1000<<16 + first[p+1]}, instr{op: opI64Store, x: 3},
				instr{op: opI32Const}, instr{op: opCall, x: toCall}, instr{op: opBrIf, x: int64(parts - p)})
		case n == 1 || last && n < 4:
			list = append(list, instr{op: opI32Const, x: ends}, instr{op: opCall, x: toTrace}, instr{op: opI32Const}, instr{op: opReturn})
		case n == 2 || last:
			list = append(list, jump(0)...)
		}
		list = append(list, instr{op: opEnd})
	}
	f.list = append(list, instr{op: opEnd}, instr{op: opI32Const, x: 1}, instr{op: opEnd})
	return f
}

// randomFailures are calls that never return, of what it depends on that has been chosen before, or
// is chosen then.
func randomFailures(r *rand.Rand, part int) (list []instr) {
	for n := range r.IntN(4) {
		const chosen = 64 // where it is noted
		list = append(list, instr{op: opI32Const, x: chosen}, instr{op: opCall, x: toChoose}, instr{op: opI32Store, x: 2})
		if r.IntN(4) == 0 {
			list = append(list, instr{op: opCall, x: toChoose})
		} else {
			list = append(list, instr{op: opI32Const, x: chosen}, instr{op: opI32Load, x: 2})
		}
		for range r.IntN(3) {
			list = append(list, instr{op: opI32Eqz})
		}
		list = append(list, block(opIf))
		if r.IntN(4) == 0 {
			list = append(list, instr{op: opI32Const, x: chosen}, instr{op: opCall, x: toTrace})
		}
		list = append(list, instr{op: opI64Const, x: 0x1000<<16 + int64(part*16+n)}, instr{op: opCall, x: toFail}, instr{op: opReturn}, instr{op: opEnd})
	}
	return list
}

// walk runs a function and returns through which parts it went, and what it returned.
func walk(t *testing.T, list []instr, value int64, turn uint64) (way []int32) {
	t.Helper()
	ctx := context.Background()
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer func() { _ = runtime.Close(ctx) }()
	r := rand.New(rand.NewPCG(turn, 2))
	_, err := runtime.NewHostModuleBuilder("host").
		NewFunctionBuilder().WithFunc(func(_ context.Context, part int32) {
		if way = append(way, part); len(way) > 60 {
			panic("far enough")
		}
	}).Export("trace").
		NewFunctionBuilder().WithFunc(func(context.Context) int32 { return r.Int32N(2) }).Export("choose").
		NewFunctionBuilder().WithFunc(func(_ context.Context, _ int32) int32 { return r.Int32N(8) / 7 }).Export("call").
		NewFunctionBuilder().WithFunc(func(_ context.Context, place int64) int32 {
		way = append(way, int32(place))
		return 1
	}).Export("fail").
		Instantiate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	module, err := runtime.Instantiate(ctx, moduleOf(encode([]byte{1, 1, typeI32}, list)))
	if err != nil {
		t.Fatalf("%v\n%s", err, print(list))
	}
	result, err := module.ExportedFunction("f").Call(ctx, uint64(value))
	if err == nil {
		way = append(way, int32(result[0]))
	} else if len(way) <= 60 {
		t.Fatal(fmt.Errorf("%w\n%s", err, print(list)))
	}
	return way
}

// moduleOf is a module with one function of Go's calling convention, a page of memory and what
// walk gives it.
func moduleOf(body []byte) []byte {
	section := func(id byte, data string) []byte { return append(appendUint([]byte{id}, uint64(len(data))), data...) }
	named := func(name string) string { return string(appendUint(nil, uint64(len(name)))) + name }
	wasm := slices.Clone(header)
	wasm = append(wasm, section(typeSection, "\x04\x60\x01\x7f\x00\x60\x00\x01\x7f"+typeOfGo+typeOfCall)...)
	wasm = append(wasm, section(importSection, "\x04"+named("host")+named("trace")+"\x00\x00"+named("host")+named("choose")+"\x00\x01"+named("host")+named("call")+"\x00\x02"+named("host")+named("fail")+"\x00\x03")...)
	wasm = append(wasm, section(functionSection, "\x01\x02")...)
	wasm = append(wasm, section(5, "\x01\x00\x01")...)
	wasm = append(wasm, section(6, "\x01\x7f\x01\x41\x10\x0b")...)
	wasm = append(wasm, section(7, "\x01"+named("f")+"\x00\x04")...)
	return append(wasm, section(codeSection, "\x01"+string(appendUint(nil, uint64(len(body))))+string(body))...)
}
