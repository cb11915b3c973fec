package state_test

import (
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/state"
	"github.com/postern-gateway/postern/plugin/internal/state/statetest"
)

// Whatever a bucket's value is, a table works on it: what is stored is there, no other id
// changes its value, and there are not too many.
func FuzzBucket(f *testing.F) {
	h := &statetest.Host{}
	for _, n := range []string{"a", "bb", "c"} {
		a := one(h, 2)
		put(f, a, n, n, forever)
		b, _, _ := h.Load("postern/1/s/t/")
		f.Add(b, "a", now)
		f.Add(b[:len(b)-1], "z", now)
		f.Add(append(b, b[1:]...), "a", now) // ids twice
	}
	f.Add([]byte("\x01"), "a", now)
	f.Fuzz(func(t *testing.T, bucket []byte, name string, now int64) {
		h := &statetest.Host{}
		if err := h.Store("postern/1/s/t/", bucket, 0); err != nil {
			t.Fatal(err)
		}
		a := one(h, 3)
		before := map[string]bool{} // ids and values: a foreign bucket may have an id twice
		a.Each(now, func(id state.ID, value []byte, _ int64) { before[string(id[:])+string(value)] = true })
		err := a.Update(a.ID(name), now, func(old []byte) ([]byte, int64) { return []byte("new"), forever })
		if now == forever {
			return // everything is over
		}
		if err != nil || load(a, name, now) != "new" {
			t.Errorf("got %v and %q, want new", err, load(a, name, now))
		}
		count := 0
		a.Each(now, func(id state.ID, value []byte, _ int64) {
			if count++; id != a.ID(name) && !before[string(id[:])+string(value)] {
				t.Errorf("%x: got %q, which was not there before", id, value)
			}
		})
		if count == 0 || count > 3 {
			t.Errorf("got %d records, want 1 to 3", count)
		}
	})
}
