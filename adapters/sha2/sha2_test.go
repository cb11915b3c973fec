package sha2_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"testing"

	"github.com/postern-gateway/postern/adapters/sha2"
)

// Every length around the ends of blocks, cut in two anywhere, has the library's sum.
func TestSum(t *testing.T) {
	t.Parallel()
	text := bytes.Repeat([]byte("The quick brown fox jumps. "), 10)
	for n := range len(text) {
		want := sha256.Sum256(text[:n])
		if got := sha2.Sum(text[:n]); got != want {
			t.Fatalf("%d bytes: got %x, want %x", n, got, want)
		}
		for cut := range n {
			if got := sha2.Sum(text[:cut], nil, text[cut:n]); got != want {
				t.Fatalf("%d bytes cut at %d: got %x, want %x", n, cut, got, want)
			}
		}
	}
}

// TestFamily: each hash, and the HMAC with it, is the library's, at every length around the
// ends of blocks and for keys around their size.
func TestFamily(t *testing.T) {
	t.Parallel()
	text := bytes.Repeat([]byte("The quick brown fox jumps. "), 12)
	for h, library := range map[sha2.Hash]func() hash.Hash{sha2.SHA256: sha256.New, sha2.SHA384: sha512.New384, sha2.SHA512: sha512.New} {
		for n := range len(text) {
			want := library()
			want.Write(text[:n])
			if got := h.Sum(text[:n/3], nil, text[n/3:n]); !bytes.Equal(got, want.Sum(nil)) || len(got) != h.Size() {
				t.Fatalf("SHA-%d of %d bytes: got %x, want %x", h, n, got, want.Sum(nil))
			}
			mac := hmac.New(library, text[:n])
			mac.Write(text)
			if got := h.MAC(text[:n], text); !bytes.Equal(got, mac.Sum(nil)) {
				t.Fatalf("HMAC-SHA-%d with a key of %d bytes: got %x, want %x", h, n, got, mac.Sum(nil))
			}
		}
	}
}

func FuzzSum(f *testing.F) {
	f.Add([]byte("abc"), []byte(""), []byte("d"))
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		if got, want := sha2.Sum(a, b, c), sha256.Sum256(bytes.Join([][]byte{a, b, c}, nil)); got != want {
			t.Errorf("got %x, want %x", got, want)
		}
	})
}

func BenchmarkSum(b *testing.B) {
	p := make([]byte, 8<<10)
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		sha2.Sum(p)
	}
}
