package gateway

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/route"
)

// universalPath is where clients send a list of requests that are tried in order, as
// Cloudflare's universal endpoint has it
// (https://developers.cloudflare.com/ai-gateway/usage/universal). Below a prefix it is
// the prefix itself, too.
const universalPath = "/universal"

const (
	// maxAttempts bounds how many requests a list may have.
	maxAttempts = 10
	// attemptTime is how long an attempt that is a callout may take, whole answer and all.
	attemptTime = 5 * time.Minute
)

// attempts are the requests of a list. The first goes upstream as any request does. If
// its answer is an error the answer is held and the next ones are callouts, whose answer
// is the reply: it comes in one piece, a stream's events too.
type attempts struct {
	list    []attempt
	at      int
	bytes   int  // that the list takes, as long as it may be needed
	calling bool // the answer in hand is a callout's
	waiting bool // for one
}

// An attempt is one request of the list, as it was read.
type attempt struct {
	provider *config.Provider // nil: the model says which
	endpoint dialect.Endpoint
	search   string // what its path has after a question mark
	query    []byte // its body
	key      string // the client's own for this provider
	dropped  string // what of it has no counterpart here
	timeout  time.Duration
}

// universal reads the list and begins with its first request.
func (s *Stream) universal(body []byte) *Step {
	w := s.w
	if err := w.doc.Parse(body); err != nil {
		return s.reject(invalid("invalid_json", "", "the body is not acceptable JSON: "+err.Error()))
	}
	list := w.doc.Root()
	if n := list.Len(); list.Kind() != rawjson.Array || n == 0 || n > maxAttempts {
		return s.reject(invalid("invalid_type", "", "the body has to be an array of 1 to "+itoa(maxAttempts)+" requests, each with provider, endpoint and query"))
	}
	a := s.attempts
	a.bytes = len(body)
	if e := s.retain(0); e != nil {
		a.bytes = 0
		return s.reject(e)
	}
	for it := list.Items(); it.Next(); {
		i, v := it.Index, it.Value
		one, e := s.readAttempt(v, "["+itoa(i)+"]")
		if e != nil {
			return s.reject(e)
		}
		a.list = append(a.list, one)
	}
	return s.try()
}

// readAttempt reads one request of a list. It copies: the list is gone when it is made.
func (s *Stream) readAttempt(v rawjson.Value, at string) (attempt, *chat.Error) {
	a := attempt{timeout: attemptTime}
	var ok bool
	if a.provider, ok = s.space.Provider(v.Get("provider").Str()); !ok && !v.Get("provider").Is(compatName) {
		return a, wrongAttempt(at, ".provider", "want the name of a provider", v.Get("provider"))
	}
	path, search, _ := strings.Cut("/"+strings.TrimPrefix(v.Get("endpoint").Str(), "/"), "?")
	a.endpoint, ok = s.w.table.FindBelow(path, search, dialect.NoHint)
	a.search = search
	if !ok || a.endpoint.Method != "POST" || a.endpoint.Op >= adapters.Files || !printable(search) || strings.Contains(search, " ") { // it becomes part of a header
		return a, wrongAttempt(at, ".endpoint", "want a path such as chat/completions or v1/messages", v.Get("endpoint"))
	}
	query := v.Get("query")
	if query.Kind() != rawjson.Object {
		return a, wrongAttempt(at, ".query", "want an object", query)
	}
	a.query = bytes.Clone(query.Raw())
	if a.read(v); !config.HeaderSafe(a.key) {
		return a, invalid("invalid_value", at+".headers", at+".headers: the key has characters that no header may have")
	}
	return a, nil
}

func wrongAttempt(at, member, want string, got rawjson.Value) *chat.Error {
	at += member
	return invalid("invalid_value", at, at+": "+want+", got "+brief(string(got.Raw())))
}

// read reads what a request may have beside itself. Of its headers only a key is used,
// for providers that get the client's own.
func (a *attempt) read(v rawjson.Value) {
	var keys [3]string
	for it := v.Get("headers").Members(); it.Next(); {
		k, h := it.Key, it.Value
		switch name := strings.ToLower(k.Str()); name {
		case "authorization":
			keys[0] = h.Str()
		case "x-api-key":
			keys[1] = h.Str()
		case "x-goog-api-key":
			keys[2] = h.Str()
		case "content-type", "accept", "anthropic-version":
		default:
			a.drop("headers." + name)
		}
	}
	a.key = firstKey(keys[0], keys[1], keys[2])
	for it := v.Get("config").Members(); it.Next(); {
		k, c := it.Key, it.Value
		if millis, ok := c.Int64(); ok && k.Is("requestTimeout") && millis > 0 {
			a.timeout = time.Duration(min(millis, attemptTime.Milliseconds())) * time.Millisecond
		} else {
			a.drop("config." + k.Str())
		}
	}
}

func (a *attempt) drop(what string) {
	a.dropped = joined(a.dropped, brief(what))
}

// try makes the request in hand what the current attempt says, or the next that can be
// made. One that the gateway itself refuses counts as failed.
func (s *Stream) try() *Step {
	for {
		a := s.attempts
		one := &a.list[a.at]
		s.usage = chat.Usage{}
		s.land(route.Nothing, 0)
		s.charge(s.w.port.Now()) // for the one before, which has failed
		s.usage, s.cost, s.priced, s.timedOut = chat.Usage{}, 0, false, false
		s.budget = budgeting{lease: s.budget.lease}
		s.phase, s.endpoint, s.dropIn, s.prefixed = awaiting, one.endpoint, one.provider, true
		s.answer, s.watch, s.failure, s.token, s.rewritten, s.reduced, s.rule = answer{}, nil, "", nil, false, "", ""
		s.translation = translation{emit: s.translation.emit, delivered: s.translation.delivered, open: s.translation.open[:0]}
		s.guarding = guarding{list: s.guarding.list}
		s.in.encoding, s.in.length, s.in.query, s.in.key = "", -1, one.search, one.key
		if a.calling { // the client's own headers are of no use there
			s.in.anthropicVersion = false
		} else if one.timeout < attemptTime {
			s.in.timeout = itoa(int(one.timeout.Milliseconds()))
		}
		body := one.query
		request, e := s.w.parse(body)
		if e == nil {
			e = s.understand(request)
		}
		if e == nil {
			e = s.decide(request)
		}
		if e == nil {
			request, body, e = s.lowered(request, body)
		}
		var step *Step
		if e != nil {
			step = s.reject(e)
		} else {
			step = s.release(request, body)
		}
		s.dropped = joined(s.dropped, one.dropped)
		if step.Reply == nil || step.Reply.Status < 400 || a.last() {
			return step
		}
		a.at++
	}
}

func (a *attempts) last() bool { return a.at == len(a.list)-1 }

// fallBack begins the next attempt in the place of one that has failed.
func (s *Stream) fallBack() *Step {
	a := s.attempts
	a.at++
	a.calling, a.waiting = true, false
	step := s.try()
	if step.Reply != nil {
		return step
	}
	if !s.w.call(s.callout(step), s.w.plan.Bounds.Answer, func(x *Answer) []Wake { return s.attempted(a, x) }) {
		return s.reject(&chat.Error{Status: 503, Kind: chat.Overloaded, Code: "upstream_unavailable", Message: "too many requests of the gateway's own are under way"})
	}
	a.waiting = true
	step = s.next()
	step.Action, step.Want = Hold, Whole
	return step
}

// callout is the request that a step would send upstream.
func (s *Stream) callout(step *Step) *adapters.Callout {
	p := s.target.Provider
	c := &adapters.Callout{Cluster: p.Cluster, Method: "POST", Host: hostFor(p), Timeout: s.callTime(),
		Headers: []adapters.Header{{Name: "content-type", Value: "application/json"}}, Body: bytes.Clone(step.Body)}
	for _, h := range step.Set {
		switch {
		case h.Name == ":path":
			c.Path = h.Value
		case h.Value == "" || h.Name[0] == ':' || h.Name == "content-length" || strings.HasPrefix(h.Name, "x-envoy-") || strings.HasPrefix(h.Name, ownPrefix):
		default:
			c.Headers = append(c.Headers, h)
		}
	}
	return c
}

// callTime is how long the callout in hand may take.
func (s *Stream) callTime() time.Duration {
	if a := s.attempts; a.list != nil {
		return a.list[a.at].timeout
	}
	most, g := attemptTime, s.routing.group
	if g == nil {
		return most
	}
	if g.Timeout > 0 && !s.stream {
		most = min(most, g.Timeout)
	}
	if g.Deadline > 0 {
		most = max(time.Second, min(most, g.Deadline-time.Duration(s.w.port.Now()-s.began)))
	}
	return most
}

// hostFor is the host that a provider's requests ask for, which a callout has to say.
func hostFor(p *config.Provider) string {
	if p.Host != "" {
		return p.Host
	}
	if l, ok := p.Adapter.(adapters.Located); ok {
		return l.Host()
	}
	if p.Type.Host != "" {
		return p.Type.Host
	}
	return p.Cluster
}

// attempted takes the answer of a callout the way that an upstream's takes, and makes a
// reply of what comes out.
func (s *Stream) attempted(a *attempts, x *Answer) []Wake {
	if s.attempts != a || !a.waiting { // it has come before, and the stream may be another's
		return nil
	}
	a.waiting = false
	if s.late {
		s.settleLate(x)
		return nil
	}
	head, body := x.Headers, x.Body
	if x.Status == 0 {
		s.timedOut = true
		body = s.endpoint.Dialect.Error(nil, &chat.Error{Status: 504, Kind: chat.Timeout, Code: "upstream_timeout", Message: "the provider did not answer in time"})
		head = []adapters.Header{{Name: ":status", Value: "504"}, {Name: "content-type", Value: "application/json"}}
	}
	step := s.ResponseHeaders(head, len(body) == 0)
	if a.waiting {
		return nil
	}
	if step.Reply == nil {
		out := applied(passing(head), step.Set)
		step = s.ResponseBody(body, true)
		if a.waiting {
			return nil
		}
		if step.Replace {
			body = step.Body
		}
		if step.Reply == nil {
			s.land(s.verdict(), 0)
			out = applied(out, step.Set)
			body = bytes.Clone(body)
			step = s.reply(s.status, "universal", "", body)
			own := step.Reply.Headers
			out = slices.DeleteFunc(out, func(h adapters.Header) bool { return has(own, h.Name) }) // what is left of limits
			step.Reply.Headers = append(out, own...)
		}
	}
	return []Wake{{s.owner, step}}
}

// passing are the headers of a callout's answer that its client may see.
func passing(h []adapters.Header) []adapters.Header {
	var out []adapters.Header
	for _, x := range h {
		if x.Name[0] == ':' || strings.HasPrefix(x.Name, "x-envoy-") || strings.Contains(unpassed, ";"+x.Name+";") {
			continue
		}
		out = append(out, adapters.Header{Name: strings.Clone(x.Name), Value: strings.Clone(x.Value)})
	}
	return out
}

// unpassed are headers of a connection, of a proxy, or that a reply says itself.
const unpassed = ";content-length;transfer-encoding;connection;keep-alive;date;server;access-control-allow-origin;"

// applied are headers with a step's edits, but for what a reply says itself.
//
//go:noinline
func applied(h, set []adapters.Header) []adapters.Header {
	for _, e := range set {
		kept := h[:0]
		for _, x := range h {
			if x.Name != e.Name {
				kept = append(kept, x)
			}
		}
		h = kept
		if e.Value != "" && e.Name[0] != ':' && !strings.Contains(unpassed, ";"+e.Name+";") {
			h = append(h, e)
		}
	}
	return h
}

const (
	stepHeader           = "x-postern-step"
	cloudflareStepHeader = "cf-aig-step"
)

// numbered tells the client which request of its list has been answered.
func (s *Stream) numbered(step *Step) {
	n := itoa(s.attempts.at)
	step.Set = append(step.Set, adapters.Header{Name: stepHeader, Value: n})
	if s.w.plan.Client.Cloudflare {
		step.Set = append(step.Set, adapters.Header{Name: cloudflareStepHeader, Value: n})
	}
}
