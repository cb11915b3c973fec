package cache_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/plugin/internal/cache"
	"github.com/postern-gateway/postern/plugin/internal/state/statetest"
)

// tiers is a worker of a proxy of its own, in front of the world's Redis.
func (w *world) tiers() *cache.Tiers {
	return &cache.Tiers{Memory: cache.NewMemory(&statetest.Host{}, "s", 1<<20), Remote: w.store("s")}
}

// hears lets a store hear what was purged.
func (w *world) hears(s *cache.Tiers) {
	w.now += int64(2 * time.Second)
	s.Tick()
	w.answer()
}

// ofFour is one of four entries: of two scopes and two models, stored one after the other.
func (w *world) ofFour(i int) *cache.Query {
	return &cache.Query{Key: *key(i), Scope: cache.Tag(1 + i/2*2), Model: cache.Tag(2 + i%2*2), Now: w.now, Local: true}
}

// TestPurgeReachesOtherMemories purges through one proxy what another has in its memory, and looks there.
func TestPurgeReachesOtherMemories(t *testing.T) {
	t.Parallel()
	for _, tt := range purges {
		for _, upstash := range []bool{false, true} {
			w := newWorld(upstash)
			one, other := w.tiers(), w.tiers()
			for i := range 4 {
				w.now = start + int64(i)*10*second
				other.Keep(w.ofFour(i), &cache.Entry{Stored: w.now, Expires: w.now + 3600*second, Scope: w.ofFour(i).Scope, Model: w.ofFour(i).Model, Value: []byte{1}})
			}
			w.hears(other)
			one.Remove(&tt.filter, func(int, bool) {})
			w.answer()
			found := func() (got [4]bool) {
				for i := range got {
					_, f := other.Find(w.ofFour(i), nil)
					got[i] = f == cache.Found
				}
				return got
			}
			if got := found(); got != [4]bool{true, true, true, true} {
				t.Errorf("%s: before it has heard of it: got %v", tt.name, got)
			}
			w.hears(other)
			if got := found(); got != tt.want {
				t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
			}
			w.Values = nil // a Redis may forget
			w.hears(other)
			if got := found(); got != tt.want {
				t.Errorf("%s: after Redis has forgotten it: got %v, want %v", tt.name, got, tt.want)
			}
			for i := range 4 {
				other.Keep(w.ofFour(i), &cache.Entry{Stored: w.now, Expires: w.now + 3600*second, Scope: w.ofFour(i).Scope, Model: w.ofFour(i).Model, Value: []byte{2}})
			}
			if got := found(); got != [4]bool{true, true, true, true} {
				t.Errorf("%s: what was stored afterwards: got %v", tt.name, got)
			}
		}
	}
}

// TestMorePurgesThanAreKept has a memory give nothing that may have been purged by one of those that it
// cannot know of.
func TestMorePurgesThanAreKept(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		purges int
		found  bool
	}{{10, true}, {63, true}, {64, false}, {200, false}} {
		w := newWorld(false)
		one, other := w.tiers(), w.tiers()
		other.Keep(w.ofFour(0), &cache.Entry{Stored: w.now, Expires: w.now + 3600*second, Scope: 1, Model: 2, Value: []byte{1}})
		for i := range tt.purges {
			w.now += second
			one.Remove(&cache.Filter{Scope: cache.Tag(100 + i)}, func(int, bool) {})
			w.answer()
		}
		w.hears(other)
		if _, f := other.Find(w.ofFour(0), nil); (f == cache.Found) != tt.found {
			t.Errorf("%d purges of others: found: got %v, want %v", tt.purges, f == cache.Found, tt.found)
		}
		if n := len(w.Values["p:purges"]); n > 64*80 {
			t.Errorf("%d purges: got %d bytes of them, want at most %d", tt.purges, n, 64*80)
		}
	}
	w := newWorld(false) // heard one by one, so that none is missing, but more than are remembered
	one, other := w.tiers(), w.tiers()
	other.Keep(w.ofFour(0), &cache.Entry{Stored: w.now, Expires: w.now + 3600*second, Scope: 1, Model: 2, Value: []byte{1}})
	for i := range 200 {
		one.Remove(&cache.Filter{Scope: cache.Tag(100 + i)}, func(int, bool) {})
		w.answer()
		w.hears(other)
		w.Values = nil
	}
	if _, f := other.Find(w.ofFour(0), nil); f == cache.Found {
		t.Error("what is older than all purges that are remembered is found")
	}
}

// TestHearing asks every two seconds, one question at a time, and not whom nobody can ask.
func TestHearing(t *testing.T) {
	t.Parallel()
	w := newWorld(false)
	s := w.tiers()
	asked := func() int { return len(w.calls) }
	w.now += 2 * second
	for range 3 {
		if s.Tick(); asked() != 1 {
			t.Fatalf("got %d questions, want 1", asked())
		}
		w.now += 10 * second
	}
	w.answer()
	if s.Tick(); asked() != 1 {
		t.Errorf("when it was answered: got %d questions, want 1", asked())
	}
	w.answer()
	w.now += second
	if s.Tick(); asked() != 0 {
		t.Errorf("a second later: got %d questions, want none", asked())
	}
	for w.now += second; ; w.now += 2 * second { // until nobody is asked any more
		if s.Tick(); asked() == 0 {
			break
		}
		w.fail()
	}
	small := cache.NewRemote(w, &cache.Redis{Cluster: "redis", Prefix: "p", Deadline: time.Second, Most: 1 << 10})
	small.Tick()
	w.answer()
	(&cache.Tiers{Memory: cache.NewMemory(&statetest.Host{}, "s", 1<<20), Remote: small}).Tick()
	if got := w.take().most; got < 64*80+100 {
		t.Errorf("got room for %d bytes of purges, want 64 of 80 and some for the rest", got)
	}
	if w.counts["breaker opened"] != 1 {
		t.Errorf("got %v, want a store that is not asked any more", w.counts)
	}
}

// TestRecordsThatAreNone has whoever writes to Redis write what is no record.
func TestRecordsThatAreNone(t *testing.T) {
	t.Parallel()
	const record = "0000018bcfe56800" + "0000018bcfe56801" + "0000000000000009" + "0000000000000000" + "0000000000000000"
	for name, value := range map[string]string{
		"nothing": "", "a piece of one": record[:79], "letters": strings.Repeat("x", 80), "many letters": strings.Repeat("x", 10_000), "signs": strings.Repeat("+", 80),
		"one and a piece": record + record[:20], "a number too large": strings.Repeat("f", 80),
	} {
		w := newWorld(false)
		s := w.tiers()
		s.Keep(w.ofFour(0), &cache.Entry{Stored: w.now, Expires: w.now + 3600*second, Scope: 1, Model: 2, Value: []byte{1}})
		w.Values = map[string]string{"p:purges": value}
		w.hears(s)
		if _, f := s.Find(w.ofFour(0), nil); f != cache.Found {
			t.Errorf("%s: the entry is not found", name)
		}
	}
	w := newWorld(false)
	s := w.tiers()
	s.Keep(w.ofFour(0), &cache.Entry{Stored: w.now, Expires: w.now + 3600*second, Scope: 1, Model: 2, Value: []byte{1}})
	w.Values = map[string]string{"p:purges": strings.Repeat("x", 80) + fmt.Sprintf("%016x%016x%016x%016x%016x", w.now/1e6+1, w.now/1e6+1, 1, 0, 0)}
	w.hears(s)
	if _, f := s.Find(w.ofFour(0), nil); f == cache.Found {
		t.Error("a record behind what is none: the entry is found")
	}
}
