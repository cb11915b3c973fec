package main

import "testing"

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, err string }{
		{"empty", "", ""},
		{"comment and blank lines", "# nothing\n\n", ""},
		{"call before any block", "log 2 x", `line 1: want "on CALLBACK" before the first call`},
		{"unfinished quotation", "on tick\nlog 2 \"x", "line 2: unfinished quotation"},
		{"number that is none", "on tick #0", "line 1: want a number from 1 behind #, got 0"},
		{"escapes", `on tick` + "\n" + `log 2 "a\x00\n" > r`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if _, err := parse(tt.in); err != nil {
				got = err.Error()
			}
			if got != tt.err {
				t.Errorf("error: got %q, want %q", got, tt.err)
			}
		})
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	s, err := parse("on request_body #2\nfirst\non request_body end\nsecond\non request_body\nthird\non http_call_response 4\nfourth > kept")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name     string
		callback string
		nth      int
		args     []uint32
		end      int
		want     string
	}{
		{"by number", "request_body", 2, []uint32{1, 1}, 1, "first"},
		{"by end", "request_body", 1, []uint32{1, 1}, 1, "second"},
		{"otherwise", "request_body", 3, []uint32{1, 0}, 0, "third"},
		{"by argument", "http_call_response", 1, []uint32{4}, -1, "fourth"},
		{"another argument", "http_call_response", 1, []uint32{8}, -1, ""},
		{"no block", "tick", 1, nil, -1, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if b := s.find(tt.callback, tt.nth, tt.args, tt.end); b != nil {
				got = b.calls[0].words[0].text
			}
			if got != tt.want {
				t.Errorf("block: got %q, want %q", got, tt.want)
			}
		})
	}
	if last := s[3].calls[0]; last.result != "kept" || len(last.words) != 1 {
		t.Errorf("result: got %+v, want it kept as kept", last)
	}
}
