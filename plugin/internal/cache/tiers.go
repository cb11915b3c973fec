package cache

// Tiers are a Memory in front of a Remote: what others have kept is asked for once, and then
// here.
type Tiers struct {
	Memory *Memory
	Remote *Remote
}

var _ Store = (*Tiers)(nil)

// Find looks in the memory, and asks for what is not there.
func (t *Tiers) Find(q *Query, then func(*Entry)) (Entry, Finding) {
	if e, found := t.Memory.Find(q, nil); found == Found {
		return e, found
	}
	key, random := q.Key, q.Random
	return t.Remote.Find(q, func(e *Entry) {
		if e != nil {
			t.Memory.Put(&key, e, random)
		}
		then(e)
	})
}

// Keep stores an entry in both.
func (t *Tiers) Keep(q *Query, e *Entry) (why string) {
	here, there := t.Memory.Keep(q, e), t.Remote.Keep(q, e)
	if there == "" {
		return ""
	}
	return here
}

// Remove removes entries of both. Other proxies' memories keep theirs until they are over.
func (t *Tiers) Remove(f *Filter, then func(removed int, heard bool)) {
	n := t.Memory.Purge(f)
	t.Remote.Remove(f, func(more int, heard bool) { then(max(n, more), heard) })
}

// Tick does what is due.
func (t *Tiers) Tick() { t.Remote.Tick() }

// Counts are those of the memory.
func (t *Tiers) Counts() Counts { return t.Memory.Counts() }
