// Package rs256 signs with RSA as JSON Web Tokens do: RSASSA-PKCS1-v1_5 with SHA-256,
// https://www.rfc-editor.org/rfc/rfc7518#section-3.3.
//
// A signature that Sign returns verifies: it is checked against the public half before
// it leaves. No branch and no address depends on a key's private numbers. The package
// does not verify for others, make keys, encrypt or pad in any other way; why it does
// not use crypto/rsa is in RATIONALE.md.
package rs256

import (
	"errors"

	"github.com/postern-gateway/postern/adapters/modular"
	"github.com/postern-gateway/postern/adapters/sha2"
)

// A Key is a private key, ready to sign.
type Key struct {
	n, p, q    *modular.Modulus
	e          []byte // big-endian, as the exponents are
	dp, dq     []byte
	qInv       []uint64 // of q, modulo p
	modulusLen int      // in bytes
}

var errFault = errors.New("the signature does not verify: the key's numbers do not belong together")

// prefix is the DER of a DigestInfo for SHA-256 (https://www.rfc-editor.org/rfc/rfc8017#section-9.2).
const prefix = "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"

// Sign signs a message.
func (k *Key) Sign(message []byte) ([]byte, error) {
	sum := sha2.Sum(message)
	padded := make([]byte, k.modulusLen)
	hash := len(padded) - len(sum)
	at := hash - len(prefix)
	padded[1] = 1
	for i := 2; i < at-1; i++ {
		padded[i] = 0xff
	}
	copy(padded[at:], prefix)
	copy(padded[hash:], sum[:])

	m := modular.FromBytes(padded, k.n.Size())
	s := k.power(m)
	if !modular.Equal(k.n.Exp(s, k.e), m) { // a fault in one half would give the key away
		return nil, errFault
	}
	return modular.ToBytes(s, k.modulusLen), nil
}

// power is m to the private exponent, by way of both primes
// (https://www.rfc-editor.org/rfc/rfc8017#section-5.1.2).
func (k *Key) power(m []uint64) []uint64 {
	m1 := k.p.Exp(k.p.Reduce(m), k.dp)
	m2 := k.q.Exp(k.q.Reduce(m), k.dq)
	k.p.Sub(m1, m1, k.p.Reduce(m2))
	h := k.p.Mul(m1, k.qInv)
	return modular.AddProduct(m2, h, k.q.M, k.n.Size())
}
