package identity

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/internal/signature"
)

// A KeySet is the keys that an issuer signs with
// (https://www.rfc-editor.org/rfc/rfc7517#section-5).
type KeySet struct{ keys []verifier }

// A verifier is one key, and what it is for.
type verifier struct {
	id        string
	algorithm string // the only one; empty is any that suits the key
	key       *signature.Key
}

const (
	// MaxKeySet is the largest document that is read.
	MaxKeySet = 256 << 10
	maxKeys   = 64
)

// What is wrong with a key or a set of them.
var (
	errNotASet    = errors.New("it is not a set of keys")
	errNoKeys     = errors.New("it has no key that can verify a signature")
	errTooMany    = errors.New("it has more than 64 keys")
	errNoKey      = errors.New("want a public key: kty RSA, EC or OKP, its numbers in base64url, and use sig if any")
	errPrivate    = errors.New("it is a private key, which nobody but the issuer should have")
	errAlgorithm  = errors.New("its alg does not suit its kty")
	errNotBase64  = errors.New("its numbers are not base64url")
	errOtherCurve = errors.New("its curve is not one of P-256, P-384, P-521 and Ed25519")
)

// ReadKeySet reads a set that was fetched. Keys that are for something else, or that
// nobody here understands, are passed over, as the RFC has it; secrets are, too: whoever
// could fetch them could sign.
func ReadKeySet(document []byte) (*KeySet, error) {
	doc := rawjson.Doc{MaxDepth: maxDepth, MaxNodes: maxNodes}
	if err := doc.Parse(document); err != nil {
		return nil, errNotASet
	}
	keys := doc.Root().Get("keys")
	if keys.Kind() != rawjson.Array {
		return nil, errNotASet
	}
	s := &KeySet{}
	for it := keys.Items(); it.Next(); {
		k, err := readKey(it.Value)
		if err != nil && err != errPrivate {
			continue
		}
		if len(s.keys) == maxKeys {
			return nil, errTooMany
		}
		s.keys = append(s.keys, k)
	}
	if len(s.keys) == 0 {
		return nil, errNoKeys
	}
	return s, nil
}

// Add reads one key of a set that the configuration has.
func (s *KeySet) Add(v rawjson.Value) error {
	k, err := readKey(v)
	if err == nil {
		s.keys = append(s.keys, k)
	}
	return err
}

// Share is a set of one secret that the issuer has, too.
func Share(secret []byte) (*KeySet, error) {
	k, err := signature.NewSecret(secret)
	if err != nil {
		return nil, err
	}
	return &KeySet{[]verifier{{key: k}}}, nil
}

// readKey reads a public key. One with private parts is read all the same, but told of.
func readKey(v rawjson.Value) (verifier, error) {
	k := verifier{id: v.Get("kid").Str(), algorithm: v.Get("alg").Str()}
	if use := v.Get("use"); use.Exists() && !use.Is("sig") || v.Kind() != rawjson.Object {
		return k, errNoKey
	}
	if ops := v.Get("key_ops"); ops.Exists() {
		may := false
		for it := ops.Items(); it.Next(); {
			may = may || it.Value.Is("verify")
		}
		if !may {
			return k, errNoKey
		}
	}
	if len(k.id) > maxName {
		return k, errNoKey
	}
	var err error
	switch {
	case v.Get("kty").Is("RSA"):
		k.key, err = numbers(v, "n", "e", signature.NewRSA)
	case v.Get("kty").Is("EC"):
		k.key, err = numbers(v, "x", "y", func(x, y []byte) (*signature.Key, error) { return signature.NewECDSA(v.Get("crv").Str(), x, y) })
	case v.Get("kty").Is("OKP") && v.Get("crv").Is("Ed25519"):
		k.key, err = numbers(v, "x", "x", func(x, _ []byte) (*signature.Key, error) { return signature.NewEd25519(x) })
	case v.Get("kty").Is("OKP"):
		err = errOtherCurve
	default:
		err = errNoKey
	}
	if err != nil {
		return k, err
	}
	if k.algorithm != "" {
		if a, ok := signature.Find(k.algorithm); !ok || !k.key.Serves(a) {
			return k, errAlgorithm
		}
	}
	if v.Get("d").Exists() {
		return k, errPrivate
	}
	return k, nil
}

// numbers makes a key of two members.
func numbers(v rawjson.Value, a, b string, make func(a, b []byte) (*signature.Key, error)) (*signature.Key, error) {
	x, err := decodeNumber(v.Get(a))
	if err != nil {
		return nil, errNotBase64
	}
	y, err := decodeNumber(v.Get(b))
	if err != nil {
		return nil, errNotBase64
	}
	return make(x, y)
}

// decodeNumber takes padding that should not be there: some issuers write it.
func decodeNumber(v rawjson.Value) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(v.Str(), "="))
}

// serves reports whether the key is for an algorithm. The key says so: what a token calls
// its algorithm chooses among the keys for it and never how a key is used.
func (k *verifier) serves(a signature.Algorithm) bool {
	if k.algorithm != "" && k.algorithm != a.Name && !(a.Family == signature.EdDSA && k.key.Serves(a)) {
		return false
	}
	return k.key.Serves(a)
}

// verify asks the host where it can tell, as that is native.
func (k *verifier) verify(a signature.Algorithm, message, sig []byte, host Verifier) bool {
	if host != nil && k.key.DER != nil && a.Family != signature.PSS {
		form := sig
		if a.Family == signature.ECDSA {
			if len(sig) != 2*k.key.Size() {
				return false
			}
			form = signature.ASN1(sig)
		}
		if valid, able := host.Verify(a.HashName(), k.key.DER, message, form); able {
			return valid
		}
	}
	return k.key.Verify(a, message, sig)
}
