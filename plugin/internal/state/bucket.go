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
	whole   []byte // the value; nil if it is no bucket
	live    int    // records but that one
	at, end int    // the record, live or not; 0, 0 if there is none
	over    bool   // the record is
	rest    bool   // there is something besides, that is to be dropped: it is over
}

// look looks for a record; false if the value is not a whole bucket, and then the view means
// nothing.
//
//go:noinline
func (v *view) look(value []byte, id *ID, now int64) bool {
	v.whole = value
	if len(value) == 0 || value[0] != format {
		return false
	}
	low, high := binary.LittleEndian.Uint64(id[:8]), binary.LittleEndian.Uint64(id[8:])
	live, rest, over, begin, end := 0, false, false, 0, 0
	for b := value[1:]; len(b) > 0; {
		if len(b) < overhead {
			return false
		}
		n := length(b)
		if n > len(b) || n == overhead {
			return false
		}
		at := len(value) - len(b)
		switch past := expiry(b) <= now; {
		case end == 0 && binary.LittleEndian.Uint64(b) == low && binary.LittleEndian.Uint64(b[8:]) == high:
			begin, end, over = at, at+n, past
		case past:
			rest = true
		default:
			live++
		}
		b = b[n:]
	}
	v.live, v.at, v.end, v.over, v.rest = live, begin, end, over, rest
	return true
}

// records are all of them.
func (v *view) records() []byte { return v.whole[min(1, len(v.whole)):] }

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
func (v *view) takes(size int) bool { return v.at == 1 && v.end == 1+overhead+size && !v.rest }

// appendOthers appends the records that are live but for the one that was looked for.
func (v *view) appendOthers(b []byte, now int64) []byte {
	for at := 1; at < len(v.whole); {
		one := v.whole[at : at+length(v.whole[at:])]
		if at != v.at && expiry(one) > now {
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
