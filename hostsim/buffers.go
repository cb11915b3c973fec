package hostsim

// A buffer holds the body bytes of one direction. One that filters share has a
// limit; going over it is told once.
type buffer struct {
	data     []byte
	limit    int // 0 is none
	above    bool
	tooLarge func()
	drained  func() // told when it has less than half of the limit again
}

func (b *buffer) len() int {
	if b == nil {
		return 0
	}
	return len(b.data)
}

// move takes all bytes of o.
func (b *buffer) move(o *buffer) {
	if len(b.data) == 0 {
		b.data, o.data = o.data, b.data[:0]
	} else {
		b.data = append(b.data, o.data...)
		o.data = o.data[:0]
	}
	b.check()
	o.check()
}

func (b *buffer) check() {
	switch {
	case b.limit == 0:
	case len(b.data) > b.limit:
		if !b.above {
			b.above = true
			b.tooLarge()
		}
	case len(b.data) <= b.limit/2:
		if b.above && b.drained != nil {
			b.drained()
		}
		b.above = false
	}
}

// replace is what a guest may do to a body: put bytes in front, in place of the
// first length bytes, or behind the last; nowhere else.
func (b *buffer) replace(start, length uint64, p []byte) Status {
	n := uint64(len(b.data))
	switch {
	case start == 0:
		length = min(length, n)
		if length == n {
			b.data = append(b.data[:0], p...)
		} else {
			rest := b.data[length:]
			b.data = append(append(make([]byte, 0, len(p)+len(rest)), p...), rest...)
		}
	case start >= n:
		b.data = append(b.data, p...)
	default:
		return StatusBadArgument
	}
	b.check()
	return StatusOK
}

func bufferFuncs() []hostFunc {
	return []hostFunc{
		statusFunc("proxy_get_buffer_bytes", 5, (*vm).getBufferBytes),
		statusFunc("proxy_get_buffer_status", 3, (*vm).getBufferStatus),
		statusFunc("proxy_set_buffer_bytes", 5, (*vm).setBufferBytes),
	}
}

// bodyBuffer is the body that a callback sees: all that is held, or just what came.
func (c *vmContext) bodyBuffer(typ uint64) *buffer {
	if typ == bufRequestBody {
		if c.bufferingReq && c.filter != nil {
			return c.stream.req.buffered
		}
		return c.reqBody
	}
	if c.bufferingResp && c.filter != nil {
		return c.stream.resp.buffered
	}
	return c.respBody
}

// readBuffer returns the bytes of a buffer; found is false for one that exists
// only inside a callback that does not run.
func (c *vmContext) readBuffer(typ uint64) (p []byte, found bool) {
	switch typ {
	case bufRequestBody, bufResponseBody:
		if b := c.bodyBuffer(typ); b != nil {
			return b.data, true
		}
		return nil, true
	case bufDownstreamData, bufUpstreamData:
		return nil, true // exist in TCP plugins only
	case bufCalloutBody:
		if a := c.root.callout; a != nil {
			return a.body, true
		}
	case bufGrpcMessage:
		return c.root.grpc.message, true
	case bufVMConfiguration:
		return []byte(c.vm.config), true
	case bufPluginConfiguration:
		if c.inConfigure {
			return c.plugin.config, true
		}
	case bufCallData:
		return c.callData, true
	}
	return nil, false
}

func (v *vm) getBufferBytes(a []uint64) Status {
	if a[0] > bufMax {
		return StatusBadArgument
	}
	p, found := v.current().readBuffer(a[0])
	if !found {
		return StatusNotFound
	}
	start, length, size := a[1], a[2], uint64(len(p))
	if start > size {
		length = 0
	} else if start+length > size {
		length = size - start
	}
	if length == 0 {
		return v.givePointer(0, 0, a[3], a[4])
	}
	return v.give(p[start:start+length], a[3], a[4])
}

func (v *vm) getBufferStatus(a []uint64) Status {
	if a[0] > bufMax {
		return StatusBadArgument
	}
	p, found := v.current().readBuffer(a[0])
	if !found {
		return StatusNotFound
	}
	if !v.writeU32(a[1], uint32(len(p))) || !v.writeU32(a[2], 0) {
		return StatusInvalidMemoryAccess
	}
	return StatusOK
}

func (v *vm) setBufferBytes(a []uint64) Status {
	if a[0] > bufMax {
		return StatusBadArgument
	}
	c := v.current()
	if _, found := c.readBuffer(a[0]); !found {
		return StatusNotFound
	}
	p, ok := v.read(a[3], a[4])
	if !ok {
		return StatusInvalidMemoryAccess
	}
	if a[0] != bufRequestBody && a[0] != bufResponseBody {
		return StatusBadArgument
	}
	b := c.bodyBuffer(a[0])
	if b == nil {
		return StatusBadArgument
	}
	return b.replace(a[1], a[2], p)
}
