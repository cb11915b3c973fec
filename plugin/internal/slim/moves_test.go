package slim

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestMoves(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, in, want string
		movers         []mover
	}{
		{"a copy", "get 1 get 2 wrap i32 24 memory.copy", "get 1 get 2 wrap call 5", []mover{{copies, 24}}},
		{"zeros", "get 1 i32 8 i32.add i32 0 i32 40 memory.copy", "get 1 i32 8 i32.add call 5", []mover{{clears, 40}}},
		{"the same twice", "get 1 get 3 i32 24 memory.copy get 3 get 1 i32 24 memory.copy", "get 1 get 3 call 5 get 3 get 1 call 5", []mover{{copies, 24}}},
		{"many bytes", "get 1 get 3 i32 264 memory.copy get 1 i32 0 i32 20 memory.copy", "get 1 get 3 i32 264 call 5 get 1 i32 0 i32 20 call 5", []mover{{copies, 0}}},
		{"who knows how many", "get 1 get 3 get 3 memory.copy", "get 1 get 3 get 3 memory.copy", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := &module{imported: 2, funcs: make([]uint64, 3)}
			f := &function{list: assemble(t, tt.in)}
			m.leaveMoves([]*function{nil, f, nil}, true)
			if got, want := print(f.list), print(assemble(t, tt.want)); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			if len(m.bodies) != len(tt.movers) {
				t.Fatalf("it has %d functions more, want %d", len(m.bodies), len(tt.movers))
			}
			for i, w := range tt.movers {
				if !bytes.Equal(m.bodies[i], w.body()) {
					t.Errorf("another function than that of %v was added", w)
				}
			}
		})
	}
}

// TestMovesDoTheSame copies and clears so many bytes as a module was, and as it becomes.
func TestMovesDoTheSame(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("gget 0 set 1 i32 0 i32 0 i32 264 memory.fill")
	for i, size := range []int{8, 16, 20, 24, 64, 128, 136, 248, 256, 264} {
		fmt.Fprintf(&text, " i32 %d i32 %d i32 %d memory.copy i32 %d i32 0 i32 %d memory.copy", 2048+300*i, 1024+i, size, 6000+300*i, size)
	}
	f := &function{groups: 1, locals: []byte{1, typeI32}, list: assemble(t, text.String()+" i32 0 end")}
	wasm := moduleOf(f.bytes())
	m, err := parse(wasm)
	if err != nil {
		t.Fatal(err)
	}
	m.leaveMoves([]*function{f}, true)
	m.bodies[0] = f.bytes()
	small := m.bytes()
	if before, after := memoryLeft(t, wasm), memoryLeft(t, small); !bytes.Equal(before, after) {
		t.Error("the memory differs")
	}
	if n := bytes.Count(small, []byte{opMore, memoryCopy}); n != 1 {
		t.Errorf("there are %d instructions to copy, want 1", n)
	}
}
