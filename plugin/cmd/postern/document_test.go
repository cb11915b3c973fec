package main

import (
	"strings"
	"testing"
)

func TestYAMLToJSON(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want, err string }{
		{name: "scalars", in: "{a: 1, b: -2.5, c: true, d: null, e: ~, f: text, g: '1', h: 0x1F, i: 1e3}",
			want: `{"a":1,"b":-2.5,"c":true,"d":null,"e":null,"f":"text","g":"1","h":31,"i":1000}`},
		{name: "words that were booleans once", in: "[yes, no, on, off]", want: `["yes","no","on","off"]`},
		{name: "dates are text", in: "[2026-11-22]", want: `["2026-11-22"]`},
		{name: "order is kept", in: "b: 1\na: 2\n", want: `{"b":1,"a":2}`},
		{name: "duplicate keys are kept for the reader", in: "a: 1\na: 2\n", want: `{"a":1,"a":2}`},
		{name: "keys that are not text", in: "1: a\ntrue: b\n", want: `{"1":"a","true":"b"}`},
		{name: "an alias", in: "a: &x [1]\nb: *x\n", want: `{"a":[1],"b":[1]}`},
		{name: "a block of text", in: "a: |\n  x\n  \"y\"\n", want: `{"a":"x\n\"y\"\n"}`},
		{name: "comments", in: "# one\na: 1 # two\n", want: `{"a":1}`},
		{name: "JSON", in: `{"a": [1, {"b": "\u00e9"}]}`, want: `{"a":[1,{"b":"é"}]}`},

		{name: "nothing", err: "the document is empty"},
		{name: "two documents", in: "a: 1\n---\nb: 2\n", err: "want one YAML document"},
		{name: "a merge key", in: "a: &x {b: 1}\nc:\n  <<: *x\n", err: "line 3: want a plain key"},
		{name: "a compound key", in: "? [a]\n: 1\n", err: "line 1: want a plain key"},
		{name: "infinity", in: "a: .inf\n", err: "line 1: want a number that JSON has"},
		{name: "a large integer", in: "a: 99999999999999999999\n", want: `{"a":100000000000000000000}`},
		{name: "binary", in: "a: !!binary aGk=\n", err: "JSON has no type for !!binary"},
		{name: "an anchor within itself", in: "a: &x [*x]\n", err: "too deep"},
		{name: "aliases that explode", in: explosion("x"), err: "too large"},
		{name: "aliases of long texts", in: explosion(strings.Repeat("x", 10_000)), err: "too large"},
		{name: "a tab", in: "a:\n\t- b\n", err: "line 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := yamlToJSON([]byte(tt.in))
			switch {
			case tt.err != "":
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("got %s, %v, want the error %s", got, err, tt.err)
				}
			case err != nil || string(got) != tt.want:
				t.Errorf("got %s, %v, want %s", got, err, tt.want)
			}
		})
	}
}

// explosion is a small document of 10^9 nodes.
func explosion(text string) string {
	var b strings.Builder
	b.WriteString("a0: &a0 [" + text + strings.Repeat(",x", 9) + "]\n")
	for i := range 9 {
		from, to := string(rune('0'+i)), string(rune('1'+i))
		b.WriteString("a" + to + ": &a" + to + " [" + strings.TrimSuffix(strings.Repeat("*a"+from+",", 10), ",") + "]\n")
	}
	return b.String()
}

func FuzzYAMLToJSON(f *testing.F) {
	for _, s := range []string{"a: 1", "{a: [1, 2.5, true, null, x]}", "a: &x {b: 1}\nc: *x\n", "- |\n x\n", "? a\n: b\n", "\"\\u00e9\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := yamlToJSON(in)
		if err != nil || len(got) > 1<<16 { // reading what aliases have made large again takes its time
			return
		}
		again, err := yamlToJSON(got) // JSON is YAML
		if err != nil || string(again) != string(got) {
			t.Errorf("%q: got %s, then %s, %v, want the same", in, got, again, err)
		}
	})
}
