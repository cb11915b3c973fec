package identity_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/identity"
)

// seal makes a key that describes itself.
func seal(private ed25519.PrivateKey, prefix, payload string) string {
	text := prefix + encode(payload)
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(private, []byte(text)))
}

func TestSignedKeys(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, stranger, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &identity.Signed{Revoked: map[string]bool{"lost": true}}
	if err := s.Add(base64.RawURLEncoding.EncodeToString(public)); err != nil {
		t.Fatal(err)
	}
	g := gate()
	g.Signed = s
	const good = `{"id":"k1","consumer":"mobile","exp":1700003600}`
	more := func(members string) string { return good[:len(good)-1] + "," + members + "}" }
	parts := strings.Split(seal(private, "pst1.", good), ".")
	for _, tt := range []struct{ name, key, want string }{
		{"good", seal(private, "pst1.", good), ""},
		{"good with all that it may have", seal(private, "pst1.", more(`"tenant":"acme","tier":"free","models":["gpt-*"],"tags":["x"],"limits":[{"requests":1}],"iat":1699999999,"nbf":1700000000`)), ""},
		{"of a consumer of the configuration", seal(private, "pst1.", strings.Replace(good, "mobile", "web", 1)), ""},
		{"by a clock that is a little ahead", seal(private, "pst1.", more(`"nbf":1700000050`)), ""},

		{"another's", seal(stranger, "pst1.", good), identity.InvalidKey},
		{"with another beginning", seal(private, "pst2.", good), identity.InvalidKey},
		{"with nothing before it", "." + encode(good) + "." + parts[2], identity.InvalidKey},
		{"changed", "pst1." + encode(strings.Replace(good, "mobile", "admin", 1)) + "." + parts[2], identity.InvalidKey},
		{"without a signature", "pst1." + parts[1] + ".", identity.InvalidKey},
		{"without a signature and its dot", "pst1." + parts[1], identity.InvalidKey},
		{"nothing but the beginning", "pst1.", identity.InvalidKey},
		{"the beginning and a dot", "pst1..", identity.InvalidKey},
		{"oversized", seal(private, "pst1.", more(`"tags":["`+strings.Repeat("x", 20<<10)+`"]`)), identity.InvalidKey},
		{"not an object", seal(private, "pst1.", "[]"), identity.InvalidKey},
		{"a member that is there twice", seal(private, "pst1.", more(`"consumer":"admin"`)), identity.InvalidKey},
		{"a restriction that nobody here knows", seal(private, "pst1.", more(`"networks":["10.0.0.0/8"]`)), identity.InvalidKey},
		{"no models, which must not mean all", seal(private, "pst1.", more(`"models":[]`)), identity.InvalidKey},
		{"a name with a line end", seal(private, "pst1.", more(`"tier":"a\r\nb"`)), identity.InvalidKey},
		{"limits that are no list", seal(private, "pst1.", more(`"limits":{}`)), identity.InvalidKey},
		{"without an id", seal(private, "pst1.", `{"consumer":"mobile","exp":1700003600}`), identity.InvalidKey},
		{"without a consumer", seal(private, "pst1.", `{"id":"k1","exp":1700003600}`), identity.InvalidKey},
		{"without an end", seal(private, "pst1.", `{"id":"k1","consumer":"mobile"}`), identity.InvalidKey},
		{"with an end before 1970", seal(private, "pst1.", strings.Replace(good, "1700003600", "-1", 1)), identity.InvalidKey},
		{"not valid yet", seal(private, "pst1.", more(`"nbf":1700000061`)), identity.InvalidKey},
		{"expired", seal(private, "pst1.", strings.Replace(good, "1700003600", "1700000000", 1)), identity.ExpiredKey},
		{"revoked", seal(private, "pst1.", strings.Replace(good, "k1", "lost", 1)), identity.RevokedKey},
		{"revoked, spelled otherwise", seal(private, "pst1.", strings.Replace(good, "k1", `l\u006fst`, 1)), identity.RevokedKey},
		{"of one who is called like a consumer of another tenant", seal(private, "pst1.", strings.Replace(more(`"tenant":"beta"`), "mobile", "web", 1)), ""},
	} {
		t.Run(tt.name, func(t *testing.T) { // one after the other: a gate is a worker's
			k, p := g.ReadSigned(tt.key, now)
			switch {
			case p == nil && tt.want != "":
				t.Errorf("got the caller %+v, want %s", k.Caller, tt.want)
			case p != nil && p.Code != tt.want:
				t.Errorf("got %s: %s, want %q", p.Code, p.Message, tt.want)
			case p == nil && k.ID != identity.SignedID("k1"):
				t.Errorf("got an id that is not that of k1")
			}
		})
	}
	k, _ := g.ReadSigned(seal(private, "pst1.", more(`"tenant":"acme","limits":[{"requests": 1}],"models":["gpt-*"]`)), now)
	if string(k.Caller.Limits) != `[{"requests": 1}]` || k.Caller.Tenant != "acme" || k.Caller.May("claude") || !k.Caller.May("gpt-4o") {
		t.Errorf("got %+v", k.Caller)
	}
	k, _ = g.ReadSigned(seal(private, "pst1.", strings.Replace(good, "mobile", "web", 1)), now)
	if k.Caller.Tenant != "acme" || k.Caller.Tier != "gold" || k.Caller.May("claude") {
		t.Errorf("got %+v, want what the configuration says of web", k.Caller)
	}
}

func FuzzReadSigned(f *testing.F) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	g := gate()
	g.Signed = &identity.Signed{}
	if err := g.Signed.Add(base64.RawURLEncoding.EncodeToString(public)); err != nil {
		f.Fatal(err)
	}
	f.Add(`{"id":"k1","consumer":"mobile","exp":1700003600,"limits":[]}`)
	f.Fuzz(func(t *testing.T, payload string) {
		if _, p := g.ReadSigned(payload, now); p == nil {
			t.Errorf("took %q, which nobody has signed", payload)
		}
		if k, p := g.ReadSigned(seal(private, "pst1.", payload), now); p == nil && (!identity.IsName(k.Caller.Name) || k.Expires <= now) {
			t.Errorf("got %+v until %d", k.Caller, k.Expires)
		}
	})
}

func TestKeys(t *testing.T) {
	t.Parallel()
	web := &identity.Caller{Name: "web"}
	keys := identity.Keys{sha256.Sum256([]byte("pk-1")): {Caller: web}, sha256.Sum256([]byte("pk-2")): {Caller: web, Expires: now}, sha256.Sum256([]byte("pk-3")): {Caller: web, Expires: now + 1}}
	for key, want := range map[string]string{"pk-1": "", "pk-2": identity.ExpiredKey, "pk-3": "", "pk-4": identity.InvalidKey, "": identity.InvalidKey, "pk-1 ": identity.InvalidKey, "PK-1": identity.InvalidKey} {
		k, p := keys.Find(sha256.Sum256([]byte(key)), now)
		if code := codeOf(p); code != want || p == nil && (k.Caller != web || k.ID != sha256.Sum256([]byte(key))) {
			t.Errorf("%q: got %q, want %q", key, code, want)
		}
	}
}

func codeOf(p *identity.Problem) string {
	if p == nil {
		return ""
	}
	return p.Code
}

func found(c *identity.Cache, token string) bool {
	_, ok := c.Find(token, now)
	return ok
}

// TestCache: it stays in its bounds, forgets what has ended, and keeps what is used.
func TestCache(t *testing.T) {
	t.Parallel()
	var c identity.Cache
	long := strings.Repeat("x", 1000)
	key := func(i int) string {
		return long + string(rune('a'+i%26)) + strings.Repeat("y", i/26%997) + string(rune('A'+i%24))
	}
	c.Add("used", identity.Known{Expires: now + 10})
	for i := range 20_000 {
		c.Add(key(i), identity.Known{Expires: now + 10})
		if i%100 == 0 && !found(&c, key(i)) {
			t.Fatalf("what was just added is not found, at %d", i)
		}
		if _, ok := c.Find("used", now); !ok {
			t.Fatalf("what is used is forgotten after %d", i)
		}
		if n := c.Len(); n > 4<<20/1000 {
			t.Fatalf("got %d tokens of 1,000 bytes in 4 MiB", n)
		}
	}
	if _, ok := c.Find("used", now+10); ok {
		t.Error("what has ended is found")
	}
	for n := range 40 { // around the end that it is found by, and whole words
		token := strings.Repeat("z", n) + strings.Repeat("s", 40)
		c.Add(token, identity.Known{Expires: now + 10})
		if _, ok := c.Find(token, now); !ok {
			t.Errorf("a token of %d bytes is not found", len(token))
		}
		for i := range len(token) {
			if other := token[:i] + "!" + token[i+1:]; found(&c, other) {
				t.Errorf("a token of %d bytes that differs in byte %d is found", len(token), i)
			}
		}
		if found(&c, token[1:]) || found(&c, "s"+token) || found(&c, "") {
			t.Errorf("a token of another length than %d bytes is found", len(token))
		}
		c.Clear()
	}
	if c.Clear(); c.Len() != 0 {
		t.Errorf("got %d after all were forgotten", c.Len())
	}
}
