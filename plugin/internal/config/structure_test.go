package config

import (
	"encoding/json"
	"reflect"
	"testing"
)

// structures are what google.golang.org/protobuf makes of some documents.
var structures = []struct{ document, binary string }{
	{`{"providers":[{"name":"openai","keys":[{"env":"K"},{"weight":2}]}],"hold_headers":"always"}`,
		"\n\x18\n\fhold_headers\x12\b\x1a\x06always\nZ\n\tproviders\x12M2K\nI*G\n3\n\x04keys\x12+2)\n\x0e*\f\n\n\n\x03env\x12\x03\x1a\x01K\n\x17*\x15\n\x13\n\x06weight\x12\t\x11\x00\x00\x00\x00\x00\x00\x00@\n\x10\n\x04name\x12\b\x1a\x06openai"},
	{`{"a":null,"b":true,"c":false,"d":0,"e":-1.5,"f":1e9,"g":"é \" \\ \n","h":[],"i":{},"j":[[1],{"k":[{}]}]}`,
		"\n\a\n\x01a\x12\x02\b\x00\n\a\n\x01b\x12\x02 \x01\n\a\n\x01c\x12\x02 \x00\n\x0e\n\x01d\x12\t\x11\x00\x00\x00\x00\x00\x00\x00\x00\n\x0e\n\x01e\x12\t\x11\x00\x00\x00\x00\x00\x00\xf8\xbf\n\x0e\n\x01f\x12\t\x11\x00\x00\x00\x00e\xcd\xcdA\n\x0f\n\x01g\x12\n\x1a\bé \" \\ \n\n\a\n\x01h\x12\x022\x00\n\a\n\x01i\x12\x02*\x00\n'\n\x01j\x12\"2 \n\r2\v\n\t\x11\x00\x00\x00\x00\x00\x00\xf0?\n\x0f*\r\n\v\n\x01k\x12\x062\x04\n\x02*\x00"},
}

func TestStructures(t *testing.T) {
	for _, x := range structures {
		var got, want any
		if err := json.Unmarshal(Document([]byte(x.binary)), &got); err != nil {
			t.Fatalf("%s: %v", Document([]byte(x.binary)), err)
		}
		if err := json.Unmarshal([]byte(x.document), &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %s, want %s", Document([]byte(x.binary)), x.document)
		}
	}
	for _, in := range []string{"", "{}", " {}", "\n{\"a\":1}", "\x0a", "\x0a\x05abcde", "\x0a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", "\x0a\x05\x0a\x01a\x12\x00"} {
		if got := string(Document([]byte(in))); got != in {
			t.Errorf("%q became %q", in, got)
		}
	}
}

func FuzzDocument(f *testing.F) {
	for _, x := range structures {
		f.Add([]byte(x.binary))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		if out := Document(p); len(p) > 0 && &out[0] != &p[0] && !json.Valid(out) {
			t.Errorf("%q became %q", p, out)
		}
	})
}
