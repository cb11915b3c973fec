package strict_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters/strict"
)

// FuzzDecode checks that any bytes give a result or errors that are short, the same
// each time, and without the secret.
func FuzzDecode(f *testing.F) {
	for _, tt := range wrong {
		f.Add([]byte(tt.in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var a, b conf
		err, again := strict.Decode(in, a.read), strict.Decode(in, b.read)
		if err == nil && again == nil {
			return
		}
		var all *strict.Errors
		if !errors.As(err, &all) || len(all.List) == 0 || again == nil || again.Error() != err.Error() {
			t.Fatalf("got %v, then %v, want the same errors", err, again)
		}
		for _, e := range all.List {
			if len(e.Error()) > 1000 {
				t.Errorf("got an error of %d bytes, want at most 1000", len(e.Error()))
			}
		}
		for _, p := range a.Providers {
			for _, k := range p.Keys {
				if s := k.Value.Reveal(); len(s) > 8 && strings.Count(string(in), s) == 1 && strings.Contains(err.Error(), s) {
					t.Errorf("got %v, want no secret in it", err)
				}
			}
		}
	})
}

// FuzzUnits checks that durations and sizes survive being written and read again.
func FuzzUnits(f *testing.F) {
	f.Add("10m", int64(time.Hour))
	f.Add("1h30m", int64(1<<20))
	f.Add("1.5GB", int64(1))
	f.Fuzz(func(t *testing.T, s string, n int64) {
		if d, ok := strict.ParseDuration(s); ok && d < 0 {
			t.Errorf("%q: got %d, want no negative duration", s, d)
		}
		if b, ok := strict.ParseBytes(s); ok && b < 0 {
			t.Errorf("%q: got %d, want no negative size", s, b)
		}
		if n < 0 || n > 1<<50 { // beyond, a float does not hold every value
			return
		}
		n -= n % 1000 // whole microseconds
		if d, ok := strict.ParseDuration(strict.FormatDuration(time.Duration(n))); !ok || d != time.Duration(n) {
			t.Errorf("%s: got %d, %v, want %d", strict.FormatDuration(time.Duration(n)), d, ok, n)
		}
		if b, ok := strict.ParseBytes(strict.FormatBytes(int(n))); !ok || b != int(n) {
			t.Errorf("%s: got %d, %v, want %d", strict.FormatBytes(int(n)), b, ok, n)
		}
	})
}
