package slim

import (
	"slices"
	"testing"
)

// TestNothingElseFits goes over the calls of a program's functions as V8 does without its baseline compiler: what
// makes the stack grow comes first, and nothing but fillers is put into a function with it.
func TestNothingElseFits(t *testing.T) {
	t.Parallel()
	linked := build(t, "program", "-ldflags", "-w")
	small, err := Slim(linked, Options{Names: true})
	if err != nil {
		t.Fatal(err)
	}
	m, err := parse(small)
	if err != nil {
		t.Fatal(err)
	}
	calls := make([][]int, len(m.bodies)) // of functions of its own, in order
	for i, body := range m.bodies {
		f, err := readBody(body)
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range f.list {
			if in.op == opCall && int(in.x) >= m.imported {
				calls[i] = append(calls[i], int(in.x)-m.imported)
			}
		}
	}
	grows := func(i int) bool { // it makes a stack grow
		return slices.ContainsFunc(calls[i], func(n int) bool { return m.names[m.imported+n] == "runtime.morestack_noctxt" })
	}
	isFiller := func(i int) bool { return string(m.types[m.funcs[i]]) == typeOfStart && len(m.bodies[i]) <= 12 }
	full := 0
	for i, body := range m.bodies {
		const enough = 200 // bytes of a function, of which twice as many are room for all fillers
		if len(body) < enough || len(calls[i]) == 0 || !grows(calls[i][0]) {
			continue
		}
		v := inliner{m: m, calls: calls, budget: 2 * len(body)}
		v.inline(i)
		if v.count != mostInlined {
			t.Fatalf("function %d %s: %d calls are put into it, want %d", i, m.names[m.imported+i], v.count, mostInlined)
		}
		for _, n := range v.inside {
			if n != calls[i][0] && !isFiller(n) {
				t.Fatalf("function %d %s has %d %s in it", i, m.names[m.imported+i], n, m.names[m.imported+n])
			}
		}
		full++
	}
	if full < 500 {
		t.Errorf("%d functions were looked at, want 500 or more", full)
	}
}

// An inliner does what V8 does.
type inliner struct {
	m      *module
	calls  [][]int
	budget int
	count  int
	inside []int
}

func (v *inliner) inline(function int) {
	for _, n := range v.calls[function] {
		if size := len(v.m.bodies[n]); size < v.budget && v.count < 60 {
			v.budget -= size
			v.count++
			v.inside = append(v.inside, n)
			v.inline(n)
		}
	}
}
