package rawjson

import (
	"cmp"
	"slices"
)

// Edits are the changes as edits in order and apart from each other, for a caller
// who patches a copy held elsewhere. They are void after the next change.
func (p *Patch) Edits() []Edit {
	p.edits = p.edits[:0]
	for i := range p.ops {
		p.ops[i].taken = false
	}
	for i := range p.ops {
		switch o := &p.ops[i]; {
		case o.kind == opReplace:
			start, end := o.v.Span()
			p.edits = append(p.edits, Edit{start, end, o.raw})
		case !o.taken:
			p.members(o.v)
		}
	}
	slices.SortStableFunc(p.edits, inOrder)
	p.edits = apart(p.edits)
	return p.edits
}

// inOrder puts, of edits that begin at one place, insertions first, in the order
// they came, then the longest, then deletions: an element that is both deleted and
// replaced is deleted.
func inOrder(a, b Edit) int {
	switch {
	case a.Start != b.Start:
		return cmp.Compare(a.Start, b.Start)
	case a.End == a.Start || b.End == b.Start:
		return cmp.Compare(min(a.End-a.Start, 1), min(b.End-b.Start, 1))
	case a.End != b.End:
		return cmp.Compare(b.End, a.End)
	}
	return cmp.Compare(min(len(a.With), 1), min(len(b.With), 1))
}

// apart drops edits that lie inside an earlier one.
func apart(edits []Edit) []Edit {
	at, kept := 0, edits[:0]
	for _, e := range edits {
		if e.Start < at {
			continue
		}
		at = e.End
		kept = append(kept, e)
	}
	return kept
}

// members turns all insertions and deletions in one object or array into edits. It
// walks the members as they are in the source; left counts those that will stand in
// the result so far. Of a deleted member the comma before it goes too, or the one
// after it as long as nothing is left before it; what is inserted there waits for
// the first that stays.
func (p *Patch) members(v Value) {
	var waiting []byte
	n := v.node()
	prevEnd := int(n.start) + 1
	left, pos := 0, 0
	insert := func() {
		for i := range p.ops {
			o := &p.ops[i]
			if o.kind != opInsert || o.v != v || o.pos != pos {
				continue
			}
			o.taken = true
			if left == 0 {
				waiting = append(o.text(waiting), ',')
				continue
			}
			p.edits = append(p.edits, Edit{prevEnd, prevEnd, o.text([]byte{','})})
		}
	}
	for at := v.i + 1; at < n.next; pos++ {
		start, end, next := v.d.memberSpan(at)
		insert()
		if p.deleted(v, pos) {
			switch {
			case left > 0:
				p.edits = append(p.edits, Edit{prevEnd, end, nil})
			case next < n.next:
				p.edits = append(p.edits, Edit{start, int(v.d.nodes[next].start), nil})
			default:
				p.edits = append(p.edits, Edit{start, end, nil})
			}
		} else {
			if len(waiting) > 0 {
				p.edits = append(p.edits, Edit{start, start, waiting})
				waiting = nil
			}
			left++
		}
		prevEnd, at = end, next
	}
	insert()
	if len(waiting) > 0 {
		p.edits = append(p.edits, Edit{prevEnd, prevEnd, waiting[:len(waiting)-1]})
	}
}

// deleted reports whether member pos of v is to go, and marks the changes that say so.
func (p *Patch) deleted(v Value, pos int) bool {
	found := false
	for i := range p.ops {
		if o := &p.ops[i]; o.kind == opDelete && o.v == v && o.pos == pos {
			o.taken, found = true, true
		}
	}
	return found
}

// text appends what an insertion inserts.
func (o *op) text(dst []byte) []byte {
	if o.v.Kind() == Object {
		dst = AppendKey(dst, o.key)
	}
	return append(dst, o.raw...)
}

// memberSpan is where the element, or key and value, at node at begins and ends,
// and the node behind it.
func (d *Doc) memberSpan(at uint32) (start, end int, next uint32) {
	value := at
	if d.nodes[at].meta&flagKey != 0 {
		value++
	}
	return int(d.nodes[at].start), int(d.nodes[value].end), d.nodes[value].next
}
