// Package cel evaluates expressions of the Common Expression Language as Envoy does:
// those of the foreign functions expr_*, and the filters of access logs and local
// replies.
//
// The language: https://github.com/google/cel-spec/blob/master/doc/langdef.md
// Envoy's dialect is cel-cpp without a type checker, so that a wrong type is an error
// of an evaluation: https://github.com/google/cel-cpp/tree/master/runtime/standard
//
// It has all literals, operators and macros, and the functions of functions.go. It does
// not have messages (google.protobuf.Int64Value{}), enumerations, and time zones.
package cel

import (
	"errors"
	"fmt"
)

var (
	// ErrCompile is of an expression that can be read and uses what there is not.
	ErrCompile = errors.New("does not compile")

	errOverload = errors.New("no function for arguments of these types")
	errMissing  = errors.New("no such key, field or attribute")
	errBudget   = errors.New("too many iterations")
)

// maxIterations is the most that all loops of one evaluation make together.
const maxIterations = 10000

// A Program is an expression that was read. It can be evaluated any number of times,
// also at the same time.
type Program struct{ root node }

// Compile reads an expression. An error is about how it is written, unless it is an
// ErrCompile.
func Compile(text string) (*Program, error) {
	tokens, err := scan(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	root, err := p.expression()
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != kindEnd {
		return nil, fmt.Errorf("unexpected %s", t)
	}
	if depth(root) > maxDepth {
		return nil, errDepth
	}
	if p.unknown != nil {
		return nil, fmt.Errorf("%w: %w", ErrCompile, p.unknown)
	}
	return &Program{root}, nil
}

// Eval returns the expression's value: nil, a bool, int64, uint64, float64, string,
// []byte, time.Time, time.Duration, []any, Map, Message or Type. lookup returns what a
// name means.
func (p *Program) Eval(lookup func(name string) (any, bool)) (any, error) {
	return p.root.eval(&evaluation{lookup: lookup, left: maxIterations})
}

// An evaluation is the state of one.
type evaluation struct {
	lookup   func(name string) (any, bool)
	vars     *variable
	left     int  // iterations
	noConcat bool // strings, bytes and lists cannot be added
}

// A variable is that of the innermost macro.
type variable struct {
	name  string
	value any
	outer *variable
}

func (e *evaluation) find(name string) (any, bool) {
	for v := e.vars; v != nil; v = v.outer {
		if v.name == name {
			return v.value, true
		}
	}
	if isType(name) {
		return Type(name), true
	}
	return e.lookup(name)
}
