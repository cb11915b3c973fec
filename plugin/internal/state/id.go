package state

import "math/bits"

// An ID is a record's name: 128 bits of a keyed hash, too many for two names to meet by
// chance.
type ID [16]byte

// ID is the id of the name that the parts make together. It depends on the table's name
// and seed, not on its space.
func (t *Table) ID(parts ...string) ID { return hash(t.key, parts) }

func (t *Table) bucket(id ID) int {
	return int(uint(id[0])|uint(id[1])<<8|uint(id[2])<<16) & (t.shape.Buckets - 1)
}

// hash is SipHash-2-4 with 128 bits of the parts, each behind its length in 8 bytes and
// filled up with zeros to a multiple of 8, so that no two lists of parts are the same.
//
// https://github.com/veorq/SipHash
func hash(key [2]uint64, parts []string) ID {
	s := sip{
		key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d ^ 0xee,
		key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573,
	}
	size := 0
	for _, p := range parts {
		s.add(uint64(len(p)))
		size += 8 + (len(p)+7)&^7
		for ; len(p) >= 8; p = p[8:] {
			s.add(word(p))
		}
		if p != "" {
			s.add(tail(p))
		}
	}
	s.add(uint64(size) << 56)
	var id ID
	s[2] ^= 0xee
	s.finish(id[:8])
	s[1] ^= 0xdd
	s.finish(id[8:])
	return id
}

// word is 8 bytes, little endian.
func word(p string) uint64 {
	_ = p[7]
	return uint64(p[0]) | uint64(p[1])<<8 | uint64(p[2])<<16 | uint64(p[3])<<24 |
		uint64(p[4])<<32 | uint64(p[5])<<40 | uint64(p[6])<<48 | uint64(p[7])<<56
}

// tail is fewer than 8 bytes and zeros.
func tail(p string) (w uint64) {
	for i := range len(p) {
		w |= uint64(p[i]) << (8 * i)
	}
	return w
}

// sip is SipHash's state.
type sip [4]uint64

func (s *sip) add(w uint64) {
	s[3] ^= w
	s.round()
	s.round()
	s[0] ^= w
}

func (s *sip) finish(out []byte) {
	for range 4 {
		s.round()
	}
	w := s[0] ^ s[1] ^ s[2] ^ s[3]
	for i := range out {
		out[i] = byte(w >> (8 * i))
	}
}

func (s *sip) round() {
	a, b, c, d := s[0], s[1], s[2], s[3]
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
	s[0], s[1], s[2], s[3] = a, b, c, d
}
