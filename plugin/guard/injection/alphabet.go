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
