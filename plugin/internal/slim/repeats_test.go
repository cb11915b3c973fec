package slim

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// What is read again is kept in a local: 7 is the first one more.
func TestRepeats(t *testing.T) {
	t.Parallel()
	const begin = "gget 0 set 1 "
	for _, tt := range []struct{ name, in, want string }{
		{"a slot", "get 1 i64.load+8 set 2 get 1 i64.load+8 set 3", "get 1 i64.load+8 tee 7 set 2 get 7 set 3"},
		{"an address", "get 2 wrap i64.load+8 set 3 get 2 wrap i64.load set 4", "get 2 wrap tee 7 i64.load+8 set 3 get 7 i64.load set 4"},
		{"the farthest is looked at first", "get 1 i32.load+8 i64.load set 3 get 1 i32.load+8 i64.load+16 set 4",
			"get 1 i32.load+8 tee 7 get 7 i32.load8_u+23 drop i64.load set 3 get 7 i64.load+16 set 4"},
		{"not if it may not be reached", "get 2 wrap i64.load set 3 block get 4 i64.eqz br_if 0 get 2 wrap i64.load+8 set 4 end",
			"get 2 wrap tee 7 i64.load set 3 block get 4 i64.eqz br_if 0 get 7 i64.load+8 set 4 end"},
		{"whichever way one came", "get 1 i64.load+8 set 2 block get 3 i64.eqz br_if 0 get 1 i64.load set 3 end get 1 i64.load+8 set 4",
			"get 1 i64.load+8 tee 7 set 2 block get 3 i64.eqz br_if 0 get 1 i64.load set 3 end get 7 set 4"},
		{"where the stack pointer is written anew", "get 1 tee 1 i64.load+8 set 2 get 3 wrap i64 5 i64.store get 1 i64.load+8 set 3",
			"get 1 tee 1 i64.load+8 tee 7 set 2 get 3 wrap i64 5 i64.store get 7 set 3"},
		{"two at a time", "get 1 i64.load set 2 get 1 i64.load+8 set 3 get 1 i64.load set 2 get 1 i64.load+8 set 3",
			"get 1 i64.load tee 7 set 2 get 1 i64.load+8 tee 8 set 3 get 7 set 2 get 8 set 3"},
		{"one after the other", "get 1 i64.load set 2 get 1 i64.load set 3 get 1 i64.load+8 set 2 get 1 i64.load+8 set 3",
			"get 1 i64.load tee 7 set 2 get 7 set 3 get 1 i64.load+8 tee 7 set 2 get 7 set 3"},

		{"a store to half of it", "get 1 i64.load+8 set 2 get 1 i64 5 i64.store+4 get 1 i64.load+8 set 3", ""},
		{"a store where the stack pointer is written anew", "get 1 i64.load+8 set 2 get 1 tee 1 i64 5 i64.store+8 get 1 i64.load+8 set 3", ""},
		{"a call", "get 1 i64.load+8 set 2 i32 0 call 2 drop get 1 i64.load+8 set 3", ""},
		{"another address", "get 2 wrap i64.load set 3 get 3 set 2 get 2 wrap i64.load set 4", ""},
		{"one way changes it", "get 1 i64.load+8 set 2 block get 3 i64.eqz br_if 0 get 1 get 3 i64.store+8 end get 1 i64.load+8 set 4", ""},
		{"one way does not read it", "block get 3 i64.eqz br_if 0 get 1 i64.load+8 set 2 end get 1 i64.load+8 set 4", ""},
		{"one of two branches does not", "block get 3 i64.eqz br_if 0 get 1 i64.load+8 set 2 get 3 i64.eqz br_if 0 i32 0 return end get 1 i64.load+8 set 4", ""},
		{"each has its own", "block block get 3 i64.eqz br_if 0 get 1 i64.load+8 set 2 br 1 end get 1 i64.load+8 set 2 get 3 i64.eqz br_if 0 i32 0 return end get 1 i64.load+8 set 4", ""},
		{"what is behind a branch is not what led there", "block get 3 i64.eqz br_if 0 get 1 i64.load+8 set 2 i32 0 return end get 1 i64.load+8 set 4", ""},
		{"a loop, which may change it at its end", "get 1 i64.load+8 set 2 loop get 1 i64.load+8 set 3 get 1 get 4 i64.store+8 get 3 i64.eqz br_if 0 end", ""},
		{"others know where the frame is", "get 1 extend set 4 get 1 i64.load+8 set 2 get 4 wrap i64 5 i64.store get 1 i64.load+8 set 3", ""},
		{"and copy to it", "get 1 i64.load+8 set 2 get 1 i32 8 i32.add i32 0 i32 8 memory.copy get 1 i64.load+8 set 3", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.want == "" {
				tt.want = tt.in
			}
			const end = " i32 0 end"
			f := &function{first: typeI32, next: 7, list: assemble(t, begin+tt.in+end)}
			f.slimRepeats()
			if got, want := print(f.list), print(assemble(t, begin+tt.want+end)); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

// What calls the host has a local already in which it keeps the stack pointer: others come behind it.
func TestRepeatsInWhatCallsTheHost(t *testing.T) {
	t.Parallel()
	const end = " call 0 gget 0 set 1 get 1 i32 8 i32.add gset 0 "
	f := &function{groups: 1, locals: []byte{2, typeI32}, first: typeI32, next: 3,
		list: assemble(t, "gget 0 set 1 get 1 i32.load+8 get 1 i32.load+8"+end+"i32 0 return unreachable end")}
	if !f.slimImport() {
		t.Fatal("it is not known for what calls the host")
	}
	f.slimRepeats()
	want := "gget 0 tee 1 set 3 get 1 i32.load+8 tee 4 get 4" + end + "get 3 get 1 i32.ne return unreachable end"
	if got, want := print(f.list), print(assemble(t, want)); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if f.next != 5 {
		t.Errorf("it has %d locals, want 5", f.next)
	}
}

// Conditions are turned over by the comparison itself.
func TestConditions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"not zero", "get 2 i64.eqz i32.eqz br_if 0", "get 2 i64 0 i64.ne br_if 0"},
		{"as a number", "get 2 i64.eqz extend i64.eqz br_if 0", "get 2 i64 0 i64.ne br_if 0"},
		{"turned over twice", "get 2 i64.eqz extend i64.eqz i32.eqz br_if 0", "get 2 i64.eqz br_if 0"},
		{"equal", "get 2 get 3 i32.eq i32.eqz if end", "get 2 get 3 i32.ne if end"},
		{"any but zero", "get 1 i32.eqz i32.eqz br_if 0", "get 1 br_if 0"},
		{"three times", "get 1 i32.eqz i32.eqz i32.eqz set 1", "get 1 i32.eqz set 1"},
		{"a number of it stays one", "get 1 i32.eqz i32.eqz set 1", "get 1 i32.eqz i32.eqz set 1"},
		{"a byte", "get 1 get 2 i64.eqz extend i64.store8+3", "get 1 get 2 i64.eqz i32.store8+3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, want := print(slimConditions(assemble(t, tt.in))), print(assemble(t, tt.want)); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

// TestRepeatsReadTheSame has random functions do the same to memory before and after, whatever
// a call changes meanwhile.
func TestRepeatsReadTheSame(t *testing.T) {
	t.Parallel()
	less := 0
	for seed := range uint64(1500) {
		w := &wanderer{Rand: rand.New(rand.NewPCG(seed, 3)), exposes: seed%2 == 0}
		list := assemble(t, "gget 0 set 1"+w.some(4)+" i32 0 end")
		before := &function{groups: 2, locals: []byte{1, typeI32, 3, typeI64}, first: typeI32, next: 5, list: list}
		want := memoryLeft(t, moduleOf(before.bytes()))
		after := *before
		after.list = slimConditions(list)
		after.slimRepeats()
		if got := memoryLeft(t, moduleOf(after.bytes())); !bytes.Equal(got, want) {
			t.Fatalf("seed %d: the memory differs\n%s\nbecame\n%s", seed, print(list), print(after.list))
		}
		if after.next > 5 {
			less++
		}
	}
	if less < 500 {
		t.Errorf("only %d of the functions were written anew", less)
	}
}

// A wanderer writes random instructions.
type wanderer struct {
	*rand.Rand
	exposes bool // the address of the frame
}

func (w *wanderer) one(of ...string) string { return " " + of[w.IntN(len(of))] }

// some is a random sequence, with others in it so deep.
func (w *wanderer) some(depth int) (text string) {
	const small = " i64 248 i64.and" // what is an address later
	for range 2 + w.IntN(6) {
		switch n := w.IntN(14); {
		case n < 3:
			text += w.one("get 1", "get 1 tee 1") + w.one("i64.load+8", "i64.load+16", "i64.load+24", "i64.load8_u+16") + small + w.one("set 2", "set 3", "set 4")
		case n < 5:
			text += " get 1" + w.one("i32.load+8", "i32.load+16", "i32.load+24") + w.one("i64.load", "i64.load+8", "i64.load+24") + small + w.one("set 2", "set 3")
		case n == 5:
			text += w.one("get 1", "get 1 tee 1") + w.one("get 2", "get 3", "i64 77") + w.one("i64.store+8", "i64.store+16", "i64.store+24")
		case n < 8:
			text += w.one("get 2", "get 3") + " wrap" + w.one("i64.load", "i64.load+8") + small + w.one("set 3", "set 4")
		case n == 8:
			where := w.one("i64.store+256", "i64.store+264") // beyond the frame
			if w.exposes {
				where = w.one("i64.store", "i64.store+8")
			}
			text += w.one("get 2", "get 3") + " wrap" + w.one("get 3", "get 4") + where
		case n == 9:
			text += w.one("i32 0 call 2 drop", "get 3 set 2")
			if w.exposes {
				text += w.one("get 1 extend set 2", "get 1 i32 8 i32.add i32 64 i32 8 memory.copy")
			}
		case depth > 0 && n == 10:
			leave := func() string {
				return w.one("get 3", "get 4") + " i64.eqz" + w.one("", "i32.eqz", "extend i64.eqz") + " br_if 0" + w.some(depth-1)
			}
			text += " block" + w.some(depth-1) + leave() + leave() + " end"
		case depth > 0 && n < 13:
			text += " loop" + w.some(depth-1) + " call 1 br_if 0 end"
		case depth > 0:
			text += " call 1 if" + w.some(depth-1) + w.one("", "i32 0 return", "br 0") + " end"
		}
	}
	return text
}

// memoryLeft is the memory that a function leaves which found another word at each place.
func memoryLeft(t *testing.T, wasm []byte) []byte {
	t.Helper()
	ctx := context.Background()
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer func() { _ = runtime.Close(ctx) }()
	r := rand.New(rand.NewPCG(1, 4))
	_, err := runtime.NewHostModuleBuilder("host").
		NewFunctionBuilder().WithFunc(func(context.Context, int32) {}).Export("trace").
		NewFunctionBuilder().WithFunc(func(context.Context) int32 { return r.Int32N(2) }).Export("choose").
		NewFunctionBuilder().WithFunc(func(_ context.Context, m api.Module, _ int32) int32 {
		m.Memory().WriteByte(16+8*r.Uint32N(8), byte(r.Uint32()))
		return 0
	}).Export("call").
		NewFunctionBuilder().WithFunc(func(context.Context, int64) int32 { return 1 }).Export("fail").
		Instantiate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	module, err := runtime.Instantiate(ctx, wasm)
	if err != nil {
		t.Fatal(err)
	}
	const words = 1200
	for i := range uint32(words) {
		module.Memory().WriteUint64Le(8*i, uint64(byte(i*56)))
	}
	if _, err := module.ExportedFunction("f").Call(ctx, 0); err != nil {
		t.Fatal(err)
	}
	memory, _ := module.Memory().Read(0, 8*words)
	return memory
}
