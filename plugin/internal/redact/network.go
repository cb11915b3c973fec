package redact

// ipv4 is where an address ends that begins with x; 0 if it is none.
func ipv4(v *view, x *number) int {
	if x.plus || x.paren || x.groups < 4 || x.n > 12 && x.groups == 4 {
		return 0
	}
	if x.sep[1] != x.sep[2] || x.sep[2] != x.sep[3] || x.sep[1] != '.' && x.sep[1] != 'x' {
		return 0
	}
	spaced := x.sep[1] == 'x'
	if spaced && v.at(x.end[0]+1) != '.' {
		return 0
	}
	from := 0
	for g := range 4 {
		d := x.digits[from:x.count[g]]
		if len(d) > 3 || len(d) > 1 && d[0] == 0 || value(d) > 255 {
			return 0
		}
		from = int(x.count[g])
	}
	e := x.end[3]
	if x.groups > 4 && x.sep[4] == '.' {
		return 0
	}
	if c := v.at(e); c == '_' || isAlnum(c) || c == '-' && isAlnum(v.at(e+1)) {
		return 0
	}
	if versioned(v, x.start) {
		return 0
	}
	if x.digits[0] == 0 && x.n > 4 { // 0.0.0.0 is an address, 0.9.1.2 is not
		return 0
	}
	if x.n == 4 && !known(v, x, e) {
		return 0
	}
	return e
}

// known reports whether four single digits are an address: one of name servers, or in its
// place. Mostly they are a version, or the number of a section.
func known(v *view, x *number, e int) bool {
	switch d := x.digits[:4]; {
	case same(d), value(d) == 8844, value(d) == 1001, value(d) == 1112, value(d) == 1113:
		return true
	}
	c, before := v.at(e), v.before(x.start-1)
	return (c == ':' || c == '/') && isDigit(v.at(e+1)) || before == '/' && v.before(x.start-2) == '/' || before == '@' || v.about(x.start, aboutNetwork) > 0
}

// atHost is where the address of a host ends behind an @, as in root@192.0.2.7: behind it a
// version is as likely, so something has to say that it is none.
func atHost(v *view, x *number, p int) int {
	if v.before(p-1) != '@' || !isWord(v.before(p-2)) || !x.read(v, p) || v.hit {
		return 0
	}
	if e := ipv4(v, x); e > 0 && (v.at(e) == ':' || v.within(p, 4, aboutNetwork)) {
		return e
	}
	return 0
}

// versioned reports whether what begins at p is a version or the number of a section.
func versioned(v *view, p int) bool {
	if c := v.before(p - 1); c == '/' && v.before(p-2) != '/' && isWord(v.before(p-2)) || c == '^' || c == '~' { // Chrome/120.0.0.0
		return true
	}
	net := v.about(p, aboutNetwork)
	for _, t := range [...]topic{aboutVersion, aboutSection} {
		if d := v.about(p, t); d > 0 && d <= 4 && (net == 0 || d <= net) {
			return true
		}
	}
	return false
}

// ipv6 is where an address ends that begins at p; 0 if it is none (RFC 4291, section 2.2).
func ipv6(v *view, p int) int {
	if c := v.before(p - 1); v.joins(p) || c == ':' && (v.before(p-2) == ':' || groupBefore(v.t, p)) || c == '.' && isAlnum(v.before(p-2)) || c == '-' {
		return 0
	}
	groups, gap, digits, end := 0, false, 0, 0
	i := p
	if v.at(i) == ':' {
		if v.at(i+1) != ':' {
			return 0
		}
		gap, i, end = true, i+2, i+2
	}
	for groups < 8 {
		from := i
		for i < from+5 && isHex(v.at(i)) {
			if isDigit(v.at(i)) {
				digits++
			}
			i++
		}
		n := i - from
		if n == 0 || n > 4 {
			break
		}
		groups++
		end = i
		if v.at(i) == '.' && groups > 1 { // the last 32 bits as in version 4
			var x number
			if x.read(v, from); x.groups == 4 && dotted(&x) {
				end = x.end[3]
				groups++
			}
			break
		}
		if v.at(i) != ':' {
			break
		}
		if v.at(i+1) == ':' {
			if gap {
				return 0
			}
			gap, i, end = true, i+2, i+2
			continue
		}
		i++
	}
	if c := v.at(end); isWord(c) || c == ':' && (isHex(v.at(end+1)) || v.at(end+1) == ':') {
		return 0
	}
	if !gap && groups != 8 || gap && (groups > 7 || groups == 0 || digits == 0) || digits == 0 {
		return 0
	}
	if gap && groups < 2 && !v.is(p, "::1") {
		return 0
	}
	return end
}

// mac is where a hardware address ends that begins at p; 0 if it is none.
func mac(v *view, p int) int {
	if c := v.before(p - 1); v.joins(p) || (c == ':' || c == '-' || c == '.') && isHex(v.before(p-2)) {
		return 0
	}
	width, parts := 2, 6
	if isHex(v.at(p)) && isHex(v.at(p+1)) && isHex(v.at(p+2)) {
		width, parts = 4, 3
	}
	sep := v.at(p + width)
	if width == 4 && sep != '.' || width == 2 && sep != ':' && sep != '-' {
		return 0
	}
	i, mixed := p, false
	for n := range parts {
		if n > 0 {
			if v.at(i) != sep {
				return 0
			}
			i++
		}
		for range width {
			if c := v.at(i); !isHex(c) {
				return 0
			} else if c != v.at(p) {
				mixed = true
			}
			i++
		}
	}
	if c := v.at(i); isWord(c) || c == sep && isHex(v.at(i+1)) || !mixed && v.at(p)|0x20 != 'f' {
		return 0
	}
	return i
}
