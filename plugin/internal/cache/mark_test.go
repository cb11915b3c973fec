package cache_test

import (
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/cache"
	"github.com/postern-gateway/postern/plugin/internal/state"
	"github.com/postern-gateway/postern/plugin/internal/state/statetest"
)

func TestMarkTellsAnEntryFromOthers(t *testing.T) {
	t.Parallel()
	const unnoted, noted = 1<<64 - 1, 0                          // chance: nothing has to be written of a request, or it has
	const index = "postern/" + state.Format + "/s/cached/000000" // of the one bucket that there is
	var host *statetest.Host
	var other *cache.Memory
	for _, tt := range []struct {
		name   string
		happen func()
		chance uint64
		want   bool
	}{
		{"nothing", func() {}, unnoted, true},
		{"it is asked for by another worker", func() { other.Get(key(1), start, noted) }, unnoted, true},
		{"it is to be noted that it is asked for", func() {}, noted, false},
		{"another entry comes", func() { other.Put(key(2), entry([]byte("two")), 1) }, unnoted, true},
		{"another entry goes", func() { other.Purge(&cache.Filter{Key: key(3)}) }, unnoted, true},
		{"it is purged", func() { other.Purge(&cache.Filter{Model: 2}) }, unnoted, false},
		{"it is replaced", func() {
			e := entry([]byte("new"))
			e.Expires++
			other.Put(key(1), e, 1)
		}, unnoted, false},
		{"it is evicted", func() {
			for n := range 32 { // each of which is asked for more often
				for range 6 {
					other.Put(key(100+n), entry([]byte("new")), noted)
					other.Get(key(100+n), start, noted)
				}
			}
		}, unnoted, false},
		{"the index is gone", func() { host.Store(index, nil, 0) }, unnoted, false},
		{"the index is none", func() { host.Store(index, []byte{1, 0, 16, 16}, 0) }, unnoted, false},
	} {
		host = &statetest.Host{}
		m := cache.NewMemory(host, "s", 32<<10)
		other = cache.NewMemory(host, "s", 32<<10)
		for n := range 3 {
			if n++; !m.Put(key(n), entry([]byte("old")), 1) {
				t.Fatal("an entry was not stored")
			}
		}
		if _, ok := m.Get(key(1), start, noted); !ok {
			t.Fatal("an entry was not found")
		}
		var mark cache.Mark
		if ok := m.Mark(&mark, key(1)); !ok || !mark.Is(key(1)) || mark.Is(key(2)) {
			t.Fatalf("%s: got the mark %v, %v", tt.name, mark, ok)
		}
		tt.happen()
		if got := m.Still(&mark) && !mark.Notes(tt.chance); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestMarkIsOfOnePiece(t *testing.T) {
	t.Parallel()
	m := cache.NewMemory(&statetest.Host{}, "s", 1<<20)
	for size, want := range map[int]bool{1: true, 8 << 10: true, 8<<10 + 1: false, 40 << 10: false} {
		if !m.Put(key(size), entry(make([]byte, size)), 1) {
			t.Fatal("an entry was not stored")
		}
		if _, ok := m.Get(key(size), start, 1); !ok {
			t.Fatal("an entry was not found")
		}
		if got := m.Mark(&cache.Mark{}, key(size)); got != want {
			t.Errorf("%d bytes: got %v, want %v", size, got, want)
		}
	}
	if m.Mark(&cache.Mark{}, key(99)) {
		t.Error("an entry that there is not has a mark")
	}
}
