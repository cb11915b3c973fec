package cache

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"

	"github.com/postern-gateway/postern/adapters/sha2"
)

// What is kept with others is sealed, for nobody knows who writes there: a format (1 byte),
// the whole key (32), when it was stored, until when it is kept and for how long before that it
// is stale (8 each, nanoseconds, since 1970, little-endian), the value, and the first half of a MAC over all that
// (HMAC-SHA256, with an empty secret unless there is one). It is spelled in base64url without
// padding, which all that is between here and there leaves as it is.
const (
	sealFormat = 1
	sealHead   = 57
	sealMAC    = sha2.Size / 2
	mostSealed = sealHead + sealMAC // more than the value
)

// appendSealed appends an entry as others keep it.
func appendSealed(dst []byte, k *Key, e *Entry, secret []byte) []byte {
	b := make([]byte, sealHead, mostSealed+len(e.Value))
	b[0] = sealFormat
	copy(b[1:], k[:])
	binary.LittleEndian.PutUint64(b[33:], uint64(e.Stored))
	binary.LittleEndian.PutUint64(b[41:], uint64(e.Expires))
	binary.LittleEndian.PutUint64(b[49:], uint64(e.Stale))
	b = append(b, e.Value...)
	b = append(b, sha2.SHA256.MAC(secret, b)[:sealMAC]...)
	return base64.RawURLEncoding.AppendEncode(dst, b)
}

// readSealed reads an entry; false if it is not this key's, not whole or not from somebody
// who has the secret.
func readSealed(text []byte, k *Key, secret []byte) (e Entry, ok bool) {
	b := make([]byte, base64.RawURLEncoding.DecodedLen(len(text)))
	n, err := base64.RawURLEncoding.Decode(b, text)
	if err != nil || n < mostSealed || b[0] != sealFormat || Key(b[1:33]) != *k {
		return e, false
	}
	whole, mac := b[:n-sealMAC], b[n-sealMAC:n]
	if subtle.ConstantTimeCompare(sha2.SHA256.MAC(secret, whole)[:sealMAC], mac) != 1 {
		return e, false
	}
	e.Stored, e.Expires = int64(binary.LittleEndian.Uint64(b[33:])), int64(binary.LittleEndian.Uint64(b[41:]))
	e.Stale, e.Value = int64(binary.LittleEndian.Uint64(b[49:])), whole[sealHead:]
	return e, e.Stored > 0 && e.Expires > e.Stored && e.Stale >= 0 && e.Stale <= e.Expires-e.Stored
}
