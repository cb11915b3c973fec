package redact

// phone is where a telephone number ends; 0 if it is none.
func phone(v *view, x *number) int {
	if x.plus {
		return international(v, x)
	}
	if x.n < 7 || !x.paren && (dotted(x) || dated(x)) || v.within(x.start, 2, aboutOrder) || v.within(x.start, 2, aboutVersion) {
		return 0
	}
	told := v.speaks(x.start, aboutPhone)
	if x.n >= 10 && x.digits[0] == 0 && x.digits[1] == 0 && countryCode(x.digits[2:x.n]) > 0 && told {
		return x.upTo(v, 10, 16)
	}
	if e := northAmerican(v, x, told); e > 0 {
		return e
	}
	if x.paren {
		return parenthesised(v, x, told)
	}
	if x.shaped("22222", " .-") > 0 && x.digits[0] == 0 && x.digits[1] > 0 && x.closesGroup(v, 4) { // France
		if x.groups > 5 && x.size(5) == 2 || !told && v.before(x.start-1) == ' ' && isDigit(v.before(x.start-2)) { // a row of something else
			return 0
		}
		return x.end[4]
	}
	if !told || v.speaks(x.start, aboutNHS, aboutPassport, aboutCPF) {
		return 0
	}
	if x.groups == 1 && x.n < 8 {
		return 0
	}
	return x.upTo(v, 7, 12)
}

// dated reports whether a number is spelled as a date or a year: 2024-11-05.
func dated(x *number) bool {
	return x.groups >= 3 && x.sep[1] == x.sep[2] && (x.shaped("422", "-./") > 0 && birthYear(value(x.digits[:4])) ||
		x.shaped("224", "-./") > 0 && birthYear(value(x.digits[4:8])))
}

// dotted reports whether a number may be an address: four groups with dots.
func dotted(x *number) bool {
	return x.groups == 4 && x.sep[1] == '.' && x.sep[2] == '.' && x.sep[3] == '.' && x.size(0) <= 3 && x.size(1) <= 3 && x.size(2) <= 3 && x.size(3) <= 3
}

// upTo is the end of the most groups that have so many digits.
func (x *number) upTo(v *view, least, most int) int {
	for g := x.groups - 1; g >= 0; g-- {
		if n := int(x.count[g]); n < least || n > most {
			continue
		}
		if g+1 < x.groups {
			if x.sep[g+1] != ' ' && x.sep[g+1] != '/' && x.sep[g+1] != 'x' {
				continue
			}
			return x.end[g]
		}
		if closes(v, x.end[g]) && !x.wide {
			return x.end[g]
		}
	}
	return 0
}

func international(v *view, x *number) int {
	code := countryCode(x.digits[:x.n])
	if code == 0 || x.n < 7 {
		return 0
	}
	most := 15
	switch c := value(x.digits[:code]); c {
	case 1:
		most = 11
		if x.n < 11 || x.digits[1] < 2 {
			return 0
		}
	case 34, 48, 33, 32, 351, 47, 45, 31, 41, 420:
		most = code + 9
	case 44, 91, 52, 7, 82, 81, 66:
		most = code + 10
	case 55, 86:
		most = code + 11
	case 49, 39, 43:
		most = code + 12
	}
	return x.upTo(v, max(code+5, 7), most)
}

// northAmerican is where a number of ten digits ends, 11 with the 1 before them, that is
// written as usual in the USA and Canada.
func northAmerican(v *view, x *number, told bool) int {
	d, g := x.digits[:x.n], 0
	first := 0
	switch {
	case x.shaped("334", "-. )x") > 0 || x.groups >= 3 && x.paren && x.size(0) == 3 && x.size(1) == 3 && x.size(2) == 4:
		g = 2
	case x.shaped("1334", "-. ") > 0 || x.groups >= 4 && x.size(0) == 1 && x.size(1) == 3 && x.size(2) == 3 && x.size(3) == 4 && x.sep[1] == '(':
		g, first = 3, 1
	case x.shaped("37", "-. )") > 0 && x.paren:
		g = 1
	default:
		return 0
	}
	if first == 1 && d[0] != 1 || d[first] < 2 || d[first+3] < 2 || !x.closesGroup(v, g) {
		return 0
	}
	sure := x.paren || x.sep[g] == '-' || x.sep[1] == '(' || told
	if !sure || !told && v.speaks(x.start, aboutNHS, aboutMedicare, aboutBank) {
		return 0
	}
	return x.end[g]
}

// parenthesised is for numbers that begin with the code of an area: (11) 96142-8070. Two
// or more groups have to follow, or one that is long.
func parenthesised(v *view, x *number, told bool) int {
	if n := x.size(0); n < 2 || n > 5 || x.groups < 2 || x.sep[1] != ')' || x.n < 9 && !told {
		return 0
	}
	return x.upTo(v, 8, 12)
}

// countryCode is how many digits the code of a country has with which d begins; 0 if none
// does (ITU-T E.164, https://www.itu.int/pub/T-SP-E.164D).
func countryCode(d []byte) int {
	if len(d) < 4 {
		return 0
	}
	switch d[0] {
	case 0:
		return 0
	case 1, 7:
		return 1
	}
	switch value(d[:2]) {
	case 20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56, 57, 58, 60, 61, 62, 63, 64, 65, 66,
		81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98:
		return 2
	case 28, 83, 89:
		return 0
	}
	return 3
}
