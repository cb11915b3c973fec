// Package format compiles Envoy's format strings, as access logs, local replies
// and added headers use them, and prints them for a stream.
//
// The operators: https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
// One that is not known here is an error when the format is read, never a "-" in the log.
package format

import (
	"fmt"
	"strconv"
	"strings"
)

// A Stream is what operators speak about. Values are read when a line is written.
type Stream interface {
	// Header returns a header's values joined by commas.
	Header(from Source, name string) (string, bool)
	// FilterState returns what a plugin stored.
	FilterState(name string) ([]byte, bool)
	// Info returns the value of an operator without arguments, such as "PROTOCOL".
	Info(operator string) (Value, bool)
}

// A Source is one of a stream's header maps.
type Source uint8

// The header maps.
const (
	Request Source = iota
	Response
	Trailer
)

// A Value is a text that JSON writes without quotes when it is a number.
type Value struct {
	Text   string
	Number bool
}

// Int makes a number.
func Int(n int64) Value { return Value{strconv.FormatInt(n, 10), true} }

// String makes a text.
func String(s string) Value { return Value{Text: s} }

// An operator prints one value; ok is false when there is none.
type operator func(s Stream) (v Value, ok bool)

// Text is a compiled format string.
type Text struct {
	parts []part
	empty string // stands for values that are missing
}

type part struct {
	literal string
	op      operator
}

// Option says how a format prints.
type Option uint8

// OmitEmpty prints nothing for missing values; without it they are "-".
const OmitEmpty Option = 1

// Parse compiles a format string. %% is a percent sign.
func Parse(s string, opts Option) (*Text, error) {
	t := &Text{empty: "-"}
	if opts&OmitEmpty != 0 {
		t.empty = ""
	}
	literal := ""
	for s != "" {
		before, rest, found := strings.Cut(s, "%")
		literal += before
		if !found {
			break
		}
		if strings.HasPrefix(rest, "%") {
			literal += "%"
			s = rest[1:]
			continue
		}
		text, after, err := cutOperator(rest)
		if err != nil {
			return nil, err
		}
		op, err := compile(text)
		if err != nil {
			return nil, err
		}
		if literal != "" {
			t.parts = append(t.parts, part{literal: literal})
			literal = ""
		}
		t.parts = append(t.parts, part{op: op})
		s = after
	}
	if literal != "" {
		t.parts = append(t.parts, part{literal: literal})
	}
	return t, nil
}

// cutOperator finds the percent sign that ends an operator; one inside of its
// parentheses belongs to the argument.
func cutOperator(s string) (op, after string, err error) {
	depth := 0
	for i, c := range s {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == '%' && depth <= 0:
			return s[:i], s[i+1:], nil
		}
	}
	return "", "", fmt.Errorf("operator %%%s does not end in %%", s)
}

// Append prints the format for a stream.
func (t *Text) Append(b []byte, s Stream) []byte {
	for _, p := range t.parts {
		if p.op == nil {
			b = append(b, p.literal...)
			continue
		}
		v, ok := p.op(s)
		if !ok {
			v.Text = t.empty
		}
		b = append(b, v.Text...)
	}
	return b
}

// Constant returns the text of a format without operators.
func (t *Text) Constant() (string, bool) {
	switch {
	case len(t.parts) == 0:
		return "", true
	case len(t.parts) == 1 && t.parts[0].op == nil:
		return t.parts[0].literal, true
	}
	return "", false
}

// value is the format as one value: a single operator keeps its type.
func (t *Text) value(s Stream) (Value, bool) {
	if len(t.parts) == 1 && t.parts[0].op != nil {
		return t.parts[0].op(s)
	}
	return Value{Text: string(t.Append(nil, s))}, true
}
