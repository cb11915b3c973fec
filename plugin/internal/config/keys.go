package config

import (
	"strings"

	"github.com/postern-gateway/postern/adapters/rfc3339"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/sha2"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/identity"
	"github.com/postern-gateway/postern/plugin/internal/limit"
)

//go:noinline
func fromEnvironment(lookup func(string) string, name string) (secret.String, error) {
	v := lookup(name)
	if v == "" {
		return secret.String{}, errUnset
	}
	return secret.New(v), nil
}

func (r *reader) consumers(o *strict.Object) {
	g := r.out.Identity
	o.Objects("consumers", "Who may call; none means everybody, unless identity says otherwise.", func(_ int, o *strict.Object) {
		x := r.caller(o)
		o.Require("name")
		r.belongs(x, o)
		x.Rules = r.limits(o, limit.Attribute{Kind: limit.Tenant}, limit.Attribute{Kind: limit.Consumer})
		g.Consumers[x.Name] = append(g.Consumers[x.Name], x)
		found := false
		o.Objects("keys", "Its API keys, by their SHA-256.", func(_ int, o *strict.Object) {
			sum, ok := r.hashed(o)
			k := identity.Key{Caller: x, Expires: expiry(o)}
			if !ok {
				return
			}
			found = true
			if _, taken := g.Keys[sum]; taken {
				o.Fail("sha256", "another consumer has this key")
			}
			g.Keys[sum] = k
		})
		if !found && !r.proves { // or it proves who it is by something else
			o.Require("keys")
		}
	})
}

// expiry reads when a key ends, in seconds since 1970; 0 is never.
func expiry(o *strict.Object) int64 {
	text := o.Str("expires", "When it ends, such as 2030-12-31T23:59:59Z; empty is never.", "")
	if text == "" {
		return 0
	}
	at, ok := rfc3339.Parse([]byte(text))
	if !ok || at <= 0 {
		o.Fail("expires", "want a time such as 2030-12-31T23:59:59Z")
	}
	return at
}

// hashed reads a client's key, of which only the SHA-256 is ever configured.
func (r *reader) hashed(o *strict.Object) (sum [sha2.Size]byte, ok bool) {
	text := o.Str("sha256", "SHA-256 of the key, in hexadecimal; `postern key` makes both.", "")
	o.Require("sha256")
	if text == "" {
		return sum, false
	}
	if !Unhex(sum[:], text) {
		o.Fail("sha256", "want 64 hexadecimal digits")
		return sum, false
	}
	return sum, true
}

// Unhex decodes exactly as many digits as dst needs. The library's errors would bring
// all of package fmt into the module.
func Unhex(dst []byte, digits string) bool {
	if len(digits) != 2*len(dst) {
		return false
	}
	for i := range digits {
		d := strings.IndexByte("0123456789abcdef", digits[i]|0x20)
		if d < 0 {
			return false
		}
		dst[i/2] = dst[i/2]<<4 | byte(d)
	}
	return true
}
