package rawjson

import "slices"

// An Edit puts With in place of the bytes from Start to End.
type Edit struct {
	Start, End int
	With       []byte
}

// Apply appends src with its edits to dst. Edits are in order and apart from each
// other, as those of a Patch are; one that begins inside an earlier one is left out.
func Apply(dst, src []byte, edits []Edit) []byte {
	size := len(src)
	for _, e := range edits {
		size += len(e.With)
	}
	dst = slices.Grow(dst, size)
	at := 0
	for _, e := range edits {
		if e.Start < at || e.End < e.Start || e.End > len(src) {
			continue
		}
		dst = append(dst, src[at:e.Start]...)
		dst = append(dst, e.With...)
		at = e.End
	}
	return append(dst, src[at:]...)
}

// A Patch collects changes to one Doc and turns them into the fewest edits: every
// byte that no change concerns stays as it was. Changes may come in any order and
// concern the same object; commas come out right. Of two values given to one place
// the later holds, and a change to or inside what is deleted, or inside what is
// replaced, is void.
//
// A Patch keeps the values it is given until Reset. Its zero value is ready.
type Patch struct {
	ops   []op
	edits []Edit
}

type opKind uint8

const (
	opReplace opKind = iota
	opDelete         // a member or element
	opInsert         // a member or element before number pos
)

type op struct {
	kind  opKind
	v     Value // what is replaced, or the object or array
	pos   int
	key   string // of an inserted member
	raw   []byte
	taken bool // an insertion that has its edit
}

// Reset makes the Patch empty again and keeps its memory.
func (p *Patch) Reset() {
	clear(p.ops)
	clear(p.edits)
	p.ops, p.edits = p.ops[:0], p.edits[:0]
}

// Empty reports whether there is no change.
func (p *Patch) Empty() bool { return len(p.ops) == 0 }

// Replace puts raw, a JSON value, in place of v. An absent v is left alone.
//
//go:noinline
func (p *Patch) Replace(v Value, raw []byte) {
	if !v.Exists() {
		return
	}
	for i := range p.ops {
		if o := &p.ops[i]; o.kind == opReplace && o.v == v {
			o.raw = raw
			return
		}
	}
	p.ops = append(p.ops, op{kind: opReplace, v: v, raw: raw})
}

// SetField gives an object's member the value raw, and adds it at the end if it is
// not there. Nothing but an object is changed.
func (p *Patch) SetField(object Value, key string, raw []byte) {
	if object.Kind() != Object {
		return
	}
	if pos, v := object.Member(key); v.Exists() {
		p.ops = slices.DeleteFunc(p.ops, func(o op) bool {
			return o.kind == opDelete && o.v == object && o.pos == pos
		})
		p.Replace(v, raw)
		return
	}
	for i := range p.ops {
		if o := &p.ops[i]; o.kind == opInsert && o.v == object && o.key == key {
			o.raw = raw
			return
		}
	}
	p.ops = append(p.ops, op{kind: opInsert, v: object, pos: object.Len(), key: key, raw: raw})
}

// DeleteField removes an object's member with its comma.
func (p *Patch) DeleteField(object Value, key string) {
	if object.Kind() != Object {
		return
	}
	p.ops = slices.DeleteFunc(p.ops, func(o op) bool {
		return o.kind == opInsert && o.v == object && o.key == key
	})
	if pos, _ := object.Member(key); pos >= 0 {
		p.ops = append(p.ops, op{kind: opDelete, v: object, pos: pos})
	}
}

// InsertElem puts raw before element i of an array, or at its end when i is the
// number of elements. Several at one place stay in the order they came.
func (p *Patch) InsertElem(array Value, i int, raw []byte) {
	if array.Kind() == Array && i >= 0 && i <= array.Len() {
		p.ops = append(p.ops, op{kind: opInsert, v: array, pos: i, raw: raw})
	}
}

// DeleteElem removes element i of an array with its comma.
func (p *Patch) DeleteElem(array Value, i int) {
	if array.Kind() == Array && i >= 0 && i < array.Len() {
		p.ops = append(p.ops, op{kind: opDelete, v: array, pos: i})
	}
}

// Apply appends the patched document to dst.
func (p *Patch) Apply(dst []byte, d *Doc) []byte {
	return Apply(dst, d.Source(), p.Edits())
}
