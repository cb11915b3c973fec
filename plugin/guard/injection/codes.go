package injection

// numbered reads a token as a word of the alphabet's numbers into the run.
func (d *decoder) numbered(t []byte) bool {
	n := len(d.run)
	number, count := 0, 0
	for i := 0; i <= len(t); i++ {
		switch {
		case i < len(t) && t[i] >= '0' && t[i] <= '9' && number < 10:
			number = number*10 + int(t[i]-'0')
		case number >= 1 && number <= 26 && (i == len(t) || t[i] == '-'):
			d.run = append(d.run, 'a'+byte(number-1))
			number, count = 0, count+1
		default:
			d.run = d.run[:n]
			return false
		}
	}
	d.run = append(d.run, ' ')
	return count > 1
}

// list takes the codes of a token that has them with commas or the like between, as
// String.fromCharCode(72,105) does; false if it has too few.
func (d *decoder) list(t []byte) bool {
	n := 0
	for _, b := range t {
		if divides(b) {
			n++
		}
	}
	if n < leastRun-1 {
		return false
	}
	n = 0
	for i := 0; i < len(t); i++ {
		start := i
		for i < len(t) && !divides(t[i]) {
			i++
		}
		if i == start {
			continue
		}
		if c := codeOf(t[start:i]); c.kind == digits || c.kind == octets {
			d.code(c)
			n++
		} else {
			d.flush()
		}
	}
	return n >= leastRun
}

// divides reports whether a byte can stand between codes, or around them.
func divides(b byte) bool {
	switch b {
	case ',', ';', ':', '|', '-', '(', ')', '[', ']', '{', '}':
		return true
	}
	return false
}

// A code is what a token reads as, 0 where it does not.
type code struct {
	kind              int
	code, pair, octal byte // pair: as two hexadecimal digits
}

// codeOf reads a token as one character: eight binary digits, a decimal, hexadecimal or
// octal code, or Morse, where a slash is a space.
func codeOf(t []byte) code {
	for len(t) > 1 && (t[len(t)-1] == ',' || t[len(t)-1] == '.' && t[0] != '.' && t[0] != '-') {
		t = t[:len(t)-1]
	}
	if t[0] == '.' || t[0] == '-' || len(t) == 1 && (t[0] == '/' || t[0] == '|') {
		kind, b := morseOf(t)
		return code{kind: kind, code: b}
	}
	if len(t) == 4 && t[0] == '0' && t[1] == 'x' {
		t = t[2:]
	}
	if len(t) < 2 || len(t) > 8 {
		return code{}
	}
	hex, decimal, binary, octal := 0, 0, 0, 0
	for _, b := range t {
		x := nibble(b)
		if x < 0 {
			return code{}
		}
		hex, decimal, binary, octal = hex<<4|x, decimal*10+x, binary<<1|x&1, octal<<3|x&7
		if x > 9 {
			decimal = -1 << 30
		}
		if x > 1 {
			binary = -1 << 20
		}
		if x > 7 {
			octal = -1 << 30
		}
	}
	c := code{}
	switch {
	case len(t) >= 7 && binary >= ' ':
		return code{kind: octets, code: byte(binary)}
	case len(t) == 3:
		c.code, c.octal = printable(decimal), printable(octal)
	case len(t) == 2:
		c.code, c.pair, c.octal = printable(decimal), printable(hex), printable(octal)
		if hex > 0x7f {
			c.pair = byte(hex)
		}
	}
	if c.code|c.pair|c.octal != 0 {
		c.kind = digits
	}
	return c
}

// printable is a code if it is one of ASCII that shows, else 0.
func printable(c int) byte {
	if c < ' ' || c >= 0x7f {
		return 0
	}
	return byte(c)
}

// morseOf reads a letter, https://www.itu.int/rec/R-REC-M.1677.
func morseOf(t []byte) (int, byte) {
	// Position 1<<n | bits, a dash being 1: letters of one to four signs.
	const letters = "..etianmsurwdkgohvf.l.pjbxcyzq.."
	if t[0] == '/' || t[0] == '|' {
		return morse, ' '
	}
	n := 1
	for _, b := range t {
		switch b {
		case '.':
			n <<= 1
		case '-':
			n = n<<1 | 1
		default:
			return noRun, 0
		}
	}
	if n < len(letters) && n > 1 && letters[n] != '.' {
		return morse, letters[n]
	}
	if n < 256 {
		return morse, 0
	}
	return noRun, 0
}
