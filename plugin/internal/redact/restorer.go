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
		if !v.begun.mayBegin(r.t, r.pos) {
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

// beginsBracket are the first bytes of brackets.
var beginsBracket = [256]bool{'<': true, '&': true, '\\': true, '%': true, 0xe2: true}

// mayBegin reports whether a placeholder may begin at p: with a bracket, or with the first
// two letters of a name, where a word begins.
func (v *beginnings) mayBegin(t []byte, p int) bool {
	c := t[p]
	if !v.firsts[c] {
		return beginsBracket[c]
	}
	return beginsBracket[c] || (p == 0 || !isWord(t[p-1])) && (p+1 >= len(t) || v.seconds[t[p+1]])
}
