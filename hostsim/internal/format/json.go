package format

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// JSON is a compiled json_format: one object a line, its keys sorted, as Envoy
// writes it. Missing values are null.
type JSON struct {
	fields []field
	omit   bool
}

type field struct {
	key   string // as JSON, with the colon
	text  *Text
	inner *JSON
	list  []field
	raw   string // a constant, as JSON
}

// ParseJSON compiles the decoded value of json_format.
func ParseJSON(v map[string]any, opts Option) (*JSON, error) {
	j := &JSON{omit: opts&OmitEmpty != 0}
	keys := make([]string, 0, len(v))
	for k := range v {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		f, err := parseField(v[k], opts)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k, err)
		}
		f.key = quote(k) + ":"
		j.fields = append(j.fields, f)
	}
	return j, nil
}

func parseField(v any, opts Option) (field, error) {
	switch v := v.(type) {
	case map[string]any:
		inner, err := ParseJSON(v, opts)
		return field{inner: inner}, err
	case []any:
		f := field{list: []field{}}
		for i, x := range v {
			one, err := parseField(x, opts)
			if err != nil {
				return f, fmt.Errorf("[%d]: %w", i, err)
			}
			f.list = append(f.list, one)
		}
		return f, nil
	case string:
		t, err := Parse(v, opts)
		return field{text: t}, err
	}
	b, err := json.Marshal(v)
	return field{raw: string(b)}, err
}

// Append prints the object without a line end.
func (j *JSON) Append(b []byte, s Stream) []byte {
	b = append(b, '{')
	first := true
	for i := range j.fields {
		f := &j.fields[i]
		if j.omit && f.missing(s) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = f.append(append(b, f.key...), s)
	}
	return append(b, '}')
}

func (f *field) missing(s Stream) bool {
	if f.text == nil {
		return false
	}
	_, ok := f.text.value(s)
	return !ok
}

func (f *field) append(b []byte, s Stream) []byte {
	switch {
	case f.inner != nil:
		return f.inner.Append(b, s)
	case f.list != nil:
		b = append(b, '[')
		for i := range f.list {
			if i > 0 {
				b = append(b, ',')
			}
			b = f.list[i].append(b, s)
		}
		return append(b, ']')
	case f.text == nil:
		return append(b, f.raw...)
	}
	v, ok := f.text.value(s)
	switch {
	case !ok:
		return append(b, "null"...)
	case v.Number:
		return append(b, v.Text...)
	}
	return append(b, quote(v.Text)...)
}

func quote(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return `""` // strings always encode
	}
	return strings.TrimSuffix(b.String(), "\n")
}
