package injection

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"
)

// A Bag is what a window of a text has in it, for those who fit weights: the text's sum is
// that of its best bag.
type Bag struct {
	Mode  int      // 1 for text that nobody vouches for
	Rules []int    // that fired
	Cited []int    // that fired in a quotation only
	Words []uint32 // hashes of words, concepts and pairs
	Count int      // of the words and their pairs
	More  float32  // what it is charged beside
}

// Bags is what Scan weighs.
func (r *Rules) Bags(text []byte, untrusted bool) []Bag {
	var bags []Bag
	r.judge(text, modeOf(untrusted), 1<<20, 0, &bags)
	return bags
}

// keep has a scan fill bags.
func (s *scan) keep(bags *[]Bag) {
	s.bags = bags
	s.usage.keeps = bags != nil
}

// record keeps what judge sees.
func (s *scan) record() {
	b := Bag{Mode: s.mode}
	for i, f := range s.fired {
		if f != 0 && f >= s.half-1 {
			b.Rules = append(b.Rules, i)
		} else if q := s.quoted[i]; q != 0 && q >= s.half-1 {
			b.Cited = append(b.Cited, i)
		}
	}
	for _, w := range s.usage.windows() {
		b.Words, b.Count = w.Words, w.Count
		*s.bags = append(*s.bags, b)
	}
}

// charge adds to all bags but the first few.
func charge(bags *[]Bag, first int, more float32) {
	if bags == nil {
		return
	}
	for i := first; i < len(*bags); i++ {
		(*bags)[i].More += more
	}
}

// QuotedShare is what a rule counts that fired in a quotation.
const QuotedShare = quotedShare

// Share is what one of n weights of words counts.
func Share(n int) float32 { return share(int32(n)) }

// Weights are what is fitted.
type Weights struct {
	Bias  float64
	Rules [][2]float64    // of each rule, for users' text and for text that nobody vouches for
	Words map[uint32]int8 // by the hash of a word or pair, in units of 1/32; where a bucket is full the smallest are left out
}

// Weights are those that a rule file says.
func (r *Rules) Weights() Weights {
	w := Weights{Bias: float64(r.bias), Rules: make([][2]float64, len(r.rules))}
	for i, x := range r.rules {
		w.Rules[i] = [2]float64{float64(x.weights[0]), float64(x.weights[1])}
	}
	return w
}

// Family is that of a rule.
func (r *Rules) Family(rule int) string { return r.rules[rule].family }

// Bytes is what Compile reads: the bias and two weights for each rule in units of 1/256, and
// the table of words.
func (w Weights) Bytes() []byte {
	out := unit(nil, w.Bias)
	for _, x := range w.Rules {
		out = unit(unit(out, x[0]), x[1])
	}
	table := make([]byte, usageSize)
	for _, h := range slices.Sorted(maps.Keys(w.Words)) {
		put(table, mix(h), w.Words[h])
	}
	return append(out, table...)
}

func unit(out []byte, x float64) []byte {
	return binary.LittleEndian.AppendUint16(out, uint16(int16(math.Round(x*ruleUnits))))
}

// Slot is where the table has a hash: one of its buckets, of which each has room for
// SlotsOfBucket, and the byte that tells it from the others there.
func Slot(h uint32) (bucket int, tag byte) {
	h = mix(h)
	return int(h >> (32 - bucketBits)), byte(h)
}

// SlotsOfBucket is how many hashes a bucket has room for.
const SlotsOfBucket = bucketSize

func put(out []byte, h uint32, w int8) {
	at := int(h>>(32-bucketBits)) * (2 * bucketSize)
	b := out[at : at+2*bucketSize]
	least := 0
	for i := range bucketSize {
		if b[bucketSize+i] != 0 && b[i] == byte(h) {
			least = i // what it cannot be told from
			break
		}
		if size(b[bucketSize+i]) < size(b[bucketSize+least]) {
			least = i
		}
	}
	if size(byte(w)) > size(b[bucketSize+least]) {
		b[least], b[bucketSize+least] = byte(h), byte(w)
	}
}

func size(weight byte) int { return max(int(int8(weight)), -int(int8(weight))) }
