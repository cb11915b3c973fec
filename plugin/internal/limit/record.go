package limit

import (
	"encoding/binary"
	"math"
	"slices"
)

// A record is what the workers share of one key: an entry for each of its rules. It is changed
// where it is stored.
//
// Reservations are kept by the minute in which they were made or last renewed. One that
// is settled is taken out of its minute; what is left of a minute that has long gone was
// reserved by requests whose worker has died, and lapses.
//
// Its form is little-endian: the minute, the number of entries, then these.
type record []byte

// An entry is the counts of one rule: its tag, when it lapses in seconds since 1970, at, count,
// prev and the reservations.
type entry [entrySize]byte

const (
	minutes    = 3 // that a reservation lasts unless it is renewed, the one in hand included
	headSize   = 5
	entrySize  = 4 + 4 + 3*8 + minutes*8
	maxEntries = 16 // of a record; a request that more rules of one key are for has several
	// MaxRecord is how many bytes a record can have.
	MaxRecord = headSize + maxEntries*entrySize
)

// tag is that of the rule, and until when it means something: seconds since 1970.
func (e *entry) tag() uint32           { return binary.LittleEndian.Uint32(e[:]) }
func (e *entry) until() uint32         { return binary.LittleEndian.Uint32(e[4:]) }
func (e *entry) setUntil(until uint32) { binary.LittleEndian.PutUint32(e[4:], until) }

// at is the period's number; of GCRA when the bucket is full again, in nanoseconds.
func (e *entry) at() int64     { return int64At(e[8:]) }
func (e *entry) setAt(n int64) { putInt64(e[8:], n) }

// count is in this period, prev in the one before.
func (e *entry) count() int64     { return int64At(e[16:]) }
func (e *entry) setCount(n int64) { putInt64(e[16:], n) }
func (e *entry) prev() int64      { return int64At(e[24:]) }
func (e *entry) setPrev(n int64)  { putInt64(e[24:], n) }

// held is what is reserved, reserved where that of a minute is.
func (e *entry) held() int64                   { return int64At(e[32:]) + int64At(e[40:]) + int64At(e[48:]) }
func (e *entry) reserved(minute uint32) []byte { return e[32+8*(minute%minutes):] }

// entry is one of a record, by where it is.
func (p record) entry(at int) *entry { return (*entry)(p[at:]) }

func (p record) minute() uint32 { return binary.LittleEndian.Uint32(p) }

// whole reports whether that are the bytes of a record. Anything that is none counts as empty.
func (p record) whole() bool { return len(p) >= headSize && len(p) == headSize+int(p[4])*entrySize }

// until is when all of it is over, in nanoseconds since 1970.
func (p record) until() int64 {
	var until uint32
	for p = p[headSize:]; len(p) >= entrySize; p = p[entrySize:] {
		until = max(until, (*entry)(p).until())
	}
	return int64(until) * second
}

// turn brings a record to a minute: it forgets reservations of minutes that are over, and
// entries that are.
func (p record) turn(minute uint32, now int64) record {
	left, old := p[:headSize], p.minute()
	for at := headSize; at < len(p); at += entrySize {
		if e := p.entry(at); !e.over(now) {
			e.lapse(old, minute)
			left = append(left, e[:]...)
		}
	}
	binary.LittleEndian.PutUint32(left, minute)
	left[4] = byte(len(left) / entrySize)
	return left
}

// over reports whether an entry means nothing any more.
func (e *entry) over(now int64) bool { return int64(e.until())*second <= now }

// lapse forgets the reservations of minutes that are over.
func (e *entry) lapse(from, to uint32) {
	for m := from + 1; m <= to && m <= from+minutes; m++ {
		putInt64(e.reserved(m), 0)
	}
}

// of is the entry of a rule, nil if it has none: mostly that which is as far behind as the rule.
func (p record) of(r *Rule, place int) *entry {
	if at := headSize + place*entrySize; at+entrySize <= len(p) {
		if e := p.entry(at); e.tag() == r.tag {
			return e
		}
	}
	return p.find(r.tag)
}

// find is the entry that has a tag, nil if none has.
func (p record) find(tag uint32) *entry {
	for p = p[headSize:]; len(p) >= entrySize; p = p[entrySize:] {
		if e := (*entry)(p); e.tag() == tag {
			return e
		}
	}
	return nil
}

// with is a record with room for an entry more, and where that is. In a full one it is the place of
// that which ends first, of rules of another configuration.
func (p record) with(rules []*Rule) (record, int) {
	if p[4] >= maxEntries {
		return p, p.other(rules)
	}
	p[4]++
	return append(p, make([]byte, entrySize)...), len(p)
}

// begin makes an entry one that has counted nothing.
func (e *entry) begin(tag uint32) {
	*e = entry{}
	binary.LittleEndian.PutUint32(e[:], tag)
}

// other is the entry that ends first of those that are no rule's.
func (p record) other(rules []*Rule) int {
	first := headSize
	found := false
	for at := headSize; at < len(p); at += entrySize {
		e := p.entry(at)
		if has(rules, e.tag()) || found && e.until() >= p.entry(first).until() {
			continue
		}
		first, found = at, true
	}
	return first
}

// has reports whether a tag is that of a rule.
func has(rules []*Rule, tag uint32) bool {
	return slices.ContainsFunc(rules, func(r *Rule) bool { return r.tag == tag })
}

// Times are divided without a sign: WebAssembly has an instruction for that, and for the
// other Go calls a function. To divide by what is constant is many instructions in the place of one.
func minuteOf(now int64) uint32 { return uint32(uint64(now) / uint64(60*second)) }

func untilOf(t int64) uint32 { return uint32(min(uint64(t)/uint64(second)+1, math.MaxUint32)) }

func int64At(p []byte) int64 { return int64(binary.LittleEndian.Uint64(p)) }

func putInt64(p []byte, n int64) { binary.LittleEndian.PutUint64(p, uint64(n)) }

func appendInt64(dst []byte, n int64) []byte {
	return binary.LittleEndian.AppendUint64(dst, uint64(n))
}

// Valid reports whether a record is one that counts are kept in.
func Valid(p []byte) bool {
	if !record(p).whole() || p[4] > maxEntries {
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
