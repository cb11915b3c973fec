package signature

// Public keys as X.509 has them (https://www.rfc-editor.org/rfc/rfc5280#section-4.1), for
// hosts that verify.

const (
	tagInteger  = 0x02
	tagBits     = 0x03
	tagSequence = 0x30

	rsaEncryption = "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"
	ecPublicKey   = "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
)

func rsaDER(n, e []byte) []byte {
	key := tagged(tagSequence, append(integer(n), integer(e)...))
	return tagged(tagSequence, append([]byte(rsaEncryption), tagged(tagBits, append([]byte{0}, key...))...))
}

func ecDER(curve string, size int, x, y []byte) []byte {
	name := "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
	switch curve {
	case "P-384":
		name = "\x06\x05\x2b\x81\x04\x00\x22"
	case "P-521":
		name = "\x06\x05\x2b\x81\x04\x00\x23"
	}
	key := make([]byte, 2+2*size) // the bits that are not used, what form follows, both coordinates
	key[1] = 4
	x, y = trimmed(x), trimmed(y)
	copy(key[2+size-len(x):], x)
	copy(key[2+2*size-len(y):], y)
	return tagged(tagSequence, append(tagged(tagSequence, []byte(ecPublicKey+name)), tagged(tagBits, key)...))
}

// ASN1 is a signature of ECDSA as hosts take it: r and s as integers of a sequence.
func ASN1(signature []byte) []byte {
	half := len(signature) / 2
	return tagged(tagSequence, append(integer(signature[:half]), integer(signature[half:])...))
}

// integer is a number that is not negative, big-endian.
func integer(b []byte) []byte {
	b = trimmed(b)
	if len(b) == 0 || b[0] >= 0x80 {
		b = append([]byte{0}, b...)
	}
	return tagged(tagInteger, b)
}

func tagged(tag byte, content []byte) []byte {
	n := len(content)
	head := []byte{tag}
	switch {
	case n < 0x80:
		head = append(head, byte(n))
	case n < 0x100:
		head = append(head, 0x81, byte(n))
	default: // no key and no signature is longer than 64 KB
		head = append(head, 0x82, byte(n>>8), byte(n))
	}
	return append(head, content...)
}
