package rs256

// Numbers are little-endian in limbs of 32 bits, whose products fit where WebAssembly
// multiplies: it has no 128-bit result.

// A modulus is an odd number, and what Montgomery's multiplication needs of it.
type modulus struct {
	m   []uint32
	inv uint32   // -1/m modulo 2^32
	rr  []uint32 // 2^(64·limbs) modulo m
}

// newModulus is for odd m.
func newModulus(m []uint32) *modulus {
	x := &modulus{m: m}
	inv := m[0] // right in 3 bits, and each step doubles them
	for range 4 {
		inv *= 2 - m[0]*inv
	}
	x.inv = -inv
	r := make([]uint32, len(m))
	r[0] = 1
	for range 64 * len(m) {
		x.double(r, 0)
	}
	x.rr = r
	return x
}

func (x *modulus) size() int { return len(x.m) }

// double makes r, which is below m, 2r+bit modulo m.
func (x *modulus) double(r []uint32, bit uint32) {
	for i, v := range r {
		r[i] = v<<1 | bit
		bit = v >> 31
	}
	x.settle(r, r, bit)
}

// settle puts t into dst, less m if it is not below m. top is t's limb above the others.
func (x *modulus) settle(dst, t []uint32, top uint32) {
	var borrow uint64
	for i, m := range x.m {
		borrow = (uint64(t[i]) - uint64(m) - borrow) >> 63
	}
	keep := -(uint32(borrow) &^ top) // all ones where t is below m: top is 0 or 1
	borrow = 0
	for i, m := range x.m {
		d := uint64(t[i]) - uint64(m&^keep) - borrow
		dst[i], borrow = uint32(d), d>>63
	}
}

// reduce is a modulo m, for an a of any length.
func (x *modulus) reduce(a []uint32) []uint32 {
	r := make([]uint32, len(x.m))
	for i := len(a) - 1; i >= 0; i-- {
		for bit := 31; bit >= 0; bit-- {
			x.double(r, a[i]>>bit&1)
		}
	}
	return r
}

// sub is a-b modulo m; both are below m.
func (x *modulus) sub(a, b []uint32) []uint32 {
	r := make([]uint32, len(x.m))
	var borrow uint64
	for i := range r {
		d := uint64(a[i]) - uint64(b[i]) - borrow
		r[i], borrow = uint32(d), d>>63
	}
	add := -uint32(borrow)
	var carry uint64
	for i, m := range x.m {
		carry += uint64(r[i]) + uint64(m&add)
		r[i] = uint32(carry)
		carry >>= 32
	}
	return r
}

// mul is a·b modulo m.
func (x *modulus) mul(a, b []uint32) []uint32 {
	r, t := make([]uint32, len(x.m)), make([]uint32, len(x.m)+2)
	x.montgomery(r, a, x.rr, t)
	x.montgomery(r, r, b, t)
	return r
}

// montgomery puts a·b/2^(32·limbs) modulo m into dst, which may be a or b. t is scratch
// of two limbs more.
func (x *modulus) montgomery(dst, a, b, t []uint32) {
	m := x.m
	k := len(m)
	a, b, t = a[:k], b[:k], t[:k+2]
	clear(t)
	for _, ai := range a {
		var c uint64
		for j, bj := range b {
			c += uint64(ai)*uint64(bj) + uint64(t[j])
			t[j] = uint32(c)
			c >>= 32
		}
		c += uint64(t[k])
		t[k], t[k+1] = uint32(c), uint32(c>>32)

		u := uint64(t[0] * x.inv)
		c = (u*uint64(m[0]) + uint64(t[0])) >> 32
		for j := 1; j < k; j++ {
			c += u*uint64(m[j]) + uint64(t[j])
			t[j-1] = uint32(c)
			c >>= 32
		}
		c += uint64(t[k])
		t[k-1] = uint32(c)
		t[k] = t[k+1] + uint32(c>>32)
	}
	x.settle(dst, t[:k], t[k])
}

// exp is a to the power of e modulo m, four bits at a time. What it does, and which
// memory it reads, depends on e's length alone.
func (x *modulus) exp(a []uint32, e []byte) []uint32 {
	k := len(x.m)
	t, one := make([]uint32, k+2), make([]uint32, k)
	one[0] = 1
	var powers [16][]uint32
	for i := range powers {
		powers[i] = make([]uint32, k)
	}
	x.montgomery(powers[0], one, x.rr, t)
	x.montgomery(powers[1], a, x.rr, t)
	for i := 2; i < len(powers); i++ {
		x.montgomery(powers[i], powers[i-1], powers[1], t)
	}
	r, picked := append([]uint32(nil), powers[0]...), make([]uint32, k)
	for _, b := range e {
		for _, digit := range [...]byte{b >> 4, b & 15} {
			for range 4 {
				x.montgomery(r, r, r, t)
			}
			clear(picked)
			for i := range powers {
				mask := -((uint32(byte(i)^digit) - 1) >> 31) // all ones for the one that is meant
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
func addProduct(a, b, c []uint32, size int) []uint32 {
	r := make([]uint32, len(b)+len(c)+1)
	copy(r, a)
	for i, bi := range b {
		var carry uint64
		for j, cj := range c {
			carry += uint64(bi)*uint64(cj) + uint64(r[i+j])
			r[i+j] = uint32(carry)
			carry >>= 32
		}
		for j := i + len(c); j < len(r); j++ {
			carry += uint64(r[j])
			r[j] = uint32(carry)
			carry >>= 32
		}
	}
	return r[:size]
}

// equal compares numbers that are no secrets.
func equal(a, b []uint32) bool {
	var diff uint32
	for i := range a {
		diff |= a[i] ^ b[i]
	}
	return diff == 0
}

// fromBytes reads a big-endian number into size limbs, which hold it.
func fromBytes(b []byte, size int) []uint32 {
	n := make([]uint32, size)
	for i := range b {
		at := len(b) - 1 - i
		n[i/4] |= uint32(b[at]) << (i % 4 * 8)
	}
	return n
}

// toBytes writes a number in size bytes, which hold it.
func toBytes(n []uint32, size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[size-1-i] = byte(n[i/4] >> (i % 4 * 8))
	}
	return b
}
