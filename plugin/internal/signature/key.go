package signature

import (
	"crypto/subtle"
	"errors"

	"github.com/postern-gateway/postern/adapters/sha2"
)

// An Algorithm is one of RFC 7518's or RFC 8037's, which names its hash.
type Algorithm struct {
	Name   string
	Family Family
	Hash   sha2.Hash
}

// A Family is what a key is for. A key is of one family, but that RSA keys serve two.
type Family uint8

// Families.
const (
	PKCS1 Family = iota + 1 // RS256, RS384, RS512
	PSS                     // PS256, PS384, PS512
	ECDSA                   // ES256, ES384, ES512
	EdDSA
	HMAC // HS256, HS384, HS512
)

// Find is the algorithm of that name. There is none called none.
func Find(name string) (Algorithm, bool) {
	if name == "EdDSA" || name == "Ed25519" {
		return Algorithm{name, EdDSA, sha2.SHA512}, true
	}
	if len(name) != 5 {
		return Algorithm{}, false
	}
	a := Algorithm{Name: name}
	switch name[:2] {
	case "RS":
		a.Family = PKCS1
	case "PS":
		a.Family = PSS
	case "ES":
		a.Family = ECDSA
	case "HS":
		a.Family = HMAC
	default:
		return a, false
	}
	switch name[2:] {
	case "256":
		a.Hash = sha2.SHA256
	case "384":
		a.Hash = sha2.SHA384
	case "512":
		a.Hash = sha2.SHA512
	default:
		return a, false
	}
	return a, true
}

// A Key verifies. Exactly one of its parts is there.
type Key struct {
	rsa    *rsaKey
	curve  *curveKey
	ed     *edKey
	secret []byte

	// DER is the key as X.509 has it, for hosts that verify; nil for the families that
	// they do not.
	DER []byte
}

// What is wrong with a key.
var (
	errRSA    = errors.New("want an RSA key of 2048 to 8192 bits with an odd exponent from 3 to 32 bits")
	errCurve  = errors.New("want a curve that is P-256, P-384 or P-521")
	errPoint  = errors.New("the key is no point of its curve")
	errSecret = errors.New("want a secret of at least 32 bytes")
)

// leastSecret is what RFC 7518 asks for of HS256, and more than what somebody thinks up.
const leastSecret = 32

// NewSecret is a key for HMAC.
func NewSecret(secret []byte) (*Key, error) {
	if len(secret) < leastSecret {
		return nil, errSecret
	}
	return &Key{secret: secret}, nil
}

// Serves reports whether the key may verify signatures of an algorithm: only what it was
// made for, whatever a token says.
func (k *Key) Serves(a Algorithm) bool {
	switch a.Family {
	case PKCS1, PSS:
		return k.rsa != nil
	case ECDSA:
		return k.curve != nil && k.curve.hash == a.Hash
	case EdDSA:
		return k.ed != nil
	case HMAC:
		return k.secret != nil && len(k.secret) >= a.Hash.Size()
	}
	return false
}

// Verify reports whether signature is one of message. It is false for an algorithm that
// the key does not serve.
func (k *Key) Verify(a Algorithm, message, signature []byte) bool {
	if !k.Serves(a) {
		return false
	}
	switch a.Family {
	case PKCS1:
		return k.rsa.pkcs1(a.Hash, message, signature)
	case PSS:
		return k.rsa.pss(a.Hash, message, signature)
	case ECDSA:
		return k.curve.verify(message, signature)
	case EdDSA:
		return k.ed.verify(message, signature)
	default:
		return subtle.ConstantTimeCompare(a.Hash.MAC(k.secret, message), signature) == 1
	}
}

// trimmed is a big-endian number without leading zeros.
func trimmed(b []byte) []byte {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	return b
}

// HashName is what hosts call the algorithm's hash.
func (a Algorithm) HashName() string {
	switch a.Hash {
	case sha2.SHA256:
		return "sha256"
	case sha2.SHA384:
		return "sha384"
	}
	return "sha512"
}

// Size is how many bytes each number of a signature by an ECDSA key has; 0 for other keys.
func (k *Key) Size() int {
	if k.curve == nil {
		return 0
	}
	return k.curve.size
}
