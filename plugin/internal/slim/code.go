package slim

import (
	"bytes"
	"fmt"
)

// Opcodes that are looked for.
const (
	opUnreachable  = 0x00
	opNop          = 0x01
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opDrop         = 0x1a
	opSelect       = 0x1b
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opI32Load      = 0x28
	opI64Load      = 0x29
	opI32Load8U    = 0x2d
	opI64Load8U    = 0x31
	opI64Load32U   = 0x35
	opI32Store     = 0x36
	opI64Store     = 0x37
	opI32Store8    = 0x3a
	opI32Store16   = 0x3b
	opI64Store8    = 0x3c
	opI64Store16   = 0x3d
	opI64Store32   = 0x3e
	opMemorySize   = 0x3f
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opI64Const     = 0x42
	opF32Const     = 0x43
	opF64Const     = 0x44
	opI32Eqz       = 0x45
	opI32Eq        = 0x46
	opI32Ne        = 0x47
	opI32LtU       = 0x49
	opI32GtU       = 0x4b
	opI64Eqz       = 0x50
	opI64Eq        = 0x51
	opI64Ne        = 0x52
	opI32Clz       = 0x67
	opI32Ctz       = 0x68
	opI32Popcnt    = 0x69
	opI32Add       = 0x6a
	opI32Sub       = 0x6b
	opI32ShrU      = 0x76
	opI64ShrU      = 0x88
	opI32Mul       = 0x6c
	opI64Clz       = 0x79
	opI64Popcnt    = 0x7b
	opI64Add       = 0x7c
	opI64Sub       = 0x7d
	opI64Or        = 0x84
	opI32WrapI64   = 0xa7
	opI64ExtendU   = 0xad
	opF64Promote   = 0xbb
	opI64Extend32S = 0xc4
	opMore         = 0xfc // the next byte says what
)

// What opMore means by its next byte.
const (
	memoryCopy = 10
	memoryFill = 11
)

// An instr is an instruction.
type instr struct {
	op  byte
	raw []byte // as it was spelled; nil for one that is new
	x   int64  // a number, an index, a label, or how an address is aligned
	off uint64 // of loads and stores
	add int64  // what slimFrames has still to add behind it
}

// gone is what passes leave of an instruction that they took away.
var gone = instr{op: opNop, raw: []byte{}}

func (in *instr) isGone() bool { return in.op == opNop && in.raw != nil && len(in.raw) == 0 }

// is reports whether the instruction is this one.
func (in *instr) is(op byte, x int64) bool { return in.op == op && in.x == x }

// decode reads the instructions of a body behind its locals.
func decode(p []byte) ([]instr, error) {
	r := &reader{p: p}
	list := make([]instr, 0, len(p)/2)
	for r.at < len(p) {
		from := r.at
		in := instr{op: r.byte()}
		switch op := in.op; {
		case op == opUnreachable || op == opNop || op == opElse || op == opEnd || op == opReturn || op == opDrop || op == opSelect,
			op >= opI32Eqz && op <= opI64Extend32S:
		case op == opBlock || op == opLoop || op == opIf:
			in.x = r.int()
		case op == opBr || op == opBrIf || op == opCall || op >= opLocalGet && op <= opGlobalSet:
			in.x = int64(r.uint())
		case op == opBrTable:
			for range r.count() {
				r.uint()
			}
			r.uint()
		case op == opCallIndirect:
			r.uint()
			r.uint()
		case op >= opI32Load && op <= opI64Store32:
			in.x = int64(r.uint())
			in.off = r.uint()
		case op == opMemorySize || op == opMemoryGrow:
			r.byte()
		case op == opI32Const || op == opI64Const:
			in.x = r.int()
		case op == opF32Const:
			r.bytes(4)
		case op == opF64Const:
			r.bytes(8)
		case op == opMore:
			if err := in.more(r); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("unknown instruction %#x", op)
		}
		if r.failed {
			return nil, errCut
		}
		in.raw = p[from:r.at]
		list = append(list, in)
	}
	return list, nil
}

// more reads an instruction of two bytes: what saturates, copies or fills.
func (in *instr) more(r *reader) error {
	in.x = int64(r.uint())
	switch {
	case in.x < 8:
	case in.x == memoryCopy:
		r.bytes(2)
	case in.x == memoryFill:
		r.byte()
	default:
		return fmt.Errorf("unknown instruction 0xfc %#x", in.x)
	}
	return nil
}

// encode writes instructions.
func encode(dst []byte, list []instr) []byte {
	for i := range list {
		in := &list[i]
		if in.raw != nil {
			dst = append(dst, in.raw...)
			continue
		}
		dst = append(dst, in.op)
		switch op := in.op; {
		case op == opBr || op == opBrIf || op == opCall || op >= opLocalGet && op <= opGlobalSet:
			dst = appendUint(dst, uint64(in.x))
		case op >= opI32Load && op <= opI64Store32:
			dst = appendUint(dst, uint64(in.x))
			dst = appendUint(dst, in.off)
		case op == opI32Const || op == opI64Const:
			dst = appendInt(dst, in.x)
		}
	}
	return dst
}

// compact removes what is gone.
func compact(list []instr) []instr {
	kept := list[:0]
	for _, in := range list {
		if !in.isGone() {
			kept = append(kept, in)
		}
	}
	return kept
}

// Where functions of Go's calling convention keep what: it is the parameter that says
// at which block to begin, and the stack pointer, which has a copy in a local.
const (
	localBlock = 0
	localSP    = 1
	globalSP   = 0
)

// slimCode makes the bodies of functions smaller.
func (m *module) slimCode() error {
	functions, err := m.readFunctions()
	if err != nil {
		return err
	}
	cold, zeros := m.coldCalls(), m.beginsWithNothing()
	known := m.readCallees(functions, cold)
	for i, f := range functions {
		if f == nil {
			continue
		}
		f.list = slimReturns(f.list)
		f.list = slimAddresses(f.list)
		f.list = slimLoads(f.list)
		f.list = cold.slim(f.list)
		name := m.names[m.imported+i]
		if err := m.slimStack(f, name); err != nil {
			return fmt.Errorf("function %d: %w", i, err)
		}
		if zeros {
			f.list = slimFills(f.list)
		}
		if name != enteredElsewhere {
			f.list = slimEntries(f.list, known)
		}
		f.list = slimConditions(cold.share(f.list))
		settled := []int64{localSP}
		if hasReceiver(name) && f.keepReceiver() {
			settled = append(settled, f.next-1)
		}
		for _, local := range settled {
			f.list = settleJoins(f.list, local)
		}
		f.slimRepeats()
		f.list = slimLocals(f.list)
	}
	for _, f := range cold.funcs {
		if n := m.add(f.typ, f.body); n != f.number {
			return fmt.Errorf("function %d was to be %d", n, f.number)
		}
	}
	if err := m.compareWords(); err != nil {
		return err
	}
	m.leaveMoves(functions, zeros)
	m.copyBarrier(functions)
	for i, f := range functions {
		if f != nil {
			m.bodies[i] = f.bytes()
		}
	}
	return nil
}

// readFunctions reads those that have Go's calling convention; the others are nil.
func (m *module) readFunctions() ([]*function, error) {
	list := make([]*function, len(m.bodies))
	for i, body := range m.bodies {
		if int(m.funcs[i]) >= len(m.types) {
			return nil, fmt.Errorf("function %d: it has no type", i)
		}
		if !bytes.Equal(m.types[m.funcs[i]], []byte(typeOfGo)) {
			continue
		}
		f, err := readBody(body)
		if err != nil {
			return nil, fmt.Errorf("function %d: %w", i, err)
		}
		if f.isGo() {
			list[i] = f
		}
	}
	return list, nil
}

// enteredElsewhere is a function to which calls return that were never made, at a place that
// none of its own returns to.
const enteredElsewhere = "runtime.goexit"

// number is the one of the function that has a name, -1 if there is none.
func (m *module) number(name string) int64 {
	for i, n := range m.names {
		if n == name {
			return int64(i)
		}
	}
	return -1
}

// A function is a body with its instructions read.
type function struct {
	groups uint64 // of locals of the same type
	locals []byte // as they are spelled, behind their number
	first  byte   // type of the first
	next   int64  // the first local that there is not, behind the parameter
	args   int64  // where the arguments begin, from what the copy of the stack pointer is; 0 if that is not known
	list   []instr
}

func readBody(body []byte) (*function, error) {
	r := &reader{p: body}
	f := &function{groups: r.count(), next: 1}
	from := r.at
	for g := range f.groups {
		f.next += int64(r.uint())
		if t := r.byte(); g == 0 {
			f.first = t
		}
	}
	if r.failed {
		return nil, errCut
	}
	f.locals = body[from:r.at]
	var err error
	f.list, err = decode(body[r.at:])
	return f, err
}

// isGo reports whether a function has Go's calling convention.
func (f *function) isGo() bool {
	return f.first == typeI32 && len(f.list) > 1 && f.list[0].is(opGlobalGet, globalSP) && f.list[1].is(opLocalSet, localSP)
}

func (f *function) bytes() []byte {
	return encode(append(appendUint(nil, f.groups), f.locals...), f.list)
}

// Types of values.
const (
	typeI32 = 0x7f
	typeI64 = 0x7e
)
