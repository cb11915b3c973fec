package access_test

import (
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/internal/access"
)

// openAt reports whether a rule about those hours is about a time.
func openAt(h []access.Hours, at time.Time) bool {
	q := access.Request{Operation: adapters.Chat, Known: access.Time | access.Operation, Now: at.UnixNano()}
	list, _, _ := access.New([]access.Rule{{When: access.When{Hours: h}}}).About(nil, &q)
	return access.Judge(list, &q, access.Strict).Refused
}

func TestHours(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		hours, at string // in RFC 3339; 2026-03-02 is a Monday
		want      bool
	}{
		{"mon-fri 08:00-18:00", "2026-03-02T08:00:00Z", true},
		{"mon-fri 08:00-18:00", "2026-03-02T07:59:59Z", false},
		{"mon-fri 08:00-18:00", "2026-03-06T17:59:59Z", true},
		{"mon-fri 08:00-18:00", "2026-03-06T18:00:00Z", false},
		{"mon-fri 08:00-18:00", "2026-03-07T12:00:00Z", false},
		{"Mon-Fri 08:00-18:00 UTC", "2026-03-02T08:00:00Z", true},
		{"mon-fri 08:00-18:00 +01:00", "2026-03-02T07:00:00Z", true},
		{"mon-fri 08:00-18:00 -05:00", "2026-03-02T12:59:59Z", false},
		{"mon-fri 08:00-18:00 -05:00", "2026-03-06T22:59:59Z", true},
		{"mon 00:00-06:00 +10:00", "2026-03-01T14:00:00Z", true}, // a Sunday in UTC
		{"sun 20:00-24:00 -08:00", "2026-03-02T04:00:00Z", true}, // a Monday in UTC
		{"sat,sun", "2026-03-08T23:59:59Z", true},
		{"sat,sun", "2026-03-09T00:00:00Z", false},
		{"sat-mon", "2026-03-02T12:00:00Z", true},
		{"sat-mon", "2026-03-03T00:00:00Z", false},
		{"fri 22:00-06:00", "2026-03-07T05:59:59Z", true},
		{"fri 22:00-06:00", "2026-03-06T05:59:59Z", false},
		{"sun 22:00-06:00", "2026-03-02T05:59:59Z", true}, // from one week into the next
		{"sun 22:00-06:00", "2026-03-02T06:00:00Z", false},
		{"22:00-06:00", "2026-03-04T23:00:00Z", true},
		{"22:00-06:00", "2026-03-04T12:00:00Z", false},
		{"00:00-24:00", "2026-03-04T12:00:00Z", true},
		{"sun +14:00", "2026-03-07T10:00:00Z", true},
	} {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		h, ok := access.ParseHours(tt.hours)
		if got := openAt(h, at); !ok || got != tt.want {
			t.Errorf("%s at %s: got %v (%v), want %v", tt.hours, tt.at, got, ok, tt.want)
		}
	}
}

func TestWhatAreNoHours(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", " ", "UTC", "+01:00", "monday", "mon-", "mon,,tue", "mon tue", "8:00-18:00", "08:00", "08:00-08:00", "24:00-06:00", "08:00-25:00", "08:60-09:00", "08:00-18:00 CET",
		"08:00-18:00 +15:00", "08:00-18:00 +1", "08:00-18:00 UTC UTC", "mon-fri 08:00-18:00 +01:00 x", "08:00-18:00 mon", "08:00–18:00", "mon-fri,08:00-18:00"} {
		if h, ok := access.ParseHours(s); ok {
			t.Errorf("%q: got %v, want an error", s, h)
		}
	}
}

// FuzzParseHours has a week that, moved by a whole number of weeks, is the same.
func FuzzParseHours(f *testing.F) {
	for _, s := range []string{"mon-fri 08:00-18:00 +01:00", "sat,sun", "22:00-06:00", "sun 00:00-24:00 -14:00", "fri-mon 12:00-12:01 +14:00"} {
		f.Add(s, int64(monday))
	}
	f.Fuzz(func(t *testing.T, s string, seconds int64) {
		h, ok := access.ParseHours(s)
		if !ok {
			if len(h) > 7 {
				t.Fatalf("%q: got %d parts of a week", s, len(h))
			}
			return
		}
		if len(h) == 0 || len(h) > 7 {
			t.Fatalf("%q: got %d parts of a week, want 1 to 7", s, len(h))
		}
		const week = 7 * 24 * 3600
		at := monday + (seconds%week+week)%week
		if openAt(h, time.Unix(at, 0)) != openAt(h, time.Unix(at+52*week, 0)) {
			t.Fatalf("%q: differs between two weeks at %d", s, at)
		}
		some := false
		for m := range int64(7 * 24 * 60) {
			some = some || openAt(h, time.Unix(monday+60*m, 0))
		}
		if !some {
			t.Fatalf("%q: is no time at all", s)
		}
	})
}
