package replay

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/hostsim"
)

const recording = `A comment.
-- request --
POST /a?b
host: h.example
x-one: 1
-- request body --
first
-- request body --
second

-- request trailers --
x-end: yes
-- upstream-request --
POST /a?b
host: h.example
x-one: *
-- upstream-request body --
firstsecond

-- upstream-request trailers --
x-end: yes
-- upstream-response --
201
x-two: 2
-- upstream-response body base64 --
AAEC
-- callout helper --
200
-- callout helper body --
one
-- callout helper --
reset broken
-- response --
201
x-two: 2
-- response body base64 --
AAEC
-- filter-state used --
7
-- log --
a line
`

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := Parse([]byte(recording))
	if err != nil {
		t.Fatal(err)
	}
	want := hostsim.H(":authority", "h.example", ":path", "/a?b", ":method", "POST", ":scheme", "http", "x-one", "1")
	if !slices.Equal(c.Request.Headers, want) {
		t.Errorf("request: got\n%v\nwant\n%v", c.Request.Headers, want)
	}
	if got := string(c.Request.WholeBody()); len(c.Request.Chunks) != 2 || got != "firstsecond\n" {
		t.Errorf("request body: got %d chunks with %q, want 2 with \"firstsecond\\n\"", len(c.Request.Chunks), got)
	}
	if got := string(c.Upstream.Chunks[0]); got != "\x00\x01\x02" || c.Upstream.Status() != 201 {
		t.Errorf("upstream's response: got %d %q, want 201 and three bytes", c.Upstream.Status(), got)
	}
	answers := c.Callouts["helper"]
	if len(answers) != 2 || string(answers[0].Chunks[0]) != "one" || answers[1].Reset != "broken" {
		t.Errorf("callouts: got %+v, want one and a reset", answers)
	}
	if !slices.Equal(c.WantLog, []string{"a line"}) || c.WantState["used"] != "7" {
		t.Errorf("log and state: got %q and %q", c.WantLog, c.WantState)
	}
}

// outcome is what the recording wants.
func outcome() Outcome {
	return Outcome{
		Upstream: hostsim.Request{Headers: hostsim.H(":authority", "h.example", ":path", "/a?b", ":method", "POST", ":scheme", "http", "x-one", "whatever"),
			Body: []byte("firstsecond\n"), Trailers: hostsim.H("x-end", "yes")},
		Response: hostsim.Response{Headers: hostsim.H(":status", "201", "x-two", "2"), Body: []byte{0, 1, 2}},
		State:    func(name string) ([]byte, bool) { return []byte("7"), name == "used" },
		Log:      []string{"a line"},
	}
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*Outcome)
		want   []string
	}{
		{"none", func(*Outcome) {}, nil},
		{"status", func(o *Outcome) { o.Response.Headers[0].Value = "500" }, []string{`response: :status: want "201", got "500"`}},
		{"header missing", func(o *Outcome) { o.Response.Headers.Del("x-two") }, []string{`response: x-two: want "2", got none`}},
		{"header more", func(o *Outcome) { o.Response.Headers.Add("x-new", "1") }, []string{`response: x-new: want none, got "1"`}},
		{"body", func(o *Outcome) { o.Upstream.Body = []byte("firstSecond\n") }, []string{`upstream-request body: differs at byte 5: want "firstsecond\n", got "firstSecond\n"`}},
		{"trailers", func(o *Outcome) { o.Upstream.Trailers = nil }, []string{`upstream-request trailers: x-end: want "yes", got none`}},
		{"nothing went upstream", func(o *Outcome) { o.Upstream = hostsim.Request{} }, []string{"upstream-request: want one, got none"}},
		{"reset", func(o *Outcome) { o.Response.Reset = "broken" }, []string{`response: want reset "", got reset "broken"`}},
		{"state", func(o *Outcome) { o.State = func(string) ([]byte, bool) { return nil, false } }, []string{`filter-state used: want "7", got ""`}},
		{"log", func(o *Outcome) { o.Log = nil }, []string{`log: differs at byte 0: want "a line", got ""`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := Parse([]byte(recording))
			if err != nil {
				t.Fatal(err)
			}
			o := outcome()
			tt.change(&o)
			if got := c.Differences(o); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestRecord: what is written differs in nothing from what came out.
func TestRecord(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Outcome){
		"as it was":       func(*Outcome) {},
		"body with CRLF":  func(o *Outcome) { o.Response.Body = []byte("a\r\nb") },
		"body of markers": func(o *Outcome) { o.Response.Body = []byte("-- response --\n") },
		"no body":         func(o *Outcome) { o.Response.Body, o.Upstream = nil, hostsim.Request{} },
		"reset at once":   func(o *Outcome) { o.Response = hostsim.Response{Reset: "broken"} },
		"reset later":     func(o *Outcome) { o.Response.Reset = "broken" },
		"trailers":        func(o *Outcome) { o.Response.Trailers = hostsim.H("x-t", "1") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := Parse([]byte(recording))
			if err != nil {
				t.Fatal(err)
			}
			o := outcome()
			change(&o)
			written := c.Record(o)
			again, err := Parse(written)
			if err != nil {
				t.Fatalf("%v in\n%s", err, written)
			}
			if d := again.Differences(o); len(d) > 0 {
				t.Errorf("got %q from\n%s", d, written)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]string{
		"":                          "want a section request",
		"-- nope --\n":              `section "nope": unknown`,
		"-- callout --\n200\n":      `section "callout": unknown`,
		"-- request --\n":           "want a first line",
		"-- request --\nGET\n":      `want METHOD PATH, got "GET"`,
		"-- request --\nGET /\nx\n": `want NAME: VALUE, got "x"`,
		"-- request body --\nx\n":   `stands before section "request"`,
		"-- request --\nGET /\n-- request --\nGET /\n":         "given twice",
		"-- request --\nGET /\n-- request body base64 --\n!\n": "want base64",
	} {
		if _, err := Parse([]byte(doc)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", doc, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(recording))
	f.Fuzz(func(t *testing.T, doc []byte) {
		c, err := Parse(doc)
		if err == nil && len(c.Request.Headers) == 0 {
			t.Errorf("got a case without a request for %q", doc)
		}
	})
}
