package gateway

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/multipart"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/guard"
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
	if g := s.routing.group; g != nil && g.Native {
		return s.reject(notRetried(s.model, "with a form"))
	}
	guarded, e := s.guardForm(body)
	if e != nil {
		return s.reject(e)
	}
	if guarded != nil {
		body, s.rewritten = guarded, true
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
	if s.in.encoding == "gzip" || s.target.Model != s.model || s.rewritten {
		step.Replace = true
		step.Body = rawjson.Apply(step.Body, body, []rawjson.Edit{{Start: start, End: end, With: []byte(s.target.Model)}})
		body = step.Body
	}
	return s.send(step, path, body)
}

// guardForm has the guards read the fields of a form that are texts, such as a prompt, and
// returns what they leave of it; nil if that is all. Files they do not read.
func (s *Stream) guardForm(body []byte) ([]byte, *chat.Error) {
	if len(s.guards()) == 0 {
		return nil, nil
	}
	r := reader{s: s, direction: guard.Request}
	err := multipart.Each(body, s.in.boundary, func(f multipart.Field) {
		if f.File || isName(f.Name) || f.Start == f.End || s.guarding.failed != nil {
			return
		}
		r.plain(body, f.Start, f.End, guard.Part{Path: f.Name})
	})
	if err != nil {
		return nil, invalid("invalid_form", "", err.Error())
	}
	if s.guarding.failed != nil || len(r.edits) == 0 {
		return nil, s.guarding.failed
	}
	return rawjson.Apply(nil, body, r.edits), nil
}

// guardText has the guards read an answer that is a plain text, as that of a transcription.
func (s *Stream) guardText(step *Step, p []byte) *Step {
	if s.guarding.stored && !isText(p) {
		return s.passUnread(step)
	}
	var t pipe
	s.openText(&t, guard.Response, guard.Part{Role: guard.Assistant})
	out := t.feed(p, true)
	if e := s.guarding.failed; e != nil {
		s.failure = e.Code
		return s.replaceError(step, e)
	}
	step.Replace = true
	step.Body = append(step.Body, out...)
	step.set("content-length", itoa(len(out)))
	s.sayFound(step)
	return step
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
