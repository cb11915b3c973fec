package vertex_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/mockllm"
)

const grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion="

// A world is a mock with a clock.
type world struct {
	t      *testing.T
	server *mockllm.Server
	now    time.Time
	email  string
	key    *rsa.PrivateKey
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, now: time.Unix(1_800_000_000, 0)}
	w.server = mockllm.New(mockllm.Options{Now: func() time.Time { return w.now }})
	var file struct {
		Email string `json:"client_email"`
		Key   string `json:"private_key"`
	}
	if err := json.Unmarshal([]byte(w.server.Key("vertex")), &file); err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(file.Key))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	w.email, w.key = file.Email, key.(*rsa.PrivateKey)
	return w
}

func (w *world) post(path, contentType, token, body string) (int, string) {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("content-type", contentType)
	if token != "" {
		r.Header.Set("authorization", "Bearer "+token)
	}
	rec := httptest.NewRecorder()
	w.server.Handler("vertex").ServeHTTP(rec, r)
	return rec.Code, rec.Body.String()
}

// claims are those of a good assertion.
func (w *world) claims() map[string]any {
	return map[string]any{"iss": w.email, "scope": "https://www.googleapis.com/auth/cloud-platform", "aud": "https://oauth2.googleapis.com/token",
		"iat": w.now.Unix(), "exp": w.now.Unix() + 3600}
}

func (w *world) assert(head string, claims map[string]any, key *rsa.PrivateKey) string {
	c, err := json.Marshal(claims)
	if err != nil {
		w.t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(head)) + "." + base64.RawURLEncoding.EncodeToString(c)
	sum := sha256.Sum256([]byte(text))
	s, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		w.t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(s)
}

const goodHead = `{"alg":"RS256","typ":"JWT"}`

func (w *world) token() string {
	status, body := w.post("/token", "application/x-www-form-urlencoded", "", grant+w.assert(goodHead, w.claims(), w.key))
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(body), &answer); status != 200 || err != nil {
		w.t.Fatalf("got %d %s, want a token", status, body)
	}
	return answer.Token
}

func TestAssertionsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	with := func(key string, v any) map[string]any {
		c := w.claims()
		c[key] = v
		return c
	}
	for name, body := range map[string]string{
		"nothing":             "",
		"another grant":       "grant_type=password",
		"no token":            grant + "a.b",
		"another key":         grant + w.assert(goodHead, w.claims(), other),
		"another algorithm":   grant + w.assert(`{"alg":"none","typ":"JWT"}`, w.claims(), w.key),
		"another key's name":  grant + w.assert(`{"alg":"RS256","typ":"JWT","kid":"x"}`, w.claims(), w.key),
		"another account":     grant + w.assert(goodHead, with("iss", "a@b"), w.key),
		"another audience":    grant + w.assert(goodHead, with("aud", "https://example.com/token"), w.key),
		"a scope of no use":   grant + w.assert(goodHead, with("scope", "email"), w.key),
		"expired":             grant + w.assert(goodHead, with("exp", w.now.Unix()), w.key),
		"longer than an hour": grant + w.assert(goodHead, with("exp", w.now.Unix()+3601), w.key),
		"of the future":       grant + w.assert(goodHead, with("iat", w.now.Unix()+60), w.key),
	} {
		if status, answer := w.post("/token", "application/x-www-form-urlencoded", "", body); status != 400 || !strings.Contains(answer, `"error_description"`) {
			t.Errorf("%s: got %d %s, want 400", name, status, answer)
		}
	}
	if status, answer := w.post("/token", "application/json", "", grant+w.assert(goodHead, w.claims(), w.key)); status != 400 {
		t.Errorf("a form called JSON: got %d %s, want 400", status, answer)
	}
}

func TestTokensExpire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const path, body = "/v1/projects/p/locations/global/publishers/google/models/gemini-2.5-flash:generateContent", `{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}`
	token := w.token()
	if status, answer := w.post(path, "application/json", token, body); status != 200 {
		t.Errorf("got %d %s, want 200", status, answer)
	}
	w.now = w.now.Add(time.Hour)
	for _, bad := range []string{token, "", "made-up", w.server.Key("vertex")} {
		if status, answer := w.post(path, "application/json", bad, body); status != 401 || !strings.Contains(answer, "UNAUTHENTICATED") {
			t.Errorf("token %.10q: got %d %s, want 401", bad, status, answer)
		}
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token()
	const models = "/v1/projects/p/locations/global/publishers/"
	for _, tt := range []struct{ name, path, body, want string }{
		{"another path", "/v1beta/models/gemini-2.5-flash:generateContent", `{}`, "not found"},
		{"another publisher", models + "meta/models/llama:rawPredict", `{}`, "not found"},
		{"another method", models + "google/models/gemini-2.5-flash:rawPredict", `{}`, "not found"},
		{"no role", models + "google/models/gemini-2.5-flash:generateContent", `{"contents":[{"parts":[{"text":"Hi"}]}]}`, "valid role"},
		{"a tier in the body", models + "google/models/gemini-2.5-flash:generateContent", `{"serviceTier":"flex","contents":[]}`, "serviceTier"},
		{"an id for an older model", models + "google/models/gemini-2.5-flash:generateContent", `{"contents":[{"role":"model","parts":[{"functionCall":{"id":"a","name":"f"}}]}]}`, `Unknown name \"id\"`},
		{"a model in the body", models + "anthropic/models/claude-sonnet-4-5@20250929:rawPredict", `{"anthropic_version":"vertex-2023-10-16","model":"m","max_tokens":1,"messages":[]}`, "model: Extra inputs"},
		{"no version", models + "anthropic/models/claude-sonnet-4-5@20250929:rawPredict", `{"max_tokens":1,"messages":[]}`, "anthropic_version"},
		{"a stream by the wrong method", models + "anthropic/models/claude-sonnet-4-5@20250929:rawPredict", `{"anthropic_version":"vertex-2023-10-16","stream":true,"max_tokens":1,"messages":[]}`, "stream"},
		{"a model that is not there", models + "anthropic/models/claude-0:rawPredict", `{"anthropic_version":"vertex-2023-10-16","max_tokens":1,"messages":[{"role":"user","content":"Hi"}]}`, "not_found_error"},
	} {
		if status, answer := w.post(tt.path, "application/json", token, tt.body); status < 400 || !strings.Contains(answer, tt.want) {
			t.Errorf("%s: got %d %s, want an error that says %s", tt.name, status, answer, tt.want)
		}
	}
}
