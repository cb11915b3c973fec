package config

import (
	"errors"
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/sha2"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/guard"
	"github.com/postern-gateway/postern/plugin/internal/access"
	"github.com/postern-gateway/postern/plugin/internal/identity"
)

// Parts are what a configuration can refer to.
type Parts struct {
	Providers   []adapters.Provider
	Guards      []guard.Type
	Environment func(name string) string // of the VM; "" for a variable that is not set
}

// Read compiles a document. Its error is nil or has everything that is wrong with it,
// each with its path, and no secret.
func Read(document []byte, parts Parts) (*Plan, error) {
	r := &reader{parts: parts}
	if err := strict.Decode(document, r.plan); err != nil {
		return nil, err
	}
	sum := sha2.Sum(document)
	r.out.Digest = hexadecimal(sum[:])
	return &r.out, nil
}

// reader compiles one document. Sections that refer to others come after them.
type reader struct {
	parts     Parts
	out       Plan
	scope     *scope
	consumed  map[[2]string]bool // tenant and name of the consumers so far
	tierNames []string
	proves    bool // there are other ways than keys to prove who one is
	caches    bool // answers are kept
	rules     []access.Rule
	spots     map[[2]string]int // places among the plan's Spots, by labels of providers and models

	exampleBytes int // of texts that branches are for
}

func (r *reader) plan(o *strict.Object) {
	r.scope = newScope("", nil)
	r.out.names = map[string]bool{}
	r.consumed = map[[2]string]bool{}
	r.out.Identity = &identity.Gate{Keys: identity.Keys{}, Consumers: map[string][]*identity.Caller{}}
	r.proves, r.caches = o.Has("identity"), o.Has("cache")
	r.spots = map[[2]string]int{}
	if o.Enum("role", "Where the module is loaded: gateway in a listener's filter chain, attempt in a cluster's, where it needs no other key.", "gateway", "gateway", "attempt") == "attempt" {
		r.out.Role = Attempt
		o.Only("does not go with role: attempt, which has everything from the gateway", "role")
	}
	switch o.Enum("hold_headers", "Whether the proxy's Wasm filter has allow_on_headers_stop_iteration: always if it has, never if it has not, auto to find out.", "auto", "auto", "always", "never") {
	case "always":
		r.out.HoldHeaders = HoldAlways
	case "never":
		r.out.HoldHeaders = HoldNever
	}
	o.Objects("match", "Which requests are the gateway's, the first match wins; none means every AI path of every host.", r.match)
	o.Objects("providers", "The upstream APIs.", r.provider)
	if r.out.Role == Gateway && !o.Has("providers") {
		o.Fail("providers", "missing")
	}
	r.out.Providers = r.scope.providers
	r.out.Models = r.models(o, "What clients may ask for, the first match wins; none means every model that a provider has.")
	r.tenants(o)
	r.tiers(o)
	r.catalog(o)
	r.consumers(o)
	r.accessRules(o, access.When{})
	r.out.Access = access.New(r.rules)
	r.clientAddress(o)
	r.identity(o)
	r.admin(o)
	r.limitsOfAll(o)
	r.cache(o)
	r.guards(o)
	r.clientHeaders(o)
	r.signals(o)
	r.cors(o)
	r.bounds(o)
	if len(r.out.Match) == 0 {
		r.out.Match = []Match{{}}
	}
}

func (r *reader) match(_ int, o *strict.Object) {
	m := Match{Prefix: strings.TrimSuffix(o.Str("prefix", "Path before /v1; the gateway takes it off.", "/"), "/")}
	if m.Prefix != "" && m.Prefix[0] != '/' {
		o.Fail("prefix", "want a path that begins with a slash, got "+strict.Quote(m.Prefix))
	}
	for i, h := range o.Strings("hosts", "Host names without port; *.example.com is every name below it. None means every host.") {
		h = strings.ToLower(h)
		if h == "" || strings.Contains(h, ":") || strings.LastIndexByte(h, '*') > 0 || h[0] == '*' && !strings.HasPrefix(h, "*.") {
			o.FailItem("hosts", i, "want a host name without port, or *. and a domain")
		}
		m.Hosts = append(m.Hosts, h)
	}
	r.out.Match = append(r.out.Match, m)
}

func (r *reader) provider(_ int, o *strict.Object) {
	p := &Provider{
		Tenant:  r.scope.tenant,
		Name:    o.Str("name", "What models refer to, and the first part of the provider's drop-in path.", ""),
		Cluster: o.Str("cluster", "The proxy's name for the upstream; in Istio outbound|443||api.openai.com.", ""),
		Host:    o.Str("host", "Host name to ask for; empty leaves it to the proxy.", ""),
	}
	o.Require("name", "cluster")
	if strings.ContainsAny(p.Name, "/?# ") {
		o.Fail("name", "must not contain / ? # or spaces")
	}
	if r.scope.own(p.Name) != nil && p.Name != "" {
		o.Fail("name", "another provider has this name")
	}
	o.Variant("type", "The API that it speaks.", "options", r.variants(p))
	if l, ok := p.Adapter.(adapters.Located); ok && p.Host == "" {
		p.Host = l.Host()
	}
	o.Objects("keys", "Its keys, chosen by weight.", func(_ int, o *strict.Object) { r.key(p, o) })
	o.Require("keys")
	if o.Has("keys") && len(p.Keys) == 0 {
		o.Fail("keys", "want at least one key")
	}
	p.Place = r.spot(p, "")
	r.scope.add(p)
	r.out.names[p.Name] = true
}

// variants are the options of each type of provider.
func (r *reader) variants(p *Provider) []strict.Variant {
	variants := make([]strict.Variant, len(r.parts.Providers))
	for i, t := range r.parts.Providers {
		variants[i] = strict.Variant{Name: t.Name, Doc: t.Doc, Read: func(o *strict.Object) {
			p.Type = t
			var err error
			if p.Adapter, err = t.Options(o); err != nil {
				o.Fail("", err.Error())
			}
		}}
	}
	return variants
}

func (r *reader) admin(o *strict.Object) {
	o.Object("admin", "The gateway's own endpoint: health, usage, limits, revoking keys, export and import. Off without keys.", func(o *strict.Object) {
		a := &Admin{Prefix: strings.TrimSuffix(o.Str("prefix", "Path of the endpoint.", "/postern"), "/"), keys: keySet[struct{}]{}}
		if !strings.HasPrefix(a.Prefix, "/") {
			o.Fail("prefix", "want a path that begins with a slash and is more than one")
		}
		o.Objects("keys", "Who may use it.", func(_ int, o *strict.Object) {
			if sum, ok := r.hashed(o); ok {
				a.keys[sum] = struct{}{}
			}
		})
		if len(a.keys) > 0 {
			r.out.Admin = a
		}
	})
}

func (r *reader) clientHeaders(o *strict.Object) {
	o.Object("client_headers", "What a caller may say by header; all other x-postern-* and cf-aig-* headers are ignored.", func(o *strict.Object) {
		for _, name := range o.Enums("narrow", "Headers x-postern-NAME that can only make a request smaller.", nil, "timeout", "metadata", "session-id", "cache-ttl", "skip-cache") {
			switch name {
			case "timeout":
				r.out.Client.Timeout = true
			case "metadata":
				r.out.Client.Metadata = true
			case "session-id":
				r.out.Client.SessionID = true
			case "cache-ttl":
				r.out.Client.CacheTTL = true
			case "skip-cache":
				r.out.Client.SkipCache = true
			}
		}
		r.out.Client.Debug = o.Strings("debug", "Names of consumers, with *, who may send x-postern-debug: their answers then tell in x-postern-route where the request could have gone, and why it did not.")
		r.out.Client.Cloudflare = o.Enum("aliases", "Also accept the same headers with this product's names (cf-aig-*).", "none", "none", "cloudflare") == "cloudflare"
	})
}

func (r *reader) cors(o *strict.Object) {
	o.Object("cors", "Which web pages may call, from a browser.", func(o *strict.Object) {
		for _, origin := range o.Strings("origins", `Origins such as https://app.example.com, or "*" for every one.`) {
			if origin == "*" {
				r.out.CORS.Any = true
			}
			r.out.CORS.Origins = append(r.out.CORS.Origins, origin)
		}
	})
}

func (r *reader) bounds(o *strict.Object) {
	b := &r.out.Bounds
	*b = Bounds{}
	o.Section("bounds", "How large and slow a request may be.", func(o *strict.Object) {
		b.Request = o.Bytes("request", "Bytes of a request's body. The proxy's own buffer limit has to be at least as large.", 64<<20, 1<<10, 1<<30)
		b.Answer = o.Bytes("answer", "Bytes of an answer that has to be translated whole. The proxy's own buffer limit has to be at least as large.", 16<<20, 1<<10, 1<<30)
		b.Held = o.Bytes("held", "Bytes of requests and answers that a worker holds at once; what is more is refused with 503. Not less than a request may have.", 256<<20, 1<<10, 1<<40)
		if b.Held < b.Request {
			o.Fail("held", "want at least as much as bounds.request")
		}
		b.Size = mode(o, "model_size", "What becomes of a request that by the catalogue and an estimate of its tokens is larger than its model takes: shadow only counts it.", Shadow)
		b.RequestTime = o.Duration("request_time", "Until a request's body is complete.", 60*time.Second, time.Second, time.Hour)
	})
}

var errUnset = errors.New("the Wasm VM has no such environment variable; the proxy's vm_config.environment_variables has to pass it on")

func hexadecimal(b []byte) string {
	const digits = "0123456789abcdef"
	var s []byte
	for _, x := range b {
		s = append(s, digits[x>>4], digits[x&15])
	}
	return string(s)
}
