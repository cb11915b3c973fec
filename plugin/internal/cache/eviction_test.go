package cache_test

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/cache"
	"github.com/postern-gateway/postern/plugin/internal/state/statetest"
)

var (
	names    = flag.Int("names", 200_000, "answers in BenchmarkEviction")
	requests = flag.Int("requests", 2_000_000, "requests in BenchmarkEviction")
)

// A simple is a bucket of another policy: the same 16 places and bytes.
type simple struct {
	entries []simpleEntry // the latest first
	bytes   int
	hand    int
}

type simpleEntry struct {
	name, size int
	visited    bool
}

func (s *simple) find(name int) int {
	for i := range s.entries {
		if s.entries[i].name == name {
			return i
		}
	}
	return -1
}

func (s *simple) remove(i int) {
	s.bytes -= s.entries[i].size
	s.entries = append(s.entries[:i], s.entries[i+1:]...)
}

func (s *simple) add(name, size int) {
	s.entries = append([]simpleEntry{{name, size, false}}, s.entries...)
	s.bytes += size
}

func (s *simple) full(size, budget int) bool { return len(s.entries) >= 16 || s.bytes+size > budget }

func lru(s *simple, name, size, budget int) bool {
	if i := s.find(name); i >= 0 {
		s.remove(i)
		s.add(name, size)
		return true
	}
	for len(s.entries) > 0 && s.full(size, budget) {
		s.remove(len(s.entries) - 1)
	}
	s.add(name, size)
	return false
}

// sieve is https://www.usenix.org/conference/nsdi24/presentation/zhang-yazhuo.
func sieve(s *simple, name, size, budget int) bool {
	if i := s.find(name); i >= 0 {
		s.entries[i].visited = true
		return true
	}
	for len(s.entries) > 0 && s.full(size, budget) {
		if s.hand >= len(s.entries) || s.hand < 0 {
			s.hand = len(s.entries) - 1
		}
		if e := &s.entries[s.hand]; e.visited {
			e.visited = false
		} else {
			s.remove(s.hand)
		}
		s.hand--
	}
	s.add(name, size)
	s.hand++
	return false
}

// BenchmarkEviction compares what share of requests is answered: by a Memory, by the least
// recently used and by SIEVE in buckets of the same shape, and by the best that there can be.
func BenchmarkEviction(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	sizes, footprint := make([]int, *names), 0
	for i := range sizes {
		sizes[i] = int(min(64<<10, 2048*math.Exp(0.8*r.NormFloat64()))) + 1
		footprint += sizes[i]
	}
	for _, alpha := range []float64{0.9, 1.0, 1.2} {
		chance := zipf(*names, alpha)
		asked := make([]int32, *requests)
		for i := range asked {
			asked[i] = int32(sort.SearchFloat64s(chance, r.Float64()))
		}
		for _, percent := range []int{1, 5, 10} {
			b.Run(fmt.Sprintf("Zipf_%.1f/%d%%", alpha, percent), func(b *testing.B) {
				most := footprint * percent / 100
				for range b.N {
					ideal, taken := 0.0, 0
					for i := 0; i < len(sizes) && taken+sizes[i] <= most; i++ {
						ideal, taken = chance[i], taken+sizes[i]
					}
					b.ReportMetric(100*ideal, "%ideal")
					b.ReportMetric(share(asked, policy(lru, sizes, most)), "%LRU")
					b.ReportMetric(share(asked, policy(sieve, sizes, most)), "%SIEVE")
					host := &statetest.Host{}
					m := cache.NewMemory(host, "s", most)
					value := make([]byte, 64<<10+1)
					b.ReportMetric(share(asked, func(name int) bool {
						k := cheapKey(name)
						_, ok := m.Get(&k, start, r.Uint64())
						if !ok {
							m.Put(&k, entry(value[:sizes[name]]), r.Uint64())
						}
						return ok
					}), "%Memory")
					if _, size := host.Size(); size > most {
						b.Errorf("the host has %d bytes, want at most %d", size, most)
					}
				}
			})
		}
	}
}

func policy(ask func(s *simple, name, size, budget int) bool, sizes []int, most int) func(name int) bool {
	buckets := 1
	for most/(2*buckets) >= 20<<10 {
		buckets *= 2
	}
	all := make([]simple, buckets)
	return func(name int) bool {
		k := cheapKey(name)
		at := int(k[0]) | int(k[1])<<8 | int(k[2])<<16
		return ask(&all[at&(buckets-1)], name, sizes[name], most/buckets)
	}
}

// share is how many of the second half are answered, in percent.
func share(asked []int32, ask func(name int) bool) float64 {
	hits := 0
	for i, name := range asked {
		if ask(int(name)) && i >= len(asked)/2 {
			hits++
		}
	}
	return 100 * float64(hits) / float64(len(asked)-len(asked)/2)
}
