// Package rawjson reads JSON where it lies, patches it byte for byte, writes it,
// and picks named fields out of a document that streams by.
//
// A Doc checks a whole document once, strictly by RFC 8259
// (https://www.rfc-editor.org/rfc/rfc8259), and keeps a tape of where each value
// begins and ends; nothing is copied. It also refuses what the RFC leaves open and
// receivers read in different ways: a key that an object names twice (in whatever
// spelling), bytes that are not UTF-8, and \u escapes of half a surrogate pair.
// So whatever a Doc accepted means the same to everybody who reads it later.
//
// Long strings are passed eight bytes at a time. Nothing here uses reflection.
package rawjson

import "slices"

// Limits that hold where a Doc sets none of its own.
const (
	DefaultDepth = 512
	DefaultNodes = 1 << 20
)

const (
	mostNodes = 1<<24 - 1     // a node counts its children in 24 bits
	mostBytes = 1<<31 - 1     // offsets are 32 bits, also as int on 32-bit targets
	keepNodes = 1 << 14       // 256 KB of tape are kept for the next document
	keepKeys  = keepNodes / 4 // scratch of the check for repeated keys
)

// A Doc is one parsed document. Its zero value is ready; parsing again reuses the
// memory of the tape. Values of the earlier document are then void.
type Doc struct {
	MaxDepth int // how deep arrays and objects may nest; 0 means DefaultDepth
	MaxNodes int // how many values and keys there may be; 0 means DefaultNodes

	// LoneSurrogates accepts \u escapes of half a surrogate pair, which then read
	// as U+FFFD. Providers refuse such requests, but some send such answers.
	LoneSurrogates bool

	src   []byte
	nodes []node
	stack []frame
	keys  []uint32 // scratch of the check for repeated keys
	text  [2][]byte
	grown bool // Grow made room for the next document
}

// A node is one value or key. An object's children are key, value, key, value.
type node struct {
	start, end uint32 // the bytes of the value, quotes and braces included
	next       uint32 // the node after this one and all that it holds
	meta       uint32 // kind, flags, and number of members from bit 8
}

const (
	kindMask    = 0x0f
	flagEscaped = 0x10 // a string with at least one backslash
	flagWhole   = 0x20 // a number without fraction and exponent
	flagKey     = 0x40 // a string that names a member
	countShift  = 8
)

// A frame is an object or array whose end was not read yet.
type frame struct {
	seen    uint64 // one bit for each key's length and outer bytes
	node    uint32
	key     uint32 // the latest key
	count   uint32 // members before the latest
	object  bool
	suspect bool // two keys share a bit, or one is escaped: compare them all at the end
}

// Parse checks src and makes it the document. The Doc keeps src; it must not
// change while values of it are in use. A bad document leaves the Doc empty.
func (d *Doc) Parse(src []byte) error {
	d.Reset()
	d.src = src
	if len(src) > mostBytes {
		return d.fail(0, badSize)
	}
	if d.stack == nil { // room at once for what most documents need
		d.stack = make([]frame, 0, 8)
		d.nodes = slices.Grow(d.nodes, min(8+len(src)/32, 128))
	}
	if at, bad := d.parse(); bad != 0 {
		err := d.fail(at, bad)
		d.Reset()
		return err
	}
	return nil
}

// Reset forgets the document. It keeps the tape's memory for the next one unless
// an unusually large document blew it up.
//
//go:noinline
func (d *Doc) Reset() {
	d.src = nil
	d.nodes, d.stack, d.keys = d.nodes[:0], d.stack[:0], d.keys[:0]
	if cap(d.nodes) > keepNodes && !d.grown {
		d.nodes = nil
	}
	d.grown = false
	if cap(d.keys) > keepKeys {
		d.keys, d.text = nil, [2][]byte{}
	}
}

// Grow makes room for n values and keys at once, for documents that are known to be
// large: a tape that grows by itself leaves several times its size as garbage.
func (d *Doc) Grow(n int) {
	d.Reset()
	if n = min(n, d.room()); n > cap(d.nodes) {
		d.nodes = make([]node, 0, n)
	}
	d.grown = true
}

// Root is the document's value; it is absent before a successful Parse.
//
//go:noinline
func (d *Doc) Root() Value {
	if len(d.nodes) == 0 {
		return Value{}
	}
	return Value{d, 0}
}

// Source is what was parsed.
func (d *Doc) Source() []byte { return d.src }
