package gateway

import (
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/sse"
	"github.com/postern-gateway/postern/plugin/internal/route"
)

// maxHeld is the largest answer whose headers wait for its end, so that they can
// tell its usage. It is well below what proxies buffer by default.
const maxHeld = 256 << 10

// responseHead are the response's headers that the gateway reads.
type responseHead struct {
	status      int
	contentType string // without its parameters
	json        bool   // it says application/json and no more
	encoding    string
	length      int
	accel       bool // x-accel-buffering is there
	retryAfter  bool // so is retry-after
}

func readResponse(h []adapters.Header) responseHead {
	r := responseHead{length: -1}
	for i := range h {
		v := h[i].Value
		switch h[i].Name {
		case ":status":
			r.status = parseLength(v)
		case "content-type":
			r.json = v == "application/json"
			r.contentType, _, _ = strings.Cut(v, ";")
			r.contentType = strings.ToLower(strings.TrimSpace(r.contentType))
		case "content-encoding":
			r.encoding = v
		case "content-length":
			r.length = parseLength(v)
		case "x-accel-buffering":
			r.accel = true
		case "retry-after":
			r.retryAfter = true
		}
	}
	return r
}

// ResponseHeaders begins the answer; end says that it has no body.
func (s *Stream) ResponseHeaders(h []adapters.Header, end bool) *Step {
	if s.phase == recognised { // somebody else answers, before its body was here
		s.readHead()
	}
	if step := s.instead(); step != nil {
		return step
	}
	step := s.next()
	if s.phase != released && s.phase != awaiting && s.phase != proving {
		return step // the gateway's own answer comes by here too
	}
	if s.attempts != nil && s.attempts.waiting { // too late: another is asked
		return s.hold()
	}
	s.leave()
	s.takeBack()
	head := s.see(h)
	s.regain()
	if step := s.weigh(head, h, end); step != nil {
		return step
	}
	step = s.begin(head, h, end)
	if s.answer.streaming {
		s.hear(end)
	}
	return step
}

// see notes what an answer's headers tell.
func (s *Stream) see(h []adapters.Header) responseHead {
	s.firstByte = s.w.port.Now()
	head := readResponse(h)
	s.status = head.status
	s.arrived(head, h)
	return head
}

// begin begins an answer that is one, or the last there is.
func (s *Stream) begin(head responseHead, h []adapters.Header, end bool) *Step {
	step := s.next()
	if head.status >= 400 {
		why, _ := s.reason(head.status)
		s.land(why.Blames(), s.routing.rest)
		if step := s.insteadOfError(head.status); step != nil {
			return step
		}
	}
	s.cache.spare = nil
	if head.status == 401 && s.token != nil && s.fromProvider() {
		s.refused()
	}
	step.Set = s.showCache(s.standings(step.Set), h)
	s.keepKind(&head, h)
	s.tellRoute(step)
	if a := s.attempts; a != nil && a.list != nil {
		if head.status >= 400 && !a.last() && !s.refusedHere() {
			return s.fallBack()
		}
		s.numbered(step)
	}
	if origin := s.w.allowOrigin(s.in.origin); origin != "" {
		step.set("access-control-allow-origin", origin)
	}
	if head.status >= 400 && (end || !isJSON(head.contentType) || !s.fromProvider()) {
		return s.failed(head, h, end)
	}
	if head.status < 400 && s.content.reads {
		return s.beginContent(step, head.encoding, end)
	}
	if head.status < 400 && len(s.guarding.list) > 0 {
		s.sayFound(step)
		if s.guardAnswer() && head.encoding != "" && head.encoding != "identity" {
			return s.reject(unreadableAnswer(head.encoding))
		}
	}
	if dropped := joined(s.dropped, s.reduced); dropped != "" {
		step.set(droppedHeader, headerText(dropped))
	}
	if s.translation.way != nil {
		return s.answerTranslated(step, head, end)
	}
	if head.status >= 400 {
		return s.passError(step, head)
	}
	if end || s.target.Provider == nil || s.uncounted(head.contentType) {
		s.answer.ended = end
		if s.content.links = !end && head.status < 400 && s.linksResults(head.contentType); s.content.links {
			step.set("content-length", "")
			step.Want = Each
			return step
		}
		if s.cache.form == keptPlain && s.cache.keeps() {
			step.Want = Each
		}
		if u := s.made(chat.Usage{}); u.Counts() {
			s.setUsage(step, u)
		}
		if s.guarding.answers && !end && s.transcribes() {
			return s.holdToGuard(step, head)
		}
		return step
	}
	s.openWatch()
	if s.openFrames(head.contentType) {
		s.answer.streaming = true
		step.Want = Each
		if !head.accel { // proxies in front would otherwise collect a stream
			step.set("x-accel-buffering", "no")
		}
		if (s.answer.hide || s.guarding.answers) && head.length >= 0 {
			step.set("content-length", "")
		}
		return step
	}
	s.answer.hide = false
	step.Want = Each
	if s.guarding.answers && isJSON(head.contentType) {
		return s.holdToGuard(step, head)
	}
	if s.w.holds && head.length >= 0 && head.length <= maxHeld && s.retain(head.length) == nil {
		s.answer.whole = true
		step.Action, step.Want = Hold, Whole
	}
	return step
}

// holdToGuard holds an answer until it is there, for guards to read.
func (s *Stream) holdToGuard(step *Step, head responseHead) *Step {
	if head.length > s.w.plan.Bounds.Answer {
		return s.reject(answerTooLarge(s.w.plan.Bounds.Answer))
	}
	s.answer.whole, s.answer.guarded = true, true
	step.Action, step.Want = Hold, Whole
	return step
}

// transcribes reports whether an answer that is not JSON is a text.
func (s *Stream) transcribes() bool {
	return s.endpoint.Op == adapters.Transcriptions || s.endpoint.Op == adapters.Translations
}

// uncounted reports whether an answer has nothing to count: sound, text, what a provider
// keeps.
func (s *Stream) uncounted(contentType string) bool {
	switch s.endpoint.Op {
	case adapters.Models, adapters.Files, adapters.Batches:
		return true
	case adapters.Speech, adapters.Transcriptions, adapters.Translations:
		return !isJSON(contentType) && contentType != sse.ContentType
	}
	return false
}

// An errorReader is an adapter that knows what its provider's errors mean.
type errorReader interface {
	ReadError(status int, body []byte) *chat.Error
}

// passError lets an error pass whose provider has the client's own API. Services that
// only resemble it answer errors in other forms too, so what it is has to be looked at.
func (s *Stream) passError(step *Step, head responseHead) *Step {
	s.failure = "upstream_" + itoa(head.status)
	_, ok := s.target.Provider.Adapter.(errorReader)
	plain := head.encoding == "" || head.encoding == "identity"
	if !ok || !plain || !s.w.holds || s.endpoint.Dialect.IsError == nil || head.length > maxHeld {
		return step
	}
	s.answer.whole, s.answer.judged, s.answer.retryAfter = true, true, head.retryAfter
	step.Action, step.Want = Hold, Whole
	return step
}

// judge puts an error in the client's dialect in the place of one that is in none.
func (s *Stream) judge(step *Step, p []byte) *Step {
	var doc rawjson.Doc
	if doc.Parse(p) == nil && s.endpoint.Dialect.IsError(doc.Root()) {
		return step
	}
	return s.replaceError(step, s.adapted(s.target.Provider.Adapter.(errorReader).ReadError(s.status, p)))
}

// openFrames makes ready what cuts the answer into events; false if it is no stream.
func (s *Stream) openFrames(contentType string) bool {
	switch f, ok := s.target.Provider.Adapter.(adapters.Framer); {
	case contentType == sse.ContentType:
		s.frames = &s.events
		if s.events.Max = 0; s.endpoint.Op == adapters.Images || s.endpoint.Op == adapters.ImageEdits {
			s.events.Max = s.w.plan.Bounds.Answer // an event has an image
		}
	case ok && contentType == f.StreamType():
		s.frames = s.codecs.frame(s.target.Provider.Adapter, f)
	default:
		return false
	}
	s.frames.Reset()
	return true
}

// openWatch finds the reader of the answer.
func (s *Stream) openWatch() {
	k := watchKey{s.target.Provider.Adapter, s.endpoint.Op}
	w, ok := s.watches[k]
	if !ok {
		if s.watches == nil {
			s.watches = map[watchKey]*watching{}
		}
		w = &watching{watch: k.adapter.Watch(k.op)}
		w.learner, _ = w.watch.(adapters.Learner)
		w.translator, _ = k.adapter.(adapters.Translator)
		s.watches[k] = w
	}
	w.watch.Reset()
	s.watch, s.watching = w.watch, w
}

// failed puts an error in the client's dialect in the place of one that is none: a web
// page, nothing at all, or what the proxy says when it has no provider's answer.
func (s *Stream) failed(head responseHead, h []adapters.Header, end bool) *Step {
	step := &s.step
	e := s.upstreamError(head)
	body := s.endpoint.Dialect.Error(nil, e)
	if end { // there is no body to put it into
		step = s.reply(head.status, "upstream_error", "application/json", body)
		for _, x := range h {
			if x.Name == "retry-after" || strings.HasPrefix(x.Name, "x-ratelimit-") {
				step.Reply.Headers = append(step.Reply.Headers, x)
			}
		}
		if name := s.endpoint.Dialect.ErrorHeader; name != nil {
			step.Reply.Headers = append(step.Reply.Headers, name(e))
		}
		return step
	}
	s.answer.replaced = body
	step.Want = Each
	step.set("content-type", "application/json")
	step.set("content-length", itoa(len(body)))
	step.set("content-encoding", "")
	s.nameError(step, e)
	return step
}

//go:noinline
func isJSON(contentType string) bool {
	return contentType == "application/json" || strings.HasSuffix(contentType, "+json")
}

// details is the proxy's word for where an answer comes from.
func (s *Stream) details() string {
	if s.attempts != nil && s.attempts.calling {
		return "" // it says nothing of callouts
	}
	b, _ := s.w.port.Property("response\x00code_details")
	return string(b)
}

// fromProvider reports whether an error is the provider's, not the proxy's own. A proxy
// that does not tell is believed to have asked the provider, if there was one to ask.
func (s *Stream) fromProvider() bool {
	why := s.details()
	return why == "" && s.target.Provider != nil || strings.HasPrefix(why, "via_upstream")
}

// refusedHere reports whether an error is a refusal of another filter of the proxy, such as
// a rate limit. What it keeps from a provider, no later request of a list may reach.
func (s *Stream) refusedHere() bool {
	why := s.details()
	if why == "" {
		return s.target.Provider == nil // nobody else can have been asked
	}
	// What the router says when it has asked, or could not: ResponseCodeDetailValues of
	// https://github.com/envoyproxy/envoy/blob/main/envoy/stream_info/stream_info.h
	for _, routers := range [...]string{"via_upstream", "upstream_", "no_healthy_upstream", "cluster_not_found", "maintenance_mode", "response_payload_too_large"} {
		if strings.HasPrefix(why, routers) {
			return false
		}
	}
	return true
}

// upstreamError puts into words what an answer that is not an API's error means.
func (s *Stream) upstreamError(head responseHead) *chat.Error {
	e := &chat.Error{Status: head.status, Kind: chat.KindOf(head.status), Code: "upstream_error"}
	switch why := s.details(); {
	case why == "" || strings.HasPrefix(why, "via_upstream"):
		e.Message = "the provider answered " + itoa(head.status) + " without an error object"
	case head.status == 413:
		e.Kind, e.Code, e.Message = chat.TooLarge, "request_too_large", "the request's body is larger than the proxy accepts"
	case head.status == 504 || head.status == 408:
		e.Code, e.Message = "upstream_timeout", "the provider did not answer in time"
		s.timedOut = true
	case head.status == 429 && s.refusedHere():
		e.Code, e.Message = "rate_limit_exceeded", "a limit of requests, tokens or cost is reached; try again later"
	case s.refusedHere():
		e.Code, e.Message = "refused_by_proxy", "the proxy does not let the request pass ("+brief(why)+")"
	default:
		e.Code, e.Message = "upstream_unavailable", "the provider could not be reached ("+brief(why)+")"
	}
	s.failure = e.Code
	return e
}

// ResponseBody is the next part of the answer's body, or all of it if the last Step
// wanted it whole. p is only read, and only now.
func (s *Stream) ResponseBody(p []byte, end bool) *Step {
	if q := &s.sequel; q.waiting {
		q.over = q.over || end
		return s.holdAnswer()
	}
	step := s.next()
	if s.attempts != nil && s.attempts.waiting { // what failed is held until something else answers
		step.Action, step.Want = Hold, Whole
		return step
	}
	if s.weighing.on {
		step := s.weighBody(p, end)
		if step.Action == Hold && s.weighing.on {
			s.retain(len(p))
		}
		return step
	}
	s.retain(0)
	s.answer.ended = s.answer.ended || end
	if s.answer.streaming {
		s.hear(end)
	}
	switch {
	case s.answer.replaced != nil:
		step.Replace, step.Want = true, Each
		step.Body = append(step.Body, s.answer.replaced...)
		s.answer.replaced = s.answer.replaced[:0]
	case s.answer.judged:
		return s.judge(step, p)
	case s.answer.translated && s.answer.streaming:
		step.Want = Each
		s.translateEvents(step, p, end)
		if s.sequel.broke != nil {
			return s.carryOn(step.Body, end, route.BrokenStream)
		}
		if s.sequel.lent && !end && !s.answer.cut {
			step.Action = Lend
		}
	case s.answer.translated:
		return s.unlessBlocked(s.translateWhole(step, p))
	case s.content.reads:
		return s.readContent(step, p, end)
	case s.content.links:
		return s.ownLinks(step, p, end)
	case s.watch == nil && s.answer.guarded:
		return s.unlessBlocked(s.guardText(step, p))
	case s.watch == nil:
		if s.keepBody(p); s.cache.form == keptPlain && s.cache.keeps() {
			step.Want = Each
		}
	case s.answer.guarded:
		return s.unlessBlocked(s.guardWhole(step, p))
	case s.answer.streaming && s.guarding.answers:
		step.Want = Each
		s.guardStream(step, p, end)
	case s.answer.streaming:
		step.Want = Each
		s.streamed(step, p, end)
	default:
		step.Want = Each
		s.takeBody(p)
		if end {
			s.settle(step)
		}
	}
	return step
}

// settle tells the client in a header what its request has used, where headers wait.
func (s *Stream) settle(step *Step) {
	u, ok := s.watch.Usage()
	if u = s.made(u); s.answer.whole && (ok || u.Counts()) {
		s.setUsage(step, u)
	}
}

// usageHeader is a dictionary of RFC 9651, such as input=12, output=34.
const usageHeader = "x-postern-usage"

func appendUsage(dst []byte, u chat.Usage) []byte {
	dst = appendCount(dst, "input=", u.Input)
	dst = appendCount(dst, ", output=", u.Output)
	for _, part := range [...]struct {
		name string
		n    int64
	}{{", cache_read=", u.CachedRead}, {", cache_write=", u.CacheWrite}, {", reasoning=", u.Reasoning}, {", seconds=", u.Seconds}, {", searches=", u.Searches}, {", images=", u.Images}, {", characters=", u.Characters}} {
		if part.n > 0 {
			dst = appendCount(dst, part.name, part.n)
		}
	}
	if u.Estimated {
		dst = append(dst, ", estimated"...)
	}
	return dst
}

//go:noinline
func appendCount(dst []byte, name string, n int64) []byte {
	return strconv.AppendInt(append(dst, name...), n, 10)
}

func headerValue(h []adapters.Header, name string) string {
	for i := range h {
		if h[i].Name == name {
			return h[i].Value
		}
	}
	return ""
}
