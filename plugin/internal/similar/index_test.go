package similar

import (
	"strconv"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/state/statetest"
)

func keyOf(n int) (k Key) {
	copy(k[:], strconv.Itoa(n))
	return k
}

const hour = int64(3600e9)

// TestIndexFinds has every pair that is alike found, and no other, by as many look-ups as the threshold needs.
func TestIndexFinds(t *testing.T) {
	for _, threshold := range [...]int{80, 85, usual, 100} {
		t.Run(strconv.Itoa(threshold), func(t *testing.T) {
			s := NewSketcher()
			alike, found := 0, 0
			for _, name := range files {
				for i, p := range pairs(t, name) {
					x := NewIndex(&statetest.Host{}, "space", "seed", 1<<20, threshold)
					rest := [32]byte{1}
					if k := s.Sketch([]byte(p.a)); k != nil {
						x.Add(&rest, k, keyOf(i), 0, hour)
					}
					score := s.score(p.a, p.b)
					k := s.Sketch([]byte(p.b))
					if k == nil {
						continue
					}
					got, ok := x.Find(&rest, k, Key{}, 1)
					if score >= threshold {
						alike++
					} else if ok {
						t.Errorf("found by score %d: %q, %q", got.Score, p.a, p.b)
					}
					if ok {
						found++
						if got.Score != score || got.Key != keyOf(i) {
							t.Errorf("got %v, want score %d: %q, %q", got, score, p.a, p.b)
						}
					}
					if _, ok := x.Find(&rest, k, keyOf(i), 1); ok {
						t.Errorf("%q found itself", p.a)
					}
					if _, ok := x.Find(&[32]byte{2}, k, Key{}, 1); ok {
						t.Errorf("%q found where the rest is another", p.a)
					}
					if _, ok := x.Find(&rest, k, Key{}, hour); ok {
						t.Errorf("%q found when it was over", p.a)
					}
				}
			}
			t.Logf("%d of %d found", found, alike)
			if least := alike * 99 / 100; found < least || threshold >= usual && found < alike {
				t.Errorf("got %d found of %d", found, alike)
			}
		})
	}
}

// TestIndexBounds has more questions than there is room for.
func TestIndexBounds(t *testing.T) {
	host := &counting{}
	x := NewIndex(host, "space", "seed", 1<<20, usual)
	s := NewSketcher()
	rest := [32]byte{1}
	for i := range 20_000 {
		x.Add(&rest, s.Sketch([]byte("What is the number "+strconv.Itoa(i)+" good for?")), keyOf(i), int64(i), hour+int64(i))
	}
	total := 0
	for _, n := range host.sizes {
		total += n
	}
	if total > 1<<20 || len(host.sizes) > 64 {
		t.Errorf("got %d bytes in %d values, want at most 1 MiB in 64", total, len(host.sizes))
	}
	if _, ok := x.Find(&rest, s.Sketch([]byte("what's the number 19999 good for")), Key{}, 20_000); !ok {
		t.Error("the last one is not found")
	}
}

// TestIndexKeepsTheLatest has one question asked with many answers.
func TestIndexKeepsTheLatest(t *testing.T) {
	x := NewIndex(&statetest.Host{}, "space", "seed", 1<<20, usual)
	s := NewSketcher()
	rest := [32]byte{1}
	k := s.kept("What is the capital of France?")
	for i := range 100 {
		x.Add(&rest, k, keyOf(i), 0, hour)
		x.Add(&rest, k, keyOf(i), 0, hour)
	}
	if got, ok := x.Find(&rest, k, Key{}, 0); !ok || got.Key != keyOf(99) || got.Score != 100 {
		t.Errorf("got %v, want the latest", got)
	}
	if got, ok := x.Find(&rest, k, keyOf(99), 0); !ok || got.Key != keyOf(98) {
		t.Errorf("got %v, want the one before", got)
	}
}

// A counting host knows how much it has.
type counting struct {
	statetest.Host
	sizes map[string]int
}

func (h *counting) Store(key string, value []byte, version uint32) error {
	err := h.Host.Store(key, value, version)
	if err == nil {
		if h.sizes == nil {
			h.sizes = map[string]int{}
		}
		h.sizes[key] = len(value)
	}
	return err
}

// FuzzSketch checks that a text is like itself, that scores are the same both ways, and that
// nothing breaks.
func FuzzSketch(f *testing.F) {
	s := NewSketcher()
	for _, name := range files {
		for _, p := range pairs(f, name) {
			f.Add(p.a, p.b)
		}
	}
	f.Add("'s's's", "'s a's b")
	f.Add("what is", "what's")
	f.Fuzz(func(t *testing.T, a, b string) {
		k := s.kept(a)
		if len(k) > 0 && Score(k, k) != 100 {
			t.Errorf("%q (%s) has score %d with itself", a, s.terms(a), Score(k, k))
		}
		other := s.kept(b)
		if x, y := Score(k, other), Score(other, k); x != y {
			t.Errorf("got scores %d and %d of %q, %q", x, y, a, b)
		}
	})
}

// FuzzRecord checks that an index reads whatever is in the host's memory.
func FuzzRecord(f *testing.F) {
	k := NewSketcher().kept("What is the capital of France?")
	f.Add([]byte{})
	f.Add(append(append([]byte{recordFormat}, make([]byte, 32)...), append([]byte{byte(k.len())}, k...)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		each(b, func(_ Key, other Sketch) {
			if score := Score(k, other); score < 0 || score > 100 {
				t.Errorf("got score %d", score)
			}
		})
	})
}

func BenchmarkSketch(b *testing.B) {
	s := NewSketcher()
	text := []byte("Could you please tell me how I can change the email address of my account in the mobile app?")
	b.ReportAllocs()
	for b.Loop() {
		s.Sketch(text)
	}
}

func BenchmarkFind(b *testing.B) {
	s := NewSketcher()
	x := NewIndex(&statetest.Host{}, "space", "seed", 1<<20, usual)
	rest := [32]byte{1}
	k := s.kept("Could you please tell me how I can change the email address of my account in the mobile app?")
	x.Add(&rest, k, Key{1}, 0, hour)
	b.ReportAllocs()
	for b.Loop() {
		x.Find(&rest, k, Key{}, 0)
	}
}
