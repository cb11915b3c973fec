package gateway

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/multipart"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/cache"
	"github.com/postern-gateway/postern/plugin/internal/config"
)

// Answers without a neutral form are kept as the client gets them, and given again to who
// asks the same of the same API: rankings, verdicts of moderation, images, transcripts.

// formFromCache is fromCache for a request that is a form.
func (s *Stream) formFromCache(body []byte) *Step {
	if s.w.plan.Cache == nil {
		return nil
	}
	fields := []cache.Field{}
	err := multipart.Each(body, s.in.boundary, func(p multipart.Field) {
		fields = append(fields, cache.Field{Name: p.Name, File: p.File, Value: body[p.Start:p.End]})
	})
	if err != nil {
		return nil
	}
	return s.fromCache(rawjson.Value{}, fields, body)
}

// fieldOf is the first of a form's fields with that name; nil if there is none.
func fieldOf(fields []cache.Field, name string) []byte {
	for i := range fields {
		if fields[i].Name == name {
			return fields[i].Value
		}
	}
	return nil
}

// declinesPlain is why the cache has nothing to do with such a request.
func declinesPlain(plan *config.Cache, request rawjson.Value, fields []cache.Field) string {
	if fields != nil {
		return plan.Policy.Refuses(nil, fieldOf(fields, "temperature"))
	}
	return plan.Policy.Refuses(rawOf(request.Get("store")), rawOf(request.Get("temperature")))
}

// rawOf is a member as it is spelled; nil if there is none.
func rawOf(v rawjson.Value) chat.Raw {
	if !v.Exists() || v.IsNull() {
		return nil
	}
	return v.Raw()
}

// keepKind notes of what kind an answer is that is kept as it is.
func (s *Stream) keepKind(head *responseHead, h []adapters.Header) {
	c := &s.cache
	if c.form == keptNeutral || !c.keeps() {
		return
	}
	if head.encoding != "" && head.encoding != "identity" {
		c.unfit("unread")
		return
	}
	if c.form == keptPlain && s.translation.way == nil {
		c.kind = strings.Clone(headerValue(h, "content-type"))
	}
}

// considerPlain takes the body that has passed, if it is worth being kept.
func (s *Stream) considerPlain() {
	c := &s.cache
	kind, _, _ := strings.Cut(c.kind, ";")
	if c.kind == "" {
		c.kind, kind = "application/json", "application/json"
	}
	why := ""
	switch kind = strings.ToLower(strings.TrimSpace(kind)); {
	case len(c.body) == 0:
		why = "empty"
	case isJSON(kind):
		why = s.considerJSON()
	case s.guarding.answers: // they do not read it
		why = "guarded"
	case !strings.HasPrefix(kind, "text/") && kind != "application/x-subrip" || kind == "text/event-stream":
		why = "media"
	}
	if why != "" {
		c.unfit(why)
		return
	}
	c.entry = cache.AppendPlain(nil, &cache.Plain{Cost: s.cost, Tokens: s.usage.Total(), Kind: c.kind, Body: c.body})
}

// considerJSON is why a body that is JSON is not kept.
func (s *Stream) considerJSON() string {
	c, doc := &s.cache, &s.w.doc
	doc.LoneSurrogates = true
	err := doc.Parse(c.body)
	doc.LoneSurrogates = false
	root := doc.Root()
	switch {
	case err != nil || root.Kind() != rawjson.Object:
		return "unread"
	case root.Get("error").Exists() && !root.Get("error").IsNull():
		return "error"
	case s.endpoint.Op == adapters.Images || s.endpoint.Op == adapters.ImageEdits:
		for it := root.Get("data").Items(); it.Next(); {
			if u := it.Value.Get("url"); u.Exists() && !u.IsNull() {
				return "url" // which is over before long
			}
		}
	}
	if !s.guarding.answers {
		return ""
	}
	own := s.guarding
	s.guarding = guarding{answers: true}
	body, e := s.guardedWhole(c.body)
	failure := s.failure
	s.guarding, s.failure = own, ""
	if e != nil || failure != "" {
		return "guarded"
	}
	c.body = body
	return ""
}

// hitPlain is hit for such an answer.
func (s *Stream) hitPlain(e *cache.Entry, age int64) *Step {
	a, ok := cache.ReadPlain(e.Value)
	if !ok || !s.gives(a.Tokens, a.Cost) {
		return nil
	}
	if s.guardAnswer() {
		body, e := s.guardedWhole(a.Body)
		if e != nil {
			return s.reject(e)
		}
		a.Body = body
	}
	return s.given(a.Kind, a.Body, age)
}
