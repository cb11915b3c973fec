package cache

// A Store keeps entries: here, or with somebody who has to be asked.
type Store interface {
	// Find looks for an entry. What is known is said at once; the entry's value is then valid
	// until the host's event is over. After Asked, then gets the entry, or nil, once and never
	// before Find is over, valid until it returns.
	Find(q *Query, then func(*Entry)) (Entry, Finding)

	// Keep stores an entry, or sends it on its way, and says why it does not: room, away.
	Keep(q *Query, e *Entry) (why string)

	// Remove removes entries. then gets, now or later, how many there were as far as that
	// is known, and whether all who have entries have heard of it.
	Remove(f *Filter, then func(removed int, heard bool))

	// Tick does what is due.
	Tick()

	// Counts are what it has met so far.
	Counts() Counts
}

// A Query says what a store has to know of an entry to find it.
type Query struct {
	Key          Key
	Scope, Model Tag
	Now          int64  // in nanoseconds since 1970
	Random       uint64 // any number, another each time
	Local        bool   // nobody is to be asked, or told
}

// A Finding is what a store knows of an entry.
type Finding uint8

// Findings.
const (
	Absent Finding = iota
	Found
	Asked // somebody is, and will say
)

var _ Store = (*Memory)(nil)

// Find knows at once.
func (m *Memory) Find(q *Query, _ func(*Entry)) (Entry, Finding) {
	if value, version, r := m.look(&q.Key, q.Now); r != nil {
		if e, ok := m.get(value, version, r, &q.Key, q.Now, q.Random); ok {
			return e, Found
		}
	}
	return Entry{}, Absent
}

// Keep stores at once.
func (m *Memory) Keep(q *Query, e *Entry) (why string) {
	if !m.Put(&q.Key, e, q.Random) {
		return "room"
	}
	return ""
}

// Tick has nothing to do: what is over makes room when some is needed.
func (m *Memory) Tick() {}

// Remove removes at once.
func (m *Memory) Remove(f *Filter, then func(removed int, heard bool)) { then(m.Purge(f), true) }
