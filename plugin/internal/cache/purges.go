package cache

import (
	"encoding/binary"
	"slices"
	"strconv"
	"time"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

// What was purged last is in Redis, too, for those who have entries in a memory of their own: one
// value of records of equal length, the newest first. Who has read it gives nothing that it says is void.

const (
	mostPurges = 64
	// purgeSize is of a record, of numbers in hexadecimal: when it was made and what was stored before is void,
	// in milliseconds since 1970, a scope, a model, and how a key begins.
	purgeSize = 5 * 16

	hearEvery = 2 * time.Second
	// told puts the record ARGV[3] before those of KEYS[2], and keeps ARGV[4] bytes.
	told = " redis.call('SET',KEYS[2],string.sub(ARGV[3]..(redis.call('GET',KEYS[2]) or ''),1,tonumber(ARGV[4])),'EX',ARGV[2])"
)

// A purge is one that somebody has made.
type purge struct {
	before       int64  // milliseconds since 1970
	scope, model Tag    // 0: any
	key          uint64 // how it begins; 0: any
}

// record is a filter as others read it, made at a time in nanoseconds.
func (f *Filter) record(before, now int64) string {
	var key uint64
	if f.Key != nil {
		key = beginning(f.Key)
	}
	var b []byte
	for _, n := range [...]uint64{uint64(now / 1e6), uint64(before), uint64(f.Scope), uint64(f.Model), key} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return string(AppendHex(nil, b))
}

// beginning is how a key begins, and never 0.
func beginning(k *Key) uint64 { return binary.BigEndian.Uint64(k[:]) | 1 }

// readPurges adds those of records to a list, which forgets none: a Redis may. Where there is no room for
// more records some may be missing: all that was stored before the oldest was made is void then. What is
// no record is left out.
func readPurges(list []purge, p []byte) []purge {
	full := len(p) >= mostPurges*purgeSize
	for ; len(p) >= purgeSize; p = p[purgeSize:] {
		var n [5]uint64
		ok := true
		for i := range n {
			var err error
			n[i], err = strconv.ParseUint(string(p[16*i:16*i+16]), 16, 64)
			ok = ok && err == nil
		}
		x := purge{int64(n[1]), Tag(n[2]), Tag(n[3]), n[4]}
		if full && len(p) < 2*purgeSize {
			x = purge{before: int64(n[0]) + 1}
		}
		if ok && !slices.Contains(list, x) {
			list = append(list, x)
		}
	}
	if len(list) <= 2*mostPurges {
		return list
	}
	all := purge{}
	for i := range list {
		all.before = max(all.before, list[i].before)
	}
	return append(list[:0], all)
}

// voids reports whether an entry is void by one of the purges.
func voids(list []purge, k *Key, e *Entry) bool {
	for i := range list {
		x := &list[i]
		if e.Stored/1e6 < x.before && (x.scope == 0 || x.scope == e.Scope) && (x.model == 0 || x.model == e.Model) && (x.key == 0 || x.key == beginning(k)) {
			return true
		}
	}
	return false
}

// hear reads what others have purged, now and then.
func (r *Remote) hear() {
	now := r.net.Now()
	if !r.breaker.closed || r.hearing > 0 || now < r.heard+int64(hearEvery) {
		return
	}
	r.heard = now
	c := r.redis.command(r.redis.Deadline, nil, "MGET", r.purges())
	if !r.ask("hear", &r.hearing, c, "MGET", func(v rawjson.Value, ok bool) {
		if ok {
			r.voided = readPurges(r.voided, v.At(0).Bytes())
		}
	}) {
		r.heard = 0
	}
}

// purges is the name of the records.
func (r *Remote) purges() string { return r.redis.Prefix + ":purges" }
