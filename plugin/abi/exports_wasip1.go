package abi

import (
	"unsafe"

	"github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/types"
)

// The SDK's callbacks, which it exports to Go for its own tests.
//
//go:linkname sdkVMStart github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/internal.ProxyOnVMStart
func sdkVMStart(context uint32, size int) types.OnVMStartStatus

//go:linkname sdkConfigure github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/internal.ProxyOnConfigure
func sdkConfigure(context uint32, size int) types.OnPluginStartStatus

//go:linkname sdkContextCreate github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/internal.ProxyOnContextCreate
func sdkContextCreate(context, parent uint32)

//go:linkname sdkTick github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/internal.ProxyOnTick
func sdkTick(context uint32)

//go:linkname sdkQueueReady github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/internal.ProxyOnQueueReady
func sdkQueueReady(context, queue uint32)

//go:linkname sdkRequestHeaders github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/internal.ProxyOnRequestHeaders
func sdkRequestHeaders(context uint32, n int, end bool) types.Action

//go:linkname sdkRequestBody github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/internal.ProxyOnRequestBody
func sdkRequestBody(context uint32, size int, end bool) types.Action

//go:linkname sdkRequestTrailers github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/internal.ProxyOnRequestTrailers
func sdkRequestTrailers(context uint32, n int) types.Action

//go:linkname sdkResponseHeaders github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/internal.ProxyOnResponseHeaders
func sdkResponseHeaders(context uint32, n int, end bool) types.Action

//go:linkname sdkResponseBody github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/internal.ProxyOnResponseBody
func sdkResponseBody(context uint32, size int, end bool) types.Action

//go:linkname sdkResponseTrailers github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/internal.ProxyOnResponseTrailers
func sdkResponseTrailers(context uint32, n int) types.Action

//go:linkname sdkLog github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/internal.ProxyOnLog
func sdkLog(context uint32)

//go:linkname sdkDelete github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/internal.ProxyOnDelete
func sdkDelete(context uint32)

// A host calls only what is exported, and every call costs: callbacks that this
// module has no use for are not here.

//go:wasmexport proxy_abi_version_0_2_0
func abiVersion() {}

//go:wasmexport malloc
func malloc(size uint32) unsafe.Pointer {
	if p := vm.take(int(size)); p != nil {
		return p
	}
	return vm.more(int(size))
}

//go:wasmexport proxy_on_memory_allocate
func onMemoryAllocate(size uint32) unsafe.Pointer { return malloc(size) }

//go:wasmexport proxy_on_vm_start
func onVMStart(context, size uint32) uint32 {
	begin()
	return flag(bool(sdkVMStart(context, int(size))))
}

//go:wasmexport proxy_on_configure
func onConfigure(context, size uint32) uint32 {
	begin()
	return flag(bool(sdkConfigure(context, int(size))))
}

//go:wasmexport proxy_on_context_create
func onContextCreate(context, parent uint32) {
	begin()
	sdkContextCreate(context, parent)
}

//go:wasmexport proxy_on_tick
func onTick(context uint32) {
	begin()
	sdkTick(context)
}

//go:wasmexport proxy_on_queue_ready
func onQueueReady(context, queue uint32) {
	begin()
	sdkQueueReady(context, queue)
}

//go:wasmexport proxy_on_request_headers
func onRequestHeaders(context, n, end uint32) uint32 {
	begin()
	return uint32(sdkRequestHeaders(context, int(n), end != 0))
}

//go:wasmexport proxy_on_request_body
func onRequestBody(context, size, end uint32) uint32 {
	begin()
	return uint32(sdkRequestBody(context, int(size), end != 0))
}

//go:wasmexport proxy_on_request_trailers
func onRequestTrailers(context, n uint32) uint32 {
	begin()
	return uint32(sdkRequestTrailers(context, int(n)))
}

//go:wasmexport proxy_on_response_headers
func onResponseHeaders(context, n, end uint32) uint32 {
	begin()
	return uint32(sdkResponseHeaders(context, int(n), end != 0))
}

//go:wasmexport proxy_on_response_body
func onResponseBody(context, size, end uint32) uint32 {
	begin()
	return uint32(sdkResponseBody(context, int(size), end != 0))
}

//go:wasmexport proxy_on_response_trailers
func onResponseTrailers(context, n uint32) uint32 {
	begin()
	return uint32(sdkResponseTrailers(context, int(n)))
}

//go:wasmexport proxy_on_http_call_response
func onHTTPCallResponse(context, id, headers, size, trailers uint32) {
	begin()
	if p, ok := callouts.plugins[context]; ok {
		p.OnCallout(id, int(headers), int(size), int(trailers))
	}
}

//go:wasmexport proxy_on_log
func onLog(context uint32) {
	begin()
	sdkLog(context)
}

//go:wasmexport proxy_on_delete
func onDelete(context uint32) {
	begin()
	if p, ok := callouts.plugins[context]; ok {
		p.OnEnd()
		delete(callouts.plugins, context)
	}
	sdkDelete(context)
}

func flag(ok bool) uint32 {
	if ok {
		return 1
	}
	return 0
}
