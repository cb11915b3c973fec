package gateway

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// asksMore reports whether a request allows its answer more than so many tokens.
func (s *Stream) asksMore(request rawjson.Value, most int64) bool {
	n, ok := s.endpoint.Dialect.Most(s.endpoint.Op, request)
	return ok && n > most
}

// lowered is a request that lets its answer have no more tokens than access rules say.
func (s *Stream) lowered(request rawjson.Value, body []byte) (rawjson.Value, []byte, *chat.Error) {
	if s.most == 0 || !s.asksMore(request, s.most) {
		return request, body, nil
	}
	return s.bound(request, s.most)
}

// bound lowers the tokens that a request allows its answer, in the client's own words: all
// that reads it afterwards sees the lower number. Providers then stop by themselves and
// say so, which clients know how to take; one that had asked for more is told in a header.
func (s *Stream) bound(request rawjson.Value, most int64) (rawjson.Value, []byte, *chat.Error) {
	w := s.w
	w.patch.Reset()
	lowered, e := s.endpoint.Dialect.AtMost(s.endpoint.Op, request, most, &w.patch)
	if e != nil {
		return request, nil, e
	}
	if lowered != "" {
		s.reduced = lowered
	}
	body := w.patch.Apply(nil, &w.doc)
	request, e = w.parse(body)
	s.rewritten, s.budget.read = true, false
	return request, body, e
}
