package hostsim

// How a plugin's context takes part in a stream: what it may see in which callback.

func (p *pipe) offerHeaders(h *half, end bool) headersAction {
	c := &h.f.ctx
	if p.request {
		c.onCreate()
		c.reqHeaders, c.endOfStream = p.headers, end
		act := c.onHeaders(cbRequestHeaders, p.headers.size(), end)
		if act == headersContinue {
			c.reqHeaders = nil
		}
		return act
	}
	if !c.created || c.failureReply {
		return headersContinue
	}
	c.respHeaders, c.endOfStream = p.headers, end
	act := c.onHeaders(cbResponseHeaders, p.headers.size(), end)
	if act == headersContinue {
		c.respHeaders = nil
	}
	return act
}

func (p *pipe) offerData(h *half, data *buffer, end bool) dataAction {
	c := &h.f.ctx
	if !c.created || !p.request && c.failureReply {
		return dataContinue
	}
	cb, buffering, body, typ := cbRequestBody, &c.bufferingReq, &c.reqBody, uint64(bufRequestBody)
	if !p.request {
		cb, buffering, body, typ = cbResponseBody, &c.bufferingResp, &c.respBody, bufResponseBody
	}
	if *buffering {
		p.streaming = false
		p.hold(data)
		if c.destroyed {
			return dataStopBuffer
		}
	}
	*body, c.endOfStream = data, end
	act := c.onData(cb, uint32(c.bodyBuffer(typ).len()), end)
	*buffering = act == dataStopBuffer
	if act == dataContinue {
		*body = nil
	}
	return act
}

func (p *pipe) offerTrailers(h *half) trailersAction {
	c := &h.f.ctx
	if !c.created || !p.request && c.failureReply {
		return trailersContinue
	}
	cb, trailers := cbRequestTrailers, &c.reqTrailers
	if !p.request {
		cb, trailers = cbResponseTrailers, &c.respTrailers
	}
	*trailers = p.trailers
	act := c.onTrailers(cb, p.trailers.size())
	if act == trailersContinue {
		*trailers = nil
	}
	return act
}

// resumed forgets that the body was held: what comes from now on is not joined to it.
func (c *vmContext) resumed(request bool) {
	if request {
		c.bufferingReq = false
	} else {
		c.bufferingResp = false
	}
}

// log is the access log: the one callback that sees the finished stream.
func (c *vmContext) log() {
	if !c.created {
		c.onCreate()
	}
	c.logging = true
	c.onLog()
	c.logging = false
}

// destroy ends the context's life in the guest. It is forgotten after this step.
func (c *vmContext) destroy() {
	if c.destroyed || !c.created {
		return
	}
	c.destroyed = true
	c.onDone()
	c.onDelete()
	if c.vm != nil {
		c.vm.worker.deferDelete(c)
	}
}

func streamFuncs() []hostFunc {
	return []hostFunc{
		statusFunc("proxy_continue_stream", 1, (*vm).continueStream),
		statusFunc("proxy_close_stream", 1, (*vm).closeStream),
		statusFunc("proxy_send_local_response", 8, (*vm).sendLocalResponse),
	}
}

func (v *vm) continueStream(a []uint64) Status {
	c := v.current()
	switch a[0] {
	case streamRequest:
		if c.filter != nil {
			v.afterCall(func() { c.stream.req.continueFrom(&c.filter.req) })
		}
	case streamResponse:
		if c.filter != nil {
			v.afterCall(func() { c.stream.resp.continueFrom(&c.filter.res) })
		}
	case streamDownstream:
		return StatusOK
	case streamUpstream:
		return StatusUnimplemented
	default:
		return StatusBadArgument
	}
	// Whichever direction continues, it is the request that can no longer be read.
	c.reqHeaders, c.reqBody, c.reqTrailers = nil, nil, nil
	return StatusOK
}

func (v *vm) closeStream(a []uint64) Status {
	c := v.current()
	switch a[0] {
	case streamRequest, streamResponse:
		if c.filter != nil && (c.logging || c.destroyed) && c.stream.resp.headers != nil {
			c.stream.misuse("closed a stream that has ended: Envoy crashes")
		} else if c.filter != nil {
			c.stream.setDetails("wasm_close_stream")
			v.afterCall(func() { c.stream.resetFromFilter("wasm_close_stream") })
		}
		return StatusOK
	case streamDownstream, streamUpstream:
		return StatusOK
	}
	return StatusBadArgument
}

func (v *vm) sendLocalResponse(a []uint64) Status {
	details, ok := v.readString(a[1], a[2])
	body, ok2 := v.readString(a[3], a[4])
	pairs, ok3 := v.read(a[5], a[6])
	if !ok || !ok2 || !ok3 {
		return StatusInvalidMemoryAccess
	}
	r := localReply{code: int(uint32(a[0])), body: body, details: noSpace(details), grpcStatus: int(int32(a[7]))}
	for _, f := range parsePairs(pairs) {
		r.headers = append(r.headers, Header{lower(f.Name), f.Value})
	}
	c := v.current()
	if c.logging && c.stream.resp.headers != nil {
		c.stream.misuse("sent a local reply in proxy_on_log: Envoy crashes")
	} else if c.destroyed && c.stream.resp.headers != nil {
		c.stream.misuse("sent a local reply for a stream that has ended: Envoy crashes")
	}
	if c.filter != nil {
		v.afterCall(func() { c.stream.sendLocalReply(r) })
	}
	// The flag is the VM's, not the stream's: the callback that runs is stopped,
	// whichever stream the reply was for.
	c.vm.stopNext = true
	return StatusOK
}

// noSpace replaces white space: response code details are one word.
func noSpace(s string) string {
	b := []byte(s)
	for i, c := range b {
		switch c {
		case ' ', '\t', '\n', '\v', '\f', '\r':
			b[i] = '_'
		}
	}
	return string(b)
}
