package hostsim

import (
	"slices"
	"strings"
)

// This file is what Envoy's router does with an answer that redirects: it ends the
// stream, and begins the request again where the answer says, through all plugins.
// https://github.com/envoyproxy/envoy/blob/main/source/common/router/router.cc (setupRedirect)

// Redirects are a route's internal redirects. An answer that none of them follows
// goes to the client.
type Redirects struct {
	Codes       []int    // statuses of answers that are followed, of 301, 302, 303, 307 and 308
	Most        int      // how often, for one request of a client's
	CrossScheme bool     // also from http to https, and back
	Copy        []string // headers that the request takes from the answer, or loses with it
	// Routed says whether there is a route for the request as it is to begin again;
	// nil: for all.
	Routed func(Headers) bool
}

// redirects is the policy of the route that the request has taken; nil: none is followed.
func (s *Stream) redirects() *Redirects {
	if s.route != nil {
		return s.route.Redirects
	}
	return s.host.config.Redirects
}

// redirect begins the request again if an answer says where.
func (s *Stream) redirect(answer *headerMap) bool {
	p := s.redirects()
	if !p.follows(answer) || !s.upSent || s.tooLong {
		return false
	}
	h, ok := p.moved(&s.req.headers.list, answer.list, s.redirected)
	if !ok {
		return false
	}
	body := s.sentBody
	if answer.list.Get(":status") == "303" && h.Get(":method") != "GET" && h.Get(":method") != "HEAD" {
		h.overwrite(":method", "GET")
		h.Del("content-length")
		body = nil
	}
	s.recreate(h, body, answer)
	return true
}

// follows says whether an answer is a redirect to be followed, if it can be.
func (p *Redirects) follows(answer *headerMap) bool {
	_, ok := answer.list.Lookup("location")
	return ok && p != nil && slices.Contains(p.Codes, (Response{Headers: answer.list}).Status())
}

// moved are the request's headers as it begins again, after so many times.
func (p *Redirects) moved(request *Headers, answer Headers, before int) (Headers, bool) {
	scheme, authority, path, ok := splitURL(answer.Get("location"))
	if !ok || before >= p.Most {
		return nil, false
	}
	from := "http"
	if request.Get(":scheme") == "https" {
		from = "https"
	}
	if !p.CrossScheme && (from == "http") != (scheme == "http") {
		return nil, false
	}
	h := request.Clone()
	for _, name := range p.Copy {
		h.Del(name)
		for _, f := range answer {
			if f.Name == name {
				h.Add(f.Name, f.Value)
			}
		}
	}
	h.overwrite(":scheme", scheme)
	h.overwrite(":authority", authority)
	h.overwrite(":path", path)
	if p.Routed != nil && !p.Routed(h) { // the scheme is put back twice
		scheme := from + "," + request.Get(":scheme")
		request.Del(":scheme")
		*request = append(Headers{{":scheme", scheme}}, *request...)
		return nil, false
	}
	h.overwrite("x-envoy-original-url", from+"://"+request.Get(":authority")+request.Get(":path"))
	return h, true
}

// splitURL splits an absolute URL; its fragment goes.
func splitURL(location string) (scheme, authority, path string, ok bool) {
	scheme, rest, ok := strings.Cut(location, "://")
	scheme = strings.ToLower(scheme)
	rest, _, _ = strings.Cut(rest, "#")
	n := strings.IndexAny(rest, "/?")
	if n < 0 {
		n = len(rest)
	}
	authority, path = rest[:n], rest[n:]
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return scheme, authority, path, ok && (scheme == "http" || scheme == "https") && authority != ""
}

// recreate ends the stream as far as its plugins see it, and begins it anew in its place:
// the client's side, and what the request was given, stay.
func (s *Stream) recreate(h Headers, body []byte, answer *headerMap) {
	s.explain("internal_redirect")
	s.host.clock.stop(s.timeout)
	a := s.attempt
	if !a.upDone {
		s.up.Reset("redirect")
	}
	a.over, a.upGone, a.upDone = true, true, true
	s.req.headers.list, s.resp.headers = h.Clone(), answer // for the access log
	s.props.status = int64((Response{Headers: answer.list}).Status())
	s.props.end(s.host.clock.now())
	s.destroyed = true
	for _, f := range s.filters {
		f.ctx.log()
	}
	summary := s.Summary()
	for _, f := range s.filters {
		f.ctx.destroy()
	}
	a.destroy()
	if s.onRedirect != nil {
		s.onRedirect(summary)
	}
	s.renew()
	s.req.headers, s.req.observedEnd = newHeaderMap(kindRequest, h), true
	s.req.runHeaders(0, len(body) == 0)
	if len(body) > 0 && !s.destroyed {
		s.req.in.data = append(s.req.in.data[:0], body...)
		s.props.requestSize += uint64(len(body))
		s.req.runData(0, &s.req.in, true)
	}
}

// renew forgets all that is of one pass through the plugins.
func (s *Stream) renew() {
	given := s.props.given
	if s.announced {
		given = given[1:]
	}
	next := Stream{host: s.host, worker: s.worker, id: s.id, router: s.router, replies: s.replies, done: s.done, slow: s.slow, onRedirect: s.onRedirect,
		plugins: s.plugins, client: s.client, up: s.up, recClient: s.recClient, recUp: s.recUp, recorders: s.recorders, redirected: s.redirected + 1,
		req: pipe{request: true, limit: s.req.limit}, resp: pipe{limit: s.resp.limit},
		props: properties{given: given, start: s.host.clock.now()}}
	*s = next
	s.req.s, s.resp.s = s, s
	if s.recUp != nil {
		s.recUp = &recorder{stream: s}
		s.up = s.recUp
	}
	s.createFilters(s.handles())
}
