package redact

import "unicode/utf8"

// escape reads what is after a backslash, outside of a class.
func (p *parser) escape() node {
	switch {
	case p.has("A"):
		return node{op: opLook, look: beginText}
	case p.has("z"):
		return node{op: opLook, look: endText}
	case p.has("b"):
		return node{op: opLook, look: wordBoundary}
	case p.has("B"):
		return node{op: opLook, look: noWordBoundary}
	}
	if class := p.perl(); class != nil {
		return char(class...)
	}
	r, ok := p.escaped()
	if !ok {
		return p.fail(errEscape)
	}
	return p.literal(r)
}

// perl reads the letter of a class.
func (p *parser) perl() []span {
	if p.s == "" {
		return nil
	}
	var class []span
	switch toLower(p.s[0]) {
	case 'd':
		class = named("digit")
	case 'w':
		class = named("word")
	case 's':
		class = pairs("\t\n\f\r  ")
	default:
		return nil
	}
	if isUpper(p.s[0]) {
		class = negated(class)
	}
	p.s = p.s[1:]
	return class
}

// escaped reads a character after a backslash.
func (p *parser) escaped() (rune, bool) {
	switch c := p.next(); c {
	case 't':
		return '\t', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 'f':
		return '\f', true
	case 'v':
		return '\v', true
	case 'a':
		return '\a', true
	case 'x':
		return p.hex()
	default:
		return c, c < 0x80 && c >= ' ' && !isAlnum(byte(c))
	}
}

// hex reads two hexadecimal digits, or some in braces.
func (p *parser) hex() (r rune, ok bool) {
	if braces := p.has("{"); !braces {
		if len(p.s) < 2 || !isHex(p.s[0]) || !isHex(p.s[1]) {
			return 0, false
		}
		return rune(hexValue(p.s[0]))<<4 | rune(hexValue(p.s[1])), p.skip(2)
	}
	n := 0
	for ; n < len(p.s) && isHex(p.s[n]) && r <= utf8.MaxRune; n++ {
		r = r<<4 | rune(hexValue(p.s[n]))
	}
	ok = n > 0 && r <= utf8.MaxRune && p.skip(n)
	return r, ok && p.has("}")
}

func (p *parser) skip(n int) bool {
	p.s = p.s[n:]
	return true
}

func hexValue(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return toLower(c) - 'a' + 10
}

// class reads what is after an opening bracket.
func (p *parser) class() node {
	not := p.has("^")
	var list []span
	for first := true; first || p.s == "" || p.s[0] != ']'; first = false {
		if p.s == "" {
			return p.fail(errClass)
		}
		if p.has("[:") {
			other, name := p.has("^"), ""
			for p.s != "" && p.s[0] != ':' {
				name += string(p.next())
			}
			class := named(name)
			if class == nil || !p.has(":]") {
				return p.fail(errName)
			}
			if other {
				class = negated(class)
			}
			list = append(list, class...)
			continue
		}
		low, class, ok := p.member()
		if !ok {
			return p.fail(errEscape)
		}
		if class != nil {
			list = append(list, class...)
			continue
		}
		high := low
		if len(p.s) > 1 && p.s[0] == '-' && p.s[1] != ']' {
			p.next()
			if high, class, ok = p.member(); !ok || class != nil || high < low {
				return p.fail(errClass)
			}
		}
		list = append(list, span{low, high})
	}
	p.next()
	n := p.folded(char(list...))
	if not {
		n.class = negated(n.class)
	}
	if len(n.class) == 0 {
		return p.fail(errClass)
	}
	return n
}

// member reads a character of a class, or a class in it.
func (p *parser) member() (r rune, class []span, ok bool) {
	if p.s == "" {
		return 0, nil, false
	}
	if !p.has(`\`) {
		return p.next(), nil, true
	}
	if class = p.perl(); class != nil {
		return 0, class, true
	}
	r, ok = p.escaped()
	return r, nil, ok
}

// named is a class that has a name, nil if none has it.
func named(name string) []span {
	switch name {
	case "alnum":
		return pairs("09AZaz")
	case "alpha":
		return pairs("AZaz")
	case "ascii":
		return pairs("\x00\x7f")
	case "blank":
		return pairs("\t\t  ")
	case "cntrl":
		return pairs("\x00\x1f\x7f\x7f")
	case "digit":
		return pairs("09")
	case "graph":
		return pairs("!~")
	case "lower":
		return pairs("az")
	case "print":
		return pairs(" ~")
	case "punct":
		return pairs("!/:@[`{~")
	case "space":
		return pairs("\t\r  ")
	case "upper":
		return pairs("AZ")
	case "word":
		return pairs("09AZ__az")
	case "xdigit":
		return pairs("09AFaf")
	}
	return nil
}

func pairs(s string) (class []span) {
	for i := 0; i < len(s); i += 2 {
		class = append(class, span{rune(s[i]), rune(s[i+1])})
	}
	return class
}

// negated is all characters but those of a class.
func negated(class []span) (rest []span) {
	for i := range class { // in order
		for j := i; j > 0 && class[j].low < class[j-1].low; j-- {
			class[j], class[j-1] = class[j-1], class[j]
		}
	}
	next := rune(0)
	for _, s := range class {
		if s.low > next {
			rest = append(rest, span{next, s.low - 1})
		}
		next = max(next, s.high+1)
	}
	if next <= utf8.MaxRune {
		rest = append(rest, span{next, utf8.MaxRune})
	}
	return rest
}
