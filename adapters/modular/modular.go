// Package modular is arithmetic modulo an odd number: what RSA and elliptic curves are
// made of.
//
// Numbers are little-endian in limbs of 64 bits. No branch and no address depends on what
// a number is, only on how long it is, but in what compares numbers; why math/big is not used is in RATIONALE.md of
// package rs256.
package modular

import "math/bits"

// A Modulus is an odd number, and what Montgomery's multiplication needs of it.
type Modulus struct {
	M   []uint64 // only read
	inv uint64   // -1/m modulo 2^64
	rr  []uint64 // 2^(128·limbs) modulo m
}

// New is for an odd m, which it keeps. Its highest limb must not be 0.
func New(m []uint64) *Modulus {
	x := &Modulus{M: m}
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

// Size is how many limbs the numbers below the modulus have.
func (x *Modulus) Size() int { return len(x.M) }

// double makes r, which is below m, 2r+bit modulo m.
func (x *Modulus) double(r []uint64, bit uint64) {
	for i, v := range r {
		r[i] = v<<1 | bit
		bit = v >> 63
	}
	x.settle(r, r, bit)
}

// settle puts t into dst, less m if it is not below m. top is t's limb above the others.
func (x *Modulus) settle(dst, t []uint64, top uint64) {
	var borrow uint64
	for i, m := range x.M {
		_, borrow = bits.Sub64(t[i], m, borrow)
	}
	keep := -(borrow &^ top) // all ones where t is below m: top is 0 or 1
	borrow = 0
	for i, m := range x.M {
		dst[i], borrow = bits.Sub64(t[i], m&^keep, borrow)
	}
}

// Reduce is a modulo m, for an a of any length.
func (x *Modulus) Reduce(a []uint64) []uint64 {
	r := make([]uint64, len(x.M))
	for i := len(a) - 1; i >= 0; i-- {
		for bit := 63; bit >= 0; bit-- {
			x.double(r, a[i]>>bit&1)
		}
	}
	return r
}

// Sub puts a-b modulo m into dst, which may be a or b; both are below m.
func (x *Modulus) Sub(dst, a, b []uint64) {
	var borrow uint64
	for i := range x.M {
		dst[i], borrow = bits.Sub64(a[i], b[i], borrow)
	}
	add := -borrow
	var carry uint64
	for i, m := range x.M {
		dst[i], carry = bits.Add64(dst[i], m&add, carry)
	}
}

// Add puts a+b modulo m into dst, which may be a or b; both are below m.
func (x *Modulus) Add(dst, a, b []uint64) {
	var carry uint64
	for i := range x.M {
		dst[i], carry = bits.Add64(a[i], b[i], carry)
	}
	x.settle(dst, dst, carry)
}

// Mul is a·b modulo m.
func (x *Modulus) Mul(a, b []uint64) []uint64 {
	r, t := make([]uint64, len(x.M)), make([]uint64, len(x.M)+2)
	x.Enter(r, a, t)
	x.Montgomery(r, r, b, t)
	return r
}

// Enter puts a·2^(64·limbs) modulo m into dst: the form of a that Montgomery multiplies.
// What multiplies it by 1 leaves that form again.
func (x *Modulus) Enter(dst, a, t []uint64) { x.Montgomery(dst, a, x.rr, t) }

// Montgomery puts a·b/2^(64·limbs) modulo m into dst, which may be a or b. t is scratch
// of two limbs more.
func (x *Modulus) Montgomery(dst, a, b, t []uint64) {
	m := x.M
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

// Exp is a to the power of e, which is big-endian, modulo m, four bits at a time. What it does, and which
// memory it reads, depends on e's length alone.
func (x *Modulus) Exp(a []uint64, e []byte) []uint64 {
	k := len(x.M)
	t, one := make([]uint64, k+2), make([]uint64, k)
	one[0] = 1
	var powers [16][]uint64
	for i := range powers {
		powers[i] = make([]uint64, k)
	}
	x.Montgomery(powers[0], one, x.rr, t)
	x.Montgomery(powers[1], a, x.rr, t)
	for i := 2; i < len(powers); i++ {
		x.Montgomery(powers[i], powers[i-1], powers[1], t)
	}
	r, picked := append([]uint64(nil), powers[0]...), make([]uint64, k)
	for _, b := range e {
		for _, digit := range [...]byte{b >> 4, b & 15} {
			for range 4 {
				x.Montgomery(r, r, r, t)
			}
			clear(picked)
			for i := range powers {
				mask := -((uint64(byte(i)^digit) - 1) >> 63) // all ones for the one that is meant
				for j, v := range powers[i] {
					picked[j] |= v & mask
				}
			}
			x.Montgomery(r, r, picked, t)
		}
	}
	x.Montgomery(r, r, one, t)
	return r
}

// AddProduct is a+b·c in size limbs, which hold it.
func AddProduct(a, b, c []uint64, size int) []uint64 {
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

// Equal compares numbers that are no secrets.
func Equal(a, b []uint64) bool {
	var diff uint64
	for i := range a {
		diff |= a[i] ^ b[i]
	}
	return diff == 0
}

// FromBytes reads a big-endian number into size limbs, which hold it.
//
//go:noinline
func FromBytes(b []byte, size int) []uint64 {
	n := make([]uint64, size)
	for i := range b {
		at := len(b) - 1 - i
		n[i/8] |= uint64(b[at]) << (i % 8 * 8)
	}
	return n
}

// ToBytes writes a number in size bytes, which hold it.
func ToBytes(n []uint64, size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[size-1-i] = byte(n[i/8] >> (i % 8 * 8))
	}
	return b
}

// Less compares numbers that are no secrets.
func Less(a, b []uint64) bool {
	for i := len(a) - 1; i >= 0; i-- {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

// IsZero is for numbers that are no secrets.
func IsZero(a []uint64) bool {
	for _, x := range a {
		if x != 0 {
			return false
		}
	}
	return true
}
