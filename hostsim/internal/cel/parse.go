package cel

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// maxDepth bounds both the expressions inside of each other and the tree that they make.
const maxDepth = 32

var errDepth = errors.New("nested too deep")

// A parser reads tokens into nodes by recursive descent.
// The grammar: https://github.com/google/cel-cpp/blob/master/parser/internal/Cel.g4
type parser struct {
	tokens  []token
	depth   int
	unknown error // the first use of what there is not
}

func (p *parser) peek() token { return p.ahead(0) }

func (p *parser) ahead(n int) token {
	if n >= len(p.tokens) {
		return token{}
	}
	return p.tokens[n]
}

func (p *parser) next() token {
	t := p.peek()
	if t.kind != kindEnd {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *parser) at(signs ...string) bool {
	t := p.peek()
	return t.kind == kindSign && slices.Contains(signs, t.text)
}

func (p *parser) accept(sign string) bool {
	if !p.at(sign) {
		return false
	}
	p.next()
	return true
}

func (p *parser) want(sign string) error {
	if t := p.next(); t.kind != kindSign || t.text != sign {
		return fmt.Errorf("want %q, got %s", sign, t)
	}
	return nil
}

func (p *parser) name() (string, error) {
	t := p.next()
	if t.kind != kindName {
		return "", fmt.Errorf("want a name, got %s", t)
	}
	return t.text, nil
}

// refuse notes that something cannot be compiled. What follows must still be well written.
func (p *parser) refuse(format string, a ...any) {
	if p.unknown == nil {
		p.unknown = fmt.Errorf(format, a...)
	}
}

// expression reads a ? b : c and everything that binds closer.
func (p *parser) expression() (node, error) {
	if p.depth++; p.depth > maxDepth+1 {
		return nil, errDepth
	}
	defer func() { p.depth-- }()
	test, err := p.or()
	if err != nil || !p.accept("?") {
		return test, err
	}
	then, err := p.or()
	if err != nil {
		return nil, err
	}
	if err := p.want(":"); err != nil {
		return nil, err
	}
	otherwise, err := p.expression()
	return &conditional{test, then, otherwise}, err
}

func (p *parser) or() (node, error) { return p.logic("||", true, p.and) }

func (p *parser) and() (node, error) {
	return p.logic("&&", false, func() (node, error) { return p.binary(p.sum, relations...) })
}

func (p *parser) sum() (node, error) { return p.binary(p.product, "+", "-") }

func (p *parser) product() (node, error) { return p.binary(p.unary, "*", "/", "%") }

func (p *parser) logic(op string, decided bool, operand func() (node, error)) (node, error) {
	first, err := operand()
	if err != nil || !p.at(op) {
		return first, err
	}
	n := &logic{decided, []node{first}}
	for p.accept(op) {
		more, err := operand()
		if err != nil {
			return nil, err
		}
		n.operands = append(n.operands, more)
	}
	return n, nil
}

// binary reads operands between operators of one rank, the left ones first.
func (p *parser) binary(operand func() (node, error), ops ...string) (node, error) {
	left, err := operand()
	for err == nil && p.at(ops...) {
		op := p.next().text
		var right node
		right, err = operand()
		left = &call{op, operators[op], []node{left, right}}
	}
	return left, err
}

// unary reads signs; a minus in front of a number is a part of the number.
func (p *parser) unary() (node, error) {
	op := p.peek().text
	signs := 0
	for p.at(op) && (op == "!" || op == "-" && !p.isNumber(1)) {
		p.next()
		signs++
	}
	n, err := p.member()
	if signs%2 == 1 {
		n = &call{op, operators[op+"_"], []node{n}}
	}
	return n, err
}

func (p *parser) isNumber(ahead int) bool {
	k := p.ahead(ahead).kind
	return k == kindInt || k == kindDouble
}

// member reads a primary and the fields, calls and indexes behind it.
func (p *parser) member() (node, error) {
	n, err := p.primary()
	for err == nil {
		switch {
		case p.accept("."):
			n, err = p.dotted(n)
		case p.accept("["):
			var key node
			if key, err = p.expression(); err == nil {
				n, err = &call{"[]", index, []node{n, key}}, p.want("]")
			}
		case p.at("{") && isQualified(n):
			n, err = p.message()
		default:
			return n, nil
		}
	}
	return nil, err
}

func (p *parser) dotted(n node) (node, error) {
	t := p.next()
	if t.kind != kindName && t.kind != kindQuoted {
		return nil, fmt.Errorf("want a name, got %s", t)
	}
	if t.kind == kindName && p.accept("(") {
		args, err := p.list(")", false)
		if err != nil {
			return nil, err
		}
		return p.memberCall(n, t.text, args)
	}
	return &selection{of: n, field: t.text, quoted: t.kind == kindQuoted}, nil
}

// list reads expressions until the closing bracket.
func (p *parser) list(end string, trailing bool) ([]node, error) {
	var all []node
	for !p.accept(end) {
		if len(all) > 0 {
			if err := p.want(","); err != nil {
				return nil, err
			}
			if trailing && p.accept(end) {
				break
			}
		}
		n, err := p.expression()
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

func (p *parser) primary() (node, error) {
	t := p.next()
	switch t.kind {
	case kindName:
		return p.global(t.text)
	case kindString:
		return &constant{t.text}, nil
	case kindBytes:
		return &constant{[]byte(t.text)}, nil
	case kindInt, kindUint, kindDouble:
		return numeral(t)
	case kindSign:
		return p.signed(t)
	}
	return nil, fmt.Errorf("unexpected %s", t)
}

func (p *parser) signed(t token) (node, error) {
	switch t.text {
	case "true", "false":
		return &constant{t.text == "true"}, nil
	case "null":
		return &constant{nil}, nil
	case "-":
		if p.isNumber(0) {
			t := p.next()
			t.text = "-" + t.text
			return numeral(t)
		}
	case ".": // in front of a name that is meant from the root
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		return p.global(name)
	case "(":
		n, err := p.expression()
		if err != nil {
			return nil, err
		}
		return n, p.want(")")
	case "[":
		if p.accept(",") {
			return &list{}, p.want("]")
		}
		all, err := p.list("]", true)
		return &list{all}, err
	case "{":
		return p.mapping()
	}
	return nil, fmt.Errorf("unexpected %s", t)
}

// reserved are the names that an identifier or a global function cannot have.
var reserved = []string{"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let",
	"loop", "package", "namespace", "return", "var", "void", "while"}

func (p *parser) global(name string) (node, error) {
	if slices.Contains(reserved, name) {
		return nil, fmt.Errorf("%s is a reserved word", name)
	}
	if !p.accept("(") {
		return &identifier{name}, nil
	}
	args, err := p.list(")", false)
	if err != nil {
		return nil, err
	}
	if name == "has" && len(args) == 1 {
		return presence(args[0])
	}
	return p.function(name, styleGlobal, args), nil
}

func (p *parser) mapping() (node, error) {
	m := &mapping{}
	if p.accept(",") {
		return m, p.want("}")
	}
	for !p.accept("}") {
		if len(m.keys) > 0 {
			if err := p.want(","); err != nil {
				return nil, err
			}
			if p.accept("}") {
				break
			}
		}
		key, err := p.expression()
		if err != nil {
			return nil, err
		}
		if err := p.want(":"); err != nil {
			return nil, err
		}
		value, err := p.expression()
		if err != nil {
			return nil, err
		}
		m.keys, m.values = append(m.keys, key), append(m.values, value)
	}
	return m, nil
}

// message reads the fields of a message, which there are not.
func (p *parser) message() (node, error) {
	p.refuse("messages are not supported")
	p.next()
	for first := true; !p.accept("}"); first = false {
		if !first {
			if err := p.want(","); err != nil {
				return nil, err
			}
			if p.accept("}") {
				break
			}
		}
		if t := p.next(); t.kind != kindName && t.kind != kindQuoted {
			return nil, fmt.Errorf("want a field, got %s", t)
		}
		if err := p.want(":"); err != nil {
			return nil, err
		}
		if _, err := p.expression(); err != nil {
			return nil, err
		}
	}
	return &constant{nil}, nil
}

// isQualified reports whether a node is names with dots between them.
func isQualified(n node) bool {
	for {
		s, ok := n.(*selection)
		if !ok {
			break
		}
		if s.test || s.quoted {
			return false
		}
		n = s.of
	}
	_, ok := n.(*identifier)
	return ok
}

// numeral reads a number with its sign.
func numeral(t token) (node, error) {
	var v any
	var err error
	switch t.kind {
	case kindDouble:
		if v, err = strconv.ParseFloat(t.text, 64); errors.Is(err, strconv.ErrRange) {
			err = nil // infinity
		}
	case kindUint:
		v, err = strconv.ParseUint(digits(t.text))
	default:
		v, err = strconv.ParseInt(digits(t.text))
	}
	if err != nil {
		return nil, fmt.Errorf("%s is no number", t)
	}
	return &constant{v}, nil
}

// digits returns a number without 0x, its base and its size in bits.
func digits(text string) (number string, base, bits int) {
	sign := ""
	if text[0] == '-' {
		sign, text = "-", text[1:]
	}
	if len(text) > 2 && text[1] == 'x' {
		return sign + text[2:], 16, 64
	}
	return sign + text, 10, 64
}
