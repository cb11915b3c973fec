// Package state keeps records that all workers of a proxy share, in the host's shared
// data: named values that can be read, and written if their version is still the one
// that was read. Nothing can be deleted, listed or limited there, so a Table is a fixed
// number of values, its buckets, each of which holds a few records; a record has an
// expiry, and gives its place to another when it is over, or when the bucket is full.
//
// A bucket is loaded by one host call and stored by another, and its version guards all
// of its records: who stores has seen the latest of them, and a record is made but once.
// Starting up reads and writes nothing, so that a trial start of a new configuration
// changes nothing.
//
// It does not lock, and it keeps nothing in the worker: every Load asks the host.
package state

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"github.com/postern-gateway/postern/plugin/internal/siphash"
)

// Format is the version of names and of bytes. Modules of another format have values of
// their own in the same host.
const Format = "1"

var (
	// ErrConflict says that the bucket was stored since it was loaded: load again. A
	// Host's Store returns it for a version that is not the stored one.
	ErrConflict = errors.New("state: somebody else has stored meanwhile")

	// ErrTooLarge says that a value is longer than the table's records may be.
	ErrTooLarge = errors.New("state: the record is too large")
)

// A Host has values under names, each with a version that is never 0.
type Host interface {
	// Load reads a value; false if there is none. The bytes are the caller's, who may
	// change them, until the event in hand is over.
	Load(key string) (value []byte, version uint32, ok bool)

	// Store writes a value if its version is still that one, and is ErrConflict if it
	// is not. A value that does not exist is made, whatever the version. The bytes are
	// copied.
	Store(key string, value []byte, version uint32) error
}

// A Shape bounds a table: it never takes more than Buckets × (1 + Ways × (26 + Bytes))
// bytes of the host's memory, and as many names. Tables of one name in one space should
// agree on Buckets, by which records are found; the others may differ.
type Shape struct {
	Buckets int // a power of two; another number stands for the next one
	Ways    int // records in a bucket at most; at least 1
	Bytes   int // of a record's value at most; at most 65,535

	// Seed is mixed into ids, so that nobody who does not know it can choose names that
	// meet in one bucket and push each other out. Empty: ids can be computed by anybody.
	Seed string
}

// Counts are what a table has met since its worker started.
type Counts struct {
	Evicted   uint64 // records that had to go before their time, for the bucket was full
	Conflicts uint64 // stores that came too late
	Corrupt   uint64 // loads of a value that is not a bucket, taken for an empty one
}

// A Table is records by id. It belongs to one worker; tables of the same space and name
// have the same records.
type Table struct {
	host    Host
	shape   Shape
	key     [2]uint64 // of ids
	names   string    // of all buckets, one behind the other
	size    int       // of a name
	scratch []byte    // a bucket on its way to the host
	message []byte    // a name on its way to an id
	counts  Counts

	create  uint32 // the version by which a bucket is made: see absent
	refused int    // the bucket that had the last conflict, -1 if none had
}

// neverIssued is a version that no value has: hosts count from 1. Storing with it makes
// a value, and fails if somebody else was first. (Once in four billion stores the count
// comes by; it would matter only if that store made a bucket which another worker is
// about to make.)
const neverIssued = 1<<32 - 1

// New gives access to a table; it asks the host nothing. The space parts plugins that
// share a host's data but no records. The table's name has no slash.
func New(host Host, space, name string, shape Shape) *Table {
	shape.Buckets = 1 << bits.Len(uint(max(shape.Buckets, 1)-1))
	shape.Ways = max(shape.Ways, 1)
	shape.Bytes = min(max(shape.Bytes, 0), maxBytes)
	t := &Table{host: host, shape: shape, create: neverIssued, refused: -1}
	id := siphash.Sum([2]uint64{}, appendParts(nil, []string{name, shape.Seed}))
	t.key = [2]uint64{binary.LittleEndian.Uint64(id[:]), binary.LittleEndian.Uint64(id[8:])}
	t.nameBuckets("postern/" + Format + "/" + space + "/" + name + "/")
	return t
}

// nameBuckets writes all names into one string, of which a name is a part: a host call
// that has to make its name would make garbage.
func (t *Table) nameBuckets(prefix string) {
	const hex = "0123456789abcdef"
	digits := (bits.Len(uint(t.shape.Buckets-1)) + 3) / 4
	t.size = len(prefix) + digits
	all := make([]byte, 0, t.shape.Buckets*t.size)
	for i := range t.shape.Buckets {
		all = append(all, prefix...)
		for d := digits - 1; d >= 0; d-- {
			all = append(all, hex[i>>(4*d)&15])
		}
	}
	t.names = string(all)
}

func (t *Table) name(bucket int) string { return t.names[bucket*t.size : (bucket+1)*t.size] }

// Counts are what the table has met so far.
func (t *Table) Counts() Counts { return t.counts }

// absent is the version to make a bucket with. Where a value that does not exist takes any
// version, that is one that was never issued. Other hosts want 0, which those would
// take for "always". A conflict over a bucket that is not there shows that the host is one
// of these: nobody was first.
//
// https://github.com/proxy-wasm/proxy-wasm-cpp-host/blob/main/src/shared_data.cc
// https://github.com/Kong/ngx_wasm_module/blob/main/src/common/shm/ngx_wa_shm_kv.c
func (t *Table) absent(bucket int) uint32 {
	if t.refused == bucket {
		t.create = 0
	}
	return t.create
}

// Each calls f for every record that is live. It asks the host for every bucket, some
// microseconds each, so it is for administrators. A value is valid as a Record's is.
func (t *Table) Each(now int64, f func(id ID, value []byte, expires int64)) {
	var r Record
	for i := range t.shape.Buckets {
		t.Load(&r, ID{byte(i), byte(i >> 8), byte(i >> 16)}, now) // which is nobody's, but of that bucket
		for rest := r.bytes.records(); len(rest) > 0; {
			n := length(rest)
			if expires := expiry(rest); expires > now {
				f(ID(rest), rest[overhead:n:n], expires)
			}
			rest = rest[n:]
		}
	}
}
