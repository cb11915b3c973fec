package script

import (
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		want     Behaviour
	}{
		{"nothing", "", Behaviour{}},
		{"one directive", "latency=50ms", Behaviour{Latency: 50 * time.Millisecond}},
		{"two, with blanks", " status=429 ; retry-after=3", Behaviour{Status: 429, RetryAfter: "3"}},
		{"points in a stream", "disconnect=after:3;eof=after:0", Behaviour{Disconnect: After{true, 3}, EOF: After{true, 0}}},
		{"flags", "crlf;comments;200-error;truncate-json", Behaviour{CRLF: true, Comments: true, OKError: true, TruncateJSON: true}},
		{"text goes to the end", "chunks=2;text=a; b=c", Behaviour{Chunks: 2, Text: "a; b=c", HasText: true}},
		{"empty text is a text", "text=", Behaviour{HasText: true}},
		{"the later one wins", "split=1;split=7", Behaviour{Split: 7}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.in)
			if err != nil || got != tt.want {
				t.Errorf("Parse(%q): got %+v, %v, want %+v", tt.in, got, err, tt.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"latencey=5ms":     `unknown mock directive "latencey"`,
		"latency=5":        "want a duration",
		"latency=-5ms":     "want a duration",
		"status=200":       "want 400 to 599",
		"split=0":          "want 1 to",
		"disconnect=3":     "want after:N",
		"eof=after:-1":     "want after:N",
		"crlf=yes":         "want no value",
		"status=429,eof=1": "want 400 to 599",
	} {
		if _, err := Parse(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q): got %v, want %q", in, err, want)
		}
	}
}

func TestExtract(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, rest, found string }{
		{"none", "hello", "hello", ""},
		{"one at the end", "hello [[mock:crlf]]", "hello", "crlf"},
		{"several", "a [[mock:split=1]]b[[mock:crlf;cr]]", "a b", "split=1;crlf;cr"},
		{"without an end", "a [[mock:split=1", "a [[mock:split=1", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rest, found := Extract(tt.in)
			if rest != tt.rest || found != tt.found {
				t.Errorf("got %q and %q, want %q and %q", rest, found, tt.rest, tt.found)
			}
		})
	}
}

func FuzzExtract(f *testing.F) {
	f.Add("a [[mock:text=x;y]] b")
	f.Fuzz(func(t *testing.T, in string) {
		rest, found := Extract(in)
		if len(rest) > len(in) || len(found) > len(in) {
			t.Errorf("Extract(%q) grew: %q, %q", in, rest, found)
		}
		_, _ = Parse(found) // must not panic; most of it is no directive
	})
}
