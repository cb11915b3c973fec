package hostsim

// This file is one direction of a stream on its way through the filters: who is
// asked, what is held, and how it goes on after a pause.

// iteration is how far a filter has stopped its direction.
type iteration uint8

const (
	iterating           iteration = iota
	stopped                       // headers or data are held; the filter still sees what follows
	stoppedAllBuffer              // the filter sees nothing until it continues; over the limit is an error
	stoppedAllWatermark           // the same; over the limit slows the sender down
)

// calling is the kind of callback that runs in a direction.
type calling uint8

const (
	callNone calling = iota
	callHeaders
	callData
	callTrailers
)

// A filter is one plugin in one stream.
type filter struct {
	ctx      vmContext
	req, res half
}

// half is the state of a filter in one direction.
type half struct {
	f                *filter
	index            int // in the direction's order
	iter             iteration
	headersContinued bool
	endStream        bool // the filter has seen the end
	fromCurrent      bool // on continue the filter itself comes first, not the next one
}

func (h *half) stoppedAll() bool { return h.iter >= stoppedAllBuffer }

// A pipe is one direction of a stream.
type pipe struct {
	s        *Stream
	request  bool
	filters  []*half
	headers  *headerMap
	trailers *headerMap
	buffered *buffer // bytes held by a filter; nil until some were
	in       buffer  // the chunk that has just come
	limit    int

	passed      bool // the headers have left the last filter
	streaming   bool // held bytes slow the sender down instead of being limited
	observedEnd bool // the sender has finished
	aborted     bool // a local reply was sent from one of this direction's callbacks
	calling     calling
	lastFrame   bool // the callback that runs sees the last data frame
}

// runHeaders offers the headers to the filters from first on, then passes them on.
func (p *pipe) runHeaders(first int, end bool) {
	for _, f := range p.filters[first:] {
		p.calling = callHeaders
		f.endStream = end
		act := p.offerHeaders(f, end)
		p.calling = callNone
		if p.aborted {
			p.s.executePreparedReply()
			act = headersStop
		}
		if !f.afterHeaders(act) {
			return
		}
	}
	p.passHeaders(end)
}

func (h *half) afterHeaders(act headersAction) bool {
	switch act {
	case headersStop:
		h.iter = stopped
	case headersStopAllBuffer:
		h.iter = stoppedAllBuffer
	case headersStopAllWatermark:
		h.iter = stoppedAllWatermark
	default:
		h.headersContinued = true
		return true
	}
	return false
}

// runData offers a chunk to the filters from first on, then passes it on.
func (p *pipe) runData(first int, data *buffer, end bool) {
	if p.request && p.s.stopDecoding() {
		return
	}
	hadTrailers, addedAt := p.trailers != nil, -1
	for _, f := range p.filters[first:] {
		if f.stoppedAll() {
			p.streaming = f.iter == stoppedAllWatermark
			p.hold(data)
			return
		}
		if f.endStream {
			return // the end has been passed on before: this frame is not for this filter
		}
		p.lastFrame = end
		p.calling = callData
		f.endStream = end && p.trailers == nil
		act := p.offerData(f, data, f.endStream)
		p.calling = callNone
		p.lastFrame = false
		if !hadTrailers && p.trailers != nil && addedAt < 0 {
			addedAt = f.index
		}
		if p.aborted {
			p.s.executePreparedReply()
			return
		}
		if !p.afterData(f, act, data) {
			return
		}
	}
	p.passData(data, end && addedAt < 0)
	if addedAt >= 0 {
		p.runTrailers(p.next(addedAt))
	}
}

func (p *pipe) afterData(h *half, act dataAction, data *buffer) bool {
	switch act {
	case dataContinue:
		if h.iter != stopped {
			return true
		}
		p.hold(data)
		p.continueFrom(h)
	case dataStopBuffer, dataStopWatermark:
		h.iter = stopped
		p.streaming = act == dataStopWatermark
		p.hold(data)
	default:
		h.iter = stopped
		if p.observedEnd && p.trailers == nil && p.buffered == nil {
			p.buffered = p.newBuffer() // so that the end is passed on when the filter continues
		}
	}
	return false
}

// runTrailers offers the trailers to the filters from first on, then passes them on.
func (p *pipe) runTrailers(first int) {
	if p.request && p.s.stopDecoding() {
		return
	}
	for _, f := range p.filters[first:] {
		if f.stoppedAll() {
			return
		}
		p.calling = callTrailers
		act := p.offerTrailers(f)
		p.calling = callNone
		f.endStream = true
		if p.aborted {
			p.s.executePreparedReply()
			return
		}
		if act == trailersContinue {
			if f.iter != stopped {
				continue
			}
			p.continueFrom(f)
			return
		}
		if f.iter == iterating {
			f.iter = stopped
		}
		return
	}
	p.passTrailers()
}

// continueFrom resumes a direction at the filter that had stopped it.
func (p *pipe) continueFrom(h *half) {
	if p.cannotContinue() {
		return
	}
	if p.headers == nil {
		p.s.misuse("continued a response that has not begun: Envoy crashes")
		return
	}
	h.f.ctx.resumed(p.request)
	if h.stoppedAll() {
		h.fromCurrent = true
	}
	h.iter = iterating
	if !h.headersContinued {
		h.headersContinued = true
		p.runHeaders(h.index+1, p.observedEnd && p.buffered == nil && p.trailers == nil)
	}
	hadTrailers := p.trailers != nil
	if p.buffered != nil {
		p.runData(p.next(h.index), p.buffered, p.observedEnd && !hadTrailers)
	}
	if hadTrailers {
		p.runTrailers(p.next(h.index))
	}
	h.fromCurrent = false
}

// next is where data and trailers go on after the filter at index.
func (p *pipe) next(index int) int {
	if p.filters[index].fromCurrent {
		return index
	}
	return index + 1
}

func (p *pipe) cannotContinue() bool {
	if p.s.destroyed || p.s.over {
		return true
	}
	if p.request {
		return p.s.stopDecoding()
	}
	return p.s.encoded
}

// hold keeps a chunk. Bytes that are already held are not held twice.
func (p *pipe) hold(data *buffer) {
	if p.buffered == data {
		return
	}
	if p.buffered == nil {
		p.buffered = p.newBuffer()
	}
	p.buffered.move(data)
}

func (p *pipe) newBuffer() *buffer {
	return &buffer{limit: p.limit, tooLarge: p.tooLarge, drained: func() { p.slow(false) }}
}

// tooLarge answers for a body that may not be held.
func (p *pipe) tooLarge() {
	switch {
	case p.streaming:
		p.slow(true)
	case p.request:
		p.s.sendLocalReply(localReply{code: 413, body: "Payload Too Large", details: "request_payload_too_large", grpcStatus: -1})
	default:
		p.s.sendLocalReply(localReply{code: 500, body: "Internal Server Error", details: "response_payload_too_large", grpcStatus: -1})
	}
	if p.s.parent != nil && p.s.over {
		p.s.destroy() // at once: a callback that is about to get the bytes does not come
	}
}

// slow tells whoever feeds the stream to wait, or to go on.
func (p *pipe) slow(wait bool) {
	if f := p.s.slow; f != nil {
		f(p.request, wait)
	}
}

// addTrailers makes trailers for a body that came without; only the callback that
// sees the last frame may do it.
func (p *pipe) addTrailers(kind mapKind) *headerMap {
	if p.trailers == nil && p.lastFrame {
		p.trailers = &headerMap{kind: kind}
		return p.trailers
	}
	return nil
}
