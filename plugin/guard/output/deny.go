package output

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/trie"
)

const (
	mostTerm  = 256 // bytes
	mostTerms = 10000
)

// readDenied reads the list of denied words; nil if there is none.
func readDenied(o *strict.Object) *trie.Trie {
	list := o.Strings("deny", "Words and phrases that an answer must not have, as whole words, without regard to case.")
	seen := map[string]bool{}
	entries := make([]trie.Entry, 0, len(list))
	for i, term := range list {
		if term = strings.ToLower(strings.TrimSpace(term)); term == "" || len(term) > mostTerm {
			o.FailItem("deny", i, "want 1 to 256 bytes")
			continue
		}
		if !seen[term] {
			seen[term] = true
			entries = append(entries, trie.Entry{Text: term, Value: 1})
		}
	}
	if len(list) > mostTerms {
		o.Fail("deny", "want at most 10000")
		return nil
	}
	if len(entries) == 0 {
		return nil
	}
	return trie.New(entries)
}

// A deny is a reader of denied words.
type deny struct {
	terms  *trie.Trie
	at     int
	before rune // what stands before at
}

func (d *deny) read(text []byte, base int, last bool, found func(start, end int, with string)) int {
	for d.at < base+len(text) {
		rest := text[d.at-base:]
		if !last && !utf8.FullRune(rest) {
			return d.at
		}
		r, n := utf8.DecodeRune(rest)
		if apart(d.before, r) {
			end, whole := d.longest(rest, last)
			if !whole {
				return d.at
			}
			if end > 0 {
				found(d.at, d.at+end, removed)
				n = end
				r, _ = utf8.DecodeLastRune(rest[:end])
			}
		}
		d.at += n
		d.before = r
	}
	return d.at
}

// longest finds the longest term at the beginning of a text, 0 for none; false if more has
// to come before that is known.
func (d *deny) longest(text []byte, last bool) (end int, whole bool) {
	state := int32(0)
	var buf [utf8.UTFMax]byte
	for i := 0; ; {
		if i >= len(text) || !last && !utf8.FullRune(text[i:]) {
			return end, last
		}
		r, n := utf8.DecodeRune(text[i:])
		for _, b := range buf[:utf8.EncodeRune(buf[:], unicode.ToLower(r))] {
			if state = d.terms.Step(state, b); state == 0 {
				return end, true
			}
		}
		i += n
		if d.terms.Value(state) == 0 {
			continue
		}
		if i == len(text) || !last && !utf8.FullRune(text[i:]) {
			if last {
				return i, true
			}
			return end, false
		}
		if next, _ := utf8.DecodeRune(text[i:]); apart(r, next) {
			end = i
		}
	}
}

// apart reports whether a word can end between two characters: not within letters and
// digits, but anywhere in scripts that put no spaces between words.
func apart(a, b rune) bool {
	return !wordRune(a) || !wordRune(b)
}

func wordRune(r rune) bool {
	return r < 0x2e80 && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_') && (r < 0x0e00 || r >= 0x0e80)
}
