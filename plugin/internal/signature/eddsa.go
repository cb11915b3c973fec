package signature

import (
	"bytes"
	"slices"

	"github.com/postern-gateway/postern/adapters/modular"
	"github.com/postern-gateway/postern/adapters/sha2"
)

// edwards is -x² + y² = 1 + d·x²·y² modulo 2^255-19
// (https://www.rfc-editor.org/rfc/rfc8032#section-5.1).
type edwards struct {
	*field
	order  *modular.Modulus
	d, d2  element // and twice that
	root   element // of -1
	base   point
	invert []uint64 // the power that is 1/x
	nearly []uint64 // (p-5)/8, of which roots are made
}

type edKey struct {
	*edwards
	text  []byte
	minus point // -1 times the key
}

const edSize = 32

// NewEd25519 is a public key.
func NewEd25519(public []byte) (*Key, error) {
	if len(public) != edSize {
		return nil, errPoint
	}
	k := &edKey{edwards: newEdwards(), text: slices.Clone(public)}
	a, ok := k.decode(public)
	if !ok {
		return nil, errPoint
	}
	k.negate(&a)
	k.minus = a
	return &Key{ed: k}, nil
}

func newEdwards() *edwards {
	number := func(s string) []uint64 { return modular.FromBytes(unhex(s), edSize/8) }
	c := &edwards{
		field:  newField(number("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed")),
		order:  modular.New(number("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed")),
		invert: number("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeb"),
		nearly: number("0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffd"),
	}
	c.d, _ = c.from(unhex("52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3"))
	c.field.add(&c.d2, &c.d, &c.d)
	c.root, _ = c.from(unhex("2b8324804fc1df0b2b4d00993dfbd7a72f431806ad2fe478c4ee1b274a0ea0b0"))
	base := bytes.Repeat([]byte{0x66}, edSize)
	base[0] = 0x58
	c.base, _ = c.decode(base)
	return c
}

// decode reads a point: y, with x's lowest bit as the highest. A spelling that is not the
// only one is refused.
func (c *edwards) decode(text []byte) (p point, ok bool) {
	b := slices.Clone(text)
	slices.Reverse(b)
	sign := uint64(b[0] >> 7)
	b[0] &= 0x7f
	y, ok := c.from(b)
	if !ok {
		return p, false
	}
	var u, v, x, t element
	c.mul(&t, &y, &y)
	c.sub(&u, &t, &c.one) // u/v is x²
	c.mul(&v, &t, &c.d)
	c.field.add(&v, &v, &c.one)
	c.mul(&t, &v, &v)
	c.mul(&t, &t, &v)
	c.mul(&x, &t, &u) // u·v³
	c.mul(&t, &t, &x)
	c.mul(&t, &t, &v) // u·v⁷
	t = c.power(&t, c.nearly)
	c.mul(&x, &x, &t)
	c.mul(&t, &x, &x)
	c.mul(&t, &t, &v)
	if t != u {
		c.field.add(&t, &t, &u)
		if t != (element{}) {
			return p, false
		}
		c.mul(&x, &x, &c.root)
	}
	if x == (element{}) && sign == 1 {
		return p, false
	}
	if c.leave(&x)[0]&1 != sign {
		c.sub(&x, &element{}, &x)
	}
	p = point{x, y, c.one}
	c.mul(&p[3], &x, &y)
	return p, true
}

func (c *edwards) negate(p *point) {
	c.sub(&p[0], &element{}, &p[0])
	c.sub(&p[3], &element{}, &p[3])
}

func (c *edwards) encode(p *point) []byte {
	z := c.power(&p[2], c.invert)
	var x, y element
	c.mul(&x, &p[0], &z)
	c.mul(&y, &p[1], &z)
	x, y = c.leave(&x), c.leave(&y)
	b := modular.ToBytes(y[:c.k], edSize)
	b[0] |= byte(x[0]&1) << 7
	slices.Reverse(b)
	return b
}

// verify makes the signature's point anew and compares, which accepts exactly one
// spelling of it.
func (k *edKey) verify(message, signature []byte) bool {
	if len(signature) != 2*edSize {
		return false
	}
	s := little(signature[edSize:])
	if !modular.Less(s, k.order.M) {
		return false
	}
	hash := k.order.Reduce(little(sha2.SHA512.Sum(signature[:edSize], k.text, message)))
	r := combine(k.edwards, s, hash, &k.base, &k.minus)
	return bytes.Equal(k.encode(&r), signature[:edSize])
}

// little reads a little-endian number.
func little(b []byte) []uint64 {
	b = slices.Clone(b)
	slices.Reverse(b)
	return modular.FromBytes(b, len(b)/8)
}

func (c *edwards) neutral() point { return point{1: c.one, 2: c.one} }

// add is complete: d is no square (https://eprint.iacr.org/2008/522, section 3.1).
func (c *edwards) add(dst, p, q *point) {
	var a, b, x, y, t element
	c.sub(&x, &p[1], &p[0])
	c.sub(&y, &q[1], &q[0])
	c.mul(&a, &x, &y)
	c.field.add(&x, &p[1], &p[0])
	c.field.add(&y, &q[1], &q[0])
	c.mul(&b, &x, &y)
	c.mul(&t, &p[3], &q[3])
	c.mul(&t, &t, &c.d2)
	c.mul(&x, &p[2], &q[2])
	c.field.add(&x, &x, &x)
	var e, f, g, h element
	c.sub(&e, &b, &a)
	c.sub(&f, &x, &t)
	c.field.add(&g, &x, &t)
	c.field.add(&h, &b, &a)
	c.mul(&dst[0], &e, &f)
	c.mul(&dst[1], &g, &h)
	c.mul(&dst[2], &f, &g)
	c.mul(&dst[3], &e, &h)
}
