package config

import (
	"strings"

	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/sha2"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/identity"
	"github.com/postern-gateway/postern/plugin/internal/limit"
)

func fromEnvironment(lookup func(string) string, name string) (secret.String, error) {
	v := lookup(name)
	if v == "" {
		return secret.String{}, errUnset
	}
	return secret.New(v), nil
}

func (r *reader) consumers(o *strict.Object) {
	c := r.out.Consumers
	o.Objects("consumers", "Who may call; none means everybody.", func(_ int, o *strict.Object) {
		x := &identity.Caller{
			Name:   o.Str("name", "Name in logs and limits.", ""),
			Tier:   o.Str("tier", "Its kind of contract: the name of a tier, where there are any.", ""),
			Models: o.Strings("models", "Names and patterns of the models that it may use; none means all."),
			Tags:   o.Strings("tags", "Words that access rules can go by."),
		}
		o.Require("name")
		r.belongs(x, o)
		x.Rules = r.limits(o, limit.Attribute{Kind: limit.Tenant}, limit.Attribute{Kind: limit.Consumer})
		found := false
		o.Objects("keys", "Its API keys, by their SHA-256.", func(_ int, o *strict.Object) {
			sum, ok := r.hashed(o)
			if !ok {
				return
			}
			found = true
			if _, taken := c.byKey[sum]; taken {
				o.Fail("sha256", "another consumer has this key")
			}
			c.byKey[sum] = x
		})
		if !found {
			o.Require("keys")
		}
		c.count++
	})
}

// hashed reads a client's key, of which only the SHA-256 is ever configured.
func (r *reader) hashed(o *strict.Object) (sum [sha2.Size]byte, ok bool) {
	text := o.Str("sha256", "SHA-256 of the key, in hexadecimal; `postern key` makes both.", "")
	o.Require("sha256")
	if text == "" {
		return sum, false
	}
	if !unhex(sum[:], text) {
		o.Fail("sha256", "want 64 hexadecimal digits")
		return sum, false
	}
	return sum, true
}

// unhex decodes exactly as many digits as dst needs. The library's errors would bring
// all of package fmt into the module.
func unhex(dst []byte, digits string) bool {
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
