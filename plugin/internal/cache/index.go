package cache

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// An index is what a bucket has: records of its entries, and of some that it had, so that
// how often an answer was asked for is known also when there was no room for it.
//
// It is one byte, its format; a count of what was stored, of 256: then everybody's frequency is
// lowered; the numbers of records and of ghosts; then those, the latest first. A ghost is 4 bytes
// of the id, and a frequency. An index is changed as it is kept, for taking it apart is most of the
// time that storing an entry takes.
type index struct {
	b             []byte
	held          int            // bytes of all entries, once they were counted
	memory, spare [maxIndex]byte // of b, and of what it was before
}

// A record is the first half of a key (16 bytes), when the entry is over (8), when it was
// stored in seconds (4), its bytes (4), two tags (8), its slot and the logarithm of how many
// pieces there are (half a byte each), and how often it was asked for (1).
type record [recordSize]byte

const (
	recordSize  = 42
	ghostSize   = 5
	mostGhosts  = ways
	indexHead   = 4
	maxIndex    = indexHead + ways*recordSize + mostGhosts*ghostSize
	indexFormat = 1
)

func (r *record) is(k *Key) bool { return [16]byte(r[:16]) == [16]byte(k[:16]) }
func (r *record) expires() int64 { return int64(binary.LittleEndian.Uint64(r[16:])) }
func (r *record) stored() int64  { return int64(binary.LittleEndian.Uint32(r[24:])) }
func (r *record) size() int      { return int(binary.LittleEndian.Uint32(r[28:])) }
func (r *record) scope() Tag     { return Tag(binary.LittleEndian.Uint32(r[32:])) }
func (r *record) model() Tag     { return Tag(binary.LittleEndian.Uint32(r[36:])) }
func (r *record) slot() int      { return int(r[40] & 15) }

// whole is about how large the entry is that the record is a piece of.
func (r *record) whole() int { return r.size() << (r[40] >> 4) }

// mostSeen is 2 to the 15th times, roughly.
const mostSeen = 15

// seen notes that the entry was asked for; false if that changes nothing. A frequency of n
// stands for about 2ⁿ times, so that the more often an entry is asked for the more seldom
// that is written.
func (r *record) seen(random uint64) bool {
	f := counted(r[41], random)
	if f == r[41] {
		return false
	}
	r[41] = f
	return true
}

func counted(f byte, random uint64) byte {
	if f < mostSeen && random&(1<<f-1) == 0 {
		f++
	}
	return f
}

// worth is what is kept of two entries: how often it was asked for, and for half as much
// how small it is. It is in sixteenths of powers of two.
func worth(frequency byte, size int) int {
	n := bits.Len(uint(size | 8))
	return 16*int(frequency) - 8*n - size>>(n-4)&7
}

// read makes x the index that the host has. What is none is an empty one.
func (x *index) read(b []byte) {
	if recordsOf(b) == nil {
		b = []byte{indexFormat, 0, 0, 0}
	}
	x.b = append(x.memory[:0], b...)
}

// count counts the bytes of all entries.
func (x *index) count() int {
	x.held = 0
	for i := range x.n() {
		x.held += x.at(i).size()
	}
	return x.held
}

func (x *index) n() int           { return int(x.b[2]) }
func (x *index) list() []byte     { return x.b[indexHead:][:x.n()*recordSize] }
func (x *index) ghosts() []byte   { return x.b[indexHead+x.n()*recordSize:] }
func (x *index) at(i int) *record { return (*record)(x.b[indexHead+i*recordSize:]) }

// recordsOf is where the records are in an index as it is kept; nil if it is none.
//
//go:noinline
func recordsOf(b []byte) []byte {
	if len(b) < indexHead || b[0] != indexFormat {
		return nil
	}
	n, ghosts := int(b[2]), int(b[3])
	if n > ways || ghosts > mostGhosts || len(b) != indexHead+n*recordSize+ghosts*ghostSize {
		return nil
	}
	return b[indexHead:][:n*recordSize]
}

// among is a key's record in a list; nil: there is none.
func among(list []byte, k *Key) *record {
	for ; len(list) >= recordSize; list = list[recordSize:] {
		if r := (*record)(list); r.is(k) {
			return r
		}
	}
	return nil
}

// find reports whether a record is in an index, whatever its frequency, and that.
func find(b []byte, r *record) (frequency byte, ok bool) {
	const all = recordSize - 1
	for list := recordsOf(b); len(list) > 0; list = list[recordSize:] {
		if bytes.Equal(list[:all], r[:all]) {
			return list[all], true
		}
	}
	return 0, false
}

func (x *index) uses(slot int) bool {
	for i := range x.n() {
		if x.at(i).slot() == slot {
			return true
		}
	}
	return false
}

// A claim is a place for an entry: a slot, or -1 for none, and the slots of those that had
// to go.
type claim struct {
	slot      int
	held      int  // bytes in the bucket before
	pieces    byte // logarithm
	frequency byte
	same      bool // there was an entry of the key
	n         int
	slots     [ways]byte
}

func (c *claim) evicted() []byte { return c.slots[:c.n] }

// remove takes a record out.
//
//go:noinline
func (x *index) remove(i int, c *claim) {
	r := x.at(i)
	c.slots[c.n] = byte(r.slot())
	c.n++
	x.held -= r.size()
	at := indexHead + i*recordSize
	x.b = append(x.b[:at], x.b[at+recordSize:]...)
	x.b[2]--
}

// admit makes room for so many bytes of an entry that has so many pieces. Entries that are over go first, then those
// that are worth least; if the entry is worth less than those it is not admitted, and only
// remembered.
func (x *index) admit(k *Key, size, pieces, budget int, now int64, random uint64) (c claim) {
	c.pieces = byte(bits.Len(uint(pieces - 1)))
	if f, known := x.forget(k); known {
		c.frequency = counted(f, random)
	}
	if x.b[1]++; x.b[1] == 0 {
		x.age()
	}
	used, same := uint16(0), -1
	for list := x.list(); len(list) >= recordSize; list = list[recordSize:] {
		r := (*record)(list)
		c.held += r.size()
		if r.is(k) {
			c.frequency, same = r[41], x.n()-len(list)/recordSize
		} else {
			used |= 1 << r.slot()
		}
	}
	if x.held = c.held; same >= 0 {
		c.same = true
		x.remove(same, &c)
	}
	if x.n() >= ways || x.held+size > budget {
		return x.evict(k, size, budget, now, c)
	}
	c.slot = bits.TrailingZeros16(^used)
	return c
}

// evict is admit where others have to go.
//
//go:noinline
func (x *index) evict(k *Key, size, budget int, now int64, c claim) claim {
	known := c.n > 0
	before, held := append(x.spare[:0], x.b...), x.held
	for x.n() >= ways || x.held+size > budget {
		least, worst := 0, x.value(0, now)
		for i := 1; i < x.n(); i++ {
			if v := x.value(i, now); v <= worst {
				least, worst = i, v
			}
		}
		if !known && worst > worth(c.frequency, size<<c.pieces) {
			x.b, x.held = append(x.b[:0], before...), held
			x.remember(k[:], c.frequency)
			return claim{slot: -1}
		}
		r := x.at(least)
		x.remember(r[:], r[41])
		x.remove(least, &c)
	}
	for c.slot = 0; x.uses(c.slot); c.slot++ {
	}
	return c
}

// value is worth of a record; nothing is less than one that is over.
//
//go:noinline
func (x *index) value(i int, now int64) int {
	r := x.at(i)
	if r.expires() <= now {
		return -10_000
	}
	return worth(r[41], r.whole())
}

// add puts a record in front.
func (x *index) add(k *Key, e *Entry, size int, c *claim) {
	x.b = x.b[:len(x.b)+recordSize]
	copy(x.b[indexHead+recordSize:], x.b[indexHead:])
	x.b[2]++
	x.held += size
	r := x.at(0)
	copy(r[:], k[:16])
	binary.LittleEndian.PutUint64(r[16:], uint64(e.Expires))
	binary.LittleEndian.PutUint32(r[24:], uint32(e.Stored/1e9))
	binary.LittleEndian.PutUint32(r[28:], uint32(size))
	binary.LittleEndian.PutUint32(r[32:], uint32(e.Scope))
	binary.LittleEndian.PutUint32(r[36:], uint32(e.Model))
	r[40], r[41] = byte(c.slot)|c.pieces<<4, c.frequency
}

// age lowers all frequencies, once in 256 times, so that what was asked for long ago does not
// stay for ever.
//
//go:noinline
func (x *index) age() {
	for i := range x.n() {
		r := x.at(i)
		r[41] = lower(r[41])
	}
	g := x.ghosts()
	for i := ghostSize - 1; i < len(g); i += ghostSize {
		g[i] = lower(g[i])
	}
}

func lower(f byte) byte {
	if f > 0 {
		f--
	}
	return f
}

// remember makes a ghost of an entry.
//
//go:noinline
func (x *index) remember(id []byte, frequency byte) {
	var g [ghostSize]byte
	copy(g[:], id[12:16])
	g[4] = frequency
	if x.b[3] < mostGhosts {
		x.b = append(x.b, g[:]...)
		x.b[3]++
	}
	list := x.ghosts()
	copy(list[ghostSize:], list)
	copy(list, g[:])
}

// forget takes a ghost out and says how often it was asked for; false if there is none.
func (x *index) forget(k *Key) (frequency byte, known bool) {
	for g := x.ghosts(); len(g) >= ghostSize; g = g[ghostSize:] {
		if [4]byte(g) == [4]byte(k[12:16]) {
			f := g[4]
			copy(g, g[ghostSize:])
			x.b = x.b[:len(x.b)-ghostSize]
			x.b[3]--
			return f, true
		}
	}
	return 0, false
}
