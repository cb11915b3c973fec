package gateway

import (
	"errors"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// RequestProgress tells that size bytes of the request's body are there and held.
func (s *Stream) RequestProgress(size int) *Step {
	if s.phase == awaiting {
		s.w.prove()
	}
	s.received = size
	if size > s.w.plan.Bounds.Request && (s.phase == proving || s.phase == recognised || s.phase == awaiting || s.phase == released) {
		return s.reject(tooLarge(s.w.plan.Bounds.Request))
	}
	if s.phase != proving && s.phase != recognised && s.phase != awaiting && s.phase != released {
		return s.next()
	}
	if e := s.retain(size); e != nil {
		return s.reject(e)
	}
	step := s.next()
	step.Action, step.Want = Hold, Whole
	return step
}

// RequestBody is the whole body of the request. p is only read, and only now.
func (s *Stream) RequestBody(p []byte) *Step {
	if s.about.told {
		return s.goOnAbout(p)
	}
	if s.phase == recognised {
		if step := s.readHead(); step.Reply != nil {
			return step
		}
	}
	switch s.phase {
	case proving:
		s.received, s.complete = len(p), true
		step := s.next()
		step.Action, step.Want = Hold, Whole
		return step
	case awaiting:
		s.leave()
		s.w.prove()
	case released: // by its path: what its body says can still be refused
	default:
		return s.next()
	}
	if len(p) > s.w.plan.Bounds.Request {
		return s.reject(tooLarge(s.w.plan.Bounds.Request))
	}
	s.received, s.complete = len(p), true
	s.retain(0)
	body := p
	if s.in.encoding == "gzip" {
		var e *chat.Error
		s.w.handover.Brace(unpackedSize(p, s.w.plan.Bounds.Request))
		if body, e = gunzip(p, s.w.plan.Bounds.Request); e != nil {
			return s.reject(e)
		}
	}
	if s.administer != nil {
		s.w.repeats.forget()
		return s.administer(s, body)
	}
	if s.attempts != nil {
		return s.universal(body)
	}
	if s.stored() {
		return s.storedBody(body)
	}
	if s.in.boundary != "" {
		return s.form(body)
	}
	if step := s.recall(body); step != nil {
		return step
	}
	request, e := s.w.parse(body)
	if e == nil {
		e = s.understand(request)
	}
	if e == nil {
		e = s.decide(request)
	}
	if e != nil {
		return s.reject(e)
	}
	if s.phase == released {
		if s.most > 0 && s.asksMore(request, s.most) {
			return s.reject(tooManyToAnswer(s.most))
		}
		s.prompt = promptBytes(body)
		return s.follow()
	}
	if request, body, e = s.lowered(request, body); e != nil {
		return s.reject(e)
	}
	return s.release(request, body)
}

// follow sends a body after its headers, which its path has sent on.
func (s *Stream) follow() *Step {
	step := s.next()
	if s.list != nil { // they still wait for a token
		step.Action = Hold
		if e := s.retain(s.received); e != nil {
			return s.reject(e)
		}
	}
	return step
}

// parse reads a body as one JSON object.
func (w *Worker) parse(body []byte) (rawjson.Value, *chat.Error) {
	if err := w.doc.Parse(body); err != nil {
		e := invalid("invalid_json", "", "the body is not acceptable JSON: "+err.Error())
		var syntax *rawjson.SyntaxError
		if errors.As(err, &syntax) {
			e.Param = syntax.Path
		}
		return rawjson.Value{}, e
	}
	root := w.doc.Root()
	if root.Kind() != rawjson.Object {
		return root, invalid("invalid_json", "", "the body has to be a JSON object, got "+root.Kind().String())
	}
	return root, nil
}

// understand reads the members that every request has.
func (s *Stream) understand(request rawjson.Value) *chat.Error {
	model := request.Get("model")
	if s.endpoint.Op == adapters.Moderations && model.Exists() {
		s.endpoint.Model = ""
	}
	switch {
	case s.endpoint.Model != "": // its path has it, or it is the usual one
	case !model.Exists():
		return noModel()
	case model.Kind() != rawjson.String || model.Len() == 0 && len(model.Bytes()) == 0:
		return invalid("invalid_type", "model", "model: want the name of a model, got "+model.Kind().String())
	}
	if e := s.endpoint.Dialect.Check(s.endpoint.Op, request); e != nil {
		return e
	}
	if s.model, s.stream = s.endpoint.Model, s.endpoint.Stream; s.model == "" {
		s.model = model.Str()
	}
	s.asks = asksFor(s.endpoint.Op, request)
	if stream := request.Get("stream"); !s.stream {
		s.stream, _ = stream.Bool()
		if (!stream.Exists() || stream.IsNull()) && s.endpoint.Op == adapters.Chat {
			s.stream = s.endpoint.Dialect.StreamsUnasked
		}
	}
	return nil
}

// release sends the request on: the body as it came but for the named members, the
// headers without what is the client's own.
func (s *Stream) release(request rawjson.Value, body []byte) *Step {
	request, body, e := s.guardRequest(request, body)
	if e != nil {
		return s.reject(e)
	}
	if s.about.asks() {
		return s.askAbout(request, body)
	}
	if step := s.fromCache(request, nil, body); step != nil {
		return step
	}
	return s.onward(request, body)
}

// onward sends a request on for which there is nothing in the cache.
func (s *Stream) onward(request rawjson.Value, body []byte) *Step {
	if step := s.board(body); step != nil {
		return step
	}
	if !s.about.allotted {
		var e *chat.Error
		if request, body, e = s.allot(request, body); e != nil {
			return s.reject(e)
		}
	}
	return s.toTarget(request, body)
}

// allot reserves what a request may need, and lowers what its answer may have to that.
func (s *Stream) allot(request rawjson.Value, body []byte) (rawjson.Value, []byte, *chat.Error) {
	most, e := s.reserve(request)
	if e == nil && most > 0 {
		return s.bound(request, most)
	}
	return request, body, e
}

// toTarget sends a request to its target, or to what follows that.
func (s *Stream) toTarget(request rawjson.Value, body []byte) *Step {
	s.keep(body)
	var step *Step
	if g := s.routing.group; g != nil && (g.Native || g.Redirect && s.attempts == nil) { // a list says itself what follows
		step = s.handOver()
	} else {
		step = s.resend(s.dispatch(request, body))
	}
	if step.Reply == nil {
		s.mirror(body)
	}
	return step
}

// dispatch makes a request what its target takes, and sends it on.
func (s *Stream) dispatch(request rawjson.Value, body []byte) *Step {
	w := s.w
	step := s.next()
	if s.budget.asked != "" { // another model
		s.cache.again()
	}
	path, ok := s.native()
	if !ok || !s.readsStreams() || s.cache.partly() {
		if path := s.translatedPath(); path != "" {
			return s.translate(request, path)
		}
	}
	if ok && s.mayContinue() { // which takes reading it; what cannot be read passes
		if path := s.translatedPath(); path != "" && s.translateChat(step, request) == nil {
			s.translation.own = true
			return s.translated(step, path)
		}
		step, s.dropped = s.next(), ""
		s.translation = translation{emit: s.translation.emit, delivered: s.translation.delivered, open: s.translation.open[:0]}
	}
	if !ok && s.endpoint.Op == adapters.CountTokens {
		return s.countTokens(request)
	}
	if !ok {
		return s.reject(s.notNative())
	}
	if e := s.fits(int64(promptBytes(body))/bytesPerToken, s.asked(request)); e != nil {
		return s.reject(e)
	}
	w.patch.Reset()
	if s.target.Model != "" && (s.target.Model != s.model || s.budget.asked != "") && (s.endpoint.Model == "" || s.endpoint.Op == adapters.Moderations) {
		w.patch.SetField(request, "model", rawjson.AppendString(nil, s.target.Model))
	}
	if s.stream {
		s.ask(request)
	}
	if a, ok := s.target.Provider.Adapter.(adapters.Amender); ok {
		drops, e := a.Amend(s.call(), request, &w.patch)
		if e != nil {
			return s.reject(e)
		}
		s.dropped = strings.Join(drops, ", ")
	}
	if w.patch.Empty() {
		step.Replace = s.in.encoding == "gzip" || s.attempts != nil || s.rewritten
		if step.Replace {
			step.Body = append(step.Body, body...)
		}
	} else {
		step.Replace = true
		step.Body = w.patch.Apply(step.Body, &w.doc)
		body = step.Body
	}
	s.prompt = promptBytes(body)
	return s.send(step, path, body)
}

// send sends a request to its provider.
func (s *Stream) send(step *Step, path string, body []byte) *Step {
	if e := s.toProvider(step, path, body, true); e != nil {
		return s.reject(e)
	}
	return s.depart(step)
}

//go:noinline
func (s *Stream) notNative() *chat.Error {
	return notOffered(s.model, s.target.Provider.Name, s.endpoint.Op.String(), s.endpoint.Dialect.Name)
}

// ask has the stream report its usage, which then stays hidden from a client that
// did not ask for it.
func (s *Stream) ask(request rawjson.Value) {
	a := s.target.Provider.Adapter.AskUsage(s.endpoint.Op)
	if a == nil {
		return
	}
	options := request.Get(a.Key)
	if asked, _ := options.Get(a.Member).Bool(); asked {
		return
	}
	s.answer.hide = true
	if options.Kind() == rawjson.Object {
		s.w.patch.SetField(options, a.Member, []byte(a.Value))
		return
	}
	s.w.patch.SetField(request, a.Key, []byte(`{"`+a.Member+`":`+a.Value+`}`))
}

// promptBytes is roughly how much text a body has: for an estimate when a stream ends
// before its provider has counted. What is beyond a megabyte is mostly images.
func promptBytes(body []byte) int {
	const text = 1 << 20
	return min(len(body), text)
}
