// Package check says what is wrong with a decoded JSON body, by path.
//
// A Shape describes a value; Shapes are joined to the shape of a whole request.
// The first problem found is returned; the provider words it as its API does.
package check

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// A Kind is what is wrong with a value.
type Kind int

// The kinds of problems.
const (
	Unknown  Kind = iota // a field that the API does not know
	Missing              // a field that it wants
	Type                 // another JSON type than wanted
	BadValue             // none of the allowed values
	Tag                  // none of the known kinds of object
	TooSmall             // a number below Limit
	TooLarge             // a number above Limit
	TooShort             // a string or list shorter than Limit
	TooLong              // a string or list longer than Limit
	Pattern              // a string that does not match Limit
)

// A Step is one element of a Path: a key, an index, or the tag of a union.
type Step struct {
	Key   string
	Index int
	IsTag bool
}

// A Path leads from the body to a value. An index has an empty Key.
type Path []Step

// Key returns the path of a field below p.
func (p Path) Key(name string) Path { return append(slices.Clip(p), Step{Key: name}) }

// Item returns the path of an element below p.
func (p Path) Item(i int) Path { return append(slices.Clip(p), Step{Index: i}) }

// Tagged returns p marked with the tag of the union's member that was chosen.
func (p Path) Tagged(tag string) Path { return append(slices.Clip(p), Step{Key: tag, IsTag: true}) }

// Dotted prints a path as messages.0.content, with the tags of unions.
func (p Path) Dotted() string {
	var b strings.Builder
	for i, s := range p {
		if i > 0 {
			b.WriteByte('.')
		}
		if s.Key == "" {
			b.WriteString(strconv.Itoa(s.Index))
		}
		b.WriteString(s.Key)
	}
	return b.String()
}

// Bracketed prints a path as messages[0].content, without the tags of unions.
func (p Path) Bracketed() string {
	var b strings.Builder
	for _, s := range p {
		switch {
		case s.IsTag:
		case s.Key == "":
			b.WriteString("[" + strconv.Itoa(s.Index) + "]")
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(s.Key)
		}
	}
	return b.String()
}

// A Problem is what is wrong, where, what was wanted and what came.
type Problem struct {
	Path  Path
	Kind  Kind
	Want  []string // names of types, or allowed values
	Limit string   // the bound or pattern that was missed
	Got   any
}

// A Shape looks at a value and returns the first problem, or nil.
type Shape func(p Path, v any) *Problem

// A Field is one field of an object.
type Field struct {
	Name     string
	Required bool
	Null     bool // null counts as absent
	Shape    Shape
}

// Req is a field that must be there.
func Req(name string, s Shape) Field { return Field{Name: name, Required: true, Shape: s} }

// Opt is a field that may be absent, but not null.
func Opt(name string, s Shape) Field { return Field{Name: name, Shape: s} }

// Nil is a field that may be absent or null.
func Nil(name string, s Shape) Field { return Field{Name: name, Null: true, Shape: s} }

// Type names as they are used in Problem.Want and returned by TypeOf.
const (
	TString  = "string"
	TInteger = "integer"
	TNumber  = "number"
	TBool    = "boolean"
	TArray   = "array"
	TObject  = "object"
	TNull    = "null"
)

// TypeOf names the JSON type of a value decoded with UseNumber.
func TypeOf(v any) string {
	switch v := v.(type) {
	case nil:
		return TNull
	case bool:
		return TBool
	case string:
		return TString
	case json.Number:
		if _, err := strconv.ParseInt(string(v), 10, 64); err == nil {
			return TInteger
		}
		return TNumber
	case []any:
		return TArray
	default:
		return TObject
	}
}

func wrongType(p Path, v any, want ...string) *Problem {
	return &Problem{Path: p, Kind: Type, Want: want, Got: v}
}
