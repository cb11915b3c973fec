package sha2_test

import (
	"bytes"
	"crypto/sha256"
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
