package injection

import "unicode/utf8"

// A decoder gathers what a text carries in other writings: base64, base32, hexadecimal,
// binary, octal and decimal codes, numbers of letters, escapes of URLs, HTML and program
// text, Morse. It keeps what reads as text.
type decoder struct {
	out   []byte
	run   []byte // of tokens that are one character each
	pairs []byte // the same, tokens of two digits read as hexadecimal
	octal []byte // the same, tokens of three digits read as octal
	kind  int    // of those
	end   int    // where the last token ended that was decoded
	count int    // tokens of the run
}

// Kinds of tokens that make up a text in a row.
const (
	noRun = iota
	octets
	digits  // decimal codes, two hexadecimal digits each or three octal ones
	numbers // words of the alphabet's numbers: 19-9-20
	morse
)

// Tokens shorter than this say too little: a word of six letters has eight in base64.
const (
	shortest      = 12
	shortestToken = 9  // of three escapes
	shortestCode  = 32 // of digits in a row
	leastRun      = 6  // tokens in a row
)

// mayHide reports whether it is worth while to decode a text whose words have been read:
// there is a long word that mixes digits, small letters and capitals, a row of codes, an
// escape, or hardly a word at all, as in Morse.
func (c *cutter) mayHide() bool {
	return c.coded || c.codes >= leastRun || int(c.at) < len(c.text)/16
}

// decode returns what a text carries, nil if nothing. It takes linear time, and what it
// returns is shorter than the text.
func decode(text []byte) []byte {
	d := decoder{end: -1}
	for i := 0; i < len(text); {
		for i < len(text) && text[i] <= ' ' {
			i++
		}
		start := i
		for i < len(text) && text[i] > ' ' {
			i++
		}
		switch n := i - start; {
		case n == 0:
		case n < shortestToken && text[start]|0x20 > 'f': // no code begins so
			if d.count > 0 {
				d.flush()
			}
		default:
			d.token(text[start:i], start)
		}
	}
	d.flush()
	return d.out
}

func (d *decoder) token(t []byte, at int) {
	if len(t) <= 10 {
		if c := codeOf(t); c.kind != noRun {
			d.begin(c.kind)
			d.run = keep(d.run, c.code)
			d.pairs = keep(d.pairs, c.pair)
			d.octal = keep(d.octal, c.octal)
			return
		}
	}
	if n := len(d.run); d.numbered(t) {
		if d.kind != numbers {
			word := append([]byte(nil), d.run[n:]...)
			d.run = d.run[:n]
			d.begin(numbers)
			d.run = append(d.run, word...)
		} else {
			d.count++
		}
		return
	}
	d.flush()
	if len(t) < shortestToken {
		return
	}
	if d.escapes(t) || len(t) < shortest {
		return
	}
	for i := 0; i < len(t); {
		j := i
		for j < len(t) && sextet(t[j]) >= 0 {
			j++
		}
		if j-i >= shortest {
			d.alphabet(t[i:j], at+i)
		}
		i = j + 1
	}
}

// begin counts a token of a kind, in a row of such.
func (d *decoder) begin(kind int) {
	if kind != d.kind {
		d.flush()
		d.kind = kind
	}
	d.count++
}

func keep(run []byte, b byte) []byte {
	if b == 0 {
		return run
	}
	return append(run, b)
}

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

// flush ends a row of tokens.
func (d *decoder) flush() {
	if d.count >= leastRun {
		switch d.count {
		case len(d.pairs):
			d.take(d.pairs, false)
		case len(d.octal):
			d.take(d.octal, false)
		default:
			d.take(d.run, false)
		}
	}
	d.run, d.pairs, d.octal, d.kind, d.count = d.run[:0], d.pairs[:0], d.octal[:0], noRun, 0
}

// take keeps what reads as text.
func (d *decoder) take(text []byte, joined bool) {
	if !readable(text) {
		return
	}
	if !joined && len(d.out) > 0 {
		d.out = append(d.out, '\n')
	}
	d.out = append(d.out, text...)
}

// readable reports whether bytes are text, for the most part letters and spaces.
func readable(text []byte) bool {
	if len(text) < 6 || !utf8.Valid(text) {
		return false
	}
	if len(text) >= shortestCode && allHex(text) {
		return true // to be decoded again
	}
	letters := 0
	for _, b := range text {
		switch {
		case b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == ' ' || b >= utf8.RuneSelf:
			letters++
		case b < ' ' && b != '\n' && b != '\t' && b != '\r':
			return false
		}
	}
	return letters*5 >= len(text)*4 || letters*3 >= len(text)*2 && letters > 40
}

// allHex reports whether a text has hexadecimal digits only.
func allHex(text []byte) bool {
	for _, b := range text {
		if nibble(b) < 0 {
			return false
		}
	}
	return true
}

// octetsOf reads a row of binary digits, eight for each character; nil if it is none.
func octetsOf(t []byte) []byte {
	if len(t) < shortestCode || len(t)%8 != 0 {
		return nil
	}
	out := make([]byte, len(t)/8)
	for i, b := range t {
		if b != '0' && b != '1' {
			return nil
		}
		out[i/8] = out[i/8]<<1 | b&1
	}
	return out
}

// alphabet decodes base64 (both alphabets), base32, hexadecimal and binary without spaces.
func (d *decoder) alphabet(t []byte, at int) {
	hex, thirty := true, true
	for _, b := range t {
		hex = hex && nibble(b) >= 0
		thirty = thirty && (b >= 'A' && b <= 'Z' || b >= '2' && b <= '7' || b == '=')
	}
	joined := d.end >= 0 && at <= d.end+2
	if out := octetsOf(t); readable(out) {
		d.take(out, joined)
		d.end = at + len(t)
		return
	}
	out := make([]byte, 0, len(t))
	if hex {
		for i := 0; i+1 < len(t); i += 2 {
			out = append(out, byte(nibble(t[i])<<4|nibble(t[i+1])))
		}
		if readable(out) {
			d.take(out, joined)
			d.end = at + len(t)
			return
		}
		out = out[:0]
	}
	if thirty {
		if out = joinBits(out, t, 5, quintet); readable(out) {
			d.take(out, joined)
			d.end = at + len(t)
			return
		}
		out = out[:0]
	}
	if out = joinBits(out, t, 6, sextet); readable(out) {
		d.take(out, joined)
		d.end = at + len(t)
	}
}

// joinBits joins digits of some bits each; = ends them.
func joinBits(dst, t []byte, width uint, digit func(byte) int) []byte {
	var acc uint
	var have uint
	for _, b := range t {
		if b == '=' {
			break
		}
		acc = acc<<width | uint(digit(b))&(1<<width-1)
		if have += width; have >= 8 {
			have -= 8
			dst = append(dst, byte(acc>>have))
		}
	}
	return dst
}

func sextet(b byte) int {
	switch {
	case b >= 'A' && b <= 'Z':
		return int(b - 'A')
	case b >= 'a' && b <= 'z':
		return int(b-'a') + 26
	case b >= '0' && b <= '9':
		return int(b-'0') + 52
	case b == '+' || b == '-':
		return 62
	case b == '/' || b == '_':
		return 63
	case b == '=':
		return 0
	}
	return -1
}

func quintet(b byte) int {
	if b >= 'A' && b <= 'Z' {
		return int(b - 'A')
	}
	return int(b-'2') + 26
}

func nibble(b byte) int {
	switch {
	case b >= '0' && b <= '9':
		return int(b - '0')
	case b >= 'a' && b <= 'f':
		return int(b-'a') + 10
	case b >= 'A' && b <= 'F':
		return int(b-'A') + 10
	}
	return -1
}

// escapes decodes a token with at least three escapes, those between them being spaces.
func (d *decoder) escapes(t []byte) bool {
	n := 0
	for _, b := range t {
		if b == '%' || b == '\\' || b == '&' {
			n++
		}
	}
	if n < 3 {
		return false
	}
	n = 0
	out := make([]byte, 0, len(t))
	for i := 0; i < len(t); {
		r, used := escape(t[i:])
		if used == 0 {
			out = append(out, t[i])
			i++
			continue
		}
		n++
		if r > 0 && r < utf8.RuneSelf || t[i] == '%' || t[i+1] == 'x' && t[i] == '\\' {
			out = append(out, byte(r))
		} else {
			out = utf8.AppendRune(out, r)
		}
		i += used
	}
	if n >= 3 {
		d.take(out, false)
	}
	return n >= 3
}

// escape reads %41, \x41, \u0041, \101, &#65; or &#x41; and how many bytes it has, 0 for none.
func escape(t []byte) (rune, int) {
	number := func(i, most int, base rune) (rune, int) {
		var r rune
		n := 0
		for ; n < most && i+n < len(t); n++ {
			x := nibble(t[i+n])
			if x < 0 || rune(x) >= base {
				break
			}
			r = r*base + rune(x)
		}
		return r, n
	}
	switch {
	case len(t) > 2 && t[0] == '%':
		if r, n := number(1, 2, 16); n == 2 {
			return r, 3
		}
	case len(t) > 3 && t[0] == '\\' && t[1] == 'x':
		if r, n := number(2, 2, 16); n == 2 {
			return r, 4
		}
	case len(t) > 3 && t[0] == '\\' && t[1] >= '0' && t[1] <= '7':
		if r, n := number(1, 3, 8); n >= 2 && r < utf8.RuneSelf {
			return r, 1 + n
		}
	case len(t) > 5 && t[0] == '\\' && t[1] == 'u':
		if r, n := number(2, 4, 16); n == 4 {
			return r, 6
		}
	case len(t) > 4 && t[0] == '&' && t[1] == '#':
		at, base := 2, rune(10)
		if t[2]|0x20 == 'x' {
			at, base = 3, 16
		}
		if r, n := number(at, 6, base); n > 0 && at+n < len(t) && t[at+n] == ';' {
			return r, at + n + 1
		}
	}
	return 0, 0
}

// How a text is turned.
const (
	rot13 = iota
	reversed
	atbash
	caesar // by three letters
)

// turn undoes it.
func turn(text []byte, how int) []byte {
	out := make([]byte, len(text))
	if how == reversed {
		reverse(out, text)
		return out
	}
	for i, b := range text {
		if l := b | 0x20; l >= 'a' && l <= 'z' {
			switch how {
			case rot13:
				b = 'a' + (l-'a'+13)%26
			case atbash:
				b = 'z' - (l - 'a')
			case caesar:
				b = 'a' + (l-'a'+23)%26
			}
		}
		out[i] = b
	}
	return out
}

// reverse writes the characters of a text from its end.
func reverse(out, text []byte) {
	for i := 0; i < len(text); {
		_, n := utf8.DecodeRune(text[i:])
		copy(out[len(text)-i-n:], text[i:i+n])
		i += n
	}
}

// reverseWords turns each word by itself.
func reverseWords(text []byte) []byte {
	out := make([]byte, len(text))
	for i := 0; i < len(text); {
		j := i
		for j < len(text) && text[j] > ' ' {
			j++
		}
		reverse(out[i:j], text[i:j])
		if j < len(text) {
			out[j] = text[j]
			j++
		}
		i = j
	}
	return out
}
