package redact

// A restorer finds placeholders in a text that comes in pieces.
type restorer struct {
	view
	text  []byte
	base  int // where text begins in the whole
	pos   int
	found []placed
}

// behind is how much of what is decided stays to be looked back at.
const behind = 4

func (r *restorer) reset() {
	*r = restorer{text: r.text[:0], found: r.found[:0]}
}

// feed takes the next bytes, and returns up to where the whole text is decided.
func (r *restorer) feed(v *Vault, p []byte, last bool) (decided int, found []placed) {
	r.found = r.found[:0]
	r.text = append(r.text, p...)
	r.t, r.last = r.text, last
	for r.pos < len(r.t) {
		c := r.t[r.pos]
		if !v.firsts[c] && !beginsBracket(c) {
			r.pos++
			continue
		}
		r.hit = false
		entry, end := v.find(&r.view, r.pos)
		if r.hit {
			break
		}
		if entry >= 0 {
			r.found = append(r.found, placed{Match: Match{Start: r.base + r.pos, End: r.base + end}, entry: entry + 1})
			r.pos = end
			continue
		}
		r.pos++
	}
	decided = r.base + r.pos
	if n := r.pos - behind; n > 256 {
		r.text = append(r.text[:0], r.text[n:]...)
		r.base, r.pos = r.base+n, r.pos-n
	}
	return decided, r.found
}

func beginsBracket(c byte) bool {
	return c == '<' || c == '&' || c == '\\' || c == '%' || c == 0xe2
}
