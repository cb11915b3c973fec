package slim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestOrderChangesNothing has programs do the same whose functions come in any order.
func TestOrderChangesNothing(t *testing.T) {
	t.Parallel()
	program, reactor := build(t, "program", "-ldflags", "-w"), build(t, "reactor", "-buildmode", "c-shared")
	said, done := run(t, program, []string{"program"}), react(t, reactor)
	for seed := range uint64(3) {
		shuffled := func(linked []byte) []byte {
			wasm, err := Slim(linked, Options{Order: shuffledNames(t, linked, seed)})
			if err != nil {
				t.Fatal(err)
			}
			return wasm
		}
		if got := run(t, shuffled(program), []string{"program"}); got != said {
			t.Errorf("seed %d: got\n%s\nwant\n%s", seed, got, said)
		}
		if got := react(t, shuffled(reactor)); !slices.Equal(got, done) {
			t.Errorf("seed %d: got\n%v, want\n%v", seed, got, done)
		}
	}
}

func shuffledNames(t *testing.T, linked []byte, seed uint64) []string {
	t.Helper()
	m, err := parse(linked)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for n, name := range m.names {
		if n >= m.imported {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	rand.New(rand.NewPCG(seed, 1)).Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return names
}

// TestOrderIsTheOneAskedFor looks at where functions are.
func TestOrderIsTheOneAskedFor(t *testing.T) {
	t.Parallel()
	linked := build(t, "program", "-ldflags", "-w")
	before := named(t, linked, nil)
	added := slices.IndexFunc(before, func(name string) bool { return strings.HasPrefix(name, "slim.") })
	if added < 0 {
		t.Fatal("no function was added")
	}
	list := Order("# what comes first\nruntime.mallocgc\n\nnobody's\nruntime.gcStart\nmemeqbody\n" + before[added] + "\n")
	after := named(t, linked, list)
	if want := []string{"runtime.mallocgc", "runtime.gcStart", "memeqbody", before[added]}; !slices.Equal(after[:4], want) {
		t.Errorf("got %v first, want %v", after[:4], want)
	}
	slices.Sort(before)
	if slices.Sort(after); !slices.Equal(before, after) {
		t.Errorf("%d functions are there, want the same %d", len(after), len(before))
	}
}

// named are the names of a module's own functions, in its order.
func named(t *testing.T, linked []byte, order []string) []string {
	t.Helper()
	wasm, err := Slim(linked, Options{Order: order, Names: true})
	if err != nil {
		t.Fatal(err)
	}
	m, err := parse(wasm)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for n := range m.funcs {
		names = append(names, m.names[m.imported+n])
	}
	return names
}

// TestOrderOfAnotherModule is refused.
func TestOrderOfAnotherModule(t *testing.T) {
	t.Parallel()
	linked := build(t, "program", "-ldflags", "-w")
	list := []string{"runtime.mallocgc", "runtime.gcStart"}
	for n := range 2 {
		list = append(list, fmt.Sprint("nobody's", n))
	}
	if _, err := Slim(linked, Options{Order: list}); err == nil || !strings.Contains(err.Error(), "only 2 are there") {
		t.Errorf("got %v, want that only 2 of them are there", err)
	}
}
