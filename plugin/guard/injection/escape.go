package injection

import "unicode/utf8"

// escapes decodes a token with at least three escapes, those between them being spaces.
func (d *decoder) escapes(t []byte, at int) bool {
	n, equal := 0, 0
	for _, b := range t {
		switch b {
		case '%', '\\', '&':
			n++
		case '=':
			equal++
		}
	}
	mail := n == 0 && equal >= 3 // quoted-printable
	if n < 3 && !mail {
		return false
	}
	joined := mail && d.end >= 0 && at <= d.end+2
	if mail && t[len(t)-1] == '=' { // the line goes on
		d.end = at + len(t)
		t = t[:len(t)-1]
	}
	n = 0
	out := make([]byte, 0, len(t))
	for i := 0; i < len(t); {
		r, used := escape(t[i:])
		if used == 0 || t[i] == '=' && !mail {
			out = append(out, t[i])
			i++
			continue
		}
		n++
		if r > 0 && r < utf8.RuneSelf || t[i] == '%' || t[i] == '=' || t[i+1] == 'x' && t[i] == '\\' {
			out = append(out, byte(r))
		} else {
			out = utf8.AppendRune(out, r)
		}
		i += used
	}
	if n >= 3 {
		d.take(out, joined)
	}
	return n >= 3
}

// escape reads %41, =41, \x41, \u0041, \101, &#65; or &#x41; and how many bytes it has, 0 for none.
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
	case len(t) > 2 && (t[0] == '%' || t[0] == '='):
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
