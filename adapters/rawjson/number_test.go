package rawjson

import (
	"math"
	"strconv"
	"testing"
)

// Numbers are what strconv finds.
func FuzzParseFloat(f *testing.F) {
	for _, s := range []string{"0", "0.7", "1", "100", "0.1", "123456789012345", "0.000000000000001", "1234567890.12345", "1e3", "-2.5", "9007199254740993", "1e400", "-1e400", "0.30000000000000004"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if p := []byte(s); !isNumber(p) {
			return
		}
		want, err := strconv.ParseFloat(s, 64)
		got, ok := ParseFloat([]byte(s))
		if math.Float64bits(got) != math.Float64bits(want) || ok != (err == nil) {
			t.Errorf("%s: got %v, %v, want %v, %v", s, got, ok, want, err)
		}
	})
}

// isNumber reports whether all of it is a number by JSON's grammar.
func isNumber(p []byte) bool {
	d := &Doc{}
	return d.Parse(p) == nil && d.Root().Kind() == Number && len(d.Root().Raw()) == len(p)
}

func TestNoNumber(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", ".", "1.", ".5", "1.2.3", "x", "1x", `"1"`, "null"} {
		if f, ok := ParseFloat([]byte(s)); ok && s != "1." && s != ".5" { // which strconv takes
			t.Errorf("%q is %v", s, f)
		}
	}
}
