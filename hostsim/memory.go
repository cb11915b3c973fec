package hostsim

// read returns a view of guest memory; it is stale once the guest runs again.
func (v *vm) read(ptr, size uint64) ([]byte, bool) {
	return v.mem.Read(uint32(ptr), uint32(size))
}

// readString copies a string out of guest memory.
func (v *vm) readString(ptr, size uint64) (string, bool) {
	b, ok := v.read(ptr, size)
	return string(b), ok
}

func (v *vm) writeU32(ptr uint64, n uint32) bool { return v.mem.WriteUint32Le(uint32(ptr), n) }
func (v *vm) writeU64(ptr uint64, n uint64) bool { return v.mem.WriteUint64Le(uint32(ptr), n) }

// allocate asks the guest for memory and returns a view of it.
func (v *vm) allocate(size uint32) (uint32, []byte, bool) {
	cb := cbMalloc
	if !v.has[cb] {
		cb = cbMemoryAllocate
	}
	fn := v.function(cb)
	if fn == nil || v.failed != nil {
		return 0, nil, false
	}
	w := v.worker
	savedContext, savedEffective := w.current, w.effective
	w.current, w.effective = v.root, 0
	v.mallocing++
	v.alloc[0] = uint64(size)
	err := fn.CallWithStack(v.ctx, v.alloc[:])
	v.mallocing--
	w.current, w.effective = savedContext, savedEffective
	if err != nil {
		v.fail(v.root, cb, err)
		return 0, nil, false
	}
	ptr := uint32(v.alloc[0])
	if ptr == 0 {
		return 0, nil, false
	}
	b, ok := v.mem.Read(ptr, size)
	return ptr, b, ok
}

// give hands bytes to the guest: a new block, its address and its size. Nothing
// is allocated for no bytes.
func (v *vm) give(b []byte, ptrPtr, sizePtr uint64) Status {
	if len(b) == 0 {
		return v.givePointer(0, 0, ptrPtr, sizePtr)
	}
	ptr, dst, ok := v.allocate(uint32(len(b)))
	if !ok {
		return StatusInvalidMemoryAccess
	}
	copy(dst, b)
	return v.givePointer(ptr, uint32(len(b)), ptrPtr, sizePtr)
}

// giveString is give for a string.
func (v *vm) giveString(s string, ptrPtr, sizePtr uint64) Status {
	if s == "" {
		return v.givePointer(0, 0, ptrPtr, sizePtr)
	}
	ptr, dst, ok := v.allocate(uint32(len(s)))
	if !ok {
		return StatusInvalidMemoryAccess
	}
	copy(dst, s)
	return v.givePointer(ptr, uint32(len(s)), ptrPtr, sizePtr)
}

func (v *vm) givePointer(ptr, size uint32, ptrPtr, sizePtr uint64) Status {
	if !v.writeU32(ptrPtr, ptr) || !v.writeU32(sizePtr, size) {
		return StatusInvalidMemoryAccess
	}
	return StatusOK
}
