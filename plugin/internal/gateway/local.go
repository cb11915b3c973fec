package gateway

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/access"
	"github.com/postern-gateway/postern/plugin/internal/config"
)

// models lists what the caller may ask for. Without configured models only the provider
// knows, whose list has more than what a caller may that is held to some.
func (s *Stream) models() *Step {
	if !s.heldToModels() && s.looks&(access.Model|access.Provider) == 0 && (s.dropIn != nil || !s.space.Configured() && s.anyProvider()) {
		return s.forward()
	}
	step := s.reply(200, "models", "application/json", s.endpoint.Dialect.Models(nil, s.names(s.dropIn)))
	if s.caller != nil { // another one may see others
		step.Reply.Headers = forOne(step.Reply.Headers, nil)
	}
	return step
}

// anyProvider chooses the first that has the operation, for those that no model decides.
func (s *Stream) anyProvider() bool {
	for _, p := range s.space.Providers {
		if s.stored() && !s.space.Own(p) {
			continue
		}
		if _, ok := p.Adapter.Native(adapters.Call{Dialect: s.endpoint.Dialect.Name, Op: s.endpoint.Op}); ok {
			s.dropIn = p
			return true
		}
	}
	return false
}

// stored reports whether the request is about what a provider keeps.
func (s *Stream) stored() bool {
	return s.endpoint.Op == adapters.Files || s.endpoint.Op == adapters.Batches
}

// passOn sends a request for files or batches on, its body as it comes unless guards read it.
func (s *Stream) passOn() *Step {
	if s.heldToModels() {
		return s.reject(notStored())
	}
	if s.dropIn == nil && !s.anyProvider() {
		return s.reject(notOffered("", "no provider", s.endpoint.Op.String(), s.endpoint.Dialect.Name))
	}
	if !s.space.Own(s.dropIn) {
		return s.reject(notApart(s.dropIn.Name))
	}
	if e := s.authoriseStored(); e != nil {
		return s.reject(e)
	}
	if s.readsStored() {
		s.in.keep(s.w.plan.PassesKeys)
		return s.await()
	}
	s.content.reads = s.readsContent()
	step := s.forward()
	if step.Reply == nil && s.content.reads {
		step.set("range", "") // a piece of a file says something else than the whole
	}
	return step
}

// countTokens answers for a provider that does not count, by an estimate that the
// usage header marks as one.
func (s *Stream) countTokens(request rawjson.Value) *Step {
	w, d := s.w, s.endpoint.Dialect
	w.request.Reset()
	if e := d.CountReader.ReadRequest(request, &w.request); e != nil {
		return s.reject(e)
	}
	s.target = config.Target{} // nobody is asked
	u := chat.Usage{Input: w.request.Tokens(), Estimated: true}
	step := s.reply(200, "count_tokens", "application/json", d.Count(nil, u.Input))
	step.Reply.Headers = withHeader(step.Reply.Headers, usageHeader, string(appendUsage(w.buffer[:0], u)))
	return step
}
