package hostsim

// A vmContext is what the guest knows by a context id: the VM itself (0), a
// plugin's root, or one stream in one plugin.
type vmContext struct {
	vm     *vm
	id     uint32
	root   *vmContext // itself for roots
	plugin *plugin    // nil for context 0
	stream *Stream    // nil for roots
	filter *filter    // nil for roots

	created       bool // the guest knows this context
	destroyed     bool
	failureReply  bool // the VM has failed and the client was told
	inConfigure   bool // the plugin configuration can be read
	callData      []byte
	statusCode    uint32
	statusMessage string
	callout       *calloutAnswer         // what the running callout callback may read; roots only
	grpc          grpcState              // roots only
	declared      map[string]declaration // properties; only those of roots count
	expressions   expressions            // roots only

	reqHeaders, reqTrailers   *headerMap
	respHeaders, respTrailers *headerMap
	reqBody, respBody         *buffer
	bufferingReq              bool
	bufferingResp             bool
	endOfStream               bool
	logging                   bool // in the access log: maps are read only
}

// newRoot makes the root context of a plugin.
func (v *vm) newRoot(p *plugin) *vmContext {
	c := &vmContext{vm: v, plugin: p, id: v.newContextID()}
	c.root = c
	v.contexts[c.id] = c
	return c
}

// initStreamContext makes the context of one stream; v is nil when the VM could
// not be had, and then every callback fails the stream.
func (v *vm) initStreamContext(c *vmContext, p *plugin, root *vmContext, s *Stream) {
	c.vm, c.plugin, c.root, c.stream = v, p, root, s
	if v != nil {
		c.id = v.newContextID()
		v.contexts[c.id] = c
	}
}

func (v *vm) newContextID() uint32 {
	for {
		id := v.nextID
		v.nextID++
		if _, taken := v.contexts[id]; !taken {
			return id
		}
	}
}

// isFailed says that nothing more may be called in the context's VM.
func (c *vmContext) isFailed() bool { return c.vm == nil || c.vm.failed != nil || c.vm.closed }

func (c *vmContext) has(cb callback) bool { return c.vm.has[cb] }

// onStart creates the context in the guest and starts the VM.
func (c *vmContext) onStart() bool {
	defer c.vm.finish()
	if c.has(cbContextCreate) {
		c.call(cbContextCreate, c.id, 0)
		c.created = true
	}
	if c.has(cbVMStart) {
		return c.call(cbVMStart, c.id, uint32(len(c.vm.config))) != 0
	}
	return true
}

func (c *vmContext) onConfigure() bool {
	if c.isFailed() {
		return true
	}
	if !c.created && c.has(cbContextCreate) {
		c.call(cbContextCreate, c.id, 0)
		c.vm.finish()
	}
	c.created = true
	if !c.has(cbConfigure) {
		return true
	}
	defer c.vm.finish()
	c.inConfigure = true
	ok := c.call(cbConfigure, c.id, uint32(len(c.plugin.Configuration))) != 0
	c.inConfigure = false
	return ok
}

func (c *vmContext) onCreate() {
	if !c.isFailed() && !c.created && c.has(cbContextCreate) {
		c.call(cbContextCreate, c.id, c.root.id)
		c.vm.finish()
	}
	c.created = true
}

func (c *vmContext) onTick() { c.notify(cbTick, c.id) }

func (c *vmContext) onQueueReady(token uint32) { c.notify(cbQueueReady, c.id, token) }

// notify runs a callback without a result, if there is one and the VM lives.
func (c *vmContext) notify(cb callback, args ...uint32) {
	if c.isFailed() || !c.has(cb) {
		return
	}
	c.call(cb, args...)
	c.vm.finish()
}

func (c *vmContext) onDone() bool {
	if c.isFailed() || !c.has(cbDone) {
		return true
	}
	defer c.vm.finish()
	return c.call(cbDone, c.id) != 0
}

func (c *vmContext) onLog() { c.notify(cbLog, c.id) }

func (c *vmContext) onDelete() {
	if c.created {
		c.notify(cbDelete, c.id)
	}
}

// failStream answers 503 for a stream whose VM has failed, once. That is so even
// when the plugin is to fail open: only later streams pass without it.
func (c *vmContext) failStream() {
	if !c.failureReply {
		c.failureReply = true
		c.stream.sendLocalReply(localReply{code: 503, details: "wasm_fail_stream", grpcStatus: 14})
	}
}

func (c *vmContext) onHeaders(cb callback, n uint32, end bool) headersAction {
	if c.isFailed() {
		c.failStream()
		return headersStopAllWatermark
	}
	if !c.has(cb) {
		return headersContinue
	}
	defer c.vm.finish()
	r := headersAction(c.call(cb, c.id, n, b2i(end)))
	if c.isFailed() {
		c.failStream()
		return headersStopAllWatermark
	}
	switch {
	case c.vm.stopNext || r > headersStopAllWatermark:
		return headersStopAllWatermark
	case r == headersStop && !c.plugin.AllowOnHeadersStopIteration:
		return headersStopAllWatermark
	case r == headersContinueAndEnd:
		return headersContinue
	}
	return r
}

func (c *vmContext) onData(cb callback, size uint32, end bool) dataAction {
	if c.isFailed() {
		c.failStream()
		return dataStopNoBuffer
	}
	if !c.has(cb) {
		return dataContinue
	}
	defer c.vm.finish()
	r := dataAction(c.call(cb, c.id, size, b2i(end)))
	if c.isFailed() {
		c.failStream()
		return dataStopNoBuffer
	}
	if c.vm.stopNext || r > dataStopNoBuffer {
		return dataStopNoBuffer
	}
	return r
}

func (c *vmContext) onTrailers(cb callback, n uint32) trailersAction {
	if c.isFailed() {
		c.failStream()
		return trailersStop
	}
	if !c.has(cb) {
		return trailersContinue
	}
	defer c.vm.finish()
	r := trailersAction(c.call(cb, c.id, n))
	if c.isFailed() {
		c.failStream()
		return trailersStop
	}
	if c.vm.stopNext || r > trailersStop {
		return trailersStop
	}
	return r
}

func b2i(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}
