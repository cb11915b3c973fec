package gateway_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/openai"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
)

// A signing provider takes OpenAI's bodies and tells in a header what it signed.
type signing struct{ adapters.Adapter }

func (signing) Credential(secret.String) []adapters.Header { return nil }

func (signing) Sign(key secret.String, r *adapters.Outgoing, now int64) ([]adapters.Header, error) {
	return []adapters.Header{{Name: "x-signed", Value: r.Method + " " + r.Host + r.Path + " " + string(r.Body)}}, nil
}

func signer() adapters.Provider {
	p := openai.Provider()
	p.Name = "signing"
	base := p.Options
	p.Options = func(o *strict.Object) (adapters.Adapter, error) {
		a, err := base(o)
		return signing{a}, err
	}
	return p
}

func signedProxy(t *testing.T, hold string) *proxy {
	t.Helper()
	plan, err := config.Read([]byte(`{"hold_headers":"`+hold+`","providers":[{"name":"s","type":"signing","cluster":"c","host":"h.example.com","keys":[{"value":"sk-secret"}]}],
		"models":[{"name":"m","targets":[{"provider":"s","model":"real"}]}]}`), config.Parts{Providers: []adapters.Provider{signer()}})
	if err != nil {
		t.Fatal(err)
	}
	p := newProxy(t, `{"providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"value":"k"}]}]}`)
	p.worker = gateway.NewWorker(plan, p, gateway.Build{})
	return p
}

func signedRequest(path string) cases.Message {
	return cases.Message{First: "POST " + path, Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: []byte(`{"model":"m","messages":[{"role":"user","content":"Hi"}]}`)}
}

// What passes through is signed as the provider gets it: with the body that was patched
// and the client's query.
func TestNativeRequestsAreSigned(t *testing.T) {
	t.Parallel()
	x := signedProxy(t, "always").stream()
	x.request(signedRequest("/s/v1/chat/completions?a=b"))
	const want = `POST h.example.com/v1/chat/completions?a=b {"model":"real","messages":[{"role":"user","content":"Hi"}]}`
	if x.upstream == nil || x.upstream.Get("x-signed") != want || x.upstream.Get("host")+strings.TrimPrefix(x.upstream.First, "POST ")+" "+string(x.upstream.Body) != want[len("POST "):] {
		t.Errorf("got %v, want it signed as %s", x.upstream, want)
	}
}

// Without the body there is no signature, and an error says what is missing.
func TestRequestsThatCannotBeSignedAreRefused(t *testing.T) {
	t.Parallel()
	x := signedProxy(t, "auto").stream()
	x.request(signedRequest("/s/v1/chat/completions"))
	if !x.answered || x.response.First != "500" || !strings.Contains(string(x.response.Body), "allow_on_headers_stop_iteration") {
		t.Errorf("got %v, want a 500 that names the proxy's option", x.response)
	}
	if strings.Contains(string(x.response.Body), "sk-secret") {
		t.Error("the answer shows the key")
	}
}
