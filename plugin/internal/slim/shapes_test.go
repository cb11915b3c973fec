package slim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var mnemonics = map[string]byte{
	"unreachable": opUnreachable, "nop": opNop, "block": opBlock, "loop": opLoop, "if": opIf, "end": opEnd, "br": opBr, "br_if": opBrIf,
	"return": opReturn, "call": opCall, "get": opLocalGet, "set": opLocalSet, "tee": opLocalTee, "gget": opGlobalGet, "gset": opGlobalSet,
	"i32.load": opI32Load, "i64.load": opI64Load, "i64.load8_u": 0x31, "i32.load8_u": 0x2d, "i64.store": opI64Store, "i32": opI32Const, "i64": opI64Const,
	"i32.eqz": opI32Eqz, "i64.eqz": opI64Eqz, "i32.add": opI32Add, "i32.sub": opI32Sub, "i32.eq": opI32Eq, "i32.ne": opI32Ne, "drop": opDrop, "select": opSelect, "i64.add": opI64Add, "i64.or": opI64Or, "wrap": opI32WrapI64, "extend": opI64ExtendU,
	"i64.ne": opI64Ne, "i64.load32_u": opI64Load32U, "i64.store8": opI64Store8, "i32.store8": opI32Store8, "i64.and": 0x83,
	"br_table": opBrTable, "shr": opI64ShrU, "call_indirect": opCallIndirect, "memory.copy": opMore, "memory.fill": opMore, "i32.gt_u": opI32GtU,
}

// assemble reads instructions from words: "i64.store+8" has an offset of 8.
func assemble(t *testing.T, text string) []instr {
	t.Helper()
	var code []byte
	words := strings.Fields(text)
	for len(words) > 0 {
		name, offset, _ := strings.Cut(words[0], "+")
		words = words[1:]
		op, ok := mnemonics[name]
		if !ok {
			t.Fatalf("no instruction %q", name)
		}
		code = append(code, op)
		number := func() (n int64) {
			n, err := strconv.ParseInt(words[0], 10, 64)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			words = words[1:]
			return n
		}
		switch {
		case op == opBlock && offset == "i64":
			code = append(code, typeI64)
		case op == opBlock || op == opLoop || op == opIf:
			code = append(code, voidByte)
		case op >= opI32Load && op <= opI64Store32:
			n, _ := strconv.Atoi(offset)
			code = appendUint(append(code, 0), uint64(n))
		case op == opI32Const || op == opI64Const:
			code = appendInt(code, number())
		case op == opBr || op == opBrIf || op == opCall || op >= opLocalGet && op <= opGlobalSet:
			code = appendUint(code, uint64(number()))
		case op == opBrTable:
			n := number()
			code = appendUint(code, uint64(n-1))
			for range n {
				code = appendUint(code, uint64(number()))
			}
		case op == opCallIndirect:
			code = append(code, 0, 0)
		case name == "memory.copy":
			code = append(code, memoryCopy, 0, 0)
		case name == "memory.fill":
			code = append(code, memoryFill, 0)
		}
	}
	list, err := decode(code)
	if err != nil {
		t.Fatal(err)
	}
	for i := range list { // as Go aligns
		if in := &list[i]; in.op == opI64Store || in.op == opI64Load {
			in.x = 3
		} else if in.op == opI32Load {
			in.x = 2
		}
	}
	return list
}

func print(list []instr) string {
	var b strings.Builder
	for i := range list {
		name := fmt.Sprintf("%#x", list[i].op)
		for n, op := range mnemonics {
			if op == list[i].op && op != opMore { // which is several, told by the number
				name = n
			}
		}
		fmt.Fprintf(&b, "%s %d +%d\n", name, list[i].x, list[i].off)
	}
	return b.String()
}

func TestShapes(t *testing.T) {
	t.Parallel()
	cold := func() *coldCalls {
		m := &module{imported: 1, funcs: make([]uint64, 9), names: map[int]string{5: "runtime.goPanicIndex", 6: "runtime.panicCheck1"}}
		return m.coldCalls()
	}
	share := func(list []instr) []instr { return slimConditions(cold().share(list)) }
	entries := func(list []instr) []instr {
		return settleJoins(slimEntries(list, callees{deferReturn: 9, returns: map[int64]bool{8: true}}), localSP)
	}
	const push = " get 1 i32 8 i32.sub tee 1 gset 0 get 1 i64 65537 i64.store "
	const (
		frame = "gget 0 set 1 block loop block block block get 0 br_table 4 0 1 1 2 end "
		begin = "gget 0 set 1 block "
		call  = "get 1 i64 "
	)
	const (
		failing   = "block get 2 i64.eqz i32.eqz br_if 0 i64 65537 call 11 return end "
		fails     = "i64 1 get 2 i64.eqz br_if 0 drop "
		failing11 = "block get 2 get 3 i32.eq br_if 0 i64 65538 call 12 return end "
		fails11   = "i64 2 get 2 get 3 i32.ne br_if 1 drop "
	)
	tests := []struct {
		name, in, want string
		pass           func([]instr) []instr
	}{
		{"return of a function with a frame", "get 1 i32 40 i32.add tee 1 gset 0 get 1 i32 8 i32.add tee 1 gset 0 i32 0 return end",
			"get 1 i32 48 i32.add gset 0 i32 0 return end", slimReturns},
		{"return of a function without", "get 1 i32 8 i32.add tee 1 gset 0 i32 1 return", "get 1 i32 8 i32.add gset 0 i32 1 return", slimReturns},
		{"the stack pointer moves and the function goes on", "get 1 i32 8 i32.add tee 1 gset 0 i32 1 call 2", "", slimReturns},

		{"load from the stack", "get 1 extend i64 24 i64.add wrap i64.load set 2", "get 1 i64.load+24 set 2", slimAddresses},
		{"store with offset to the stack", "get 1 extend i64 24 i64.add wrap get 2 i64.store+8", "get 1 get 2 i64.store+32", slimAddresses},
		{"store of what is read from the stack", "get 1 extend i64 24 i64.add wrap get 1 extend i64 16 i64.add wrap i64.load i64.store",
			"get 1 get 1 i64.load+16 i64.store+24", slimAddresses},
		{"store of a sum", "get 1 extend i64 24 i64.add wrap i64 1 get 3 i64.add i64.store", "get 1 i64 1 get 3 i64.add i64.store+24", slimAddresses},
		{"two addresses to copy", "get 1 extend i64 24 i64.add wrap get 1 extend i64 80 i64.add wrap i32 56 memory.copy",
			"get 1 i32 24 i32.add get 1 i32 80 i32.add i32 56 memory.copy", slimAddresses},
		{"an address that is itself stored", "get 2 get 1 extend i64 24 i64.add wrap extend i64.store", "get 2 get 1 i32 24 i32.add extend i64.store", slimAddresses},
		{"an address of something else", "get 2 extend i64 24 i64.add wrap i64.load", "get 2 i32 24 i32.add i64.load", slimAddresses},
		{"a negative offset", "get 1 extend i64 -8 i64.add wrap i64.load", "get 1 i32 -8 i32.add i64.load", slimAddresses},
		{"an address as pointer", "get 1 extend i64 24 i64.add set 3", "", slimAddresses},
		{"an address that a call takes", "get 1 extend i64 24 i64.add wrap call 3 i64.load", "get 1 i32 24 i32.add call 3 i64.load", slimAddresses},
		{"there and back", "get 1 extend wrap i64.load", "get 1 i64.load", slimAddresses},

		{"half of a stack's word", "get 1 i64.load+16 wrap", "get 1 i32.load+16", slimLoads},
		{"half of another word", "get 2 wrap i64.load+16 wrap", "", slimLoads},
		{"a byte", "get 2 wrap i64.load8_u wrap nop i32.eqz", "get 2 wrap i32.load8_u i32.eqz", slimLoads},

		{"call of what fails", push + "i32 0 call 5 gget 0 set 1 br_if 4 end", "i64 65537 call 10 return end", cold().slim},
		{"call of what only may", push + "i32 0 call 6 gget 0 set 1 br_if 4 end", "", cold().slim},
		{"call of what fails, without a way to unwind", push + "i32 0 call 5 gget 0 set 1 if unreachable end", "", cold().slim},
		{"what fails at two places", "gget 0 set 1 " + failing + "get 3 " + failing + "end",
			"block+i64 gget 0 set 1 " + fails + "get 3 " + fails + "return end i64 65536 i64.or call 11 return end", share},
		{"what fails at two places, one by an if", failing + "block get 3 i32.eqz if i64 65538 call 11 return end end unreachable end",
			"block+i64 " + fails + "block i64 2 get 3 i32.eqz br_if 1 drop end unreachable end i64 65536 i64.or call 11 return end", share},
		{"what fails in two ways", failing + failing + failing11 + failing11 + "unreachable end", "block+i64 block+i64 " + fails + fails + fails11 + fails11 +
			"unreachable end i64 65536 i64.or call 11 return end i64 65536 i64.or call 12 return end", share},
		{"what fails at several places when more was done", strings.Repeat("block get 2 br_if 0 get 1 get 3 i64.store i64 65537 call 11 return end ", 4) + "unreachable end",
			"block+i64 " + strings.Repeat("block get 2 br_if 0 get 1 get 3 i64.store i64 1 br 1 end ", 4) + "unreachable end i64 65536 i64.or call 11 return end", share},
		{"what fails at one place", failing + "unreachable end", "", cold().share},
		{"what is kept is used", "get 2 set 3 get 3 set 4 get 3", "get 2 tee 3 set 4 get 3", slimLocals},
		{"something else is used", "get 2 set 3 get 4", "", slimLocals},
		{"behind a call", "call 7 gget 0 set 1 br_if 2 end get 1 i64.load", "call 7 br_if 2 end gget 0 tee 1 i64.load", slimCalls},

		{"jump ahead, and what nothing goes to", frame + "i32 3 set 0 br 2 end i32 4 set 0 br 1 end get 2 end unreachable end",
			begin + "get 2 unreachable end", entries},
		{"jump ahead on a condition", frame + "get 2 i64.eqz if i32 3 set 0 br 3 end get 3 end get 4 end get 2 end unreachable end",
			begin + "block get 2 i64.eqz br_if 0 get 3 get 4 end get 2 unreachable end", entries},
		{"jump ahead from within", frame + "get 2 i32.ne if get 4 set 5 i32 2 set 0 br 3 end get 3 end get 4 end get 2 end unreachable end",
			begin + "block get 2 i32.ne if get 4 set 5 br 1 end get 3 end get 4 get 2 unreachable end", entries},
		{"jump back", frame + "get 3 end get 4 end i32 1 set 0 br 0 end unreachable end", begin + "get 3 loop get 4 br 0 end unreachable end", entries},
		{"jump to itself", frame + "get 3 end i32 1 set 0 br 1 end end unreachable end", begin + "get 3 loop br 0 end unreachable end", entries},
		{"loop that is entered at its end", frame + "i32 3 set 0 br 2 end get 4 end get 2 i64.eqz if i32 1 set 0 br 1 end end unreachable end",
			begin + "loop block get 2 i64.eqz br_if 0 end get 4 br 0 end unreachable end", entries},
		{"call before a loop", frame + call + "65537 i64.store i32 0 call 7 br_if 3 end get 4 end get 2 i64.eqz if i32 1 set 0 br 1 end end unreachable end",
			begin + "block get 0 br_if 0 " + call + "65537 i64.store i32 0 call 7 br_if 1 end loop get 4 get 2 i64.eqz br_if 0 end unreachable end", entries},
		{"call in a loop", frame + "get 4 end " + call + "65539 i64.store i32 0 call 7 br_if 2 end get 2 i64.eqz if i32 1 set 0 br 1 end end unreachable end",
			begin + "loop block block block get 0 i32.eqz br_if 0 get 0 i32 1 i32.eq br_if 1 br 2 end get 4 end get 1 tee 1 i64 65539 i64.store i32 0 call 7 br_if 2 end " +
				"block get 2 i64.eqz i32.eqz get 1 set 1 br_if 0 i32 1 set 0 br 1 end end unreachable end", entries},
		{"where a panic ends, and more of the stack", frame + call + "65537 i64.store i32 0 call 7 br_if 3 end " + call + "65539 i64.store i32 0 call 9 br_if 2 end get 1 i64.load+8 get 1 i64.load+48 end unreachable end",
			begin + "get 1 i32.load8_u+55 drop block block block get 0 i32.eqz br_if 0 get 0 i32 1 i32.eq br_if 1 br 2 end " + call + "65537 i64.store i32 0 call 7 br_if 2 end " +
				"get 1 tee 1 i64 65539 i64.store i32 0 call 9 br_if 1 end get 1 tee 1 i64.load+8 get 1 i64.load+48 unreachable end", entries},
		{"call of what always returns", frame + call + "65537 i64.store i32 0 call 8 br_if 3 end get 4 i32 3 set 0 br 1 end get 2 end unreachable end",
			begin + call + "65537 i64.store i32 0 call 8 br_if 0 get 4 get 2 unreachable end", entries},
		{"several ways before a condition", frame + "get 2 i64.eqz if i32 3 set 0 br 3 end get 3 end get 4 end get 2 i64.eqz if get 1 set 2 end get 1 set 3 end unreachable end",
			begin + "block get 2 i64.eqz br_if 0 get 3 get 4 end block get 2 i64.eqz i32.eqz get 1 set 1 br_if 0 get 1 set 2 end get 1 tee 1 set 3 unreachable end", entries},
		{"zeros", "get 1 i32 8 i32.add i32 0 i32 448 memory.fill", "get 1 i32 8 i32.add i32 0 i32 448 memory.copy", slimFills},
		{"more zeros than there are", "get 1 i32 0 i32 4097 memory.fill", "", slimFills},
		{"ones", "get 1 i32 1 i32 16 memory.fill", "", slimFills},
		{"some zeros", "get 2 wrap i32 0 get 3 wrap memory.fill get 4", "block block get 3 wrap i32 4096 i32.gt_u br_if 0 get 2 wrap i32 0 get 3 wrap memory.copy br 1 end " +
			"get 2 wrap i32 0 get 3 wrap memory.fill end get 4", slimFills},
		{"call through a table", frame + "get 3 wrap set 0 i32 0 get 0 call_indirect end i32 3 set 0 br 1 end get 2 end unreachable end",
			begin + "get 3 wrap set 0 i32 0 get 0 call_indirect get 2 unreachable end", entries},
		{"no loop", "gget 0 set 1 block block block get 0 br_table 2 0 1 end " + call + "65537 i64.store i32 0 call 7 br_if 1 end get 2 end i32 1 end",
			begin + "block get 0 br_if 0 " + call + "65537 i64.store i32 0 call 7 br_if 1 end get 2 end i32 1 end", entries},
		{"the parameter is read", frame + "get 0 set 3 end i32 3 set 0 br 1 end get 2 end unreachable end", "", entries},
		{"a jump whose target is not known", frame + "get 3 wrap set 0 br 2 end i32 3 set 0 br 1 end get 2 end unreachable end", "", entries},
		{"a jump that is only made sometimes", frame + "i32 3 set 0 get 2 wrap br_if 2 end i32 3 set 0 br 1 end get 2 end unreachable end", "", entries},
		{"a call that returns one does not know where", frame + "get 3 call 7 br_if 3 end i32 3 set 0 br 1 end get 2 end unreachable end", "", entries},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.want == "" {
				tt.want = tt.in
			}
			got, want := print(tt.pass(assemble(t, tt.in))), print(assemble(t, tt.want))
			if got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func TestFrames(t *testing.T) {
	t.Parallel()
	const (
		enter = " block block get 0 br_table 3 0 1 1 end "
		push  = " get 1 i32 8 i32.sub tee 1 gset 0 get 1 i64 65537 i64.store "
		call  = push + "i32 0 call 7 gget 0 set 1 br_if 1 end "
		begin = " get 1 i32 24 i32.sub tee 1 gset 0 "
		leave = " get 1 i32 32 i32.add gset 0 i32 0 return end"

		framed    = "gget 0 i32 -8 i32 -32 get 0 select i32.add set 1" + enter
		pushed    = " get 1 gset 0 get 1 i64 65537 i64.store "
		called    = pushed + "i32 0 call 7 br_if 1 end "
		began     = " get 1 i32 8 i32.add gset 0 "
		left      = " get 1 i32 40 i32.add gset 0 i32 0 return end"
		untouched = ""
	)
	for _, tt := range []struct{ name, in, want string }{
		{"a frame and a call", "gget 0 set 1" + enter + begin + "get 1 i64.load+40 set 2" + call + "get 1 i64.load+8 set 2" + leave,
			framed + began + "get 1 i64.load+48 set 2" + called + "get 1 i64.load+16 set 2" + left},
		{"the stack is looked at before", "gget 0 set 1" + enter + "get 1 i32.eqz if i64 1 call 9 return end" + begin + call + leave,
			framed + "gget 0 i32.eqz if i64 1 call 9 return end" + began + called + left},
		{"no frame", "gget 0 set 1" + enter + "get 1 i64.load+8 set 2" + call + "get 1 i32 8 i32.add gset 0 i32 0 return end",
			"gget 0 i32 -8 i32.add set 1" + enter + "get 1 i64.load+16 set 2" + called + "get 1 i32 16 i32.add gset 0 i32 0 return end"},
		{"no call", "gget 0 set 1" + begin + "get 1 i64.load+8 set 2" + leave, "gget 0 i32 -24 i32.add set 1 get 1 gset 0 get 1 i64.load+8 set 2" + leave},
		{"neither", "gget 0 set 1 get 1 i64.load+8 set 2 get 1 i32 8 i32.add gset 0 i32 0 return end", untouched},
		{"a call through a table", "gget 0 set 1" + enter + begin + "get 2 wrap i64.load" + push + "i64 16 shr wrap set 0 i32 0 get 0 call_indirect gget 0 set 1 br_if 1 end" + leave,
			framed + began + "get 2 wrap i64.load" + pushed + "i64 16 shr wrap set 0 i32 0 get 0 call_indirect br_if 1 end" + left},
		{"addresses", "gget 0 set 1" + enter + begin + call + "get 1 extend i64 24 i64.add set 2 get 1 i32 16 i32.add get 1 i32 8 memory.copy get 1 extend set 2" + leave,
			framed + began + called + "get 1 extend i64 32 i64.add set 2 get 1 i32 24 i32.add get 1 i32 8 i32.add i32 8 memory.copy get 1 i32 8 i32.add extend set 2" + left},
		{"another takes its place", "gget 0 set 1" + enter + begin + call + "get 1 i32 24 i32.add tee 1 gset 0 i32 0 call 3 gget 0 set 1 return end",
			framed + began + called + "get 1 i32 32 i32.add gset 0 i32 0 call 3 return end"},
		{"a constant that is stored first", "gget 0 set 1" + enter + "get 1 i32 8 i32.sub tee 1 gset 0 get 1 i64 5 i64.store" + call + "get 1 i32 16 i32.add gset 0 i32 0 return end",
			"gget 0 i32 -8 i32 -16 get 0 select i32.add set 1" + enter + began + "get 1 i64 5 i64.store+8" + called + "get 1 i32 24 i32.add gset 0 i32 0 return end"},

		{"two frames", "gget 0 set 1" + begin + begin + leave, untouched},
		{"a frame after a call", "gget 0 set 1" + enter + call + begin + leave, untouched},
		{"a frame where it can be resumed", "gget 0 set 1" + enter + "end" + begin + leave, untouched},
		{"more is given back", "gget 0 set 1" + enter + begin + call + "get 1 i32 48 i32.add gset 0 i32 0 return end", untouched},
		{"another stack", "gget 0 set 1 get 2 wrap tee 1 gset 0 i32 0 return end", untouched},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.want == untouched {
				tt.want = tt.in
			}
			list, _, _ := slimFrames(assemble(t, tt.in))
			if got, want := print(list), print(assemble(t, tt.want)); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

// What calls the host says whether its stack has moved.
func TestImports(t *testing.T) {
	t.Parallel()
	const end = " get 1 i32 8 i32.add gset 0 "
	for _, tt := range []struct{ name, in, want string }{
		{"with a result", "gget 0 set 1 get 1 i32.load+8 call 0 gget 0 set 1 set 2 get 1 get 2 i64.store+16" + end + "i32 0 return unreachable end",
			"gget 0 tee 1 set 3 get 1 i32.load+8 call 0 gget 0 set 1 set 2 get 1 get 2 i64.store+16" + end + "get 3 get 1 i32.ne return unreachable end"},
		{"two calls", "gget 0 set 1 call 0 call 0" + end + "i32 0 return unreachable end", ""},
		{"it unwinds by itself", "gget 0 set 1 call 0" + end + "i32 1 return unreachable end", ""},
		{"more follows", "gget 0 set 1 call 0" + end + "i32 0 return get 1 get 1 unreachable end", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := &function{groups: 1, locals: []byte{2, typeI32}, first: typeI32, next: 3, list: assemble(t, tt.in)}
			if ok := f.slimImport(); ok != (tt.want != "") {
				t.Errorf("it is known: %v", ok)
			}
			if tt.want == "" {
				tt.want = tt.in
			} else if string(f.bytes()[:5]) != "\x02\x02\x7f\x01\x7f" {
				t.Errorf("its locals are % x", f.bytes()[:5])
			}
			if got, want := print(f.list), print(assemble(t, tt.want)); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

// TestTableComesBack takes a table of 300 functions out of a memory.
func TestTableComesBack(t *testing.T) {
	t.Parallel()
	const at, functions = 1024, 300
	memory := make([]byte, at+functions*bucketsPerFunction*bucketSize+64)
	for i := range functions * bucketsPerFunction {
		n := i / bucketsPerFunction
		memory[at+i*bucketSize], memory[at+i*bucketSize+1] = byte(n), byte(n>>8)
	}
	copy(memory[at-12:], "before")
	copy(memory[len(memory)-50:], "behind")
	table, buckets := findTable(memory)
	if table != at || buckets != functions*bucketsPerFunction {
		t.Fatalf("found %d buckets at %d, want %d at %d", buckets, table, functions*bucketsPerFunction, at)
	}
	memory[at+4000*bucketSize+7] = 1
	if _, buckets := findTable(memory); buckets != 0 {
		t.Errorf("found %d buckets in a table with something else in it", buckets)
	}
	segments, ok, err := readSegments(appendSegments(nil, memory))
	again := make([]byte, len(memory))
	for _, s := range segments {
		copy(again[s.at:], s.data)
	}
	if !ok || err != nil || !slices.Equal(again, memory) {
		t.Errorf("a memory does not come back from its segments: %v %v", ok, err)
	}
}

func FuzzSlim(f *testing.F) {
	m := module{}
	start := m.add(typeOfGo, append([]byte{1, 1, 0x7f}, encode(nil, []instr{{op: opGlobalGet}, {op: opLocalSet, x: 1}, {op: opLocalGet}, {op: opEnd}})...))
	m.sections = []section{{id: typeSection}, {id: functionSection}, {startSection, []byte{byte(start)}}, {id: codeSection}, {dataSection, []byte{1, 0, opI32Const, 4, opEnd, 2, 1, 2}}}
	f.Add(m.bytes())
	f.Fuzz(func(t *testing.T, wasm []byte) {
		small, err := Slim(wasm, Options{})
		if err != nil {
			return
		}
		if _, err := parse(small); err != nil {
			t.Errorf("what was made smaller cannot be read: %v", err)
		}
	})
}
