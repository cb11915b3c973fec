// Package built says where `make` has put what tests need.
package built

import (
	"os"
	"path/filepath"
	"testing"
)

// Path is the absolute path of what an environment variable names, or else of fallback,
// which is below the repository's top folder; the test's package lies two folders below it.
func Path(t testing.TB, variable, fallback string) string {
	t.Helper()
	v := os.Getenv(variable)
	if v == "" {
		v = filepath.Join("..", "..", fallback)
	}
	abs, err := filepath.Abs(v)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}
