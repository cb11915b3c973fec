package vertex

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/rs256"
	"github.com/postern-gateway/postern/adapters/secret"
)

// What is wrong with a key. None says anything of what is in it.
var (
	errKey     = errors.New("want a service account's key in JSON, or an access token")
	errFields  = errors.New("the service account's key lacks client_email, private_key or token_uri, or one of them is not as Google makes it")
	errCluster = errors.New("a service account's key needs options.token_cluster, the proxy's name for where it gets tokens")
	errToken   = errors.New("the answer has no access_token with expires_in")
)

// An account is a service account as its key file has it
// (https://developers.google.com/identity/protocols/oauth2/service-account).
type account struct {
	email, keyID, uri, host, path string
	key                           *rs256.Key
}

// parseAccount reads a key file. Other kinds of credentials that Google has in JSON are
// told apart by their type.
func parseAccount(text string) (*account, error) {
	var doc rawjson.Doc
	if doc.Parse([]byte(text)) != nil || doc.Root().Kind() != rawjson.Object {
		return nil, errKey
	}
	v := doc.Root()
	if !v.Get("type").Is("service_account") {
		return nil, errors.New("want a key whose type is service_account, got type " + strconv.QuoteToASCII(brief(v.Get("type").Str())))
	}
	a := &account{email: v.Get("client_email").Str(), keyID: v.Get("private_key_id").Str(), uri: v.Get("token_uri").Str()}
	rest, ok := strings.CutPrefix(a.uri, "https://")
	a.host, a.path, _ = strings.Cut(rest, "/")
	if a.path = "/" + a.path; !ok || !printable(a.host) || !printable(a.path) || a.host == "" || a.email == "" {
		return nil, errFields
	}
	var err error
	a.key, err = rs256.ParseKey(v.Get("private_key").Str())
	return a, err
}

func brief(s string) string { return s[:min(len(s), 40)] }

func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// Exchanges reports whether a key is a service account's. Access tokens begin otherwise
// than JSON.
func (a *adapter) Exchanges(key secret.String) (bool, error) {
	text := strings.TrimSpace(key.Reveal())
	if !strings.HasPrefix(text, "{") {
		return false, nil
	}
	if _, err := parseAccount(text); err != nil {
		return true, err
	}
	if a.tokens == "" {
		return true, errCluster
	}
	return true, nil
}

const (
	// scope is what Vertex AI asks of a token.
	scope = "https://www.googleapis.com/auth/cloud-platform"
	// assertionLife is how many seconds an assertion holds; an hour is the most.
	assertionLife = 3600
	// skew lets the token endpoint's clock be behind.
	skew = 10
	// patience bounds an exchange.
	patience = 10 * time.Second
)

// Exchange asks for a token by a signed assertion (https://www.rfc-editor.org/rfc/rfc7523).
func (a *adapter) Exchange(key secret.String, now int64) (*adapters.Callout, error) {
	account, err := parseAccount(key.Reveal())
	if err != nil {
		return nil, err
	}
	assertion, err := account.assert(now)
	if err != nil {
		return nil, err
	}
	return &adapters.Callout{
		Cluster: a.tokens, Method: "POST", Host: account.host, Path: account.path,
		Headers: []adapters.Header{{Name: "content-type", Value: "application/x-www-form-urlencoded"}, {Name: "accept", Value: "application/json"}},
		Body:    []byte("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" + assertion),
		Timeout: patience,
	}, nil
}

// assert is the account's word that it is asking, a JSON Web Token.
func (a *account) assert(now int64) (string, error) {
	var head, claims rawjson.Writer
	head.Object().Key("alg").Str("RS256").Key("typ").Str("JWT")
	if a.keyID != "" {
		head.Key("kid").Str(a.keyID)
	}
	head.EndObject()
	claims.Object().Key("iss").Str(a.email).Key("scope").Str(scope).Key("aud").Str(a.uri)
	claims.Key("iat").Int(now - skew).Key("exp").Int(now + assertionLife - skew).EndObject()
	text := base64.RawURLEncoding.AppendEncode(nil, head.Bytes())
	text = base64.RawURLEncoding.AppendEncode(append(text, '.'), claims.Bytes())
	signature, err := a.key.Sign(text)
	if err != nil {
		return "", err
	}
	return string(base64.RawURLEncoding.AppendEncode(append(text, '.'), signature)), nil
}

// ReadToken reads what a token endpoint answers
// (https://www.rfc-editor.org/rfc/rfc6749#section-5).
func (a *adapter) ReadToken(status int, body []byte) (adapters.Token, error) {
	var doc rawjson.Doc
	_ = doc.Parse(body) // what is no JSON has no members
	v := doc.Root()
	if status != 200 {
		why := v.Get("error").Str()
		if d := v.Get("error_description").Str(); d != "" {
			why += ": " + d
		}
		if why == "" {
			why = "no reason given"
		}
		return adapters.Token{}, errors.New(why)
	}
	token := v.Get("access_token").Str()
	seconds, _ := v.Get("expires_in").Int64()
	const most = 1 << 30
	if token == "" || seconds <= 0 || seconds > most {
		return adapters.Token{}, errToken
	}
	return adapters.Token{Value: secret.New(token), Lifetime: time.Duration(seconds) * time.Second}, nil
}
