package redact

import "strings"

// Classes of bytes, as bits.
const (
	lower   = 1 << iota
	upper   // of ASCII
	digit   // 0 to 9
	hexa    // a to f in either case, and digits
	wide    // two bytes of a letter that is not ASCII's
	lead3   // begins a character of three bytes
	dot     // the signs that have a part in something: each is a class
	dash    // -
	under   // _
	plus    // +
	equal   // =
	slash   // /
	tilde   // ~
	cent    // %
	at      // @
	letter  = lower | upper
	alnum   = letter | digit
	inner   = dot | dash          // may stand within a token
	sign    = under | plus | cent // makes a token worth a look
	token   = alnum | inner | sign | at | wide
	mailbox = alnum | inner | sign | wide // before the @ of an address
	host    = alnum | dash
	base64  = alnum | plus | slash | equal
	wordy   = alnum | dash | under // base64 as it is in URLs
	secret  = base64 | wordy | dot | tilde
)

// classes are those of each byte. The second byte of a character counts as a letter only
// after a first one that does; what begins longer characters is no token.
var classes = func() (c [256]uint16) {
	for b := range c {
		switch {
		case b >= 'a' && b <= 'z':
			c[b] = lower
		case b >= 'A' && b <= 'Z':
			c[b] = upper
		case b >= '0' && b <= '9':
			c[b] = digit | hexa
		case b >= 0x80 && b < 0xc0 || b >= 0xc3 && b < 0xe0:
			c[b] = wide
		case b >= 0xe0:
			c[b] = lead3
		}
	}
	for i, b := range ".-_+=/~%@" {
		c[b] = dot << i
	}
	for _, b := range "abcdefABCDEF" {
		c[b] |= hexa
	}
	return c
}()

func isDigit(c byte) bool  { return c-'0' <= 9 }
func isLetter(c byte) bool { return c|0x20-'a' < 26 }
func isUpper(c byte) bool  { return c-'A' < 26 }
func isAlnum(c byte) bool  { return classes[c]&alnum != 0 }
func isWord(c byte) bool   { return classes[c]&(alnum|wide) != 0 || c == '_' }
func isHex(c byte) bool    { return classes[c]&hexa != 0 }

func toLower(c byte) byte {
	if isUpper(c) {
		return c | 0x20
	}
	return c
}

func toUpper(c byte) byte {
	if c-'a' < 26 {
		return c &^ 0x20
	}
	return c
}

// A view is a text as checks see it. They read it by at, which notes when one had to look
// beyond what is there while more can come.
type view struct {
	t    []byte
	last bool // nothing follows
	hit  bool // a check has looked beyond the end
	left context
}

// at is the byte at i. Like the other methods it is a call: checks have hundreds of them,
// and the module's size counts. What has to be fast reads t itself.
//
//go:noinline
func (v *view) at(i int) byte {
	if i < len(v.t) {
		return v.t[i]
	}
	v.hit = v.hit || !v.last
	return 0
}

// before is the byte at i, which lies to the left; 0 before the text begins.
//
//go:noinline
func (v *view) before(i int) byte {
	if i < 0 {
		return 0
	}
	return v.t[i]
}

// joins reports whether what is left of p is a part of a word, which p then goes on with.
// Scripts that have no spaces between words do not count.
//
//go:noinline
func (v *view) joins(p int) bool {
	c := v.before(p - 1)
	if c < 0x80 {
		return isWord(c)
	}
	return c < 0xc0 && classes[v.before(p-2)]&wide != 0 && v.before(p-2) >= 0xc3
}

// is reports whether the text at i goes on with s.
//
//go:noinline
func (v *view) is(i int, s string) bool {
	for j := range len(s) {
		if v.at(i+j) != s[j] {
			return false
		}
	}
	return true
}

// run is the end of the bytes from i that have a class, at most n of them.
//
//go:noinline
func (v *view) run(i, n int, class uint16) int {
	end := i + n
	for t := v.t[:min(end, len(v.t))]; i < len(t); i++ {
		if classes[t[i]]&class == 0 {
			return i
		}
	}
	if i < end {
		v.hit = v.hit || !v.last
	}
	return i
}

// escaped is where the escape at p ends, or p if there is none.
func escaped(v *view, p int) int {
	switch v.at(p + 1) {
	case 'n', 'r', 't':
		return p + 2
	case 'u':
		if e := v.run(p+2, 4, hexa); e == p+6 {
			return e
		}
	}
	return p
}

// afterEscape reports whether an escape ends at p, so that what begins there is no part of
// a word.
func afterEscape(v *view, p int) bool {
	if v.before(p-2) == '\\' {
		c := v.before(p - 1)
		return c == 'n' || c == 'r' || c == 't'
	}
	return v.before(p-6) == '\\' && v.before(p-5) == 'u'
}

// setOf is a set of words.
func setOf(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}
