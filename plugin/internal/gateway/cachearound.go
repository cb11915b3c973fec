package gateway

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
)

// What caches around the gateway are told: that an answer is for who has asked, and for
// nobody else.

// forOne says so in an answer that has the headers from, and leaves what those say beyond it. A cache that is told to
// take no notice of cache-control may still know vary, by which no later request is one for the same answer
// (https://www.rfc-editor.org/rfc/rfc9110#section-12.5.5).
func forOne(h, from []adapters.Header) []adapters.Header {
	control, vary := headerValue(from, "cache-control"), headerValue(from, "vary")
	if control == "" && vary == "" {
		return withHeader(withHeader(h, "cache-control", "private"), "vary", "*")
	}
	return alsoForOne(h, control, vary)
}

// alsoForOne is forOne for an answer that says something of it itself.
//
//go:noinline
func alsoForOne(h []adapters.Header, control, vary string) []adapters.Header {
	if low := strings.ToLower(control); !strings.Contains(low, "no-store") && !strings.Contains(low, "private") {
		as := "private"
		if strings.Contains(low, "no-cache") {
			as += ", no-cache"
		}
		h = withHeader(h, "cache-control", as)
	}
	if vary != "*" {
		h = withHeader(h, "vary", "*")
	}
	return h
}
