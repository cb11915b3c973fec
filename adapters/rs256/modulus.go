package rs256

import "math/bits"

// Numbers are little-endian in limbs of 64 bits.

// A modulus is an odd number, and what Montgomery's multiplication needs of it.
type modulus struct {
	m   []uint64
	inv uint64   // -1/m modulo 2^64
	rr  []uint64 // 2^(128·limbs) modulo m
}

// newModulus is for odd m.
func newModulus(m []uint64) *modulus {
	x := &modulus{m: m}
	inv := m[0] // right in 3 bits, and each step doubles them
	for range 5 {
		inv *= 2 - m[0]*inv
	}
	x.inv = -inv
	r := make([]uint64, len(m))
	r[0] = 1
	for range 128 * len(m) {
		x.double(r, 0)
	}
	x.rr = r
	return x
}

func (x *modulus) size() int { return len(x.m) }

// double makes r, which is below m, 2r+bit modulo m.
func (x *modulus) double(r []uint64, bit uint64) {
	for i, v := range r {
		r[i] = v<<1 | bit
		bit = v >> 63
	}
	x.settle(r, r, bit)
}

// settle puts t into dst, less m if it is not below m. top is t's limb above the others.
func (x *modulus) settle(dst, t []uint64, top uint64) {
	var borrow uint64
	for i, m := range x.m {
		_, borrow = bits.Sub64(t[i], m, borrow)
	}
	keep := -(borrow &^ top) // all ones where t is below m: top is 0 or 1
	borrow = 0
	for i, m := range x.m {
		dst[i], borrow = bits.Sub64(t[i], m&^keep, borrow)
	}
}

// reduce is a modulo m, for an a of any length.
func (x *modulus) reduce(a []uint64) []uint64 {
	r := make([]uint64, len(x.m))
	for i := len(a) - 1; i >= 0; i-- {
		for bit := 63; bit >= 0; bit-- {
			x.double(r, a[i]>>bit&1)
		}
	}
	return r
}

// sub is a-b modulo m; both are below m.
func (x *modulus) sub(a, b []uint64) []uint64 {
	r := make([]uint64, len(x.m))
	var borrow uint64
	for i := range r {
		r[i], borrow = bits.Sub64(a[i], b[i], borrow)
	}
	add := -borrow
	var carry uint64
	for i, m := range x.m {
		r[i], carry = bits.Add64(r[i], m&add, carry)
	}
	return r
}

// mul is a·b modulo m.
func (x *modulus) mul(a, b []uint64) []uint64 {
	r, t := make([]uint64, len(x.m)), make([]uint64, len(x.m)+2)
	x.montgomery(r, a, x.rr, t)
	x.montgomery(r, r, b, t)
	return r
}

// montgomery puts a·b/2^(64·limbs) modulo m into dst, which may be a or b. t is scratch
// of two limbs more.
func (x *modulus) montgomery(dst, a, b, t []uint64) {
	m := x.m
	k := len(m)
	a, b, t = a[:k], b[:k], t[:k+2]
	clear(t)
	for _, ai := range a {
		var c, carry uint64
		for j, bj := range b {
			c, t[j] = mulAdd(ai, bj, t[j], c)
		}
		t[k], carry = bits.Add64(t[k], c, 0)
		t[k+1] = carry

		u := t[0] * x.inv
		c, _ = mulAdd(u, m[0], t[0], 0)
		for j := 1; j < k; j++ {
			c, t[j-1] = mulAdd(u, m[j], t[j], c)
		}
		t[k-1], carry = bits.Add64(t[k], c, 0)
		t[k] = t[k+1] + carry
	}
	x.settle(dst, t[:k], t[k])
}

// mulAdd is a·b+c+d in two limbs.
func mulAdd(a, b, c, d uint64) (high, low uint64) {
	high, low = bits.Mul64(a, b)
	low, carry := bits.Add64(low, c, 0)
	high += carry
	low, carry = bits.Add64(low, d, 0)
	return high + carry, low
}

// exp is a to the power of e modulo m, four bits at a time. What it does, and which
// memory it reads, depends on e's length alone.
func (x *modulus) exp(a []uint64, e []byte) []uint64 {
	k := len(x.m)
	t, one := make([]uint64, k+2), make([]uint64, k)
	one[0] = 1
	var powers [16][]uint64
	for i := range powers {
		powers[i] = make([]uint64, k)
	}
	x.montgomery(powers[0], one, x.rr, t)
	x.montgomery(powers[1], a, x.rr, t)
	for i := 2; i < len(powers); i++ {
		x.montgomery(powers[i], powers[i-1], powers[1], t)
	}
	r, picked := append([]uint64(nil), powers[0]...), make([]uint64, k)
	for _, b := range e {
		for _, digit := range [...]byte{b >> 4, b & 15} {
			for range 4 {
				x.montgomery(r, r, r, t)
			}
			clear(picked)
			for i := range powers {
				mask := -((uint64(byte(i)^digit) - 1) >> 63) // all ones for the one that is meant
				for j, v := range powers[i] {
					picked[j] |= v & mask
				}
			}
			x.montgomery(r, r, picked, t)
		}
	}
	x.montgomery(r, r, one, t)
	return r
}

// addProduct is a+b·c in size limbs, which hold it.
func addProduct(a, b, c []uint64, size int) []uint64 {
	r := make([]uint64, len(b)+len(c)+1)
	copy(r, a)
	for i, bi := range b {
		var high, carry uint64
		for j, cj := range c {
			high, r[i+j] = mulAdd(bi, cj, r[i+j], high)
		}
		for j := i + len(c); j < len(r); j++ {
			r[j], carry = bits.Add64(r[j], high, carry)
			high = 0
		}
	}
	return r[:size]
}

// equal compares numbers that are no secrets.
func equal(a, b []uint64) bool {
	var diff uint64
	for i := range a {
		diff |= a[i] ^ b[i]
	}
	return diff == 0
}

// fromBytes reads a big-endian number into size limbs, which hold it.
//
//go:noinline
func fromBytes(b []byte, size int) []uint64 {
	n := make([]uint64, size)
	for i := range b {
		at := len(b) - 1 - i
		n[i/8] |= uint64(b[at]) << (i % 8 * 8)
	}
	return n
}

// toBytes writes a number in size bytes, which hold it.
func toBytes(n []uint64, size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[size-1-i] = byte(n[i/8] >> (i % 8 * 8))
	}
	return b
}
