package gateway_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/cases"
)

// A key that describes itself brings limits of its own, which hold over all who show it.
func TestLimitsOfAKey(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	seal := func(id, limits string) string {
		payload := fmt.Sprintf(`{"id":%q,"consumer":"mobile","exp":%d,"limits":%s}`, id, epoch/1_000_000_000+3600, limits)
		text := "pst1." + base64.RawURLEncoding.EncodeToString([]byte(payload))
		return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(private, []byte(text)))
	}
	p := newProxy(t, strings.TrimSuffix(benchConfig, "}")+`,"identity":{"signed_keys":{"public_keys":["`+base64.RawURLEncoding.EncodeToString(public)+`"]}}}`)
	ask := func(key string) cases.Message {
		x := p.stream()
		x.request(cases.Message{First: "POST /v1/chat/completions", Headers: []cases.Header{{Name: "content-type", Value: "application/json"}, {Name: "authorization", Value: "Bearer " + key}},
			Body: []byte(`{"model":"gpt-4o","messages":[]}`)})
		if x.upstream != nil {
			x.respond(cases.Message{First: "200", Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: []byte(`{"usage":{"prompt_tokens":1}}`)})
		}
		x.done()
		return x.response
	}
	good := seal("k-1", `[{"requests":2,"per":"1d"}]`)
	for i, want := range []string{"200", "200", "429"} {
		if got := ask(good); got.First != want {
			t.Errorf("request %d: got %s, want %s", i+1, got, want)
		}
	}
	for limits, want := range map[string]string{
		`[{"requests":0,"per":"1d"}]`:                             "limits[0].requests: want more than 0",
		`[{"requests":1}]`:                                        "limits[0].per: missing",
		`[{"requests":1,"per":"1d","key":["header:x-anything"]}]`: "cannot be kept by a header",
	} {
		if got := ask(seal("k-2", limits)); got.First != "401" || !strings.Contains(string(got.Body), want) {
			t.Errorf("%s: got %s, want a 401 with %q", limits, got, want)
		}
	}
}
