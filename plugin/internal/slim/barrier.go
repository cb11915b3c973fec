package slim

import "slices"

// Wherever Go writes a pointer it looks whether the garbage collector wants to know of that: at a flag
// in memory (`runtime.writeBarrier`), of which an engine that compares addresses compares the address each
// time. The collector writes it twice a cycle.

// copyBarrier keeps a copy of the flag in a global, and has functions look at that. It leaves a module as it is in which
// something else is done with the flag than Go does.
func (m *module) copyBarrier(functions []*function) {
	flag, ok := m.findBarrier(functions)
	if !ok {
		return
	}
	global, ok := m.addGlobal()
	if !ok {
		return
	}
	for _, f := range functions {
		if f != nil {
			f.list = barrierOf(f.list, flag, global)
		}
	}
}

// barrierOf is a function that reads the copy, and writes it behind each store of the flag.
func barrierOf(list []instr, flag, global int64) []instr {
	out := make([]instr, 0, len(list))
	var stores []*instr
	for i := 0; i < len(list); i++ {
		in := list[i]
		if !isFlag(list, i, flag) {
			out = append(out, in)
			if slices.Contains(stores, &list[i]) {
				out = append(out, instr{op: opI32Const, x: flag}, instr{op: opI32Load8U}, instr{op: opGlobalSet, x: global})
			}
			continue
		}
		if !loadsFlag(list, i) {
			stores = append(stores, userOf(list[i+2:]))
			out = append(out, in)
			continue
		}
		out = append(out, instr{op: opGlobalGet, x: global})
		if list[i+2].op == opI64Load32U {
			out = append(out, instr{op: opI64ExtendU})
		}
		i += 2
	}
	return out
}

// isFlag reports whether the address of the flag is written here.
func isFlag(list []instr, i int, flag int64) bool {
	return match(list, i, instr{op: opI64Const, x: flag}, instr{op: opI32WrapI64})
}

// findBarrier finds the flag: it is the byte that both of these write. Nothing else may be done with it than to
// load it, all of it or the byte, and to store that.
func (m *module) findBarrier(functions []*function) (flag int64, ok bool) {
	first := m.bytesStored(functions, "runtime.gcStart")
	for _, at := range m.bytesStored(functions, "runtime.gcMarkTermination") {
		if slices.Contains(first, at) && !slices.ContainsFunc(functions, func(f *function) bool { return f != nil && !usesFlag(f.list, at) }) {
			return at, true
		}
	}
	return 0, false
}

// bytesStored are the addresses at which a function stores bytes.
func (m *module) bytesStored(functions []*function, name string) (at []int64) {
	i := int(m.number(name)) - m.imported
	if i < 0 || i >= len(functions) || functions[i] == nil {
		return nil
	}
	list := functions[i].list
	for i := range list {
		if isFlag(list, i, any64) && storesByte(list, i) {
			at = append(at, list[i].x)
		}
	}
	return at
}

// storesByte reports whether a byte is stored at the address that is written here.
func storesByte(list []instr, i int) bool {
	user := userOf(list[i+2:])
	return user != nil && user.op == opI64Store8 && user.off == 0
}

// loadsFlag reports whether what is behind the address loads it.
func loadsFlag(list []instr, i int) bool {
	return i+2 < len(list) && list[i+2].off == 0 && (list[i+2].op == opI64Load32U || list[i+2].op == opI32Load8U)
}

// usesFlag reports whether a function does with the flag only what Go does.
func usesFlag(list []instr, flag int64) bool {
	const size = 4
	for i, in := range list {
		if in.op != opI64Const && in.op != opI32Const || in.x < flag || in.x >= flag+size {
			continue
		}
		if !isFlag(list, i, flag) || !loadsFlag(list, i) && !storesByte(list, i) {
			return false
		}
	}
	return true
}

// addGlobal adds a global of 32 bits that is zero at first.
func (m *module) addGlobal() (number int64, ok bool) {
	at := slices.IndexFunc(m.sections, func(s section) bool { return s.id == globalSection })
	if at < 0 || m.importsMore {
		return 0, false
	}
	r := &reader{p: m.sections[at].data}
	n := r.count()
	data := append(appendUint(nil, n+1), r.p[r.at:]...)
	m.sections[at].data = append(data, typeI32, 1, opI32Const, 0, opEnd)
	return int64(n), true
}
