package abi

import (
	"unsafe"

	"github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/types"
)

const (
	arenaSize = 128 << 10 // holds the headers and the body of an ordinary request
	align     = 8
)

// memory hands out what the host asks for while it answers a host call.
//
// Small blocks come from one arena that is emptied when the host enters the
// module again, so that an ordinary request makes no garbage. Large ones are
// the garbage collector's, but stay referenced until the same moment: nothing
// in the guest refers to a block between the host's request for it and the
// return of the host call that fills it.
type memory struct {
	arena []byte
	used  int
	large [][]byte
	last  unsafe.Pointer // what alloc returned last: where the host call under way has written
}

func (m *memory) reset() {
	m.used = 0
	if m.large != nil {
		clear(m.large)
		m.large = m.large[:0]
	}
}

// take is a part of the arena; nil if that is not there yet, for what does not fit, and for
// nothing.
func (m *memory) take(size int) unsafe.Pointer {
	if uint(size-1) >= uint(len(m.arena)-m.used) {
		return nil
	}
	m.last = unsafe.Pointer(&m.arena[m.used])
	m.used = min((m.used+size+align-1)&^(align-1), len(m.arena))
	return m.last
}

// more is what take does not have.
func (m *memory) more(size int) unsafe.Pointer {
	if m.arena == nil {
		m.arena = make([]byte, arenaSize)
		if p := m.take(size); p != nil {
			return p
		}
	}
	if size == 0 {
		m.last = unsafe.Pointer(&m.arena[0]) // any address will do: nothing is written there
		return m.last
	}
	b := make([]byte, size)
	m.large = append(m.large, b)
	m.last = unsafe.Pointer(&b[0])
	return m.last
}

func bytesPtr(b []byte) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.SliceData(b)), uint32(len(b))
}

func stringPtr(s string) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.StringData(s)), uint32(len(s))
}

// result is where host calls write. It has a fixed address because a host call
// may enter the module again (to allocate) and grow, and so move, the stack.
type result struct {
	data, size, id, version uint32
	wide                    uint64
}

// vm is the module's one instance: exported functions have no receiver, so what
// they share must be global. Nothing outside this package refers to it.
var vm struct {
	memory
	out     result
	now     int64  // 0: nobody has asked in this callback
	scratch []byte // for serialised header maps on their way to the host
	context uint32 // that the callback is for; 0: for none of a request's first ones
	former  uint32 // that the one before it was for
	ignored uint32 // the stream whose answer is none of the plugin's business; 0: there is none
}

// begin is the beginning of a callback: nothing of the one before it is valid any more.
func begin() { beginFor(0) }

func beginFor(context uint32) {
	vm.reset()
	vm.now = 0
	vm.former, vm.context = vm.context, context
}

// enter is begin for a callback of a request's own, of which Continues can be asked, and finds the stream. It is one
// function for all of them, whose code is then there for those after the first.
//
//go:noinline
func enter(context uint32) types.HttpContext {
	beginFor(context)
	return streams.find(context)
}

// returnedBytes is what the last host call has written, without a copy. A host
// that returns data has asked for its memory just before.
func returnedBytes() []byte {
	if vm.out.data == 0 || vm.out.size == 0 {
		return nil
	}
	return (*[1 << 32]byte)(vm.last)[:vm.out.size:vm.out.size] // unsafe.Slice calls a function to multiply by one
}
