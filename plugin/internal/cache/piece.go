package cache

import "encoding/binary"

// A piece is what is in a slot. Before its content stand a format (1 byte), the whole key
// (32), so that nobody's answer is taken for another's, a number that all pieces of one
// answer have in common (8), which of them it is (2), how many there are (2), and for how many
// seconds at its end the answer is stale (4).
type piece struct {
	nonce         uint64
	number, count uint16
	stale         uint32
	content       []byte
}

const (
	pieceFormat = 2
	pieceHead   = 49
	mostPieces  = 1 << 10
)

// piece is the key of a further piece of the entry.
func (k *Key) piece(i int) Key {
	x := *k
	n := (binary.LittleEndian.Uint64(k[:]) ^ uint64(i)) * 0x9e3779b97f4a7c15 // which spreads over the buckets
	n ^= n >> 31
	binary.LittleEndian.PutUint64(x[:], n)
	binary.LittleEndian.PutUint64(x[8:], binary.LittleEndian.Uint64(k[8:])+uint64(i))
	return x
}

func appendPiece(b []byte, k *Key, p piece) []byte {
	var head [pieceHead]byte
	head[0] = pieceFormat
	copy(head[1:], k[:])
	binary.LittleEndian.PutUint64(head[33:], p.nonce)
	binary.LittleEndian.PutUint32(head[41:], uint32(p.number)|uint32(p.count)<<16)
	binary.LittleEndian.PutUint32(head[45:], p.stale)
	return append(append(b, head[:]...), p.content...)
}

// readPiece is false if that is not in the slot.
func readPiece(b []byte, k *Key) (p piece, ok bool) {
	if len(b) < pieceHead || b[0] != pieceFormat || Key(b[1:33]) != *k {
		return p, false
	}
	n := binary.LittleEndian.Uint32(b[41:])
	return piece{binary.LittleEndian.Uint64(b[33:]), uint16(n), uint16(n >> 16), binary.LittleEndian.Uint32(b[45:]), b[pieceHead:]}, true
}
