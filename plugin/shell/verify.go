package shell

import (
	"encoding/binary"
	"strings"
)

// Envoy verifies signatures by its foreign function verify_signature. What it takes and
// gives are protobuf messages
// (https://github.com/envoyproxy/envoy/blob/v1.40.0/source/extensions/common/wasm/ext/verify_signature.proto).

// verification is the function's argument: hash_function, public_key, signature and text.
func verification(hash string, key, message, signature []byte) []byte {
	b := make([]byte, 0, len(hash)+len(key)+len(message)+len(signature)+4*(1+binary.MaxVarintLen32))
	for i, field := range [...][]byte{[]byte(hash), key, signature, message} {
		const bytes = 2 // wire type
		b = append(b, byte(i+1)<<3|bytes)
		b = binary.AppendUvarint(b, uint64(len(field)))
		b = append(b, field...)
	}
	return b
}

// verdict is the function's result: whether the signature is right, and what is wrong. That
// it could not be looked at, with a key or a hash that Envoy does not know, is no verdict.
func verdict(b []byte) (valid, able bool) {
	problem := ""
	for len(b) > 0 {
		tag, rest := b[0], b[1:]
		n, size := binary.Uvarint(rest)
		if size <= 0 {
			return false, false
		}
		b = rest[size:]
		switch tag {
		case 1 << 3:
			valid = n != 0
		case 2<<3 | 2:
			if n > uint64(len(b)) {
				return false, false
			}
			problem, b = string(b[:n]), b[n:]
		default:
			return false, false
		}
	}
	return valid, valid || strings.HasPrefix(problem, "Failed to verify")
}
