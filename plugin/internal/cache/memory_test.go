package cache_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"sort"
	"sync"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/cache"
	"github.com/postern-gateway/postern/plugin/internal/state"
	"github.com/postern-gateway/postern/plugin/internal/state/statetest"
)

const (
	second = int64(1e9)
	start  = 1_700_000_000 * second
)

// key spreads small numbers over the buckets, as SHA-256 does with requests.
func key(n int) *cache.Key {
	var k cache.Key
	r := rand.New(rand.NewPCG(uint64(n), 7))
	for i := 0; i < len(k); i += 8 {
		binary.LittleEndian.PutUint64(k[i:], r.Uint64())
	}
	return &k
}

func entry(value []byte) *cache.Entry {
	return &cache.Entry{Stored: start, Expires: start + 60*second, Scope: 1, Model: 2, Value: value}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	host := &statetest.Host{}
	m, other := cache.NewMemory(host, "s", 1<<20), cache.NewMemory(host, "s", 1<<20)
	if _, ok := m.Get(key(1), start, 0); ok {
		t.Error("an empty memory has an entry")
	}
	for _, size := range []int{1, 100, 8 << 10, 8<<10 + 1, 20_000, 100_000} {
		value := bytes.Repeat([]byte{byte(size), 1, 2}, size)[:size]
		if !m.Put(key(size), entry(value), uint64(size)) {
			t.Fatalf("%d bytes were not stored", size)
		}
		e, ok := other.Get(key(size), start+second, 1)
		if !ok || !bytes.Equal(e.Value, value) {
			t.Errorf("%d bytes: another worker got %d, %v", size, len(e.Value), ok)
		}
		if e.Stored != start || e.Expires != start+60*second || e.Scope != 1 || e.Model != 2 {
			t.Errorf("%d bytes: got %+v", size, e)
		}
	}
	if _, ok := m.Get(key(100), start+60*second, 0); ok {
		t.Error("an entry is found when it is over")
	}
	if !m.Put(key(100), entry([]byte("new")), 5) {
		t.Fatal("an entry cannot be stored anew")
	}
	if e, ok := other.Get(key(100), start, 0); !ok || string(e.Value) != "new" {
		t.Errorf("got %q, want what was stored last", e.Value)
	}
	if m.Put(key(3), entry(nil), 0) || m.Put(key(3), entry(make([]byte, 16<<20)), 0) {
		t.Error("nothing, and what is too much, were stored")
	}
	if _, ok := cache.NewMemory(host, "t", 1<<20).Get(key(1), start, 0); ok {
		t.Error("an entry is found in another space")
	}
}

func TestPurge(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		filter cache.Filter
		want   [4]bool // is still there
	}{
		{"everything", cache.Filter{}, [4]bool{}},
		{"one key", cache.Filter{Key: key(1)}, [4]bool{true, false, true, true}},
		{"a scope", cache.Filter{Scope: 1}, [4]bool{false, false, true, true}},
		{"a model", cache.Filter{Model: 2}, [4]bool{true, false, true, false}},
		{"a model of a scope", cache.Filter{Scope: 1, Model: 2}, [4]bool{true, false, true, true}},
		{"what is old", cache.Filter{Before: start + 2*second}, [4]bool{false, false, true, true}},
		{"what nobody has", cache.Filter{Scope: 9}, [4]bool{true, true, true, true}},
	} {
		m := cache.NewMemory(&statetest.Host{}, "s", 1<<20)
		for i := range 4 {
			e := cache.Entry{Stored: start + int64(i)*second, Expires: start + 60*second, Scope: cache.Tag(1 + i/2), Model: cache.Tag(1 + i%2), Value: []byte("answer")}
			if !m.Put(key(i), &e, 0) {
				t.Fatal("an entry was not stored")
			}
		}
		gone := 0
		n := m.Purge(&tt.filter)
		for i, want := range tt.want {
			_, ok := m.Get(key(i), start, 0)
			if ok != want {
				t.Errorf("%s: entry %d: got %v, want %v", tt.name, i, ok, want)
			}
			if !ok {
				gone++
			}
		}
		if n != gone {
			t.Errorf("%s: says that it removed %d, want %d", tt.name, n, gone)
		}
	}
}

// TestForeignBytes checks that what is no index and no piece is none.
func TestForeignBytes(t *testing.T) {
	t.Parallel()
	for _, junk := range []string{"", "x", "\x01\x00\xff\xff", "\x01\x00\x01\x00short", string(make([]byte, 1000)), "\x01" + string(bytes.Repeat([]byte{16}, 755))} {
		host := &junkHost{value: []byte(junk)}
		m := cache.NewMemory(host, "s", 1<<20)
		if _, ok := m.Get(key(1), start, 0); ok {
			t.Errorf("%q: got an entry", junk)
		}
		m.Put(key(1), entry([]byte("x")), 0)
		m.Purge(&cache.Filter{})
	}
}

// A junkHost has the same for every name.
type junkHost struct{ value []byte }

func (h *junkHost) Load(string) ([]byte, uint32, bool) { return bytes.Clone(h.value), 1, true }
func (h *junkHost) Store(string, []byte, uint32) error { return nil }

// A strictHost makes values with version 0 and no other, as ngx_wasm_module does.
type strictHost struct{ statetest.Host }

func (h *strictHost) Store(name string, value []byte, version uint32) error {
	if _, _, ok := h.Load(name); ok == (version == 0) {
		return state.ErrConflict
	}
	return h.Host.Store(name, value, version)
}

func TestHostThatMakesWithZero(t *testing.T) {
	t.Parallel()
	m := cache.NewMemory(&strictHost{}, "s", 1<<20)
	for i := range 500 {
		m.Put(key(i), entry(make([]byte, 500)), uint64(i))
		if _, ok := m.Get(key(i), start, 0); !ok && i < 100 {
			t.Fatalf("entry %d is not found", i)
		}
	}
}

// TestWritersSideBySide has four workers store and find the same few entries at once. Nobody
// may get half of an answer, or another's.
func TestWritersSideBySide(t *testing.T) {
	t.Parallel()
	host := &statetest.Host{}
	const bytesMost = 1 << 20
	var all sync.WaitGroup
	for worker := range 4 {
		all.Add(1)
		go func() {
			defer all.Done()
			m := cache.NewMemory(host, "s", bytesMost)
			r := rand.New(rand.NewPCG(uint64(worker), 1))
			found := 0
			for i := range 6000 {
				n := r.IntN(900)
				if e, ok := m.Get(key(n), start, r.Uint64()); ok {
					found++
					for _, b := range e.Value[1:] {
						if b != byte(n) {
							t.Errorf("entry %d has byte %d", n, b)
							return
						}
					}
					first := e.Value[0]
					if size := len(e.Value); size != sizeOf(n, first) {
						t.Errorf("entry %d of writer %d has %d bytes", n, first, size)
					}
					continue
				}
				value := bytes.Repeat([]byte{byte(n)}, sizeOf(n, byte(worker)))
				value[0] = byte(worker)
				m.Put(key(n), entry(value), r.Uint64())
				if i%500 == 0 {
					m.Purge(&cache.Filter{Key: key(n)})
				}
			}
			if found == 0 {
				t.Error("nothing was ever found")
			}
		}()
	}
	all.Wait()
	if _, size := host.Size(); size > bytesMost {
		t.Errorf("the host has %d bytes, want at most %d", size, bytesMost)
	}
}

// sizeOf is what a writer makes of an entry; some have several pieces.
func sizeOf(n int, writer byte) int { return 100 + n*n/40 + int(writer)*500 }

// TestHitRatio compares with the best there can be: to have the entries that are asked for
// most, as many as have room. It also holds the bytes to their bound.
func TestHitRatio(t *testing.T) {
	t.Parallel()
	const names, requests = 40_000, 600_000
	r := rand.New(rand.NewPCG(1, 2))
	sizes, footprint := make([]int, names), 0
	for i := range sizes {
		sizes[i] = int(min(64<<10, 2048*math.Exp(0.8*r.NormFloat64()))) + 1
		footprint += sizes[i]
	}
	for _, tt := range []struct {
		alpha   float64
		percent int
	}{{0.9, 5}, {1.0, 5}, {1.2, 5}, {1.0, 10}} {
		most := footprint * tt.percent / 100
		chance := zipf(names, tt.alpha)
		ideal, taken := 0.0, 0
		for i := 0; i < names && taken+sizes[i] <= most; i++ {
			ideal, taken = chance[i], taken+sizes[i]
		}
		host := &statetest.Host{}
		m := cache.NewMemory(host, "s", most)
		hits, counted := 0, 0
		value := make([]byte, 64<<10+1)
		for i := range requests {
			n := sort.SearchFloat64s(chance, r.Float64())
			k := cheapKey(n)
			_, ok := m.Get(&k, start, r.Uint64())
			if !ok {
				m.Put(&k, entry(value[:sizes[n]]), r.Uint64())
			}
			if i >= requests/2 {
				counted++
				if ok {
					hits++
				}
			}
			if i%50_000 == 0 {
				if _, size := host.Size(); size > most {
					t.Errorf("Zipf %.1f, %d %%: the host has %d bytes, want at most %d", tt.alpha, tt.percent, size, most)
				}
			}
		}
		ratio := float64(hits) / float64(counted)
		t.Logf("Zipf %.1f, %d %%: %.3f of requests are hits, ideal is %.3f", tt.alpha, tt.percent, ratio, ideal)
		if ratio < ideal-0.02 {
			t.Errorf("Zipf %.1f, %d %%: %.3f of requests are hits, want %.3f less 0.02", tt.alpha, tt.percent, ratio, ideal)
		}
	}
}

func cheapKey(n int) (k cache.Key) {
	x := uint64(n)
	for i := 0; i < len(k); i += 8 {
		x = (x + 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9
		x ^= x >> 31
		binary.LittleEndian.PutUint64(k[i:], x)
	}
	return k
}

// zipf are the chances of the first names together.
func zipf(names int, alpha float64) []float64 {
	sums, sum := make([]float64, names), 0.0
	for i := range sums {
		sum += math.Pow(float64(i+1), -alpha)
		sums[i] = sum
	}
	for i := range sums {
		sums[i] /= sum
	}
	return sums
}

func BenchmarkMemory(b *testing.B) {
	m := cache.NewMemory(&statetest.Host{}, "s", 64<<20)
	for i := range 1000 {
		k := cheapKey(i)
		m.Put(&k, entry(make([]byte, 2<<10)), 0)
	}
	b.Run("hit of 2 KB", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			k := cheapKey(i % 1000)
			m.Get(&k, start, uint64(i)*0x9e3779b97f4a7c15)
		}
	})
	b.Run("miss", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			k := cheapKey(5000 + i%1000)
			m.Get(&k, start, 1)
		}
	})
}
