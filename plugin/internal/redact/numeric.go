package redact

// A numeric is a kind of number with a fixed count of digits.
type numeric struct {
	entity Entity
	n      int
	seps   string
	shapes []string
	valid  func(d []byte) bool
	topics []topic // of the words to the left; at least one is needed, if sure does not hold
	sure   string  // spellings that need no such word: p plain, s shaped, d with dashes
}

// numerics are tried in this order. Sources: each country's own description of its
// numbers, collected at https://en.wikipedia.org/wiki/National_identification_number.
var numerics = [...]numeric{
	{FRNIR, 15, " -.", []string{"1222332", "1222333", "13b"}, validNIR, []topic{aboutNIR}, "ps"},
	{CNResidentID, 18, " -", []string{"684", "6444"}, validResident, []topic{aboutResident}, "ps"},
	{BRCNPJ, 14, "", []string{"2.3.3/4-2"}, validCNPJ, []topic{aboutCNPJ}, "s"},
	{AUABN, 11, " -", []string{"2333"}, validABN, []topic{aboutABN}, "s"},
	{INAadhaar, 12, " -.", []string{"444"}, validAadhaar, []topic{aboutAadhaar}, "s"},
	{JPMyNumber, 12, " -", []string{"444"}, validMyNumber, []topic{aboutMyNumber}, ""},
	{BRCPF, 11, " .-", []string{"3.3.3-2", "3332"}, validCPF, []topic{aboutCPF}, "s"},
	{DETaxID, 11, " ", []string{"2333"}, validSteuer, []topic{aboutSteuer}, ""},
	{PLPESEL, 11, " ", []string{"65"}, validPESEL, []topic{aboutPESEL}, ""},
	{USITIN, 9, "- .", []string{"324"}, validITIN, []topic{aboutTax, aboutSSN}, ""},
	{USSSN, 9, "- .", []string{"324"}, validSSN, []topic{aboutSSN}, "d"},
	{UKNHS, 10, " -.", []string{"334"}, validNHS, []topic{aboutNHS}, ""},
	{AUMedicare, 10, " -", []string{"451"}, validMedicare, []topic{aboutMedicare}, "s"},
	{CASIN, 9, " -.", []string{"333"}, validSIN, []topic{aboutSIN}, ""},
	{AUTFN, 9, " -", []string{"333"}, validTFN, []topic{aboutTax}, ""},
	{USPassport, 9, " -", []string{"333", "36"}, validPassport, []topic{aboutPassport}, ""},
}

// begun says of which kinds a number may be whose first group has so many digits, as bits.
var begun = func() (kinds [mostDigits + 1]uint32) {
	for i := range numerics {
		k := &numerics[i]
		kinds[k.n] |= 1 << i
		kinds[1] |= 1 << i // one by one
		for _, s := range k.shapes {
			n := s[0] - '0'
			if s[0] >= 'a' {
				n = s[0] - 'a' + 10
			}
			kinds[n] |= 1 << i
		}
	}
	return kinds
}()

// match is where the number ends if it is of this kind; 0 if it is not.
func (k *numeric) match(v *view, x *number) int {
	if x.plus || x.paren || x.n < k.n {
		return 0
	}
	g := x.spelled(k.n, k.seps, k.shapes...)
	if g == 0 || !x.closesGroup(v, g-1) || !k.valid(x.digits[:k.n]) {
		return 0
	}
	kind := byte('s')
	if g == 1 {
		kind = 'p'
	} else if g == k.n {
		kind = 'e'
	}
	for i := range len(k.sure) {
		if (k.sure[i] == kind || k.sure[i] == 'd' && kind == 's' && x.sep[1] == '-') && !v.within(x.start, 4, aboutOrder) {
			return x.end[g-1]
		}
	}
	if !v.speaks(x.start, k.topics...) {
		return 0
	}
	return x.end[g-1]
}

func validNIR(d []byte) bool {
	month := value(d[3:5])
	return (d[0] == 1 || d[0] == 2) && (month >= 1 && month <= 12 || month >= 20 && month <= 42 || month >= 50) &&
		97-value(d[:13])%97 == value(d[13:])
}

func validResident(d []byte) bool {
	return d[0] >= 1 && d[0] <= 8 && birthYear(value(d[6:10])) && day(value(d[10:12]), value(d[12:14])) && residentCheck(d[:17]) == int(d[17])
}

// residentCheck is the last digit of a Chinese number, ISO 7064 MOD 11-2; 10 is an X.
func residentCheck(d []byte) int { return (12 - weighted(d, "79A584216379A5842")%11) % 11 }

func validCNPJ(d []byte) bool {
	return !same(d) && mod11Digit(weighted(d, "543298765432")) == int(d[12]) && mod11Digit(weighted(d, "6543298765432")) == int(d[13])
}

func mod11Digit(sum int) int {
	if r := sum % 11; r >= 2 {
		return 11 - r
	}
	return 0
}

func validCPF(d []byte) bool {
	return !same(d) && mod11Digit(weighted(d, "A98765432")) == int(d[9]) && mod11Digit(weighted(d, "BA98765432")) == int(d[10])
}

func validABN(d []byte) bool {
	return d[0] > 0 && (weighted(d, "A13579BDFHJ")-10)%89 == 0
}

func validAadhaar(d []byte) bool { return d[0] >= 2 && !same(d) && verhoeff(d) }

func validMyNumber(d []byte) bool {
	r := weighted(d, "65432765432") % 11
	if r <= 1 {
		return d[11] == 0
	}
	return 11-r == int(d[11])
}

func validSteuer(d []byte) bool {
	var seen [10]int
	for _, x := range d[:10] {
		seen[x]++
	}
	twice, thrice := 0, 0
	for _, n := range seen {
		switch {
		case n == 2:
			twice++
		case n == 3:
			thrice++
		case n > 3:
			return false
		}
	}
	return d[0] > 0 && twice+thrice == 1 && mod11x10(d)
}

func validPESEL(d []byte) bool {
	return day(value(d[2:4])%20, value(d[4:6])) && (10-weighted(d, "1379137913")%10)%10 == int(d[10])
}

func validITIN(d []byte) bool {
	g := value(d[3:5])
	return d[0] == 9 && (g >= 50 && g <= 65 || g >= 70 && g <= 88 || g >= 90 && g != 93)
}

func validSSN(d []byte) bool {
	area := value(d[:3])
	return area != 0 && area != 666 && area < 900 && value(d[3:5]) != 0 && value(d[5:]) != 0
}

func validNHS(d []byte) bool {
	check := 11 - weighted(d, "A98765432")%11
	return !same(d) && check%11 == int(d[9]) && check != 10
}

func validMedicare(d []byte) bool {
	return d[0] >= 2 && d[0] <= 6 && weighted(d, "13791379")%10 == int(d[8])
}

func validSIN(d []byte) bool { return d[0] > 0 && d[0] != 8 && luhn(d) }

func validTFN(d []byte) bool { return !same(d) && weighted(d, "14375869A")%11 == 0 }

func validPassport(d []byte) bool { return !same(d) }
