package rawjson_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

var accepted = []struct{ name, in string }{
	{"empty object", `{}`},
	{"empty array", `[]`},
	{"empty string", `""`},
	{"empty key", `{"":0}`},
	{"space around everything", " \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : null } \n"},
	{"lone true", `true`},
	{"lone false", `false`},
	{"lone null", `null`},
	{"lone number", `42`},
	{"lone string", `"a"`},
	{"lone minus zero", `-0`},
	{"fraction", `0.5`},
	{"exponent", `1e10`},
	{"capital exponent", `1E10`},
	{"exponent with plus", `1e+2`},
	{"exponent with minus", `1e-2`},
	{"exponent after zero", `0e1`},
	{"exponent after fraction", `-12.5E-03`},
	{"huge number", `123456789012345678901234567890`},
	{"number beyond float", `1e9999`},
	{"every simple escape", `"\"\\\/\b\f\n\r\t"`},
	{"unicode escape", `"\u0041\u00e9\uABCD"`},
	{"escaped zero", `"\u0000"`},
	{"surrogate pair", `"\ud83d\ude00"`},
	{"surrogate pair in capitals", `"\uD83D\uDE00"`},
	{"noncharacter", `"\uffff"`},
	{"escaped backslash before u", `"\\u0z"`},
	{"delete character", "\"\x7f\""},
	{"two-byte character", `"é"`},
	{"three-byte character", `"€"`},
	{"four-byte character", `"😀"`},
	{"replacement character", `"�"`},
	{"line separator", "\"\u2028\""},
	{"same key in different objects", `{"a":{"a":1},"b":{"a":2}}`},
	{"same key in array elements", `[{"a":1},{"a":2}]`},
	{"keys that differ in case", `{"a":1,"A":2}`},
	{"keys that differ in an escape", `{"a":1,"\u0062":2}`},
	{"key and its prefix", `{"ab":1,"a":2,"abc":3}`},
	{"depth at the limit", strings.Repeat("[", 512) + strings.Repeat("]", 512)},
	{"string longer than a word", `"0123456789abcdef0123456789abcdef0123456789abcdef"`},
	{"blanks longer than a word", `[1,` + strings.Repeat(" ", 37) + `2]`},
}

var refused = []struct {
	name, in, path, problem string
	offset                  int
}{
	{"nothing", "", "", "unexpected end", 0},
	{"only space", " \n", "", "unexpected end", 2},
	{"byte order mark", "\ufeff{}", "", "want a value", 0},
	{"open array", "[", "[0]", "unexpected end", 1},
	{"open object", "{", "", "unexpected end", 1},
	{"open array after value", "[1", "[0]", "unexpected end", 2},
	{"open array after comma", "[1,", "[1]", "unexpected end", 3},
	{"open object after key", `{"a"`, "a", "unexpected end", 4},
	{"open object after colon", `{"a":`, "a", "unexpected end", 5},
	{"open object after comma", `{"a":1,`, "", "unexpected end", 7},
	{"closed array only", "]", "", "want a value", 0},
	{"array closed as object", "[1}", "[0]", "want a comma", 2},
	{"object closed as array", `{"a":1]`, "a", "want a comma", 6},
	{"trailing comma in array", "[1,]", "[1]", "want a value", 3},
	{"trailing comma in object", `{"a":1,}`, "", "want a key", 7},
	{"leading comma in array", "[,1]", "[0]", "want a value", 1},
	{"leading comma in object", `{,"a":1}`, "", "want a key", 1},
	{"double comma", "[1,,2]", "[1]", "want a value", 3},
	{"missing comma", "[1 2]", "[0]", "want a comma", 3},
	{"missing comma in object", `{"a":1 "b":2}`, "a", "want a comma", 7},
	{"missing colon", `{"a" 1}`, "a", "want a colon", 5},
	{"double colon", `{"a"::1}`, "a", "want a value", 5},
	{"comma for colon", `{"a",1}`, "a", "want a colon", 4},
	{"key without quotes", `{a:1}`, "", "want a key", 1},
	{"number as key", `{1:1}`, "", "want a key", 1},
	{"single quotes", `['a']`, "[0]", "want a value", 1},
	{"second document", `{} {}`, "", "nothing after", 3},
	{"stray bracket", `[]]`, "", "nothing after", 2},
	{"garbage after number", `1x`, "", "nothing after", 1},
	{"comment", `/**/{}`, "", "want a value", 0},
	{"zero byte at the end", "{}\x00", "", "nothing after", 2},
	{"form feed as space", "[\f]", "[0]", "want a value", 1},
	{"no-break space", "[\u00a0]", "[0]", "want a value", 1},
	{"capital literal", `True`, "", "want a value", 0},
	{"cut literal", `tru`, "", "want a value", 0},
	{"misspelled literal", `nulx`, "", "want a value", 0},
	{"longer literal", `truex`, "", "nothing after", 4},
	{"infinity", `Infinity`, "", "want a value", 0},
	{"not a number", `NaN`, "", "want a value", 0},
	{"plus sign", `+1`, "", "want a value", 0},
	{"lone minus", `-`, "", "malformed number", 1},
	{"minus and letter", `-a`, "", "malformed number", 1},
	{"double minus", `--1`, "", "malformed number", 1},
	{"leading zero", `01`, "", "malformed number", 1},
	{"minus leading zero", `-01`, "", "malformed number", 2},
	{"no integer part", `.5`, "", "want a value", 0},
	{"no fraction digits", `1.`, "", "malformed number", 2},
	{"no fraction digits before exponent", `1.e1`, "", "malformed number", 2},
	{"no exponent digits", `1e`, "", "malformed number", 2},
	{"no exponent digits after sign", `1e+`, "", "malformed number", 3},
	{"hexadecimal", `0x1`, "", "nothing after", 1},
	{"two points", `1.2.3`, "", "nothing after", 3},
	{"full-width digit", "１", "", "want a value", 0},
	{"open string", `"a`, "", "unexpected end", 2},
	{"open string after backslash", `"\`, "", "unexpected end", 1},
	{"escaped closing quote", `"\"`, "", "unexpected end", 3},
	{"unknown escape", `"\x41"`, "", "unknown escape", 1},
	{"escaped newline", "\"\\\n\"", "", "unknown escape", 1},
	{"capital unicode escape", `"\U0041"`, "", "unknown escape", 1},
	{"short unicode escape", `"\u12"`, "", "unknown escape", 1},
	{"cut unicode escape", `"\u12`, "", "unknown escape", 1},
	{"unicode escape without hex", `"\u12g4"`, "", "unknown escape", 1},
	{"newline in string", "\"a\nb\"", "", "control character", 2},
	{"tab in string", "\"\t\"", "", "control character", 1},
	{"zero byte in string", "\"\x00\"", "", "control character", 1},
	{"control character deep in a string", `"` + strings.Repeat("x", 50) + "\x1f\"", "", "control character", 51},
	{"lone high surrogate", `"\ud83d"`, "", "half a surrogate", 1},
	{"lone low surrogate", `"\ude00"`, "", "half a surrogate", 1},
	{"surrogates in wrong order", `"\ude00\ud83d"`, "", "half a surrogate", 1},
	{"two high surrogates", `"\ud83d\ud83d"`, "", "half a surrogate", 1},
	{"high surrogate and letter", `"\ud83d\u0041"`, "", "half a surrogate", 1},
	{"high surrogate and other escape", `"\ud83d\n"`, "", "half a surrogate", 1},
	{"lone continuation byte", "\"a\x80\"", "", "not UTF-8", 2},
	{"cut character", "\"\xe2\x82\"", "", "not UTF-8", 1},
	{"overlong slash", "\"\xc0\xaf\"", "", "not UTF-8", 1},
	{"encoded surrogate", "\"\xed\xa0\x80\"", "", "not UTF-8", 1},
	{"beyond unicode", "\"\xf4\x90\x80\x80\"", "", "not UTF-8", 1},
	{"byte ff", "\"\xff\"", "", "not UTF-8", 1},
	{"invalid after a long run", "\"" + strings.Repeat("é", 40) + "\xff" + strings.Repeat("y", 40) + "\"", "", "not UTF-8", 81},
	{"character cut by an escape", "\"\xc3\\n\xa9\"", "", "not UTF-8", 1},
	{"not UTF-8 in a key", "{\"\xff\":1}", "", "not UTF-8", 2},
	{"not UTF-8 outside strings", "[\xff]", "[0]", "want a value", 1},
	{"key twice", `{"a":1,"b":2,"a":3}`, "a", "key appears twice", 13},
	{"key twice in a row", `{"a":1,"a":1}`, "a", "key appears twice", 7},
	{"key twice below", `{"m":[{"x":1},{"y":1,"y":2}]}`, "m[1].y", "key appears twice", 21},
	{"key twice by an escape", `{"model":1,"\u006dodel":2}`, "model", "key appears twice", 11},
	{"key twice by an escaped slash", `{"a/b":1,"a\/b":2}`, `["a/b"]`, "key appears twice", 9},
	{"key twice by a surrogate pair", `{"😀":1,"\ud83d\ude00":2}`, `["😀"]`, "key appears twice", 10},
	{"empty key twice", `{"":1,"":2}`, `[""]`, "key appears twice", 6},
	{"key twice among many", manyKeys(40) + `,"k7":0}`, "k7", "key appears twice", len(manyKeys(40)) + 1},
	{"depth over the limit", strings.Repeat("[", 513), "", "nested too deeply", 512},
	{"nested problem", `{"messages":[0,0,0,{"content":[tru]}]}`, "messages[3].content[0]", "want a value", 31},
	{"key that needs quotes", `{"a b":{"c\"d":?}}`, `["a b"]["c\"d"]`, "want a value", 15},
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(map[bool]string{true: "{", false: ","}[i == 0])
		b.WriteString(`"k` + string(rawjson.AppendInt(nil, int64(i))) + `":0`)
	}
	return b.String()
}

func TestParseAccepts(t *testing.T) {
	t.Parallel()
	for _, tt := range accepted {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var d rawjson.Doc
			if err := d.Parse([]byte(tt.in)); err != nil {
				t.Fatalf("Parse(%q): got error %v, want none", tt.in, err)
			}
			if got, want := string(d.Root().Raw()), strings.Trim(tt.in, " \t\r\n"); got != want {
				t.Errorf("root of %q: got %q, want %q", tt.in, got, want)
			}
			if !json.Valid([]byte(tt.in)) {
				t.Errorf("encoding/json refuses %q", tt.in)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var d rawjson.Doc
			err := d.Parse([]byte(tt.in))
			var se *rawjson.SyntaxError
			if !errors.As(err, &se) {
				t.Fatalf("Parse(%q): got %v, want a *SyntaxError", tt.in, err)
			}
			if !strings.Contains(se.Problem, tt.problem) {
				t.Errorf("Parse(%q): got problem %q, want %q", tt.in, se.Problem, tt.problem)
			}
			if se.Offset != tt.offset {
				t.Errorf("Parse(%q): got offset %d, want %d", tt.in, se.Offset, tt.offset)
			}
			if strings.HasPrefix(tt.name, "depth") {
				return // its path is cut short, see TestPathIsBounded
			}
			if se.Path != tt.path {
				t.Errorf("Parse(%q): got path %q, want %q", tt.in, se.Path, tt.path)
			}
			if d.Root().Exists() {
				t.Errorf("Parse(%q): got a root after an error, want none", tt.in)
			}
		})
	}
}
