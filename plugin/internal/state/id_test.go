package state

import (
	"encoding/hex"
	"strings"
	"testing"
)

// The wanted values are OpenSSL's: openssl mac -macopt hexkey:000102…0f -macopt size:16
// SIPHASH, of each part's length in 8 bytes, the part, and zeros up to a multiple of 8.
func TestHash(t *testing.T) {
	t.Parallel()
	key := [2]uint64{0x0706050403020100, 0x0f0e0d0c0b0a0908}
	for _, tt := range []struct {
		name  string
		parts []string
		want  string
	}{
		{"nothing", nil, "a3817f04ba25a8e66df67214c7550293"},
		{"an empty part", []string{""}, "c293ab68efe6f296bd92a49d6257801d"},
		{"one byte", []string{"a"}, "539d506a73c70640039849821505bcd5"},
		{"two parts", []string{"a", "b"}, "b3673980cc2caae027aab630b481e096"},
		{"the same bytes parted otherwise", []string{"ab", ""}, "e0db3b30188f023ad5cf558bfeb73731"},
		{"a whole word", []string{"12345678"}, "cc37b717d6598a971858fb844d592bd5"},
		{"words and rests", []string{"consumer", "acme/jane", "gpt-4o-mini"}, "17628895036a420ad236dd4c775144f5"},
		{"longer than 255 bytes", []string{strings.Repeat("x", 300)}, "f506665934d0bb0fb3cc85a76d2b966c"},
	} {
		id := hash(key, tt.parts)
		if got := hex.EncodeToString(id[:]); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestIDsDependOnTableAndSeed(t *testing.T) {
	t.Parallel()
	table := func(space, name, seed string) *Table { return New(nil, space, name, Shape{Seed: seed}) }
	first := table("a", "t", "").ID("x")
	if got := table("b", "t", "").ID("x"); got != first {
		t.Error("another space: got another id, want the same")
	}
	for _, other := range []*Table{table("a", "u", ""), table("a", "t", "s")} {
		if other.ID("x") == first {
			t.Error("another name or seed: got the same id, want another")
		}
	}
}
