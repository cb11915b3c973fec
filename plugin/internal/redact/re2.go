package redact

import (
	"errors"
	"unicode/utf8"
)

// A node is a part of a pattern in RE2's syntax (https://github.com/google/re2/wiki/Syntax).
type node struct {
	op          nodeOp
	class       []span // of a char, in no order
	sub         []node
	least, most int // of a repeat; most -1: without end
	look        look
}

type nodeOp uint8

const (
	opEmpty nodeOp = iota
	opChar
	opConcat
	opAlternate
	opRepeat
	opLook
)

// A span is characters in a row.
type span struct{ low, high rune }

// A look is what has to be so at a place, as bits.
type look uint8

const (
	beginText look = 1 << iota
	endText
	beginLine
	endLine
	wordBoundary
	noWordBoundary
)

// Bounds of patterns, in repetitions and in how deep groups stand in groups.
const (
	mostRepeats = 1000
	mostDepth   = 50
)

// Errors of patterns.
var (
	errEmpty  = errors.New("matches the empty string, and so everywhere")
	errLarge  = errors.New("is too large: repetitions are written out, and all patterns have 4,000 steps together")
	errParen  = errors.New("has a parenthesis without its other one")
	errDeep   = errors.New("has groups in more than 50 groups")
	errClass  = errors.New("has a class that does not end, or a range in it that runs backwards")
	errName   = errors.New("has a class with a name that there is not")
	errEscape = errors.New(`has an escape that is not offered: those of RE2 are, but \p, \C and octal numbers`)
	errRepeat = errors.New("has a repetition of nothing, of another repetition, or of more than 1,000")
	errGroup  = errors.New("has a group of a kind that RE2 does not have: no looking ahead or back")
)

// A parser reads a pattern.
type parser struct {
	s     string
	flags parserFlags
	depth int
	err   error
}

type parserFlags struct{ fold, lines, all bool } // i, m, s

// parsePattern reads a pattern.
func parsePattern(s string) (node, error) {
	if !utf8.ValidString(s) {
		return node{}, errEscape
	}
	p := parser{s: s}
	n := p.alternate()
	if p.err == nil && p.s != "" {
		p.err = errParen
	}
	if p.err == nil && n.nullable() {
		p.err = errEmpty
	}
	return n, p.err
}

// nullable reports whether nothing is enough for n.
func (n *node) nullable() bool {
	switch n.op {
	case opChar:
		return false
	case opConcat:
		for i := range n.sub {
			if !n.sub[i].nullable() {
				return false
			}
		}
	case opAlternate:
		for i := range n.sub {
			if n.sub[i].nullable() {
				return true
			}
		}
		return false
	case opRepeat:
		return n.least == 0 || n.sub[0].nullable()
	}
	return true
}

func (p *parser) fail(err error) node {
	if p.err == nil {
		p.err = err
	}
	p.s = ""
	return node{}
}

// has goes over a prefix if it is there.
func (p *parser) has(prefix string) bool {
	if len(p.s) < len(prefix) || p.s[:len(prefix)] != prefix {
		return false
	}
	p.s = p.s[len(prefix):]
	return true
}

func (p *parser) next() rune {
	r, n := utf8.DecodeRuneInString(p.s)
	p.s = p.s[n:]
	return r
}

func (p *parser) alternate() node {
	list := []node{p.concat()}
	for p.has("|") {
		list = append(list, p.concat())
	}
	if len(list) == 1 {
		return list[0]
	}
	return node{op: opAlternate, sub: list}
}

func (p *parser) concat() node {
	var list []node
	for p.s != "" && p.s[0] != '|' && p.s[0] != ')' {
		if p.has(`\Q`) {
			before := len(list)
			for p.s != "" && !p.has(`\E`) {
				list = append(list, p.literal(p.next()))
			}
			if n := len(list); n > before {
				list[n-1] = p.repeated(list[n-1], true)
			}
			continue
		}
		n, plain := p.atom()
		list = append(list, p.repeated(n, plain))
	}
	if len(list) == 1 {
		return list[0]
	}
	return node{op: opConcat, sub: list}
}

// repeated reads how often n is there. Whether as much or as little as possible makes no
// difference, since the longest match is taken.
func (p *parser) repeated(n node, can bool) node {
	for again := false; p.s != ""; again = true {
		least, most := 0, -1
		switch p.s[0] {
		case '*':
		case '+':
			least = 1
		case '?':
			most = 1
		case '{':
			size := 0
			if least, most, size = counts(p.s); size == 0 {
				return n // a plain sign
			}
			if least > mostRepeats || most > mostRepeats || most >= 0 && most < least {
				return p.fail(errRepeat)
			}
			p.s = p.s[size-1:]
		default:
			return n
		}
		if p.s = p.s[1:]; !can || again {
			return p.fail(errRepeat)
		}
		p.has("?")
		n = node{op: opRepeat, sub: []node{n}, least: least, most: most}
	}
	return n
}

// counts reads {2}, {2,} or {2,5}; size 0 if it is none.
func counts(s string) (least, most, size int) {
	i := 1
	number := func() int {
		n, from := 0, i
		for ; i < len(s) && isDigit(s[i]); i++ {
			n = min(n*10+int(s[i]-'0'), mostRepeats+1)
		}
		if i == from || i > from+1 && s[from] == '0' {
			return -1
		}
		return n
	}
	if least = number(); least < 0 {
		return 0, 0, 0
	}
	if most = least; i < len(s) && s[i] == ',' {
		i++
		if most = -1; i < len(s) && s[i] != '}' {
			if most = number(); most < 0 {
				return 0, 0, 0
			}
		}
	}
	if i == len(s) || s[i] != '}' {
		return 0, 0, 0
	}
	return least, most, i + 1
}

// atom reads what a repetition can follow, or a sign that looks, which none can.
func (p *parser) atom() (n node, can bool) {
	switch c := p.next(); c {
	case '(':
		return p.group()
	case '[':
		return p.class(), true
	case '.':
		if p.flags.all {
			return char(span{0, utf8.MaxRune}), true
		}
		return char(span{0, '\n' - 1}, span{'\n' + 1, utf8.MaxRune}), true
	case '^':
		if p.flags.lines {
			return node{op: opLook, look: beginLine}, true
		}
		return node{op: opLook, look: beginText}, true
	case '$':
		if p.flags.lines {
			return node{op: opLook, look: endLine}, true
		}
		return node{op: opLook, look: endText}, true
	case '*', '+', '?':
		return p.fail(errRepeat), false
	case '{':
		if _, _, size := counts("{" + p.s); size > 0 {
			return p.fail(errRepeat), false
		}
		return p.literal(c), true
	case '\\':
		return p.escape(), true
	default:
		return p.literal(c), true
	}
}

func char(class ...span) node { return node{op: opChar, class: class} }

// literal is a character as a text has it after folding.
func (p *parser) literal(r rune) node {
	if c, ok := foldRune(r); ok {
		if c == 0 {
			return node{}
		}
		r = rune(c)
	}
	return p.folded(char(span{r, r}))
}

// folded adds the other case of letters, if case makes no difference, and what characters
// of other forms that are named are folded to.
func (p *parser) folded(n node) node {
	for _, s := range n.class {
		if s.low == s.high {
			if c, ok := foldRune(s.low); ok && c != 0 {
				n.class = append(n.class, span{rune(c), rune(c)})
			}
		}
	}
	if !p.flags.fold {
		return n
	}
	for _, s := range n.class {
		if low, high := max(s.low, 'a'), min(s.high, 'z'); low <= high {
			n.class = append(n.class, span{low - 0x20, high - 0x20})
		}
		if low, high := max(s.low, 'A'), min(s.high, 'Z'); low <= high {
			n.class = append(n.class, span{low + 0x20, high + 0x20})
		}
	}
	return n
}

// group reads what is after an opening parenthesis.
func (p *parser) group() (n node, can bool) {
	before := p.flags
	if p.has("?") && !p.has(":") {
		if p.has("P<") || p.has("<") {
			if !p.name() {
				return p.fail(errGroup), false
			}
		} else if only, ok := p.flagged(); !ok {
			return p.fail(errGroup), false
		} else if only { // until the end of the group around
			return node{}, false
		}
	}
	if p.depth++; p.depth > mostDepth {
		return p.fail(errDeep), false
	}
	n = p.alternate()
	p.depth--
	if p.flags = before; !p.has(")") {
		return p.fail(errParen), false
	}
	return n, true
}

// name reads the name of a group and what closes it.
func (p *parser) name() bool {
	n := 0
	for n < len(p.s) && isWord(p.s[n]) {
		n++
	}
	if n == 0 || n == len(p.s) || p.s[n] != '>' {
		return false
	}
	p.s = p.s[n+1:]
	return true
}

// flagged reads flags such as i-s: or i). only says that no group follows.
func (p *parser) flagged() (only, ok bool) {
	on, n := true, 0
	for ; p.s != ""; n++ {
		switch c := p.next(); c {
		case 'i':
			p.flags.fold = on
		case 'm':
			p.flags.lines = on
		case 's':
			p.flags.all = on
		case 'U': // as little as possible first, which makes no difference
		case '-':
			if !on {
				return false, false
			}
			on, n = false, -1
		case ':', ')':
			return c == ')', n > 0
		default:
			return false, false
		}
	}
	return false, false
}
