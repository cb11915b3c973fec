package abi

import "unsafe"

// Log writes one line to the proxy's log.
func Log(level LogLevel, message string) error {
	p, n := stringPtr(message)
	return statusError(proxyLog(uint32(level), p, n))
}

// Now is the host's wall clock in nanoseconds since 1970, when it was first asked for in the
// callback in hand; 0 of a host without a clock.
func Now() int64 {
	if vm.now == 0 {
		proxyNow(unsafe.Pointer(&vm.now))
	}
	return vm.now
}

// Continues reports of a callback with a request's body, or for the access log, that none has come since that with the
// request's headers or its body; but for those with an answer that is to be ignored.
func Continues() bool { return vm.former == vm.context }

// SetTick asks for a tick every so many milliseconds; 0 stops them.
func SetTick(millis uint32) error { return statusError(proxySetTick(millis)) }

// Property reads an attribute of the stream or the node; path elements are
// separated by zero bytes.
func Property(path string) ([]byte, error) {
	p, n := stringPtr(path)
	vm.out.data, vm.out.size = 0, 0
	if err := statusError(proxyGetProperty(p, n, unsafe.Pointer(&vm.out.data), unsafe.Pointer(&vm.out.size))); err != nil {
		return nil, err
	}
	return returnedBytes(), nil
}

// SetProperty stores a value as filter state; Envoy shows it in access logs as
// %FILTER_STATE(wasm.PATH:PLAIN)%.
func SetProperty(path string, value []byte) error {
	p, n := stringPtr(path)
	v, size := bytesPtr(value)
	return often(proxySetProperty(p, n, v, size))
}

// Pairs is a header map as the host writes it: see ParseHeaders.
func Pairs(kind MapType) ([]byte, error) {
	vm.out.data, vm.out.size = 0, 0
	if err := often(proxyGetPairs(uint32(kind), unsafe.Pointer(&vm.out.data), unsafe.Pointer(&vm.out.size))); err != nil {
		return nil, err
	}
	return returnedBytes(), nil
}

// Headers appends a header map's pairs to dst.
func Headers[H pair](dst []H, kind MapType) ([]H, error) {
	b, err := Pairs(kind)
	return ParseHeaders(dst, b), err
}

// SetHeaders replaces a whole header map.
func SetHeaders[H pair](kind MapType, headers []H) error {
	vm.scratch = appendHeaders(vm.scratch[:0], headers)
	p, n := bytesPtr(vm.scratch)
	return statusError(proxySetPairs(uint32(kind), p, n))
}

// AddHeader appends one header to a map.
func AddHeader(kind MapType, name, value string) error {
	k, kn := stringPtr(name)
	v, vn := stringPtr(value)
	return statusError(proxyAddHeader(uint32(kind), k, kn, v, vn))
}

// ReplaceHeader sets a header to one value, whatever it was before.
func ReplaceHeader(kind MapType, name, value string) error {
	k, kn := stringPtr(name)
	v, vn := stringPtr(value)
	return often(proxyReplaceHeader(uint32(kind), k, kn, v, vn))
}

// RemoveHeader removes all values of a header.
func RemoveHeader(kind MapType, name string) error {
	k, kn := stringPtr(name)
	return statusError(proxyRemoveHeader(uint32(kind), k, kn))
}

// Buffer reads size bytes of a buffer from start. A buffer that the host does
// not have in this callback is empty.
func Buffer(kind BufferType, start, size int) ([]byte, error) {
	vm.out.data, vm.out.size = 0, 0
	err := often(proxyGetBuffer(uint32(kind), uint32(start), uint32(size), unsafe.Pointer(&vm.out.data), unsafe.Pointer(&vm.out.size)))
	if err == ErrNotFound {
		return nil, nil
	}
	return returnedBytes(), err
}

// ReplaceBuffer puts data in the place of a whole buffer.
func ReplaceBuffer(kind BufferType, data []byte) error {
	p, n := bytesPtr(data)
	const all = 1<<32 - 1
	return statusError(proxySetBuffer(uint32(kind), 0, all, p, n))
}

// Reply answers the current stream in the place of the upstream. details is
// shown by Envoy as %RESPONSE_CODE_DETAILS%.
func Reply[H pair](status int, details string, headers []H, body []byte) error {
	vm.scratch = appendHeaders(vm.scratch[:0], headers)
	return ReplyPacked(status, details, vm.scratch, body)
}

// Pack is headers as ReplyPacked takes them, for who answers the same again and again.
func Pack[H pair](headers []H) []byte { return appendHeaders(nil, headers) }

// ReplyPacked is Reply with headers that Pack has made.
func ReplyPacked(status int, details string, headers, body []byte) error {
	h, hn := bytesPtr(headers)
	d, dn := stringPtr(details)
	b, bn := bytesPtr(body)
	const noGRPC = -1
	return often(proxyReply(uint32(status), d, dn, b, bn, h, hn, noGRPC))
}

// Ignore has the answer to a stream pass without the plugin: it was the plugin's own. It is forgotten when
// the next one is to be ignored: a proxy sends what it is given as soon as the callback is over.
func Ignore(stream uint32) { vm.ignored = stream }

// Continue resumes a direction that a callback has stopped.
func Continue(d Direction) error { return statusError(proxyContinue(uint32(d))) }

// Reset ends the current stream abruptly.
func Reset(d Direction) error { return statusError(proxyClose(uint32(d))) }

// SetContext makes a stream or the plugin the subject of the following calls.
func SetContext(id uint32) error { return statusError(proxySetContext(id)) }

// Call starts an HTTP request to a cluster of the proxy and returns its
// number, which the plugin's CalloutHandler gets with the answer. The timeout
// covers the whole exchange.
func Call[H pair](cluster string, headers []H, body []byte, trailers []H, timeoutMillis uint32) (uint32, error) {
	vm.scratch = appendHeaders(vm.scratch[:0], headers)
	split := len(vm.scratch)
	vm.scratch = appendHeaders(vm.scratch, trailers)
	h, hn := bytesPtr(vm.scratch[:split])
	t, tn := bytesPtr(vm.scratch[split:])
	c, cn := stringPtr(cluster)
	b, bn := bytesPtr(body)
	err := statusError(proxyCall(c, cn, h, hn, b, bn, t, tn, timeoutMillis, unsafe.Pointer(&vm.out.id)))
	return vm.out.id, err
}

// Load reads a value that all workers share, with its version.
func Load(key string) (value []byte, version uint32, err error) {
	k, kn := stringPtr(key)
	vm.out.data, vm.out.size, vm.out.version = 0, 0, 0
	err = often(proxyGetShared(k, kn, unsafe.Pointer(&vm.out.data), unsafe.Pointer(&vm.out.size), unsafe.Pointer(&vm.out.version)))
	if err != nil {
		return nil, 0, err
	}
	return returnedBytes(), vm.out.version, nil
}

// Store writes a shared value if its version is still the given one; version 0
// writes always.
func Store(key string, value []byte, version uint32) error {
	k, kn := stringPtr(key)
	v, vn := bytesPtr(value)
	return often(proxySetShared(k, kn, v, vn, version))
}

// RegisterQueue opens this VM's queue of that name.
func RegisterQueue(name string) (uint32, error) {
	p, n := stringPtr(name)
	err := statusError(proxyRegisterQueue(p, n, unsafe.Pointer(&vm.out.id)))
	return vm.out.id, err
}

// ResolveQueue finds a queue that another VM has registered.
func ResolveQueue(vmID, name string) (uint32, error) {
	v, vn := stringPtr(vmID)
	p, n := stringPtr(name)
	err := statusError(proxyResolveQueue(v, vn, p, n, unsafe.Pointer(&vm.out.id)))
	return vm.out.id, err
}

// Enqueue appends a value to a queue.
func Enqueue(queue uint32, value []byte) error {
	p, n := bytesPtr(value)
	return statusError(proxyEnqueue(queue, p, n))
}

// Dequeue takes the first value of a queue.
func Dequeue(queue uint32) ([]byte, error) {
	vm.out.data, vm.out.size = 0, 0
	if err := statusError(proxyDequeue(queue, unsafe.Pointer(&vm.out.data), unsafe.Pointer(&vm.out.size))); err != nil {
		return nil, err
	}
	return returnedBytes(), nil
}

// DefineMetric finds or makes a metric.
func DefineMetric(kind MetricType, name string) (uint32, error) {
	p, n := stringPtr(name)
	err := statusError(proxyDefineMetric(uint32(kind), p, n, unsafe.Pointer(&vm.out.id)))
	return vm.out.id, err
}

// Increment adds to a counter or gauge.
func Increment(metric uint32, by int64) error { return often(proxyIncrement(metric, by)) }

// Record sets a gauge or adds a value to a histogram.
func Record(metric uint32, value uint64) error { return often(proxyRecord(metric, value)) }

// Metric reads a counter or gauge; 0 is one that the host does not have.
func Metric(metric uint32) uint64 {
	if proxyGetMetric(metric, unsafe.Pointer(&vm.out.wide)) != 0 {
		return 0
	}
	return vm.out.wide
}

// Foreign calls a function that the host adds to the ABI.
func Foreign(name string, argument []byte) ([]byte, error) {
	p, n := stringPtr(name)
	a, an := bytesPtr(argument)
	vm.out.data, vm.out.size = 0, 0
	if err := statusError(proxyForeign(p, n, a, an, unsafe.Pointer(&vm.out.data), unsafe.Pointer(&vm.out.size))); err != nil {
		return nil, err
	}
	return returnedBytes(), nil
}
