// Package identity says who sends a request: by an API key, a key that describes itself, a
// JSON Web Token, a client certificate, or the word of a filter in front.
//
// It is pure: the gateway shows it what a request presents and the keys that it has, and
// gets a Caller or a Problem. Whoever presents something that does not hold is refused;
// nobody becomes anybody else because of it. Messages name what is wrong and never repeat
// what was presented.
package identity

import (
	"slices"

	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/glob"
	"github.com/postern-gateway/postern/plugin/internal/limit"
)

// A Caller is somebody who may call, however that was proved. Nil is anybody, where the
// configuration lets everybody call.
type Caller struct {
	Name, Tenant, Tier string
	Tags               []string
	Privileged         []string     // names of headers that not everybody may send
	Models             []string     // names and patterns; none means every model
	Rules              limit.Limits // its own, read from Limits where it has brought them
	Limits             []byte       // what its key says of limits, a JSON list as the configuration has it; nil is none

	claims []byte // what its token says, a JSON object
}

// May reports whether the caller may use a model by that name.
func (c *Caller) May(model string) bool {
	return c == nil || len(c.Models) == 0 || glob.Any(c.Models, model)
}

// MayPrivileged reports whether the caller may send a header that not everybody may.
func (c *Caller) MayPrivileged(name string) bool {
	return c != nil && slices.Contains(c.Privileged, name)
}

// Claim is what the caller's token says at a path, if that is a string, a number or a
// boolean. It parses: who needs it for each request keeps it.
func (c *Caller) Claim(path string) (value string, ok bool) {
	if c == nil || c.claims == nil {
		return "", false
	}
	doc := rawjson.Doc{MaxDepth: maxDepth}
	if doc.Parse(c.claims) != nil {
		return "", false // it was parsed before
	}
	return scalar(at(doc.Root(), path))
}

// A CredentialID names what a caller has proved itself by, for revocation: the SHA-256 of
// an API key or of a token, or of "pst1:" and the id of a key that describes itself. It is
// zero for what cannot be revoked here.
type CredentialID [32]byte

// Known is a credential that holds.
type Known struct {
	Caller  *Caller
	ID      CredentialID
	Expires int64 // seconds since 1970; 0 is never
}

// A Problem is why a credential does not hold.
type Problem struct {
	Code    string // of the error that the client gets
	Message string
}

// Codes of problems. All but Missing mean that there was something.
const (
	Missing      = "missing_api_key"
	InvalidKey   = "invalid_api_key"
	ExpiredKey   = "expired_api_key"
	RevokedKey   = "revoked_api_key"
	InvalidToken = "invalid_token"
	NotAllowed   = "caller_not_allowed"
)

func invalidToken(why string) *Problem {
	return &Problem{InvalidToken, "the token is not accepted: " + why}
}
