package abi

import "github.com/tetratelabs/proxy-wasm-go-sdk/proxywasm/types"

// A table finds streams by the numbers that the host has given them. It stands in the place of
// three maps of the SDK, of which a request takes some microseconds in a proxy: in a table that is
// made for numbers that count up a look-up is a few instructions.
type table struct {
	chains [1 << 10]*place // by the last bits of the number
	spare  *place
}

type place struct {
	id     uint32
	stream types.HttpContext
	next   *place
}

func (t *table) chain(id uint32) **place { return &t.chains[id%uint32(len(t.chains))] }

// find is nil for a number that no stream has. A host that has an event for such a one is broken;
// then the call of a method of it ends the module, as the SDK does: nothing passes unseen.
func (t *table) find(id uint32) types.HttpContext {
	for p := *t.chain(id); p != nil; p = p.next {
		if p.id == id {
			return p.stream
		}
	}
	return nil
}

func (t *table) add(id uint32, s types.HttpContext) {
	p := t.spare
	if p == nil {
		p = &place{}
	} else {
		t.spare = p.next
	}
	at := t.chain(id)
	p.id, p.stream, p.next = id, s, *at
	*at = p
}

// remove reports whether there was such a stream.
func (t *table) remove(id uint32) bool {
	for at := t.chain(id); *at != nil; at = &(*at).next {
		p := *at
		if p.id != id {
			continue
		}
		*at = p.next
		p.stream, p.next = nil, t.spare
		t.spare = p
		return true
	}
	return false
}
