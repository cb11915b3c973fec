package injection

import "slices"

// A trie finds words and phrases by their bytes: a double array, so that a step is one
// addition and one comparison however many words there are.
//
// See J. Aoe, "An Efficient Digital Search Algorithm by Using a Double-Array Structure",
// https://doi.org/10.1109/32.31365.
type trie struct {
	cells []cell
}

// A cell is a state: its children are at base plus their byte.
type cell struct {
	base, parent int32
	value        uint16 // what ends here and, after the shift, whether words may go on; 0: nothing
}

const openEnd = 1 << 15 // of a value: the entry is the beginning of words

// An entry is a word or phrase and what it stands for.
type entry struct {
	text  string
	value uint16
}

// newTrie takes entries that are sorted by text, each once.
func newTrie(entries []entry) trie {
	t := trie{cells: make([]cell, 1, 4096)}
	t.cells[0].parent = -1
	t.grow(256)
	t.build(0, entries, 0)
	return t
}

func (t *trie) grow(n int) {
	for len(t.cells) < n {
		t.cells = append(t.cells, cell{parent: -1})
	}
}

// build lays out the children of a state, whose entries agree in depth bytes.
func (t *trie) build(state int32, entries []entry, depth int) {
	if len(entries) > 0 && len(entries[0].text) == depth {
		t.cells[state].value = entries[0].value
		entries = entries[1:]
	}
	if len(entries) == 0 {
		return
	}
	var labels []byte
	var ends []int
	for i, e := range entries {
		if b := e.text[depth]; i == 0 || b != labels[len(labels)-1] {
			labels = append(labels, b)
			ends = append(ends, i)
		}
	}
	ends = append(ends, len(entries))
	base := t.place(labels)
	t.cells[state].base = base
	for _, b := range labels {
		t.cells[base+int32(b)].parent = state
	}
	for i, b := range labels {
		t.build(base+int32(b), entries[ends[i]:ends[i+1]], depth+1)
	}
}

// place finds room for the children of a state. Those with one child fill holes; a search
// is short, since it begins near the end.
func (t *trie) place(labels []byte) int32 {
	for base := int32(max(1, len(t.cells)-1024)); ; base++ {
		t.grow(int(base) + 256)
		if !slices.ContainsFunc(labels, func(b byte) bool { return t.cells[base+int32(b)].parent >= 0 }) {
			return base
		}
	}
}

// step goes from a state by a byte; 0 is nowhere.
func (t *trie) step(state int32, b byte) int32 {
	next := t.cells[state].base + int32(b)
	if t.cells[next].parent != state || next == 0 {
		return 0
	}
	return next
}

// value is what a whole word stands for, by itself or by an entry that it begins with.
func (t *trie) value(word string) uint16 {
	state, open := int32(0), uint16(0)
	for i := range len(word) {
		if state = t.step(state, word[i]); state == 0 {
			return open
		}
		if v := t.cells[state].value; v&openEnd != 0 || v != 0 && i == len(word)-1 {
			open = v &^ openEnd
		}
	}
	return open
}
