package sha2

// A Hash is one of the family, named by its bits.
type Hash int

// The family.
const (
	SHA256 Hash = 256
	SHA384 Hash = 384
	SHA512 Hash = 512
)

// Size is how many bytes a sum has.
func (h Hash) Size() int { return int(h) / 8 }

// Sum is the hash of the parts, one after another.
func (h Hash) Sum(parts ...[]byte) []byte {
	switch h {
	case SHA256:
		sum := Sum(parts...)
		return sum[:]
	case SHA384:
		sum := sum512(start384, parts)
		return sum[:h.Size()]
	}
	sum := sum512(start512, parts)
	return sum[:]
}

// MAC is the HMAC of a message (https://www.rfc-editor.org/rfc/rfc2104#section-2).
func (h Hash) MAC(key, message []byte) []byte {
	size := BlockSize
	if h != SHA256 {
		size = blockSize512
	}
	if len(key) > size {
		key = h.Sum(key)
	}
	return h.Sum(pad(key, size, 0x5c), h.Sum(pad(key, size, 0x36), message))
}

func pad(key []byte, size int, with byte) []byte {
	block := make([]byte, size)
	copy(block, key)
	for i := range block {
		block[i] ^= with
	}
	return block
}
