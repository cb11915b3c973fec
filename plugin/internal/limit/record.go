package limit

import (
	"encoding/binary"
	"slices"
)

// A record is what the workers share of one key: an entry for each of its rules.
//
// Reservations are kept by the minute in which they were made or last renewed. One that
// is settled is taken out of its minute; what is left of a minute that has long gone was
// reserved by requests whose worker has died, and lapses.
//
// Its form is little-endian: the minute, the number of entries, then for each its tag, when
// it lapses in seconds since 1970, at, count, prev and the reservations.
type record struct {
	minute  uint32
	entries []entry
}

// An entry is the counts of one rule.
type entry struct {
	tag      uint32 // of the rule
	until    uint32 // seconds since 1970; it means nothing any more then
	at       int64  // the period's number; of GCRA when the bucket is full again, in nanoseconds
	count    int64  // in this period
	prev     int64  // in the one before
	reserved [minutes]int64
}

const (
	minutes    = 3 // that a reservation lasts unless it is renewed, the one in hand included
	headSize   = 5
	entrySize  = 4 + 4 + 3*8 + minutes*8
	maxEntries = 16 // of a record; a request that more rules of one key are for has several
	// MaxRecord is how many bytes a record can have.
	MaxRecord = headSize + maxEntries*entrySize
)

// read takes a record out of its stored form, without what has lapsed. Anything that is
// none counts as empty.
func (r *record) read(p []byte, now int64) {
	r.entries = r.entries[:0]
	r.minute = minuteOf(now)
	if len(p) < headSize || len(p) != headSize+int(p[4])*entrySize {
		return
	}
	old, seconds := binary.LittleEndian.Uint32(p), uint64(now)/uint64(second)
	for p = p[headSize:]; len(p) >= entrySize; p = p[entrySize:] {
		q := (*[entrySize]byte)(p)
		until := binary.LittleEndian.Uint32(q[4:])
		if uint64(until) <= seconds {
			continue
		}
		r.entries = append(r.entries, entry{tag: binary.LittleEndian.Uint32(q[:]), until: until,
			at: int64At(q[8:]), count: int64At(q[16:]), prev: int64At(q[24:]), reserved: [minutes]int64{int64At(q[32:]), int64At(q[40:]), int64At(q[48:])}})
		if old != r.minute {
			r.entries[len(r.entries)-1].lapse(old, r.minute)
		}
	}
}

// lapse forgets the reservations of minutes that are over.
//
//go:noinline
func (e *entry) lapse(from, to uint32) {
	for m := from + 1; m <= to && m <= from+minutes; m++ {
		e.reserved[m%minutes] = 0
	}
}

// append adds the stored form, and says until when it means something.
func (r *record) append(dst []byte) (p []byte, expires int64) {
	dst = append(binary.LittleEndian.AppendUint32(dst, r.minute), byte(len(r.entries)))
	dst = slices.Grow(dst, len(r.entries)*entrySize)
	var until uint32
	for i := range r.entries {
		e := &r.entries[i]
		until = max(until, e.until)
		at := len(dst)
		dst = dst[:at+entrySize]
		q := (*[entrySize]byte)(dst[at:])
		binary.LittleEndian.PutUint32(q[:], e.tag)
		binary.LittleEndian.PutUint32(q[4:], e.until)
		putInt64(q[8:], e.at)
		putInt64(q[16:], e.count)
		putInt64(q[24:], e.prev)
		for j, n := range e.reserved {
			putInt64(q[32+8*j:], n)
		}
	}
	return dst, int64(until) * second
}

// Times are divided without a sign: WebAssembly has an instruction for that, and for the
// other Go calls a function.
func minuteOf(now int64) uint32 { return uint32(uint64(now) / uint64(60*second)) }

func int64At(p []byte) int64 { return int64(binary.LittleEndian.Uint64(p)) }

func putInt64(p []byte, n int64) { binary.LittleEndian.PutUint64(p, uint64(n)) }

func appendInt64(dst []byte, n int64) []byte {
	return binary.LittleEndian.AppendUint64(dst, uint64(n))
}

// Valid reports whether a record is one that counts are kept in.
func Valid(p []byte) bool {
	if len(p) < headSize || len(p) != headSize+int(p[4])*entrySize || p[4] > maxEntries {
		return false
	}
	for p = p[headSize:]; len(p) > 0; p = p[entrySize:] {
		most := int64(1 << 62) // of a time in nanoseconds
		for i := 8; i < entrySize; i += 8 {
			n := int64At(p[i:])
			if (n < 0 || n >= most) && (i != 24 || n != none) {
				return false
			}
			most = 1 << 60 // of counts: far from overflow
		}
	}
	return true
}
