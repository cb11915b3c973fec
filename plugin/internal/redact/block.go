package redact

// pem is where a private key ends whose armour begins at p (RFC 7468). Lines may be
// separated as in a JSON string, or by spaces. Without an end line it goes on as long as
// it looks like one.
func pem(v *view, p int) (end int, more bool) {
	if !v.is(p, "-----BEGIN ") {
		return 0, false
	}
	i := p + len("-----BEGIN ")
	from := i
	for c := v.at(i); i < from+40 && (isUpper(c) || isDigit(c) || c == ' '); c = v.at(i) {
		i++
	}
	if !v.is(i, "-----") || v.hit || !private(v.t[from:i]) {
		return 0, false
	}
	i = pemHeaders(v, skipBlank(v, i+5))
	if w := v.run(i, 16, base64); w < i+16 {
		return 0, false
	}
	return pemRest(v, i)
}

func private(label []byte) bool {
	for _, end := range [...]string{"PRIVATE KEY", "PRIVATE KEY BLOCK"} {
		if len(label) >= len(end) && string(label[len(label)-len(end):]) == end {
			return true
		}
	}
	return false
}

// pemRest is where a key ends in which i is, at the beginning of a line.
func pemRest(v *view, i int) (end int, more bool) {
	start := i
	end = i
	for {
		w := v.run(i, 1024, base64)
		if v.is(w, "-----END ") {
			return pemEnd(v, w), false
		}
		next := skipBlank(v, w)
		if v.is(next, "-----END ") {
			return pemEnd(v, next), false
		}
		if w-i < 16 || next == w && w-i < 1024 {
			if w-i >= 16 {
				end = w
			}
			return end, false
		}
		end, i = w, next
		if i-start >= mostOpen {
			return i, true
		}
	}
}

func pemEnd(v *view, i int) int {
	from := i + len("-----END ")
	i = from
	for c := v.at(i); i < from+40 && (isUpper(c) || isDigit(c) || c == ' '); c = v.at(i) {
		i++
	}
	for range 5 {
		if v.at(i) == '-' {
			i++
		}
	}
	return i
}

// skipBlank goes over blanks, at most a few, in either spelling, and what joins strings in
// programs.
func skipBlank(v *view, i int) int {
	for end := i + 64; i < end; {
		switch c := v.at(i); {
		case c == ' ' || c == '\n' || c == '\r' || c == '\t':
			i++
		case c == '\\' && (v.at(i+1) == 'n' || v.at(i+1) == 'r' || v.at(i+1) == 't'):
			i += 2
		default:
			return i
		}
	}
	return i
}

// pemHeaders goes over lines such as Proc-Type: 4,ENCRYPTED.
func pemHeaders(v *view, i int) int {
	for range 4 {
		j := v.run(i, 24, letter|dash)
		if v.at(j) != ':' || j == i {
			return i
		}
		i = skipBlank(v, lineEnd(v, j))
	}
	return i
}

// lineEnd is where a header ends that begins before i.
func lineEnd(v *view, i int) int {
	for end := i + 128; i < end && v.at(i) >= ' ' && v.at(i) != '\\'; i++ {
	}
	return i
}

func isBase64URL(c byte) bool { return classes[c]&wordy != 0 }

// jwt is where a token ends that begins at p: two parts that are JSON objects, and a
// signature (RFC 7519), or the five parts of RFC 7516.
func jwt(v *view, p int) (end int, more bool) {
	if !v.is(p, "eyJ") || isBase64URL(v.before(p-1)) {
		return 0, false
	}
	i := v.run(p, 1024, wordy)
	if v.at(i) != '.' || i-p < 16 {
		return 0, false
	}
	j := v.run(i+1, 24, wordy)
	if j-i < 12 {
		return 0, false
	}
	return jwtRest(v, j)
}

func jwtRest(v *view, i int) (end int, more bool) {
	from := i
	for {
		i = v.run(i, 1024, wordy)
		if i-from >= mostOpen {
			return i, true
		}
		switch c := v.at(i); {
		case isBase64URL(c):
		case c == '.' && isBase64URL(v.at(i+1)):
			i++
		default:
			return i, false
		}
	}
}
