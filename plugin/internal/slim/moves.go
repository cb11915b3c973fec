package slim

import "strconv"

// A mover is a function that copies or clears so many bytes. Go copies and clears
// structures with an instruction, for which engines call a function of their own: wazero has every
// function with such an instruction keep eight registers of 16 bytes, and give them back.
// That is left to a few functions which are called by all.
type mover struct {
	kind moverKind
	size int64 // 0: of any number of bytes, which is an argument
}

type moverKind byte

const (
	copies moverKind = iota // to an address, from an address
	clears                  // from an address on
)

// mostStraight is up to how many bytes are copied or cleared by loads and stores, one behind the other.
const mostStraight = 256

// name is that of the function.
func (x mover) name() string {
	return [...]string{"slim.copy", "slim.clear"}[x.kind] + strconv.FormatInt(x.size, 10)
}

// leaveMoves leaves to functions what functions copy and clear, and adds those. What is copied from the
// beginning of the memory is cleared if there are zeros.
func (m *module) leaveMoves(functions []*function, zeros bool) {
	numbers := map[mover]int64{}
	for _, f := range functions {
		if f == nil {
			continue
		}
		for i := range f.list {
			what, from := readMove(f.list, i, zeros)
			if from < 0 {
				continue
			}
			n, ok := numbers[what]
			if !ok {
				n = int64(m.add(what.typ(), what.body()))
				numbers[what] = n
				m.name(uint64(n), what.name())
			}
			for k := from; k < i; k++ {
				f.list[k] = gone
			}
			f.list[i] = instr{op: opCall, x: n}
		}
		f.list = compact(f.list)
	}
}

// readMove is what is copied or cleared here, and the first instruction that is needless if a function does it; -1
// if nothing is, or a number of bytes that is not known.
func readMove(list []instr, i int, zeros bool) (what mover, from int) {
	if !list[i].is(opMore, memoryCopy) || i < 2 || list[i-1].op != opI32Const {
		return what, -1
	}
	switch size := list[i-1].x; {
	case size%8 != 0 || size < 8 || size > mostStraight:
		return mover{copies, 0}, i
	case zeros && list[i-2].is(opI32Const, 0):
		return mover{clears, size}, i - 2
	default:
		return mover{copies, size}, i - 1
	}
}

func (w mover) typ() string {
	switch {
	case w.size == 0:
		return "\x60\x03\x7f\x7f\x7f\x00"
	case w.kind == copies:
		return "\x60\x02\x7f\x7f\x00"
	}
	return "\x60\x01\x7f\x00"
}

// body looks at the far ends first, so that an engine which compares addresses does so once. Go never
// copies to a place that overlaps with where it copies from by a part, but with an instruction for the size of
// which it has no constant.
func (w mover) body() []byte {
	const to, from = 0, 1
	if w.size == 0 {
		const size = 2
		return encode([]byte{0}, []instr{{op: opLocalGet, x: to}, {op: opLocalGet, x: from}, {op: opLocalGet, x: size}, copyMemory, {op: opEnd}})
	}
	list := look(to, uint64(w.size))
	if w.kind == copies {
		list = append(list, look(from, uint64(w.size))...)
	}
	for off := uint64(0); off < uint64(w.size); off += 8 {
		value := []instr{{op: opI64Const}}
		if w.kind == copies {
			value = []instr{{op: opLocalGet, x: from}, {op: opI64Load, off: off}}
		}
		list = append(append(append(list, instr{op: opLocalGet, x: to}), value...), instr{op: opI64Store, off: off})
	}
	return encode([]byte{0}, append(list, instr{op: opEnd}))
}
