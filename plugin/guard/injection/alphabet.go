package injection

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
	for len(out) >= shortestTurned && likely(out) == 6 && fits(out, 6) {
		inner := join(out, 6)
		if !readable(inner) {
			break
		}
		out = inner
	}
	d.take(out, joined)
	d.end = end
}

// digitsOf decodes digits of base64 by the first alphabet in which they are text,
// nil if there is none.
func digitsOf(t []byte) []byte {
	for _, width := range [...]uint{1, 4, 5} {
		if fits(t, width) && (width > 1 || len(t) >= shortestCode && len(t)%8 == 0) {
			if out := join(t, width); readable(out) {
				return out
			}
		}
	}
	if out := join(t, 6); readable(out) {
		return out
	}
	return nil
}

// fits reports whether all of a text are digits of so many bits. As sextet it is not inlined.
//
//go:noinline
func fits(t []byte, width uint) bool {
	for _, b := range t {
		if digit(b, width) < 0 {
			return false
		}
	}
	return true
}

// turnedDigits decodes digits from behind and by ROT13, if the first of them promise text.
func turnedDigits(t []byte) []byte {
	const some, by13 = 16, byOne + 12
	if promising(turn(t[len(t)-some:], reversed)) {
		return digitsOf(turn(t, reversed))
	}
	if promising(turn(t[:some], by13)) {
		return digitsOf(turn(t, by13))
	}
	return nil
}

// promising reports whether a few digits stand for ASCII that shows.
func promising(t []byte) bool {
	text := join(t, likely(t))
	return len(text) > 0 && shows(text)
}

// likely is how many bits the digits of a text stand for. As sextet it is not inlined.
//
//go:noinline
func likely(t []byte) uint {
	if allHex(t) {
		return 4
	}
	return 6
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
	if len(b) < 12 {
		return b
	}
	from := 0
	if b[0] >= 0xfe && b[0]^b[1] == 1 { // U+FEFF
		from = 2
	}
	zero := from
	if b[zero] != 0 {
		zero++
	}
	for i := zero; i < len(b)&^1; i += 2 {
		if b[i] != 0 {
			return b
		}
	}
	n := 0
	for i := zero ^ 1; i < len(b)&^1; i += 2 {
		b[n] = b[i]
		n++
	}
	return b[:n]
}

// join joins digits of so many bits each; = ends them. UTF-16 of ASCII becomes ASCII.
func join(t []byte, width uint) []byte {
	out := make([]byte, 0, len(t)*int(width)/8)
	var acc, have uint
	for _, b := range t {
		if b == '=' {
			break
		}
		acc = acc<<width | uint(digit(b, width))
		if have += width; have >= 8 {
			have -= 8
			out = append(out, byte(acc>>have))
		}
	}
	return narrow(out)
}

// digit is what a digit of so many bits stands for, 0 for =; below 0 if it is none.
func digit(b byte, width uint) int {
	switch width {
	case 1:
		if b>>1 == '0'>>1 {
			return int(b & 1)
		}
		return -1
	case 4:
		return nibble(b)
	case 5:
		return quintet(b)
	}
	return sextet(b)
}

// sextet is a digit of base64, of either alphabet. It is not inlined, for the size of the module.
//
//go:noinline
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
	switch {
	case b >= 'A' && b <= 'Z':
		return int(b - 'A')
	case b >= '2' && b <= '7':
		return int(b-'2') + 26
	case b == '=':
		return 0
	}
	return -1
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
