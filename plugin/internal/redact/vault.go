package redact

import (
	"strconv"

	"github.com/postern-gateway/postern/adapters/sha2"
)

// A Vault is what placeholders stand for in one request and its answer. The values are
// nowhere else, and gone with it. Its zero value is ready.
type Vault struct {
	entries []sealed
	byValue map[string]int
	names   []vaultName
	begun   *beginnings // of names; nil: there are none
}

// A vaultName is a name that placeholders have, and their entries in the order of their numbers.
type vaultName struct {
	name    string
	entries []int
}

type sealed struct {
	name  string // EMAIL_ADDRESS
	n     int    // the 1 of EMAIL_ADDRESS_1
	value []byte
}

// Put is the placeholder for a value: the same for the same, another for another.
func (v *Vault) Put(dst []byte, name string, value []byte) (placeholder []byte, entry int) {
	key := name + "\x00" + string(value)
	entry, ok := v.byValue[key]
	if !ok {
		if v.byValue == nil {
			v.byValue, v.begun = map[string]int{}, &beginnings{}
		}
		entry = len(v.entries)
		v.byValue[key] = entry
		v.entries = append(v.entries, sealed{name, v.number(name, entry), append([]byte(nil), value...)})
	}
	e := &v.entries[entry]
	dst = append(append(dst, '<'), e.name...)
	dst = strconv.AppendInt(append(dst, '_'), int64(e.n), 10)
	return append(dst, '>'), entry
}

// number gives the next entry of a name its number.
func (v *Vault) number(name string, entry int) int {
	for i := range v.names {
		if x := &v.names[i]; x.name == name {
			x.entries = append(x.entries, entry)
			return len(x.entries)
		}
	}
	v.names = append(v.names, vaultName{name, []int{entry}})
	v.begun.add(name)
	return 1
}

// beginnings are what names begin with.
type beginnings struct {
	firsts  [256]bool // letters, in either case
	seconds [256]bool // what may follow them
}

// add notes what a name begins with.
func (v *beginnings) add(name string) {
	v.firsts[toLower(name[0])], v.firsts[toUpper(name[0])] = true, true
	if len(name) > 1 && isAlnum(name[1]) {
		v.seconds[toLower(name[1])], v.seconds[toUpper(name[1])] = true, true
		return
	}
	for i := range v.seconds { // a sign has many spellings
		v.seconds[i] = true
	}
}

// Knows reports whether the value has a placeholder.
func (v *Vault) Knows(name string, value []byte) bool {
	_, ok := v.byValue[name+"\x00"+string(value)]
	return ok
}

// extend adds the rest of a value that was too long to be looked at together.
func (v *Vault) extend(entry int, rest []byte) {
	v.entries[entry].value = append(v.entries[entry].value, rest...)
}

// Empty reports whether nothing can be put back.
func (v *Vault) Empty() bool { return len(v.entries) == 0 }

// find reads a placeholder that begins at p, however a model has spelled it: in another
// case, without its angle brackets, with them escaped, with blanks or escaped signs in it.
func (v *Vault) find(t *view, p int) (entry, end int) {
	i := opening(t, p)
	bracket := i > p
	if c := t.at(i); !v.begun.firsts[c] || !bracket && isWord(t.before(p-1)) {
		return -1, 0
	}
	best, bestEnd := -1, 0
	for k := range v.names {
		x := &v.names[k]
		j := spelled(t, i, x.name, bracket)
		if j == 0 {
			continue
		}
		from, n := j, 0
		for isDigit(t.at(j)) && j-from < 7 {
			n = n*10 + int(t.at(j)-'0')
			j++
		}
		if j > from && j < from+7 && n >= 1 && n <= len(x.entries) && j > bestEnd {
			best, bestEnd = x.entries[n-1], j
		}
	}
	if best < 0 {
		return -1, 0
	}
	if bracket {
		bestEnd = closing(t, bestEnd)
	} else if isWord(t.at(bestEnd)) {
		return -1, 0
	}
	return best, bestEnd
}

// spelled reads a name and the sign before its number, and returns where the number begins.
func spelled(t *view, i int, name string, bracket bool) int {
	if e := i + len(name); e < len(t.t) && t.t[e] == '_' && string(t.t[i:e]) == name { // as it was
		return e + 1
	}
	for k := 0; k <= len(name); k++ {
		if k == len(name) || name[k] == '_' {
			if t.at(i) == '\\' {
				i++
				if t.at(i) == '\\' {
					i++
				}
			}
			if c := t.at(i); c != '_' && (!bracket || c != ' ' && c != '-') {
				return 0
			}
			i++
			continue
		}
		if toUpper(t.at(i)) != toUpper(name[k]) {
			return 0
		}
		i++
	}
	return i
}

// brackets are how the signs around a placeholder are spelled.
var (
	openings = [...]string{"<", "&lt;", `\u003c`, `\u003C`, `\<`, "%3C", "‹"}
	closings = [...]string{">", "&gt;", `\u003e`, `\u003E`, `\>`, "%3E", "›"}
)

func opening(t *view, p int) int {
	if isLetter(t.at(p)) {
		return p
	}
	return bracketAt(t, p, openings[:])
}

// closing is the same for the end; a blank before it is the model's.
func closing(t *view, p int) int {
	if c := t.at(p); c == '>' {
		return p + 1
	} else if c == ' ' {
		if e := bracketAt(t, p+1, closings[:]); e > p+1 {
			return e
		}
	}
	return bracketAt(t, p, closings[:])
}

func bracketAt(t *view, p int, list []string) int {
	c := t.at(p)
	for _, s := range list {
		if c == s[0] && t.is(p, s) {
			p += len(s)
			if s == "<" && t.at(p) == ' ' { // < EMAIL_ADDRESS_1 >
				p++
			}
			return p
		}
	}
	return p
}

// seal is the first half of the HMAC-SHA256 of a value, in hexadecimal digits (RFC 2104).
func seal(dst, key []byte, tenant, name string, value []byte) []byte {
	var inner, outer [sha2.BlockSize]byte
	if len(key) > sha2.BlockSize {
		sum := sha2.Sum(key)
		key = sum[:]
	}
	copy(inner[:], key)
	outer = inner
	for i := range inner {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	sum := sha2.Sum(inner[:], []byte(tenant), []byte{0}, []byte(name), []byte{0}, value)
	sum = sha2.Sum(outer[:], sum[:])
	const hexDigit = "0123456789abcdef"
	for _, b := range sum[:8] {
		dst = append(dst, hexDigit[b>>4], hexDigit[b&15])
	}
	return dst
}
