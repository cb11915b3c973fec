package slim

import "strings"

// A packer writes what can be said once for all who say the same.
type packer struct {
	out   []byte
	where map[string]int
}

func newPacker() *packer { return &packer{where: map[string]int{}} }

// newPackerFromOne keeps the place 0 free, which stands for nothing.
func newPackerFromOne() *packer { return &packer{out: []byte{0}, where: map[string]int{}} }

func (p *packer) add(s string) int {
	at, ok := p.where[s]
	if !ok {
		at = len(p.out)
		p.where[s], p.out = at, append(p.out, s...)
	}
	return at
}

// slimNames writes the names of functions and files once and, if a root is given, without what they begin with if
// that is root, and without what stands in brackets: traces have `[...]` for it anyway.
func (t *tables) slimNames(root string) {
	names := newPackerFromOne()
	rename := func(at int) {
		if offset := t.half(at); offset != 0 {
			t.setHalf(at, names.add(shortName(t.text(tableNames, offset), root)+"\x00"))
		}
	}
	for _, f := range t.funcs() {
		rename(f + funcName)
		if tree, l := t.inlined(f); tree > 0 {
			for n := range l.most() + 1 {
				rename(tree + n*inlinedSize + inlinedName)
			}
		}
	}
	files := newPacker()
	units := t.at(tableUnits)
	for i := range t.size(tableUnits) {
		if at := units + 4*i; t.half(at) != none {
			t.setHalf(at, files.add(strings.TrimPrefix(t.text(tableFiles, t.half(at)), root)+"\x00"))
		}
	}
	t.replace(tableNames, names.out)
	t.replace(tableFiles, files.out)
}

// shortName is a function's name without the root of what is in it.
func shortName(name, root string) string {
	if root == "" {
		return name
	}
	if open, end := strings.IndexByte(name, '['), strings.LastIndexByte(name, ']'); open >= 0 && end > open {
		name = name[:open] + "[...]" + name[end+1:]
	}
	short := strings.ReplaceAll(name, root, "")
	for _, own := range []string{"runtime.", "internal/", "reflect."} { // by which Go's runtime knows its own
		if short != name && strings.HasPrefix(short, own) {
			return name
		}
	}
	return short
}
