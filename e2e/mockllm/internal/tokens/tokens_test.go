package tokens

import (
	"slices"
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   string
		want []string
	}{
		{"nothing", "", nil},
		{"words keep the blank before them", "to be or", []string{"to", " be", " or"}},
		{"a long word is cut every six bytes", "deterministic", []string{"determ", "inisti", "c"}},
		{"punctuation stands alone", "hi, you.", []string{"hi", ",", " you", "."}},
		{"a run of blanks is one token", "a\n\n  b", []string{"a", "\n\n  ", "b"}},
		{"a last blank is one token", "a ", []string{"a", " "}},
		{"each wide character is one token", "日本 語", []string{"日", "本", " 語"}},
		{"letters with accents are words", "Zürich", []string{"Züric", "h"}},
		{"invalid UTF-8 is kept byte by byte", "\xff\xfe", []string{"\xff", "\xfe"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Split(tt.in)
			if !slices.Equal(got, tt.want) {
				t.Errorf("Split(%q): got %q, want %q", tt.in, got, tt.want)
			}
			if n := Count(tt.in); n != len(tt.want) {
				t.Errorf("Count(%q): got %d, want %d", tt.in, n, len(tt.want))
			}
		})
	}
}

func TestAboutFourBytesAToken(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("The gateway carries the request to the provider, counts what was used and answers the client. ", 10)
	if got := float64(len(text)) / float64(Count(text)); got < 3.5 || got > 5 {
		t.Errorf("bytes a token: got %.2f, want 3.5 to 5", got)
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("Hello, world")
	f.Add("a  b\xff日")
	f.Fuzz(func(t *testing.T, text string) {
		parts := Split(text)
		if got := strings.Join(parts, ""); got != text {
			t.Errorf("joined tokens: got %q, want %q", got, text)
		}
		if slices.Contains(parts, "") {
			t.Errorf("Split(%q) has an empty token: %q", text, parts)
		}
		if got := Count(text); got != len(parts) {
			t.Errorf("Count(%q): got %d, want %d", text, got, len(parts))
		}
	})
}
