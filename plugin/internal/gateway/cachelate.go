package gateway

import "github.com/postern-gateway/postern/plugin/internal/cache"

// Answers that come soon one after another are stored together: most of what storing takes is code that
// the processor does not have at hand, so that the second of two in a row takes a third of the first.
// Nobody notices in this worker; others find such an answer a glance later. It is done with answers
// only that are sure to find room, in a memory that nobody has to be asked for.

// lates are a worker's answers that are yet to be stored.
type lates struct {
	memory *cache.Memory // nil: there never are any
	list   []late        // with room for the most
	last   int64         // when an answer was last to be kept
	purges uint32        // of the memory, when the first one came
}

// A late is such an answer, and its key.
type late struct {
	query cache.Query
	entry cache.Entry
}

const (
	mostLate   = 16
	mostOfLate = 4 << 10 // bytes of one
)

// putOff has the answer stored later, if that is free to do; false: it is to be stored now. An answer
// that comes alone is.
func (s *Stream) putOff() bool {
	c, l := &s.cache, &s.w.late
	if l.memory == nil {
		return false
	}
	now := s.w.port.Now()
	alone := now-l.last >= int64(GlanceEvery)
	if l.last = now; alone || len(c.entry) > c.room {
		return false
	}
	if len(l.list) == 0 {
		l.purges = l.memory.Purges()
	}
	n := len(l.list)
	l.list = l.list[:n+1]
	x := &l.list[n]
	x.query = c.query
	c.fill(&x.entry, now, append(x.entry.Value[:0], c.entry...))
	s.w.repeats.drop(&c.query.Key)
	if n+1 == mostLate {
		s.w.storeLate()
	}
	return true
}

// newLates is for a store; where somebody has to be asked, or questions that are alike are looked for,
// nothing is put off.
func newLates(kept cache.Store, alike bool) lates {
	memory, ok := kept.(*cache.Memory)
	if !ok || memory == nil || alike {
		return lates{}
	}
	return lates{memory: memory, list: make([]late, 0, mostLate)}
}

// beforeLook stores what is to be looked for now, if that was put off.
//
//go:noinline
func (w *Worker) beforeLook(k *cache.Key) {
	for i := range w.late.list {
		if w.late.list[i].query.Key == *k {
			w.storeLate()
			return
		}
	}
}

// storeLate stores what was put off, unless somebody has purged something since. Who does so meanwhile may
// have come by a bucket before an entry did: such entries go again.
//
//go:noinline
func (w *Worker) storeLate() {
	l := &w.late
	if len(l.list) == 0 {
		return
	}
	purged := l.memory.Purges() != l.purges
	for i := range l.list {
		x := &l.list[i]
		why := "purged"
		if !purged {
			why = l.memory.Keep(&x.query, &x.entry)
		}
		if why == "" {
			w.stored++
		} else {
			w.countCache("_not_kept;outcome="+why, 1)
		}
	}
	if !purged && l.memory.Purges() != l.purges {
		for i := range l.list {
			l.memory.Drop(&l.list[i].query.Key)
		}
	}
	l.list = l.list[:0]
	w.tellOutdated()
}
