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
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/secret"
)

const withTokens = `{"project":"p","token_cluster":"tokens"}`

var private = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// keyFile is a service account's key with members changed.
func keyFile(changes ...string) string {
	der, err := x509.MarshalPKCS8PrivateKey(private())
	if err != nil {
		panic(err)
	}
	m := map[string]string{
		"type": "service_account", "client_email": "g@p.iam.gserviceaccount.com", "private_key_id": "k1", "token_uri": "https://oauth2.googleapis.com/token",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	}
	for i := 0; i < len(changes); i += 2 {
		m[changes[i]] = changes[i+1]
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestWhichKeysAreExchanged(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, options, key, want string }{
		{"a key file", withTokens, keyFile(), "yes"},
		{"with spaces around it", withTokens, "\n " + keyFile() + "\n", "yes"},
		{"an access token", `{"project":"p"}`, "ya29.a0", "no"},
		{"no cluster for tokens", `{"project":"p"}`, keyFile(), "token_cluster"},
		{"JSON that is cut", withTokens, keyFile()[:200], "want a service account's key"},
		{"a user's credentials", withTokens, `{"type":"authorized_user"}`, `got type "authorized_user"`},
		{"no account", withTokens, keyFile("client_email", ""), "client_email"},
		{"a token endpoint without TLS", withTokens, keyFile("token_uri", "http://oauth2.googleapis.com/token"), "token_uri"},
		{"a token endpoint with a line end", withTokens, keyFile("token_uri", "https://a/b\r\nc: d"), "token_uri"},
		{"no private key", withTokens, keyFile("private_key", "secret"), "PEM"},
	} {
		exchanged, err := newAdapter(t, tt.options).(adapters.Exchanger).Exchanges(secret.New(tt.key))
		switch {
		case tt.want == "yes" || tt.want == "no":
			if err != nil || exchanged != (tt.want == "yes") {
				t.Errorf("%s: got %v, %v, want %s", tt.name, exchanged, err, tt.want)
			}
		case err == nil || !strings.Contains(err.Error(), tt.want):
			t.Errorf("%s: got %v, want an error that says %s", tt.name, err, tt.want)
		case strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "MII"):
			t.Errorf("%s: %v tells the key", tt.name, err)
		}
	}
}

func TestAssertion(t *testing.T) {
	t.Parallel()
	x := newAdapter(t, withTokens).(adapters.Exchanger)
	const now = 1_800_000_000
	c, err := x.Exchange(secret.New(keyFile()), now)
	if err != nil {
		t.Fatal(err)
	}
	if c.Cluster != "tokens" || c.Method != "POST" || c.Host != "oauth2.googleapis.com" || c.Path != "/token" || c.Timeout != 10*time.Second {
		t.Errorf("got %+v", c)
	}
	_, assertion, _ := strings.Cut(string(c.Body), "&assertion=")
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		t.Fatalf("got an assertion of %d parts", len(parts))
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(&private().PublicKey, crypto.SHA256, sum[:], signature); err != nil {
		t.Errorf("signature: %v", err)
	}
	for i, want := range []string{`{"alg":"RS256","typ":"JWT","kid":"k1"}`,
		`{"iss":"g@p.iam.gserviceaccount.com","scope":"https://www.googleapis.com/auth/cloud-platform","aud":"https://oauth2.googleapis.com/token","iat":1799999990,"exp":1800003590}`} {
		if got, err := base64.RawURLEncoding.DecodeString(parts[i]); err != nil || string(got) != want {
			t.Errorf("part %d: got %s, %v, want %s", i, got, err, want)
		}
	}
}

func TestAnswersOfTheTokenEndpoint(t *testing.T) {
	t.Parallel()
	x := newAdapter(t, withTokens).(adapters.Exchanger)
	for _, tt := range []struct {
		status     int
		body, want string
	}{
		{200, `{"access_token":"ya29.x","expires_in":3599,"token_type":"Bearer"}`, ""},
		{200, `{"access_token":"ya29.x"}`, "expires_in"},
		{200, `{"access_token":"","expires_in":10}`, "access_token"},
		{200, `{"access_token":"ya29.x","expires_in":-1}`, "expires_in"},
		{200, `{"access_token":"ya29.x","expires_in":1e300}`, "expires_in"},
		{200, `{"access_token":1,"expires_in":10}`, "access_token"},
		{200, `not JSON`, "access_token"},
		{400, `{"error":"invalid_grant","error_description":"Invalid JWT Signature."}`, "invalid_grant: Invalid JWT Signature."},
		{503, ``, "no reason given"},
	} {
		token, err := x.ReadToken(tt.status, []byte(tt.body))
		if tt.want == "" {
			if err != nil || token.Value.Reveal() != "ya29.x" || token.Lifetime != 3599*time.Second {
				t.Errorf("%s: got %v for %v, %v", tt.body, token.Value.Reveal(), token.Lifetime, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%d %s: got %v, want %s", tt.status, tt.body, err, tt.want)
		}
	}
}

// FuzzKeysAndTokens: whatever a key or an answer is, nothing panics, and a token that is
// read has a value and a lifetime.
func FuzzKeysAndTokens(f *testing.F) {
	f.Add([]byte(keyFile()), 200)
	f.Add([]byte(`{"access_token":"a","expires_in":3599}`), 200)
	f.Add([]byte(`{"type":"service_account"}`), 400)
	x := newAdapter(f, withTokens).(adapters.Exchanger)
	f.Fuzz(func(t *testing.T, b []byte, status int) {
		if exchanged, err := x.Exchanges(secret.New(string(b))); exchanged && err == nil {
			if _, err := x.Exchange(secret.New(string(b)), 1_800_000_000); err != nil && !strings.Contains(err.Error(), "belong together") {
				t.Errorf("a key that was accepted: %v", err)
			}
		}
		if token, err := x.ReadToken(status, b); err == nil && (token.Value.Empty() || token.Lifetime <= 0) {
			t.Errorf("got a token without value or lifetime")
		}
	})
}
