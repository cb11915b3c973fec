package state

import (
	"encoding/binary"
	"math/bits"
)

// An ID is a record's name: 128 bits of a keyed hash, too many for two names to meet by
// chance.
type ID [16]byte

// ID is the id of the name that the parts make together. It depends on the table's name
// and seed, not on its space.
func (t *Table) ID(parts ...string) ID {
	t.message = appendParts(t.message[:0], parts)
	return t.Named(t.message)
}

// Named is the ID of parts that AppendPart has put behind each other.
func (t *Table) Named(parts []byte) ID { return hash(t.key, parts) }

func (t *Table) bucket(id ID) int {
	return int(uint(id[0])|uint(id[1])<<8|uint(id[2])<<16) & (t.shape.Buckets - 1)
}

func appendParts(b []byte, parts []string) []byte {
	for _, p := range parts {
		b = AppendPart(b, p)
	}
	return b
}

// AppendPart appends a part behind its length, so that no two lists are the same.
//
//go:noinline
func AppendPart(b []byte, p string) []byte {
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(p))), p...)
}

// hash is SipHash-2-4 with a result of 128 bits. https://github.com/veorq/SipHash
func hash(key [2]uint64, message []byte) ID {
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
	var id ID
	for half := range 2 {
		for range 4 {
			a, b, c, d = round(a, b, c, d)
		}
		w := a ^ b ^ c ^ d
		for i := range 8 {
			id[8*half+i] = byte(w >> (8 * i))
		}
		b ^= 0xdd
	}
	return id
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
