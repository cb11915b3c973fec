//go:build wasip1

// Command empty is the least that a proxy plugin in Go can be: it asks the host for
// nothing and lets everything pass. What it costs, any Go plugin costs.
//
// It exports the ABI by itself, without an SDK: proxy-wasm 0.2.0,
// https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.0.
package main

//go:wasmexport proxy_abi_version_0_2_0
func abiVersion() {}

//go:wasmexport proxy_on_memory_allocate
func allocate(size uint32) uint32 { return 0 } // no call is made that would return data

//go:wasmexport proxy_on_vm_start
func onVMStart(context, size uint32) uint32 { return 1 }

//go:wasmexport proxy_on_configure
func onConfigure(context, size uint32) uint32 { return 1 }

//go:wasmexport proxy_on_context_create
func onContextCreate(context, parent uint32) {}

//go:wasmexport proxy_on_request_headers
func onRequestHeaders(context, n, end uint32) uint32 { return 0 }

//go:wasmexport proxy_on_request_body
func onRequestBody(context, size, end uint32) uint32 { return 0 }

//go:wasmexport proxy_on_response_headers
func onResponseHeaders(context, n, end uint32) uint32 { return 0 }

//go:wasmexport proxy_on_response_body
func onResponseBody(context, size, end uint32) uint32 { return 0 }

//go:wasmexport proxy_on_done
func onDone(context uint32) uint32 { return 1 }

//go:wasmexport proxy_on_log
func onLog(context uint32) {}

//go:wasmexport proxy_on_delete
func onDelete(context uint32) {}

func main() {}
