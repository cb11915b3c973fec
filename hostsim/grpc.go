package hostsim

import "time"

// grpcState is what a root context may read in the gRPC callback that runs.
type grpcState struct {
	initial, trailing *headerMap
	message           []byte
}

// A GrpcStream is a gRPC call or stream that a plugin opened. The test plays the
// server with its methods; each returns the traps that it led to.
type GrpcStream struct {
	Cluster  string
	Service  string
	Method   string
	Metadata Headers
	Timeout  time.Duration // of a call; 0 is none
	Unary    bool          // opened with proxy_grpc_call
	Token    uint32

	root        *vmContext
	timer       *timer
	sent        [][]byte // under the host's lock
	localClosed bool
	closed      bool // no answer is wanted any more
	remoteEnded bool // by the server; seen on the worker
	onMessage   func(p []byte, end bool)
	onCancel    func()
}

// A GrpcHandler is the server of a cluster: it is told of every call and stream
// when it opens, and may answer at once or later.
type GrpcHandler func(*GrpcStream)

func grpcFuncs() []hostFunc {
	return []hostFunc{
		statusFunc("proxy_grpc_call", 12, (*vm).grpcCall),
		statusFunc("proxy_grpc_stream", 9, (*vm).grpcOpen),
		statusFunc("proxy_grpc_cancel", 1, func(v *vm, a []uint64) Status { return v.grpcEnd(uint32(a[0]), true) }),
		statusFunc("proxy_grpc_close", 1, func(v *vm, a []uint64) Status { return v.grpcEnd(uint32(a[0]), false) }),
		statusFunc("proxy_grpc_send", 4, (*vm).grpcSend),
	}
}

func (v *vm) grpcCall(a []uint64) Status {
	g, st := v.readGrpc(a)
	msg, ok := v.read(a[8], a[9])
	if !ok {
		return StatusInvalidMemoryAccess
	}
	if st != StatusOK {
		return st
	}
	g.Unary, g.localClosed = true, true
	g.Timeout = time.Duration(a[10]) * time.Millisecond
	g.sent = [][]byte{append([]byte(nil), msg...)}
	return v.startGrpc(g, calloutGrpcCall, a[11])
}

func (v *vm) grpcOpen(a []uint64) Status {
	g, st := v.readGrpc(a)
	if st != StatusOK {
		return st
	}
	return v.startGrpc(g, calloutGrpcStream, a[8])
}

// readGrpc reads what calls and streams have in common.
func (v *vm) readGrpc(a []uint64) (*GrpcStream, Status) {
	var s [3]string
	for i := range s {
		var ok bool
		if s[i], ok = v.readString(a[2*i], a[2*i+1]); !ok {
			return nil, StatusInvalidMemoryAccess
		}
	}
	metadata, ok := v.read(a[6], a[7])
	if !ok {
		return nil, StatusInvalidMemoryAccess
	}
	cluster := s[0]
	if name, ok := envoyGrpcCluster(cluster); ok {
		cluster = name
	}
	if _, known := v.host.cluster(cluster); !known && v.host.config.Grpc[cluster] == nil {
		return nil, StatusParseFailure
	}
	return &GrpcStream{Cluster: cluster, Service: s[1], Method: s[2],
		Metadata: newHeaderMap(kindRequest, parsePairs(metadata)).list, root: v.current().root}, StatusOK
}

// envoyGrpcCluster takes the cluster's name out of a serialised
// envoy.config.core.v3.GrpcService, which may stand in place of a name.
func envoyGrpcCluster(s string) (string, bool) {
	for range 2 { // GrpcService.envoy_grpc, then EnvoyGrpc.cluster_name: both field 1
		if len(s) < 2 || s[0] != 0x0a || s[1] > 0x7f || int(s[1]) > len(s)-2 {
			return "", false
		}
		s = s[2 : 2+int(s[1])]
	}
	return s, true
}

func (v *vm) startGrpc(g *GrpcStream, kind int, tokenPtr uint64) Status {
	h := v.host
	v.tokens[kind] += calloutIncrement
	g.Token = v.tokens[kind]
	v.grpc[g.Token] = g
	if g.Timeout > 0 {
		g.timer = h.clock.after(g.Timeout, func() { g.close(14, "upstream request timeout") })
	}
	h.mu.Lock()
	h.grpcStreams = append(h.grpcStreams, g)
	h.mu.Unlock()
	if f := h.config.Grpc[g.Cluster]; f != nil {
		h.outside(func() { f(g) })
	}
	if !v.writeU32(tokenPtr, g.Token) {
		return StatusInvalidMemoryAccess
	}
	return StatusOK
}

// grpcEnd cancels a call, and resets or half-closes a stream.
func (v *vm) grpcEnd(token uint32, cancel bool) Status {
	if token&calloutTypeMask != calloutGrpcCall && token&calloutTypeMask != calloutGrpcStream {
		return StatusBadArgument
	}
	g, ok := v.grpc[token]
	if !ok {
		return StatusNotFound
	}
	if g.Unary || cancel || g.remoteEnded {
		v.forgetGrpc(g)
		return StatusOK
	}
	g.tell(nil, true)
	return StatusOK
}

func (v *vm) grpcSend(a []uint64) Status {
	msg, ok := v.read(a[1], a[2])
	if !ok {
		return StatusInvalidMemoryAccess
	}
	token := uint32(a[0])
	if token&calloutTypeMask != calloutGrpcStream {
		return StatusBadArgument
	}
	g, ok := v.grpc[token]
	if !ok {
		return StatusNotFound
	}
	g.tell(append([]byte{}, msg...), a[3] != 0)
	return StatusOK
}

// tell passes a message of the plugin to the server.
func (g *GrpcStream) tell(msg []byte, end bool) {
	h := g.root.vm.host
	h.mu.Lock()
	if msg != nil {
		g.sent = append(g.sent, msg)
	}
	g.localClosed = g.localClosed || end
	f := g.onMessage
	h.mu.Unlock()
	if f != nil {
		h.outside(func() { f(msg, end) })
	}
}

func (v *vm) forgetGrpc(g *GrpcStream) {
	delete(v.grpc, g.Token)
	v.host.clock.stop(g.timer)
	defer g.tellOver()
	h := v.host
	h.mu.Lock()
	defer h.mu.Unlock()
	g.closed = true
	for i, one := range h.grpcStreams {
		if one == g {
			h.grpcStreams = append(h.grpcStreams[:i], h.grpcStreams[i+1:]...)
			break
		}
	}
}

// tellOver tells the server, once, that nothing of its is wanted any more.
func (g *GrpcStream) tellOver() {
	h := g.root.vm.host
	h.mu.Lock()
	f := g.onCancel
	g.onCancel = nil
	h.mu.Unlock()
	if f != nil {
		h.outside(f)
	}
}

// GrpcStreams returns the calls and streams that are open, oldest first.
func (h *Host) GrpcStreams() []*GrpcStream {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]*GrpcStream(nil), h.grpcStreams...)
}

// Sent returns the plugin's messages so far and whether it has closed its side.
func (g *GrpcStream) Sent() (messages [][]byte, closed bool) {
	h := g.root.vm.host
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([][]byte(nil), g.sent...), g.localClosed
}

// OnMessage has f called with every further message of the plugin; p is nil when
// the plugin only closes its side.
func (g *GrpcStream) OnMessage(f func(p []byte, end bool)) {
	h := g.root.vm.host
	h.mu.Lock()
	defer h.mu.Unlock()
	g.onMessage = f
}

// OnCancel has f called when the plugin gives the call or the stream up, or has
// heard its end.
func (g *GrpcStream) OnCancel(f func()) {
	h := g.root.vm.host
	h.mu.Lock()
	over := g.closed
	g.onCancel = f
	h.mu.Unlock()
	if over {
		f()
	}
}

// InitialMetadata answers with metadata. Only streams hear of it.
func (g *GrpcStream) InitialMetadata(md Headers) error {
	return g.metadata(cbGrpcInitialMetadata, md, func(st *grpcState, m *headerMap) { st.initial = m })
}

// TrailingMetadata is what comes before the status. Only streams hear of it.
func (g *GrpcStream) TrailingMetadata(md Headers) error {
	return g.metadata(cbGrpcTrailingMetadata, md, func(st *grpcState, m *headerMap) { st.trailing = m })
}

func (g *GrpcStream) metadata(cb callback, md Headers, put func(*grpcState, *headerMap)) error {
	m := newHeaderMap(kindOther, md)
	return g.deliver(func(c *vmContext) {
		if g.Unary {
			return
		}
		put(&c.grpc, m)
		c.notify(cb, c.id, g.Token, m.size())
		put(&c.grpc, nil)
	})
}

// Reply answers with a message. It ends a call.
func (g *GrpcStream) Reply(message []byte) error {
	p := append([]byte{}, message...)
	return g.deliver(func(c *vmContext) {
		c.grpc.message = p
		c.vm.afterCall(func() {
			c.grpc.message = nil
			if g.Unary {
				c.vm.forgetGrpc(g)
			}
		})
		if c.has(cbGrpcMessage) {
			c.call(cbGrpcMessage, c.id, g.Token, uint32(len(p)))
		}
		c.vm.finish()
	})
}

// Close ends a stream with a status, or fails a call with it. As in Envoy, the plugin
// sees behind the message that it came from the upstream.
func (g *GrpcStream) Close(status uint32, message string) error {
	if message == "" {
		message = "via_upstream"
	} else {
		message += "{via_upstream}"
	}
	g.close(status, message)
	g.root.vm.host.settle()
	return g.root.vm.host.takeTraps()
}

func (g *GrpcStream) close(status uint32, message string) {
	g.post(func(c *vmContext) {
		g.remoteEnded = true
		c.statusCode, c.statusMessage = status, message
		c.vm.afterCall(func() {
			c.statusMessage = ""
			if g.Unary || g.ended() {
				c.vm.forgetGrpc(g)
			} else {
				g.tellOver()
			}
		})
		if c.has(cbGrpcClose) {
			c.call(cbGrpcClose, c.id, g.Token, status)
		}
		c.vm.finish()
	})
}

func (g *GrpcStream) ended() bool {
	_, closed := g.Sent()
	return closed
}

func (g *GrpcStream) deliver(f func(c *vmContext)) error {
	g.post(f)
	g.root.vm.host.settle()
	return g.root.vm.host.takeTraps()
}

// post runs f on the plugin's worker if the plugin still wants to hear.
func (g *GrpcStream) post(f func(c *vmContext)) {
	c := g.root
	c.vm.worker.post(func() {
		h := c.vm.host
		h.mu.Lock()
		closed := g.closed
		h.mu.Unlock()
		if !closed && !g.remoteEnded && !c.isFailed() {
			f(c)
		}
	})
}
