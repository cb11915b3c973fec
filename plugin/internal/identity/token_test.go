package identity_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/identity"
)

// now is when the tests are, in seconds since 1970.
const now = 1_700_000_000

// A made file is what another implementation has made; testdata says how.
type made struct {
	Secret string
	JWKS   json.RawMessage
	Tokens []struct{ Alg, Token string }
	Named  map[string]string
}

func load(t testing.TB, file string) made {
	t.Helper()
	b, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var m made
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// issuer is what most tests have.
func issuer(keys *identity.KeySet) *identity.Issuer {
	return &identity.Issuer{Name: "https://id.example.com", Audiences: []string{"ai"}, Skew: 60, Keys: keys, Claims: identity.Claims{Consumer: "sub"}}
}

func gate(i ...*identity.Issuer) *identity.Gate {
	return &identity.Gate{Issuers: i, TokensAsKeys: true, Consumers: map[string][]*identity.Caller{"web": {{Name: "web", Tenant: "acme", Tier: "gold", Models: []string{"gpt-4o"}}}}}
}

// check reads and verifies a token that is where keys are.
func check(g *identity.Gate, token string) (identity.Known, *identity.Problem) {
	t, p := g.ReadToken(token, "", now)
	if p != nil {
		return identity.Known{}, p
	}
	k, _, p := t.Verify(t.Issuer.Keys, nil)
	return k, p
}

// TestTokensOfOthers takes what two other implementations have made, in every algorithm.
func TestTokensOfOthers(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"pyjwt.json", "jose.json"} {
		m := load(t, file)
		public, secret := must(identity.ReadKeySet(m.JWKS)), must(identity.Share([]byte(m.Secret)))
		if len(m.Tokens) < 13 {
			t.Fatalf("%s: got %d tokens, want one for each algorithm", file, len(m.Tokens))
		}
		for _, x := range m.Tokens {
			own, other := public, secret
			if x.Alg[0] == 'H' {
				own, other = secret, public
			}
			i := issuer(own)
			i.Claims = identity.Claims{Consumer: "sub", Tenant: "org", Tier: "https://example.com/plan", Tags: "realm_access.roles"}
			k, p := check(gate(i), x.Token)
			if p != nil {
				t.Errorf("%s: %s: got %q, want the token taken", file, x.Alg, p.Message)
				continue
			}
			if c := k.Caller; c.Name != "user-1" || c.Tenant != "acme" || c.Tier != "gold" || len(c.Tags) == 0 || c.Tags[0] != "writer" || k.Expires != 4_102_444_800+60 {
				t.Errorf("%s: %s: got %+v until %d", file, x.Alg, c, k.Expires)
			}
			if _, p := check(gate(issuer(other)), x.Token); p == nil || p.Code != identity.InvalidToken {
				t.Errorf("%s: %s with the wrong kind of keys: got %v, want %s", file, x.Alg, p, identity.InvalidToken)
			}
		}
	}
}

// A signer makes tokens for the tests, of any header and claims.
type signer struct {
	private *rsa.PrivateKey
	keys    *identity.KeySet
	pem     []byte // the public key, as those would use it who confuse it with a secret
	n       string
}

func newSigner(t testing.TB) *signer {
	t.Helper()
	k := must(rsa.GenerateKey(rand.Reader, 2048))
	der := must(x509.MarshalPKIXPublicKey(&k.PublicKey))
	s := &signer{private: k, pem: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), n: base64.RawURLEncoding.EncodeToString(k.N.Bytes())}
	s.keys = must(identity.ReadKeySet([]byte(`{"keys":[{"kty":"RSA","kid":"k1","alg":"RS256","n":"` + s.n + `","e":"AQAB"}]}`)))
	return s
}

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func (s *signer) sign(head, claims string) string {
	text := encode(head) + "." + encode(claims)
	sum := sha256.Sum256([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(must(rsa.SignPKCS1v15(nil, s.private, crypto.SHA256, sum[:])))
}

func (s *signer) mac(secret []byte, head, claims string) string {
	text := encode(head) + "." + encode(claims)
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

const (
	goodHead   = `{"alg":"RS256","kid":"k1","typ":"JWT"}`
	goodClaims = `{"iss":"https://id.example.com","aud":"ai","sub":"user-1","exp":1700003600}`
)

// with is goodClaims with more members, or others in their place.
func with(pairs ...string) string {
	var m map[string]json.RawMessage
	if err := json.Unmarshal([]byte(goodClaims), &m); err != nil {
		panic(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		if m[pairs[i]] = json.RawMessage(pairs[i+1]); pairs[i+1] == "" {
			delete(m, pairs[i])
		}
	}
	return string(must(json.Marshal(m)))
}

// TestAttacks: what has been tried on those who check tokens, each with what must come of it.
func TestAttacks(t *testing.T) {
	t.Parallel()
	s, stranger := newSigner(t), newSigner(t)
	good := s.sign(goodHead, goodClaims)
	parts := strings.Split(good, ".")
	deep := strings.Repeat(`{"a":`, 20) + "1" + strings.Repeat("}", 20)
	for _, tt := range []struct {
		name, token, want string // part of the message; empty is that the token is taken
	}{
		{"a good token", good, ""},
		{"a good token without a type", s.sign(`{"alg":"RS256","kid":"k1"}`, goodClaims), ""},
		{"a good access token", s.sign(`{"alg":"RS256","kid":"k1","typ":"at+jwt"}`, goodClaims), ""},
		{"a good token without the name of its key", s.sign(`{"alg":"RS256"}`, goodClaims), ""},
		{"a good token for several", s.sign(goodHead, with("aud", `["x","ai"]`)), ""},

		{"alg none", encode(`{"alg":"none"}`) + "." + parts[1] + ".", "algorithm"},
		{"alg none in other letters", encode(`{"alg":"nOnE"}`) + "." + parts[1] + ".", "algorithm"},
		{"alg none with a signature", encode(`{"alg":"none"}`) + "." + parts[1] + "." + parts[2], "algorithm"},
		{"alg that is missing", encode(`{"typ":"JWT"}`) + "." + parts[1] + "." + parts[2], "algorithm"},
		{"alg that is no string", encode(`{"alg":["RS256"]}`) + "." + parts[1] + "." + parts[2], "algorithm"},
		{"alg in other letters", s.sign(`{"alg":"rs256","kid":"k1"}`, goodClaims), "algorithm"},
		{"alg with a space", s.sign(`{"alg":"RS256 ","kid":"k1"}`, goodClaims), "algorithm"},
		{"no signature", parts[0] + "." + parts[1] + ".", "does not verify"},
		{"the public key as a secret, in PEM", s.mac(s.pem, `{"alg":"HS256","kid":"k1"}`, goodClaims), "a key that its issuer does not have"},
		{"the public key as a secret, as its number", s.mac(s.private.N.Bytes(), `{"alg":"HS256","kid":"k1"}`, goodClaims), "a key that its issuer does not have"},
		{"no secret at all", s.mac(nil, `{"alg":"HS256","kid":"k1"}`, goodClaims), "a key that its issuer does not have"},
		{"another algorithm than the key's", s.sign(`{"alg":"PS256","kid":"k1"}`, goodClaims), "a key that its issuer does not have"},
		{"another length than the key's", s.sign(`{"alg":"RS512","kid":"k1"}`, goodClaims), "a key that its issuer does not have"},

		{"another's signature", stranger.sign(goodHead, goodClaims), "does not verify"},
		{"another's signature, and its key along", stranger.sign(`{"alg":"RS256","kid":"k1","jwk":{"kty":"RSA","n":"`+stranger.n+`","e":"AQAB"}}`, goodClaims), "does not verify"},
		{"another's signature, and the place of its key", stranger.sign(`{"alg":"RS256","kid":"k1","jku":"https://evil.example/jwks.json","x5u":"https://evil.example/x"}`, goodClaims), "does not verify"},
		{"a key's name that leads elsewhere", s.sign(`{"alg":"RS256","kid":"../../dev/null"}`, goodClaims), "a key that its issuer does not have"},
		{"a key's name of nothing", s.sign(`{"alg":"RS256","kid":""}`, goodClaims), "the name of its key"},
		{"a key's name without end", s.sign(`{"alg":"RS256","kid":"`+strings.Repeat("k", 300)+`"}`, goodClaims), "the name of its key"},
		{"claims that were changed", parts[0] + "." + encode(with("sub", `"admin"`)) + "." + parts[2], "does not verify"},
		{"a header that was changed", encode(`{"alg":"RS256"}`) + "." + parts[1] + "." + parts[2], "does not verify"},

		{"oversized", s.sign(goodHead, with("x", `"`+strings.Repeat("x", 20<<10)+`"`)), "larger than"},
		{"nested too deep", s.sign(goodHead, with("x", deep)), "its claims cannot be read"},
		{"a header nested too deep", s.sign(`{"alg":"RS256","x":`+deep+`}`, goodClaims), "its header cannot be read"},
		{"a token in a token", s.sign(`{"alg":"RS256","kid":"k1","cty":"JWT"}`, `"`+good+`"`), "its claims cannot be read"},
		{"a claim that is there twice", s.sign(goodHead, goodClaims[:len(goodClaims)-1]+`,"sub":"admin"}`), "its claims cannot be read"},
		{"a claim that is there twice, once escaped", s.sign(goodHead, goodClaims[:len(goodClaims)-1]+`,"su\u0062":"admin"}`), "its claims cannot be read"},
		{"an algorithm that is there twice", s.sign(`{"alg":"RS256","alg":"none"}`, goodClaims), "its header cannot be read"},
		{"claims that are no object", s.sign(goodHead, `[]`), "its claims cannot be read"},
		{"claims that are not UTF-8", s.sign(goodHead, `{"sub":"`+"\xff"+`"}`), "its claims cannot be read"},
		{"two parts", parts[0] + "." + parts[1], "three parts"},
		{"five parts", good + ".a.b", "three parts"},
		{"padding", parts[0] + "." + parts[1] + "=." + parts[2], "not base64url"},
		{"the other base64", parts[0] + "." + parts[1] + "." + strings.Repeat("+/", 171), "not base64url"},
		{"the same signature, spelled otherwise", good[:len(good)-1] + next(good[len(good)-1]), "not base64url"},
		{"compressed", s.sign(`{"alg":"RS256","kid":"k1","zip":"DEF"}`, goodClaims), "not understood"},
		{"what must be understood", s.sign(`{"alg":"RS256","kid":"k1","crit":["exp"]}`, goodClaims), "not understood"},
		{"a payload that is not encoded", s.sign(`{"alg":"RS256","kid":"k1","b64":false}`, goodClaims), "not understood"},
		{"another kind of token by the same keys", s.sign(`{"alg":"RS256","kid":"k1","typ":"logout+jwt"}`, goodClaims), "type"},

		{"expired", s.sign(goodHead, with("exp", "1699999939")), "expired"},
		{"expired, but within the skew", s.sign(goodHead, with("exp", "1699999941")), ""},
		{"without an end", s.sign(goodHead, with("exp", "")), "its exp is not a time"},
		{"an end that is a text", s.sign(goodHead, with("exp", `"1700003600"`)), "its exp is not a time"},
		{"an end beyond numbers", s.sign(goodHead, with("exp", "1e300")), "its exp is not a time"},
		{"an end that is null", s.sign(goodHead, with("exp", "null")), "its exp is not a time"},
		{"an end with a fraction", s.sign(goodHead, with("exp", "1700003600.5")), ""},
		{"not valid yet", s.sign(goodHead, with("nbf", "1700000061")), "not valid yet"},
		{"not valid yet, but within the skew", s.sign(goodHead, with("nbf", "1700000060")), ""},
		{"issued in the future", s.sign(goodHead, with("iat", "1700009999")), "not valid yet"},

		{"another audience", s.sign(goodHead, with("aud", `"web"`)), "audience"},
		{"other audiences", s.sign(goodHead, with("aud", `["web","AI"]`)), "audience"},
		{"no audience", s.sign(goodHead, with("aud", "")), "audience"},
		{"an audience of numbers", s.sign(goodHead, with("aud", "[1]")), "audience"},
		{"another issuer", s.sign(goodHead, with("iss", `"https://evil.example"`)), "issuer"},
		{"an issuer with a slash more", s.sign(goodHead, with("iss", `"https://id.example.com/"`)), "issuer"},
		{"no issuer", s.sign(goodHead, with("iss", "")), "issuer"},
		{"an issuer that is a list", s.sign(goodHead, with("iss", `["https://id.example.com"]`)), "issuer"},

		{"nobody", s.sign(goodHead, with("sub", "")), "'sub' is missing"},
		{"a name of nothing", s.sign(goodHead, with("sub", `""`)), "not a name"},
		{"a name with a line end, to add a header", s.sign(goodHead, with("sub", `"web\r\nx-admin: true"`)), "not a name"},
		{"a name with a zero byte", s.sign(goodHead, with("sub", `"web\u0000"`)), "not a name"},
		{"a name that looks like another's", s.sign(goodHead, with("sub", `"w\u0435b"`)), "not a name"},
		{"a name with a space that is not seen", s.sign(goodHead, with("sub", `"web\u200b"`)), "not a name"},
		{"a name with a space behind it", s.sign(goodHead, with("sub", `"web "`)), "not a name"},
		{"a name that is an object", s.sign(goodHead, with("sub", `{"a":"web"}`)), "not a name"},
		{"a name without end", s.sign(goodHead, with("sub", `"`+strings.Repeat("a", 256)+`"`)), "not a name"},
		{"the name of a consumer of the configuration", s.sign(goodHead, with("sub", `"web"`)), "another consumer"},
		{"a name that is a number", s.sign(goodHead, with("sub", "42")), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k, p := check(gate(issuer(s.keys)), tt.token)
			switch {
			case tt.want == "" && p != nil:
				t.Errorf("got %q, want the token taken", p.Message)
			case tt.want != "" && p == nil:
				t.Errorf("got the caller %q, want %q", k.Caller.Name, tt.want)
			case p != nil && !strings.Contains(p.Message, tt.want):
				t.Errorf("got %q, want %q in it", p.Message, tt.want)
			case p != nil && (strings.Contains(p.Message, "admin") || strings.Contains(p.Message, "evil")):
				t.Errorf("got %q, which repeats what was presented", p.Message)
			}
		})
	}
}

// next is another last letter that says the same bits.
func next(letter byte) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(letters[strings.IndexByte(letters, letter)^1])
}

// TestClaims: what becomes of claims.
func TestClaims(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	for _, tt := range []struct {
		name   string
		edit   func(i *identity.Issuer)
		claims string
		want   identity.Caller
		fails  string
	}{
		{"a prefix", func(i *identity.Issuer) { i.Prefix = "okta/" }, goodClaims, identity.Caller{Name: "okta/user-1"}, ""},
		{"nested, and a name with dots", func(i *identity.Issuer) { i.Claims.Tenant = "kubernetes.io.namespace" }, with("kubernetes.io", `{"namespace":"team-a"}`), identity.Caller{Name: "user-1", Tenant: "team-a"}, ""},
		{"a name that is an address", func(i *identity.Issuer) { i.Claims.Tier = "https://example.com/plan" }, with("https://example.com/plan", `"gold"`), identity.Caller{Name: "user-1", Tier: "gold"}, ""},
		{"models as a list", func(i *identity.Issuer) { i.Claims.Models = "models" }, with("models", `["gpt-4o","claude-*"]`), identity.Caller{Name: "user-1", Models: []string{"gpt-4o", "claude-*"}}, ""},
		{"tags as a scope", func(i *identity.Issuer) { i.Claims.Tags = "scope" }, with("scope", `"chat embeddings"`), identity.Caller{Name: "user-1", Tags: []string{"chat", "embeddings"}}, ""},
		{"tags beside those that all have", func(i *identity.Issuer) { i.Claims.Tags, i.Base.Tags = "g", []string{"jwt"} }, with("g", `["a"]`), identity.Caller{Name: "user-1", Tags: []string{"jwt", "a"}}, ""},
		{"tags that are missing", func(i *identity.Issuer) { i.Claims.Tags = "g" }, goodClaims, identity.Caller{Name: "user-1"}, ""},
		{"what is configured where no claim says it", func(i *identity.Issuer) {
			i.Claims.Tier, i.Base = "tier", identity.Caller{Tier: "free", Tenant: "acme"}
		}, goodClaims, identity.Caller{Name: "user-1", Tier: "free", Tenant: "acme"}, ""},
		{"a claim before what is configured", func(i *identity.Issuer) { i.Claims.Tier, i.Base = "tier", identity.Caller{Tier: "free"} }, with("tier", `"gold"`), identity.Caller{Name: "user-1", Tier: "gold"}, ""},
		{"a requirement that is met", func(i *identity.Issuer) {
			i.Require = []identity.Requirement{{Claim: "groups", Values: []string{"x", "ai-*"}}}
		}, with("groups", `["hr","ai-users"]`), identity.Caller{Name: "user-1"}, ""},
		{"a consumer of the configuration", func(i *identity.Issuer) { i.Configured = true }, with("sub", `"web"`), identity.Caller{Name: "web", Tenant: "acme", Tier: "gold", Models: []string{"gpt-4o"}}, ""},

		{"one who is called like a consumer of another tenant", func(i *identity.Issuer) { i.Claims.Tenant = "org" }, with("sub", `"web"`, "org", `"beta"`), identity.Caller{Name: "web", Tenant: "beta"}, ""},
		{"one who is called like a consumer of the same tenant", func(i *identity.Issuer) { i.Claims.Tenant = "org" }, with("sub", `"web"`, "org", `"acme"`), identity.Caller{}, "another consumer"},

		{"models that are missing", func(i *identity.Issuer) { i.Claims.Models = "models" }, goodClaims, identity.Caller{}, "'models' is missing"},
		{"models that are none, which must not mean all", func(i *identity.Issuer) { i.Claims.Models = "models" }, with("models", `[]`), identity.Caller{}, "not a list of models"},
		{"models that are a number", func(i *identity.Issuer) { i.Claims.Models = "models" }, with("models", `7`), identity.Caller{}, "not a list of models"},
		{"a tenant that is missing", func(i *identity.Issuer) { i.Claims.Tenant = "org" }, goodClaims, identity.Caller{}, "'org' is missing"},
		{"a tenant with a line end", func(i *identity.Issuer) { i.Claims.Tenant = "org" }, with("org", `"a\nb"`), identity.Caller{}, "not a name"},
		{"tags with a line end", func(i *identity.Issuer) { i.Claims.Tags = "g" }, with("g", `["a\r\nb"]`), identity.Caller{}, "not a list of names"},
		{"a requirement that is not met", func(i *identity.Issuer) {
			i.Require = []identity.Requirement{{Claim: "groups", Values: []string{"ai"}}}
		}, with("groups", `["ai-users"]`), identity.Caller{}, "does not have a value"},
		{"a requirement of a claim that is missing", func(i *identity.Issuer) {
			i.Require = []identity.Requirement{{Claim: "groups", Values: []string{"*"}}}
		}, goodClaims, identity.Caller{}, "does not have a value"},
		{"nobody of the configuration", func(i *identity.Issuer) { i.Configured = true }, goodClaims, identity.Caller{}, "nobody by this name"},
		{"a consumer of another tenant", func(i *identity.Issuer) { i.Configured, i.Claims.Tenant = true, "org" }, with("sub", `"web"`, "org", `"evil"`), identity.Caller{}, "nobody by this name"},
		{"an algorithm that is not taken", func(i *identity.Issuer) { i.Algorithms = []string{"ES256"} }, goodClaims, identity.Caller{}, "its algorithm"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			i := issuer(s.keys)
			tt.edit(i)
			k, p := check(gate(i), s.sign(goodHead, tt.claims))
			switch {
			case tt.fails != "" && (p == nil || !strings.Contains(p.Message, tt.fails)):
				t.Errorf("got %v, %v, want %q", k.Caller, p, tt.fails)
			case tt.fails == "" && p != nil:
				t.Errorf("got %q, want the token taken", p.Message)
			case tt.fails == "":
				c, w := k.Caller, tt.want
				if c.Name != w.Name || c.Tenant != w.Tenant || c.Tier != w.Tier || !slices.Equal(c.Models, w.Models) || !slices.Equal(c.Tags, w.Tags) {
					t.Errorf("got %+v, want %+v", c, w)
				}
				if aud, ok := c.Claim("aud"); aud != "ai" || !ok {
					t.Errorf("got %q for the claim aud, want ai", aud)
				}
			}
		})
	}
}

// TestHeaders: an issuer's tokens count where the configuration says that they are, and
// nowhere else.
func TestHeaders(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	i := issuer(s.keys)
	i.Header = "cf-access-jwt-assertion"
	g := gate(i)
	if _, p := g.ReadToken(s.sign(goodHead, goodClaims), "cf-access-jwt-assertion", now); p != nil {
		t.Errorf("got %q, want the token taken", p.Message)
	}
	if _, p := g.ReadToken(s.sign(goodHead, goodClaims), "", now); p == nil {
		t.Errorf("a token is taken where its issuer's are not")
	}
}

// host is one that verifies, or says that it cannot.
type host struct {
	valid, able bool
	asked       int
}

func (h *host) Verify(hash string, key, message, sig []byte) (bool, bool) {
	h.asked++
	if hash != "sha256" || len(key) == 0 || len(message) == 0 || len(sig) == 0 {
		panic("not all that a host needs")
	}
	return h.valid, h.able
}

// TestHost: a host's word counts where it has one, and only there.
func TestHost(t *testing.T) {
	t.Parallel()
	m := load(t, "pyjwt.json")
	keys := must(identity.ReadKeySet(m.JWKS))
	for _, x := range m.Tokens {
		if x.Alg[0] == 'H' || x.Alg == "EdDSA" || x.Alg[2:] != "256" {
			continue
		}
		for _, h := range []host{{true, true, 0}, {false, true, 0}, {false, false, 0}, {true, false, 0}} {
			token, p := gate(issuer(keys)).ReadToken(x.Token, "", now)
			if p != nil {
				t.Fatal(p.Message)
			}
			_, _, p = token.Verify(keys, &h)
			asks := x.Alg != "PS256"
			if want := h.valid || !h.able || !asks; (p == nil) != want {
				t.Errorf("%s, host %v: got %v, want taken: %v", x.Alg, h, p, want)
			}
			if (h.asked > 0) != asks {
				t.Errorf("%s: the host was asked %d times", x.Alg, h.asked)
			}
		}
	}
}

func FuzzReadToken(f *testing.F) {
	s := newSigner(f)
	f.Add(s.sign(goodHead, goodClaims))
	f.Add(s.sign(`{"alg":"none"}`, with("aud", `["ai"]`, "realm_access", `{"roles":["a"]}`)))
	f.Add("eyJ.eyJ.")
	i := issuer(s.keys)
	i.Claims = identity.Claims{Consumer: "sub", Tags: "realm_access.roles", Models: "a.b.c"}
	i.Require = []identity.Requirement{{Claim: "aud", Values: []string{"*"}}}
	f.Fuzz(func(t *testing.T, text string) {
		k, p := check(gate(i), text)
		if p != nil {
			if k.Caller != nil || p.Code == "" || p.Message == "" {
				t.Errorf("got the caller %v with the problem %v", k.Caller, p)
			}
			return
		}
		if !identity.IsName(k.Caller.Name) || k.Expires <= now {
			t.Errorf("got %+v until %d for %q", k.Caller, k.Expires, text)
		}
	})
}

// FuzzClaims signs any claims, so that what follows the signature is reached.
func FuzzClaims(f *testing.F) {
	secret := make([]byte, 64)
	keys := must(identity.Share(secret))
	s := &signer{}
	f.Add(goodClaims)
	f.Add(with("a", `{"b":{"c":["x"]}}`, "realm_access", `{"roles":"x y"}`))
	i := issuer(keys)
	i.Claims = identity.Claims{Consumer: "sub", Tenant: "a.b", Tags: "realm_access.roles", Models: "a.b.c"}
	f.Fuzz(func(t *testing.T, claims string) {
		k, p := check(gate(i), s.mac(secret, `{"alg":"HS256"}`, claims))
		if p != nil {
			return
		}
		for _, name := range append(append([]string{k.Caller.Name, k.Caller.Tenant}, k.Caller.Tags...), k.Caller.Models...) {
			if strings.ContainsAny(name, "\r\n\x00\x7f") || name == "" {
				t.Errorf("got the name %q", name)
			}
		}
		if !json.Valid([]byte(claims)) {
			t.Errorf("took claims that are no JSON: %q", claims)
		}
	})
}

func FuzzReadKeySet(f *testing.F) {
	f.Add([]byte(load(f, "pyjwt.json").JWKS))
	f.Add([]byte(load(f, "jose.json").JWKS))
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"AAAA"},{"kty":"RSA","n":"AQAB","e":"AQ"}]}`))
	token := load(f, "jose.json").Tokens[0].Token
	f.Fuzz(func(t *testing.T, document []byte) {
		keys, err := identity.ReadKeySet(document)
		if err != nil {
			return
		}
		check(gate(issuer(keys)), token)
	})
}

func TestKeySets(t *testing.T) {
	t.Parallel()
	public := base64.RawURLEncoding.EncodeToString(must2(ed25519.GenerateKey(rand.Reader)))
	ed := `{"kty":"OKP","crv":"Ed25519","x":"` + public + `"`
	for _, tt := range []struct {
		name, document string
		ok             bool
	}{
		{"one key", `{"keys":[` + ed + `}]}`, true},
		{"a key among others", `{"keys":[{"kty":"EC","crv":"secp256k1"},{"kty":"oct","k":"` + public + `"},7,` + ed + `}]}`, true},
		{"a key with its private part", `{"keys":[` + ed + `,"d":"x"}]}`, true},
		{"a key with padding", `{"keys":[` + strings.Replace(ed, public, public+"=", 1) + `}]}`, true},
		{"a secret alone", `{"keys":[{"kty":"oct","k":"` + public + `"}]}`, false},
		{"a key for encryption", `{"keys":[` + ed + `,"use":"enc"}]}`, false},
		{"a key for signing alone", `{"keys":[` + ed + `,"key_ops":["sign"]}]}`, false},
		{"a key to verify with", `{"keys":[` + ed + `,"key_ops":["verify"]}]}`, true},
		{"an algorithm of another kind of key", `{"keys":[` + ed + `,"alg":"RS256"}]}`, false},
		{"an algorithm of secrets", `{"keys":[` + ed + `,"alg":"HS256"}]}`, false},
		{"no keys", `{"keys":[]}`, false},
		{"too many keys", `{"keys":[` + strings.Repeat(ed+`},`, 64) + ed + `}]}`, false},
		{"as many as may be", `{"keys":[` + strings.Repeat(ed+`},`, 63) + ed + `}]}`, true},
		{"no set", `{"error":"not found"}`, false},
		{"no JSON", `<html>`, false},
		{"nothing", ``, false},
	} {
		if _, err := identity.ReadKeySet([]byte(tt.document)); (err == nil) != tt.ok {
			t.Errorf("%s: got %v, want it taken: %v", tt.name, err, tt.ok)
		}
	}
}

func must2(public ed25519.PublicKey, _ ed25519.PrivateKey, err error) []byte {
	if err != nil {
		panic(err)
	}
	return public
}
