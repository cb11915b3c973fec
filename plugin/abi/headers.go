package abi

import "encoding/binary"

// A Header is one name and value of a header map; names repeat as on the wire.
type Header struct{ Name, Value string }

// pair is any type of header that a caller has: its headers are read and written
// without a conversion of the whole list.
type pair interface {
	~struct{ Name, Value string }
}

// A serialised header map is, in little-endian 32-bit words, the number of
// pairs, then each pair's name and value length; then each name and value,
// followed by a zero byte each.

// ParseHeaders appends the pairs of a serialised map to dst, as views of it. A map that is cut
// short yields the pairs before the cut: the host wrote it, so none is expected.
func ParseHeaders[H pair](dst []H, b []byte) []H {
	if len(b) < 4 {
		return dst
	}
	n := int(binary.LittleEndian.Uint32(b))
	if n > (len(b)-4)/8 {
		return dst
	}
	at := 4 + 8*n
	for i := range n {
		name := int(binary.LittleEndian.Uint32(b[4+8*i:]))
		value := int(binary.LittleEndian.Uint32(b[8+8*i:]))
		if name+value+2 > len(b)-at {
			return dst
		}
		dst = append(dst, H{view(b[at : at+name]), view(b[at+name+1 : at+name+1+value])})
		at += name + value + 2
	}
	return dst
}

// Without are where in the serialised map of some headers that begins and ends which is not a value of
// certain ones, in turn.
func Without[H pair](headers []H, certain func(name string) bool) []int {
	list, n, at := make([]int, 2*len(headers)+2), 1, 4+8*len(headers)
	for _, x := range headers {
		h := Header(x)
		at += len(h.Name) + 1
		if certain(h.Name) {
			list[n], list[n+1] = at, at+len(h.Value)
			n += 2
		}
		at += len(h.Value) + 1
	}
	list[n] = at
	return list[:n+1]
}

// appendHeaders appends the serialised form of a map to dst.
func appendHeaders[H pair](dst []byte, headers []H) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(headers)))
	for _, x := range headers {
		h := Header(x)
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(h.Name)))
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(h.Value)))
	}
	for _, x := range headers {
		h := Header(x)
		dst = append(dst, h.Name...)
		dst = append(dst, 0)
		dst = append(dst, h.Value...)
		dst = append(dst, 0)
	}
	return dst
}
