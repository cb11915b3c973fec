package siphash_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/siphash"
)

// The wanted values are OpenSSL's: openssl mac -macopt hexkey:000102030405060708090a0b0c0d0e0f
// -macopt size:16 -in FILE SIPHASH.
func TestSum(t *testing.T) {
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
		sum := siphash.Sum(key, []byte(tt.message))
		if got := hex.EncodeToString(sum[:]); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}
