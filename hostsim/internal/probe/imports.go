//go:build wasip1

package main

//go:wasmimport env proxy_log
func proxyLog(level, ptr, size uint32) uint32

//go:wasmimport env proxy_get_log_level
func proxyGetLogLevel(out uint32) uint32

//go:wasmimport env proxy_get_status
func proxyGetStatus(code, ptr, size uint32) uint32

//go:wasmimport env proxy_set_property
func proxySetProperty(key, keySize, val, valSize uint32) uint32

//go:wasmimport env proxy_get_property
func proxyGetProperty(path, pathSize, ptr, size uint32) uint32

//go:wasmimport env proxy_send_local_response
func proxySendLocalResponse(code, details, detailsSize, body, bodySize, headers, headersSize, grpc uint32) uint32

//go:wasmimport env proxy_get_shared_data
func proxyGetSharedData(key, keySize, ptr, size, cas uint32) uint32

//go:wasmimport env proxy_set_shared_data
func proxySetSharedData(key, keySize, val, valSize, cas uint32) uint32

//go:wasmimport env proxy_register_shared_queue
func proxyRegisterSharedQueue(name, nameSize, token uint32) uint32

//go:wasmimport env proxy_resolve_shared_queue
func proxyResolveSharedQueue(vm, vmSize, name, nameSize, token uint32) uint32

//go:wasmimport env proxy_dequeue_shared_queue
func proxyDequeueSharedQueue(token, ptr, size uint32) uint32

//go:wasmimport env proxy_enqueue_shared_queue
func proxyEnqueueSharedQueue(token, data, dataSize uint32) uint32

//go:wasmimport env proxy_get_header_map_value
func proxyGetHeaderMapValue(typ, key, keySize, ptr, size uint32) uint32

//go:wasmimport env proxy_add_header_map_value
func proxyAddHeaderMapValue(typ, key, keySize, val, valSize uint32) uint32

//go:wasmimport env proxy_replace_header_map_value
func proxyReplaceHeaderMapValue(typ, key, keySize, val, valSize uint32) uint32

//go:wasmimport env proxy_remove_header_map_value
func proxyRemoveHeaderMapValue(typ, key, keySize uint32) uint32

//go:wasmimport env proxy_get_header_map_pairs
func proxyGetHeaderMapPairs(typ, ptr, size uint32) uint32

//go:wasmimport env proxy_set_header_map_pairs
func proxySetHeaderMapPairs(typ, ptr, size uint32) uint32

//go:wasmimport env proxy_get_header_map_size
func proxyGetHeaderMapSize(typ, out uint32) uint32

//go:wasmimport env proxy_get_buffer_bytes
func proxyGetBufferBytes(typ, start, length, ptr, size uint32) uint32

//go:wasmimport env proxy_get_buffer_status
func proxyGetBufferStatus(typ, length, flags uint32) uint32

//go:wasmimport env proxy_set_buffer_bytes
func proxySetBufferBytes(typ, start, length, data, dataSize uint32) uint32

//go:wasmimport env proxy_http_call
func proxyHTTPCall(up, upSize, headers, headersSize, body, bodySize, trailers, trailersSize, timeout, token uint32) uint32

//go:wasmimport env proxy_grpc_call
func proxyGrpcCall(up, upSize, svc, svcSize, method, methodSize, md, mdSize, msg, msgSize, timeout, token uint32) uint32

//go:wasmimport env proxy_grpc_stream
func proxyGrpcStream(up, upSize, svc, svcSize, method, methodSize, md, mdSize, token uint32) uint32

//go:wasmimport env proxy_grpc_cancel
func proxyGrpcCancel(token uint32) uint32

//go:wasmimport env proxy_grpc_close
func proxyGrpcClose(token uint32) uint32

//go:wasmimport env proxy_grpc_send
func proxyGrpcSend(token, msg, msgSize, end uint32) uint32

//go:wasmimport env proxy_set_tick_period_milliseconds
func proxySetTickPeriod(millis uint32) uint32

//go:wasmimport env proxy_get_current_time_nanoseconds
func proxyGetCurrentTime(out uint32) uint32

//go:wasmimport env proxy_define_metric
func proxyDefineMetric(typ, name, nameSize, id uint32) uint32

//go:wasmimport env proxy_increment_metric
func proxyIncrementMetric(id uint32, offset int64) uint32

//go:wasmimport env proxy_record_metric
func proxyRecordMetric(id uint32, value uint64) uint32

//go:wasmimport env proxy_get_metric
func proxyGetMetric(id, out uint32) uint32

//go:wasmimport env proxy_set_effective_context
func proxySetEffectiveContext(id uint32) uint32

//go:wasmimport env proxy_done
func proxyDone() uint32

//go:wasmimport env proxy_call_foreign_function
func proxyCallForeignFunction(name, nameSize, arg, argSize, ptr, size uint32) uint32

//go:wasmimport env proxy_continue_stream
func proxyContinueStream(typ uint32) uint32

//go:wasmimport env proxy_close_stream
func proxyCloseStream(typ uint32) uint32

//go:wasmimport wasi_snapshot_preview1 proc_exit
func procExit(code uint32)
