package redact_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/redact"
)

// patterns and texts that differ where machines for them do.
var patternCases = []struct{ pattern, text string }{
	{`a+`, "baaac"}, {`a|ab|abc`, "xabcd abd"}, {`(a|ab)(c|bcd)`, "abcd"}, {`abcd|b`, "abce abcd"}, {`[a-c]{2,3}`, "abcabcab"}, {`x{2,}y?`, "xxxxy x"},
	{`\bfoo\b`, "foo foobar xfoo foo"}, {`\Boo`, "foo oo"}, {`^a.c`, "abc\nabc"}, {`(?m)^a.c$`, "abc\nabc\nabcd"}, {`a$`, "a\na"}, {`\Aa|b\z`, "ab ab"},
	{`(?i)straße[k-m]`, "STRAßEK"}, {`(?s)a.b`, "a\nb"}, {`(?i:a)b`, "Ab AB"}, {`é+[à-ü]`, "éééx éàü"}, {`[^a-z\s]+`, "abc ÄÖ 12"}, {`[\x{4e00}-\x{9fff}]{2}`, "日本語 x"},
	{`\x{1F600}|\x41`, "😀 A"}, {`[[:alpha:]][[:^digit:]]`, "a1 ab"}, {`\Qa.b\E+`, "a.bbb axb"}, {`(?P<n>a)(?<m>b)`, "ab"}, {`a{,3}`, "a{,3}"}, {`[]a-]+`, "a]-b"},
	{`[^]]+`, "a]b"}, {`\d{3}-\d{2}-\d{4}`, "x123-45-6789y"}, {`(?:a?){3}a{3}`, "aaaa"}, {`(a*)*b`, "aaab"}, {`.{3}`, "日本語x"}, {`[\x{d000}-\x{ffff}]`, "한 日"},
	{`(?U)a+b`, "aab"}, {`a+?`, "aaa"}, {`\w+@\w+\.com`, "me@you.com, a@b.org"}, {`[a\]b]+`, "a]b"}, {`(|a)b`, "ab b"}, {`\s\S\D\W`, " a? "},
}

// foundBy are the matches of a pattern, in a text that comes in pieces of n bytes.
func foundBy(t testing.TB, terms *redact.Terms, text string, n int) string {
	t.Helper()
	s := redact.Scanner{Terms: terms}
	list := [][]byte{[]byte(text)}
	if n > 0 {
		list = pieces([]byte(text), n)
	}
	var b strings.Builder
	for _, m := range inPieces(t, &s, list...) {
		fmt.Fprintf(&b, "[%d %d]", m.Start, m.End)
	}
	return b.String()
}

func comparePattern(t *testing.T, pattern, text string, must bool) {
	t.Helper()
	var terms redact.Terms
	if err := terms.AddPattern("X", pattern); err != nil {
		if must {
			t.Errorf("%q is refused: %v", pattern, err)
		}
		return
	}
	terms.Compile()
	re, err := regexp.Compile(pattern)
	if err != nil {
		t.Errorf("%q is taken, but regexp says %v", pattern, err)
		return
	}
	re.Longest()
	var b strings.Builder
	for _, m := range re.FindAllStringIndex(text, -1) {
		fmt.Fprintf(&b, "[%d %d]", m[0], m[1])
	}
	for _, n := range []int{0, 1, 2, 5} {
		if got := foundBy(t, &terms, text, n); got != b.String() {
			t.Errorf("%q in %q, in pieces of %d: got %s, want %s", pattern, text, n, got, b.String())
		}
	}
}

// TestPatterns finds what the library's regular expressions find, if they are to find the
// longest, however the text is cut.
func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, tt := range patternCases {
		comparePattern(t, tt.pattern, tt.text, true)
	}
}

// FuzzPatterns does the same with any pattern and text, but for case beyond ASCII and for
// what is folded, which the library does not know of.
func FuzzPatterns(f *testing.F) {
	for _, tt := range patternCases {
		f.Add(tt.pattern, tt.text)
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(text) > 500 || len(pattern) > 60 || strings.Contains(pattern, "?i") || strings.Contains(pattern, "i)") || strings.Contains(pattern, "i:") || strings.Contains(pattern, `\x`) {
			return
		}
		if text = strings.ToValidUTF8(text, ""); strings.ContainsFunc(text+pattern, func(r rune) bool {
			return r > 0x17f && (r < 0x3041 || r > 0xd7a3) || r == 0xa0 || r == 0xad
		}) {
			return
		}
		comparePattern(t, pattern, text, false)
	})
}
