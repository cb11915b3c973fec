package injection

import (
	"bytes"
	"unicode/utf8"
)

// longestQuote is how far from where a quotation opens it can close, in bytes.
const longestQuote = 400

// quotation looks whether a mark at a place opens one: it closes in the same line, something
// stands outside of it, and it is no string of a program or of JSON. Who leaves a quotation
// open, or puts everything into one, has quoted nothing. A line is searched once for each
// closing mark that it lacks, so it takes linear time.
func (c *cutter) quotation(i int, mark rune, size int) {
	if i <= c.quoteEnd || i < c.openUntil {
		return
	}
	var closes string
	switch mark {
	case '"', '\'':
		if !c.mayOpen(i, mark) {
			return
		}
		closes = string(mark)
	case 0x201c, 0x201e: // “ „
		closes = "\u201d"
		if mark == 0x201e {
			closes = "\u201c"
		}
	case 0xab:
		closes = "\u00bb"
	case 0x300c:
		closes = "\u300d"
	case 0x300e:
		closes = "\u300f"
	default:
		return
	}
	t := c.text[i+size : min(len(c.text), i+size+longestQuote)]
	if n := bytes.IndexByte(t, '\n'); n >= 0 {
		t = t[:n]
	}
	for from := 0; ; {
		n := bytes.Index(t[from:], []byte(closes))
		if n < 0 {
			c.openUntil = i + size + len(t)
			return
		}
		from += n
		if mark != '\'' || from+1 == len(t) || c.rules.lower[t[from+1]] == 0 {
			c.quoteStart, c.quoteEnd = i, i+size+from
			break
		}
		from++ // an apostrophe
	}
	if len(bytes.TrimSpace(c.text[:i])) == 0 && len(bytes.TrimSpace(c.text[c.quoteEnd:])) <= utf8.UTFMax {
		c.quoteStart = len(c.text) // all of it
	}
}

// mayOpen reports whether what stands before a mark lets it open a quotation.
func (c *cutter) mayOpen(i int, mark rune) bool {
	if i == 0 {
		return true
	}
	before := c.text[i-1]
	if mark == '\'' && before > ' ' && before != '(' {
		return false
	}
	k := i - 1
	for k > 0 && i-k < 4 && c.text[k] == ' ' {
		k--
	}
	switch c.text[k] {
	case '{', '[', ',', '=', '+':
		return false
	case ':':
		return k == 0 || c.text[k-1] != '"'
	}
	return true
}

// quoted reports whether a place is within a quotation.
func (c *cutter) quoted(at int) bool { return at < c.quoteEnd && at > c.quoteStart }
