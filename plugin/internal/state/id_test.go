package state

import "testing"

func TestPartsAreParted(t *testing.T) {
	t.Parallel()
	table := New(nil, "s", "t", Shape{})
	seen := map[ID][]string{}
	for _, parts := range [][]string{nil, {""}, {"", ""}, {"ab"}, {"a", "b"}, {"ab", ""}, {"", "ab"}, {"a\x01\x00\x00\x00b"}} {
		id := table.ID(parts...)
		if other, ok := seen[id]; ok {
			t.Errorf("%q and %q have one id, want two", other, parts)
		}
		seen[id] = parts
	}
}

func TestIDsDependOnTableAndSeed(t *testing.T) {
	t.Parallel()
	table := func(space, name, seed string) *Table { return New(nil, space, name, Shape{Seed: seed}) }
	first := table("a", "t", "").ID("x")
	if got := table("b", "t", "").ID("x"); got != first {
		t.Error("another space: got another id, want the same")
	}
	for _, other := range []*Table{table("a", "u", ""), table("a", "t", "s")} {
		if other.ID("x") == first {
			t.Error("another name or seed: got the same id, want another")
		}
	}
}
