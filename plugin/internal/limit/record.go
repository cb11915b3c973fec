package limit

import "encoding/binary"

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
	old := binary.LittleEndian.Uint32(p)
	for p = p[headSize:]; len(p) > 0; p = p[entrySize:] {
		e := entry{tag: binary.LittleEndian.Uint32(p), until: binary.LittleEndian.Uint32(p[4:]), at: int64At(p[8:]), count: int64At(p[16:]), prev: int64At(p[24:])}
		if int64(e.until) <= now/second {
			continue
		}
		for i := range e.reserved {
			e.reserved[i] = int64At(p[32+8*i:])
		}
		e.lapse(old, r.minute)
		r.entries = append(r.entries, e)
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

// find is the entry of a rule; it is made if there is none.
//
//go:noinline
func (r *record) find(tag uint32) *entry {
	for i := range r.entries {
		if r.entries[i].tag == tag {
			return &r.entries[i]
		}
	}
	if len(r.entries) >= maxEntries { // rules of another configuration: the one that ends first goes
		first := 0
		for i := range r.entries {
			if r.entries[i].until < r.entries[first].until {
				first = i
			}
		}
		r.entries[first] = entry{tag: tag}
		return &r.entries[first]
	}
	r.entries = append(r.entries, entry{tag: tag})
	return &r.entries[len(r.entries)-1]
}

// append adds the stored form, and says until when it means something.
func (r *record) append(dst []byte) (p []byte, expires int64) {
	dst = append(binary.LittleEndian.AppendUint32(dst, r.minute), byte(len(r.entries)))
	var until uint32
	for i := range r.entries {
		e := &r.entries[i]
		until = max(until, e.until)
		dst = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(dst, e.tag), e.until)
		dst = appendInt64(appendInt64(appendInt64(dst, e.at), e.count), e.prev)
		for _, n := range e.reserved {
			dst = appendInt64(dst, n)
		}
	}
	return dst, int64(until) * second
}

func minuteOf(now int64) uint32 { return uint32(now / (60 * second)) }

// What is read and written for each field is called, not put in each place: the module runs
// it but a few times a request.

//go:noinline
func int64At(p []byte) int64 { return int64(binary.LittleEndian.Uint64(p)) }

//go:noinline
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
