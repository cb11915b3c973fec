package provider

import (
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/e2e/mockllm/journal"
)

// ClientKeyPrefix begins the keys that tests give to a gateway's clients. Such a key must never reach a provider.
const ClientKeyPrefix = "client-"

// internalPrefixes begin header names that belong to a gateway or proxy.
func internalPrefixes() []string {
	return []string{"x-postern-", "cf-aig-", "x-envoy-"}
}

// credentialHeaders are the header fields in which any provider takes a credential.
func credentialHeaders() []string {
	return []string{"Authorization", "X-Api-Key", "X-Goog-Api-Key", "Api-Key", "Proxy-Authorization"}
}

// headersPass judges what is the same for all providers and refuses what must not
// reach one. Whether a credential is there at all is left to the provider.
func (x *Exchange) headersPass() bool {
	h := x.R.Header
	x.noteEncoding()
	if host := x.R.Host; x.R.TLS != nil && !sameServer(host, x.R.TLS.ServerName) {
		x.Violate(journal.WrongAuthority, "host "+host+" on a connection for "+x.R.TLS.ServerName)
		x.Fail(Failure{Status: http.StatusMisdirectedRequest, Type: "invalid_request_error", Message: "this connection does not serve " + host})
		return false
	}
	if x.Env.RefuseChunked && x.R.ContentLength < 0 {
		x.Violate(journal.ChunkedBody, "no content-length")
		x.write(http.StatusLengthRequired, "text/html", []byte("<html><head><title>411 Length Required</title></head></html>\n"))
		return false
	}
	if name := x.internalHeader(); name != "" {
		x.Fail(Failure{Status: http.StatusBadRequest, Type: "invalid_request_error", Message: "request header " + name + " must not reach a provider"})
		return false
	}
	accepts := func(token string) bool { return token == x.Env.Key }
	if b, ok := x.api.(Bearer); ok {
		accepts = b.Accepts
	}
	leaked := false
	for _, name := range credentialHeaders() {
		for _, value := range h.Values(name) {
			if signed := x.Env.Provider.Signed; signed != nil && name == "Authorization" && signed(value) {
				continue
			}
			if !slices.Contains(x.Env.Provider.Credentials, name) || !accepts(Token(value)) {
				x.Violate(journal.LeakedKey, "header "+strings.ToLower(name))
				leaked = true
			}
		}
	}
	if leaked {
		f := x.api.Usual(http.StatusUnauthorized)
		x.Fail(f)
	}
	return !leaked
}

// noteEncoding records that something else than identity was asked for. It is
// answered as asked, so that a gateway which forgot to ask for identity breaks.
func (x *Exchange) noteEncoding() {
	if v := strings.Join(x.R.Header.Values("Accept-Encoding"), ", "); v != "" && !strings.EqualFold(v, "identity") {
		x.Violate(journal.AcceptEncoding, v)
	}
}

// internalHeader records every internal header and returns the first one's name.
func (x *Exchange) internalHeader() string {
	first := ""
	for _, name := range slices.Sorted(maps.Keys(x.R.Header)) {
		lower := strings.ToLower(name)
		internal := slices.ContainsFunc(internalPrefixes(), func(p string) bool { return strings.HasPrefix(lower, p) })
		called := strings.HasPrefix(lower, "x-envoy-") && slices.Contains(x.Env.Provider.Called, x.R.URL.Path)
		if !internal || called || slices.Contains(x.Env.AllowHeaders, lower) {
			continue
		}
		x.Violate(journal.InternalHeader, lower)
		if first == "" {
			first = lower
		}
	}
	return first
}

// Token returns the credential of an Authorization value, or the value itself.
func Token(value string) string {
	if scheme, rest, ok := strings.Cut(value, " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(rest)
	}
	return value
}

func sameServer(host, sni string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.EqualFold(host, sni)
}
