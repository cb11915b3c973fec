package signature

import (
	"github.com/postern-gateway/postern/adapters/modular"
	"github.com/postern-gateway/postern/adapters/sha2"
)

// curve is y² = x³ - 3x + b, one of NIST's.
type curve struct {
	*field
	n    *modular.Modulus // how many points it has
	b    element
	base point
	size int // of a coordinate, in bytes
}

type curveKey struct {
	*curve
	hash sha2.Hash // of the one algorithm that the curve is for
	q    point
}

// NewECDSA is a public key on the curve of that name (P-256, P-384, P-521); x and y are
// big-endian.
func NewECDSA(name string, x, y []byte) (*Key, error) {
	k := &curveKey{}
	switch name {
	case "P-256":
		k.curve, k.hash = newCurve(32, p256), sha2.SHA256
	case "P-384":
		k.curve, k.hash = newCurve(48, p384), sha2.SHA384
	case "P-521":
		k.curve, k.hash = newCurve(66, p521), sha2.SHA512
	default:
		return nil, errCurve
	}
	var ok bool
	if k.q, ok = k.point(x, y); !ok {
		return nil, errPoint
	}
	return &Key{curve: k, DER: ecDER(name, k.size, x, y)}, nil
}

// https://doi.org/10.6028/NIST.SP.800-186, section 3.2.1: p, n, b, and the base point.
var (
	p256 = [5]string{
		"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
		"5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
		"6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
		"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
	}
	p384 = [5]string{
		"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
		"ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
		"b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
		"aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
		"3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
	}
	p521 = [5]string{
		"01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
		"0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
		"00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
		"011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
	}
)

func newCurve(size int, constants [5]string) *curve {
	limbs := (size + 7) / 8
	c := &curve{field: newField(modular.FromBytes(unhex(constants[0]), limbs)), size: size}
	c.n = modular.New(modular.FromBytes(unhex(constants[1]), limbs))
	c.b, _ = c.from(unhex(constants[2]))
	c.base, _ = c.point(unhex(constants[3]), unhex(constants[4]))
	return c
}

// unhex decodes a constant.
func unhex(s string) []byte {
	digit := func(c byte) byte {
		if c >= 'a' {
			return c - 'a' + 10
		}
		return c - '0'
	}
	b := make([]byte, len(s)/2)
	for i := range b {
		b[i] = digit(s[2*i])<<4 | digit(s[2*i+1])
	}
	return b
}

// point is the point of these coordinates; false if the curve does not have it.
func (c *curve) point(x, y []byte) (p point, ok bool) {
	var okX, okY bool
	p[0], okX = c.from(x)
	p[1], okY = c.from(y)
	p[2] = c.one
	if !okX || !okY {
		return p, false
	}
	var left, right element
	c.mul(&left, &p[1], &p[1])
	c.mul(&right, &p[0], &p[0])
	for range 3 {
		c.sub(&right, &right, &c.one)
	}
	c.mul(&right, &right, &p[0])
	c.add2(&right, &c.b)
	return p, left == right
}

// verify takes r and s one after the other, each as long as a coordinate
// (https://www.rfc-editor.org/rfc/rfc7518#section-3.4).
func (k *curveKey) verify(message, signature []byte) bool {
	if len(signature) != 2*k.size {
		return false
	}
	r, s := modular.FromBytes(signature[:k.size], k.k), modular.FromBytes(signature[k.size:], k.k)
	if modular.IsZero(r) || modular.IsZero(s) || !modular.Less(r, k.n.M) || !modular.Less(s, k.n.M) {
		return false
	}
	hash := k.n.Reduce(modular.FromBytes(k.hash.Sum(message), k.k)) // no hash is longer than its curve's n
	two := make([]uint64, k.k)
	two[0] = 2
	less2 := make([]uint64, k.k)
	k.n.Sub(less2, k.n.M, two)
	w := k.n.Exp(s, modular.ToBytes(less2, k.size)) // 1/s, as n is prime
	p := combine(k.curve, k.n.Mul(hash, w), k.n.Mul(r, w), &k.base, &k.q)
	if p[2] == (element{}) {
		return false
	}
	return k.isX(&p, r) || k.isX(&p, k.plusN(r))
}

// isX reports whether x, if it is any, is the point's coordinate X/Z.
func (k *curveKey) isX(p *point, x []uint64) bool {
	if x == nil {
		return false
	}
	var e element
	copy(e[:], x)
	k.enter(&e, &e)
	k.mul(&e, &e, &p[2])
	return e == p[0]
}

// plusN is r+n where that is still a coordinate, else nil.
func (k *curveKey) plusN(r []uint64) []uint64 {
	gap := make([]uint64, k.k)
	k.n.Sub(gap, k.p.M, k.n.M) // p-n, which all curves have above 0
	if !modular.Less(r, gap) {
		return nil
	}
	sum := make([]uint64, k.k)
	k.p.Add(sum, r, k.n.M)
	return sum
}

func (c *curve) neutral() point { return point{1: c.one} }

// add is algorithm 4 of https://eprint.iacr.org/2015/1060, complete for curves of prime
// order with a = -3: no pair of points is an exception.
func (c *curve) add(dst, a, b *point) {
	var t0, t1, t2, t3, t4, x, y, z element
	c.mul(&t0, &a[0], &b[0])
	c.mul(&t1, &a[1], &b[1])
	c.mul(&t2, &a[2], &b[2])
	c.cross(&t3, &a[0], &a[1], &b[0], &b[1], &t0, &t1)
	c.cross(&t4, &a[1], &a[2], &b[1], &b[2], &t1, &t2)
	c.cross(&y, &a[0], &a[2], &b[0], &b[2], &t0, &t2)
	c.mul(&z, &c.b, &t2)
	c.sub(&x, &y, &z)
	c.triple(&x)
	c.sub(&z, &t1, &x)
	c.add2(&x, &t1)
	c.mul(&y, &c.b, &y)
	c.triple(&t2)
	c.sub(&y, &y, &t2)
	c.sub(&y, &y, &t0)
	c.triple(&y)
	c.triple(&t0)
	c.sub(&t0, &t0, &t2)
	c.mul(&t1, &t4, &y)
	c.mul(&t2, &t0, &y)
	c.mul(&y, &x, &z)
	c.add2(&y, &t2)
	c.mul(&x, &t3, &x)
	c.sub(&x, &x, &t1)
	c.mul(&z, &t4, &z)
	c.mul(&t1, &t3, &t0)
	c.add2(&z, &t1)
	dst[0], dst[1], dst[2] = x, y, z
}

// cross is a1·b2 + a2·b1, by the products a1·b1 and a2·b2 that are there.
func (c *curve) cross(dst, a1, a2, b1, b2, ab1, ab2 *element) {
	var s, t element
	c.field.add(&s, a1, a2)
	c.field.add(&t, b1, b2)
	c.mul(&s, &s, &t)
	c.sub(&s, &s, ab1)
	c.sub(dst, &s, ab2)
}

func (c *curve) add2(dst, a *element) { c.field.add(dst, dst, a) }

func (c *curve) triple(a *element) {
	var t element
	c.field.add(&t, a, a)
	c.field.add(a, &t, a)
}
