package gateway

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/multipart"
)

// form reads a request that is a form, and sends it on: as it came but for the model.
func (s *Stream) form(body []byte) *Step {
	start, end, err := multipart.Find(body, s.in.boundary, "model")
	var e *chat.Error
	switch {
	case err != nil:
		e = invalid("invalid_form", "", err.Error())
	case start < 0 || start == end:
		e = noModel()
	default:
		s.model = string(body[start:end])
		if !s.consumer.May(s.model) {
			e = mayNot(s.model)
		}
	}
	if e == nil && s.phase == awaiting {
		e = s.choose()
	}
	if e != nil {
		return s.reject(e)
	}
	step := s.next()
	if s.phase == released { // by its path
		if s.list != nil { // its headers still wait for a token
			step.Action = Hold
		}
		return step
	}
	path, ok := s.native()
	if !ok {
		return s.reject(notOffered(s.model, s.target.Provider.Name, s.endpoint.Op.String(), s.endpoint.Dialect.Name))
	}
	if renamed := s.target.Model != "" && s.target.Model != s.model; renamed || s.in.encoding == "gzip" {
		step.Replace = true
		step.Body = append(step.Body, body[:start]...)
		if renamed {
			step.Body = append(step.Body, s.target.Model...)
		} else {
			step.Body = append(step.Body, s.model...)
		}
		step.Body = append(step.Body, body[end:]...)
		body = step.Body
	}
	if e := s.toProvider(step, path, body, true); e != nil {
		return s.reject(e)
	}
	return s.depart(step)
}
