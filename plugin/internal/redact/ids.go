package redact

// opensWord reports whether a word can begin at p.
func opensWord(v *view, p int) bool {
	if p > 0 {
		if c := v.t[p-1]; plainlyBefore[c] || c == ':' || c == ',' {
			return true
		}
	}
	c := v.before(p - 1)
	switch {
	case c == 0:
		return true
	case v.joins(p):
		return afterEscape(v, p)
	case c == '.' && abbreviates(v, p-1):
		return true
	case c == '-' || c == '/' || c == '+' || c == '.':
		return !isWord(v.before(p - 2))
	}
	return c != '@' && c != '%'
}

// abbreviates reports whether the full stop at p is that of No. and the like.
func abbreviates(v *view, p int) bool {
	n := 0
	for n < 4 && isLetter(v.before(p-1-n)) {
		n++
	}
	return n > 1 && n < 4 && !isWord(v.before(p-1-n)) && v.before(p-1-n) != '.'
}

// closesWord reports whether a word can end at e.
func closesWord(v *view, e int) bool {
	c := v.at(e)
	if isWord(c) || c == '@' || c == '%' || c == 0xc3 {
		return false
	}
	return c != '-' && c != '/' && c != '+' || !isWord(v.at(e+1))
}

// form matches what begins at p with a form: A for letters, 9 for digits, * for either,
// a space where one sign out of " -." may stand, always the same, and _ for any of them. It
// collects letters, in upper case,
// and digits in out, and returns the end; 0 if the form does not fit.
func form(v *view, p int, f string, out *[40]byte) (n, end int) {
	sep := byte(0)
	for i := range len(f) {
		c := v.at(p)
		switch f[i] {
		case '_':
			if c == ' ' || c == '-' || c == '.' {
				p++
			}
			continue
		case ' ':
			if c != ' ' && c != '-' && c != '.' {
				continue
			}
			if sep == 0 {
				sep = c
			}
			if c != sep {
				return 0, 0
			}
			p++
			continue
		case 'A':
			if !isLetter(c) {
				return 0, 0
			}
		case '9':
			if !isDigit(c) {
				return 0, 0
			}
		default:
			if !isAlnum(c) {
				return 0, 0
			}
		}
		out[n] = toUpper(c)
		n++
		p++
	}
	return n, p
}

// identifier looks for numbers of persons with letters in them. first is the entity, if
// the end is not 0.
func identifier(v *view, p int, on Set) (Entity, int) {
	if !opensWord(v, p) {
		return None, 0
	}
	var b [40]byte
	c := v.at(p)
	if isLetter(c) {
		if on.Has(UKNINO) {
			if _, e := form(v, p, "AA 99 99 99 A", &b); e > 0 && nino(b[:9]) && closesWord(v, e) && spelledAsID(v, p, e, aboutNINO) {
				return UKNINO, e
			}
		}
		if on.Has(INPAN) {
			if _, e := form(v, p, "AAAAA9999A", &b); e > 0 && permanent(b[3]) && closesWord(v, e) && spelledAsID(v, p, e, aboutPAN) {
				return INPAN, e
			}
		}
		if on.Has(ITFiscalCode) {
			if _, e := form(v, p, "AAA AAA **A** A***A", &b); e > 0 && fiscal(b[:16]) && closesWord(v, e) {
				return ITFiscalCode, e
			}
		}
		if on.Has(ESNIE) && (c|0x20 == 'x' || c|0x20 == 'y' || c|0x20 == 'z') {
			if _, e := form(v, p, "A 9999999 A", &b); e > 0 && nif((int(b[0]-'X')*1e7+number10(b[1:8])), b[8]) && closesWord(v, e) {
				return ESNIE, e
			}
		}
		if on.Has(SGNRIC) {
			if _, e := form(v, p, "A9999999A", &b); e > 0 && nric(b[:9]) && closesWord(v, e) {
				return SGNRIC, e
			}
		}
		if on.Has(USPassport) {
			if _, e := form(v, p, "A99999999", &b); e > 0 && closesWord(v, e) && v.speaks(p, aboutPassport) {
				return USPassport, e
			}
		}
		return None, 0
	}
	if on.Has(ESNIF) {
		for _, f := range [...]string{"99999999_A", "99 999 999_A"} {
			if _, e := form(v, p, f, &b); e > 0 && nif(number10(b[:8]), b[8]) && closesWord(v, e) && !v.within(p, 2, aboutVersion) && (!v.within(p, 2, aboutOrder) || v.speaks(p, aboutNIF)) {
				return ESNIF, e
			}
		}
	}
	if on.Has(CNResidentID) {
		if _, e := form(v, p, "999999 99999999 999A", &b); e > 0 && b[17] == 'X' && closesWord(v, e) && residentX(b[:17]) {
			return CNResidentID, e
		}
	}
	if on.Has(FRNIR) {
		if _, e := form(v, p, "9 99 99 *A 999 999 99", &b); e > 0 && closesWord(v, e) && corsican(b[:15]) {
			return FRNIR, e
		}
	}
	return None, 0
}

// spelledAsID reports whether letters are in upper case, or the text speaks of such a
// number: in lower case the form is that of too many other things.
func spelledAsID(v *view, p, e int, t topic) bool {
	for i := p; i < e; i++ {
		if c := v.at(i); c-'a' < 26 {
			return v.speaks(p, t)
		}
	}
	return !v.within(p, 2, aboutOrder) || v.speaks(p, t)
}

func number10(d []byte) int {
	n := 0
	for _, c := range d {
		n = n*10 + int(c-'0')
	}
	return n
}

// nino: https://www.gov.uk/hmrc-internal-manuals/national-insurance-manual/nim39110
func nino(b []byte) bool {
	for _, c := range [...]byte{'D', 'F', 'I', 'Q', 'U', 'V'} {
		if b[0] == c || b[1] == c {
			return false
		}
	}
	switch string(b[:2]) {
	case "BG", "GB", "KN", "NK", "NT", "TN", "ZZ":
		return false
	}
	return b[1] != 'O' && b[8] <= 'D'
}

// permanent reports whether an Indian PAN can have this fourth letter: it says what its
// holder is. Anything but a person is rare in texts; all are taken.
func permanent(c byte) bool {
	switch c {
	case 'A', 'B', 'C', 'F', 'G', 'H', 'J', 'L', 'P', 'T', 'O', 'Q', 'K', 'E':
		return true
	}
	return false
}

func nif(n int, check byte) bool { return "TRWAGMYFPDXBNJZSQVHLCKE"[n%23] == check }

// nric: https://en.wikipedia.org/wiki/National_Registration_Identity_Card
func nric(b []byte) bool {
	sum := 0
	for i, w := range [...]int{2, 7, 6, 5, 4, 3, 2} {
		sum += w * int(b[i+1]-'0')
	}
	switch b[0] {
	case 'S':
		return "JZIHGFEDCBA"[sum%11] == b[8]
	case 'T':
		return "JZIHGFEDCBA"[(sum+4)%11] == b[8]
	case 'F':
		return "XWUTRQPNMLK"[sum%11] == b[8]
	case 'G':
		return "XWUTRQPNMLK"[(sum+4)%11] == b[8]
	case 'M':
		return "KLJNPQRTUWX"[10-(sum+3)%11] == b[8]
	}
	return false
}

// fiscal: Decreto ministeriale 12 marzo 1974, as at https://it.wikipedia.org/wiki/Codice_fiscale
func fiscal(b []byte) bool {
	const odd = "BAKPLCQDREVOSFTGUHMINJWZYX" // the letter at place n is worth n at odd places
	digits := func(i ...int) bool {
		for _, j := range i {
			if !isDigit(b[j]) && (b[j] < 'L' || b[j] > 'V' || b[j] == 'O') {
				return false
			}
		}
		return true
	}
	month := false
	for _, m := range "ABCDEHLMPRST" {
		month = month || byte(m) == b[8]
	}
	if !month || !digits(6, 7, 9, 10, 12, 13, 14) {
		return false
	}
	sum := 0
	for i, c := range b[:15] {
		if isDigit(c) {
			c += 'A' - '0'
		}
		if i%2 == 1 {
			sum += int(c - 'A')
			continue
		}
		for n := range len(odd) {
			if odd[n] == c {
				sum += n
			}
		}
	}
	return byte('A'+sum%26) == b[15]
}

func residentX(b []byte) bool {
	var d [17]byte
	for i := range d {
		d[i] = b[i] - '0'
	}
	return birthYear(value(d[6:10])) && day(value(d[10:12]), value(d[12:14])) && residentCheck(d[:]) == 10
}

// corsican is a number of France whose department is 2A or 2B.
func corsican(b []byte) bool {
	if b[5] != '2' || b[6] != 'A' && b[6] != 'B' {
		return false
	}
	n := number10(b[:5])*1e8 + 19*1e6 + number10(b[7:13])
	if b[6] == 'B' {
		n -= 1e6
	}
	return 97-n%97 == number10(b[13:15])
}
