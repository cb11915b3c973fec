package hostsim

import "encoding/binary"

// The serialised form of a header map: the count, then the length of every name
// and value, then the names and values themselves, each ending in a zero byte.

func pairsSize(h Headers) uint32 {
	n := 4
	for i := range h {
		n += 8 + len(h[i].Name) + 1 + len(h[i].Value) + 1
	}
	return uint32(n)
}

func appendPairs(b []byte, h Headers) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(h)))
	for i := range h {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(h[i].Name)))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(h[i].Value)))
	}
	for i := range h {
		b = append(append(b, h[i].Name...), 0)
		b = append(append(b, h[i].Value...), 0)
	}
	return b
}

// parsePairs reads what a guest wrote. Anything malformed is no pairs at all,
// never an error: that is what the reference host does.
func parsePairs(b []byte) Headers {
	if len(b) < 4 || len(b) > pairsMaxBytes {
		return nil
	}
	n := int(binary.LittleEndian.Uint32(b))
	if n > pairsMaxCount || 4+8*n > len(b) {
		return nil
	}
	sizes, rest := b[4:4+8*n], b[4+8*n:]
	h := make(Headers, n)
	for i := range h {
		name, r, ok := cutZero(rest, binary.LittleEndian.Uint32(sizes[8*i:]))
		if !ok {
			return nil
		}
		value, r, ok := cutZero(r, binary.LittleEndian.Uint32(sizes[8*i+4:]))
		if !ok {
			return nil
		}
		h[i], rest = Header{name, value}, r
	}
	if len(rest) != 0 {
		return nil
	}
	return h
}

func cutZero(b []byte, n uint32) (string, []byte, bool) {
	if uint64(n)+1 > uint64(len(b)) || b[n] != 0 {
		return "", nil, false
	}
	return string(b[:n]), b[n+1:], true
}
