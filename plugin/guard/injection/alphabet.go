package injection

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

// alphabet decodes base64 (both alphabets), base32, hexadecimal and binary without spaces,
// also when written from behind or turned by ROT13, and base64 in base64.
func (d *decoder) alphabet(t []byte, at int) {
	joined := d.end >= 0 && at <= d.end+2
	end := at + len(t)
	if t[0] == '+' {
		t = t[1:] // with it UTF-7 begins, and no text in base64
	}
	out := digitsOf(t)
	if out == nil && len(t) >= shortestTurned {
		out = turnedDigits(t)
	}
	if out == nil {
		return
	}
	for len(out) >= shortestTurned && !allHex(out) && allSextets(out) {
		inner := narrow(joinBits(nil, out, 6, sextet))
		if !readable(inner) {
			break
		}
		out = inner
	}
	d.take(out, joined)
	d.end = end
}

// digitsOf decodes digits of the first alphabet in which they are text; nil if there is none.
func digitsOf(t []byte) []byte {
	if out := octetsOf(t); readable(out) {
		return out
	}
	thirty := true
	for _, b := range t {
		thirty = thirty && (b >= 'A' && b <= 'Z' || b >= '2' && b <= '7' || b == '=')
	}
	out := make([]byte, 0, len(t))
	if allHex(t) {
		if text := narrow(joinBits(out, t[:len(t)&^1], 4, nibble)); readable(text) {
			return text
		}
	}
	if thirty {
		if text := joinBits(out, t, 5, quintet); readable(text) {
			return text
		}
	}
	if text := narrow(joinBits(out, t, 6, sextet)); readable(text) {
		return text
	}
	return nil
}

// turnedDigits decodes digits from behind and by ROT13, if the first of them promise text.
func turnedDigits(t []byte) []byte {
	const some = 16
	var first [some]byte
	for i := range first {
		first[i] = t[len(t)-1-i]
	}
	if promising(first[:]) {
		back := make([]byte, len(t))
		reverse(back, t)
		if out := digitsOf(back); out != nil {
			return out
		}
	}
	for i := range first {
		first[i] = shiftLetter(t[i], 13)
	}
	if !promising(first[:]) {
		return nil
	}
	turned := make([]byte, len(t))
	for i, b := range t {
		turned[i] = shiftLetter(b, 13)
	}
	return digitsOf(turned)
}

// promising reports whether a few digits stand for ASCII that shows.
func promising(t []byte) bool {
	var room [16]byte
	return allHex(t) && shows(joinBits(room[:0], t, 4, nibble)) || shows(joinBits(room[:0], t, 6, sextet))
}

// shows reports whether bytes are ASCII that shows, or ends lines.
func shows(text []byte) bool {
	for _, b := range text {
		if b >= 0x7f || b < ' ' && b != '\n' && b != '\t' && b != '\r' {
			return false
		}
	}
	return true
}

// narrow gives the ASCII of text that is UTF-16, of either order; other bytes it leaves.
func narrow(b []byte) []byte {
	wide := b[:len(b)&^1]
	if len(wide) < 12 {
		return b
	}
	if wide[0] == 0xff && wide[1] == 0xfe || wide[0] == 0xfe && wide[1] == 0xff {
		wide = wide[2:]
	}
	zero := 1
	if wide[0] == 0 {
		zero = 0
	}
	for i := zero; i < len(wide); i += 2 {
		if wide[i] != 0 {
			return b
		}
	}
	out := b[:0]
	for i := 1 - zero; i < len(wide); i += 2 {
		out = append(out, wide[i])
	}
	return out
}

// allSextets reports whether a text has digits of base64 only.
func allSextets(text []byte) bool {
	for _, b := range text {
		if sextet(b) < 0 {
			return false
		}
	}
	return true
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
