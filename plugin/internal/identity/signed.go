package identity

import (
	"bytes"
	"math"
	"strings"

	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/sha2"
	"github.com/postern-gateway/postern/plugin/internal/signature"
)

// A key that describes itself is
//
//	pst1.PAYLOAD.SIGNATURE
//
// both parts in base64url: a JSON object, and the Ed25519 signature of all before the last
// dot. So the configuration has to know none of the keys, only who may make them.
//
// The object has id, consumer and exp; and may have tenant, tier, models, tags, limits (a
// list as the configuration's), iat and nbf. What else it has refuses the key: who reads
// it must not pass over a restriction that a newer version knows.

// SignedPrefix begins a key that describes itself. It is signed along with the rest, so
// that no other use of the operator's key makes one.
const SignedPrefix = "pst1."

// Signed is who may make such keys, and which of them do not count any more.
type Signed struct {
	keys    []*signature.Key
	Revoked map[string]bool // by id
}

// MaxSigners bounds the public keys: each may have to be tried.
const MaxSigners = 8

// Add takes a public key, in base64url.
func (s *Signed) Add(public string) error {
	b, err := spelling.DecodeString(public)
	if err != nil {
		return errNotBase64
	}
	k, err := signature.NewEd25519(b)
	if err == nil {
		s.keys = append(s.keys, k)
	}
	return err
}

// SignedID is the credential's for a key's id.
func SignedID(id string) CredentialID { return sha2.Sum([]byte("pst1:" + id)) }

// ReadSigned is for a key as a client has sent it. Its signature is looked at first:
// nothing of a key that nobody here has made is even parsed.
func (g *Gate) ReadSigned(key string, now int64) (Known, *Problem) {
	unknown := &Problem{InvalidKey, "the API key is not known here"}
	dot := strings.LastIndexByte(key, '.')
	if g.Signed == nil || len(key) > maxToken || !strings.HasPrefix(key, SignedPrefix) || dot < len(SignedPrefix) {
		return Known{}, unknown
	}
	sig, err := spelling.DecodeString(key[dot+1:])
	if err != nil || !g.Signed.made([]byte(key[:dot]), sig) {
		return Known{}, unknown
	}
	payload, err := spelling.DecodeString(key[len(SignedPrefix):dot])
	doc := rawjson.Doc{MaxDepth: maxDepth, MaxNodes: maxNodes}
	if err != nil || doc.Parse(payload) != nil || doc.Root().Kind() != rawjson.Object {
		return Known{}, badSigned("its content is not a JSON object")
	}
	return g.describe(doc.Root(), now)
}

func (s *Signed) made(text, sig []byte) bool {
	eddsa, _ := signature.Find("EdDSA")
	for _, k := range s.keys {
		if k.Verify(eddsa, text, sig) {
			return true
		}
	}
	return false
}

// describe makes a caller of what a key says.
func (g *Gate) describe(v rawjson.Value, now int64) (Known, *Problem) {
	c := &Caller{}
	k := Known{Caller: c}
	id := ""
	for it := v.Members(); it.Next(); {
		ok, member := true, it.Key.Str()
		switch value := it.Value; member {
		case "id":
			id, ok = named(value)
		case "consumer":
			c.Name, ok = named(value)
		case "tenant":
			c.Tenant, ok = named(value)
		case "tier":
			c.Tier, ok = named(value)
		case "models":
			c.Models, ok = list(value)
			ok = ok && len(c.Models) > 0 && areLabels(c.Models)
		case "tags":
			c.Tags, ok = list(value)
			ok = ok && areLabels(c.Tags)
		case "limits":
			ok = value.Kind() == rawjson.Array
			c.Limits = bytes.Clone(value.Raw())
		case "iat", "nbf", "exp":
			var at int64
			at, ok = seconds(value)
			if member == "exp" {
				k.Expires = at
			} else if ok && now < at-signedSkew {
				return Known{}, badSigned("it is not valid yet")
			}
		default:
			return Known{}, badSigned("it says what this version does not understand")
		}
		if !ok {
			return Known{}, badSigned("its member '" + member + "' is not as it should be")
		}
	}
	switch {
	case id == "" || c.Name == "" || k.Expires == 0:
		return Known{}, badSigned("it has not all of id, consumer and exp")
	case g.Signed.Revoked[id]:
		return Known{}, &Problem{RevokedKey, "the API key has been revoked"}
	case expired(k.Expires, now):
		return Known{}, &Problem{ExpiredKey, "the API key has expired"}
	}
	k.ID = SignedID(id)
	var p *Problem
	k.Caller, p = g.settle(c, false, true)
	return k, p
}

// signedSkew is how many seconds the clock of who makes keys may be ahead.
const signedSkew = 60

func named(v rawjson.Value) (string, bool) {
	s := v.Str()
	return s, IsName(s)
}

// seconds is a time after 1970.
func seconds(v rawjson.Value) (int64, bool) {
	f, ok := v.Float64()
	return int64(math.Floor(f)), ok && f > 0 && f < 1<<40
}

func badSigned(why string) *Problem {
	return &Problem{InvalidKey, "the API key is not accepted: " + why}
}
