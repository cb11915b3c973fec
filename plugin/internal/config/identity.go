package config

import (
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/identity"
	"github.com/postern-gateway/postern/plugin/internal/signature"
)

// methods are the words for the ways of proving who calls, in their usual order.
var methods = [...]string{identity.ByWord: "trusted", identity.ByKey: "key", identity.ByToken: "jwt", identity.ByCertificate: "client_certificate"}

// identity reads how callers prove who they are. Consumers have been read.
func (r *reader) identity(root *strict.Object) {
	g := r.out.Identity
	var order []string
	root.Object("identity", "How callers prove who they are, beside the keys of consumers. What does not hold is refused, whatever else a request has.", func(o *strict.Object) {
		order = o.Enums("order", "The methods in the order in which a request is looked at; the first that finds something decides. Without it: trusted, key, jwt, client_certificate, as far as there are any.", nil, methods[:]...)
		r.signedKeys(g, o)
		o.Objects("jwt", "Issuers of JSON Web Tokens.", func(_ int, o *strict.Object) { r.issuer(g, o) })
		r.certificates(g, o)
		r.trusted(g, o)
		o.Object("anonymous", "Who calls without anything that says who; without it nobody may.", func(o *strict.Object) {
			g.Anonymous = r.caller(o)
			o.Require("name")
			r.placed(g.Anonymous, o)
		})
		r.order(g, order, o)
	})
	if root.Has("identity") {
		return
	}
	r.order(g, nil, root)
}

// order puts the methods that are configured into their order.
func (r *reader) order(g *identity.Gate, order []string, o *strict.Object) {
	there := [...]bool{identity.ByWord: g.Trusted != nil, identity.ByKey: len(g.Keys) > 0 || g.Signed != nil,
		identity.ByToken: len(g.Issuers) > 0, identity.ByCertificate: g.Mapping != nil}
	for m, ok := range there {
		named := slices.Contains(order, methods[m])
		switch {
		case ok && order != nil && !named:
			o.Fail("order", "leaves out "+methods[m]+", which is configured")
		case !ok && named:
			o.Fail("order", "names "+methods[m]+", which is not configured")
		case ok && order == nil:
			g.Order = append(g.Order, identity.Method(m))
		}
	}
	for i, word := range order {
		if slices.Contains(order[:i], word) {
			o.FailItem("order", i, "is there before")
		}
		g.Order = append(g.Order, identity.Method(slices.Index(methods[:], word)))
	}
	if len(g.Order) == 0 && len(g.Consumers) > 0 {
		o.Fail("", "there is no method by which the consumers could prove who they are")
	}
}

// caller reads who somebody is.
func (r *reader) caller(o *strict.Object) *identity.Caller {
	return &identity.Caller{
		Name:   o.Str("name", "Name in logs and limits.", ""),
		Tier:   o.Str("tier", "Its kind of contract: the name of a tier, where there are any.", ""),
		Models: o.Strings("models", "Names and patterns of the models that it may use; none means all."),
		Tags:   o.Strings("tags", "Words that access rules can go by."),

		Privileged: o.Enums("privileged", "Headers x-postern-NAME that not everybody may send: cache-key names the answer in the cache instead of what is asked.", nil, "cache-key"),
	}
}

func (r *reader) signedKeys(g *identity.Gate, o *strict.Object) {
	o.Object("signed_keys", "Keys that say themselves whose they are and what for: `postern signed-key` makes them.", func(o *strict.Object) {
		s := &identity.Signed{Revoked: map[string]bool{}}
		public := o.Strings("public_keys", "Ed25519 public keys of who may make them, in base64url; `postern keypair` makes pairs.")
		for i, text := range public {
			if err := s.Add(text); err != nil {
				o.FailItem("public_keys", i, err.Error())
			}
		}
		o.Require("public_keys")
		if len(public) > identity.MaxSigners {
			o.Fail("public_keys", "want at most 8")
		}
		for _, id := range o.Strings("revoked", "Ids of keys that do not count any more.") {
			s.Revoked[id] = true
		}
		g.Signed = s
	})
}

func (r *reader) issuer(g *identity.Gate, o *strict.Object) {
	i := &identity.Issuer{
		Name:       o.Str("issuer", "What its tokens have as iss.", ""),
		Audiences:  o.Strings("audiences", "One of which a token has to be for."),
		Header:     strings.ToLower(o.Str("header", "Header that has its tokens, with or without Bearer; empty is where API keys are.", "")),
		Algorithms: o.Enums("algorithms", "Those that are taken; none means all that its keys serve.", nil, "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512"),
		Skew:       int64(o.Duration("skew", "How much clocks may differ.", time.Minute, 0, 10*time.Minute) / time.Second),
		Prefix:     o.Str("prefix", "Put before the names of consumers, to tell them from those of others.", ""),
		Configured: o.Bool("known_only", "Only consumers of the configuration may call, who then are what it says. Otherwise their names must not be those of its consumers.", false),
	}
	o.Require("issuer", "audiences")
	if o.Has("audiences") && len(i.Audiences) == 0 {
		o.Fail("audiences", "want at least one")
	}
	i.Base = identity.Caller{
		Tier:   o.Str("tier", "Their kind of contract, where no claim says it.", ""),
		Models: o.Strings("models", "Models that they may use, where no claim says it; none means all."),
		Tags:   o.Strings("tags", "Tags that all of them have."),
	}
	r.placed(&i.Base, o)
	i.Claims.Consumer = "sub"
	o.Section("claims", "Where a token says who its bearer is: names of claims, with dots between those of nested objects. A claim that is named here has to be there, unless what it says is configured, too.", func(o *strict.Object) {
		i.Claims = identity.Claims{
			Consumer: o.Str("consumer", "The consumer.", "sub"),
			Tenant:   o.Str("tenant", "Its tenant.", ""),
			Tier:     o.Str("tier", "Its tier.", ""),
			Models:   o.Str("models", "The models that it may use: a list, or names with spaces between them.", ""),
			Tags:     o.Str("tags", "Its tags: a list, or names with spaces between them.", ""),
		}
		if i.Claims.Consumer == "" {
			o.Fail("consumer", "must not be empty")
		}
	})
	o.Objects("require", "Claims that a token has to have.", func(_ int, o *strict.Object) {
		i.Require = append(i.Require, identity.Requirement{
			Claim:  o.Str("claim", "Name of the claim, as in claims.", ""),
			Values: o.Strings("values", "One of which it has to have, with * for any characters; of a list one element is enough."),
		})
		o.Require("claim", "values")
	})
	r.keysOf(i, o)
	if !slices.Contains(g.Headers, i.Header) && !readHeader(g, i.Header) { // several issuers may share one
		o.Fail("header", "is read as something else")
	}
	g.TokensAsKeys = g.TokensAsKeys || i.Header == ""
	g.Issuers = append(g.Issuers, i)
}

// keysOf reads what an issuer's tokens are checked with.
func (r *reader) keysOf(i *identity.Issuer, o *strict.Object) {
	o.Object("jwks", "Where its keys are fetched, a JSON Web Key Set.", func(o *strict.Object) {
		i.Remote = &identity.Remote{
			Cluster: o.Str("cluster", "The proxy's name for the issuer's server.", ""),
			Host:    o.Str("host", "Host name to ask for.", ""),
			Path:    o.Str("path", "Path of the key set.", ""),
			Refresh: int64(o.Duration("refresh", "How old it may become before it is fetched anew.", 15*time.Minute, time.Minute, 24*time.Hour)),
			Timeout: int64(o.Duration("timeout", "How long that may take, during which requests may have to wait.", 5*time.Second, 100*time.Millisecond, 30*time.Second)),
		}
		o.Require("cluster", "host", "path")
		if i.Remote.Path != "" && i.Remote.Path[0] != '/' {
			o.Fail("path", "want a path that begins with a slash")
		}
	})
	keys := o.Raw("keys", "Its public keys themselves: a list of JSON Web Keys.")
	if keys.Exists() {
		i.Keys = &identity.KeySet{}
		if keys.Kind() != rawjson.Array || keys.Len() == 0 {
			o.FailAt(keys, "want a list of keys")
		}
		for it := keys.Items(); it.Next(); {
			if err := i.Keys.Add(it.Value); err != nil {
				o.FailAt(it.Value, err.Error())
			}
		}
	}
	o.Object("secret", "What the issuer signs with by HMAC, where it has no public keys.", func(o *strict.Object) {
		value := r.secret(o)
		if value.Empty() {
			return // which has been reported
		}
		var err error
		if i.Keys, err = identity.Share([]byte(value.Reveal())); err != nil {
			o.Fail("", err.Error())
		}
	})
	o.ExactlyOne("jwks", "keys", "secret")
	for at, name := range i.Algorithms {
		a, _ := signature.Find(name)
		if hmac := a.Family == signature.HMAC; hmac != o.Has("secret") {
			o.FailItem("algorithms", at, "is not one of "+map[bool]string{true: "public keys", false: "a secret"}[hmac])
		}
	}
}

// secret reads a secret, from the environment or as it is.
func (r *reader) secret(o *strict.Object) secret.String {
	env := o.Str("env", "Name of the environment variable of the Wasm VM that holds it.", "")
	value := o.Secret("value", "The secret itself.")
	o.ExactlyOne("env", "value")
	if env == "" {
		return value
	}
	value, err := fromEnvironment(r.parts.Environment, env)
	if err != nil {
		o.Fail("env", err.Error())
	}
	return value
}

func (r *reader) certificates(g *identity.Gate, o *strict.Object) {
	o.Object("client_certificate", "Callers by the certificate that they show. The proxy has to verify it: it tells the plugin that there is one, not that it is any good.", func(o *strict.Object) {
		m := &identity.Certificates{Forwarded: o.Enum("from", "Where it is told of: the connection, or the header x-forwarded-client-cert, which the proxy then has to take away from clients (SANITIZE_SET, or FORWARD_ONLY behind a proxy that does).", "connection", "connection", "x-forwarded-client-cert") != "connection"}
		o.Objects("rules", "Who certificates belong to; the first match wins.", func(_ int, o *strict.Object) {
			rule := identity.CertificateRule{
				URI:     o.Str("uri", "One of its URIs (spiffe://example.com/ns/prod/sa/web), with at most one * for any characters.", ""),
				DNS:     o.Str("dns", "One of its DNS names, the same way.", ""),
				Subject: o.Str("subject", "Its subject, the same way.", ""),
			}
			rule.Caller = *r.caller(o)
			r.placed(&rule.Caller, o)
			pattern := rule.URI + rule.DNS + rule.Subject
			o.ExactlyOne("uri", "dns", "subject")
			o.Require("name")
			if strings.Count(pattern, "*") > 1 {
				o.Fail("", "want at most one * in the pattern")
			}
			if n := strings.Count(rule.Caller.Name, "*"); n > strings.Count(pattern, "*") || n > 1 {
				o.Fail("name", "a * stands for what the pattern's one * does")
			}
			m.Rules = append(m.Rules, rule)
		})
		o.Require("rules")
		if m.Forwarded {
			readHeader(g, identity.ForwardedHeader)
		}
		g.Mapping = m
	})
}

func (r *reader) trusted(g *identity.Gate, o *strict.Object) {
	o.Object("trusted", "A filter in front that says who calls. The plugin cannot tell who has set a header: the proxy has to take these away from what clients send.", func(o *strict.Object) {
		t := &identity.Trusted{
			Header:     strings.ToLower(o.Str("header", "Header with the consumer's name.", "")),
			Property:   strings.Join(o.Strings("property", "Or the attribute of the stream that has it, as the parts of its path: [filter_state, NAME], [metadata, filter_metadata, envoy.filters.http.jwt_authn, payload, sub]."), "\x00"),
			Tenant:     strings.ToLower(o.Str("tenant_header", "Header with its tenant, if any.", "")),
			Tier:       strings.ToLower(o.Str("tier_header", "Header with its tier, if any.", "")),
			Configured: o.Bool("known_only", "Only consumers of the configuration may call.", false),
		}
		o.ExactlyOne("header", "property")
		for _, key := range [...]string{"header", "tenant_header", "tier_header"} {
			if name := strings.ToLower(o.Value(key).Str()); name != "" && !readHeader(g, name) {
				o.Fail(key, "is read already, or as something else")
			}
		}
		g.Trusted = t
	})
}

// readHeader has a header read that is not one of those that have keys, or belong to the
// request itself; false if it is read already.
func readHeader(g *identity.Gate, name string) bool {
	switch {
	case name == "":
		return true
	case slices.Contains(g.Headers, name), slices.Contains(reserved[:], name), name[0] == ':',
		strings.HasPrefix(name, "x-postern-"), strings.HasPrefix(name, "cf-aig-"):
		return false
	}
	g.Headers = append(g.Headers, name)
	return true
}

// reserved are headers that are read as something else.
var reserved = [...]string{"authorization", "x-api-key", "x-goog-api-key", "api-key", "cookie", "proxy-authorization", "content-type", "content-length",
	"content-encoding", "accept-encoding", "expect", "origin", "access-control-request-method", "user-agent", "anthropic-version", "host"}
