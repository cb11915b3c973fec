package signature

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters/modular"
	"github.com/postern-gateway/postern/adapters/sha2"
)

type rsaKey struct {
	n    *modular.Modulus
	e    uint32
	size int // of the modulus in bytes
	bits int
}

// NewRSA is a public RSA key; n and e are big-endian.
func NewRSA(n, e []byte) (*Key, error) {
	n, e = trimmed(n), trimmed(e)
	if len(n) < 2048/8 || len(n) > 8192/8 || n[len(n)-1]&1 == 0 || len(e) == 0 || len(e) > 4 {
		return nil, errRSA
	}
	k := &rsaKey{size: len(n), bits: 8 * len(n)}
	for top := n[0]; top < 0x80; top <<= 1 {
		k.bits--
	}
	for _, b := range e {
		k.e = k.e<<8 | uint32(b)
	}
	if k.e < 3 || k.e&1 == 0 || k.bits < 2048 {
		return nil, errRSA
	}
	k.n = modular.New(modular.FromBytes(n, (len(n)+7)/8))
	return &Key{rsa: k, DER: rsaDER(n, e)}, nil
}

// open is what was signed: the signature to the power of e. ok is false for what is no
// signature of this key.
func (k *rsaKey) open(signature []byte) (padded []byte, ok bool) {
	if len(signature) != k.size {
		return nil, false
	}
	s := modular.FromBytes(signature, k.n.Size())
	if !modular.Less(s, k.n.M) {
		return nil, false
	}
	t := make([]uint64, k.n.Size()+2)
	k.n.Enter(s, s, t)
	r := append([]uint64(nil), s...)
	for bit := highest(k.e) - 1; bit >= 0; bit-- {
		k.n.Montgomery(r, r, r, t)
		if k.e>>bit&1 == 1 {
			k.n.Montgomery(r, r, s, t)
		}
	}
	one := make([]uint64, k.n.Size())
	one[0] = 1
	k.n.Montgomery(r, r, one, t)
	return modular.ToBytes(r, k.size), true
}

// highest is the place of the highest bit.
func highest(e uint32) int {
	n := -1
	for ; e > 0; e >>= 1 {
		n++
	}
	return n
}

// prefix is the DER of a DigestInfo, up to the hash
// (https://www.rfc-editor.org/rfc/rfc8017#section-9.2).
func prefix(h sha2.Hash) string {
	switch h {
	case sha2.SHA256:
		return "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
	case sha2.SHA384:
		return "\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30"
	}
	return "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40"
}

// pkcs1 makes the padding itself and compares, so that nothing in it is ever parsed
// (https://www.rfc-editor.org/rfc/rfc8017#section-8.2.2).
func (k *rsaKey) pkcs1(h sha2.Hash, message, signature []byte) bool {
	got, ok := k.open(signature)
	if !ok {
		return false
	}
	want := []byte{0, 1}
	for range k.size - 3 - len(prefix(h)) - h.Size() {
		want = append(want, 0xff)
	}
	want = append(append(append(want, 0), prefix(h)...), h.Sum(message)...)
	return bytes.Equal(got, want)
}

// pss has a salt as long as the hash and MGF1 with the same hash, as RFC 7518 wants it
// (https://www.rfc-editor.org/rfc/rfc8017#section-9.1.2).
func (k *rsaKey) pss(h sha2.Hash, message, signature []byte) bool {
	m, ok := k.open(signature)
	if !ok {
		return false
	}
	bits := k.bits - 1
	if bits%8 == 0 { // then the encoded message is a byte shorter than the modulus
		if m[0] != 0 {
			return false
		}
		m = m[1:]
	}
	size := h.Size()
	if len(m) < 2*size+2 || m[len(m)-1] != 0xbc {
		return false
	}
	db, hash := m[:len(m)-size-1], m[len(m)-size-1:len(m)-1]
	unused := byte(0xff) << ((bits-1)%8 + 1) // bits of the first byte that are none of the message's
	if db[0]&unused != 0 {
		return false
	}
	for i, at := 0, 0; at < len(db); i++ {
		mask := h.Sum(hash, []byte{byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)})
		for j := 0; j < len(mask) && at < len(db); j++ {
			db[at] ^= mask[j]
			at++
		}
	}
	db[0] &^= unused
	zeros := len(db) - size - 1
	for _, b := range db[:zeros] {
		if b != 0 {
			return false
		}
	}
	return db[zeros] == 1 && bytes.Equal(h.Sum(make([]byte, 8), h.Sum(message), db[zeros+1:]), hash)
}
