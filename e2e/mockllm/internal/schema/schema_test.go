package schema

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestInstance(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, schema, want string
	}{
		{"every property of an object",
			`{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"},"ok":{"type":"boolean"}},"required":["city"]}`,
			`{"city":"hi","days":1,"ok":true}`},
		{"the first of an enum", `{"enum":["b","a"]}`, `"b"`},
		{"a constant", `{"const":7}`, `7`},
		{"bounds of a number", `{"type":"integer","minimum":5,"maximum":9}`, `5`},
		{"exclusive bounds", `{"type":"integer","exclusiveMinimum":5}`, `6`},
		{"a number that may not reach one", `{"type":"number","maximum":0.5}`, `0.5`},
		{"a multiple", `{"type":"integer","multipleOf":10}`, `10`},
		{"a list of at least two", `{"type":"array","minItems":2,"items":{"type":"null"}}`, `[null,null]`},
		{"a list that must be empty", `{"type":"array","maxItems":0,"items":{"type":"null"}}`, `[]`},
		{"the first alternative", `{"anyOf":[{"type":"integer"},{"type":"null"}]}`, `1`},
		{"several types", `{"type":["string","null"]}`, `"hi"`},
		{"a reference", `{"$ref":"#/$defs/A","$defs":{"A":{"type":"object","properties":{"n":{"type":"integer"}}}}}`, `{"n":1}`},
		{"a name with a slash", `{"$ref":"#/$defs/a~1b","$defs":{"a/b":{"const":1}}}`, `1`},
		{"parts joined by allOf", `{"allOf":[{"type":"object","properties":{"a":{"const":1}}},{"properties":{"b":{"const":2}}}]}`, `{"a":1,"b":2}`},
		{"text cut to its length", `{"type":"string","maxLength":1}`, `"h"`},
		{"text filled to its length", `{"type":"string","minLength":4}`, `"hixx"`},
		{"a format", `{"type":"string","format":"ipv4"}`, `"192.0.2.1"`},
		{"no schema of an object", `true`, `null`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := json.Marshal(Instance(decode(t, tt.schema), "hi"))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestRecursionEnds(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		`{"$ref":"#/$defs/N","$defs":{"N":{"type":"object","properties":{"next":{"anyOf":[{"$ref":"#/$defs/N"},{"type":"null"}]}},"required":["next"]}}}`,
		`{"$ref":"#/$defs/T","$defs":{"T":{"type":"object","properties":{"kids":{"type":"array","items":{"$ref":"#/$defs/T"}}},"required":["kids"]}}}`,
		`{"$ref":"#"}`,
	} {
		b, err := json.Marshal(Instance(decode(t, s), "hi"))
		if err != nil || len(b) > 4096 {
			t.Errorf("%s: got %d bytes and %v, want a short instance", s, len(b), err)
		}
	}
}

func decode(t *testing.T, s string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestStrict(t *testing.T) {
	t.Parallel()
	const closed = `"additionalProperties":false`
	tests := []struct {
		name, schema string
		all, ok      bool
		context      string
	}{
		{"closed and complete", `{"type":"object",` + closed + `,"properties":{"a":{"type":"string"}},"required":["a"]}`, true, true, ""},
		{"open", `{"type":"object"}`, false, false, "()"},
		{"open on purpose", `{"type":"object","additionalProperties":true}`, false, false, "()"},
		{"a property not required", `{"type":"object",` + closed + `,"properties":{"a":{}}}`, true, false, "()"},
		{"which only some refuse", `{"type":"object",` + closed + `,"properties":{"a":{}}}`, false, true, ""},
		{"open inside", `{"type":"object",` + closed + `,"properties":{"a":{"type":"object"}},"required":["a"]}`, true, false, "('properties', 'a')"},
		{"open in a list", `{"type":"array","items":{"type":"object"}}`, true, false, "('items',)"},
		{"open in a definition", `{"$defs":{"N":{"type":"object"}}}`, true, false, "('$defs', 'N')"},
		{"open in an alternative", `{"anyOf":[{"type":"null"},{"type":"object"}]}`, true, false, "('anyOf', '1')"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, ok := Strict(decode(t, tt.schema), tt.all)
			if ok != tt.ok || !ok && f.InContext() != tt.context {
				t.Errorf("got %v %+v, want %v in %s", ok, f, tt.ok, tt.context)
			}
		})
	}
}
