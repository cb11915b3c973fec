package identity

import (
	"strings"

	"github.com/postern-gateway/postern/plugin/internal/glob"
)

// Certificates map what a client's certificate says to callers.
type Certificates struct {
	Forwarded bool // by x-forwarded-client-cert instead of the connection
	Rules     []CertificateRule
}

// ForwardedHeader is where a proxy in front tells of the certificate that it was shown
// (https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-client-cert).
const ForwardedHeader = "x-forwarded-client-cert"

// A CertificateRule is for certificates of which one name matches; the first rule wins.
// Exactly one of URI, DNS and Subject is there, with at most one * for any characters.
type CertificateRule struct {
	URI, DNS, Subject string
	Caller            Caller // a * in its name is what the pattern's stands for
}

// A Certificate is what one says of who has it. Each list is empty if it says nothing.
type Certificate struct {
	URIs, DNS []string
	Subject   string
}

// ReadCertificate finds who a certificate belongs to.
func (g *Gate) ReadCertificate(c *Certificate) (Known, *Problem) {
	for i := range g.Mapping.Rules {
		r := &g.Mapping.Rules[i]
		for _, name := range r.among(c) {
			star, ok := r.match(name)
			if !ok {
				continue
			}
			caller := r.Caller
			caller.Name = strings.Replace(caller.Name, "*", star, 1)
			if !IsName(caller.Name) {
				continue
			}
			settled, p := g.settle(&caller, false, true)
			return Known{Caller: settled}, p
		}
	}
	return Known{}, &Problem{NotAllowed, "the client's certificate is that of nobody who may call here"}
}

func (r *CertificateRule) among(c *Certificate) []string {
	switch {
	case r.URI != "":
		return c.URIs
	case r.DNS != "":
		return c.DNS
	case c.Subject != "":
		return []string{c.Subject}
	}
	return nil
}

// match reports whether a name is meant, and what stands for the pattern's star.
func (r *CertificateRule) match(name string) (star string, ok bool) {
	pattern := r.URI + r.DNS + r.Subject
	if !glob.Match(pattern, name) {
		return "", false
	}
	before, after, _ := strings.Cut(pattern, "*")
	return name[len(before):max(len(before), len(name)-len(after))], true
}

// ParseForwarded reads the header of a proxy in front: the last certificate of it, which
// is the one that the nearest proxy has seen. ok is false if it tells of none.
func ParseForwarded(header string) (c Certificate, ok bool) {
	elements := split(header, ',')
	for _, pair := range split(elements[len(elements)-1], ';') {
		key, value, found := strings.Cut(strings.TrimSpace(pair), "=")
		if !found {
			continue
		}
		value = unquote(value)
		switch strings.ToLower(key) {
		case "uri":
			c.URIs = append(c.URIs, value)
		case "dns":
			c.DNS = append(c.DNS, value)
		case "subject":
			c.Subject = value
		default: // By, Hash, Cert, Chain
			ok = true
			continue
		}
		ok = true
	}
	return c, ok
}

// split cuts at a character outside quotes.
func split(s string, at byte) (parts []string) {
	from, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == at && !quoted:
			parts = append(parts, s[from:i])
			from = i + 1
		}
	}
	return append(parts, s[from:])
}

func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	var b strings.Builder
	for s = s[1 : len(s)-1]; s != ""; s = s[1:] {
		if s[0] == '\\' && len(s) > 1 {
			s = s[1:]
		}
		b.WriteByte(s[0])
	}
	return b.String()
}
