package state

import (
	"encoding/binary"
	"errors"
)

// A Record is what a table had under an id when it was loaded, whether anything or not.
// Several live side by side, each until the host's event in hand is over. Of two in one
// bucket only one can be stored, as of two that two workers have loaded: the other is
// ErrConflict, and is loaded again.
type Record struct {
	id      ID
	bucket  int
	version uint32
	now     int64
	bytes   view // of the bucket
}

// Value is nil if there is no record, or if it is over. It may be changed in place and
// stored.
func (r *Record) Value() []byte {
	if v := &r.bytes; !v.over && v.end > 0 {
		return v.whole[v.at+overhead : v.end : v.end]
	}
	return nil
}

// Expires is when it ends, in nanoseconds since 1970; 0 if there is none.
func (r *Record) Expires() int64 {
	if v := &r.bytes; !v.over && v.end > 0 {
		return expiry(v.whole[v.at:])
	}
	return 0
}

// Load reads a record by one host call. now is in nanoseconds since 1970. A value that is not
// a bucket is an empty one.
func (t *Table) Load(r *Record, id ID, now int64) {
	r.id, r.now = id, now
	r.bucket = t.bucket(id)
	value, version, ok := t.host.Load(t.name(r.bucket))
	if r.version = version; !ok || !r.bytes.look(value, &r.id, now) {
		t.empty(r, ok)
	}
}

// empty makes a record one of a bucket that is not there, or is none.
//
//go:noinline
func (t *Table) empty(r *Record, there bool) {
	if r.bytes = (view{}); there {
		t.counts.Corrupt++
	} else {
		r.version = t.absent(r.bucket)
	}
}

// Store writes a record by one host call, if its bucket is as it was when the record was
// loaded; ErrConflict, if it is not. A value that is empty, or over already, removes the
// record. Where the bucket is full the record that expires first gives way.
func (t *Table) Store(r *Record, value []byte, expires int64) error {
	v := &r.bytes
	if len(value) == 0 || len(value) > t.shape.Bytes || expires <= r.now || v.live >= t.shape.Ways || !v.takes(len(value)) {
		return t.storeElsewhere(r, value, expires)
	}
	binary.LittleEndian.PutUint64(v.whole[1+atExpiry:], uint64(expires))
	copy(v.whole[1+overhead:], value)
	return t.write(r, v.whole)
}

// storeElsewhere is Store for a value that cannot be put where the record is.
//
//go:noinline
func (t *Table) storeElsewhere(r *Record, value []byte, expires int64) error {
	if len(value) > t.shape.Bytes {
		return ErrTooLarge
	}
	gone := len(value) == 0 || expires <= r.now
	if gone && r.Value() == nil {
		return nil
	}
	bucket, evicted := t.rewrite(r, value, expires, gone)
	err := t.write(r, bucket)
	if err == nil {
		t.counts.Evicted += uint64(evicted)
	}
	return err
}

// write writes a record's bucket.
func (t *Table) write(r *Record, bucket []byte) error {
	err := t.host.Store(t.name(r.bucket), bucket, r.version)
	if err != nil {
		t.refuse(r, err)
	}
	return err
}

// refuse notes that a bucket was not stored.
//
//go:noinline
func (t *Table) refuse(r *Record, err error) {
	if errors.Is(err, ErrConflict) {
		t.counts.Conflicts++
		t.refused = r.bucket
	}
}

// rewrite is the record's bucket with its new value, or without it, and how many records had
// to give way.
func (t *Table) rewrite(r *Record, value []byte, expires int64, gone bool) (bucket []byte, evicted int) {
	b := append(t.scratch[:0], format)
	count := r.bytes.live
	if !gone {
		b = appendRecord(b, r.id, value, expires)
		count++
	}
	from := len(b) // the record itself does not give way
	b = r.bytes.appendOthers(b, r.now)
	tooMany := max(0, count-t.shape.Ways)
	for range tooMany {
		b = evict(b, from)
	}
	t.scratch = b
	return b, tooMany
}

// attempts is how often Update stores before it gives up. Each conflict means that another
// worker has stored, so even workers that did nothing else would come to an end; with
// work between, one attempt in ten fails at worst.
const attempts = 16

// Update changes a record: edit gets its value, nil if there is none, which it may change
// in place, and returns another and when that ends, as Store takes them. It is called again
// after each conflict; the 16th is returned, and nothing was changed.
func (t *Table) Update(id ID, now int64, edit func(old []byte) (value []byte, expires int64)) error {
	var r Record
	for range attempts {
		t.Load(&r, id, now)
		value, expires := edit(r.Value())
		if err := t.Store(&r, value, expires); !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return ErrConflict
}
