//go:build wasip1

package main

import "strconv"

// state is the plugin: a module has one instance of it in each VM.
var state = plugin{
	mem:      memory{blocks: map[uint32][]byte{}},
	contexts: map[uint32]*context{},
	vars:     map[string]string{},
}

type plugin struct {
	mem      memory
	contexts map[uint32]*context
	vars     map[string]string
	vmScript script
	kept     [][]byte
	quiet    bool
}

// A context is what the host calls by an id. A root has the script of its plugin.
type context struct {
	id, root uint32
	script   script
	seen     map[string]int
}

//go:wasmexport proxy_abi_version_0_2_1
func abiVersion() {}

//go:wasmexport proxy_on_context_create
func onContextCreate(id, parent uint32) {
	c := &context{id: id, root: parent, seen: map[string]int{}}
	if parent == 0 {
		c.root = id
	}
	state.contexts[id] = c
	c.run("context_create", -1, 0, parent)
}

//go:wasmexport proxy_on_vm_start
func onVMStart(id, size uint32) uint32 {
	s, err := parse(configuration(6, size))
	if err != nil {
		logLine(4, "vm configuration: "+err.Error())
		return 0
	}
	state.vmScript = s
	return context0(id).run("vm_start", -1, 1, size)
}

//go:wasmexport proxy_on_configure
func onConfigure(id, size uint32) uint32 {
	s, err := parse(configuration(7, size))
	if err != nil {
		logLine(4, "configuration: "+err.Error())
		return 0
	}
	c := context0(id)
	c.script = s
	return c.run("configure", -1, 1, size)
}

//go:wasmexport proxy_on_tick
func onTick(id uint32) { context0(id).run("tick", -1, 0) }

//go:wasmexport proxy_on_queue_ready
func onQueueReady(id, token uint32) { context0(id).run("queue_ready", -1, 0, token) }

//go:wasmexport proxy_on_request_headers
func onRequestHeaders(id, n, end uint32) uint32 {
	return context0(id).run("request_headers", int(end), 0, n, end)
}

//go:wasmexport proxy_on_request_body
func onRequestBody(id, size, end uint32) uint32 {
	return context0(id).run("request_body", int(end), 0, size, end)
}

//go:wasmexport proxy_on_request_trailers
func onRequestTrailers(id, n uint32) uint32 { return context0(id).run("request_trailers", -1, 0, n) }

//go:wasmexport proxy_on_response_headers
func onResponseHeaders(id, n, end uint32) uint32 {
	return context0(id).run("response_headers", int(end), 0, n, end)
}

//go:wasmexport proxy_on_response_body
func onResponseBody(id, size, end uint32) uint32 {
	return context0(id).run("response_body", int(end), 0, size, end)
}

//go:wasmexport proxy_on_response_trailers
func onResponseTrailers(id, n uint32) uint32 { return context0(id).run("response_trailers", -1, 0, n) }

//go:wasmexport proxy_on_http_call_response
func onHTTPCallResponse(id, token, headers, body, trailers uint32) {
	context0(id).run("http_call_response", -1, 0, token, headers, body, trailers)
}

//go:wasmexport proxy_on_grpc_receive_initial_metadata
func onGrpcReceiveInitialMetadata(id, token, n uint32) {
	context0(id).run("grpc_receive_initial_metadata", -1, 0, token, n)
}

//go:wasmexport proxy_on_grpc_receive
func onGrpcReceive(id, token, size uint32) { context0(id).run("grpc_receive", -1, 0, token, size) }

//go:wasmexport proxy_on_grpc_receive_trailing_metadata
func onGrpcReceiveTrailingMetadata(id, token, n uint32) {
	context0(id).run("grpc_receive_trailing_metadata", -1, 0, token, n)
}

//go:wasmexport proxy_on_grpc_close
func onGrpcClose(id, token, status uint32) { context0(id).run("grpc_close", -1, 0, token, status) }

//go:wasmexport proxy_on_foreign_function
func onForeignFunction(id, function, size uint32) {
	context0(id).run("foreign_function", -1, 0, function, size)
}

//go:wasmexport proxy_on_done
func onDone(id uint32) uint32 { return context0(id).run("done", -1, 1) }

//go:wasmexport proxy_on_log
func onLog(id uint32) { context0(id).run("log", -1, 0) }

//go:wasmexport proxy_on_delete
func onDelete(id uint32) {
	context0(id).run("delete", -1, 0)
	delete(state.contexts, id)
}

// context0 finds a context; one that the host never created is shown as such.
func context0(id uint32) *context {
	if c, ok := state.contexts[id]; ok {
		return c
	}
	logLine(4, "context "+strconv.Itoa(int(id))+" was never created")
	c := &context{id: id, root: id, seen: map[string]int{}}
	state.contexts[id] = c
	return c
}

// run logs the callback and does what the script says. end is 0 or 1, or -1 for a
// callback that does not tell.
func (c *context) run(callback string, end int, result uint32, args ...uint32) uint32 {
	c.seen[callback]++
	line := callback + " ctx=" + strconv.Itoa(int(c.id))
	for _, a := range args {
		line += " " + strconv.FormatUint(uint64(a), 10)
	}
	trace(line)
	s := state.vmScript
	if callback != "vm_start" {
		s = nil
		if root := state.contexts[c.root]; root != nil {
			s = root.script
		}
	}
	if b := s.find(callback, c.seen[callback], args, end); b != nil {
		for i := range b.calls {
			if r, ok := c.do(&b.calls[i], args); ok {
				result = r
			}
		}
	}
	switch callback {
	case "vm_start", "configure", "done", "request_headers", "request_body", "request_trailers",
		"response_headers", "response_body", "response_trailers":
		trace(callback + " ctx=" + strconv.Itoa(int(c.id)) + " => " + strconv.FormatUint(uint64(result), 10))
	}
	return result
}

func configuration(buffer, size uint32) string {
	if size == 0 {
		return ""
	}
	ptr, p := state.mem.out()
	n, sz := state.mem.out()
	if proxyGetBufferBytes(buffer, 0, size, ptr, n) != 0 {
		return ""
	}
	return string(state.mem.take(uint32(*p), uint32(*sz)))
}

func trace(line string) {
	if !state.quiet {
		logLine(2, line)
	}
}

func logLine(level uint32, line string) {
	p, n := address(line)
	proxyLog(level, p, n)
}
