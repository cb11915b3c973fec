package gateway_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
)

// An idp makes tokens; its keys have the names that it is asked for.
type idp struct{}

func (idp) private(kid string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(kid))
	return ed25519.NewKeyFromSeed(seed[:])
}

func (i idp) issue(kid, subject string, lifetime time.Duration) string {
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"EdDSA","kid":"`+kid+`"}`)) + "." +
		encode([]byte(`{"iss":"https://id.example.com","aud":"ai","sub":"`+subject+`","exp":`+strconv.FormatInt(epoch/1e9+int64(lifetime.Seconds()), 10)+`}`))
	return text + "." + encode(ed25519.Sign(i.private(kid), []byte(text)))
}

func (i idp) jwks(kids ...string) string {
	var keys []string
	for _, kid := range kids {
		public := base64.RawURLEncoding.EncodeToString(i.private(kid).Public().(ed25519.PublicKey))
		keys = append(keys, `{"kty":"OKP","crv":"Ed25519","kid":"`+kid+`","x":"`+public+`"}`)
	}
	return `{"keys":[` + strings.Join(keys, ",") + `]}`
}

// keysWorld is a gateway whose callers have tokens. Its requests go on by their path where
// hold is never.
type keysWorld struct {
	*tokenWorld
	idp
}

func newKeysWorld(t *testing.T, hold string) *keysWorld {
	return &keysWorld{tokenWorld: &tokenWorld{newProxy(t, `{"hold_headers":"`+hold+`","providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"env":"OPENAI_API_KEY"}]}],
		"identity":{"jwt":[{"issuer":"https://id.example.com","audiences":["ai"],"jwks":{"cluster":"idp","host":"id.example.com","path":"/jwks.json"}}]}}`)}}
}

const askBody = `{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}]}`

// askAs sends a request with a token.
func (w *keysWorld) askAs(token string) *exchange {
	x := w.stream()
	m := chatRequest("/openai/v1/chat/completions", askBody)
	m.Headers = append(m.Headers, cases.Header{Name: "authorization", Value: "BEARER  " + token})
	x.request(m)
	return x
}

// wantPassed wants the request with the provider, with all of its body, and ends it.
func (x *exchange) wantPassed() {
	x.p.t.Helper()
	if x.upstream == nil || x.upstream.Get("authorization") != "Bearer sk-mock-openai" || string(x.upstream.Body) != askBody {
		x.p.t.Fatalf("got %v upstream and the answer %s, want the request", x.upstream, x.response)
	}
	x.finish("200")
}

func (w *keysWorld) wantFetches(outcome string, n uint64) {
	w.t.Helper()
	name := "postern.key_sets;cluster=idp;outcome=" + outcome
	if got := w.counts[name]; got != n {
		w.t.Errorf("%s: got %d, want %d", name, got, n)
	}
}

// TestStormWaitsForKeys: the first requests wait for one fetch, and go on with what each
// of them is.
func TestStormWaitsForKeys(t *testing.T) {
	t.Parallel()
	for _, hold := range []string{"always", "never"} {
		t.Run(hold, func(t *testing.T) {
			t.Parallel()
			w := newKeysWorld(t, hold)
			good, forged, gone := w.askAs(w.issue("k1", "ada", time.Hour)), w.askAs(w.issue("k1", "eve", time.Hour)+"x"), w.askAs(w.issue("k1", "bob", time.Hour))
			changed := w.askAs(strings.Replace(w.issue("k1", "eve", time.Hour), ".ey", ".eyA", 1))
			forged.wantStatus("401", "invalid_token")
			changed.wantStatus("401", "invalid_token")
			other := w.askAs(w.issue("k2", "ada", time.Hour))
			w.wantCalls(1)
			if c := w.calls[0]; c.Cluster != "idp" || c.Host != "id.example.com" || c.Path != "/jwks.json" || c.Method != "GET" {
				t.Errorf("got the callout %+v", c)
			}
			if good.upstream != nil || other.upstream != nil {
				t.Fatal("a request has gone on whose token is not checked")
			}
			gone.done()
			w.reply("200", w.jwks("k1"))
			good.wantPassed()
			other.wantStatus("401", "a key that its issuer does not have")
			if gone.upstream != nil {
				t.Error("a request has gone on whose client is gone")
			}
			w.askAs(w.issue("k1", "ada", time.Hour)).wantPassed()
			w.wantCalls(0)
			w.wantFetches("ok", 1)
		})
	}
}

// TestUnknownKeysFetchSeldom: tokens that name keys of nobody, which anybody can make, have
// the keys fetched at a bounded rate.
func TestUnknownKeysFetchSeldom(t *testing.T) {
	t.Parallel()
	w := newKeysWorld(t, "always")
	w.askAs(w.issue("k1", "ada", time.Hour))
	w.reply("200", w.jwks("k1"))
	fetches := 0
	for i := range 1200 { // in two minutes
		x := w.askAs(w.issue("unknown "+strconv.Itoa(i), "eve", time.Hour))
		if len(w.calls) > 0 {
			fetches++
			w.reply("200", w.jwks("k1"))
		}
		x.wantStatus("401", "invalid_token")
		x.done()
		w.askAs(w.issue("k1", "ada", time.Hour)).wantPassed()
		w.tick(100 * time.Millisecond)
	}
	if fetches < 3 || fetches > 5 {
		t.Errorf("got %d fetches in two minutes, want one every 30 seconds", fetches)
	}
}

// TestKeysRotate: a key that is new is fetched for the first token of it, and whoever was
// known by one that is gone is not any more.
func TestKeysRotate(t *testing.T) {
	t.Parallel()
	w := newKeysWorld(t, "always")
	old := w.issue("k1", "ada", time.Hour)
	w.askAs(old)
	w.reply("200", w.jwks("k1"))
	w.askAs(old).wantPassed()
	w.tick(31 * time.Second)
	fresh := w.askAs(w.issue("k2", "ada", time.Hour))
	w.reply("200", w.jwks("k2"))
	fresh.wantPassed()
	w.askAs(old).wantStatus("401", "a key that its issuer does not have")
	w.wantFetches("ok", 2)
}

// TestKeysAgeAndFail: keys are fetched anew while they are used; the old ones serve on
// while that fails, but not for ever.
func TestKeysAgeAndFail(t *testing.T) {
	t.Parallel()
	w := newKeysWorld(t, "always")
	token := w.issue("k1", "ada", 72*time.Hour)
	x := w.askAs(token)
	w.reply("500", "")
	x.wantStatus("503", "token_keys_unavailable")
	if got := x.response.Get("retry-after"); got != "1" {
		t.Errorf("got retry-after %q, want 1", got)
	}
	w.askAs(token).wantStatus("503", "token_keys_unavailable")
	w.wantCalls(0)
	w.tick(time.Second)
	x = w.askAs(token)
	w.reply("200", w.jwks("k1"))
	x.wantPassed()

	w.tick(16 * time.Minute)
	w.reply("200", "<html>")
	for range 60 { // an hour of tokens that the worker has not seen, and of an issuer that is away
		w.askAs(w.issue("k1", "ada"+strconv.Itoa(int(w.now%1e6)), 72*time.Hour)).wantPassed()
		if w.tick(time.Minute); len(w.calls) > 0 {
			w.answer(nil)
		}
	}
	if len(w.log) > 40 {
		t.Errorf("got %d lines of log in an hour, want few", len(w.log))
	}
	w.tick(24 * time.Hour)
	for len(w.calls) > 0 {
		w.answer(nil)
	}
	w.tick(2 * time.Minute)
	x = w.askAs(w.issue("k1", "new", 72*time.Hour))
	if x.upstream != nil {
		t.Fatal("a request has gone on by keys that are a day old")
	}
	w.wantCalls(1)
	w.answer(nil)
	x.wantStatus("503", "token_keys_unavailable")
	for _, line := range w.log {
		if strings.Contains(line, "eyJ") {
			t.Errorf("got the log line %q, which has a token", line)
		}
	}
}

// TestNothingPassesBeforeItsCaller gives a proxy every occasion to let a request go on
// whose token is not checked yet: its body comes in pieces before the keys, and after them.
func TestNothingPassesBeforeItsCaller(t *testing.T) {
	t.Parallel()
	for _, hold := range []string{"always", "never", "auto"} {
		t.Run(hold, func(t *testing.T) {
			t.Parallel()
			for _, before := range []bool{true, false} {
				w := newKeysWorld(t, hold)
				x := w.stream()
				m := chatRequest("/openai/v1/chat/completions", askBody)
				m.Headers = append(m.Headers, cases.Header{Name: "authorization", Value: "Bearer " + w.issue("k1", "ada", time.Hour)})
				check := func(what string, step *gateway.Step) {
					if step.Action != gateway.Hold || step.Want != gateway.Whole || step.Reply != nil || step.Replace {
						t.Fatalf("%s: got %+v, want all of it held", what, step)
					}
				}
				check("headers", x.gw.RequestHeaders(requestHeaders(m), false))
				check("a piece", x.gw.RequestProgress(10))
				if before {
					check("the body", x.gw.RequestBody([]byte(askBody)))
				}
				w.flush()
				wakes := w.worker.Callout(w.calls[0].ID, gateway.Answer{Status: 200, Body: []byte(w.jwks("k1"))})
				if len(wakes) != 1 {
					t.Fatalf("got %d steps, want one", len(wakes))
				}
				step := wakes[0].Step
				if step.Again != before {
					t.Fatalf("got %+v, want the body again: %v", step, before)
				}
				if hold == "always" && step.Action != gateway.Hold {
					t.Errorf("got %+v, want the headers held until the body is read", step)
				}
				if step = x.gw.RequestBody([]byte(askBody)); step.Action != gateway.Continue || step.Reply != nil {
					t.Errorf("got %+v, want the request on its way", step)
				}
			}
		})
	}
}

// TestModelsAfterTheWait: what a caller may not use is refused after the wait, too, where
// the headers go first.
func TestModelsAfterTheWait(t *testing.T) {
	t.Parallel()
	for _, hold := range []string{"always", "never"} {
		w := newKeysWorld(t, hold)
		w.proxy = newProxy(t, `{"hold_headers":"`+hold+`","providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"env":"OPENAI_API_KEY"}]}],
			"identity":{"jwt":[{"issuer":"https://id.example.com","audiences":["ai"],"jwks":{"cluster":"idp","host":"h","path":"/"},"models":["gpt-3.5"]}]}}`)
		x := w.askAs(w.issue("k1", "ada", time.Hour))
		w.reply("200", w.jwks("k1"))
		x.wantStatus("403", "model_not_allowed")
	}
}

// TestCertificateOfTheConnection takes the names of a certificate from the proxy.
func TestCertificateOfTheConnection(t *testing.T) {
	t.Parallel()
	const rules = `"rules":[{"uri":"spiffe://example.com/ns/*/sa/web","name":"web-*"},{"dns":"ops.example.com","name":"ops"},{"subject":"CN=old,*","name":"old"}]`
	configuration := func(from string) string {
		return `{"hold_headers":"always","providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"env":"OPENAI_API_KEY"}]}],"identity":{"client_certificate":{` + from + rules + `}}}`
	}
	const at = "connection\x00"
	for _, tt := range []struct {
		name       string
		properties map[string]string
		forwarded  string
		status     string // empty: it passes
	}{
		{"a URI", map[string]string{at + "mtls": "\x01", at + "uri_san_peer_certificate": "spiffe://example.com/ns/prod/sa/web"}, "", ""},
		{"a DNS name", map[string]string{at + "mtls": "\x01", at + "dns_san_peer_certificate": "ops.example.com"}, "", ""},
		{"a subject", map[string]string{at + "mtls": "\x01", at + "subject_peer_certificate": "CN=old,O=x"}, "", ""},
		{"nobody's", map[string]string{at + "mtls": "\x01", at + "uri_san_peer_certificate": "spiffe://evil.example/ns/prod/sa/web"}, "", "403"},
		{"none", map[string]string{at + "mtls": "\x00", at + "uri_san_peer_certificate": "spiffe://example.com/ns/prod/sa/web"}, "", "401"},
		{"a connection without TLS", map[string]string{}, "", "401"},
		{"a header where the connection counts", map[string]string{}, "URI=spiffe://example.com/ns/prod/sa/web", "401"},
		{"the header of a proxy in front", map[string]string{}, `By=x;Subject="CN=a,O=\"b;c\"";URI=spiffe://example.com/ns/prod/sa/web`, ""},
		{"the header of a proxy in front, nobody's", map[string]string{}, `URI=spiffe://example.com/ns/prod/sa/api`, "403"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			from := ""
			if strings.HasPrefix(tt.name, "the header") {
				from = `"from":"x-forwarded-client-cert",`
			}
			w := &tokenWorld{newProxy(t, configuration(from))}
			w.properties = tt.properties
			x := w.stream()
			m := chatRequest("/v1/chat/completions", askBody)
			if tt.forwarded != "" {
				m.Headers = append(m.Headers, cases.Header{Name: "x-forwarded-client-cert", Value: tt.forwarded})
			}
			x.request(m)
			if tt.status != "" {
				x.wantStatus(tt.status, "")
				return
			}
			if from != "" && x.upstream != nil && x.upstream.Get("x-forwarded-client-cert") != "" {
				t.Error("the certificate is told to the provider")
			}
			w.properties = nil
			x.wantPassed()
		})
	}
}

// TestWordOfAFilter takes a caller from an attribute of the stream.
func TestWordOfAFilter(t *testing.T) {
	t.Parallel()
	w := &tokenWorld{newProxy(t, `{"hold_headers":"always","providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"env":"OPENAI_API_KEY"}]}],"identity":{"trusted":{"property":["filter_state","user"]}}}`)}
	w.properties = map[string]string{"filter_state\x00user": "ada"}
	x := w.stream()
	x.request(chatRequest("/v1/chat/completions", askBody))
	w.properties = nil
	x.wantPassed()
	w.properties = map[string]string{"filter_state\x00user": "a\r\nb"}
	x = w.stream()
	x.request(chatRequest("/v1/chat/completions", askBody))
	x.wantStatus("403", "caller_not_allowed")
	w.properties = map[string]string{}
	x = w.stream()
	x.request(chatRequest("/v1/chat/completions", askBody))
	x.wantStatus("401", "missing_api_key")
}

// TestOrder: the first method that finds something decides, whatever comes after it.
func TestOrder(t *testing.T) {
	t.Parallel()
	sum := sha256.Sum256([]byte("pk-web"))
	configuration := func(order string) string {
		return `{"hold_headers":"always","providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"env":"OPENAI_API_KEY"}]}],
			"consumers":[{"name":"web","keys":[{"sha256":"` + hex.EncodeToString(sum[:]) + `"}]}],
			"identity":{` + order + `"trusted":{"header":"x-user"},"jwt":[{"issuer":"https://id.example.com","audiences":["ai"],"header":"x-token","keys":[{"kty":"OKP","crv":"Ed25519","x":"` + base64.RawURLEncoding.EncodeToString(idp{}.private("k1").Public().(ed25519.PublicKey)) + `"}]}]}}`
	}
	good := idp{}.issue("k1", "ada", time.Hour)
	for _, tt := range []struct {
		name, order          string
		key, user, token     string
		consumer, wantStatus string
	}{
		{"the usual order", "", "pk-web", "eve", "", "eve", ""},
		{"the usual order, key and token", "", "pk-web", "", good, "web", ""},
		{"a bad key before a good token", "", "pk-nobody", "", good, "", "401"},
		{"a bad token after a good key", "", "pk-web", "", "x", "web", ""},
		{"another order", `"order":["jwt","key","trusted"],`, "pk-web", "eve", good, "ada", ""},
		{"another order, a bad token before a good key", `"order":["jwt","key","trusted"],`, "pk-web", "eve", good + "x", "", "401"},
		{"a token where keys are", "", good, "", "", "", "401"},
		{"a word of nothing", "", "pk-web", "", "", "web", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			x := newProxy(t, configuration(tt.order)).stream()
			m := chatRequest("/v1/chat/completions", askBody)
			for name, v := range map[string]string{"x-api-key": tt.key, "x-user": tt.user, "x-token": tt.token} {
				if v != "" {
					m.Headers = append(m.Headers, cases.Header{Name: name, Value: v})
				}
			}
			x.request(m)
			if tt.wantStatus != "" {
				x.wantStatus(tt.wantStatus, "")
				if body := string(x.response.Body); strings.Contains(body, "pk-") || strings.Contains(body, "eyJ") {
					t.Errorf("got %s, which repeats what was presented", body)
				}
				return
			}
			x.wantPassed()
			if !strings.Contains(string(x.record), `"consumer":"`+tt.consumer+`"`) {
				t.Errorf("got the record %s, want the consumer %s", x.record, tt.consumer)
			}
		})
	}
}

// TestRepeatedHeaders: what says who calls must not be there twice, in any place for it.
func TestRepeatedHeaders(t *testing.T) {
	t.Parallel()
	const configuration = `{"hold_headers":"always","providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"env":"OPENAI_API_KEY"}]}],
		"consumers":[{"name":"web","keys":[{"sha256":"b027f317ddd82d431ba8849e67ebf8ad5ec9e287006f096f3938ee188730b198"}]}],"identity":{"trusted":{"header":"x-user"}}}`
	for _, name := range []string{"authorization", "x-api-key", "api-key", "x-goog-api-key", "cf-aig-authorization", "x-postern-authorization", "x-user"} {
		h := []adapters.Header{{Name: ":method", Value: "POST"}, {Name: ":path", Value: "/v1/chat/completions"}, {Name: ":authority", Value: "x"}, {Name: "content-type", Value: "application/json"}}
		for _, v := range []string{"Bearer client-web", "Bearer another"} {
			h = append(h, adapters.Header{Name: name, Value: v})
		}
		step := newProxy(t, configuration).stream().gw.RequestHeaders(h, false)
		if step.Reply == nil || step.Reply.Status != 400 {
			t.Errorf("%s twice: got %+v, want 400", name, step)
		}
	}
}

// TestTenantAfterTheWait: what a tenant reaches is found out when the caller is known, also
// the provider that the path names.
func TestTenantAfterTheWait(t *testing.T) {
	t.Parallel()
	for _, hold := range []string{"always", "never"} {
		for tenant, status := range map[string]string{"acme": "", "beta": "404"} {
			w := newKeysWorld(t, hold)
			w.proxy = newProxy(t, `{"hold_headers":"`+hold+`","providers":[{"name":"shared","type":"openai","cluster":"c","keys":[{"env":"OPENAI_API_KEY"}]}],
				"tenants":[{"name":"acme","providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"env":"OPENAI_API_KEY"}]}]},{"name":"beta"}],
				"identity":{"jwt":[{"issuer":"https://id.example.com","audiences":["ai"],"jwks":{"cluster":"idp","host":"h","path":"/"},"tenant":"`+tenant+`"}]}}`)
			x := w.askAs(w.issue("k1", "ada", time.Hour))
			w.reply("200", w.jwks("k1"))
			if status != "" {
				x.wantStatus(status, "")
				continue
			}
			x.wantPassed()
		}
	}
}
