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
	room    int    // bytes that the bucket had left where nothing was found last
	at      int    // the bucket whose index that is as it was loaded, and one more; 0: it has changed since
	version uint32 // and its version
	value   []byte
	counts  Counts
	found   record // that was found last

	named int    // the bucket that was asked for last,
	name  string // and its index's name; empty: none was

	create uint32 // the version that a value is made with, which hosts disagree about
}

// Counts are what a Memory has met since its worker started.
type Counts struct {
	Stored, Refused, Evicted, Lost uint64

	// Outdated are those that were purged, or that another of the same key came in the place of.
	Outdated uint64

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

const digits = "0123456789abcdef"

// indexName is that of a bucket's index. A request that finds nothing asks for the same again.
//
//go:noinline
func (m *Memory) indexName(bucket int) string {
	if m.named != bucket || m.name == "" {
		var b [64]byte
		n := append(b[:0], m.prefix...)
		for shift := 20; shift >= 0; shift -= 4 {
			n = append(n, digits[bucket>>shift&15])
		}
		m.named, m.name = bucket, string(n)
	}
	return m.name
}

// slotName is that of one of its values.
//
//go:noinline
func (m *Memory) slotName(bucket, slot int) string {
	return m.indexName(bucket) + "/" + digits[slot&15:][:1]
}

func (m *Memory) bucket(k *Key) int {
	return int(binary.LittleEndian.Uint32(k[:])&0xffffff) & (m.buckets - 1)
}

// load reads a bucket's index.
//
//go:noinline
func (m *Memory) load(bucket int) uint32 {
	value, version, ok := m.host.Load(m.indexName(bucket))
	if !ok {
		version = m.create
	}
	m.index.read(value)
	m.at = 0
	return version
}

// save writes it. A conflict over an index that is not there shows that the host makes
// values with version 0.
func (m *Memory) save(bucket int, version uint32) bool {
	err := m.host.Store(m.indexName(bucket), m.index.b, version)
	if err != nil && version == neverIssued && errors.Is(err, state.ErrConflict) {
		m.create = 0
	}
	return err == nil
}

// Get finds an entry; false if there is none that is whole and not over. random is any
// number, another each time. The entry's value is valid until the host's event is over.
func (m *Memory) Get(k *Key, now int64, random uint64) (e Entry, ok bool) {
	if value, version, r := m.look(k, now); r != nil {
		return m.get(value, version, r, k, now, random)
	}
	return e, false
}

// look finds the record of a piece that is not over, in its bucket's index; nil if there is none. Then
// an entry is stored there before long, mostly, so the index is kept, if there is one, and how much room
// it leaves.
//
//go:noinline
func (m *Memory) look(k *Key, now int64) (value []byte, version uint32, r *record) {
	bucket := m.bucket(k)
	value, version, ok := m.host.Load(m.indexName(bucket))
	list := recordsOf(value)
	full := len(list) >= ways*recordSize
	m.room = m.budget
	for ; len(list) >= recordSize; list = list[recordSize:] {
		x := (*record)(list)
		if m.room -= x.size(); x.is(k) {
			r = x
		}
	}
	if r != nil && r.expires() > now {
		return value, version, r
	}
	if full {
		m.room = 0
	}
	if ok {
		m.index.read(value)
		m.at, m.version = bucket+1, version
	}
	return value, version, nil
}

// get reads the entry whose first record was found.
//
//go:noinline
func (m *Memory) get(value []byte, version uint32, r *record, k *Key, now int64, random uint64) (e Entry, ok bool) {
	e, p, ok := m.piece(value, version, r, k, random)
	if !ok || p.count == 1 {
		e.Value = p.content
		return e, ok
	}
	whole := append(make([]byte, 0, int(p.count)*pieceSize), p.content...)
	for i := 1; i < int(p.count); i++ {
		at := k.piece(i)
		value, version, r := m.look(&at, now)
		if r == nil {
			return e, false
		}
		_, next, ok := m.piece(value, version, r, &at, random>>(i&31))
		if !ok || next.nonce != p.nonce || next.number != uint16(i) {
			return e, false
		}
		whole = append(whole, next.content...)
	}
	e.Value = whole
	return e, true
}

// piece reads the piece whose record was found in an index, and notes there that it was asked for.
func (m *Memory) piece(index []byte, version uint32, r *record, k *Key, random uint64) (e Entry, p piece, ok bool) {
	bucket := m.bucket(k)
	value, _, _ := m.host.Load(m.slotName(bucket, r.slot()))
	if p, ok = readPiece(value, k); !ok { // its writer has not come to it, or another's has
		return e, p, false
	}
	e = Entry{Stored: r.stored() * 1e9, Expires: r.expires(), Stale: int64(p.stale) * 1e9, Scope: r.scope(), Model: r.model()}
	if r.seen(random) {
		m.host.Store(m.indexName(bucket), index, version) // or not: somebody else has noted something
	}
	m.found = *r
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
	r := &m.found
	if !r.is(k) || r.whole() != r.size() {
		return false
	}
	x.name, x.record = m.indexName(m.bucket(k)), *r
	return true
}

// Notes reports whether it is to be noted that the entry was asked for, as often as it was when it was last
// looked for: Get does that, with the same random number.
func (x *Mark) Notes(random uint64) bool { return counted(x.record[41], random) != x.record[41] }

// Still reports whether an entry is there as it was when it was marked. An entry in its place has another
// time until which it is kept, in nanoseconds.
func (m *Memory) Still(x *Mark) bool {
	value, _, _ := m.host.Load(x.name)
	f, ok := find(value, &x.record)
	if ok {
		x.record[41] = f
	}
	return ok
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
		version := m.version
		if m.at != bucket+1 {
			version = m.load(bucket)
		}
		m.at = 0
		c := m.index.admit(k, len(m.value), pieces, m.budget, e.Stored, random)
		if c.slot < 0 {
			m.counts.Refused++
			m.save(bucket, version)
			return false
		}
		m.index.add(k, e, len(m.value), &c)
		name, before := m.slotName(bucket, c.slot), m.create
		if c.n > 0 || before != neverIssued { // else nobody has had the place, most likely, and who has shows then
			if _, version, ok := m.host.Load(name); ok {
				before = version
			}
		}
		if !m.save(bucket, version) {
			continue
		}
		m.counts.Bytes += int64(m.index.held - c.held)
		if c.n > 0 {
			m.evicted(bucket, &c)
		}
		if c.same {
			m.counts.Outdated++
		}
		if m.host.Store(name, m.value, before) == nil {
			return true
		}
		return m.fillLate(k, bucket, c.slot)
	}
	m.counts.Lost++
	return false
}

// evicted frees the slots of those that had to go, but for the one that has a new owner.
//
//go:noinline
func (m *Memory) evicted(bucket int, c *claim) {
	m.counts.Evicted += uint64(c.n)
	for _, slot := range c.evicted() {
		if int(slot) != c.slot {
			m.empty(bucket, int(slot))
		}
	}
}

// fillLate writes m.value to its slot once more, where somebody who had the slot before has come
// late: the bytes there have to be those that the index counts.
//
//go:noinline
func (m *Memory) fillLate(k *Key, bucket, slot int) bool {
	for range tries - 1 {
		m.load(bucket)
		if r := among(m.index.list(), k); r == nil || r.slot() != slot {
			break // it has a new owner already
		}
		_, version, ok := m.host.Load(m.slotName(bucket, slot))
		if !ok {
			version = 0
		}
		if m.host.Store(m.slotName(bucket, slot), m.value, version) == nil {
			return true
		}
	}
	m.counts.Lost++
	return false
}

// empty frees a slot that no entry has any more.
func (m *Memory) empty(bucket, slot int) {
	_, version, ok := m.host.Load(m.slotName(bucket, slot))
	if !ok {
		return
	}
	m.load(bucket)
	if !m.index.uses(slot) {
		m.host.Store(m.slotName(bucket, slot), nil, version) // a conflict is a new owner
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
	m.announce()
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
		c := claim{held: m.index.count()}
		for i := m.index.n() - 1; i >= 0; i-- {
			if f.matches(m.index.at(i)) {
				m.index.remove(i, &c)
			}
		}
		if c.n == 0 {
			return 0
		}
		if m.save(bucket, version) {
			m.counts.Bytes += int64(m.index.held - c.held)
			m.counts.Outdated += uint64(c.n)
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
