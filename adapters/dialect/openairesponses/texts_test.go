package openairesponses

import (
	"encoding/json"
	"testing"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// read is the text in arguments that come in pieces, each the inside of a JSON string.
func read(pieces ...[]byte) string {
	var t textReader
	t.reset()
	var b rawjson.Builder
	for _, p := range pieces {
		t.feed(&b, chat.Text(p))
	}
	t.end(&b)
	return string(b.Dst)
}

func TestTextReader(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ about, arguments, want string }{
		{"a text", `{"input":"a b"}`, `a b`},
		{"with space between", " {\n \"input\" :\t\"a\" } ", `a`},
		{"an empty one", `{"input":""}`, ``},
		{"escapes stay as they are", `{"input":"\n\"\\\/\u00e9"}`, `\n\"\\\/\u00e9`},
		{"characters, too", `{"input":"é😀"}`, `é😀`},
		{"halves of a character", `{"input":"\ud83d\ude00"}`, `\ud83d\ude00`},
		{"a half alone", `{"input":"\ud83dx"}`, `\ud83dx`},
		{"a line end that is not escaped", "{\"input\":\"a\nb\"}", `a\nb`},
		{"an escape that is none", `{"input":"\+\u12g"}`, `\\+\\u12g`},
		{"another argument behind it", `{"input":"a","x":"b"}`, `a`},
		{"something behind all", `{"input":"a"} b`, `a`},
		{"no end", `{"input":"a\n`, `a\n`},
		{"an escape without end", `{"input":"a\u00`, `a`},
		{"no arguments", ``, ``},
		{"no argument", ` { }`, ``},
		{"half a beginning", `{"inp`, `{\"inp`},
		{"arguments of another name", `{"command":["a"]}`, `{\"command\":[\"a\"]}`},
		{"an argument that is no text", `{"input":1}`, `{\"input\":1}`},
		{"the text itself", "*** Begin\n\"", `*** Begin\n\"`},
	} {
		piece := rawjson.AppendEscaped([]byte(nil), tt.arguments)
		if got := read(piece); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.about, got, tt.want)
		}
		for cut := range len(tt.arguments) + 1 {
			if !characters(tt.arguments, cut) {
				continue
			}
			one, two := rawjson.AppendEscaped([]byte(nil), tt.arguments[:cut]), rawjson.AppendEscaped([]byte(nil), tt.arguments[cut:])
			if got := read(one, two); got != tt.want {
				t.Errorf("%s, cut at %d: got %s, want %s", tt.about, cut, got, tt.want)
			}
		}
	}
	if got, want := read([]byte(`{\"input\":\"\ud83d`), []byte(`\ude00\"}`)), `😀`; got != want {
		t.Errorf("a character in two pieces: got %s, want %s", got, want)
	}
}

// characters reports whether a text can be cut there.
func characters(s string, cut int) bool { return cut == len(s) || s[cut]&0xc0 != 0x80 }

// Whatever a model sends, a client gets the inside of a JSON string, which does not depend
// on where the arguments were cut; and the text, if they have one.
func FuzzTextReader(f *testing.F) {
	f.Add(`{"input":"a\n\ud83d\ude00é"}`, 12)
	f.Add(`{"command":1}`, 1)
	f.Fuzz(func(t *testing.T, arguments string, cut int) {
		piece := rawjson.AppendEscaped([]byte(nil), arguments)
		got := read(piece)
		var s string
		if err := json.Unmarshal([]byte(`"`+got+`"`), &s); err != nil {
			t.Fatalf("got %s (%v)", got, err)
		}
		if cut >= 0 && cut < len(arguments) && characters(arguments, cut) {
			one, two := rawjson.AppendEscaped([]byte(nil), arguments[:cut]), rawjson.AppendEscaped([]byte(nil), arguments[cut:])
			if other := read(one, two); other != got {
				t.Fatalf("cut at %d: got %s, want %s", cut, other, got)
			}
		}
		text, err := json.Marshal(map[string]string{"input": s})
		if err != nil {
			t.Fatal(err)
		}
		var back string
		if err := json.Unmarshal([]byte(`"`+read(rawjson.AppendEscaped([]byte(nil), text))+`"`), &back); err != nil || back != s {
			t.Fatalf("got %q, want %q (%v)", back, s, err)
		}
	})
}
