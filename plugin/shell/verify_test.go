package shell

import (
	"bytes"
	"testing"
)

func TestVerification(t *testing.T) {
	t.Parallel()
	want := "\x0a\x06sha256\x12\x03key\x1a\x09signature\x22\xac\x02" + string(bytes.Repeat([]byte("m"), 300))
	if got := verification("sha256", []byte("key"), bytes.Repeat([]byte("m"), 300), []byte("signature")); string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, result string
		valid, able  bool
	}{
		{"a signature that is right", "\x08\x01", true, true},
		{"one that is wrong", "\x12\x10Failed to verify", false, true},
		{"one that is wrong, and said so twice", "\x08\x00\x12\x10Failed to verify", false, true},
		{"a hash that is not known", "\x12\x0enot supported.", false, false},
		{"nothing", "", false, false},
		{"a text that is cut", "\x12\x10Failed", false, false},
		{"another field", "\x18\x01", false, false},
		{"no number", "\x08", false, false},
	} {
		if valid, able := verdict([]byte(tt.result)); valid != tt.valid || able != tt.able {
			t.Errorf("%s: got %v, %v, want %v, %v", tt.name, valid, able, tt.valid, tt.able)
		}
	}
}
