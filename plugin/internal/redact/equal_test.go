package redact_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/redact"
)

// inPieces scans a text that comes in pieces, and joins matches that go on.
func inPieces(t testing.TB, s *redact.Scanner, pieces ...[]byte) (found []redact.Match) {
	t.Helper()
	s.Reset()
	decided, total := 0, 0
	for i, p := range pieces {
		total += len(p)
		d, m := s.Feed(p, i == len(pieces)-1)
		if d < decided || d > total || i == len(pieces)-1 && d != total {
			t.Fatalf("piece %d: got %d bytes decided after %d, of %d", i, d, decided, total)
		}
		for _, x := range m {
			if n := len(found); n > 0 && x.Start < found[n-1].End || x.Start < decided || x.End > d || x.Start >= x.End {
				t.Fatalf("piece %d: got %+v, between %d and %d bytes decided, after %v", i, x, decided, d, found)
			}
			if n := len(found); x.Rest && n > 0 {
				found[n-1].End, found[n-1].More = x.End, x.More
				continue
			}
			found = append(found, x)
		}
		decided = d
	}
	return found
}

func whole(t testing.TB, text string) []redact.Match {
	s := redact.Scanner{On: redact.All}
	return inPieces(t, &s, []byte(text))
}

// TestEveryCut finds the same in every text of the set however it is cut in two, and cut
// into pieces of one, two, three, seven and forty bytes.
func TestEveryCut(t *testing.T) {
	t.Parallel()
	s := redact.Scanner{On: redact.All}
	for _, l := range load(t, "testdata/pii.jsonl") {
		want := whole(t, l.Text)
		text := []byte(l.Text)
		for cut := range len(text) + 1 {
			if got := inPieces(t, &s, text[:cut], text[cut:]); !reflect.DeepEqual(got, want) {
				t.Fatalf("%s %q cut at %d: got %v, want %v", l.ID, text, cut, got, want)
			}
		}
		for _, n := range []int{1, 2, 3, 7, 40} {
			if got := inPieces(t, &s, pieces(text, n)...); !reflect.DeepEqual(got, want) {
				t.Fatalf("%s %q in pieces of %d: got %v, want %v", l.ID, text, n, got, want)
			}
		}
	}
}

func pieces(p []byte, n int) (list [][]byte) {
	for len(p) > n {
		list, p = append(list, p[:n]), p[n:]
	}
	return append(list, p)
}

// TestEveryCutOfEverything joins all texts of the set to one.
func TestEveryCutOfEverything(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, l := range load(t, "testdata/pii.jsonl") {
		b.WriteString(l.Text)
		b.WriteString(" ")
	}
	text := b.String() + " -----BEGIN PRIVATE KEY-----\n" + strings.Repeat("0123456789abcdefghijABCDEFGHIJKLmnopqrstuvwxyz/+0123456789abcdef\n", 400) +
		"-----END PRIVATE KEY-----\n eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiI5NzI3MDU2ODYyIiwi" + strings.Repeat("aGVsbG8gd29ybGQ", 2000) + ".sig, " +
		"https://a:b0c@example.com/" + strings.Repeat("path/and,so.on;", 2000) + ". " + strings.Repeat("x1", 9000)
	want := whole(t, text)
	s := redact.Scanner{On: redact.All}
	for _, n := range []int{1, 3, 16, 100, 1000, 5000} {
		if got := inPieces(t, &s, pieces([]byte(text), n)...); !reflect.DeepEqual(got, want) {
			for i := range got {
				if i >= len(want) || got[i] != want[i] {
					t.Fatalf("in pieces of %d: match %d: got %+v %.80q, want %+v", n, i, got[i], text[got[i].Start:got[i].End], want[min(i, len(want)-1)])
				}
			}
			t.Fatalf("in pieces of %d: got %d matches, want %d", n, len(got), len(want))
		}
	}
}

// TestWhatIsHeld is bounded, whatever comes.
func TestWhatIsHeld(t *testing.T) {
	t.Parallel()
	for _, k := range kindsOfText() {
		s, most, at := redact.Scanner{On: redact.All}, 0, 0
		for _, p := range pieces([]byte(k.text), 64) {
			at += len(p)
			d, _ := s.Feed(p, false)
			most = max(most, at-d)
		}
		if most > 17<<10 { // 8 KB are looked at together, or 4 KB of one token, in which others may be hidden
			t.Errorf("%s: got %d bytes held, want 17 KB at most", k.name, most)
		}
	}
}

// FuzzCuts finds the same in any text, whole and in pieces.
func FuzzCuts(f *testing.F) {
	for _, l := range load(f, "testdata/pii.jsonl") {
		f.Add([]byte(l.Text), []byte{3, 1, 7})
	}
	f.Fuzz(func(t *testing.T, text, cuts []byte) {
		want := whole(t, string(text))
		var list [][]byte
		rest := text
		for _, c := range cuts {
			n := min(int(c), len(rest))
			list, rest = append(list, rest[:n]), rest[n:]
		}
		s := redact.Scanner{On: redact.All}
		if got := inPieces(t, &s, append(list, rest)...); !reflect.DeepEqual(got, want) {
			t.Errorf("%q cut by %v: got %v, want %v", text, cuts, got, want)
		}
	})
}
