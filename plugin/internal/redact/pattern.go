package redact

import "errors"

// A pattern is a row of classes, each of which may be left out or not. It is matched by
// all ways at once, so that its time is that of its length for each byte.
type pattern struct {
	entity int
	steps  []step
}

// A step matches one byte.
type step struct {
	class    [4]uint64
	optional bool
}

func (s *step) has(c byte) bool { return s.class[c>>6]>>(c&63)&1 != 0 }

func (s *step) add(c byte) { s.class[c>>6] |= 1 << (c & 63) }

// Errors of patterns.
var (
	errEmpty   = errors.New("matches the empty string")
	errLong    = errors.New("can match more than 256 bytes; bound it, as in {1,20}")
	errClass   = errors.New("has a class that does not end, or is empty")
	errEscape  = errors.New(`has an escape that is none of \d \w \s and signs`)
	errRepeat  = errors.New("has a repetition that is none of ? {n} {m,n}, or nothing before it")
	errForeign = errors.New("has a character that is not ASCII in a class")
	errOpen    = errors.New("has one of * + ( ) | ^ $, which are not offered: what they match has no end, or is no row; write a sign with a backslash before it")
)

// AddPattern adds a pattern that is found as the entity of that name.
func (t *Terms) AddPattern(name, source string) error {
	p := pattern{entity: t.entity(name)}
	if err := p.compile(source); err != nil {
		return err
	}
	empty := true
	for i := range p.steps {
		if empty {
			for c := range 256 {
				t.begins[c] = t.begins[c] || p.steps[i].has(byte(c))
			}
		}
		empty = empty && p.steps[i].optional
	}
	if empty {
		return errEmpty
	}
	t.patterns = append(t.patterns, p)
	return nil
}

func (p *pattern) compile(s string) error {
	for i := 0; i < len(s); {
		var one step
		n, err := one.read(s[i:])
		if err != nil {
			return err
		}
		i += n
		least, most, n, err := repetition(s[i:])
		if err != nil {
			return err
		}
		i += n
		if len(p.steps)+most > mostPatternChars {
			return errLong
		}
		for k := range most {
			one.optional = k >= least
			p.steps = append(p.steps, one)
		}
	}
	return nil
}

// read reads one class, and returns its size in the source.
func (s *step) read(src string) (n int, err error) {
	switch c := src[0]; c {
	case '[':
		return s.readClass(src)
	case '\\':
		if len(src) < 2 {
			return 0, errEscape
		}
		return 2, s.escape(src[1])
	case '.':
		for b := range 256 {
			if b != '\n' {
				s.add(byte(b))
			}
		}
	case '*', '+', '(', ')', '|', '^', '$':
		return 0, errOpen
	case '?', '{', '}':
		return 0, errRepeat
	default:
		s.add(c)
	}
	return 1, nil
}

func (s *step) escape(c byte) error {
	switch {
	case c == 'd' || c == 'w' || c == 's':
		for b := range 128 {
			k := byte(b)
			if c == 'd' && isDigit(k) || c == 'w' && (isAlnum(k) || k == '_') || c == 's' && (k == ' ' || k >= '\t' && k <= '\r') {
				s.add(k)
			}
		}
	case isAlnum(c) || c >= 0x80:
		return errEscape
	default:
		s.add(c)
	}
	return nil
}

func (s *step) readClass(src string) (n int, err error) {
	i, not := 1, false
	if i < len(src) && src[i] == '^' {
		i, not = i+1, true
	}
	for ; i < len(src) && src[i] != ']'; i++ {
		c := src[i]
		switch {
		case c >= 0x80:
			return 0, errForeign
		case c == '\\' && i+1 < len(src):
			i++
			if err := s.escape(src[i]); err != nil {
				return 0, err
			}
		case i+2 < len(src) && src[i+1] == '-' && src[i+2] != ']':
			if src[i+2] < c || src[i+2] >= 0x80 {
				return 0, errClass
			}
			for b := c; b <= src[i+2]; b++ {
				s.add(b)
			}
			i += 2
		default:
			s.add(c)
		}
	}
	if i >= len(src) || s.class == [4]uint64{} {
		return 0, errClass
	}
	if not {
		for k := range s.class {
			s.class[k] = ^s.class[k]
		}
	}
	return i + 1, nil
}

// repetition reads how often: {3}, {1,4}, ?, or once.
func repetition(s string) (least, most, n int, err error) {
	if s == "" || s[0] != '?' && s[0] != '{' {
		return 1, 1, 0, nil
	}
	if s[0] == '?' {
		return 0, 1, 1, nil
	}
	i := 1
	number := func() int {
		x := -1
		for ; i < len(s) && isDigit(s[i]) && x < mostPatternChars; i++ {
			x = max(x, 0)*10 + int(s[i]-'0')
		}
		return x
	}
	least = number()
	most = least
	if i < len(s) && s[i] == ',' {
		i++
		most = number()
	}
	if i >= len(s) || s[i] != '}' || least < 0 || most < least || most == 0 {
		return 0, 0, 0, errRepeat
	}
	if most > mostPatternChars {
		return 0, 0, 0, errLong
	}
	return least, most, i + 1, nil
}

// match is where the longest match that begins at p ends; 0 if there is none. What is part
// of a longer word is none.
func (p *pattern) match(v *view, at int) int {
	var now, next [mostPatternChars/64 + 1]uint64
	end := 0
	p.enter(&now, 0)
	for i := at; ; i++ {
		if now[len(p.steps)>>6]>>(len(p.steps)&63)&1 != 0 {
			end = i
		}
		c := v.at(i)
		if i >= len(v.t) {
			break
		}
		clear(next[:])
		any := false
		for k := range p.steps {
			if now[k>>6]>>(k&63)&1 != 0 && p.steps[k].has(c) {
				p.enter(&next, k+1)
				any = true
			}
		}
		if !any {
			break
		}
		now = next
	}
	if end > at && isWord(v.before(end-1)) && v.before(end-1) < 0x80 && isWord(v.at(end)) && v.at(end) < 0x80 {
		return 0
	}
	return end
}

// enter marks step k and those that can be reached by leaving out what may be.
func (p *pattern) enter(set *[mostPatternChars/64 + 1]uint64, k int) {
	for ; ; k++ {
		set[k>>6] |= 1 << (k & 63)
		if k == len(p.steps) || !p.steps[k].optional {
			return
		}
	}
}
