package gateway

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/limit"
)

// What caches around the gateway are told: that an answer is for who has asked, and for
// nobody else.

// credentialHeaders are those that say who asks, beside what the configuration names.
const credentialHeaders = "authorization, x-api-key, api-key, x-goog-api-key, x-postern-authorization, cf-aig-authorization"

// variesBy are the request's headers that an answer depends on.
func variesBy(plan *config.Plan) string {
	names := append([]string{credentialHeaders}, plan.Identity.Headers...)
	if plan.Cache != nil {
		for _, a := range plan.Cache.Parts {
			if a.Kind == limit.Header {
				names = append(names, a.Name)
			}
		}
	}
	return strings.Join(names, ", ")
}

// forOne says so in an answer that has the headers from, and leaves what those say beyond it.
func (s *Stream) forOne(h, from []adapters.Header) []adapters.Header {
	control, vary := headerValue(from, "cache-control"), headerValue(from, "vary")
	if control == "" && vary == "" {
		return withHeader(withHeader(h, "cache-control", "private"), "vary", s.w.varies)
	}
	return s.alsoForOne(h, control, vary)
}

// alsoForOne is forOne for an answer that says something of it itself.
//
//go:noinline
func (s *Stream) alsoForOne(h []adapters.Header, control, vary string) []adapters.Header {
	if low := strings.ToLower(control); !strings.Contains(low, "no-store") && !strings.Contains(low, "private") {
		as := "private"
		if strings.Contains(low, "no-cache") {
			as += ", no-cache"
		}
		h = withHeader(h, "cache-control", as)
	}
	if !strings.Contains(vary, "*") {
		h = withHeader(h, "vary", joined(vary, s.w.varies))
	}
	return h
}
