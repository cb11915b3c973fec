package gateway

import (
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/identity"
)

// identify finds out who is calling: the first method that finds something decides, and
// what does not hold is refused. With a token whose issuer's keys are not here yet, the
// stream has to wait for them: then s.claim says so.
func (s *Stream) identify() *chat.Error {
	g := s.w.plan.Identity
	if g.Open() {
		return nil
	}
	if s.in.repeated { // and who has checked one of them need not mean the one that is read here
		return invalid("repeated_credential", "", "a header that says who calls is there more than once")
	}
	key := s.in.credential()
	isToken := g.TokensAsKeys && identity.Looks(key)
	for _, m := range g.Order {
		if presented, e := s.present(g, m, key, isToken); presented {
			return e
		}
	}
	if g.Anonymous != nil {
		s.caller = g.Anonymous
		return nil
	}
	return noKey(len(g.Keys) > 0 || g.Signed != nil || g.TokensAsKeys)
}

// present tries one method; false is that the request has nothing for it. isToken is
// whether key, which is where keys are, is one.
func (s *Stream) present(g *identity.Gate, m identity.Method, key string, isToken bool) (bool, *chat.Error) {
	switch m {
	case identity.ByKey:
		if key == "" || isToken {
			return false, nil
		}
		return true, s.byKey(g, key)
	case identity.ByToken:
		for _, i := range g.Issuers {
			if text := s.in.named(g, i.Header); text != "" {
				return true, s.byToken(g, bearer(text, text), i.Header)
			}
		}
		if !isToken {
			return false, nil
		}
		return true, s.byToken(g, key, "")
	case identity.ByCertificate:
		c, ok := s.certificate(g)
		if !ok {
			return false, nil
		}
		return true, s.admitAs(g.ReadCertificate(&c))
	default:
		t := g.Trusted
		name := s.in.named(g, t.Header)
		if t.Property != "" {
			b, _ := s.property(t.Property)
			name = string(b)
		}
		if name == "" {
			return false, nil
		}
		return true, s.admitAs(g.ReadWord(cloned(name), cloned(s.in.named(g, t.Tenant)), cloned(s.in.named(g, t.Tier))))
	}
}

func (s *Stream) byKey(g *identity.Gate, key string) *chat.Error {
	now := s.began / 1e9
	defer s.in.spend()
	if !strings.HasPrefix(key, identity.SignedPrefix) || g.Signed == nil {
		return s.admitAs(g.Keys.Find(s.w.sums.Of(key), now))
	}
	if k, ok := s.w.known.Find(key, now); ok {
		return s.admitAs(k, nil)
	}
	k, p := g.ReadSigned(key, now)
	if p == nil {
		p = s.w.bring(k.Caller)
	}
	if p == nil {
		s.w.known.Add(cloned(key), k)
	}
	return s.admitAs(k, p)
}

// bring makes rules of the limits that a key has in it. Whoever signs keys has made a mistake
// if they are none, and the key does not hold.
func (w *Worker) bring(c *identity.Caller) *identity.Problem {
	if c.Limits == nil {
		return nil
	}
	var err error
	if c.Rules, err = config.ReadLimits(c.Limits); err != nil {
		return &identity.Problem{Code: identity.InvalidKey, Message: "the limits in the key cannot be read: " + err.Error()}
	}
	w.limits()
	return nil
}

func (s *Stream) byToken(g *identity.Gate, text, header string) *chat.Error {
	now := s.began / 1e9
	if header == "" {
		defer s.in.spend()
	}
	if k, ok := s.w.known.Find(text, now); ok {
		return s.admitAs(k, nil)
	}
	t, p := g.ReadToken(text, header, now)
	if p != nil {
		return refused(p)
	}
	return s.prove(t)
}

// admitAs takes what a method has found.
func (s *Stream) admitAs(k identity.Known, p *identity.Problem) *chat.Error {
	if p != nil {
		return refused(p)
	}
	if k.ID != (identity.CredentialID{}) && s.w.revoked.Has(k.ID, s.began) {
		return refused(&identity.Problem{Code: identity.RevokedKey, Message: "this has been revoked"})
	}
	s.caller = k.Caller
	return nil
}

// certificate is what the client's certificate says, if it has shown one.
func (s *Stream) certificate(g *identity.Gate) (c identity.Certificate, ok bool) {
	if g.Mapping.Forwarded {
		header := s.in.named(g, identity.ForwardedHeader)
		if header == "" {
			return c, false
		}
		return identity.ParseForwarded(cloned(header))
	}
	property := func(name string) string {
		b, _ := s.property("connection\x00" + name)
		return string(b)
	}
	if shown := property("mtls"); shown == "" || shown[0] == 0 {
		return c, false
	}
	if v := property("uri_san_peer_certificate"); v != "" {
		c.URIs = append(c.URIs, v)
	}
	if v := property("dns_san_peer_certificate"); v != "" {
		c.DNS = append(c.DNS, v)
	}
	c.Subject = property("subject_peer_certificate")
	return c, true
}

// credential is what proves who calls the gateway, where keys are.
func (in *clientHeaders) credential() string {
	if in.gateKey != "" {
		return in.gateKey
	}
	return in.key
}

// spend forgets the key that was for the gateway: a provider that gets the client's own
// key must not get it.
func (in *clientHeaders) spend() {
	if in.gateKey == "" {
		in.key = ""
	}
	in.gateKey = ""
}

// named is the value of one of the headers that the methods read.
func (in *clientHeaders) named(g *identity.Gate, name string) string {
	if name == "" {
		return ""
	}
	for i, n := range g.Headers {
		if n == name {
			return in.words[i]
		}
	}
	return ""
}

//go:noinline
func refused(p *identity.Problem) *chat.Error {
	e := &chat.Error{Status: 401, Kind: chat.Unauthenticated, Code: p.Code, Message: p.Message}
	if p.Code == identity.NotAllowed {
		e.Status, e.Kind = 403, chat.PermissionDenied
	}
	return e
}
