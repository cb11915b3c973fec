package route

import (
	"math"
	"time"
)

// keep is how long a place's record is kept after its last news.
const keep = time.Hour

// counts are answers in a time.
type counts struct {
	good, bad int64
	from      int64 // when it began
}

// A record is what all workers know of a place.
type record struct {
	counts         // of the window that is under way
	before  counts // and of the one before
	streak  int64  // failures since the last success
	until   int64  // it is ejected until then, or longer: until a request has found it well
	back    int64  // since when it is well again
	times   int64  // how often it was ejected
	latency float64
	keys    [MaxKeys]int64 // until when each rests

	reset    bool // of news: there was a success after which streak counts
	forgiven bool // of news: times counts from anew
}

// roll begins a new window when one is over.
func (r *record) roll(now int64) {
	age := now - r.from
	if r.from > 0 && age >= 0 && age < int64(window) {
		return
	}
	r.before = r.counts
	if age >= 2*int64(window) {
		r.before = counts{}
	}
	r.counts = counts{from: now}
}

// add adds news.
func (r *record) add(n *record, latency float64, now int64) {
	r.roll(now)
	r.good += n.good
	r.bad += n.bad
	if n.reset {
		r.streak = 0
	}
	r.streak += n.streak
	switch {
	case n.forgiven:
		r.times = 0
	default:
		r.times = max(r.times, n.times)
	}
	switch {
	case n.until > 0 && n.until > r.until:
		r.until, r.back, r.streak = n.until, 0, 0
	case n.back > 0 && n.back >= r.until:
		r.until, r.back = 0, n.back
		r.counts, r.before = counts{from: now}, counts{}
	}
	switch {
	case latency == 0:
	case r.latency == 0:
		r.latency = latency
	default:
		r.latency = (r.latency + latency) / 2
	}
	for i, k := range n.keys {
		r.keys[i] = max(r.keys[i], k)
	}
}

// maxRecord is how many bytes a record takes at most: a byte for its format, ten inRecord
// and one for each key.
const (
	recordFormat = 1
	inRecord     = 11
	maxRecord    = 1 + 8*(inRecord+MaxKeys)
)

func (r *record) fields() [inRecord]*int64 {
	return [...]*int64{&r.good, &r.bad, &r.from, &r.before.good, &r.before.bad, &r.before.from, &r.streak, &r.until, &r.back, &r.times, nil}
}

// append writes a record. Keys at the end that do not rest are left out.
func (r *record) append(b []byte) []byte {
	b = append(b, recordFormat)
	for _, f := range r.fields() {
		if f == nil {
			b = appendInt(b, int64(math.Float64bits(r.latency)))
		} else {
			b = appendInt(b, *f)
		}
	}
	n := MaxKeys
	for n > 0 && r.keys[n-1] == 0 {
		n--
	}
	for _, k := range r.keys[:n] {
		b = appendInt(b, k)
	}
	return b
}

// decode reads a record; false if it is none.
func (r *record) decode(b []byte) bool {
	if len(b) < 1+8*inRecord || len(b) > maxRecord || len(b)%8 != 1 || b[0] != recordFormat {
		return false
	}
	b = b[1:]
	for _, f := range r.fields() {
		if v := readInt(b); f == nil {
			r.latency = math.Float64frombits(uint64(v))
		} else {
			*f = v
		}
		b = b[8:]
	}
	for i := 0; len(b) > 0; i++ {
		r.keys[i] = readInt(b)
		b = b[8:]
	}
	return r.good >= 0 && r.bad >= 0 && r.times >= 0 && r.latency >= 0
}

func appendInt(b []byte, n int64) []byte {
	u := uint64(n)
	return append(b, byte(u), byte(u>>8), byte(u>>16), byte(u>>24), byte(u>>32), byte(u>>40), byte(u>>48), byte(u>>56))
}

func readInt(b []byte) int64 {
	_ = b[7]
	return int64(uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56)
}
