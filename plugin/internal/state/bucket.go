package state

import "encoding/binary"

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

// A view is a bucket that was looked through for one record.
type view struct {
	whole   []byte // the value
	records []byte // of it
	live    int    // records but that one
	rest    bool   // there is something besides, that is to be dropped: it is over
	at, end int    // the record, live or not; 0, 0 if there is none
}

// look looks for a record; false if the value is not a whole bucket, and then the view is
// none of it. The view is a new one.
func (v *view) look(value []byte, id *ID, now int64) bool {
	if len(value) == 0 || value[0] != format {
		return false
	}
	v.whole, v.records = value, value[1:]
	low, high := binary.LittleEndian.Uint64(id[:8]), binary.LittleEndian.Uint64(id[8:])
	for at := 0; at < len(v.records); {
		b := v.records[at:]
		if len(b) < overhead {
			return false
		}
		n := length(b)
		if n > len(b) || n == overhead {
			return false
		}
		switch {
		case binary.LittleEndian.Uint64(b) == low && binary.LittleEndian.Uint64(b[8:]) == high && v.end == 0:
			v.at, v.end = at, at+n
		case expiry(b) > now:
			v.live++
		default:
			v.rest = true
		}
		at += n
	}
	return true
}

// length is how many bytes the first record takes.
func length(b []byte) int { return overhead + (int(b[atLength]) | int(b[atLength+1])<<8) }

// expiry is when the first record is over.
func expiry(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b[atExpiry:])) }

func appendRecord(b []byte, id ID, value []byte, expires int64) []byte {
	b = append(b, id[:]...)
	b = append(b, byte(expires), byte(expires>>8), byte(expires>>16), byte(expires>>24),
		byte(expires>>32), byte(expires>>40), byte(expires>>48), byte(expires>>56))
	b = append(b, byte(len(value)), byte(len(value)>>8))
	return append(b, value...)
}

// takes reports whether a value can be put where the record is: it is the bucket's first, as
// what was stored last is, and all else stays.
func (v *view) takes(size int) bool { return v.at == 0 && v.end == overhead+size && !v.rest }

// appendOthers appends the records that are live but for the one that was looked for.
func (v *view) appendOthers(b []byte, now int64) []byte {
	if !v.rest {
		b = append(b, v.records[:v.at]...)
		return append(b, v.records[v.end:]...)
	}
	for at := 0; at < len(v.records); {
		one := v.records[at : at+length(v.records[at:])]
		if (at != v.at || v.end == 0) && expiry(one) > now {
			b = append(b, one...)
		}
		at += len(one)
	}
	return b
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
