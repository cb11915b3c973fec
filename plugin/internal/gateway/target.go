package gateway

import (
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/config"
)

// choose finds the target for the model that the client named.
func (s *Stream) choose(request rawjson.Value) *chat.Error {
	s.meant, s.choice, s.routing, s.invented = s.model, nil, routing{at: -1}, false
	space, provider := s.space, s.dropIn
	var model *config.Model
	if provider != nil {
		model = space.Find(s.model, provider)
	} else {
		if d := s.decision(); d != nil {
			s.branch(d, request)
			return nil
		}
		if before, after, ok := strings.Cut(s.model, "/"); ok {
			if p, ok := space.Provider(before); ok {
				provider, s.meant = p, after
				model = space.Find(s.meant, provider)
			}
		}
	}
	switch {
	case model != nil:
		s.label = model.Name
		s.aimAt(model.At(provider))
	case provider != nil && space.Takes(provider):
		s.label, s.invented = s.meant, true
		s.aimAt(&config.Target{Provider: provider, Place: provider.Place})
	case provider == nil && len(space.Open) > 0:
		return s.chooseByDialect()
	default:
		return unknownModel(s.model, strict.Near(s.model, s.names(s.dropIn)))
	}
	return nil
}

// aimAt makes a target the request's.
func (s *Stream) aimAt(t *config.Target) {
	if s.target = *t; t.Model == "" {
		s.target.Model = s.meant
	}
}

// chooseByDialect is for configurations without models: the first provider that
// speaks as the client does.
func (s *Stream) chooseByDialect() *chat.Error {
	s.invented = true
	for _, p := range s.space.Open {
		s.target, s.label = config.Target{Provider: p, Model: s.model, Place: p.Place}, s.model
		if _, ok := s.native(); ok {
			return nil
		}
	}
	for _, p := range s.space.Open {
		s.target, s.label = config.Target{Provider: p, Model: s.model, Place: p.Place}, s.model
		if s.translatedPath() != "" || s.endpoint.Op == adapters.CountTokens { // which is estimated for it
			return nil
		}
	}
	return notOffered(s.model, "no provider", s.endpoint.Op.String(), s.endpoint.Dialect.Name)
}

// native is where the target takes the request in the client's own dialect.
func (s *Stream) native() (path string, ok bool) {
	return s.target.Provider.Adapter.Native(s.call())
}

// call is the request as far as its path depends on it.
func (s *Stream) call() adapters.Call {
	return adapters.Call{Dialect: s.endpoint.Dialect.Name, Op: s.endpoint.Op, Model: s.target.Model, Rest: s.endpoint.Rest, Stream: s.stream}
}

// forward sends a request on by its path alone, for hosts that cannot hold headers
// and for requests without a body. The body follows unchanged.
func (s *Stream) forward() *Step {
	path, e := s.byPath()
	if e != nil {
		return s.reject(e)
	}
	step := s.next()
	if !s.stored() {
		step.Want = Whole
	}
	if e := s.toProvider(step, path, nil, s.endpoint.Method == "GET"); e != nil {
		return s.reject(e)
	}
	return s.depart(step)
}

// byPath makes the provider that the path names the target, and returns where it has the
// operation.
func (s *Stream) byPath() (string, *chat.Error) {
	p := s.dropIn
	s.target, s.label = config.Target{Provider: p, Model: s.endpoint.Model, Place: p.Place}, noLabel
	if _, e := s.reserve(rawjson.Value{}); e != nil {
		return "", e
	}
	path, ok := s.native()
	if !ok {
		return "", notOffered("", p.Name, s.endpoint.Op.String(), s.endpoint.Dialect.Name)
	}
	return path, nil
}

// noLabel stands for the model of requests that name none.
const noLabel = "none"

// toProvider makes the client's headers the provider's: private ones go, the
// provider's key and the route come. whole says that body is what the provider gets;
// otherwise it follows unchanged.
func (s *Stream) toProvider(step *Step, path string, body []byte, whole bool) *chat.Error {
	p := s.target.Provider
	translated := s.translation.way != nil && !s.translation.own
	changed := path != s.endpoint.Path || s.prefixed || translated
	if s.in.query != "" && !translated { // a query means something to the client's own API alone
		path = withQuery(path, s.in.query)
	}
	credential, e := s.credential(path, body, whole)
	if e != nil {
		return e
	}
	for i, name := range privateNames {
		if s.in.private&(1<<i) != 0 && !has(credential, name) && (whole || name != "content-encoding") {
			step.set(name, "")
		}
	}
	for _, name := range s.in.own {
		step.set(name, "")
	}
	if translated {
		for _, name := range s.in.api {
			step.set(name, "")
		}
	}
	step.Set = append(step.Set, credential...)
	for _, d := range p.Adapter.Defaults() {
		if d.Name != "anthropic-version" || !s.in.anthropicVersion || translated {
			step.set(d.Name, d.Value)
		}
	}
	if changed {
		step.set(":path", path)
	}
	if p.Host != "" {
		step.set(":authority", p.Host)
	}
	step.set("accept-encoding", "identity")
	step.set(clusterHeader, p.Cluster)
	s.signal(step)
	if whole && len(body) != s.in.length && s.endpoint.Method != "GET" {
		step.set("content-length", strconv.Itoa(len(body)))
	}
	if s.in.timeout != "" && parseLength(s.in.timeout) > 0 {
		step.set("x-envoy-upstream-rq-timeout-ms", s.in.timeout)
	}
	return nil
}

// credential is what proves to the provider who asks: a key, or the signature of this
// very request.
func (s *Stream) credential(path string, body []byte, whole bool) ([]adapters.Header, *chat.Error) {
	p := s.target.Provider
	key := &p.Keys[0]
	if s.routing.key = 0; len(p.Keys) > 1 {
		s.routing.key = s.w.board.Place(s.target.Place).PickKey(len(p.Keys), func(k int) int { return p.Keys[k].Weight }, s.routing.stick, s.w.port.Random(), s.began)
		key = &p.Keys[s.routing.key]
	}
	value, signs := key.Value, key.Signs
	headers := key.Headers
	switch key.Source {
	case config.Passthrough:
		value = s.in.clientKey()
		if value.Empty() && !s.w.plan.Identity.Open() {
			return nil, noOwnKey(p.Name)
		}
		headers = p.Adapter.Credential(value)
		signs = headers == nil && !value.Empty()
	case config.Exchanged:
		s.token = s.w.token(key)
	}
	signer, ok := p.Adapter.(adapters.Signer)
	if !signs || !ok {
		return headers, nil
	}
	if !whole {
		return nil, cannotSign(p.Name)
	}
	out := adapters.Outgoing{Method: s.endpoint.Method, Host: p.Host, Path: path, Body: body}
	headers, err := signer.Sign(value, &out, s.w.port.Now()/1e9)
	if err != nil { // only of a key that is the client's own: those of the configuration were tried
		return nil, unknownKey()
	}
	return headers, nil
}

// withQuery adds the client's query to a path that may have one.
func withQuery(path, query string) string {
	if strings.Contains(path, "?") {
		return path + "&" + query
	}
	return path + "?" + query
}

// clusterHeader tells the proxy where to; its route takes the cluster from it and
// removes it.
const clusterHeader = "x-postern-cluster"

func has(h []adapters.Header, name string) bool {
	for i := range h {
		if h[i].Name == name {
			return true
		}
	}
	return false
}
