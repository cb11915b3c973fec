package abi

import (
	"unsafe"

	"github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/types"
)

// The SDK's callbacks, which it exports to Go for its own tests. Those of streams are not among
// them: see streams.
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

//go:linkname sdkDelete github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/internal.ProxyOnDelete
func sdkDelete(context uint32)

// streams are all that the host has. What exported functions share has to be global.
var streams table

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
	if parent == 0 {
		sdkContextCreate(context, parent)
		return
	}
	if plugins.last == nil || plugins.id != parent { // most streams are of the same one
		plugins.last, plugins.id = plugins.byID[parent], parent
	}
	streams.add(context, plugins.last.NewHttpContext(context))
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
	return uint32(enter(context).OnHttpRequestHeaders(int(n), end != 0))
}

//go:wasmexport proxy_on_request_body
func onRequestBody(context, size, end uint32) uint32 {
	return uint32(enter(context).OnHttpRequestBody(int(size), end != 0))
}

//go:wasmexport proxy_on_request_trailers
func onRequestTrailers(context, n uint32) uint32 {
	begin()
	return uint32(streams.find(context).OnHttpRequestTrailers(int(n)))
}

//go:wasmexport proxy_on_response_headers
func onResponseHeaders(context, n, end uint32) uint32 {
	if context == vm.ignored {
		return uint32(HeadersContinue)
	}
	begin()
	return uint32(streams.find(context).OnHttpResponseHeaders(int(n), end != 0))
}

//go:wasmexport proxy_on_response_body
func onResponseBody(context, size, end uint32) uint32 {
	if context == vm.ignored {
		return uint32(DataContinue)
	}
	begin()
	return uint32(streams.find(context).OnHttpResponseBody(int(size), end != 0))
}

//go:wasmexport proxy_on_response_trailers
func onResponseTrailers(context, n uint32) uint32 {
	begin()
	return uint32(streams.find(context).OnHttpResponseTrailers(int(n)))
}

//go:wasmexport proxy_on_http_call_response
func onHTTPCallResponse(context, id, headers, size, trailers uint32) {
	begin()
	if p, ok := plugins.byID[context]; ok {
		p.OnCallout(id, int(headers), int(size), int(trailers))
	}
}

//go:wasmexport proxy_on_log
func onLog(context uint32) {
	if s := enter(context); s != nil {
		s.OnHttpStreamDone()
	}
}

//go:wasmexport proxy_on_delete
func onDelete(context uint32) {
	begin()
	if context == vm.ignored {
		vm.ignored = 0
	}
	if streams.remove(context) {
		return
	}
	if p, ok := plugins.byID[context]; ok {
		p.OnEnd()
		delete(plugins.byID, context)
		plugins.last = nil
	}
	sdkDelete(context)
}

func flag(ok bool) uint32 {
	if ok {
		return 1
	}
	return 0
}
