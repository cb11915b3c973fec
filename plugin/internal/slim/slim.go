// Package slim makes a module that Go's linker wrote smaller and faster, without changing
// what it does.
//
// It knows the few shapes that Go's compiler writes for WebAssembly again and again,
// and writes each of them better: where a function is entered and how it jumps, conditions,
// addresses on the stack and what is read of it twice, the end of a function, what copies, the
// garbage collector's flag, calls of what only fails, and a table that a loop of ten
// instructions can fill; and it keeps of the tables of functions what Go's runtime asks
// for. What does not have exactly such a shape stays as it is, so a module that Go did not
// write comes out as it went in.
//
// RATIONALE.md says why each of them may be written so.
package slim

import (
	"errors"
	"fmt"
	"slices"
)

// ids of sections.
const (
	customSection   = 0
	typeSection     = 1
	importSection   = 2
	functionSection = 3
	globalSection   = 6
	exportSection   = 7
	startSection    = 8
	elementSection  = 9
	codeSection     = 10
	dataSection     = 11
)

var header = []byte("\x00asm\x01\x00\x00\x00")

type section struct {
	id   byte
	data []byte
}

// A module is what of one is looked into; all else is in sections, as it was.
type module struct {
	sections    []section
	types       [][]byte // as they are spelled
	imported    int      // functions of others, which are counted first
	importsMore bool     // than functions
	funcs       []uint64 // type of each function of its own
	bodies      [][]byte
	names       map[int]string // of functions, its own and others'
}

// Options are what a module may be made with.
type Options struct {
	Root  string   // what the names of functions and files in traces are without
	Order []string // names, without root, of functions that come first, in this order
	Names bool     // the names of functions stay
}

// Slim returns wasm made smaller, without the names that it may have for debuggers.
// It needs the names of functions to find those that only fail: without them, or for
// a module that is not Go's, it does less.
func Slim(wasm []byte, o Options) ([]byte, error) {
	m, err := parse(wasm)
	if err != nil {
		return nil, err
	}
	asked := m.readAsked()
	if err := m.slimCode(); err != nil {
		return nil, err
	}
	if err := m.slimData(asked, o.Root); err != nil {
		return nil, err
	}
	if err := m.arrange(o.Order, o.Root); err != nil {
		return nil, err
	}
	out := m.bytes()
	if o.Names {
		out = m.appendNames(out)
	}
	return out, nil
}

var errCut = errors.New("the module ends too early")

func parse(wasm []byte) (*module, error) {
	if len(wasm) < len(header) || string(wasm[:len(header)]) != string(header) {
		return nil, errors.New("this is not a WebAssembly module of version 1")
	}
	m := &module{}
	r := &reader{p: wasm, at: len(header)}
	for r.at < len(wasm) {
		s := section{id: r.byte()}
		s.data = r.bytes(r.uint())
		if r.failed {
			return nil, errCut
		}
		if err := m.read(s); err != nil {
			return nil, fmt.Errorf("section %d: %w", s.id, err)
		}
		m.sections = append(m.sections, s)
	}
	if len(m.bodies) != len(m.funcs) {
		return nil, fmt.Errorf("%d functions have %d bodies", len(m.funcs), len(m.bodies))
	}
	return m, nil
}

func (m *module) read(s section) error {
	r := &reader{p: s.data}
	switch s.id {
	case customSection:
		if name := string(r.bytes(r.uint())); name == "name" && !r.failed {
			m.names = readNames(r)
		}
	case typeSection:
		for range r.count() {
			m.types = append(m.types, r.funcType())
		}
	case importSection:
		for range r.count() {
			r.bytes(r.uint())
			r.bytes(r.uint())
			if r.importOf() {
				m.imported++
			} else {
				m.importsMore = true
			}
		}
	case functionSection:
		for range r.count() {
			m.funcs = append(m.funcs, r.uint())
		}
	case codeSection:
		for range r.count() {
			m.bodies = append(m.bodies, r.bytes(r.uint()))
		}
	}
	if r.failed {
		return errCut
	}
	return nil
}

// bytes writes the module without its names.
func (m *module) bytes() []byte {
	out := slices.Clone(header)
	for _, s := range m.sections {
		data := s.data
		switch s.id {
		case customSection:
			r := &reader{p: s.data}
			if string(r.bytes(r.uint())) == "name" {
				continue
			}
		case typeSection:
			data = appendUint(nil, uint64(len(m.types)))
			for _, t := range m.types {
				data = append(data, t...)
			}
		case functionSection:
			data = appendUint(nil, uint64(len(m.funcs)))
			for _, f := range m.funcs {
				data = appendUint(data, f)
			}
		case codeSection:
			data = appendUint(nil, uint64(len(m.bodies)))
			for _, b := range m.bodies {
				data = appendUint(data, uint64(len(b)))
				data = append(data, b...)
			}
		}
		out = append(out, s.id)
		out = appendUint(out, uint64(len(data)))
		out = append(out, data...)
	}
	return out
}

// typeOf is the number of a type, which becomes the last one if there is none yet.
func (m *module) typeOf(t string) uint64 {
	i := slices.IndexFunc(m.types, func(p []byte) bool { return string(p) == t })
	if i < 0 {
		i = len(m.types)
		m.types = append(m.types, []byte(t))
	}
	return uint64(i)
}

// add adds a function and returns its number.
func (m *module) add(typ string, body []byte) uint64 {
	m.funcs = append(m.funcs, m.typeOf(typ))
	m.bodies = append(m.bodies, body)
	return uint64(m.imported + len(m.funcs) - 1)
}

// name names a function that was added, if others have names.
func (m *module) name(n uint64, name string) {
	if m.names != nil {
		m.names[int(n)] = name
	}
}

// Types of functions as they are spelled.
const (
	typeOfGo    = "\x60\x01\x7f\x01\x7f" // where to begin → whether to unwind
	typeOfCall  = "\x60\x01\x7e\x01\x7f" // where to return to → whether to unwind
	typeOfStart = "\x60\x00\x00"
)
