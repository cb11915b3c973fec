package state

// A bucket is one byte, its format, and then its records, the last stored first. A record
// is its id, its expiry in nanoseconds since 1970 (8 bytes, little endian), the length of
// its value (2 bytes) and the value, which is not empty.
const (
	format   = 1
	atExpiry = 16
	atLength = 24
	overhead = 26
	maxBytes = 1<<16 - 1
)

// open returns a bucket's records; false if the value is not a whole bucket.
func open(value []byte) ([]byte, bool) {
	if len(value) == 0 || value[0] != format {
		return nil, false
	}
	records := value[1:]
	for rest := records; len(rest) > 0; {
		if len(rest) < overhead {
			return nil, false
		}
		n := length(rest)
		if n > len(rest) || n == overhead {
			return nil, false
		}
		rest = rest[n:]
	}
	return records, true
}

// length is how many bytes the first record takes.
func length(b []byte) int { return overhead + (int(b[atLength]) | int(b[atLength+1])<<8) }

// expiry is when the first record is over.
func expiry(b []byte) int64 { return int64(le64(b[atExpiry:])) }

func appendRecord(b []byte, id ID, value []byte, expires int64) []byte {
	b = append(b, id[:]...)
	b = append(b, byte(expires), byte(expires>>8), byte(expires>>16), byte(expires>>24),
		byte(expires>>32), byte(expires>>40), byte(expires>>48), byte(expires>>56))
	b = append(b, byte(len(value)), byte(len(value)>>8))
	return append(b, value...)
}

// appendOthers appends the records that are live but for one, and says how many they are.
func appendOthers(b, records []byte, but ID, now int64) ([]byte, int) {
	n := 0
	for rest := records; len(rest) > 0; {
		size := length(rest)
		if expiry(rest) > now && ID(rest) != but {
			b = append(b, rest[:size]...)
			n++
		}
		rest = rest[size:]
	}
	return b, n
}

// evict removes the record that expires first; of several, the one stored longest ago.
func evict(b []byte, from int) []byte {
	at, least := from, expiry(b[from:])
	for i := from; i < len(b); i += length(b[i:]) {
		if e := expiry(b[i:]); e <= least {
			at, least = i, e
		}
	}
	return append(b[:at], b[at+length(b[at:]):]...)
}

func le64(b []byte) uint64 {
	_ = b[7]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}
