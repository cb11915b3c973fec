package hostsim

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero/api"
)

// A hostFunc is one function that the host offers to modules. Arguments are the
// values as the guest passed them; 32-bit ones are zero-extended.
type hostFunc struct {
	name            string
	params, results []api.ValueType
	fn              func(v *vm, a []uint64) uint32
	at              phase
}

// phase says when a function may be called besides in a callback.
type phase uint8

const (
	inStart  phase = 1 << iota // also in _initialize, _start and main
	inMalloc                   // also in the allocator
	inCallback
)

type hostModule struct {
	name  string
	funcs []hostFunc
}

// hostModules lists everything that a module of this ABI version may import.
func hostModules(abi string) []hostModule {
	env := envFuncs()
	if abi == "0.2.1" {
		env = append(env, i32Func("proxy_get_log_level", 1, (*vm).getLogLevel))
	}
	return []hostModule{
		{"env", env},
		{"wasi_snapshot_preview1", wasiFuncs()},
		{"wasi_unstable", wasiFuncs()},
	}
}

// envFuncs lists the functions of ABI 0.2.0 by area.
func envFuncs() []hostFunc {
	fs := []hostFunc{
		i32Func("proxy_log", 3, (*vm).log).during(inStart | inMalloc),
		i32Func("proxy_get_status", 3, (*vm).getStatus),
		i32Func("proxy_set_tick_period_milliseconds", 1, (*vm).setTickPeriod),
		i32Func("proxy_get_current_time_nanoseconds", 1, (*vm).getCurrentTime),
		i32Func("proxy_set_effective_context", 1, (*vm).setEffectiveContext),
		i32Func("proxy_done", 0, (*vm).done),
		i32Func("proxy_call_foreign_function", 6, (*vm).callForeignFunction),
		i32Func("pthread_equal", 2, func(_ *vm, a []uint64) uint32 {
			if a[0] == a[1] {
				return 1
			}
			return 0
		}),
		{name: "emscripten_notify_memory_growth", params: i32s(1), at: inStart,
			fn: func(*vm, []uint64) uint32 { return 0 }},
	}
	fs = append(fs, headerFuncs()...)
	fs = append(fs, bufferFuncs()...)
	fs = append(fs, streamFuncs()...)
	fs = append(fs, calloutFuncs()...)
	fs = append(fs, grpcFuncs()...)
	fs = append(fs, sharedFuncs()...)
	fs = append(fs, metricFuncs()...)
	return append(fs, propertyFuncs()...)
}

// i32Func is a function of n 32-bit arguments that returns a Status.
func i32Func(name string, n int, fn func(v *vm, a []uint64) uint32) hostFunc {
	return hostFunc{name: name, params: i32s(n), results: i32s(1), fn: fn}
}

// statusFunc is an i32Func whose body returns a Status.
func statusFunc(name string, n int, fn func(v *vm, a []uint64) Status) hostFunc {
	return i32Func(name, n, func(v *vm, a []uint64) uint32 { return uint32(fn(v, a)) })
}

func (f hostFunc) during(at phase) hostFunc {
	f.at = at
	return f
}

// bind makes the function callable by a guest.
func (f hostFunc) bind() api.GoModuleFunc {
	name, fn, at, params, returns := f.name, f.fn, f.at, f.params, len(f.results) > 0
	return func(ctx context.Context, _ api.Module, stack []uint64) {
		v := ctx.Value(vmKey{}).(*vm)
		if v.mallocing > 0 && at&inMalloc == 0 || v.startOnly && at&inStart == 0 {
			// The reference host traps; wazero turns the panic into an error with the guest's stack.
			panic(fmt.Errorf("host function %s is not allowed here", name))
		}
		for i, t := range params {
			if t == api.ValueTypeI32 {
				stack[i] = uint64(uint32(stack[i])) // the upper half of a 32-bit value is left over
			}
		}
		r := fn(v, stack)
		if returns {
			stack[0] = uint64(r)
		}
	}
}

func i32s(n int) []api.ValueType {
	ts := make([]api.ValueType, n)
	for i := range ts {
		ts[i] = api.ValueTypeI32
	}
	return ts
}

// current is the context that a host call is about: the one that the guest has
// chosen, or the one whose callback runs.
func (v *vm) current() *vmContext {
	w := v.worker
	if w.effective == 0 {
		return w.current
	}
	if c, ok := w.current.vm.contexts[w.effective]; ok {
		return c
	}
	return w.current
}

func (v *vm) log(a []uint64) uint32 {
	if a[0] > uint64(LevelCritical) {
		return uint32(StatusBadArgument)
	}
	msg, ok := v.readString(a[1], a[2])
	if !ok {
		return uint32(StatusInvalidMemoryAccess)
	}
	v.host.log(v.current(), Level(a[0]), msg)
	return uint32(StatusOK)
}

func (v *vm) getLogLevel(a []uint64) uint32 {
	if !v.writeU32(a[0], uint32(v.host.config.LogLevel)) {
		return uint32(StatusInvalidMemoryAccess)
	}
	return uint32(StatusOK)
}

// getStatus returns the outcome of the callout whose callback runs.
func (v *vm) getStatus(a []uint64) uint32 {
	c := v.current().root
	if !v.writeU32(a[0], c.statusCode) {
		return uint32(StatusInvalidMemoryAccess)
	}
	return uint32(v.giveString(c.statusMessage, a[1], a[2]))
}

func (v *vm) setTickPeriod(a []uint64) uint32 {
	v.setTimer(v.current().root, a[0])
	return uint32(StatusOK)
}

func (v *vm) getCurrentTime(a []uint64) uint32 {
	if !v.writeU64(a[0], uint64(v.host.clock.now().UnixNano())) {
		return uint32(StatusInvalidMemoryAccess)
	}
	return uint32(StatusOK)
}

func (v *vm) setEffectiveContext(a []uint64) uint32 {
	id := uint32(a[0])
	if _, ok := v.contexts[id]; !ok {
		return uint32(StatusBadArgument)
	}
	v.worker.effective = id
	return uint32(StatusOK)
}

// done finishes a root context that answered "not yet" to proxy_on_done.
func (v *vm) done([]uint64) uint32 {
	c := v.current()
	if c.plugin == nil {
		return uint32(StatusNotFound)
	}
	root, ok := v.pending[c.plugin.key]
	if !ok {
		return uint32(StatusNotFound)
	}
	delete(v.pending, c.plugin.key)
	v.afterCall(root.onDelete)
	return uint32(StatusOK)
}
