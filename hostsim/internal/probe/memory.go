//go:build wasip1

package main

import (
	"strconv"
	"unsafe"
)

// memory keeps what the host refers to by address: nothing in the guest does.
type memory struct {
	blocks map[uint32][]byte // from malloc, until they are taken
	words  [16]uint64        // where the host writes results
	used   int
}

//go:wasmexport malloc
func malloc(size uint32) uint32 {
	b := make([]byte, max(size, 1))
	p := uint32(uintptr(unsafe.Pointer(unsafe.SliceData(b))))
	state.mem.blocks[p] = b
	return p
}

//go:wasmexport proxy_on_memory_allocate
func memoryAllocate(size uint32) uint32 { return malloc(size) }

// out returns the address of a zeroed word for a result.
func (m *memory) out() (uint32, *uint64) {
	w := &m.words[m.used%len(m.words)]
	m.used++
	*w = 0
	return uint32(uintptr(unsafe.Pointer(w))), w
}

// take returns the bytes that the host handed over and lets go of their block.
func (m *memory) take(ptr, size uint32) []byte {
	if size == 0 {
		return nil
	}
	b, ok := m.blocks[ptr]
	if !ok || int(size) > len(b) {
		return []byte("not allocated: " + strconv.Itoa(int(ptr)))
	}
	delete(m.blocks, ptr)
	return b[:size]
}

// address gives bytes to the host for the time of a call.
func address(s string) (uint32, uint32) {
	if s == "" {
		return 0, 0
	}
	return uint32(uintptr(unsafe.Pointer(unsafe.StringData(s)))), uint32(len(s))
}
