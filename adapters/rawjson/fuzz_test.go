package rawjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

// stricter are the reasons for which a Doc refuses what encoding/json takes.
var stricter = []string{"not UTF-8", "half a surrogate", "appears twice", "nested too deeply"}

// FuzzParse checks a Doc against encoding/json: both accept the same, but for what a
// Doc is stricter about, and read the same.
func FuzzParse(f *testing.F) {
	for _, tt := range accepted {
		f.Add([]byte(tt.in))
	}
	for _, tt := range refused {
		f.Add([]byte(tt.in))
	}
	f.Add([]byte(sample))
	f.Fuzz(func(t *testing.T, in []byte) {
		var d rawjson.Doc
		err := d.Parse(in)
		var se *rawjson.SyntaxError
		if errors.As(err, &se) {
			if se.Offset < 0 || se.Offset > len(in) {
				t.Errorf("%q: got offset %d, want one within", in, se.Offset)
			}
			isStricter := false
			for _, s := range stricter {
				isStricter = isStricter || strings.Contains(se.Problem, s)
			}
			if json.Valid(in) && !isStricter {
				t.Errorf("%q: got %v, want it accepted as encoding/json does", in, err)
			}
			return
		}
		dec := json.NewDecoder(bytes.NewReader(in))
		dec.UseNumber()
		var want any
		if err := dec.Decode(&want); err != nil {
			t.Fatalf("%q: got it accepted, want %v as encoding/json says", in, err)
		}
		if _, err := dec.Token(); !errors.Is(err, io.EOF) {
			t.Fatalf("%q: got it accepted, want more after it refused", in)
		}
		if got := goValue(t, d.Root(), ""); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %v, want %v", in, got, want)
		}
	})
}

// goValue is v as encoding/json would have it, and checks paths and spans on the way.
func goValue(t *testing.T, v rawjson.Value, path string) any {
	if got := v.Path(); len(path) < 150 && got != path {
		t.Errorf("got path %q, want %q", got, path)
	}
	switch v.Kind() {
	case rawjson.Bool:
		b, _ := v.Bool()
		return b
	case rawjson.Number:
		return json.Number(v.Raw())
	case rawjson.String:
		return v.Str()
	case rawjson.Array:
		list := []any{}
		for i, e := range v.Elems() {
			if v.At(i) != e {
				t.Errorf("%s: At(%d) is another value", path, i)
			}
			list = append(list, goValue(t, e, path+"["+string(rawjson.AppendInt(nil, int64(i)))+"]"))
		}
		if len(list) != v.Len() {
			t.Errorf("%s: got Len %d, want %d", path, v.Len(), len(list))
		}
		return list
	case rawjson.Object:
		m := map[string]any{}
		for k, e := range v.Fields() {
			if v.Get(k.Str()) != e {
				t.Errorf("%s: Get(%q) is another value", path, k.Str())
			}
			m[k.Str()] = goValue(t, e, rawjson.JoinPath(path, k.Str()))
		}
		if len(m) != v.Len() {
			t.Errorf("%s: got Len %d, want %d", path, v.Len(), len(m))
		}
		return m
	}
	return nil
}

// FuzzAppendString checks that what is written is read back, from strings and bytes.
func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "a", "\"\\\b\f\n\r\t\x00\x1f\x7f", "é€😀", "\xff", "a\xe2\x82", strings.Repeat("x", 3000) + "\n\xc3" + strings.Repeat("é", 900)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := rawjson.AppendString([]byte("x"), s)
		if again := rawjson.AppendString([]byte("x"), []byte(s)); !bytes.Equal(got, again) {
			t.Errorf("%q: got %s from bytes, want %s as from the string", s, again, got)
		}
		var d rawjson.Doc
		if err := d.Parse(got[1:]); err != nil {
			t.Fatalf("%q: got %s, which is refused: %v", s, got, err)
		}
		want := s
		if !utf8.ValidString(s) {
			want = string([]rune(s)) // each bad byte is U+FFFD
		}
		if back := d.Root().Str(); back != want {
			t.Errorf("%q: got %q back, want %q", s, back, want)
		}
	})
}
