package gateway

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/meter"
)

// An adminPage is what there is at a path below the admin prefix: what answers a GET with
// parameters, as an object of JSON, and what a POST with a body. Nil: there is no such.
type adminPage struct {
	path string
	get  func(s *Stream, params []byte) *Step
	post func(s *Stream, body []byte) *Step
}

// adminPages are all.
func adminPages() [10]adminPage {
	return [...]adminPage{
		{"/health", (*Stream).showHealth, nil},
		{"/version", (*Stream).showVersion, nil},
		{"/counters", (*Stream).showCounters, nil},
		{"/usage", (*Stream).showUsage, nil},
		{"/limits", (*Stream).showLimits, nil},
		{"/state", (*Stream).showState, (*Stream).restoreState},
		{"/keys/revoked", (*Stream).showRevoked, nil},
		{"/keys/revoke", nil, (*Stream).revoke},
		{"/keys/restore", nil, (*Stream).restoreKey},
		{"/cache/purge", nil, (*Stream).purgeCache},
	}
}

// methods are those that a page takes, as an endpoint has them and as a header has them.
func (p *adminPage) methods() (words, header string) {
	switch {
	case p.post == nil:
		return "GET", "GET"
	case p.get == nil:
		return "POST", "POST"
	}
	return "GET POST", "GET, POST"
}

// admin answers the operator. path is what follows the admin prefix. A request with a body
// is held until that is here.
func (s *Stream) admin(h []adapters.Header, path string, end bool) *Step {
	s.endpoint.Dialect, s.aside = s.w.table.Default(), true
	if !s.w.plan.Admin.Allows(s.in.credential()) {
		return s.reject(unknownKey())
	}
	var page *adminPage
	names := ""
	pages := adminPages()
	for i := range pages {
		names += " " + pages[i].path
		if pages[i].path == path {
			page = &pages[i]
		}
	}
	switch {
	case page == nil:
		return s.reject(&chat.Error{Status: 404, Kind: chat.NotFound, Code: "not_found", Message: "the admin endpoint has" + names})
	case s.in.method == "GET" && page.get != nil:
		s.csv = strings.HasPrefix(headerValue(h, "accept"), "text/csv")
		return page.get(s, params(s.in.query))
	case s.in.method != "POST" || page.post == nil:
		methods, allowed := page.methods()
		step := s.reject(wrongMethod(methods))
		step.Reply.Headers = withHeader(step.Reply.Headers, "allow", allowed)
		return step
	case end:
		return s.reject(invalid("empty_body", "", "the request has no body"))
	case s.w.plan.HoldHeaders == config.HoldNever:
		return s.reject(&chat.Error{Status: 501, Kind: chat.Internal, Code: "host_cannot_hold", Message: "this proxy cannot hold a request until its body is here (hold_headers: never)"})
	}
	s.in.keep(false)
	s.administer = page.post
	return s.await()
}

func (s *Stream) showHealth([]byte) *Step {
	return s.page200("application/json", []byte(`{"status":"ok"}`))
}

func (s *Stream) showVersion([]byte) *Step {
	b := &s.w.build
	var w rawjson.Writer
	w.Object()
	text(&w, "version", b.Version)
	text(&w, "commit", b.Commit)
	text(&w, "go", b.Go)
	text(&w, "configuration", s.w.plan.Digest)
	return s.page200("application/json", w.EndObject().Bytes())
}

// showCounters shows what the counters stand at: an object of the names as they are in the
// proxy's metrics.
func (s *Stream) showCounters([]byte) *Step {
	var w rawjson.Writer
	w.Object()
	for _, x := range s.w.series.All() {
		if x.Kind == meter.Counter {
			number(&w, x.Name, int64(s.w.port.Value(x)))
		}
	}
	return s.page200("application/json", w.EndObject().Bytes())
}

// text and number write a member of an object.
//
//go:noinline
func text(w *rawjson.Writer, name, v string) { w.Key(name).Str(v) }

//go:noinline
func number(w *rawjson.Writer, name string, n int64) { w.Key(name).Int(n) }

// page200 is what an operator has asked for.
//
//go:noinline
func (s *Stream) page200(contentType string, body []byte) *Step {
	return s.reply(200, "admin", contentType, body)
}

// params makes a JSON object of a query's parameters, so that they can be read as strictly
// as anything else.
func params(query string) []byte {
	w := rawjson.Add(nil, "{")
	for query != "" {
		var name, value string
		name, query, _ = strings.Cut(query, "&")
		name, value, _ = strings.Cut(name, "=")
		if len(w) > 1 {
			w = rawjson.Add(w, ",")
		}
		w = rawjson.AppendString(rawjson.Add(rawjson.AppendString(w, decoded(name)), ":"), decoded(value))
	}
	return rawjson.Add(w, "}")
}

func decoded(text string) string {
	if clear, ok := dialect.Unescape(text); ok {
		return clear
	}
	return text
}

// wrong is the error for what an operator has sent.
//
//go:noinline
func wrong(err error) *chat.Error { return invalid("invalid_value", "", err.Error()) }
