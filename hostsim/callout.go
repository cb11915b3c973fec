package hostsim

import (
	"strconv"
	"time"
)

// A Callout is a request that a plugin sent to a cluster with proxy_http_call.
type Callout struct {
	Cluster string
	Headers Headers
	Body    []byte
	Timeout time.Duration // 0 is none
	Token   uint32

	root  *vmContext
	timer *timer
	done  bool
}

// calloutAnswer is what the plugin may read in the callback.
type calloutAnswer struct {
	headers, trailers *headerMap
	body              []byte
}

func calloutFuncs() []hostFunc {
	return []hostFunc{statusFunc("proxy_http_call", 10, (*vm).httpCall)}
}

func (v *vm) httpCall(a []uint64) Status {
	cluster, ok := v.readString(a[0], a[1])
	headers, ok2 := v.read(a[2], a[3])
	body, ok3 := v.read(a[4], a[5])
	_, ok4 := v.read(a[6], a[7]) // Envoy does not send a callout's trailers
	if !ok || !ok2 || !ok3 || !ok4 || !v.writeU32(a[9], 0) {
		return StatusInvalidMemoryAccess
	}
	millis := int32(uint32(a[8]))
	handler, known := v.host.cluster(cluster)
	if millis < 0 || !known {
		return StatusBadArgument
	}
	m := newHeaderMap(kindRequest, parsePairs(headers))
	for _, name := range []string{":path", ":method", ":authority"} {
		if _, ok := m.list.Lookup(name); !ok {
			return StatusBadArgument
		}
	}
	if _, ok := m.list.Lookup(":scheme"); !ok {
		m.list.Add(":scheme", "http")
	}
	if len(body) > 0 {
		m.set("content-length", strconv.Itoa(len(body)))
	}
	v.tokens[calloutHTTP] += calloutIncrement
	c := &Callout{
		Cluster: cluster, Headers: m.list, Body: append([]byte(nil), body...),
		Timeout: time.Duration(millis) * time.Millisecond, Token: v.tokens[calloutHTTP], root: v.current().root,
	}
	v.writeU32(a[9], c.Token)
	v.host.startCallout(c, handler)
	return StatusOK
}

// startCallout hands the request to the world and starts its timeout.
func (h *Host) startCallout(c *Callout, handler Handler) {
	h.mu.Lock()
	h.callouts = append(h.callouts, c)
	h.mu.Unlock()
	if c.Timeout > 0 {
		c.timer = h.clock.after(c.Timeout, func() {
			c.reply(localResponse(504, "upstream request timeout"))
		})
	}
	if handler == nil {
		return // the test answers by hand
	}
	h.outside(func() {
		r := handler(Request{Cluster: c.Cluster, Headers: c.Headers.Clone(), Body: c.Body,
			Timeout: c.Timeout})
		if r.Delay > 0 {
			h.clock.after(r.Delay, func() { c.reply(r) })
			return
		}
		c.reply(r)
	})
}

// Callouts returns the callouts that have no answer yet, oldest first.
func (h *Host) Callouts() []*Callout {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]*Callout(nil), h.callouts...)
}

// Reply answers the callout and runs what follows from it. Only the first answer
// counts. A reset before headers is Envoy's own 503, one after headers is a failed
// callout: no headers, no body.
func (c *Callout) Reply(r Response) error {
	c.reply(r)
	c.root.vm.host.settle()
	return c.root.vm.host.takeTraps()
}

func (c *Callout) reply(r Response) {
	h := c.root.vm.host
	if !h.endCallout(c) {
		return
	}
	h.clock.stop(c.timer)
	if r.Reset != "" && len(r.Headers) == 0 {
		r = localResponse(503, resetBeforeHeaders(r.Reset, 1))
	}
	root := c.root
	root.vm.worker.post(func() {
		if r.Reset != "" {
			root.onCalloutFailure(c.Token)
			return
		}
		root.onCalloutResponse(c.Token, r)
	})
}

func (h *Host) endCallout(c *Callout) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.done {
		return false
	}
	c.done = true
	for i, one := range h.callouts {
		if one == c {
			h.callouts = append(h.callouts[:i], h.callouts[i+1:]...)
			break
		}
	}
	return true
}

func (c *vmContext) onCalloutResponse(token uint32, r Response) {
	if c.isFailed() || !c.has(cbCalloutResponse) {
		return
	}
	answer := &calloutAnswer{headers: newHeaderMap(kindResponse, r.headers()), body: r.body()}
	if len(r.Trailers) > 0 {
		answer.trailers = newHeaderMap(kindResponseTrailers, r.Trailers)
	}
	c.callout = answer
	c.vm.afterCall(func() { c.callout = nil })
	c.call(cbCalloutResponse, c.id, token, answer.headers.size(), uint32(len(answer.body)), answer.trailers.size())
	c.vm.finish()
}

func (c *vmContext) onCalloutFailure(token uint32) {
	if c.isFailed() || !c.has(cbCalloutResponse) {
		return
	}
	c.statusCode, c.statusMessage = uint32(StatusBrokenConnection), "reset"
	c.vm.afterCall(func() { c.statusMessage = "" })
	c.call(cbCalloutResponse, c.id, token, 0, 0, 0)
	c.vm.finish()
}
