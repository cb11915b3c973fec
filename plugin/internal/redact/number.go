package redact

// Bounds of what is looked at as one number.
const (
	mostDigits = 34
	mostGroups = 24
)

// A number is a row of groups of digits with little between them, as people write them.
type number struct {
	start  int // of the first digit, or of + or ( before it
	plus   bool
	paren  bool
	digits [mostDigits]byte // their values
	n      int              // how many there are
	groups int
	end    [mostGroups]int   // after group i, in the text
	count  [mostGroups]uint8 // of digits up to and with group i
	sep    [mostGroups]byte  // before group i: ' ' '-' '.' '/', ')' after a parenthesis, 'x' more than one
	wide   bool              // more digits or groups follow than are kept
}

// size is how many digits group i has.
func (x *number) size(i int) int {
	if i == 0 {
		return int(x.count[0])
	}
	return int(x.count[i] - x.count[i-1])
}

// read reads the number that begins at p.
func (x *number) read(v *view, p int) bool {
	x.start, x.plus, x.paren, x.n, x.groups, x.wide = p, false, false, 0, 0, false
	open := false
	if v.at(p) == '+' {
		x.plus = true
		if p++; v.at(p) == ' ' && isDigit(v.at(p+1)) && v.at(p+2) == ' ' {
			p++
		}
	}
	if v.at(p) == '(' {
		x.paren, open = true, true
		p++
		if !x.plus && v.at(p) == '+' {
			x.plus = true
			p++
		}
	}
	if !isDigit(v.at(p)) {
		return false
	}
	t, sep := v.t, byte(0)
	for {
		for p < len(t) && isDigit(t[p]) {
			if x.n == mostDigits {
				x.wide = true
				return x.groups > 0
			}
			x.digits[x.n] = t[p] - '0'
			x.n++
			p++
		}
		if x.groups == mostGroups {
			x.wide = true
			return true
		}
		g := x.groups
		x.end[g], x.count[g], x.sep[g] = p, uint8(x.n), sep
		x.groups++
		if p < len(t) && !separates[t[p]] {
			return true
		}
		var to int
		if to, sep = separator(v, p, &open); sep == 0 || !isDigit(v.at(to)) {
			return true
		}
		p = to
	}
}

// separates are signs that may stand between two groups of digits.
var separates = [256]bool{' ': true, '-': true, '.': true, '/': true, '(': true, ')': true, '[': true}

// separator is what is between two groups of digits, and where it ends; sep 0 if nothing
// fits.
func separator(v *view, p int, open *bool) (to int, sep byte) {
	c := v.at(p)
	if *open && c == ')' {
		*open = false
		switch v.at(p + 1) {
		case ' ', '-', '.':
			return p + 2, ')'
		}
		return p + 1, ')'
	}
	switch c {
	case ' ':
		switch d := v.at(p + 1); {
		case d == '(' && !*open:
			*open = true
			return p + 2, '('
		case (d == '-' || d == '.' || d == '/') && v.at(p+2) == ' ':
			return p + 3, 'x'
		}
		return p + 1, ' '
	case '-', '.', '/':
		return p + 1, c
	case '(':
		if !*open {
			*open = true
			return p + 1, '('
		}
	case '[':
		if v.is(p, "[.]") {
			return p + 3, '.'
		}
	}
	return p, 0
}

// shaped is how many groups it takes to write a number like 324: these sizes, all
// separated by the same sign out of seps; or like 3.3.3-2, with these signs. Sizes are
// digits, or letters from a for 10 on. 0: it is not written like that.
func (x *number) shaped(shape, seps string) int {
	g := 0
	var sep byte
	for i := range len(shape) {
		c := shape[i]
		if !isAlnum(c) {
			sep, seps = c, ""
			continue
		}
		want := int(c - '0')
		if c >= 'a' {
			want = int(c-'a') + 10
		}
		if g == x.groups || x.size(g) != want {
			return 0
		}
		switch {
		case g == 0:
		case sep != 0:
			if x.sep[g] != sep {
				return 0
			}
		case x.sep[g] != x.sep[1]:
			return 0
		}
		g++
	}
	if sep != 0 || g == 1 {
		return g
	}
	for i := range len(seps) {
		if x.sep[1] == seps[i] {
			return g
		}
	}
	return 0
}

// evenly reports whether n digits stand one by one, all separated alike.
func (x *number) evenly(n int) bool {
	if x.groups < n {
		return false
	}
	for i := range n {
		if x.size(i) != 1 || i > 0 && x.sep[i] != x.sep[1] {
			return false
		}
	}
	return true
}

// spelled reports whether n digits are written without separators, as one of the shapes,
// or one by one; and how many groups they take.
func (x *number) spelled(n int, seps string, shapes ...string) int {
	if x.groups > 0 && x.size(0) == n {
		return 1
	}
	for _, s := range shapes {
		if g := x.shaped(s, seps); g > 0 {
			return g
		}
	}
	if x.evenly(n) {
		return n
	}
	return 0
}

// plainlyBefore are signs behind which a number or a word can begin, whatever is before them.
var plainlyBefore = [256]bool{' ': true, '"': true, '\n': true, '\t': true, '(': true, '=': true, '\'': true, '[': true, '>': true, '{': true, ';': true}

// opens reports whether a number can begin at p: it is not the rest of a longer one, or of
// a name.
func opens(v *view, p int) bool {
	if p > 1 {
		if c := v.t[p-1]; plainlyBefore[c] || (c == ':' || c == ',') && !isDigit(v.t[p-2]) {
			return true
		}
	}
	c := v.before(p - 1)
	d := v.before(p - 2)
	switch {
	case c == 0:
		return true
	case v.joins(p):
		return afterEscape(v, p)
	case c == '.' || c == ',' || c == '+':
		return !isDigit(d)
	case c == '-' || c == '/':
		return !isWord(d)
	case c == ':':
		return !isDigit(d)
	case c == '$' || c == '%' || c == '@' || c == '&':
		return false
	case c == 0xac || c == 0xa3 || c == 0xa5: // the last bytes of € £ ¥
		return d != 0xc2 && !(c == 0xac && d == 0x82 && v.before(p-3) == 0xe2)
	}
	return true
}

// closes reports whether a number can end at e, and is not a part of something longer.
func closes(v *view, e int) bool {
	c := v.at(e)
	switch {
	case c == '_' || c == '%' || c == '@' || isAlnum(c):
		return false
	case c == 0xc3: // a letter; other characters of two bytes are rare behind numbers
		return false
	case c == '.' || c == ',' || c == ':' || c == '/':
		return !isDigit(v.at(e + 1))
	case c == '-':
		return !isAlnum(v.at(e + 1))
	}
	return true
}

// closesGroup is closes for a number that ends with group g of x.
func (x *number) closesGroup(v *view, g int) bool {
	if g+1 < x.groups { // after a space another number may follow
		return x.sep[g+1] == ' ' && (g == 0 || x.sep[g] != ' ' || x.size(g) != 1)
	}
	return !x.wide && closes(v, x.end[g])
}
