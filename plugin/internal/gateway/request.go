package gateway

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/multipart"
	"github.com/postern-gateway/postern/plugin/guard"
	"github.com/postern-gateway/postern/plugin/internal/config"
)

// RequestHeaders is the request's first event. h is only read, and only now; end says
// that there is no body.
func (s *Stream) RequestHeaders(h []adapters.Header, end bool) *Step {
	step := s.headers(h, end)
	if s.in.keyInQuery { // neither a provider nor the proxy's log may see it
		for i := range step.Set {
			if step.Set[i].Name == ":path" {
				return step
			}
		}
		path := headerValue(h, ":path")
		path = path[:strings.IndexByte(path, '?')]
		if s.in.query != "" {
			path = withQuery(path, s.in.query)
		}
		step.Set = append(step.Set, adapters.Header{Name: ":path", Value: path})
	}
	return step
}

func (s *Stream) headers(h []adapters.Header, end bool) *Step {
	s.in = s.w.read(h, s.in)
	if step := s.takeUp(h); step != nil {
		return step
	}
	if a := s.w.plan.Admin; a != nil && under(a.Prefix, s.in.path) {
		s.began = s.w.port.Now()
		return s.admin(h, strings.TrimPrefix(s.in.path, a.Prefix), end)
	}
	if !s.ours() {
		s.phase = foreign
		step := s.next()
		for _, name := range s.in.own {
			// Or whoever sends it could choose where another application's route leads, or
			// whom it is counted for.
			if name == clusterHeader || s.w.plan.Signals.Header(name) {
				step.set(name, "")
			}
		}
		return step
	}
	s.in.takeKey(s.endpoint.Dialect)
	s.began = s.w.port.Now()
	if s.in.method == "OPTIONS" && s.in.wantsMethod != "" {
		return s.preflight()
	}
	if e := s.admit(end); e != nil {
		return s.reject(e)
	}
	if s.claim != nil {
		return s.wait()
	}
	return s.proceed()
}

// proceed goes on with a request of which the headers are all right and the caller is
// known.
func (s *Stream) proceed() *Step {
	switch {
	case s.endpoint.Op == adapters.Models:
		return s.models()
	case s.stored():
		return s.passOn()
	case s.dropIn != nil && !s.w.holds && len(s.w.plan.Guards) == 0:
		s.in.keep(true)
		return s.forward()
	case s.w.plan.HoldHeaders == config.HoldNever:
		return s.reject(needsBody())
	}
	s.in.keep(s.w.plan.PassesKeys)
	return s.await()
}

// await holds the headers until the body is here.
func (s *Stream) await() *Step {
	s.phase = awaiting
	s.w.held.add(s)
	step := s.next()
	step.Action, step.Want = Hold, Whole
	return step
}

// ours finds the endpoint that the request is for; false if the request is not the
// gateway's business.
func (s *Stream) ours() bool {
	for i := range s.w.plan.Match {
		m := &s.w.plan.Match[i]
		if len(m.Hosts) > 0 && !m.Host(hostOf(s.in.host)) || !under(m.Prefix, s.in.path) {
			continue
		}
		path := s.in.path[len(m.Prefix):]
		var ok bool
		if path == universalPath || path == "" && m.Prefix != "" {
			s.endpoint = dialect.Endpoint{Method: "POST", Dialect: s.w.table.Default()}
			s.attempts = &attempts{}
			return true
		}
		if s.endpoint, ok = s.w.table.Find(path, s.in.query, s.in.hint); ok {
			s.prefixed = m.Prefix != ""
			return true
		}
		s.prefixed = true
		if s.within, path, ok = s.w.dropIn(path); ok {
			if s.endpoint, ok = s.w.table.FindBelow(path, s.in.query, s.in.hint); ok {
				return true
			}
		}
	}
	return false
}

// compatName stands where a provider's name can, for any of them: the model says which
// (https://developers.cloudflare.com/ai-gateway/usage/chat-completion/).
const compatName = "compat"

// dropIn splits the provider off a path such as /openai/v1/chat/completions; there is
// none in /compat/chat/completions. Whether the caller reaches it shows later.
func (w *Worker) dropIn(path string) (name, rest string, ok bool) {
	name, rest, ok = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if !ok {
		return "", path, false
	}
	return name, path[len(path)-len(rest)-1:], w.plan.Names(name) || name == compatName
}

// under reports whether path is prefix or below it.
func under(prefix, path string) bool {
	return strings.HasPrefix(path, prefix) && (len(path) == len(prefix) || path[len(prefix)] == '/')
}

// admit checks all that the headers tell.
func (s *Stream) admit(end bool) *chat.Error {
	if s.endpoint.Model != "" {
		s.endpoint.Model = cloned(s.endpoint.Model)
	}
	if e := s.chooseMethod(); e != nil {
		return e
	}
	if name := s.in.twice; name != "" { // nobody can tell which one counts
		return invalid("duplicate_header", name, "the header "+name+" is there more than once, and limits are kept by it")
	}
	if e := s.identify(); e != nil {
		return e
	}
	if s.claim == nil { // else when it is known
		if e := s.enter(); e != nil {
			return e
		}
	}
	if s.endpoint.Method == "GET" || s.stored() && !s.readsStored() {
		return nil
	}
	e := s.kindOfBody()
	if s.stored() && !s.w.plan.Stored[guard.Request].Enforces { // what is wrong is not for a shadow to refuse
		return nil
	}
	if e != nil {
		return e
	}
	if s.in.encoding != "" && s.in.encoding != "identity" && s.in.encoding != "gzip" {
		return wrongEncoding(s.in.encoding)
	}
	if s.in.length > s.w.plan.Bounds.Request {
		return tooLarge(s.w.plan.Bounds.Request)
	}
	if s.w.bytes >= s.w.plan.Bounds.Held {
		return full()
	}
	if end {
		return invalid("empty_body", "", "the request has no body; want a JSON object")
	}
	return nil
}

// chooseMethod makes the request's method that of the endpoint, if it has it.
func (s *Stream) chooseMethod() *chat.Error {
	first, second, _ := strings.Cut(s.endpoint.Method, " ")
	switch s.in.method {
	case first:
		s.endpoint.Method = first
	case second:
		s.endpoint.Method = second
	default:
		return wrongMethod(s.endpoint.Method)
	}
	return nil
}

// kindOfBody finds out whether the body is JSON, or a form where there may be one.
func (s *Stream) kindOfBody() *chat.Error {
	kind, _, _ := strings.Cut(s.in.contentType, ";")
	kind = strings.TrimSpace(kind)
	switch {
	case strings.EqualFold(kind, "application/json"):
	case s.endpoint.Form && strings.EqualFold(kind, "multipart/form-data"):
		var err error
		if s.in.boundary, err = multipart.Boundary(s.in.contentType); err != nil {
			return invalid("invalid_form", "", err.Error())
		}
	default:
		return wrongContentType(kind, s.endpoint.Form)
	}
	return nil
}

// preflight answers a browser that asks whether it may call.
func (s *Stream) preflight() *Step {
	s.aside = true
	step := s.reply(204, "preflight", "", nil)
	r := step.Reply
	if s.w.allowOrigin(s.in.origin) == "" {
		return step
	}
	r.Headers = append(r.Headers,
		adapters.Header{Name: "access-control-allow-methods", Value: "GET, POST, DELETE, OPTIONS"},
		adapters.Header{Name: "access-control-allow-headers", Value: "*, authorization"},
		adapters.Header{Name: "access-control-max-age", Value: "86400"},
		adapters.Header{Name: "vary", Value: "origin"},
	)
	return step
}

// allowOrigin is what an answer says to a page of that origin; empty is nothing.
func (w *Worker) allowOrigin(origin string) string {
	if origin == "" {
		return ""
	}
	if w.plan.CORS.Any {
		return "*"
	}
	for _, o := range w.plan.CORS.Origins {
		if o == origin {
			return origin
		}
	}
	return ""
}
