// Package revoked keeps which credentials do not hold any more, for all workers of a proxy.
//
// Each worker has the whole list in its memory, so that a request costs no host call. At
// every tick it looks at one small number in the shared state, and reads the list again when
// that has changed. The list is one value of the host's, bounded, and never gives up an
// entry to make room: one more than there is room for is an error.
package revoked

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/postern-gateway/postern/plugin/internal/state"
)

// An ID names a credential: the SHA-256 of an API key or of a token, or what stands for a
// key that describes itself.
type ID = [32]byte

// An Entry is one that was revoked. Times are in seconds since 1970.
type Entry struct {
	ID    ID
	Since int64
	Until int64 // when it is forgotten; 0 is never
}

// ErrFull says that there are as many entries as there can be.
var ErrFull = errors.New("as many credentials are revoked as there can be")

// A List is a worker's view.
type List struct {
	entries    *state.Table
	generation *state.Table
	seen       string       // the generation of known
	read       int64        // when known was, in nanoseconds since 1970
	known      map[ID]int64 // when they are forgotten, in seconds since 1970; 0 is never
}

const (
	// Most is how many entries there can be.
	Most = 1000

	slack    = 24 // for workers that add at the same time
	size     = 32 + 8
	second   = int64(1_000_000_000)
	readEach = 60 * second // even if nothing seems to have changed: whoever changed it may have died before saying so
	never    = math.MaxInt64
)

// New is a worker's view in a space of the shared state, as it stands.
func New(host state.Host, space string, now int64) *List {
	l := &List{entries: NewTable(host, space), generation: state.New(host, space, "revoked-generation", state.Shape{Buckets: 1, Ways: 1, Bytes: 8})}
	l.Read(now)
	return l
}

// NewTable is where the entries are kept.
func NewTable(host state.Host, space string) *state.Table {
	return state.New(host, space, "revoked", state.Shape{Buckets: 1, Ways: Most + slack, Bytes: size})
}

// Has reports whether a credential was revoked. now is in nanoseconds since 1970.
func (l *List) Has(id ID, now int64) bool {
	until, ok := l.known[id]
	return ok && (until == 0 || now < until*second)
}

// Look reads the list again if another worker has changed it. It is one host call.
func (l *List) Look(now int64) {
	if now-l.read >= readEach || l.current(now) != l.seen {
		l.Read(now)
	}
}

func (l *List) current(now int64) string {
	var r state.Record
	l.generation.Load(&r, l.generation.ID(), now)
	return string(r.Value())
}

// Read reads the list. Where the host has something that is none, what was known stays:
// nobody is let in because of it.
func (l *List) Read(now int64) {
	seen, corrupt := l.current(now), l.entries.Counts().Corrupt
	known := map[ID]int64{}
	l.Each(now, func(e Entry) { known[e.ID] = e.Until })
	l.read = now
	if l.entries.Counts().Corrupt == corrupt {
		l.known, l.seen = known, seen
	}
}

// Each calls f for every entry that has not been forgotten.
//
//go:noinline
func (l *List) Each(now int64, f func(Entry)) {
	l.entries.Each(now, func(_ state.ID, value []byte, expires int64) {
		if len(value) != size {
			return
		}
		e := Entry{ID: ID(value), Since: int64(binary.LittleEndian.Uint64(value[32:]))}
		if expires != never {
			e.Until = expires / second
		}
		f(e)
	})
}

// Add revokes a credential, or changes until when. It holds in this worker at once.
func (l *List) Add(e Entry, now int64) error {
	n := 0
	l.Each(now, func(x Entry) {
		if x.ID != e.ID {
			n++
		}
	})
	if n >= Most {
		return ErrFull
	}
	value := binary.LittleEndian.AppendUint64(e.ID[:], uint64(e.Since))
	expires := int64(never)
	if e.Until != 0 && e.Until < never/second {
		expires = e.Until * second
	}
	return l.change(e.ID, value, expires, now)
}

// Remove lets a credential hold again. false is that it was not revoked.
func (l *List) Remove(id ID, now int64) (bool, error) {
	found := false
	l.Each(now, func(e Entry) { found = found || e.ID == id })
	if !found {
		return false, nil
	}
	return true, l.change(id, nil, 0, now)
}

func (l *List) change(id ID, value []byte, expires, now int64) error {
	if err := l.entries.Update(l.entries.ID(string(id[:])), now, func([]byte) ([]byte, int64) { return value, expires }); err != nil {
		return err
	}
	return l.Changed(now)
}

// Changed tells all workers that the list has changed.
func (l *List) Changed(now int64) error {
	err := l.generation.Update(l.generation.ID(), now, func(old []byte) ([]byte, int64) {
		var n uint64
		if len(old) == 8 {
			n = binary.LittleEndian.Uint64(old)
		}
		return binary.LittleEndian.AppendUint64(nil, n+1), never
	})
	l.Read(now)
	return err
}

// Valid reports whether a record is one that a table has under an id.
func Valid(t *state.Table, id state.ID, value []byte) bool {
	return len(value) == size && t.ID(string(value[:32])) == id
}
