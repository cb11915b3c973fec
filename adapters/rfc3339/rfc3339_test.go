package rfc3339_test

import (
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters/rfc3339"
)

func TestSameAsTheStandardLibrary(t *testing.T) {
	t.Parallel()
	for s := int64(-62167219200); s < 253402300799; s += 86400*29 + 12345 {
		want := time.Unix(s, 0).UTC().Format(time.RFC3339)
		if got := string(rfc3339.Append(nil, s)); got != want {
			t.Fatalf("%d: got %s, want %s", s, got, want)
		}
		if got, ok := rfc3339.Parse([]byte(want)); !ok || got != s {
			t.Fatalf("%s: got %d, %v, want %d", want, got, ok, s)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, in string
		want     int64
		ok       bool
	}{
		{"fraction", "2023-11-14T22:13:20.499127Z", 1700000000, true},
		{"east of Greenwich", "2023-11-14T23:43:20.1+01:30", 1700000000, true},
		{"west of Greenwich", "2023-11-14T14:13:20-08:00", 1700000000, true},
		{"no zone", "2023-11-14T22:13:20", 0, false},
		{"month 13", "2023-13-14T22:13:20Z", 0, false},
		{"letters", "2023-11-1xT22:13:20Z", 0, false},
		{"zone cut short", "2023-11-14T22:13:20+01", 0, false},
		{"empty", "", 0, false},
	} {
		if got, ok := rfc3339.Parse([]byte(tt.in)); ok != tt.ok || ok && got != tt.want {
			t.Errorf("%s: got %d, %v, want %d, %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
	if got := string(rfc3339.Append(nil, 1<<62)); got != "9999-12-31T23:59:59Z" {
		t.Errorf("beyond the last year: got %s", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("2023-11-14T22:13:20.499127Z"))
	f.Fuzz(func(t *testing.T, in []byte) {
		s, ok := rfc3339.Parse(in)
		if !ok {
			return
		}
		if again, ok := rfc3339.Parse(rfc3339.Append(nil, s)); !ok || again != max(s, -62167219200) && s <= 253402300799 {
			t.Errorf("%s: got %d, then %d, %v", in, s, again, ok)
		}
	})
}
