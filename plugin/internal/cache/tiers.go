package cache

// Tiers are a Memory in front of a Remote: what others have kept is asked for once, and then
// here.
type Tiers struct {
	Memory *Memory
	Remote *Remote
}

var _ Store = (*Tiers)(nil)

// Find looks in the memory, and asks for what is not there, or not fresh.
func (t *Tiers) Find(q *Query, then func(*Entry)) (Entry, Finding) {
	here, found := t.Memory.Find(q, nil)
	if found == Found && voids(t.Remote.voided, &q.Key, &here) {
		here, found = Entry{}, Absent
	}
	if found == Found && here.Fresh(q.Now) {
		return here, found
	}
	ask := *q
	_, there := t.Remote.Find(q, func(e *Entry) {
		if e != nil && (found == Absent || e.Stored > here.Stored) {
			t.Memory.Put(&ask.Key, e, ask.Random)
		} else if here, ok := t.Memory.Get(&ask.Key, ask.Now, ask.Random); ok && !voids(t.Remote.voided, &ask.Key, &here) {
			e = &here
		}
		then(e)
	})
	if there == Asked {
		return Entry{}, Asked
	}
	return here, found
}

// Keep stores an entry in both.
func (t *Tiers) Keep(q *Query, e *Entry) (why string) {
	here, there := t.Memory.Keep(q, e), t.Remote.Keep(q, e)
	if there == "" {
		return ""
	}
	return here
}

// Remove removes entries of both. Other proxies hear of it before long, and give theirs no more.
func (t *Tiers) Remove(f *Filter, then func(removed int, heard bool)) {
	n := t.Memory.Purge(f)
	t.Remote.Remove(f, func(more int, heard bool) { then(max(n, more), heard) })
}

// Tick does what is due.
func (t *Tiers) Tick() {
	t.Remote.Tick()
	t.Remote.hear()
}

// Counts are those of the memory.
func (t *Tiers) Counts() Counts { return t.Memory.Counts() }
