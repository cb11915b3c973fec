package gateway_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
)

// TestKeyInTheQueryIsTakenOut looks at the path that the proxy's log gets, whatever
// becomes of the request: held, refused at once, or a browser's question beforehand.
func TestKeyInTheQueryIsTakenOut(t *testing.T) {
	t.Parallel()
	const config = `{"hold_headers":"always","providers":[{"name":"g","type":"gemini","cluster":"g","keys":[{"value":"AIza-mock"}]}],
		"consumers":[{"name":"web","keys":[{"sha256":"b027f317ddd82d431ba8849e67ebf8ad5ec9e287006f096f3938ee188730b198"}]}],"cors":{"origins":["*"]}}`
	const model = "/v1beta/models/gemini-2.5-flash"
	for _, tt := range []struct{ name, method, path, want string }{
		{"held", "POST", model + ":generateContent?key=client-web", model + ":generateContent"},
		{"held, with another parameter", "POST", model + ":streamGenerateContent?key=client-web&alt=sse", model + ":streamGenerateContent?alt=sse"},
		{"escaped and twice", "POST", model + ":generateContent?%6bey=x&a=b&key=client%2Dweb", model + ":generateContent?a=b"},
		{"unknown key", "POST", model + ":generateContent?key=nobody", model + ":generateContent"},
		{"wrong method", "GET", model + ":generateContent?key=client-web", model + ":generateContent"},
		{"list of models", "GET", "/v1beta/models?key=client-web", "/v1beta/models"},
		{"a browser asks", "OPTIONS", model + ":generateContent?key=client-web", model + ":generateContent"},
		{"empty", "POST", model + ":generateContent?key=", model + ":generateContent"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			x := newProxy(t, config).stream()
			h := []adapters.Header{{Name: ":method", Value: tt.method}, {Name: ":path", Value: tt.path}, {Name: ":authority", Value: "x"}, {Name: "content-type", Value: "application/json"}}
			if tt.method == "OPTIONS" {
				h = append(h, adapters.Header{Name: "access-control-request-method", Value: "POST"}, adapters.Header{Name: "origin", Value: "https://a"})
			}
			got := ""
			for _, set := range x.gw.RequestHeaders(h, tt.method != "POST").Set {
				if set.Name == ":path" {
					got = set.Value
				}
			}
			if got != tt.want || strings.Contains(got, "key=") {
				t.Errorf("got the path %q, want %q", got, tt.want)
			}
		})
	}
}
