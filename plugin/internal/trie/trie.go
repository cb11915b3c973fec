// Package trie finds words and phrases by their bytes: a double array, so that a step is
// one addition and one comparison however many words there are.
//
// See J. Aoe, "An Efficient Digital Search Algorithm by Using a Double-Array Structure",
// https://doi.org/10.1109/32.31365.
package trie

// A Trie is a set of words, each with a value. It is immutable once made.
type Trie struct {
	cells []cell
	free  int32 // no cell before it is looked at again
}

// A cell is a state: its children are at base plus their byte.
type cell struct {
	base, parent int32
	value        uint16
}

// An Entry is a word or phrase and what it stands for, which is not 0.
type Entry struct {
	Text  string
	Value uint16
}

// New takes entries, each text once, and puts them in order.
func New(entries []Entry) *Trie {
	t := &Trie{cells: make([]cell, 1, 4096)}
	t.cells[0].parent = -1
	t.grow(256)
	t.build(0, entries, 0)
	return t
}

func (t *Trie) grow(n int) {
	for len(t.cells) < n {
		t.cells = append(t.cells, cell{parent: -1})
	}
}

// build lays out the children of a state, whose entries agree in depth bytes.
func (t *Trie) build(state int32, entries []Entry, depth int) {
	var seen [256]bool
	for i := 0; i < len(entries); i++ {
		if len(entries[i].Text) == depth {
			t.cells[state].value = entries[i].Value
			entries[0], entries[i] = entries[i], entries[0]
			entries = entries[1:]
			i--
			continue
		}
		seen[entries[i].Text[depth]] = true
	}
	var labels []byte
	for b, ok := range seen {
		if ok {
			labels = append(labels, byte(b))
		}
	}
	if len(labels) == 0 {
		return
	}
	base := t.place(labels)
	t.cells[state].base = base
	for _, b := range labels {
		t.cells[base+int32(b)].parent = state
	}
	for _, b := range labels {
		n := 0 // how many go on with b: they come first
		for i, e := range entries {
			if e.Text[depth] == b {
				entries[n], entries[i] = entries[i], entries[n]
				n++
			}
		}
		t.build(base+int32(b), entries[:n], depth+1)
		entries = entries[n:]
	}
}

// place finds room for the children of a state: the first free cell for the first of them
// with the others free too. Where cells are nearly all taken it does not look again.
func (t *Trie) place(labels []byte) int32 {
	for t.grow(int(t.free) + 1); t.cells[t.free].parent >= 0 || t.free == 0; t.grow(int(t.free) + 1) {
		t.free++
	}
	const patience = 256
	for at := max(t.free, int32(labels[0])+1); ; at++ {
		base := at - int32(labels[0])
		t.grow(int(base) + 256)
		if at-t.free > patience {
			t.free = max(t.free, at-patience/2)
		}
		if t.fits(base, labels) {
			return base
		}
	}
}

// fits reports whether the cells of all labels are free at a base.
func (t *Trie) fits(base int32, labels []byte) bool {
	for _, b := range labels {
		if t.cells[base+int32(b)].parent >= 0 {
			return false
		}
	}
	return true
}

// Step goes from a state, 0 being the start, by a byte; 0 is nowhere.
func (t *Trie) Step(state int32, b byte) int32 {
	next := t.cells[state].base + int32(b)
	if t.cells[next].parent != state || next == 0 {
		return 0
	}
	return next
}

// Value is what the word stands for that led to a state; 0 if none ends there.
func (t *Trie) Value(state int32) uint16 { return t.cells[state].value }
