package rawjson

import (
	"iter"
	"math"
)

// A Kind is what a value is. The zero Kind is that of a value that is not there.
type Kind uint8

// The kinds of JSON.
const (
	Absent Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// String is the kind's name as errors say it.
//
//go:noinline
func (k Kind) String() string {
	switch k {
	case Null:
		return "null"
	case Bool:
		return "boolean"
	case Number:
		return "number"
	case String:
		return "string"
	case Array:
		return "array"
	case Object:
		return "object"
	}
	return "nothing"
}

// A Value is one place in a Doc, or none: the zero Value is absent, and every
// method may be called on it. Values are small and passed by value. The methods that
// every reader calls are not inlined: that costs no time which can be measured, and
// saves the module some 60 KB.
type Value struct {
	d *Doc
	i uint32
}

func (v Value) node() node {
	if v.d == nil {
		return node{}
	}
	return v.d.nodes[v.i]
}

// Kind is Absent for a value that is not there.
//
//go:noinline
func (v Value) Kind() Kind { return Kind(v.node().meta & kindMask) }

// Exists reports whether the value is there; null is.
func (v Value) Exists() bool { return v.d != nil }

// IsNull reports whether the value is there and null.
//
//go:noinline
func (v Value) IsNull() bool { return v.Kind() == Null }

// Span is where the value begins and ends in the document.
func (v Value) Span() (start, end int) {
	n := v.node()
	return int(n.start), int(n.end)
}

// Raw is the value as it is spelled, a part of the document; nil if absent.
//
//go:noinline
func (v Value) Raw() []byte {
	if v.d == nil {
		return nil
	}
	n := v.node()
	return v.d.src[n.start:n.end:n.end]
}

// Len is the number of elements or members, and 0 for any other kind.
//
//go:noinline
func (v Value) Len() int {
	n := v.node()
	return int(n.meta >> countShift)
}

// Bytes is what a string says: a part of the document if it is spelled without
// escapes, else a copy. It is nil for any other kind.
//
//go:noinline
func (v Value) Bytes() []byte {
	n := v.node()
	if Kind(n.meta&kindMask) != String {
		return nil
	}
	raw := v.d.src[n.start+1 : n.end-1 : n.end-1]
	if n.meta&flagEscaped == 0 {
		return raw
	}
	return appendUnescaped(make([]byte, 0, len(raw)), raw)
}

// AppendStr appends what a string says, and nothing for any other kind.
func (v Value) AppendStr(dst []byte) []byte {
	n := v.node()
	if Kind(n.meta&kindMask) != String {
		return dst
	}
	raw := v.d.src[n.start+1 : n.end-1]
	if n.meta&flagEscaped == 0 {
		return append(dst, raw...)
	}
	return appendUnescaped(dst, raw)
}

// Str is a copy of what a string says, and empty for any other kind.
//
//go:noinline
func (v Value) Str() string { return string(v.Bytes()) }

// Is reports whether the value is the string s. It copies only to resolve escapes.
//
//go:noinline
func (v Value) Is(s string) bool {
	n := v.node()
	if Kind(n.meta&kindMask) != String {
		return false
	}
	raw := v.d.src[n.start+1 : n.end-1]
	if n.meta&flagEscaped == 0 {
		return string(raw) == s
	}
	return len(raw) > len(s) && string(appendUnescaped(nil, raw)) == s
}

// Bool is the value of a boolean; ok says that it is one.
//
//go:noinline
func (v Value) Bool() (b, ok bool) {
	n := v.node()
	if Kind(n.meta&kindMask) != Bool {
		return false, false
	}
	return v.d.src[n.start] == 't', true
}

// Int64 is the value of a number that is whole and fits, however it is spelled:
// 12, 12.0 and 1.2e1 are. Beyond 2^53 it must be spelled without fraction and exponent.
//
//go:noinline
func (v Value) Int64() (i int64, ok bool) {
	n := v.node()
	if Kind(n.meta&kindMask) != Number {
		return 0, false
	}
	if n.meta&flagWhole == 0 {
		f, ok := v.Float64()
		if !ok || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
			return 0, false
		}
		return int64(f), true
	}
	return parseInt(v.d.src[n.start:n.end])
}

// parseInt reads digits with an optional minus. The scan has checked them.
func parseInt(p []byte) (int64, bool) {
	negative := p[0] == '-'
	if negative {
		p = p[1:]
	}
	if len(p) > 19 { // ten to the 19th still fits the uint64 below
		return 0, false
	}
	var u uint64
	for _, c := range p {
		u = u*10 + uint64(c-'0')
	}
	if negative {
		return -int64(u), u <= 1<<63
	}
	return int64(u), u < 1<<63
}

// Float64 is the value of a number; ok is false also for one beyond its range.
//
//go:noinline
func (v Value) Float64() (f float64, ok bool) {
	n := v.node()
	if Kind(n.meta&kindMask) != Number {
		return 0, false
	}
	return ParseFloat(v.d.src[n.start:n.end])
}

// Get is the member of an object with this key, and absent if there is none.
//
//go:noinline
func (v Value) Get(key string) Value {
	_, m := v.Member(key)
	return m
}

// Member is Get with the member's place among the others, -1 if it is absent. Most names are
// not as long as the key, so that their bytes are not looked at.
func (v Value) Member(key string) (place int, value Value) {
	n := v.node()
	if Kind(n.meta&kindMask) != Object {
		return -1, Value{}
	}
	nodes, size, end := v.d.nodes, uint32(len(key))+2, n.next
	for k := v.i + 1; k < end; k = nodes[k+1].next {
		name := &nodes[k]
		if (name.end-name.start == size || name.meta&flagEscaped != 0) && (Value{v.d, k}).Is(key) {
			return place, Value{v.d, k + 1}
		}
		place++
	}
	return -1, Value{}
}

// Pick is Get for several keys, which differ, in one pass: out, which is as long and has no values
// yet, gets those that are there, each in its key's place.
//
//go:noinline
func (v Value) Pick(out []Value, keys []string) {
	n := v.node()
	if Kind(n.meta&kindMask) != Object {
		return
	}
	nodes, end := v.d.nodes, n.next
	for k := v.i + 1; k < end; k = nodes[k+1].next {
		name := &nodes[k]
		size := int(name.end-name.start) - 2
		if name.meta&flagEscaped != 0 {
			size = -1 // it may be any of them
		}
		for i, key := range keys {
			if (len(key) == size || size < 0) && (Value{v.d, k}).Is(key) {
				out[i] = Value{v.d, k + 1}
				break
			}
		}
	}
}

// Find follows keys inward: v.Find("message", "usage"). It is absent when one is.
//
//go:noinline
func (v Value) Find(keys ...string) Value {
	for _, key := range keys {
		v = v.Get(key)
	}
	return v
}

// At is element i of an array, and absent if there is none. It counts from the
// start each time; to visit all, range over Elems.
//
//go:noinline
func (v Value) At(i int) Value {
	n := v.node()
	if Kind(n.meta&kindMask) != Array || i < 0 || i >= v.Len() {
		return Value{}
	}
	at := v.i + 1
	for ; i > 0; i-- {
		at = v.d.nodes[at].next
	}
	return Value{v.d, at}
}

// Elems are the elements of an array in order, none for any other kind.
func (v Value) Elems() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		n := v.node()
		if Kind(n.meta&kindMask) != Array {
			return
		}
		index := 0
		for at := v.i + 1; at < n.next; at = v.d.nodes[at].next {
			if !yield(index, Value{v.d, at}) {
				return
			}
			index++
		}
	}
}

// Fields are the members of an object in order, key and value, none for any other
// kind. A key is a Value too: a string, for Is, Str and Span.
func (v Value) Fields() iter.Seq2[Value, Value] {
	return func(yield func(Value, Value) bool) {
		n := v.node()
		if Kind(n.meta&kindMask) != Object {
			return
		}
		for at := v.i + 1; at < n.next; at = v.d.nodes[at+1].next {
			if !yield(Value{v.d, at}, Value{v.d, at + 1}) {
				return
			}
		}
	}
}
