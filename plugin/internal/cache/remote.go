package cache

import (
	"strconv"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A Network is what a Remote wants of its worker.
type Network interface {
	// Now is the wall clock in nanoseconds since 1970.
	Now() int64

	// Ask makes a callout. then gets its answer, once and never at once; status 0 is none.
	// false is that it cannot be made now.
	Ask(c *adapters.Callout, most int, then func(status int, body []byte)) bool

	// Asked tells what has become of a question: how it ended, and after how long.
	Asked(operation, outcome string, nanos int64)

	// Warn tells the operator.
	Warn(line string)
}

// A Remote keeps entries in a Redis, which others may share. What is there it believes only as far
// as it is sealed. It holds no question back and asks none twice; where nobody answers it is
// as if there were no entries.
//
// Entries that are purged together stay where they are: a mark says since when they are void, and
// is read with each entry.
type Remote struct {
	net     Network
	redis   *Redis
	secret  []byte
	breaker breaker
	finds   int // under way
	keeps   int
	doc     rawjson.Doc

	hearing int     // questions under way for what was purged
	heard   int64   // when that was asked last
	voided  []purge // what was purged, as far as it is known
}

var _ Store = (*Remote)(nil)

const (
	mostFinds = 128 // under way
	mostKeeps = 32
	// patience is for what no request waits for.
	patience = time.Second
	mostWord = 1 << 10 // bytes of an answer beside an entry
)

// NewRemote gives access to the entries in a Redis. It asks nothing yet.
func NewRemote(net Network, redis *Redis) *Remote {
	return &Remote{net: net, redis: redis, secret: []byte(redis.Secret.Reveal())}
}

// Counts are none: a Redis evicts by itself.
func (r *Remote) Counts() Counts { return Counts{} }

// name is that of an entry. A new format of the seal has other names, so that two releases do
// not overwrite each other's.
//
//go:noinline
func (r *Remote) name(k *Key) string {
	n := append(make([]byte, 0, len(r.redis.Prefix)+4+2*len(k)), r.redis.Prefix...)
	n = append(n, ':', 'e', '0'+sealFormat, ':')
	return string(AppendHex(n, k[:]))
}

// mark is the name of what says since when entries of a scope and a model are void; 0 is any.
func (r *Remote) mark(scope, model Tag) string {
	return r.redis.Prefix + ":void:" + strconv.FormatUint(uint64(scope), 16) + ":" + strconv.FormatUint(uint64(model), 16)
}

// ask has a command carried out. then gets what Redis says to it; not ok is that it says
// nothing, or no.
func (r *Remote) ask(operation string, under *int, c *adapters.Callout, command string, then func(v rawjson.Value, ok bool)) bool {
	began := r.net.Now()
	if !r.net.Ask(c, mostWord+max((r.redis.Most+mostSealed)*4/3, mostPurges*purgeSize), func(status int, body []byte) {
		*under--
		now := r.net.Now()
		v, outcome := r.redis.reply(&r.doc, command, status, body)
		r.net.Asked(operation, outcome, now-began)
		// That it does not take an entry, for it is full or only a copy, says nothing of those that it has.
		failed := outcome == unanswered || outcome != wentWell && operation != "keep"
		if r.breaker.note(failed, now) {
			r.net.Warn("the cache's store " + r.redis.Cluster + " is not asked any more, as it fails too often (last: " + outcome + "); the next attempt is in " + r.breaker.wait.String())
			r.net.Asked("breaker", "opened", 0)
		}
		then(v, outcome == wentWell)
	}) {
		r.net.Asked(operation, "busy", 0)
		return false
	}
	*under++
	return true
}

// Find asks for an entry and for the marks that may say that it is void.
func (r *Remote) Find(q *Query, then func(*Entry)) (Entry, Finding) {
	if q.Local || !r.breaker.closed {
		return Entry{}, Absent
	}
	if r.finds >= mostFinds {
		r.net.Asked("find", "busy", 0)
		return Entry{}, Absent
	}
	key := q.Key
	c := r.redis.command(r.redis.Deadline, nil, "MGET", r.name(&key), r.mark(0, 0), r.mark(q.Scope, 0), r.mark(0, q.Model), r.mark(q.Scope, q.Model))
	scope, model := q.Scope, q.Model
	if !r.ask("find", &r.finds, c, "MGET", func(v rawjson.Value, ok bool) {
		e, ok := r.read(v, &key, ok)
		if !ok {
			then(nil)
			return
		}
		e.Scope, e.Model = scope, model
		then(&e)
	}) {
		return Entry{}, Absent
	}
	return Entry{}, Asked
}

// read takes an entry out of what Redis says; false if there is none that is good.
func (r *Remote) read(v rawjson.Value, k *Key, ok bool) (e Entry, good bool) {
	text := v.At(0)
	if !ok || text.Kind() != rawjson.String {
		return e, false
	}
	if e, good = readSealed(text.Bytes(), k, r.secret); !good {
		r.net.Asked("find", "void", 0)
		return e, false
	}
	void := int64(0)
	for i := 1; i < v.Len(); i++ {
		if n, err := strconv.ParseInt(v.At(i).Str(), 10, 64); err == nil {
			void = max(void, n)
		}
	}
	return e, e.Expires > r.net.Now() && e.Stored/1e6 >= void
}

// Keep sends an entry on its way.
func (r *Remote) Keep(q *Query, e *Entry) (why string) {
	switch {
	case q.Local || !r.breaker.closed:
		return "away"
	case len(e.Value) > r.redis.Most:
		return "room"
	case r.keeps >= mostKeeps:
		r.net.Asked("keep", "busy", 0)
		return "away"
	}
	seconds := max(1, (e.Expires-q.Now+int64(time.Second)-1)/int64(time.Second))
	c := r.redis.command(patience, appendSealed(nil, &q.Key, e, r.secret), "SETEX", r.name(&q.Key), strconv.FormatInt(seconds, 10))
	if !r.ask("keep", &r.keeps, c, "SETEX", func(rawjson.Value, bool) {}) {
		return "away"
	}
	return ""
}

const (
	// later has a mark say the later of two times.
	later = "local v=tonumber(redis.call('GET',KEYS[1]) or '0') if tonumber(ARGV[1])>v then redis.call('SET',KEYS[1],ARGV[1],'EX',ARGV[2]) end" + told + " return 1"
	// gone removes an entry.
	gone = "local n=redis.call('DEL',KEYS[1])" + told + " return n"
	// markSeconds is how long a mark is needed: longer than any entry is kept.
	markSeconds = "65000000"
)

// Remove removes one entry by its key, or makes others void by a mark. How many those are is
// not known.
func (r *Remote) Remove(f *Filter, then func(removed int, heard bool)) {
	now := r.net.Now()
	before := f.Before
	if before == 0 {
		before = now
	}
	script, name := later, r.mark(f.Scope, f.Model)
	if f.Key != nil {
		script, name = gone, r.name(f.Key)
	}
	before = before/1e6 + 1
	c := r.redis.command(patience, nil, "EVAL", script, "2", name, r.purges(), strconv.FormatInt(before, 10), markSeconds, f.record(before, now), strconv.Itoa(mostPurges*purgeSize))
	if !r.ask("remove", &r.keeps, c, "EVAL", func(v rawjson.Value, ok bool) {
		n := int64(0)
		if f.Key != nil {
			n, _ = v.Int64()
		}
		then(int(n), ok)
	}) {
		then(0, false)
	}
}

// Tick asks whether who has not answered does so again.
func (r *Remote) Tick() {
	if !r.breaker.due(r.net.Now()) {
		return
	}
	var none int
	first := r.breaker.wait == 0
	if !r.ask("probe", &none, r.redis.command(r.redis.Deadline, nil, "PING"), "PING", func(_ rawjson.Value, ok bool) {
		r.breaker.probed(!ok, r.net.Now())
		switch {
		case ok && !first:
			r.net.Warn("the cache's store " + r.redis.Cluster + " is asked again")
			r.net.Asked("breaker", "closed", 0)
		case !ok && first:
			r.net.Warn("the cache's store " + r.redis.Cluster + " does not answer; the next attempt is in " + r.breaker.wait.String())
		}
	}) {
		r.breaker.probed(true, r.net.Now())
	}
}
