package trie_test

import (
	"math/rand/v2"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/trie"
)

// TestFindsWhatItHas compares it with a map, over words of few letters that share their
// beginnings and their cells.
func TestFindsWhatItHas(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		b := make([]byte, 1+r.IntN(6))
		for i := range b {
			b[i] = "abcz \xff\x00é"[r.IntN(9)]
		}
		return string(b)
	}
	want := map[string]uint16{}
	var entries []trie.Entry
	for n := range 3000 {
		if w := word(); want[w] == 0 {
			want[w] = uint16(n + 1)
			entries = append(entries, trie.Entry{Text: w, Value: uint16(n + 1)})
		}
	}
	x := trie.New(entries)
	for range 20000 {
		w, state := word(), int32(0)
		got := uint16(0)
		for i := range len(w) {
			if state = x.Step(state, w[i]); state == 0 {
				break
			}
		}
		if state != 0 {
			got = x.Value(state)
		}
		if got != want[w] {
			t.Fatalf("%q: got %d, want %d", w, got, want[w])
		}
	}
}

func TestOfNothing(t *testing.T) {
	t.Parallel()
	if got := trie.New(nil).Step(0, 'a'); got != 0 {
		t.Errorf("got state %d, want 0", got)
	}
}
