// Package sha2 is SHA-256, SHA-384 and SHA-512, https://doi.org/10.6028/NIST.FIPS.180-4,
// and HMAC with them.
//
// The library's crypto/sha256 is the same function behind a module that validates itself
// at start: with it come AES, SHA-3 and a generator of random numbers, which are a
// twentieth of the whole WebAssembly module. Tests hold this package to the library.
package sha2

import (
	"encoding/binary"
	"math/bits"
)

// Size is how many bytes a sum of SHA-256 has, and BlockSize how many are hashed at once.
const (
	Size      = 32
	BlockSize = 64
)

// start are the first 32 bits of the fractional parts of the square roots of the first
// eight primes.
var start = [8]uint32{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}

// rounds are those of the cube roots of the first 64 primes.
var rounds = [64]uint32{
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
}

// Sum is the SHA-256 of the parts, one after another.
func Sum(parts ...[]byte) [Size]byte {
	h := start
	var tail [2 * BlockSize]byte
	length, n := uint64(0), 0 // n bytes of tail are not hashed yet
	for _, p := range parts {
		length += uint64(len(p))
		if n > 0 {
			taken := copy(tail[n:BlockSize], p)
			n, p = n+taken, p[taken:]
			if n < BlockSize {
				continue
			}
			block(&h, tail[:BlockSize])
		}
		whole := len(p) &^ (BlockSize - 1)
		block(&h, p[:whole])
		n = copy(tail[:], p[whole:])
	}
	tail[n] = 0x80
	clear(tail[n+1:])
	end := BlockSize
	if n+1+8 > BlockSize {
		end = 2 * BlockSize
	}
	binary.BigEndian.PutUint64(tail[end-8:], length*8)
	block(&h, tail[:end])
	var sum [Size]byte
	for i, x := range h {
		binary.BigEndian.PutUint32(sum[4*i:], x)
	}
	return sum
}

// block hashes whole blocks.
func block(h *[8]uint32, p []byte) {
	var w [64]uint32
	for ; len(p) >= BlockSize; p = p[BlockSize:] {
		for i := range 16 {
			w[i] = binary.BigEndian.Uint32(p[4*i:])
		}
		for i := 16; i < 64; i++ {
			a, b := w[i-15], w[i-2]
			w[i] = w[i-16] + w[i-7] + (bits.RotateLeft32(a, -7) ^ bits.RotateLeft32(a, -18) ^ a>>3) +
				(bits.RotateLeft32(b, -17) ^ bits.RotateLeft32(b, -19) ^ b>>10)
		}
		a, b, c, d, e, f, g, k := h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7]
		for i := range 64 {
			x := k + (bits.RotateLeft32(e, -6) ^ bits.RotateLeft32(e, -11) ^ bits.RotateLeft32(e, -25)) + (e&f ^ ^e&g) + rounds[i] + w[i]
			y := (bits.RotateLeft32(a, -2) ^ bits.RotateLeft32(a, -13) ^ bits.RotateLeft32(a, -22)) + (a&b ^ a&c ^ b&c)
			k, g, f, e, d, c, b, a = g, f, e, d+x, c, b, a, x+y
		}
		h[0], h[1], h[2], h[3] = h[0]+a, h[1]+b, h[2]+c, h[3]+d
		h[4], h[5], h[6], h[7] = h[4]+e, h[5]+f, h[6]+g, h[7]+k
	}
}
