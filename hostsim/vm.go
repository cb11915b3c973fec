package hostsim

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// A vm is one instance of a module on one worker.
type vm struct {
	host   *Host
	worker *worker
	module *Module
	id     string // vm_id
	key    string // vm_id, configuration and code
	config string
	env    []string
	label  string // for messages: "vm web on worker 1"

	ctx   context.Context // carries the vm to the host functions
	inst  api.Module
	mem   api.Memory
	funcs [callbackCount]api.Function
	has   [callbackCount]bool
	stack [8]uint64 // arguments of the callback that runs; callbacks never nest
	alloc [1]uint64 // argument of the allocator, which runs inside of them

	space  sharedSpace
	shared []byte // a shared value on its way to the guest

	root      *vmContext // context 0: owner of the allocator and of the start
	contexts  map[uint32]*vmContext
	nextID    uint32
	roots     map[string]*vmContext // by plugin key
	pending   map[string]*vmContext // roots that answered "not yet" to done
	after     []func()
	stopNext  bool // a local reply was sent in this call: stop, whatever the callback returns
	startOnly bool // only the calls allowed in _initialize
	mallocing int  // only the calls allowed in the allocator

	failed  *TrapError
	closed  bool
	rand    *rand.Rand
	metrics vmMetrics
	tokens  [3]uint32 // last callout token of each kind
	timers  map[uint32]*ticker
	grpc    map[uint32]*GrpcStream // open, by token
}

type vmKey struct{}

// newVM instantiates the module and runs its start function.
func newVM(h *Host, w *worker, p *plugin, seed uint64) (*vm, error) {
	v := &vm{
		host: h, worker: w, module: p.Module, id: p.VM.ID, space: h.shared.space(p.VM.ID), key: p.vmKey, config: p.VM.Configuration, env: p.env,
		label:    fmt.Sprintf("vm %q on %s", p.VM.ID, w.name),
		contexts: map[uint32]*vmContext{}, nextID: 1,
		roots: map[string]*vmContext{}, pending: map[string]*vmContext{}, timers: map[uint32]*ticker{},
		grpc:    map[uint32]*GrpcStream{},
		rand:    rand.New(rand.NewPCG(h.config.Seed, seed)),
		metrics: newVMMetrics(), tokens: [3]uint32{calloutHTTP, calloutGrpcCall, calloutGrpcStream},
	}
	v.ctx = context.WithValue(context.Background(), vmKey{}, v)
	inst, err := p.Module.runtime.InstantiateModule(v.ctx, p.Module.code,
		wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		return nil, fmt.Errorf("%s: instantiate: %w", v.label, err)
	}
	v.inst, v.mem = inst, inst.ExportedMemory("memory")
	exported := p.Module.code.ExportedFunctions()
	for cb := range callbackCount {
		_, v.has[cb] = exported[cb.typ().name]
	}
	v.root = &vmContext{vm: v}
	v.root.root = v.root
	v.contexts[0] = v.root
	if err := v.start(); err != nil {
		v.close()
		return nil, err
	}
	return v, nil
}

// start runs _initialize and main of a reactor, or _start of a command. Few host
// calls are allowed before the first callback.
func (v *vm) start() error {
	v.startOnly = true
	defer func() { v.startOnly = false }()
	if v.has[cbInitialize] {
		v.root.call(cbInitialize)
		if v.failed == nil && v.has[cbMain] {
			v.root.call(cbMain, 0, 0)
		} else if v.failed == nil && v.has[cbMainVoid] {
			v.root.call(cbMainVoid)
		}
	} else if v.has[cbStart] {
		v.root.call(cbStart)
	}
	if v.failed != nil {
		v.host.reported(v.failed)
		return v.failed
	}
	return nil
}

func (v *vm) close() {
	if v.closed {
		return
	}
	v.closed = true
	for _, t := range v.timers {
		t.stop()
	}
	v.inst.Close(v.ctx) //nolint:errcheck // frees memory; nothing to be done about it
}

// function returns an exported function; nil if the module has none.
func (v *vm) function(cb callback) api.Function {
	if v.funcs[cb] == nil && v.has[cb] {
		v.funcs[cb] = v.inst.ExportedFunction(cb.typ().name)
	}
	return v.funcs[cb]
}

// call runs a callback for a context and returns its result. A trap fails the
// whole VM: nothing more is called in it.
func (c *vmContext) call(cb callback, args ...uint32) uint32 {
	v := c.vm
	fn := v.function(cb)
	if fn == nil || v.failed != nil {
		return 0
	}
	w := v.worker
	savedContext, savedEffective := w.current, w.effective
	w.current, w.effective = c, 0
	stack := v.stack[:max(len(args), 1)]
	for i, a := range args {
		stack[i] = uint64(a)
	}
	err := fn.CallWithStack(v.ctx, stack)
	w.current, w.effective = savedContext, savedEffective
	if err != nil {
		v.fail(c, cb, err)
		return 0
	}
	return uint32(stack[0])
}

// finish ends a callback: whatever the guest asked for that must wait until it
// has returned happens now.
func (v *vm) finish() {
	v.stopNext = false
	for len(v.after) > 0 {
		f := v.after[0]
		v.after = v.after[1:]
		f()
	}
	v.after = nil
}

// afterCall puts off f until the running callback has returned.
func (v *vm) afterCall(f func()) { v.after = append(v.after, f) }
