package gateway_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
	"github.com/postern-gateway/postern/plugin/internal/state/statetest"
)

// configOf is the configuration of a case.
func configOf(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("../../cases/testdata/" + name + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	c, err := cases.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(c.Config)
}

// administer sends an operator's request.
func (p *proxy) administer(first, body string) (status, answer string) {
	x := p.stream()
	x.request(cases.Message{First: first, Headers: []cases.Header{{Name: "authorization", Value: "Bearer admin-key"}}, Body: []byte(body)})
	x.done()
	return x.response.First, string(x.response.Body)
}

// chatAs sends a chat of a client, with an answer of so many tokens, and returns its status.
func (p *proxy) chatAs(key, model string, tokens int) string {
	m := chatRequest("/v1/chat/completions", `{"model":"`+model+`","messages":[{"role":"user","content":"Hi"}]}`)
	m.Headers = append(m.Headers, cases.Header{Name: "authorization", Value: "Bearer " + key})
	x := p.stream()
	x.request(m)
	if !x.answered {
		p.details = "via_upstream"
		x.respond(cases.Message{First: "200", Headers: []cases.Header{{Name: "content-type", Value: "application/json"}},
			Body: []byte(`{"ok":true,"usage":{"prompt_tokens":` + strconv.Itoa(tokens) + `,"completion_tokens":1,"total_tokens":1}}`)})
	}
	x.done()
	return x.response.First
}

// used is how many requests and tokens of input a worker reports in all.
func (p *proxy) used(query string) (requests, input int64) {
	p.t.Helper()
	_, answer := p.administer("GET /postern/usage"+query, "")
	var r struct {
		Total struct {
			Requests int64
			Input    int64 `json:"input_tokens"`
		}
	}
	if err := json.Unmarshal([]byte(answer), &r); err != nil {
		p.t.Fatalf("usage: %v in %s", err, answer)
	}
	return r.Total.Requests, r.Total.Input
}

// The worker that is asked knows what it has itself at once, and what others have once they
// have written: at a tick, or when their plugin ends.
func TestUsageOfWorkers(t *testing.T) {
	t.Parallel()
	h := &statetest.Host{}
	document := configOf(t, "admin_usage")
	a, b, c := newWorker(t, document, h), newWorker(t, document, h), newWorker(t, document, h)
	for i, p := range []*proxy{a, b, c} {
		for range i + 1 {
			if status := p.chatAs("client-web", "gpt-4o", 100); status != "200" {
				t.Fatalf("got %s", status)
			}
		}
	}
	check := func(about string, p *proxy, requests int64) {
		t.Helper()
		if n, input := p.used("?consumer=web"); n != requests || input != 100*requests {
			t.Errorf("%s: got %d requests and %d tokens, want %d", about, n, input, requests)
		}
	}
	check("before others have written", a, 1)
	b.tick(gateway.TickEvery)
	check("after a tick of b", a, 3)
	check("asked again", a, 3)
	c.worker.End()
	check("after the end of c", b, 6)
	later := newWorker(t, strings.Replace(document, `"gpt-4.1-mini"`, `"gpt-4.1"`, 1), h)
	check("after an update of the configuration", later, 6)
	other := newWorker(t, strings.Replace(document, `"space":"admin_usage"`, `"space":"another"`, 1), h)
	check("in another space", other, 0)
}

// Requests cost the host nothing: what it is asked is asked at ticks.
func TestUsageMakesNoHostCalls(t *testing.T) {
	t.Parallel()
	p := newProxy(t, configOf(t, "admin_usage"))
	names, _ := p.Size()
	for i := range 100 {
		p.chatAs("client-"+strconv.Itoa(i), "gpt-4o", 1)
		p.chatAs("client-web", "gpt-4o", 1)
	}
	if n, _ := p.Size(); n != names {
		t.Errorf("got %d values written by requests, want none", n-names)
	}
}

// Where no models are configured callers choose the names: what fails tells no model, and
// they are bounded.
func TestUsageOfNamesThatCallersChoose(t *testing.T) {
	t.Parallel()
	p := newProxy(t, `{"hold_headers":"always","providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"env":"OPENAI_API_KEY"}]}],
		"admin":{"keys":[{"sha256":"69a5265506c94c77b787a7d7377b7685a0eff82e33920a71e7ee22cd6154953e"}]}}`)
	for i := range 250 {
		p.chatAs("", "m"+strconv.Itoa(i), 1)
	}
	_, answer := p.administer("GET /postern/usage?by=model", "")
	if n := strings.Count(answer, `"model":"m`); n != 200 || !strings.Contains(answer, `"model":"other","requests":50,`) {
		t.Errorf("got %d names in %s, want 200, and 50 others", n, answer)
	}
	m := chatRequest("/v1/chat/completions", `{"model":"m1","messages":[]}`)
	x := p.stream()
	x.request(m)
	x.respond(cases.Message{First: "404", Headers: []cases.Header{{Name: "content-type", Value: "application/json"}}, Body: []byte(`{"error":{}}`)})
	x.done()
	if _, answer = p.administer("GET /postern/usage?by=model&model=other", ""); !strings.Contains(answer, `"requests":51,"refused":0,"errors":1,`) {
		t.Errorf("after one that failed: got %s", answer)
	}
}

// What is put into CSV is not run as a formula, and does not break its line.
func TestUsageAsTable(t *testing.T) {
	t.Parallel()
	document := strings.Replace(configOf(t, "admin_usage"), `"name":"web"`, `"name":"=1+\"2\",3"`, 1)
	p := newProxy(t, document)
	p.chatAs("client-web", "gpt-4o", 1)
	if _, answer := p.administer("GET /postern/usage?format=csv&period=day", ""); !strings.Contains(answer, "\r\n2023-11-14,\"'=1+\"\"2\"\",3\",1,0,0,1,1,") {
		t.Errorf("got %s", answer)
	}
}

// A key that one worker revokes is refused there at once, elsewhere after a tick, and by
// workers that start later from their first request on.
func TestRevokedInAllWorkers(t *testing.T) {
	t.Parallel()
	h := &statetest.Host{}
	document := configOf(t, "admin_keys")
	a, b := newWorker(t, document, h), newWorker(t, document, h)
	const which = `{"sha256":"b027f317ddd82d431ba8849e67ebf8ad5ec9e287006f096f3938ee188730b198"}`
	check := func(about string, p *proxy, want string) {
		t.Helper()
		if got := p.chatAs("client-web", "gpt-4o", 1); got != want {
			t.Errorf("%s: got %s, want %s", about, got, want)
		}
	}
	check("before", b, "200")
	if status, answer := a.administer("POST /postern/keys/revoke", which); status != "200" {
		t.Fatalf("got %s %s", status, answer)
	}
	check("at once in a", a, "401")
	check("b before its tick", b, "200")
	b.tick(gateway.TickEvery)
	check("b after its tick", b, "401")
	check("one that starts later", newWorker(t, document, h), "401")
	if status, answer := b.administer("POST /postern/keys/restore", which); status != "200" {
		t.Fatalf("got %s %s", status, answer)
	}
	check("b after it has restored", b, "200")
	a.tick(gateway.TickEvery)
	check("a after its tick", a, "200")
}

// A key that describes itself is revoked by its id, also where the worker has seen it before.
func TestRevokedByID(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := newProxy(t, strings.Replace(configOf(t, "admin_keys"), `"admin":`,
		`"identity":{"signed_keys":{"public_keys":["`+base64.RawURLEncoding.EncodeToString(public)+`"]}},"admin":`, 1))
	seal := func(id string) string {
		payload := `{"id":"` + id + `","consumer":"mobile","exp":` + strconv.Itoa(epoch/1_000_000_000+3600) + `}`
		text := "pst1." + base64.RawURLEncoding.EncodeToString([]byte(payload))
		return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(private, []byte(text)))
	}
	one, two := seal("k-1"), seal("k-2")
	for _, tt := range []struct{ about, page, body, first, second string }{
		{"revoked", "revoke", `{"id":"k-1"}`, "401", "200"},
		{"the other as well", "revoke", `{"id":"k-2"}`, "401", "401"},
		{"restored", "restore", `{"id":"k-1"}`, "200", "401"},
	} {
		if status, answer := p.administer("POST /postern/keys/"+tt.page, tt.body); status != "200" {
			t.Fatalf("%s: got %s %s", tt.about, status, answer)
		}
		if got := p.chatAs(one, "gpt-4o", 1); got != tt.first {
			t.Errorf("%s: k-1: got %s, want %s", tt.about, got, tt.first)
		}
		if got := p.chatAs(two, "gpt-4o", 1); got != tt.second {
			t.Errorf("%s: k-2: got %s, want %s", tt.about, got, tt.second)
		}
	}
}

// A token is revoked by its SHA-256, also where the worker has seen it before; another of the
// same caller goes on.
func TestRevokedToken(t *testing.T) {
	t.Parallel()
	const secret = "0123456789abcdef0123456789abcdef"
	p := newProxy(t, strings.Replace(configOf(t, "admin_keys"), `"admin":`,
		`"identity":{"jwt":[{"issuer":"https://id.test","audiences":["ai"],"secret":{"value":"`+secret+`"}}]},"admin":`, 1))
	seal := func(id string) string {
		payload := `{"iss":"https://id.test","aud":"ai","sub":"mobile","jti":"` + id + `","exp":` + strconv.Itoa(epoch/1_000_000_000+3600) + `}`
		text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(text))
		return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	one, two := seal("1"), seal("2")
	which := fmt.Sprintf(`{"sha256":"%x"}`, sha256.Sum256([]byte(one)))
	for _, tt := range []struct{ about, page, first string }{
		{"before", "", "200"}, {"revoked", "revoke", "401"}, {"restored", "restore", "200"},
	} {
		if tt.page != "" {
			if status, answer := p.administer("POST /postern/keys/"+tt.page, which); status != "200" {
				t.Fatalf("%s: got %s %s", tt.about, status, answer)
			}
		}
		if got := p.chatAs(one, "gpt-4o", 1); got != tt.first {
			t.Errorf("%s: got %s, want %s", tt.about, got, tt.first)
		}
		if got := p.chatAs(two, "gpt-4o", 1); got != "200" {
			t.Errorf("%s: another token: got %s, want 200", tt.about, got)
		}
	}
}

// The counts of limits, usage and revocations come back after a restart.
func TestStateThereAndBack(t *testing.T) {
	t.Parallel()
	document := strings.Replace(configOf(t, "limit_requests"), `"limits":`, `"admin":{"keys":[{"sha256":"69a5265506c94c77b787a7d7377b7685a0eff82e33920a71e7ee22cd6154953e"}]},"limits":`, 1)
	before := newProxy(t, document)
	for _, want := range []string{"200", "200", "429"} {
		if got := before.chatAs("client-web", "gpt-4o", 7); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	before.administer("POST /postern/keys/revoke", `{"sha256":"534db62f011da983b8b6fda743e9ca5394bbd668f633d4ca4ba3741d1ea2ffab"}`)
	status, text := before.administer("GET /postern/state", "")
	if status != "200" {
		t.Fatalf("got %s %s", status, text)
	}
	for _, secret := range []string{"client-web", "sk-mock", "admin-key"} {
		if strings.Contains(text, secret) {
			t.Errorf("the export has %s in it", secret)
		}
	}
	after := newProxy(t, document)
	for range 2 {
		if status, answer := after.administer("POST /postern/state", text); status != "200" || answer != `{"stored":3,"over":0}` {
			t.Fatalf("got %s %s, want a limit, a month and a key stored", status, answer)
		}
	}
	if got := after.chatAs("client-web", "gpt-4o", 7); got != "429" {
		t.Errorf("a consumer that has used up its limit: got %s, want 429", got)
	}
	if got := after.chatAs("client-all", "gpt-4o", 7); got != "401" {
		t.Errorf("a key that is revoked: got %s, want 401", got)
	}
	if n, input := after.used("?consumer=web"); n != 4 || input != 14 {
		t.Errorf("usage: got %d requests and %d tokens, want 4 and 14", n, input)
	}
	over := newProxy(t, document)
	over.now += int64(400 * 24 * time.Hour)
	if status, answer := over.administer("POST /postern/state", text); status != "200" || answer != `{"stored":1,"over":2}` {
		t.Errorf("a year later: got %s %s, want only the key stored", status, answer)
	}
}
