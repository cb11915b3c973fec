package hostsim

import (
	"encoding/binary"
	"strings"

	"github.com/tetratelabs/wazero/api"
)

// WASI error numbers.
// https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#errno
const (
	errnoSuccess  = 0
	errnoBadF     = 8
	errnoFault    = 21
	errnoInval    = 28
	errnoNoEnt    = 44
	errnoNoSys    = 52
	errnoNotDir   = 20
	errnoNotSup   = 58
	wasiClockReal = 0
	wasiClockMono = 1
)

// wasiFuncs are the WASI functions of the reference host: no files, no sockets,
// stdout and stderr are the log.
func wasiFuncs() []hostFunc {
	fs := []hostFunc{
		wasi("fd_write", "iiii", func(v *vm, a []uint64) uint32 { return v.fdWrite(a[0], a[1], a[2], a[3]) }),
		wasi("fd_pwrite", "iiiIi", func(v *vm, a []uint64) uint32 { return v.fdWrite(a[0], a[1], a[2], a[4]) }),
		wasi("fd_fdstat_get", "ii", (*vm).fdstatGet),
		wasi("fd_tell", "ii", func(v *vm, a []uint64) uint32 {
			if !isOutput(a[0]) {
				return errnoBadF
			}
			return fault(v.writeU64(a[1], 0), errnoSuccess)
		}),
		wasi("fd_readdir", "iiiIi", func(v *vm, a []uint64) uint32 {
			return fault(v.writeU32(a[4], 0), errnoNotDir)
		}),
		wasi("fd_renumber", "ii", func(_ *vm, a []uint64) uint32 {
			if !isOutput(a[0]) || !isOutput(a[1]) {
				return errnoBadF
			}
			return errnoNotSup
		}),
		wasi("environ_get", "ii", (*vm).environGet),
		wasi("environ_sizes_get", "ii", (*vm).environSizesGet),
		wasi("args_get", "ii", answer(errnoSuccess)),
		wasi("args_sizes_get", "ii", func(v *vm, a []uint64) uint32 {
			return fault(v.writeU32(a[0], 0) && v.writeU32(a[1], 0), errnoSuccess)
		}),
		wasi("clock_time_get", "iIi", (*vm).clockTimeGet).during(inStart | inMalloc),
		wasi("clock_res_get", "ii", func(v *vm, a []uint64) uint32 {
			if a[0] > wasiClockMono {
				return errnoNotSup
			}
			return fault(v.writeU64(a[1], 1), errnoSuccess)
		}),
		wasi("random_get", "ii", (*vm).randomGet),
		wasi("poll_oneoff", "iiii", func(v *vm, a []uint64) uint32 {
			return fault(v.writeU32(a[3], 0), errnoSuccess)
		}).during(inStart | inMalloc),
		{name: "proc_exit", params: i32s(1), at: inStart, fn: procExit},
		wasi("path_readlink", "iiiiii", func(v *vm, a []uint64) uint32 {
			return fault(v.writeU32(a[5], 0), errnoNotSup)
		}),
		wasi("sock_accept", "iii", func(v *vm, a []uint64) uint32 {
			return fault(v.writeU64(a[2], 0), errnoNotSup)
		}),
		wasi("sock_recv", "iiiiii", func(v *vm, a []uint64) uint32 {
			return fault(v.writeU32(a[4], 0) && v.mem.WriteUint16Le(uint32(a[5]), 0), errnoNotSup)
		}),
		wasi("sock_send", "iiiii", func(v *vm, a []uint64) uint32 {
			return fault(v.writeU32(a[4], 0), errnoNotSup)
		}),
	}
	fs[0].at = inStart | inMalloc
	for _, f := range []struct{ name, sig string }{
		{"fd_advise", "iIIi"}, {"fd_allocate", "iII"}, {"fd_datasync", "i"}, {"fd_filestat_set_size", "iI"},
		{"fd_filestat_set_times", "iIIi"}, {"fd_sync", "i"},
	} {
		fs = append(fs, wasi(f.name, f.sig, outputOnly))
	}
	for _, f := range []struct {
		name, sig string
		errno     uint32
	}{
		{"fd_read", "iiii", errnoNoSys}, {"fd_seek", "iIii", errnoSuccess}, {"fd_close", "i", errnoSuccess},
		{"fd_fdstat_set_flags", "ii", errnoNoSys}, {"fd_fdstat_set_rights", "iII", errnoBadF},
		{"fd_pread", "iiiIi", errnoNoSys}, {"fd_prestat_get", "ii", errnoBadF},
		{"fd_prestat_dir_name", "iii", errnoNoSys}, {"fd_filestat_get", "ii", errnoBadF},
		{"path_open", "iiiiiIIii", errnoNoEnt}, {"path_filestat_get", "iiiii", errnoNotSup},
		{"path_create_directory", "iii", errnoNotSup}, {"path_filestat_set_times", "iiiiIIi", errnoNotSup},
		{"path_link", "iiiiiii", errnoNotSup}, {"path_remove_directory", "iii", errnoNotSup},
		{"path_rename", "iiiiii", errnoNotSup}, {"path_symlink", "iiiii", errnoNotSup},
		{"path_unlink_file", "iii", errnoNotSup}, {"sock_shutdown", "ii", errnoNotSup},
		{"sched_yield", "", errnoSuccess},
	} {
		fs = append(fs, wasi(f.name, f.sig, answer(f.errno)))
	}
	for i := range fs {
		switch fs[i].name {
		case "fd_read", "fd_seek", "fd_close", "path_open", "sched_yield":
			// the reference host refuses these before the first callback
		default:
			fs[i].at |= inStart
		}
	}
	return fs
}

// wasi makes a function that returns an error number; i is a 32-bit and I a
// 64-bit argument.
func wasi(name, sig string, fn func(v *vm, a []uint64) uint32) hostFunc {
	f := hostFunc{name: name, results: i32s(1), fn: fn}
	for _, c := range sig {
		t := api.ValueTypeI32
		if c == 'I' {
			t = api.ValueTypeI64
		}
		f.params = append(f.params, t)
	}
	return f
}

func answer(errno uint32) func(*vm, []uint64) uint32 {
	return func(*vm, []uint64) uint32 { return errno }
}

func fault(ok bool, errno uint32) uint32 {
	if !ok {
		return errnoFault
	}
	return errno
}

func isOutput(fd uint64) bool { return fd == 1 || fd == 2 }

// outputOnly accepts stdout and stderr and does nothing.
func outputOnly(_ *vm, a []uint64) uint32 {
	if !isOutput(a[0]) {
		return errnoBadF
	}
	return errnoSuccess
}

// fdWrite logs: stdout as info, stderr as error, one line for one write.
func (v *vm) fdWrite(fd, iovs, n, written uint64) uint32 {
	if !isOutput(fd) {
		return errnoBadF
	}
	level := LevelInfo
	if fd == 2 {
		level = LevelError
	}
	var b strings.Builder
	for i := range n {
		iov, ok := v.read(iovs+8*i, 8)
		if !ok {
			return errnoFault
		}
		p, ok := v.read(uint64(binary.LittleEndian.Uint32(iov)), uint64(binary.LittleEndian.Uint32(iov[4:])))
		if !ok {
			return errnoFault
		}
		b.Write(p)
	}
	if b.Len() > 0 {
		v.host.log(v.current(), level, strings.TrimSuffix(b.String(), "\n"))
	}
	return fault(v.writeU32(written, uint32(b.Len())), errnoSuccess)
}

func (v *vm) fdstatGet(a []uint64) uint32 {
	if !isOutput(a[0]) {
		return errnoBadF
	}
	const rightFdWrite = 64
	stat := make([]byte, 24)
	stat[8] = rightFdWrite
	v.mem.Write(uint32(a[1]), stat)
	return errnoSuccess
}

func (v *vm) environGet(a []uint64) uint32 {
	array, buf := a[0], a[1]
	for _, e := range v.env {
		if !v.writeU32(array, uint32(buf)) || !v.mem.Write(uint32(buf), append([]byte(e), 0)) {
			return errnoFault
		}
		array += 4
		buf += uint64(len(e)) + 1
	}
	return errnoSuccess
}

func (v *vm) environSizesGet(a []uint64) uint32 {
	size := 0
	for _, e := range v.env {
		size += len(e) + 1
	}
	return fault(v.writeU32(a[0], uint32(len(v.env))) && v.writeU32(a[1], uint32(size)), errnoSuccess)
}

func (v *vm) clockTimeGet(a []uint64) uint32 {
	var ns int64
	switch a[0] {
	case wasiClockReal:
		ns = v.host.clock.now().UnixNano()
	case wasiClockMono:
		ns = int64(v.host.clock.now().Sub(v.host.clock.start)) + 1
	default:
		return errnoNotSup
	}
	return fault(v.writeU64(a[2], uint64(ns)), errnoSuccess)
}

func (v *vm) randomGet(a []uint64) uint32 {
	if a[1] > wasiRandomMax {
		return errnoInval
	}
	p, ok := v.read(a[0], a[1])
	if !ok {
		return errnoFault
	}
	for i := range p {
		p[i] = byte(v.rand.Uint32())
	}
	return errnoSuccess
}

// procExit only returns, as it does in Envoy: a guest that means it has a trap behind it.
func procExit(*vm, []uint64) uint32 { return 0 }
