//go:build wasip1

// Command buffer holds a request until its body is complete, reads the body, and
// lets it go as it came: what a Go plugin costs that has to know a request whole
// before it can route it. Answers are read piece by piece, and passed on.
//
// It exports the ABI by itself, without an SDK: proxy-wasm 0.2.0,
// https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.0.
package main

import "unsafe"

const (
	proceed = 0
	pause   = 1

	requestBody  = 0
	responseBody = 1
)

//go:wasmimport env proxy_get_buffer_bytes
func getBufferBytes(buffer, start, size uint32, data, length unsafe.Pointer) uint32

// arena is where the host writes what it returns. Host calls write results in 32
// bits; the variables for them are larger, so that no alignment can go wrong.
var (
	arena        = make([]byte, 128<<10)
	data, length uint64
)

//go:wasmexport proxy_abi_version_0_2_0
func abiVersion() {}

//go:wasmexport proxy_on_memory_allocate
func allocate(size uint32) unsafe.Pointer {
	if int(size) > len(arena) {
		arena = make([]byte, size)
	}
	return unsafe.Pointer(&arena[0])
}

//go:wasmexport proxy_on_vm_start
func onVMStart(context, size uint32) uint32 { return 1 }

//go:wasmexport proxy_on_configure
func onConfigure(context, size uint32) uint32 { return 1 }

//go:wasmexport proxy_on_request_headers
func onRequestHeaders(context, n, end uint32) uint32 {
	if end != 0 {
		return proceed
	}
	return pause
}

//go:wasmexport proxy_on_request_body
func onRequestBody(context, size, end uint32) uint32 {
	if end == 0 {
		return pause
	}
	getBufferBytes(requestBody, 0, size, unsafe.Pointer(&data), unsafe.Pointer(&length))
	return proceed
}

//go:wasmexport proxy_on_response_headers
func onResponseHeaders(context, n, end uint32) uint32 { return proceed }

//go:wasmexport proxy_on_response_body
func onResponseBody(context, size, end uint32) uint32 {
	getBufferBytes(responseBody, 0, size, unsafe.Pointer(&data), unsafe.Pointer(&length))
	return proceed
}

func main() {}
