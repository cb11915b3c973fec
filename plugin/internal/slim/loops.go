package slim

import (
	"fmt"
	"maps"
	"slices"
)

// A loop is parts in a row that are gone through again and again, and entered at one of them:
// the first, or one that Go has written last because a loop begins with looking whether it
// goes on at all.
type loop struct {
	last, entry int
}

func (o loop) has(first, p int) bool { return p >= first && p <= o.last }

// findLoops finds which parts that are gone back to can begin a loop of their own.
func (l *layout) findLoops() {
	l.loops = map[int]loop{}
	for first, last := range l.back {
		l.loops[first] = loop{last: last}
	}
	for {
		for l.widen() {
		}
		n := len(l.loops)
		for _, first := range slices.Sorted(maps.Keys(l.loops)) { // in order, for one that goes makes others go
			o := l.loops[first]
			if entry, ok := l.entry(first, o); ok {
				l.loops[first] = loop{o.last, entry}
			} else {
				delete(l.loops, first)
			}
		}
		if len(l.loops) == n {
			return
		}
		for first := range l.loops {
			l.loops[first] = loop{last: l.back[first]}
		}
	}
}

// widen has a loop end behind all those that begin in it. It reports whether there was one
// that did not.
func (l *layout) widen() (changed bool) {
	for first, o := range l.loops {
		for inner, i := range l.loops {
			if inner > first && o.has(first, inner) && i.last > o.last {
				o.last, changed = i.last, true
			}
		}
		l.loops[first] = o
	}
	return changed
}

// entry is where a loop is entered from outside, if that is one part.
func (l *layout) entry(first int, o loop) (entry int, ok bool) {
	none, several := -1, len(l.parts)
	entry = none
	enter := func(p int) {
		if entry != none && entry != p {
			p = several
		}
		entry = p
	}
	for p := first; p <= o.last; p++ {
		if l.dispatched(p) {
			enter(p)
		}
	}
	for p := range l.parts {
		if o.has(first, p) || !l.parts[p].lives {
			continue
		}
		if l.parts[p].falls && p+1 == first {
			enter(first)
		}
		for _, j := range l.parts[p].jumps {
			if o.has(first, j.target) {
				enter(j.target)
			}
		}
	}
	if first == 0 {
		enter(0)
	}
	for inner, i := range l.loops {
		if inner > first && inner < entry && i.last >= entry {
			return 0, false // nor can it be cut in two there
		}
	}
	return entry, entry != none && entry != several
}

// dispatched reports whether a part is entered by the parameter: after a call, or to go back to it.
func (l *layout) dispatched(p int) bool {
	_, resumed := l.resumed[p]
	return resumed || l.isHead(p)
}

// isHead reports whether a part is gone back to by the loop around all.
func (l *layout) isHead(p int) bool {
	_, back := l.back[p]
	_, own := l.loops[p]
	return back && !own
}

// dropLoops has no loop of its own go around any of the parts.
func (l *layout) dropLoops(parts []int) {
	n := len(l.loops)
	maps.DeleteFunc(l.loops, func(first int, o loop) bool {
		return slices.ContainsFunc(parts, func(p int) bool { return o.has(first, p) })
	})
	if len(l.loops) == n {
		panic(fmt.Sprintf("nothing goes to parts %v", parts)) // they can always be entered by the parameter
	}
}
