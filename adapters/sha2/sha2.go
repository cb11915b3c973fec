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

// block hashes whole blocks. Sixteen rounds are written out, each with the variables one
// place further, so that none of them is moved and all stay where a machine, or an engine of
// WebAssembly, can reach them at once: two to two and a half times as fast there as a loop.
func block(h *[8]uint32, p []byte) {
	for ; len(p) >= BlockSize; p = p[BlockSize:] {
		q := (*[BlockSize]byte)(p)
		w0 := binary.BigEndian.Uint32(q[0:])
		w1 := binary.BigEndian.Uint32(q[4:])
		w2 := binary.BigEndian.Uint32(q[8:])
		w3 := binary.BigEndian.Uint32(q[12:])
		w4 := binary.BigEndian.Uint32(q[16:])
		w5 := binary.BigEndian.Uint32(q[20:])
		w6 := binary.BigEndian.Uint32(q[24:])
		w7 := binary.BigEndian.Uint32(q[28:])
		w8 := binary.BigEndian.Uint32(q[32:])
		w9 := binary.BigEndian.Uint32(q[36:])
		w10 := binary.BigEndian.Uint32(q[40:])
		w11 := binary.BigEndian.Uint32(q[44:])
		w12 := binary.BigEndian.Uint32(q[48:])
		w13 := binary.BigEndian.Uint32(q[52:])
		w14 := binary.BigEndian.Uint32(q[56:])
		w15 := binary.BigEndian.Uint32(q[60:])
		a, b, c, d, e, f, g, k := h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7]
		for i := 0; ; i += 16 {
			r := (*[16]uint32)(rounds[i:])
			var x uint32
			x = k + sum1(e) + (g ^ e&(f^g)) + r[0] + w0
			d, k = d+x, x+sum0(a)+(a&b|c&(a|b))
			x = g + sum1(d) + (f ^ d&(e^f)) + r[1] + w1
			c, g = c+x, x+sum0(k)+(k&a|b&(k|a))
			x = f + sum1(c) + (e ^ c&(d^e)) + r[2] + w2
			b, f = b+x, x+sum0(g)+(g&k|a&(g|k))
			x = e + sum1(b) + (d ^ b&(c^d)) + r[3] + w3
			a, e = a+x, x+sum0(f)+(f&g|k&(f|g))
			x = d + sum1(a) + (c ^ a&(b^c)) + r[4] + w4
			k, d = k+x, x+sum0(e)+(e&f|g&(e|f))
			x = c + sum1(k) + (b ^ k&(a^b)) + r[5] + w5
			g, c = g+x, x+sum0(d)+(d&e|f&(d|e))
			x = b + sum1(g) + (a ^ g&(k^a)) + r[6] + w6
			f, b = f+x, x+sum0(c)+(c&d|e&(c|d))
			x = a + sum1(f) + (k ^ f&(g^k)) + r[7] + w7
			e, a = e+x, x+sum0(b)+(b&c|d&(b|c))
			x = k + sum1(e) + (g ^ e&(f^g)) + r[8] + w8
			d, k = d+x, x+sum0(a)+(a&b|c&(a|b))
			x = g + sum1(d) + (f ^ d&(e^f)) + r[9] + w9
			c, g = c+x, x+sum0(k)+(k&a|b&(k|a))
			x = f + sum1(c) + (e ^ c&(d^e)) + r[10] + w10
			b, f = b+x, x+sum0(g)+(g&k|a&(g|k))
			x = e + sum1(b) + (d ^ b&(c^d)) + r[11] + w11
			a, e = a+x, x+sum0(f)+(f&g|k&(f|g))
			x = d + sum1(a) + (c ^ a&(b^c)) + r[12] + w12
			k, d = k+x, x+sum0(e)+(e&f|g&(e|f))
			x = c + sum1(k) + (b ^ k&(a^b)) + r[13] + w13
			g, c = g+x, x+sum0(d)+(d&e|f&(d|e))
			x = b + sum1(g) + (a ^ g&(k^a)) + r[14] + w14
			f, b = f+x, x+sum0(c)+(c&d|e&(c|d))
			x = a + sum1(f) + (k ^ f&(g^k)) + r[15] + w15
			e, a = e+x, x+sum0(b)+(b&c|d&(b|c))
			if i == len(rounds)-16 {
				break
			}
			w0 += w9 + sigma0(w1) + sigma1(w14)
			w1 += w10 + sigma0(w2) + sigma1(w15)
			w2 += w11 + sigma0(w3) + sigma1(w0)
			w3 += w12 + sigma0(w4) + sigma1(w1)
			w4 += w13 + sigma0(w5) + sigma1(w2)
			w5 += w14 + sigma0(w6) + sigma1(w3)
			w6 += w15 + sigma0(w7) + sigma1(w4)
			w7 += w0 + sigma0(w8) + sigma1(w5)
			w8 += w1 + sigma0(w9) + sigma1(w6)
			w9 += w2 + sigma0(w10) + sigma1(w7)
			w10 += w3 + sigma0(w11) + sigma1(w8)
			w11 += w4 + sigma0(w12) + sigma1(w9)
			w12 += w5 + sigma0(w13) + sigma1(w10)
			w13 += w6 + sigma0(w14) + sigma1(w11)
			w14 += w7 + sigma0(w15) + sigma1(w12)
			w15 += w8 + sigma0(w0) + sigma1(w13)
		}
		h[0], h[1], h[2], h[3] = h[0]+a, h[1]+b, h[2]+c, h[3]+d
		h[4], h[5], h[6], h[7] = h[4]+e, h[5]+f, h[6]+g, h[7]+k
	}
}

// The functions of FIPS 180-4, section 4.1.2.

func sum0(x uint32) uint32 {
	return bits.RotateLeft32(x, -2) ^ bits.RotateLeft32(x, -13) ^ bits.RotateLeft32(x, -22)
}

func sum1(x uint32) uint32 {
	return bits.RotateLeft32(x, -6) ^ bits.RotateLeft32(x, -11) ^ bits.RotateLeft32(x, -25)
}

func sigma0(x uint32) uint32 { return bits.RotateLeft32(x, -7) ^ bits.RotateLeft32(x, -18) ^ x>>3 }

func sigma1(x uint32) uint32 {
	return bits.RotateLeft32(x, -17) ^ bits.RotateLeft32(x, -19) ^ x>>10
}
