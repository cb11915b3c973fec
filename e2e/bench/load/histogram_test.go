//go:build linux

package load

import (
	"testing"
	"time"
)

func TestHistogramBucketsHoldTheirValues(t *testing.T) {
	t.Parallel()
	for _, v := range []uint64{0, 1, 63, 64, 65, 127, 128, 129, 255, 256, 1000, 12345, 999_999, 1 << 40} {
		b := bucket(v)
		if upper(b) < v || float64(upper(b)) > float64(v)*1.02+1 {
			t.Errorf("bucket of %d ends at %d, want at least the value and at most 2 %% more", v, upper(b))
		}
		if b > 0 && upper(b-1) >= v {
			t.Errorf("bucket before that of %d ends at %d, want less than the value", v, upper(b-1))
		}
	}
}

func TestHistogramPercentile(t *testing.T) {
	t.Parallel()
	h := Histogram{}
	if got := h.Percentile(50); got != 0 {
		t.Errorf("empty histogram: got %v, want 0", got)
	}
	o := Histogram{}
	for i := 1; i <= 500; i++ {
		h.Add(time.Duration(i) * time.Microsecond)
		o.Add(time.Duration(i+500) * time.Microsecond)
	}
	h.Merge(o)
	for _, tt := range []struct {
		p    float64
		want time.Duration
	}{{50, 500 * time.Microsecond}, {99, 990 * time.Microsecond}, {100, time.Millisecond}} {
		got := h.Percentile(tt.p)
		if got < tt.want || got > tt.want+tt.want/40 {
			t.Errorf("p%v of 1..1000 us: got %v, want %v (+2.5 %%)", tt.p, got, tt.want)
		}
	}
}
