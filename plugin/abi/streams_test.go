package abi

import (
	"math/rand/v2"
	"testing"

	"github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/types"
)

type numbered struct {
	types.DefaultHttpContext
	id uint32
}

// TestTableFindsStreams compares a table with a map, for numbers that count up, far apart and alike.
func TestTableFindsStreams(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var table table
	want := map[uint32]*numbered{}
	for n := range uint32(20_000) {
		id := [...]uint32{n, n << 10, n << 20, random.Uint32()}[random.IntN(4)]
		switch s, there := want[id]; {
		case random.IntN(3) > 0 && !there:
			want[id] = &numbered{id: id}
			table.add(id, want[id])
		case table.remove(id) != there:
			t.Fatalf("remove(%d): got %v, want %v", id, !there, there)
		case there && s.id != id:
			t.Fatalf("the stream of %d is that of %d", id, s.id)
		default:
			delete(want, id)
		}
		for _, x := range [...]uint32{id, n, random.Uint32N(n + 1)} {
			s, _ := table.find(x).(*numbered)
			if s != want[x] {
				t.Fatalf("find(%d): got %v, want %v", x, s, want[x])
			}
		}
	}
	for id := range want {
		table.remove(id)
	}
	for _, chain := range table.chains {
		if chain != nil {
			t.Errorf("the stream %d is left", chain.id)
		}
	}
	n := 0
	for p := table.spare; p != nil; p = p.next {
		if n++; p.stream != nil {
			t.Error("what is spare keeps a stream")
		}
	}
	if n == 0 {
		t.Error("no place is used again")
	}
}
