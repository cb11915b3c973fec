//go:build linux

package load

import (
	"math/bits"
	"time"
)

// subBits is the precision of a Histogram: each power of two is cut into
// 1<<subBits buckets, so a value is known to about 1.5 %.
const subBits = 6

// A Histogram counts durations in buckets whose width grows with the value. It
// is sent between processes and merged over the slices of a measurement, which
// a list of percentiles cannot be.
type Histogram map[int]int

// Add counts one duration.
func (h Histogram) Add(d time.Duration) {
	h[bucket(uint64(max(d, 0)))]++
}

// Merge adds the counts of o.
func (h Histogram) Merge(o Histogram) {
	for b, n := range o {
		h[b] += n
	}
}

// Count returns how many durations were added.
func (h Histogram) Count() int {
	sum := 0
	for _, n := range h {
		sum += n
	}
	return sum
}

// Percentile returns the upper edge of the bucket that holds the value below
// which p percent of the durations lie, and 0 for an empty histogram.
func (h Histogram) Percentile(p float64) time.Duration {
	total := h.Count()
	if total == 0 {
		return 0
	}
	top := 0
	for b := range h {
		top = max(top, b)
	}
	want, seen := p/100*float64(total), 0
	for b := range top + 1 {
		seen += h[b]
		if h[b] > 0 && float64(seen) >= want {
			return time.Duration(upper(b))
		}
	}
	return time.Duration(upper(top))
}

func bucket(v uint64) int {
	if v < 1<<subBits {
		return int(v)
	}
	shift := bits.Len64(v) - subBits - 1
	return shift<<subBits + int(v>>shift)
}

func upper(b int) uint64 {
	if b < 1<<(subBits+1) {
		return uint64(b)
	}
	shift := b>>subBits - 1
	return (uint64(b-shift<<subBits)+1)<<shift - 1
}
