package cache

import (
	"bytes"
	"encoding/binary"

	"github.com/postern-gateway/postern/adapters/sha2"
)

// digests remembers the SHA-256 of what was asked for not long ago, for whom the sum itself is
// most of the work. It is a table of exact bytes: what it says is what a sum would be.
type digests [mostDigests]struct {
	of  []byte
	sum Key
}

// At most half a megabyte for a worker.
const (
	mostDigests = 64
	mostSummed  = 8 << 10 // bytes
)

// sum is the SHA-256 of p.
func (d *digests) sum(p []byte) Key {
	if len(p) > mostSummed {
		return sha2.Sum(p)
	}
	x := &d[Mix(p)%mostDigests]
	if x.of == nil || !bytes.Equal(x.of, p) {
		x.sum, x.of = sha2.Sum(p), append(x.of[:0], p...)
	}
	return x.sum
}

// Mix spreads byte sequences over tables. Who finds some that meet makes them slow, as they were.
func Mix(p []byte) uint64 {
	const prime = 0x9e3779b97f4a7c15
	h := uint64(len(p))
	for len(p) >= 8 {
		h = (h ^ binary.LittleEndian.Uint64(p)) * prime
		h ^= h >> 29
		p = p[8:]
	}
	for _, b := range p {
		h = (h ^ uint64(b)) * prime
	}
	return h ^ h>>32
}
