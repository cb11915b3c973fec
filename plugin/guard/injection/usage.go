package injection

import (
	"errors"
	"math"
	"math/bits"
	"slices"
)

// A usage is how words, concepts and pairs of them are used in the stretch of a text that a
// scan reads: each has a weight, found by its hash, for how much more often it stands in
// attacks than in other texts. The weights are of a fit over the samples (package fit).
type usage struct {
	weights   *weights
	before    uint32      // the hash of the word before
	at        int32       // and its place
	meant     uint32      // the hash of the concept before
	meantAt   int32       // and its place
	now, last sumOfWords  // of this stretch and of the one before
	top       [2]stretch  // the best of this half window and of the one before
	slots     [2][]uint32 // of now and last, for those who fit weights; all of them for these
	all       []Bag
	keeps     bool
}

// weights are those of words and pairs, by their hashes.
type weights [1 << bucketBits]uint64

// A sumOfWords is the sum of some words' weights.
type sumOfWords struct {
	sum, n     int32 // n: of words and their pairs; concepts come on top
	start, end int32 // of the text, in bytes
}

// A stretch is what stands out.
type stretch struct {
	score      float32
	start, end int32
	any        bool
}

const (
	bucketBits = 12
	bucketSize = 4
	usageSize  = 2 * bucketSize << bucketBits
	stretchLen = 48 // words of half of what is weighed together
	weightUnit = 1.0 / 32
	pairs      = 0x85ebca6b
	beginning  = 0x9747b28c // the word before a sentence
	meanings   = 0x165667b1
	together   = 12 * wordUnits // how far apart concepts of a pair are
	again      = 4 * wordUnits  // and how near one is to itself to be counted once
	quotes     = 0x27d4eb2f     // words between quotes are others: whoever quotes does not say it
)

// Of FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/.
const hashBasis, hashPrime = 2166136261, 16777619

// hash is of a folded word.
func hash(word []byte) uint32 {
	h := uint32(hashBasis)
	for _, b := range word {
		h = (h ^ uint32(b)) * hashPrime
	}
	return h
}

// pair is the hash of two words in a row.
func pair(before, h uint32) uint32 { return h ^ before*pairs }

const ruleUnits = 256

// weigh takes weights: of nothing, of each rule and of words.
func (r *Rules) weigh(list string) error {
	r.usage = new(weights)
	if list == "" {
		return nil
	}
	head := 2 + 4*len(r.rules)
	if len(list) != head+usageSize {
		return errors.New("the weights are of other rules")
	}
	at := func(i int) float32 {
		return float32(int16(uint16(list[i])|uint16(list[i+1])<<8)) / ruleUnits
	}
	r.bias = at(0)
	for i := range r.rules {
		r.rules[i].weights = [2]float32{at(2 + 4*i), at(4 + 4*i)}
	}
	for i := range r.usage {
		for k := range 2 * bucketSize {
			r.usage[i] |= uint64(list[head+2*bucketSize*i+k]) << (8 * k)
		}
	}
	return nil
}

// mix has every bit of a hash depend on all.
func mix(h uint32) uint32 {
	h ^= h >> 15
	h *= 0x2c1b3c6d
	return h ^ h>>12
}

// of looks up a hash: its highest bits tell the bucket, its lowest the entry of it. Each
// bucket has four bytes of those and four weights; a weight of 0 is no entry.
func (u *weights) of(h uint32) int32 {
	h = mix(h)
	b := u[h>>(32-bucketBits)]
	const ones = 0x01010101
	x := uint32(b) ^ h&0xff*ones // the byte that is wanted becomes 0
	x = (x - ones) &^ x & (ones << 7)
	if x == 0 {
		return 0
	}
	return int32(int8(b >> (32 + uint(bits.TrailingZeros32(x))&^7)))
}

// words takes words up to a place, in units, and returns how many those are.
func (u *usage) words(list []word, until int32) (n int) {
	for n < len(list) && list[n].at < until {
		n += u.stretch(list[n:], until)
		if u.now.n == 2*stretchLen {
			u.close()
			u.last, u.now = u.now, sumOfWords{}
			u.slots[1], u.slots[0] = u.slots[0], nil
		}
	}
	return n
}

// stretch takes words to the end of the stretch, and returns how many those are. There is
// no call in its loop: see plainRun.
func (u *usage) stretch(list []word, until int32) int {
	weights, now, before, at := u.weights, u.now, u.before, u.at
	i := 0
	for ; i < len(list) && now.n < 2*stretchLen; i++ {
		w := &list[i]
		if w.at >= until {
			break
		}
		if w.value != 0 {
			continue
		}
		h := w.hash
		if w.quoted {
			h *= quotes
		}
		if w.at-at > sentence {
			before = beginning
		}
		if now.n == 0 {
			now.start = w.source
		}
		now.sum += weights.of(h) + weights.of(pair(before, h))
		now.n += 2
		now.end = w.source + 1
		before, at = h, w.at
	}
	if u.keeps {
		u.keep(list[:i])
	}
	u.now, u.before, u.at = now, before, at
	return i
}

// keep keeps what stretch looks up.
func (u *usage) keep(list []word) {
	before, at := u.before, u.at
	for _, w := range list {
		if w.value != 0 {
			continue
		}
		h := w.hash
		if w.quoted {
			h *= quotes
		}
		if w.at-at > sentence {
			before = beginning
		}
		u.slots[0] = append(u.slots[0], h, pair(before, h))
		before, at = h, w.at
	}
}

func (u *usage) add(h uint32) {
	if u.keeps {
		u.slots[0] = append(u.slots[0], h)
	}
	u.now.sum += u.weights.of(h)
}

// concept takes a concept at a place. Unlike words, concepts are the same in all languages:
// what was learned of a pair in one holds for the others.
func (u *usage) concept(id uint8, at int32, quoted bool) {
	h := (uint32(id) + 1) * meanings
	if quoted {
		h *= quotes
	}
	if h != u.meant || at-u.meantAt > again {
		u.add(h)
		if u.meant != 0 && at-u.meantAt <= together {
			u.add(pair(u.meant, h))
		}
	}
	u.meant, u.meantAt = h, at
}

// close weighs the last two stretches together.
func (u *usage) close() {
	n := u.now.n + u.last.n
	if n == 0 {
		return
	}
	if u.keeps {
		u.all = append(u.all, Bag{Words: slices.Concat(u.slots[1], u.slots[0]), Count: int(n)})
	}
	x := stretch{score: float32(u.now.sum+u.last.sum) * share(n), start: u.now.start, end: u.now.end, any: true}
	if u.last.n > 0 {
		x.start = u.last.start
	}
	if !u.top[0].any || x.score > u.top[0].score {
		u.top[0] = x
	}
}

// share is what one of n weights counts. Many small signs say less than their sum, and from
// severalWords on no more than their mean.
func share(n int32) float32 {
	const severalWords = 2 * stretchLen * 2 / 3
	x := float64(n + 4)
	s := 2 * weightUnit / math.Sqrt(x)
	if x > severalWords {
		s *= math.Sqrt(severalWords / x)
	}
	return float32(s)
}

// turn goes on to the next half window.
func (u *usage) turn() {
	u.top[1], u.top[0] = u.top[0], stretch{}
	u.all = nil
}

// stands is what stands out most of the window.
func (u *usage) stands() stretch {
	if u.now.n > 0 {
		u.close()
	}
	if u.top[1].any && (!u.top[0].any || u.top[1].score > u.top[0].score) {
		return u.top[1]
	}
	return u.top[0]
}

func (u *usage) best() float32 { return u.stands().score }

func (u *usage) where() Span { x := u.stands(); return Span{int(x.start), int(x.end)} }

func (u *usage) windows() []Bag {
	if len(u.all) == 0 {
		return []Bag{{}}
	}
	return u.all
}
