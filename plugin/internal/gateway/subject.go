package gateway

import (
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/limit"
	"github.com/postern-gateway/postern/plugin/internal/network"
)

// Attribute is what limits are kept by.
func (s *Stream) Attribute(a limit.Attribute) string {
	if a.Kind == limit.IP { // which is the one that is not remembered
		return s.address()
	}
	return s.attribute(a)
}

//go:noinline
func (s *Stream) attribute(a limit.Attribute) string {
	switch a.Kind {
	case limit.Consumer, limit.Tenant, limit.Tier:
		if s.caller == nil {
			return ""
		}
		return [...]string{limit.Consumer: s.caller.Name, limit.Tenant: s.caller.Tenant, limit.Tier: s.tierName}[a.Kind]
	case limit.Model:
		return s.label
	case limit.Provider:
		if s.target.Provider != nil {
			return s.target.Provider.Name
		}
	case limit.Operation:
		return s.endpoint.Op.String()
	case limit.Header:
		return s.header(a.Name)
	case limit.Metadata:
		return member(s.in.metadata, a.Name)
	case limit.Claim:
		v, _ := s.caller.Claim(a.Name)
		return v
	}
	return ""
}

// header is the value of a header that the configuration names.
func (s *Stream) header(name string) string {
	for i, x := range s.w.plan.Limits.Headers {
		if x == name && i < len(s.in.counted) {
			return s.in.counted[i]
		}
	}
	return ""
}

// Asks is the model as the client calls it, and the same without a provider's name before it.
func (s *Stream) Asks() (name, bare string) { return s.model, s.meant }

// Invented reports whether no model of the configuration gives the request's its name.
func (s *Stream) Invented() bool { return s.invented }

// address is who sends the request, as far as that can be trusted.
//
//go:noinline
func (s *Stream) address() string {
	if s.from != "" || s.w.plan.TrustedHops > 0 {
		return s.told()
	}
	b, _ := s.property("source\x00address")
	from := string(b)
	if n := network.Plain(from); n > 0 {
		return from[:n] // which is what it counts as
	}
	return peer(from)
}

// told is the address that others have told.
func (s *Stream) told() string {
	if s.from != "" {
		return s.from
	}
	return counted(s.client)
}

// peer is the address of a connection, as the proxy spells it.
//
//go:noinline
func peer(from string) string {
	if a, ok := network.Parse(from); ok {
		return counted(a)
	}
	return hostOf(from) // a socket in the file system
}

// property is what the proxy says of the connection.
//
//go:noinline
func (s *Stream) property(path string) ([]byte, bool) {
	s.connected = true
	return s.w.port.Property(path)
}

// counted is what an address counts as: without a port, and of IPv6 the network of which
// whoever has one address has all (https://www.rfc-editor.org/rfc/rfc6177#section-2).
func counted(a network.Address) string {
	const whole4, network6 = 32, 64
	return a.Within(whole4, network6).String()
}

// member is a text or a number of a flat JSON object.
func member(object, name string) string {
	var doc rawjson.Doc
	if object == "" || doc.Parse([]byte(object)) != nil {
		return ""
	}
	v := doc.Root().Get(name)
	if v.Kind() == rawjson.String {
		return v.Str()
	}
	return string(v.Raw())
}
