package slim

import (
	"fmt"
	"slices"
	"strings"
)

// arrange has the functions that a list names come first, in the order of the list; the others stay in theirs.
// A name that no function has is passed over, but not if a quarter of them is: then the list is of another module.
// Names in the list are without root.
func (m *module) arrange(list []string, root string) error {
	if len(list) == 0 {
		return nil
	}
	number := make(map[string]int, len(m.names))
	root = linked.Replace(root)
	for n, name := range m.names {
		if n -= m.imported; n >= 0 && n < len(m.funcs) {
			number[strings.TrimPrefix(name, root)] = n
		}
	}
	var from []int // which function comes to a place
	placed := make([]bool, len(m.funcs))
	for _, name := range list {
		if n, ok := number[name]; ok && !placed[n] {
			from, placed[n] = append(from, n), true
		}
	}
	if len(from) < len(list)*3/4 {
		return fmt.Errorf("of %d functions in the order only %d are there", len(list), len(from))
	}
	for n := range m.funcs {
		if !placed[n] {
			from = append(from, n)
		}
	}
	return m.permute(from)
}

// linked writes a path as Go's linker has it in names of functions.
var linked = strings.NewReplacer("/", "_", "-", "_")

// permute puts functions in another order.
func (m *module) permute(from []int) error {
	to := make([]uint64, m.imported+len(from)) // new number by the old one
	for n := range m.imported {
		to[n] = uint64(n)
	}
	for n, old := range from {
		to[m.imported+old] = uint64(m.imported + n)
	}
	funcs, bodies, names := slices.Clone(m.funcs), slices.Clone(m.bodies), make(map[int]string, len(m.names))
	for n, old := range from {
		m.funcs[n] = funcs[old]
		var err error
		if m.bodies[n], err = renumbered(bodies[old], to); err != nil {
			return fmt.Errorf("function %d: %w", old, err)
		}
	}
	for n, name := range m.names {
		if n < len(to) {
			names[int(to[n])] = name
		}
	}
	m.names = names
	for i := range m.sections {
		s := &m.sections[i]
		r := &reader{p: s.data}
		switch s.id {
		case exportSection:
			s.data = r.renumberExports(to)
		case startSection:
			s.data = r.renumber(nil, to)
		case elementSection:
			s.data = r.renumberElements(to)
		}
		if r.failed {
			return fmt.Errorf("section %d: %w", s.id, errCut)
		}
	}
	return nil
}

// renumbered is a body whose calls are of the functions by their new numbers.
func renumbered(body []byte, to []uint64) ([]byte, error) {
	r := &reader{p: body}
	for range r.count() { // locals
		r.uint()
		r.byte()
	}
	if r.failed {
		return nil, errCut
	}
	list, err := decode(body[r.at:])
	if err != nil {
		return nil, err
	}
	for i := range list {
		if in := &list[i]; in.op == opCall {
			if in.x >= int64(len(to)) {
				return nil, errCut
			}
			*in = instr{op: opCall, x: int64(to[in.x])}
		}
	}
	return encode(slices.Clone(body[:r.at]), list), nil
}

// renumber reads the number of a function and appends its new one.
func (r *reader) renumber(dst []byte, to []uint64) []byte {
	n := r.uint()
	if n >= uint64(len(to)) {
		r.failed = true
		return dst
	}
	return appendUint(dst, to[n])
}

func (r *reader) renumberExports(to []uint64) []byte {
	n := r.count()
	out := appendUint(nil, n)
	for range n {
		from := r.at
		r.bytes(r.uint())
		const function = 0
		kind := r.byte()
		out = append(out, r.p[from:r.at]...)
		if kind == function {
			out = r.renumber(out, to)
		} else {
			out = appendUint(out, r.uint())
		}
	}
	return out
}

// renumberElements knows what Go's linker writes: functions for the one table, from a constant on.
func (r *reader) renumberElements(to []uint64) []byte {
	n := r.count()
	out := appendUint(nil, n)
	for range n {
		from := r.at
		if r.uint() != 0 || r.byte() != opI32Const {
			r.failed = true
		}
		if r.int(); r.byte() != opEnd {
			r.failed = true
		}
		out = append(out, r.p[from:r.at]...)
		count := r.count()
		out = appendUint(out, count)
		for range count {
			out = r.renumber(out, to)
		}
	}
	return out
}

// Order is the names in a list, one a line; lines that begin with # say what it is.
func Order(list string) []string {
	var names []string
	for line := range strings.Lines(list) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			names = append(names, line)
		}
	}
	return names
}
