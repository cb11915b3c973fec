// Package cel evaluates the small part of the Common Expression Language that the
// filters of access logs and local replies are written in: comparisons of a stream's
// attributes, joined by &&, || and !.
//
// The language: https://github.com/google/cel-spec/blob/master/doc/langdef.md
// Everything that is not known here is an error when the expression is read. An
// attribute that is missing makes an expression false, as it does in Envoy's filter.
package cel

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/hostsim/internal/format"
)

// An Expression says yes or no about a stream.
type Expression func(format.Stream) bool

// errMissing is the value of what a stream does not have.
var errMissing = errors.New("no such attribute")

// A value is what a part of an expression comes to: a string, an int64 or a bool.
type value func(format.Stream) (any, error)

// Parse reads an expression.
func Parse(text string) (Expression, error) {
	tokens, err := scan(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	v, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.peek() != "" {
		return nil, fmt.Errorf("unexpected %q", p.peek())
	}
	return func(s format.Stream) bool {
		got, err := v(s)
		yes, ok := got.(bool)
		return err == nil && ok && yes
	}, nil
}

// scan cuts the text into tokens; strings keep their opening quote.
func scan(text string) ([]string, error) {
	var tokens []string
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
		case c == '\'' || c == '"':
			end := strings.IndexByte(text[i+1:], c)
			if end < 0 {
				return nil, errors.New("string without end")
			}
			body := text[i+1 : i+1+end]
			if strings.Contains(body, `\`) {
				return nil, errors.New("escapes in strings are not supported")
			}
			tokens = append(tokens, "'"+body)
			i += end + 2
		case isWord(c):
			j := i
			for j < len(text) && isWord(text[j]) {
				j++
			}
			tokens = append(tokens, text[i:j])
			i = j
		case i+1 < len(text) && strings.Contains(" == != <= >= && || ", " "+text[i:i+2]+" "):
			tokens = append(tokens, text[i:i+2])
			i += 2
		case strings.IndexByte("!<>().[]-", c) >= 0:
			tokens = append(tokens, string(c))
			i++
		default:
			return nil, fmt.Errorf("unexpected %q", string(c))
		}
	}
	return tokens, nil
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

type parser struct {
	tokens []string
	depth  int
}

func (p *parser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *parser) next() string {
	t := p.peek()
	if t != "" {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *parser) accept(t string) bool {
	if p.peek() != t {
		return false
	}
	p.next()
	return true
}

func (p *parser) want(t string) error {
	if got := p.next(); got != t {
		return fmt.Errorf("want %q, got %q", t, got)
	}
	return nil
}

func (p *parser) or() (value, error) { return p.join("||", true, p.and) }

func (p *parser) and() (value, error) { return p.join("&&", false, p.unary) }

// join reads operands; one that is equal to decided decides, even beside an error.
func (p *parser) join(op string, decided bool, operand func() (value, error)) (value, error) {
	left, err := operand()
	for err == nil && p.accept(op) {
		var right value
		if right, err = operand(); err == nil {
			left = joined(left, right, decided)
		}
	}
	return left, err
}

func joined(left, right value, decided bool) value {
	return func(s format.Stream) (any, error) {
		a, errA := left(s)
		if errA == nil && a == decided {
			return decided, nil
		}
		b, errB := right(s)
		if errB == nil && b == decided {
			return decided, nil
		}
		return !decided, errors.Join(errA, errB)
	}
}

// maxDepth bounds parentheses and negations.
const maxDepth = 100

func (p *parser) unary() (value, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errors.New("nested too deep")
	}
	defer func() { p.depth-- }()
	if p.accept("!") {
		v, err := p.unary()
		if err != nil {
			return nil, err
		}
		return func(s format.Stream) (any, error) {
			got, err := v(s)
			yes, ok := got.(bool)
			if err == nil && !ok {
				err = errors.New("want a condition behind the exclamation mark")
			}
			return !yes, err
		}, nil
	}
	return p.comparison()
}

func (p *parser) comparison() (value, error) {
	if p.peek() != "" && p.peek()[0] == '\'' && len(p.tokens) > 1 && p.tokens[1] == "in" {
		key := p.next()[1:]
		p.next()
		return p.membership(key)
	}
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	switch op := p.peek(); op {
	case "==", "!=", "<", "<=", ">", ">=":
		p.next()
		right, err := p.operand()
		if err != nil {
			return nil, err
		}
		return compare(left, right, op), nil
	}
	return left, nil
}

func compare(left, right value, op string) value {
	return func(s format.Stream) (any, error) {
		a, errA := left(s)
		b, errB := right(s)
		if err := errors.Join(errA, errB); err != nil {
			return false, err
		}
		switch op {
		case "==":
			return a == b, nil
		case "!=":
			return a != b, nil
		}
		c, ok := order(a, b)
		if !ok {
			return false, errors.New("operands cannot be compared")
		}
		switch op {
		case "<":
			return c < 0, nil
		case "<=":
			return c <= 0, nil
		case ">":
			return c > 0, nil
		}
		return c >= 0, nil
	}
}

func order(a, b any) (int, bool) {
	switch a := a.(type) {
	case int64:
		b, ok := b.(int64)
		switch {
		case a < b:
			return -1, ok
		case a > b:
			return 1, ok
		}
		return 0, ok
	case string:
		b, ok := b.(string)
		return strings.Compare(a, b), ok
	}
	return 0, false
}

func (p *parser) operand() (value, error) {
	t := p.next()
	switch {
	case t == "":
		return nil, errors.New("unexpected end")
	case t == "(":
		v, err := p.or()
		if err != nil {
			return nil, err
		}
		return v, p.want(")")
	case t == "true" || t == "false":
		return constant(t == "true"), nil
	case t[0] == '\'':
		return constant(t[1:]), nil
	case t == "-" || t[0] >= '0' && t[0] <= '9':
		if t == "-" {
			t += p.next()
		}
		n, err := strconv.ParseInt(t, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("want an integer, got %q", t)
		}
		return constant(n), nil
	case isWord(t[0]):
		return p.attribute(t)
	}
	return nil, fmt.Errorf("unexpected %q", t)
}

func constant(v any) value { return func(format.Stream) (any, error) { return v, nil } }

// attribute reads request.path, request.headers['x'], and a method behind it.
func (p *parser) attribute(name string) (value, error) {
	for {
		switch {
		case p.accept("."):
			part := p.next()
			if p.peek() == "(" {
				return p.method(name, part)
			}
			name += "." + part
		case p.accept("["):
			key := p.next()
			if key == "" || key[0] != '\'' {
				return nil, fmt.Errorf("want a string in brackets, got %q", key)
			}
			if err := p.want("]"); err != nil {
				return nil, err
			}
			name += "[" + key[1:] + "]"
		default:
			return lookup(name)
		}
	}
}

func (p *parser) method(name, method string) (value, error) {
	on, err := lookup(name)
	if err != nil {
		return nil, err
	}
	p.next()
	arg := p.next()
	if arg == "" || arg[0] != '\'' {
		return nil, fmt.Errorf("%s: want a string, got %q", method, arg)
	}
	test, err := textTest(method, arg[1:])
	if err != nil {
		return nil, err
	}
	return func(s format.Stream) (any, error) {
		got, err := on(s)
		text, ok := got.(string)
		return err == nil && ok && test(text), err
	}, p.want(")")
}

func textTest(method, arg string) (func(string) bool, error) {
	switch method {
	case "startsWith":
		return func(s string) bool { return strings.HasPrefix(s, arg) }, nil
	case "endsWith":
		return func(s string) bool { return strings.HasSuffix(s, arg) }, nil
	case "contains":
		return func(s string) bool { return strings.Contains(s, arg) }, nil
	case "matches":
		re, err := regexp.Compile(arg)
		if err != nil {
			return nil, err
		}
		return re.MatchString, nil
	}
	return nil, fmt.Errorf("method %s is not supported", method)
}
