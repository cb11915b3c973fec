package redact

import "slices"

// A restorer finds placeholders in a text that comes in pieces.
type restorer struct {
	view
	text []byte
	base int // where text begins in the whole
	pos  int
}

// behind is how much of what is decided stays to be looked back at.
const behind = 4

func (r *restorer) reset() {
	*r = restorer{text: r.text[:0]}
}

// feed takes the next bytes, appends what it finds, and returns up to where the whole text is
// decided.
func (r *restorer) feed(found []placed, v *Vault, p []byte, last bool) (_ []placed, decided int) {
	r.text = append(r.text, p...)
	r.t, r.last = r.text, last
	for {
		if r.pos = v.begun.next(r.t, r.pos); r.pos == len(r.t) {
			break
		}
		r.hit = false
		entry, end := v.find(&r.view, r.pos)
		if r.hit {
			break
		}
		if entry >= 0 {
			if len(found) == cap(found) {
				found = slices.Grow(found, 16) // where one is, there are others
			}
			found = append(found, placed{Match: Match{Start: r.base + r.pos, End: r.base + end}, entry: entry + 1})
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
	return found, decided
}

// stops are what brackets begin with, and what follows the first word of a name without any.
var stops = [256]uint8{'<': 1, '&': 1, '\\': 1, '%': 1, 0xe2: 1, '_': 1}

// next is the first place from p on where a placeholder may begin: with a bracket, or with a
// letter of a name where a word begins, if the word ends with what names go on with, or with
// the text.
func (v *beginnings) next(t []byte, p int) int {
	for {
		u := stop(t, p)
		from := u
		if u == len(t) || t[u] == '_' || t[u] == '\\' {
			for from > p && isAlnum(t[from-1]) {
				from--
			}
		}
		switch {
		case from < u && v.mayBegin(t, from):
			return from
		case u == len(t) || t[u] != '_':
			return u
		}
		p = u + 1
	}
}

// stop is the first of stops from p on.
func stop(t []byte, p int) int {
	for ; p+8 <= len(t); p += 8 {
		w := t[p : p+8 : p+8]
		if stops[w[0]]|stops[w[1]]|stops[w[2]]|stops[w[3]]|stops[w[4]]|stops[w[5]]|stops[w[6]]|stops[w[7]] != 0 {
			break
		}
	}
	for p < len(t) && stops[t[p]] == 0 {
		p++
	}
	return p
}

// mayBegin reports whether a name may begin at p: with its first two letters, where a word
// begins.
func (v *beginnings) mayBegin(t []byte, p int) bool {
	return v.firsts[t[p]] && (p == 0 || !isWord(t[p-1])) && (p+1 == len(t) || v.seconds[t[p+1]])
}
