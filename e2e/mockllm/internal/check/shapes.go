package check

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Any accepts every value.
func Any() Shape { return func(Path, any) *Problem { return nil } }

// Bool accepts true and false.
func Bool() Shape {
	return func(p Path, v any) *Problem {
		if _, ok := v.(bool); !ok {
			return wrongType(p, v, TBool)
		}
		return nil
	}
}

// Text accepts any string.
func Text() Shape { return String(0, math.MaxInt) }

// String accepts a string of lo to hi characters.
func String(lo, hi int) Shape {
	return func(p Path, v any) *Problem {
		s, ok := v.(string)
		if !ok {
			return wrongType(p, v, TString)
		}
		return length(p, v, utf8.RuneCountInString(s), lo, hi)
	}
}

// Name accepts a string of 1 to hi letters, digits, underscores and hyphens.
func Name(hi int) Shape {
	return func(p Path, v any) *Problem {
		if problem := String(0, math.MaxInt)(p, v); problem != nil {
			return problem
		}
		s := v.(string)
		for i := range len(s) {
			c := s[i]
			if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-') {
				return &Problem{Path: p, Kind: Pattern, Limit: "^[a-zA-Z0-9_-]+$", Got: v}
			}
		}
		return length(p, v, len(s), 1, hi)
	}
}

// Enum accepts the given strings.
func Enum(values ...string) Shape {
	return func(p Path, v any) *Problem {
		s, ok := v.(string)
		if !ok {
			return wrongType(p, v, TString)
		}
		if !slices.Contains(values, s) {
			return &Problem{Path: p, Kind: BadValue, Want: values, Got: v}
		}
		return nil
	}
}

// Int accepts a whole number from lo to hi.
func Int(lo, hi int64) Shape {
	return func(p Path, v any) *Problem {
		n, ok := v.(json.Number)
		if !ok {
			return wrongType(p, v, TInteger)
		}
		i, err := strconv.ParseInt(string(n), 10, 64)
		switch {
		case err != nil:
			return wrongType(p, v, TInteger)
		case i < lo:
			return &Problem{Path: p, Kind: TooSmall, Want: []string{TInteger}, Limit: strconv.FormatInt(lo, 10), Got: v}
		case i > hi:
			return &Problem{Path: p, Kind: TooLarge, Want: []string{TInteger}, Limit: strconv.FormatInt(hi, 10), Got: v}
		}
		return nil
	}
}

// Number accepts a number from lo to hi.
func Number(lo, hi float64) Shape {
	return func(p Path, v any) *Problem {
		n, ok := v.(json.Number)
		if !ok {
			return wrongType(p, v, TNumber)
		}
		f, err := n.Float64()
		switch {
		case err != nil:
			return wrongType(p, v, TNumber)
		case f < lo:
			return &Problem{Path: p, Kind: TooSmall, Want: []string{TNumber}, Limit: formatFloat(lo), Got: v}
		case f > hi:
			return &Problem{Path: p, Kind: TooLarge, Want: []string{TNumber}, Limit: formatFloat(hi), Got: v}
		}
		return nil
	}
}

func formatFloat(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// List accepts lo to hi elements of one shape.
func List(elem Shape, lo, hi int) Shape {
	return func(p Path, v any) *Problem {
		list, ok := v.([]any)
		if !ok {
			return wrongType(p, v, TArray)
		}
		if problem := length(p, v, len(list), lo, hi); problem != nil {
			return problem
		}
		for i, e := range list {
			if problem := elem(p.Item(i), e); problem != nil {
				return problem
			}
		}
		return nil
	}
}

func length(p Path, v any, n, lo, hi int) *Problem {
	switch {
	case n < lo:
		return &Problem{Path: p, Kind: TooShort, Want: []string{TypeOf(v)}, Limit: strconv.Itoa(lo), Got: v}
	case n > hi:
		return &Problem{Path: p, Kind: TooLong, Want: []string{TypeOf(v)}, Limit: strconv.Itoa(hi), Got: v}
	}
	return nil
}

// Dict accepts an object with any keys and values of one shape.
func Dict(elem Shape) Shape {
	return func(p Path, v any) *Problem {
		m, ok := v.(map[string]any)
		if !ok {
			return wrongType(p, v, TObject)
		}
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if problem := elem(p.Key(k), m[k]); problem != nil {
				return problem
			}
		}
		return nil
	}
}

// Object accepts an object with these fields and no others. Fields are looked
// at in the order given, then unknown ones in the order of the alphabet.
func Object(fields ...Field) Shape {
	return func(p Path, v any) *Problem {
		m, ok := v.(map[string]any)
		if !ok {
			return wrongType(p, v, TObject)
		}
		for _, f := range fields {
			if problem := f.look(p, m); problem != nil {
				return problem
			}
		}
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !slices.ContainsFunc(fields, func(f Field) bool { return f.Name == k }) {
				return &Problem{Path: p.Key(k), Kind: Unknown, Got: m[k]}
			}
		}
		return nil
	}
}

func (f Field) look(p Path, m map[string]any) *Problem {
	v, there := m[f.Name]
	switch {
	case !there && f.Required:
		return &Problem{Path: p.Key(f.Name), Kind: Missing}
	case !there, v == nil && f.Null:
		return nil
	}
	return f.Shape(p.Key(f.Name), v)
}

// A Member is one kind of object of a union.
type Member struct {
	Tag    string
	Fields []Field // without the field that holds the tag
}

// Tagged accepts an object whose field key names which member it is.
// fallback is the tag of an object without that field; empty means that it is required.
func Tagged(key, fallback string, members ...Member) Shape {
	return func(p Path, v any) *Problem {
		m, ok := v.(map[string]any)
		if !ok {
			return wrongType(p, v, TObject)
		}
		tag, there := m[key]
		if !there {
			if fallback == "" {
				return &Problem{Path: p.Key(key), Kind: Missing}
			}
			tag = fallback
		}
		var tags []string
		for _, member := range members {
			if member.Tag == tag {
				fields := append([]Field{Opt(key, Any())}, member.Fields...)
				return Object(fields...)(p.Tagged(member.Tag), v)
			}
			tags = append(tags, member.Tag)
		}
		return &Problem{Path: p.Key(key), Kind: Tag, Want: tags, Got: tag}
	}
}

// A Choice is a shape for values of one JSON type.
type Choice struct {
	Type  string
	Shape Shape
}

// ByType picks the shape by the JSON type of the value.
func ByType(choices ...Choice) Shape {
	return func(p Path, v any) *Problem {
		var want []string
		for _, c := range choices {
			if c.Type == TypeOf(v) {
				return c.Shape(p, v)
			}
			want = append(want, c.Type)
		}
		return wrongType(p, v, want...)
	}
}
