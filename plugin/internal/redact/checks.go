package redact

// luhn is the check of cards and others: ISO/IEC 7812-1, annex B.
func luhn(d []byte) bool {
	sum := 0
	for i, x := range d {
		n := int(x)
		if (len(d)-i)%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

// weighted is the sum of digits, each times its weight.
func weighted(d []byte, weights string) int {
	sum := 0
	for i := range len(weights) {
		w := int(weights[i] - '0')
		if weights[i] >= 'A' {
			w = int(weights[i]-'A') + 10
		}
		sum += int(d[i]) * w
	}
	return sum
}

// mod97 is the remainder of IBANs and others, ISO 7064 MOD 97-10, over digits and letters.
func mod97(rem int, s []byte) int {
	for _, c := range s {
		if isDigit(c) {
			rem = (rem*10 + int(c-'0')) % 97
		} else {
			rem = (rem*100 + int(toUpper(c)-'A') + 10) % 97
		}
	}
	return rem
}

// verhoeff is the check of Aadhaar: https://en.wikipedia.org/wiki/Verhoeff_algorithm. The
// multiplication is that of the dihedral group of ten elements.
func verhoeff(d []byte) bool {
	const turns = "1576283094"
	c := byte(0)
	for i := range d {
		x := d[len(d)-1-i]
		for range i % 8 {
			x = turns[x] - '0'
		}
		c = dihedral(c, x)
	}
	return c == 0
}

func dihedral(a, b byte) byte {
	switch {
	case a < 5 && b < 5:
		return (a + b) % 5
	case a < 5:
		return 5 + (a+b-5)%5
	case b < 5:
		return 5 + (a-5+5-b)%5
	}
	return (a + 5 - b) % 5
}

// mod11x10 is ISO 7064 MOD 11,10, which German tax numbers have.
func mod11x10(d []byte) bool {
	p := 10
	for _, x := range d[:len(d)-1] {
		s := (int(x) + p) % 10
		if s == 0 {
			s = 10
		}
		p = s * 2 % 11
	}
	return (11-p)%10 == int(d[len(d)-1])
}

// same reports whether all digits are one.
func same(d []byte) bool {
	for _, x := range d {
		if x != d[0] {
			return false
		}
	}
	return true
}

// number is the value of digits.
func value(d []byte) int {
	n := 0
	for _, x := range d {
		n = n*10 + int(x)
	}
	return n
}

// day reports whether there is such a day, in a leap year.
func day(m, d int) bool {
	const most = "\x1f\x1d\x1f\x1e\x1f\x1e\x1f\x1f\x1e\x1f\x1e\x1f"
	return m >= 1 && m <= 12 && d >= 1 && d <= int(most[m-1])
}

// birthYear reports whether somebody alive can be born in the year.
func birthYear(y int) bool { return y >= 1900 && y <= 2035 }
