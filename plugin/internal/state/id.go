package state

import (
	"encoding/binary"

	"github.com/postern-gateway/postern/plugin/internal/siphash"
)

// An ID is a record's name: 128 bits of a keyed hash, too many for two names to meet by
// chance.
type ID [siphash.Size]byte

// ID is the id of the name that the parts make together. It depends on the table's name
// and seed, not on its space.
func (t *Table) ID(parts ...string) ID {
	t.message = appendParts(t.message[:0], parts)
	return t.Named(t.message)
}

// Named is the ID of parts that AppendPart has put behind each other.
func (t *Table) Named(parts []byte) ID { return siphash.Sum(t.key, parts) }

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
