package abi

import (
	"unsafe"

	_ "github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm" // the linkname below reaches into it
)

//go:linkname sdkRegister github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/internal.RegisterMockWasmHost
func sdkRegister(host sdkHost) (release func())

// sdkHost has the method set of the SDK's ProxyWasmHost, which cannot be named
// here. Its enumerations are 32-bit integers, so the two interfaces have the
// same layout: methods are found by their alphabetical position.
type sdkHost interface {
	ProxyLog(level uint32, msg *byte, size int) uint32
	ProxySetProperty(path *byte, pathSize int, value *byte, size int) uint32
	ProxyGetProperty(path *byte, pathSize int, value **byte, size *int) uint32
	ProxySendLocalResponse(status uint32, details *byte, detailsSize int, body *byte, bodySize int, headers *byte, headersSize int, grpc int32) uint32
	ProxyGetSharedData(key *byte, keySize int, value **byte, size *int, cas *uint32) uint32
	ProxySetSharedData(key *byte, keySize int, value *byte, size int, cas uint32) uint32
	ProxyRegisterSharedQueue(name *byte, size int, id *uint32) uint32
	ProxyResolveSharedQueue(vm *byte, vmSize int, name *byte, size int, id *uint32) uint32
	ProxyDequeueSharedQueue(id uint32, value **byte, size *int) uint32
	ProxyEnqueueSharedQueue(id uint32, value *byte, size int) uint32
	ProxyGetHeaderMapValue(kind uint32, key *byte, keySize int, value **byte, size *int) uint32
	ProxyAddHeaderMapValue(kind uint32, key *byte, keySize int, value *byte, size int) uint32
	ProxyReplaceHeaderMapValue(kind uint32, key *byte, keySize int, value *byte, size int) uint32
	ProxyContinueStream(direction uint32) uint32
	ProxyCloseStream(direction uint32) uint32
	ProxyRemoveHeaderMapValue(kind uint32, key *byte, keySize int) uint32
	ProxyGetHeaderMapPairs(kind uint32, data **byte, size *int) uint32
	ProxySetHeaderMapPairs(kind uint32, data *byte, size int) uint32
	ProxyGetBufferBytes(kind uint32, start, length int, data **byte, size *int) uint32
	ProxySetBufferBytes(kind uint32, start, length int, data *byte, size int) uint32
	ProxyHttpCall(cluster *byte, clusterSize int, headers *byte, headersSize int, body *byte, bodySize int, trailers *byte, trailersSize int, millis uint32, id *uint32) uint32
	ProxyCallForeignFunction(name *byte, nameSize int, arg *byte, argSize int, result **byte, size *int) uint32
	ProxySetTickPeriodMilliseconds(millis uint32) uint32
	ProxySetEffectiveContext(id uint32) uint32
	ProxyDone() uint32
	ProxyDefineMetric(kind uint32, name *byte, size int, id *uint32) uint32
	ProxyIncrementMetric(id uint32, by int64) uint32
	ProxyRecordMetric(id uint32, value uint64) uint32
	ProxyGetMetric(id uint32, value *uint64) uint32
}

// installBridge gives the SDK its host. The linker drops methods that it finds
// no call of, and it cannot see the SDK's calls through the foreign interface:
// mentioning each method through the local one keeps it.
func installBridge() {
	var h sdkHost = bridge{}
	for _, kept := range [...]any{
		h.ProxyLog, h.ProxySetProperty, h.ProxyGetProperty, h.ProxySendLocalResponse, h.ProxyGetSharedData,
		h.ProxySetSharedData, h.ProxyRegisterSharedQueue, h.ProxyResolveSharedQueue, h.ProxyDequeueSharedQueue,
		h.ProxyEnqueueSharedQueue, h.ProxyGetHeaderMapValue, h.ProxyAddHeaderMapValue, h.ProxyReplaceHeaderMapValue,
		h.ProxyContinueStream, h.ProxyCloseStream, h.ProxyRemoveHeaderMapValue, h.ProxyGetHeaderMapPairs,
		h.ProxySetHeaderMapPairs, h.ProxyGetBufferBytes, h.ProxySetBufferBytes, h.ProxyHttpCall,
		h.ProxyCallForeignFunction, h.ProxySetTickPeriodMilliseconds, h.ProxySetEffectiveContext, h.ProxyDone,
		h.ProxyDefineMetric, h.ProxyIncrementMetric, h.ProxyRecordMetric, h.ProxyGetMetric,
	} {
		_ = kept
	}
	sdkRegister(h) // the release function unlocks a test's mutex; this host stays
}

type bridge struct{}

// u is a pointer as the host takes it.
func u(p *byte) unsafe.Pointer { return unsafe.Pointer(p) }

// returned copies what the host wrote, for the SDK keeps it: its results are
// strings and slices of its own.
func returned(status uint32, data **byte, size *int) uint32 {
	if status != 0 {
		return status
	}
	b := append([]byte(nil), returnedBytes()...)
	*data, *size = unsafe.SliceData(b), len(b)
	return 0
}

func outPtrs() (data, size unsafe.Pointer) {
	vm.out.data, vm.out.size = 0, 0
	return unsafe.Pointer(&vm.out.data), unsafe.Pointer(&vm.out.size)
}

func returnedID(status uint32, id *uint32) uint32 {
	*id = vm.out.id
	return status
}

func (bridge) ProxyLog(level uint32, msg *byte, size int) uint32 {
	return proxyLog(level, u(msg), uint32(size))
}

func (bridge) ProxySetProperty(path *byte, pathSize int, value *byte, size int) uint32 {
	return proxySetProperty(u(path), uint32(pathSize), u(value), uint32(size))
}

func (bridge) ProxyGetProperty(path *byte, pathSize int, value **byte, size *int) uint32 {
	d, s := outPtrs()
	return returned(proxyGetProperty(u(path), uint32(pathSize), d, s), value, size)
}

func (bridge) ProxySendLocalResponse(status uint32, details *byte, detailsSize int, body *byte, bodySize int, headers *byte, headersSize int, grpc int32) uint32 {
	return proxyReply(status, u(details), uint32(detailsSize), u(body), uint32(bodySize), u(headers), uint32(headersSize), grpc)
}

func (bridge) ProxyGetSharedData(key *byte, keySize int, value **byte, size *int, cas *uint32) uint32 {
	d, s := outPtrs()
	status := proxyGetShared(u(key), uint32(keySize), d, s, unsafe.Pointer(&vm.out.version))
	*cas = vm.out.version
	return returned(status, value, size)
}

func (bridge) ProxySetSharedData(key *byte, keySize int, value *byte, size int, cas uint32) uint32 {
	return proxySetShared(u(key), uint32(keySize), u(value), uint32(size), cas)
}

func (bridge) ProxyRegisterSharedQueue(name *byte, size int, id *uint32) uint32 {
	return returnedID(proxyRegisterQueue(u(name), uint32(size), unsafe.Pointer(&vm.out.id)), id)
}

func (bridge) ProxyResolveSharedQueue(vmID *byte, vmSize int, name *byte, size int, id *uint32) uint32 {
	return returnedID(proxyResolveQueue(u(vmID), uint32(vmSize), u(name), uint32(size), unsafe.Pointer(&vm.out.id)), id)
}

func (bridge) ProxyDequeueSharedQueue(id uint32, value **byte, size *int) uint32 {
	d, s := outPtrs()
	return returned(proxyDequeue(id, d, s), value, size)
}

func (bridge) ProxyEnqueueSharedQueue(id uint32, value *byte, size int) uint32 {
	return proxyEnqueue(id, u(value), uint32(size))
}

func (bridge) ProxyGetHeaderMapValue(kind uint32, key *byte, keySize int, value **byte, size *int) uint32 {
	d, s := outPtrs()
	return returned(proxyGetHeader(kind, u(key), uint32(keySize), d, s), value, size)
}

func (bridge) ProxyAddHeaderMapValue(kind uint32, key *byte, keySize int, value *byte, size int) uint32 {
	return proxyAddHeader(kind, u(key), uint32(keySize), u(value), uint32(size))
}

func (bridge) ProxyReplaceHeaderMapValue(kind uint32, key *byte, keySize int, value *byte, size int) uint32 {
	return proxyReplaceHeader(kind, u(key), uint32(keySize), u(value), uint32(size))
}

func (bridge) ProxyContinueStream(direction uint32) uint32 { return proxyContinue(direction) }

func (bridge) ProxyCloseStream(direction uint32) uint32 { return proxyClose(direction) }

func (bridge) ProxyRemoveHeaderMapValue(kind uint32, key *byte, keySize int) uint32 {
	return proxyRemoveHeader(kind, u(key), uint32(keySize))
}

func (bridge) ProxyGetHeaderMapPairs(kind uint32, data **byte, size *int) uint32 {
	d, s := outPtrs()
	return returned(proxyGetPairs(kind, d, s), data, size)
}

func (bridge) ProxySetHeaderMapPairs(kind uint32, data *byte, size int) uint32 {
	return proxySetPairs(kind, u(data), uint32(size))
}

func (bridge) ProxyGetBufferBytes(kind uint32, start, length int, data **byte, size *int) uint32 {
	d, s := outPtrs()
	return returned(proxyGetBuffer(kind, uint32(start), uint32(length), d, s), data, size)
}

func (bridge) ProxySetBufferBytes(kind uint32, start, length int, data *byte, size int) uint32 {
	return proxySetBuffer(kind, uint32(start), uint32(length), u(data), uint32(size))
}

func (bridge) ProxyHttpCall(cluster *byte, clusterSize int, headers *byte, headersSize int, body *byte, bodySize int, trailers *byte, trailersSize int, millis uint32, id *uint32) uint32 {
	return returnedID(proxyCall(u(cluster), uint32(clusterSize), u(headers), uint32(headersSize), u(body), uint32(bodySize), u(trailers), uint32(trailersSize), millis, unsafe.Pointer(&vm.out.id)), id)
}

func (bridge) ProxyCallForeignFunction(name *byte, nameSize int, arg *byte, argSize int, result **byte, size *int) uint32 {
	d, s := outPtrs()
	return returned(proxyForeign(u(name), uint32(nameSize), u(arg), uint32(argSize), d, s), result, size)
}

func (bridge) ProxySetTickPeriodMilliseconds(millis uint32) uint32 { return proxySetTick(millis) }

func (bridge) ProxySetEffectiveContext(id uint32) uint32 { return proxySetContext(id) }

func (bridge) ProxyDone() uint32 { return proxyDone() }

func (bridge) ProxyDefineMetric(kind uint32, name *byte, size int, id *uint32) uint32 {
	return returnedID(proxyDefineMetric(kind, u(name), uint32(size), unsafe.Pointer(&vm.out.id)), id)
}

func (bridge) ProxyIncrementMetric(id uint32, by int64) uint32 { return proxyIncrement(id, by) }

func (bridge) ProxyRecordMetric(id uint32, value uint64) uint32 { return proxyRecord(id, value) }

func (bridge) ProxyGetMetric(id uint32, value *uint64) uint32 {
	status := proxyGetMetric(id, unsafe.Pointer(&vm.out.wide))
	*value = vm.out.wide
	return status
}
