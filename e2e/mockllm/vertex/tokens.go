package vertex

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
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/postern-gateway/postern/e2e/mockllm/provider"
)

// A keyFile is a service account's key as Google makes it.
type keyFile struct {
	Type       string `json:"type"`
	ProjectID  string `json:"project_id"`
	KeyID      string `json:"private_key_id"`
	PrivateKey string `json:"private_key"`
	Email      string `json:"client_email"`
	TokenURI   string `json:"token_uri"`
}

// serviceAccount is the key file that the mock accepts, made anew in each process.
var serviceAccount = sync.OnceValue(func() string {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	b, err := json.Marshal(keyFile{"service_account", "mock", "0123456789abcdef", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"gateway@mock.iam.gserviceaccount.com", "https://oauth2.googleapis.com/token"})
	if err != nil {
		panic(err)
	}
	return string(b)
})

// lifetime is that of a token, as Google gives them.
const lifetime = 3599 * time.Second

// tokens are those that were given, with their ends.
type tokens struct {
	now  func() time.Time
	file keyFile
	key  *rsa.PublicKey // nil if the mock has another key, which then is a token

	mu    sync.Mutex
	given map[string]time.Time
}

func newTokens(now func() time.Time, key string) *tokens {
	t := &tokens{now: now, given: map[string]time.Time{}}
	if json.Unmarshal([]byte(key), &t.file) != nil {
		return t
	}
	block, _ := pem.Decode([]byte(t.file.PrivateKey))
	if block == nil {
		return t
	}
	if private, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		if k, ok := private.(*rsa.PrivateKey); ok {
			t.key = &k.PublicKey
		}
	}
	return t
}

func (t *tokens) valid(token string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	end, ok := t.given[token]
	return ok && t.now().Before(end)
}

func (t *tokens) give() string {
	token := "ya29." + rand.Text()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.given[token] = t.now().Add(lifetime)
	return token
}

// exchange answers the token endpoint.
func (a *api) exchange(x *provider.Exchange) {
	fail := func(kind, description string) {
		x.Fail(provider.Failure{Status: http.StatusBadRequest, Type: kind, Message: description})
	}
	form, err := url.ParseQuery(string(x.Body))
	switch {
	case x.R.Method != http.MethodPost:
		fail("invalid_request", "Only POST is allowed.")
	case err != nil || x.R.Header.Get("Content-Type") != "application/x-www-form-urlencoded":
		fail("invalid_request", "The body is not a form.")
	case form.Get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
		fail("unsupported_grant_type", "Invalid grant_type: "+form.Get("grant_type"))
	default:
		if why := a.tokens.refuse(form.Get("assertion")); why != "" {
			fail("invalid_grant", why)
			return
		}
		x.JSON(map[string]any{"access_token": a.tokens.give(), "expires_in": int(lifetime.Seconds()), "token_type": "Bearer"})
	}
}

// refuse says what is wrong with an assertion; empty is nothing.
func (t *tokens) refuse(assertion string) string {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 || t.key == nil {
		return "Bad Request"
	}
	var head struct{ Alg, Typ, Kid string }
	var claims struct {
		Iss, Scope, Aud string
		Iat, Exp        int64
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || decode(parts[0], &head) != nil || decode(parts[1], &claims) != nil {
		return "Bad Request"
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	now, second := t.now(), time.Second
	switch {
	case head.Alg != "RS256" || head.Typ != "JWT" || head.Kid != "" && head.Kid != t.file.KeyID:
		return "Invalid JWT header."
	case rsa.VerifyPKCS1v15(t.key, crypto.SHA256, sum[:], signature) != nil:
		return "Invalid JWT Signature."
	case claims.Iss != t.file.Email:
		return "Invalid grant: account not found"
	case claims.Aud != t.file.TokenURI:
		return "Invalid JWT: Failed audience check."
	case claims.Exp-claims.Iat > 3600 || !now.Before(time.Unix(claims.Exp, 0)) || time.Unix(claims.Iat, 0).After(now.Add(second)):
		return "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim."
	case !slices.Contains(strings.Fields(claims.Scope), "https://www.googleapis.com/auth/cloud-platform"):
		return "Invalid OAuth scope or ID token audience provided."
	}
	return ""
}

func decode(part string, v any) error {
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}
