package identity_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/identity"
)

// Keys of which many have the same place, some of them again and again.
func TestSums(t *testing.T) {
	t.Parallel()
	sums := identity.NewSums(1, 2)
	for i := range 3000 {
		key := fmt.Sprintf("sk-%0*d", i%7*20, i%1000)
		if i%3 == 0 {
			key = []string{"", "sk-often", "sk-often "}[i/3%3]
		}
		if got, want := sums.Of(key), sha256.Sum256([]byte(key)); got != want {
			t.Fatalf("%q: got %x, want %x", key, got, want)
		}
	}
}
