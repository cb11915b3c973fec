package similar

import (
	"encoding/binary"

	"github.com/postern-gateway/postern/plugin/internal/state"
)

// A Key is the name of what was found.
type Key [32]byte

// A Candidate is something whose question is like another.
type Candidate struct {
	Key   Key
	Score int // from 0 to 100
}

// An Index finds questions that are alike, in the shared data of a proxy. Only those are
// compared that agree in everything else, which callers give as a digest.
//
// It has at most so many bytes; what is over first gives way to what is new.
type Index struct {
	table     *state.Table
	threshold int
	bands     int
	rows      int
	value     []byte
}

// A record is one byte, its format, and items, the latest first: a key, the number of words and
// the sketch.
const (
	recordFormat = 1
	itemHead     = 33
	recordMost   = 1 + itemHead + mostWord*markSize
	ways         = 32
	bucketMost   = 1 + ways*(26+recordMost)
)

// NewIndex gives access to the questions of a space, which take so many bytes at most. It asks
// the host nothing.
func NewIndex(host state.Host, space, seed string, bytes, threshold int) *Index {
	buckets := 1
	for 2*buckets*bucketMost <= bytes {
		buckets *= 2
	}
	x := &Index{
		table:     state.New(host, space, "similar", state.Shape{Buckets: buckets, Ways: ways, Bytes: recordMost, Seed: seed}),
		threshold: threshold, bands: 1, rows: 8,
	}
	if threshold <= 100-leastContent { // words that count may differ
		x.bands, x.rows = 4, 2
	}
	return x
}

// Find is what is most like a question, and is not itself; false if nothing is enough.
func (x *Index) Find(rest *[32]byte, k Sketch, itself Key, now int64) (best Candidate, ok bool) {
	var r state.Record
	for band := range x.bands {
		x.table.Load(&r, x.id(rest, k, band), now)
		each(r.Value(), func(key Key, other Sketch) {
			if key == itself {
				return
			}
			if score := Score(k, other); score >= x.threshold && score > best.Score {
				best = Candidate{key, score}
			}
		})
	}
	return best, best.Score > 0
}

// Add has a question found until it expires. It may be forgotten at any time.
func (x *Index) Add(rest *[32]byte, k Sketch, key Key, now, expires int64) {
	for band := range x.bands {
		x.table.Update(x.id(rest, k, band), now, func(old []byte) ([]byte, int64) { // or not: others are in the way
			b := append(x.value[:0], recordFormat)
			b = append(append(append(b, key[:]...), byte(k.len())), k...)
			each(old, func(other Key, s Sketch) {
				if other != key && len(b)+itemHead+len(s) <= recordMost {
					b = append(append(append(b, other[:]...), byte(s.len())), s...)
				}
			})
			x.value = b
			return b, expires
		})
	}
}

// each reads a record.
func each(b []byte, f func(Key, Sketch)) {
	if len(b) == 0 || b[0] != recordFormat {
		return
	}
	for b = b[1:]; len(b) >= itemHead; {
		n := itemHead + int(b[itemHead-1])*markSize
		if n > len(b) {
			return
		}
		f(Key(b), Sketch(b[itemHead:n]))
		b = b[n:]
	}
}

// id is where questions are that agree in everything else, and have a band of hashes in common:
// https://en.wikipedia.org/wiki/MinHash over the words that have weight. Where all of these
// have to agree one band is enough.
func (x *Index) id(rest *[32]byte, k Sketch, band int) state.ID {
	var b [1 + 8*markSize]byte
	b[0] = byte(band)
	for row := range x.rows {
		seed := uint32(band*x.rows+row+1) * 0x9e3779b1
		least := ^uint32(0)
		for i := range k.len() {
			if m := k.mark(i); class(m&3) != weak {
				least = min(least, mix(m>>2^seed))
			}
		}
		binary.LittleEndian.PutUint32(b[1+row*markSize:], least)
	}
	return x.table.ID(string(rest[:]), string(b[:1+x.rows*markSize]))
}

// mix is the end of MurmurHash3, https://github.com/aappleby/smhasher.
func mix(h uint32) uint32 {
	h ^= h >> 16
	h *= 0x85ebca6b
	h ^= h >> 13
	h *= 0xc2b2ae35
	return h ^ h>>16
}
