package hostsim

// A ForeignFunction is called by plugins with proxy_call_foreign_function. It
// must not call back into the host's streams.
type ForeignFunction func(call ForeignCall) (result []byte, status Status)

// A ForeignCall is one call of a foreign function.
type ForeignCall struct {
	Argument []byte
	VMID     string
	Plugin   string
	Stream   uint64 // 0 outside of streams

	context *vmContext
}

func (v *vm) callForeignFunction(a []uint64) uint32 {
	name, ok := v.readString(a[0], a[1])
	arg, ok2 := v.read(a[2], a[3])
	if !ok || !ok2 {
		return uint32(StatusInvalidMemoryAccess)
	}
	f := v.host.foreign[name]
	if f == nil {
		return uint32(StatusNotFound)
	}
	// Envoy's functions act on the context that runs, not on the effective one.
	c := v.worker.current
	call := ForeignCall{Argument: append([]byte(nil), arg...), VMID: v.id, context: c}
	if c.plugin != nil {
		call.Plugin = c.plugin.Name
	}
	if c.stream != nil {
		call.Stream = c.stream.id
	}
	result, status := f(call)
	var ptr uint32
	if a[4] != 0 && len(result) > 0 {
		p, dst, ok := v.allocate(uint32(len(result)))
		if ok {
			copy(dst, result)
			ptr = p
		}
	}
	if a[4] != 0 && !v.writeU32(a[4], ptr) || a[5] != 0 && !v.writeU32(a[5], uint32(len(result))) {
		return uint32(StatusInvalidMemoryAccess)
	}
	return uint32(status)
}
