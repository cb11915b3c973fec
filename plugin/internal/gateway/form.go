package gateway

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/multipart"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// form reads a request that is a form, and sends it on: as it came but for the model.
func (s *Stream) form(body []byte) *Step {
	_, _, e := s.named(body)
	if e == nil {
		e = s.decide(rawjson.Value{})
	}
	if e != nil {
		return s.reject(e)
	}
	if s.phase == released {
		return s.follow()
	}
	if step := s.formFromCache(body); step != nil {
		return step
	}
	return s.sendForm(body)
}

// sendForm sends a form on for which there is nothing in the cache.
func (s *Stream) sendForm(body []byte) *Step {
	start, end, e := s.named(body)
	if e != nil {
		return s.reject(e)
	}
	if _, e := s.reserve(rawjson.Value{}); e != nil {
		return s.reject(e)
	}
	step := s.next()
	path, ok := s.native()
	if !ok {
		return s.reject(s.notNative())
	}
	if s.in.encoding == "gzip" || s.target.Model != s.model {
		step.Replace = true
		step.Body = rawjson.Apply(step.Body, body, []rawjson.Edit{{Start: start, End: end, With: []byte(s.target.Model)}})
		body = step.Body
	}
	return s.send(step, path, body)
}

// named finds the model in a form.
func (s *Stream) named(body []byte) (start, end int, e *chat.Error) {
	start, end, err := multipart.Find(body, s.in.boundary, "model")
	if err != nil {
		return 0, 0, invalid("invalid_form", "", err.Error())
	}
	if start < 0 || start == end {
		return 0, 0, noModel()
	}
	s.model = string(body[start:end])
	return start, end, nil
}
