package state

import (
	"encoding/hex"
	"strings"
	"testing"
)

// The wanted values are OpenSSL's: openssl mac -macopt hexkey:000102030405060708090a0b0c0d0e0f
// -macopt size:16 -in FILE SIPHASH.
func TestHash(t *testing.T) {
	t.Parallel()
	key := [2]uint64{0x0706050403020100, 0x0f0e0d0c0b0a0908}
	for _, tt := range []struct{ name, message, want string }{
		{"nothing", "", "a3817f04ba25a8e66df67214c7550293"},
		{"one byte", "a", "0ea4f2fb02ad21d92d5fc91684f26426"},
		{"a word but one byte", "1234567", "edd2ca8109ca8bf74376f435c80826e0"},
		{"a word", "12345678", "86da31e21d1241e0e933a215f9e2faae"},
		{"words and a rest", "consumer acme/jane gpt-4o-mini", "e85705c6d51b24b5aebf33c5010a5a12"},
		{"longer than 255 bytes", strings.Repeat("x", 300), "b1560076ee446f8e3620dfbf5976bc47"},
	} {
		id := hash(key, []byte(tt.message))
		if got := hex.EncodeToString(id[:]); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestPartsAreParted(t *testing.T) {
	t.Parallel()
	table := New(nil, "s", "t", Shape{})
	seen := map[ID][]string{}
	for _, parts := range [][]string{nil, {""}, {"", ""}, {"ab"}, {"a", "b"}, {"ab", ""}, {"", "ab"}, {"a\x01\x00\x00\x00b"}} {
		id := table.ID(parts...)
		if other, ok := seen[id]; ok {
			t.Errorf("%q and %q have one id, want two", other, parts)
		}
		seen[id] = parts
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
