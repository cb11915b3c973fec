// Package siphash is a hash for who does not know its key: values that meet cannot be found, and
// nothing is told of what was hashed. https://github.com/veorq/SipHash
package siphash

import (
	"encoding/binary"
	"math/bits"
)

// Size is how many bytes a sum has.
const Size = 16

// Sum is SipHash-2-4 with a result of 128 bits.
func Sum(key [2]uint64, message []byte) [Size]byte {
	a, b := key[0]^0x736f6d6570736575, key[1]^0x646f72616e646f6d^0xee
	c, d := key[0]^0x6c7967656e657261, key[1]^0x7465646279746573
	rest := message
	for last := false; !last; {
		var w uint64
		if last = len(rest) < 8; last {
			w = uint64(len(message)) << 56
			for i, x := range rest {
				w |= uint64(x) << (8 * i)
			}
		} else {
			w, rest = binary.LittleEndian.Uint64(rest), rest[8:]
		}
		d ^= w
		for range 2 {
			a, b, c, d = round(a, b, c, d)
		}
		a ^= w
	}
	c ^= 0xee
	var sum [Size]byte
	for half := range 2 {
		for range 4 {
			a, b, c, d = round(a, b, c, d)
		}
		w := a ^ b ^ c ^ d
		for i := range 8 {
			sum[8*half+i] = byte(w >> (8 * i))
		}
		b ^= 0xdd
	}
	return sum
}

func round(a, b, c, d uint64) (uint64, uint64, uint64, uint64) {
	a += b
	c += d
	b = bits.RotateLeft64(b, 13) ^ a
	d = bits.RotateLeft64(d, 16) ^ c
	a = bits.RotateLeft64(a, 32)
	c += b
	a += d
	b = bits.RotateLeft64(b, 17) ^ c
	d = bits.RotateLeft64(d, 21) ^ a
	c = bits.RotateLeft64(c, 32)
	return a, b, c, d
}
