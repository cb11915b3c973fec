package hostsim

// Host functions on header and trailer maps.

func headerFuncs() []hostFunc {
	return []hostFunc{
		statusFunc("proxy_add_header_map_value", 5, (*vm).addHeader),
		statusFunc("proxy_get_header_map_value", 5, (*vm).getHeader),
		statusFunc("proxy_replace_header_map_value", 5, (*vm).replaceHeader),
		statusFunc("proxy_remove_header_map_value", 3, (*vm).removeHeader),
		statusFunc("proxy_get_header_map_pairs", 3, (*vm).getHeaderPairs),
		statusFunc("proxy_set_header_map_pairs", 3, (*vm).setHeaderPairs),
		statusFunc("proxy_get_header_map_size", 2, (*vm).getHeaderSize),
	}
}

// writable returns a map that the guest may change now, or nil. Asking for the
// trailers of a body that ends in this callback makes them.
func (c *vmContext) writable(typ uint64) *headerMap {
	switch typ {
	case mapRequestHeaders:
		return c.reqHeaders
	case mapRequestTrailers:
		if c.reqTrailers == nil && c.reqBody != nil && c.endOfStream && c.filter != nil {
			c.reqTrailers = c.stream.req.addTrailers(kindRequestTrailers)
		}
		return c.reqTrailers
	case mapResponseHeaders:
		return c.respHeaders
	case mapResponseTrailers:
		if c.respTrailers == nil && c.respBody != nil && c.endOfStream && c.filter != nil {
			c.respTrailers = c.stream.resp.addTrailers(kindResponseTrailers)
		}
		return c.respTrailers
	}
	return nil
}

// readable returns a map that the guest may read now, or nil.
func (c *vmContext) readable(typ uint64) *headerMap {
	switch typ {
	case mapRequestHeaders:
		if c.logging {
			return c.stream.req.headers
		}
		return c.reqHeaders
	case mapRequestTrailers:
		if c.logging {
			return nil
		}
		return c.reqTrailers
	case mapResponseHeaders:
		if c.logging {
			return c.stream.resp.headers
		}
		return c.respHeaders
	case mapResponseTrailers:
		if c.logging {
			return c.stream.resp.trailers
		}
		return c.respTrailers
	case mapGrpcInitialMetadata:
		return c.root.grpc.initial
	case mapGrpcTrailingMetadata:
		return c.root.grpc.trailing
	case mapCalloutHeaders:
		if a := c.root.callout; a != nil {
			return a.headers
		}
	case mapCalloutTrailers:
		if a := c.root.callout; a != nil {
			return a.trailers
		}
	}
	return nil
}

func (v *vm) addHeader(a []uint64) Status {
	return v.editHeader(a, (*headerMap).add)
}

func (v *vm) replaceHeader(a []uint64) Status {
	return v.editHeader(a, (*headerMap).set)
}

func (v *vm) editHeader(a []uint64, edit func(m *headerMap, name, value string)) Status {
	if a[0] > mapMax {
		return StatusBadArgument
	}
	name, ok := v.readString(a[1], a[2])
	value, ok2 := v.readString(a[3], a[4])
	if !ok || !ok2 {
		return StatusInvalidMemoryAccess
	}
	c := v.current()
	m := c.writable(a[0])
	if m == nil {
		return StatusBadArgument
	}
	edit(m, lower(name), value)
	return StatusOK
}

func (v *vm) removeHeader(a []uint64) Status {
	if a[0] > mapMax {
		return StatusBadArgument
	}
	name, ok := v.readString(a[1], a[2])
	if !ok {
		return StatusInvalidMemoryAccess
	}
	c := v.current()
	m := c.writable(a[0])
	if m == nil {
		return StatusBadArgument
	}
	m.list.Del(name)
	return StatusOK
}

func (v *vm) getHeader(a []uint64) Status {
	if a[0] > mapMax {
		return StatusBadArgument
	}
	name, ok := v.read(a[1], a[2])
	if !ok {
		return StatusInvalidMemoryAccess
	}
	c := v.current()
	m := c.readable(a[0])
	if m == nil {
		if c.logging {
			return StatusNotFound
		}
		return StatusBadArgument
	}
	value, ok := m.lookup(name)
	if !ok {
		return StatusNotFound
	}
	return v.giveString(value, a[3], a[4])
}

// lookup finds the first value of a name that need not be in lower case.
func (m *headerMap) lookup(name []byte) (string, bool) {
	for i := range m.list {
		if m.list[i].Name == string(name) {
			return m.list[i].Value, true
		}
	}
	for _, c := range name {
		if c >= 'A' && c <= 'Z' {
			return m.list.Lookup(lower(string(name)))
		}
	}
	return "", false
}

func (v *vm) getHeaderPairs(a []uint64) Status {
	if a[0] > mapMax {
		return StatusBadArgument
	}
	m := v.current().readable(a[0])
	if m == nil || len(m.list) == 0 {
		return v.givePointer(0, 0, a[1], a[2])
	}
	size := pairsSize(m.list)
	ptr, dst, ok := v.allocate(size)
	if !ok {
		return StatusInvalidMemoryAccess
	}
	appendPairs(dst[:0], m.list)
	return v.givePointer(ptr, size, a[1], a[2])
}

func (v *vm) setHeaderPairs(a []uint64) Status {
	if a[0] > mapMax {
		return StatusBadArgument
	}
	b, ok := v.read(a[1], a[2])
	if !ok {
		return StatusInvalidMemoryAccess
	}
	c := v.current()
	m := c.writable(a[0])
	if m == nil {
		return StatusBadArgument
	}
	m.list = m.list[:0]
	for _, f := range parsePairs(b) {
		m.add(lower(f.Name), f.Value)
	}
	return StatusOK
}

func (v *vm) getHeaderSize(a []uint64) Status {
	if a[0] > mapMax {
		return StatusBadArgument
	}
	m := v.current().writable(a[0])
	if m == nil {
		return StatusBadArgument
	}
	if !v.writeU32(a[1], m.byteSize()) {
		return StatusInvalidMemoryAccess
	}
	return StatusOK
}
