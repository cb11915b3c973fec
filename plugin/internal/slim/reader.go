package slim

import (
	"maps"
	"slices"
)

// A reader reads the parts of a module. After a failure everything it reads is zero.
type reader struct {
	p      []byte
	at     int
	failed bool
}

func (r *reader) byte() byte {
	if r.at >= len(r.p) {
		r.failed = true
		return 0
	}
	r.at++
	return r.p[r.at-1]
}

func (r *reader) bytes(n uint64) []byte {
	if r.failed || n > uint64(len(r.p)-r.at) {
		r.failed = true
		return nil
	}
	r.at += int(n)
	return r.p[r.at-int(n) : r.at]
}

// uint reads an unsigned number.
func (r *reader) uint() uint64 {
	var u uint64
	for shift := 0; shift < 64; shift += 7 {
		c := r.byte()
		u |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return u
		}
	}
	r.failed = true
	return 0
}

// int reads a signed number.
func (r *reader) int() int64 {
	var i int64
	for shift := 0; shift < 70; shift += 7 {
		c := r.byte()
		i |= int64(c&0x7f) << shift
		if c < 0x80 {
			if shift+7 < 64 && c&0x40 != 0 {
				i |= -1 << (shift + 7)
			}
			return i
		}
	}
	r.failed = true
	return 0
}

// count reads how many things follow, of which each has at least a byte.
func (r *reader) count() uint64 {
	n := r.uint()
	if n > uint64(len(r.p)-r.at) {
		r.failed = true
		return 0
	}
	return n
}

// funcType reads a function's type and returns it as it is spelled.
func (r *reader) funcType() []byte {
	from := r.at
	if r.byte() != 0x60 {
		r.failed = true
	}
	r.bytes(r.uint())
	r.bytes(r.uint())
	if r.failed {
		return nil
	}
	return r.p[from:r.at]
}

// importOf skips what an import is and reports whether it is a function.
func (r *reader) importOf() bool {
	switch r.byte() {
	case 0: // function
		r.uint()
		return true
	case 1: // table
		r.byte()
		r.limits()
	case 2: // memory
		r.limits()
	case 3: // global
		r.bytes(2)
	default:
		r.failed = true
	}
	return false
}

func (r *reader) limits() {
	flags := r.byte()
	r.uint()
	if flags&1 != 0 {
		r.uint()
	}
}

// readNames reads the functions' names.
func readNames(r *reader) map[int]string {
	names := map[int]string{}
	for r.at < len(r.p) && !r.failed {
		id := r.byte()
		sub := &reader{p: r.bytes(r.uint())}
		if id != 1 {
			continue
		}
		for range sub.count() {
			i := sub.uint()
			names[int(i)] = string(sub.bytes(sub.uint()))
		}
	}
	return names
}

// appendNames appends a section of the functions' names.
func (m *module) appendNames(dst []byte) []byte {
	list := appendUint(nil, uint64(len(m.names)))
	for _, n := range slices.Sorted(maps.Keys(m.names)) {
		list = appendUint(list, uint64(n))
		list = appendUint(list, uint64(len(m.names[n])))
		list = append(list, m.names[n]...)
	}
	const ofFunctions = 1
	section := append([]byte("\x04name"), ofFunctions)
	section = append(appendUint(section, uint64(len(list))), list...)
	dst = append(dst, customSection)
	return append(appendUint(dst, uint64(len(section))), section...)
}

func appendUint(dst []byte, u uint64) []byte {
	for u >= 0x80 {
		dst = append(dst, byte(u)|0x80)
		u >>= 7
	}
	return append(dst, byte(u))
}

func appendInt(dst []byte, i int64) []byte {
	for i < -0x40 || i >= 0x40 {
		dst = append(dst, byte(i)|0x80)
		i >>= 7
	}
	return append(dst, byte(i)&0x7f)
}
