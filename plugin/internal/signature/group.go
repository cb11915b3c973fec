package signature

import "github.com/postern-gateway/postern/adapters/modular"

// element is a number modulo a curve's prime, in Montgomery's form. The largest curve
// takes all of its limbs.
type element [9]uint64

// field is arithmetic modulo a curve's prime.
type field struct {
	p   *modular.Modulus
	k   int        // limbs in use
	t   [11]uint64 // scratch
	one element
}

func newField(p []uint64) *field {
	f := &field{p: modular.New(p), k: len(p)}
	one := element{1}
	f.enter(&f.one, &one)
	return f
}

func (f *field) mul(dst, a, b *element) { f.p.Montgomery(dst[:f.k], a[:f.k], b[:f.k], f.t[:f.k+2]) }
func (f *field) add(dst, a, b *element) { f.p.Add(dst[:f.k], a[:f.k], b[:f.k]) }
func (f *field) sub(dst, a, b *element) { f.p.Sub(dst[:f.k], a[:f.k], b[:f.k]) }
func (f *field) enter(dst, a *element)  { f.p.Enter(dst[:f.k], a[:f.k], f.t[:f.k+2]) }

// leave is the number itself again.
func (f *field) leave(a *element) element {
	var r element
	f.mul(&r, a, &element{1})
	return r
}

// from reads a big-endian number, which has to be below the prime.
func (f *field) from(b []byte) (e element, ok bool) {
	b = trimmed(b)
	if len(b) > 8*f.k {
		return e, false
	}
	copy(e[:], modular.FromBytes(b, f.k))
	if !modular.Less(e[:f.k], f.p.M) {
		return e, false
	}
	f.enter(&e, &e)
	return e, true
}

// power is a to the power of e.
func (f *field) power(a *element, e []uint64) element {
	r := f.one
	for i := 64*len(e) - 1; i >= 0; i-- {
		f.mul(&r, &r, &r)
		if e[i/64]>>(i%64)&1 == 1 {
			f.mul(&r, &r, a)
		}
	}
	return r
}

// point has the coordinates of its curve: X, Y, Z, and on Edwards' curves T.
type point [4]element

// group is a curve whose addition holds for all pairs of points, doubling included.
type group interface {
	add(dst, a, b *point)
	neutral() point
}

// combine is u·p + v·q: both numbers two bits at a time, with all sums that these need.
func combine(g group, u, v []uint64, p, q *point) point {
	var sums [16]point // at i+4j: i·p + j·q
	sums[0] = g.neutral()
	for i := 1; i < len(sums); i++ {
		if i < 4 {
			g.add(&sums[i], &sums[i-1], p)
		} else {
			g.add(&sums[i], &sums[i-4], q)
		}
	}
	r := sums[0]
	for i := 64*len(u) - 2; i >= 0; i -= 2 {
		g.add(&r, &r, &r)
		g.add(&r, &r, &r)
		if at := u[i/64]>>(i%64)&3 | v[i/64]>>(i%64)&3<<2; at != 0 {
			g.add(&r, &r, &sums[at])
		}
	}
	return r
}
