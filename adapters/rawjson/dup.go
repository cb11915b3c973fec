package rawjson

import (
	"bytes"
	"slices"
)

const fewKeys = 12 // up to here comparing all pairs is cheaper than sorting

// alike reports whether an earlier key of the object at node is spelled like key. It is
// the common case of the check: few keys, none of them escaped.
func (d *Doc) alike(object, key uint32) bool {
	k := d.nodes[key]
	for at := object + 1; at < key; at = d.nodes[at+1].next {
		n := d.nodes[at]
		if n.end-n.start == k.end-k.start && string(d.src[n.start:n.end]) == string(d.src[k.start:k.end]) {
			return true
		}
	}
	return false
}

// repeated reports whether two keys of the object say the same, and then leaves
// the later one in f.key. Sorting keeps it at n log n whatever the keys are.
func (d *Doc) repeated(f *frame) bool {
	d.keys = d.keys[:0]
	for k := f.node + 1; int(k) < len(d.nodes); k = d.nodes[k+1].next {
		d.keys = append(d.keys, k)
	}
	if len(d.keys) <= fewKeys {
		for n, a := range d.keys {
			for _, b := range d.keys[:n] {
				if d.compareKeys(a, b) == 0 {
					f.key = a
					return true
				}
			}
		}
		return false
	}
	slices.SortFunc(d.keys, d.compareKeys)
	for n := 1; n < len(d.keys); n++ {
		if d.compareKeys(d.keys[n-1], d.keys[n]) == 0 {
			f.key = max(d.keys[n-1], d.keys[n])
			return true
		}
	}
	return false
}

// compareKeys orders two keys by what they mean, not by how they are spelled.
func (d *Doc) compareKeys(a, b uint32) int {
	return bytes.Compare(d.keyText(a, 0), d.keyText(b, 1))
}

func (d *Doc) keyText(n uint32, scratch int) []byte {
	k := d.nodes[n]
	raw := d.src[k.start+1 : k.end-1]
	if k.meta&flagEscaped == 0 {
		return raw
	}
	d.text[scratch] = appendUnescaped(d.text[scratch][:0], raw)
	return d.text[scratch]
}
