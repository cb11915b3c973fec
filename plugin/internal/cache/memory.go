package cache

import (
	"encoding/binary"
	"errors"

	"github.com/postern-gateway/postern/plugin/internal/state"
)

const (
	ways       = 16       // entries in a bucket
	bucketSize = 20 << 10 // bytes of a bucket, index and all, at least
	pieceSize  = 8 << 10  // of a value: an entry that is larger has several
	tries      = 8        // to store, when other workers come before
)

// A Memory keeps entries in the shared data of a proxy. A bucket is an index, one value of
// the host, and up to 16 more values with the answers; which of its bytes are an entry's the
// index alone decides. An entry that is larger than a piece is several entries.
//
// All buckets together have no more bytes than they may, but for what another worker is
// storing at the same moment. It keeps nothing in the worker, and belongs to one.
type Memory struct {
	host    state.Host
	prefix  string
	buckets int // a power of two
	budget  int // bytes of a bucket's values
	index   index
	value   []byte
	counts  Counts

	create uint32 // the version that a value is made with, which hosts disagree about
}

// Counts are what a Memory has met since its worker started.
type Counts struct {
	Stored, Refused, Evicted, Lost uint64

	// Bytes is by how much it has changed what all workers hold together.
	Bytes int64
}

// An Entry is an answer and what it is purged by.
type Entry struct {
	Stored, Expires int64 // nanoseconds since 1970
	Stale           int64 // nanoseconds before it expires that it is not fresh any more
	Scope, Model    Tag
	Value           []byte
}

// Fresh reports whether an entry is as good as new.
func (e *Entry) Fresh(now int64) bool { return now < e.Expires-e.Stale }

// neverIssued is a version that no value has: see package state.
const neverIssued = 1<<32 - 1

// NewMemory gives access to the entries of a space, which may take so many bytes of the
// host's memory; names, of which there are 17 a bucket, are not counted. It asks the host
// nothing.
func NewMemory(host state.Host, space string, bytes int) *Memory {
	m := &Memory{host: host, prefix: "postern/" + state.Format + "/" + space + "/cached/", buckets: 1, create: neverIssued}
	for bytes/(2*m.buckets) >= bucketSize {
		m.buckets *= 2
	}
	m.budget = bytes/m.buckets - maxIndex
	return m
}

// Counts are what it has met so far.
func (m *Memory) Counts() Counts { return m.counts }

// name is that of a bucket's index, or of one of its values.
//
//go:noinline
func (m *Memory) name(bucket, slot int) string {
	const digits = "0123456789abcdef"
	var b [64]byte
	n := append(b[:0], m.prefix...)
	for shift := 20; shift >= 0; shift -= 4 {
		n = append(n, digits[bucket>>shift&15])
	}
	if slot >= 0 {
		n = append(n, '/', digits[slot&15])
	}
	return string(n)
}

func (m *Memory) bucket(k *Key) int {
	return int(binary.LittleEndian.Uint32(k[:])&0xffffff) & (m.buckets - 1)
}

// load reads a bucket's index.
//
//go:noinline
func (m *Memory) load(bucket int) uint32 {
	value, version, ok := m.host.Load(m.name(bucket, -1))
	if !ok {
		version = m.create
	}
	m.index.read(value)
	return version
}

// save writes it. A conflict over an index that is not there shows that the host makes
// values with version 0.
func (m *Memory) save(bucket int, version uint32) bool {
	err := m.host.Store(m.name(bucket, -1), m.index.bytes(), version)
	if errors.Is(err, state.ErrConflict) && version == neverIssued {
		m.create = 0
	}
	return err == nil
}

// Get finds an entry; false if there is none that is whole and not over. random is any
// number, another each time. The entry's value is valid until the host's event is over.
func (m *Memory) Get(k *Key, now int64, random uint64) (e Entry, ok bool) {
	e, p, ok := m.piece(k, now, random)
	if !ok || p.count == 1 {
		e.Value = p.content
		return e, ok
	}
	whole := append(make([]byte, 0, int(p.count)*pieceSize), p.content...)
	for i := 1; i < int(p.count); i++ {
		at := k.piece(i)
		_, next, ok := m.piece(&at, now, random>>(i&31))
		if !ok || next.nonce != p.nonce || next.number != uint16(i) {
			return e, false
		}
		whole = append(whole, next.content...)
	}
	e.Value = whole
	return e, true
}

// piece finds one piece, and notes that it was asked for.
func (m *Memory) piece(k *Key, now int64, random uint64) (e Entry, p piece, ok bool) {
	bucket := m.bucket(k)
	version := m.load(bucket)
	r := m.index.find(k)
	if r == nil || r.expires() <= now {
		return e, p, false
	}
	value, _, _ := m.host.Load(m.name(bucket, r.slot()))
	if p, ok = readPiece(value, k); !ok { // its writer has not come to it, or another's has
		return e, p, false
	}
	e = Entry{Stored: r.stored() * 1e9, Expires: r.expires(), Stale: int64(p.stale) * 1e9, Scope: r.scope(), Model: r.model()}
	if r.seen(random) {
		m.save(bucket, version) // or not: somebody else has noted something
	}
	return e, p, true
}

// A Mark tells an entry from all that may come in its place.
type Mark struct {
	name   string // of its bucket's index
	record record
}

// Is reports whether it is the mark of an entry of that key.
func (x *Mark) Is(k *Key) bool { return x.record.is(k) }

// Mark makes x that of the entry that was found last; false if it is in several pieces, which may get
// lost one by one.
func (m *Memory) Mark(x *Mark, k *Key) bool {
	r := m.index.find(k)
	if r == nil || r.whole() != r.size() {
		return false
	}
	x.name, x.record = m.name(m.bucket(k), -1), *r
	return true
}

// Still reports whether an entry is there as it was when it was marked. It is false, too, if it is to
// be noted that the entry was asked for: Get does that, with the same random number. An entry in its
// place has another time until which it is kept, in nanoseconds.
func (m *Memory) Still(x *Mark, random uint64) bool {
	value, _, _ := m.host.Load(x.name)
	f, ok := find(value, &x.record)
	return ok && counted(f, random) == f
}

// Put stores an entry; false if there is no room for it, or others are in the way.
func (m *Memory) Put(k *Key, e *Entry, random uint64) bool {
	pieces := (len(e.Value) + pieceSize - 1) / pieceSize
	if pieces == 0 || pieces > mostPieces || pieceSize+pieceHead > m.budget {
		return false
	}
	for i := pieces - 1; i >= 0; i-- { // the first one comes last: without it there is none
		at := *k
		if i > 0 {
			at = k.piece(i)
		}
		end := min((i+1)*pieceSize, len(e.Value))
		m.value = appendPiece(m.value[:0], &at, piece{random, uint16(i), uint16(pieces), uint32(e.Stale / 1e9), e.Value[i*pieceSize : end]})
		if !m.put(&at, e, pieces, random>>(i&31)) {
			return false
		}
	}
	m.counts.Stored++
	return true
}

// put stores m.value: its place first, in the index, and then itself.
func (m *Memory) put(k *Key, e *Entry, pieces int, random uint64) bool {
	bucket := m.bucket(k)
	for range tries {
		version := m.load(bucket)
		held := m.index.size()
		c := m.index.admit(k, len(m.value), pieces, m.budget, e.Stored, random)
		if c.slot < 0 {
			m.counts.Refused++
			m.save(bucket, version)
			return false
		}
		m.index.add(k, e, len(m.value), &c)
		_, before, ok := m.host.Load(m.name(bucket, c.slot))
		if !ok {
			before = m.create
		}
		if !m.save(bucket, version) {
			continue
		}
		m.counts.Bytes += int64(m.index.size() - held)
		m.counts.Evicted += uint64(len(c.evicted()))
		for _, slot := range c.evicted() {
			if int(slot) != c.slot {
				m.empty(bucket, int(slot))
			}
		}
		return m.fill(k, bucket, c.slot, before)
	}
	m.counts.Lost++
	return false
}

// fill writes m.value to its slot. Where somebody who had the slot before comes late, it is
// written again: the bytes there have to be those that the index counts.
func (m *Memory) fill(k *Key, bucket, slot int, version uint32) bool {
	for range tries {
		if m.host.Store(m.name(bucket, slot), m.value, version) == nil {
			return true
		}
		m.load(bucket)
		if r := m.index.find(k); r == nil || r.slot() != slot {
			break // it has a new owner already
		}
		var ok bool
		if _, version, ok = m.host.Load(m.name(bucket, slot)); !ok {
			version = 0
		}
	}
	m.counts.Lost++
	return false
}

// empty frees a slot that no entry has any more.
func (m *Memory) empty(bucket, slot int) {
	_, version, ok := m.host.Load(m.name(bucket, slot))
	if !ok {
		return
	}
	m.load(bucket)
	if !m.index.uses(slot) {
		m.host.Store(m.name(bucket, slot), nil, version) // a conflict is a new owner
	}
}

// A Filter says which entries are purged: those that match all that it says.
type Filter struct {
	Key          *Key
	Scope, Model Tag   // 0: any
	Before       int64 // stored before it, in nanoseconds since 1970; 0: whenever
}

// Purge removes entries and says how many pieces those were. It asks the host for every
// bucket, some microseconds each.
func (m *Memory) Purge(f *Filter) (removed int) {
	for bucket := range m.buckets {
		if f.Key == nil || m.bucket(f.Key) == bucket {
			removed += m.purge(bucket, f)
		}
	}
	return removed
}

func (m *Memory) purge(bucket int, f *Filter) int {
	for range tries {
		version := m.load(bucket)
		held := m.index.size()
		var c claim
		for i := m.index.n - 1; i >= 0; i-- {
			if r := &m.index.records[i]; f.matches(r) {
				m.index.remove(i, &c)
			}
		}
		if c.n == 0 {
			return 0
		}
		if m.save(bucket, version) {
			m.counts.Bytes += int64(m.index.size() - held)
			for _, slot := range c.evicted() {
				m.empty(bucket, int(slot))
			}
			return c.n
		}
	}
	m.counts.Lost++
	return 0
}

func (f *Filter) matches(r *record) bool {
	return (f.Key == nil || r.is(f.Key)) && (f.Scope == 0 || r.scope() == f.Scope) && (f.Model == 0 || r.model() == f.Model) &&
		(f.Before == 0 || r.stored()*1e9 < f.Before)
}
