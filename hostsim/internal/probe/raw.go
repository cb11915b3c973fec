//go:build wasip1

package main

import (
	"strconv"
	"unsafe"
)

//go:wasmimport wasi_snapshot_preview1 random_get
func randomGet(ptr, size uint32) uint32

func readRandom(b []byte) {
	randomGet(uint32(uintptr(unsafe.Pointer(unsafe.SliceData(b)))), uint32(len(b)))
}

// raw calls a host function with bare arguments, to see what it makes of bad ones.
func (a *arguments) raw() reply {
	name := a.str()
	var args [16]uint32
	var outs []*uint64
	n := 0
	add := func(v uint32) {
		if n < len(args) {
			args[n] = v
			n++
		}
	}
	var keep []string
	for len(a.words) > 0 {
		w := a.next()
		switch {
		case w.quoted:
			keep = append(keep, w.text)
			p, size := address(w.text)
			add(p)
			add(size)
		case w.text == "&":
			p, out := state.mem.out()
			outs = append(outs, out)
			add(p)
		default:
			v, _ := strconv.ParseInt(w.text, 0, 64) //nolint:errcheck // a word that is no number is 0
			add(uint32(v))
		}
	}
	st, ok := rawCall(name, args)
	if !ok {
		return reply{text: "unknown function " + name}
	}
	r := status(st)
	for i, out := range outs {
		if i > 0 {
			r.text += " "
		}
		if len(state.mem.blocks) > 0 && state.mem.blocks[uint32(*out)] != nil {
			delete(state.mem.blocks, uint32(*out))
			r.text += "block"
			continue
		}
		r.text += strconv.FormatUint(*out, 10)
	}
	return r
}

func rawCall(name string, x [16]uint32) (uint32, bool) {
	switch name {
	case "log":
		return proxyLog(x[0], x[1], x[2]), true
	case "get_log_level":
		return proxyGetLogLevel(x[0]), true
	case "get_status":
		return proxyGetStatus(x[0], x[1], x[2]), true
	case "set_property":
		return proxySetProperty(x[0], x[1], x[2], x[3]), true
	case "get_property":
		return proxyGetProperty(x[0], x[1], x[2], x[3]), true
	case "send_local_response":
		return proxySendLocalResponse(x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]), true
	case "get_shared_data":
		return proxyGetSharedData(x[0], x[1], x[2], x[3], x[4]), true
	case "set_shared_data":
		return proxySetSharedData(x[0], x[1], x[2], x[3], x[4]), true
	case "register_shared_queue":
		return proxyRegisterSharedQueue(x[0], x[1], x[2]), true
	case "resolve_shared_queue":
		return proxyResolveSharedQueue(x[0], x[1], x[2], x[3], x[4]), true
	case "dequeue_shared_queue":
		return proxyDequeueSharedQueue(x[0], x[1], x[2]), true
	case "enqueue_shared_queue":
		return proxyEnqueueSharedQueue(x[0], x[1], x[2]), true
	case "get_header_map_value":
		return proxyGetHeaderMapValue(x[0], x[1], x[2], x[3], x[4]), true
	case "add_header_map_value":
		return proxyAddHeaderMapValue(x[0], x[1], x[2], x[3], x[4]), true
	case "replace_header_map_value":
		return proxyReplaceHeaderMapValue(x[0], x[1], x[2], x[3], x[4]), true
	case "remove_header_map_value":
		return proxyRemoveHeaderMapValue(x[0], x[1], x[2]), true
	case "get_header_map_pairs":
		return proxyGetHeaderMapPairs(x[0], x[1], x[2]), true
	case "set_header_map_pairs":
		return proxySetHeaderMapPairs(x[0], x[1], x[2]), true
	case "get_header_map_size":
		return proxyGetHeaderMapSize(x[0], x[1]), true
	case "get_buffer_bytes":
		return proxyGetBufferBytes(x[0], x[1], x[2], x[3], x[4]), true
	case "get_buffer_status":
		return proxyGetBufferStatus(x[0], x[1], x[2]), true
	case "set_buffer_bytes":
		return proxySetBufferBytes(x[0], x[1], x[2], x[3], x[4]), true
	}
	return rawCallout(name, x)
}

func rawCallout(name string, x [16]uint32) (uint32, bool) {
	switch name {
	case "http_call":
		return proxyHTTPCall(x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8], x[9]), true
	case "grpc_call":
		return proxyGrpcCall(x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8], x[9], x[10], x[11]), true
	case "grpc_stream":
		return proxyGrpcStream(x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8]), true
	case "grpc_send":
		return proxyGrpcSend(x[0], x[1], x[2], x[3]), true
	case "get_current_time_nanoseconds":
		return proxyGetCurrentTime(x[0]), true
	case "define_metric":
		return proxyDefineMetric(x[0], x[1], x[2], x[3]), true
	case "get_metric":
		return proxyGetMetric(x[0], x[1]), true
	case "call_foreign_function":
		return proxyCallForeignFunction(x[0], x[1], x[2], x[3], x[4], x[5]), true
	}
	return 0, false
}
