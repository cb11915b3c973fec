package redact

// url is where a URL ends that names a user and a password; its scheme begins at p and
// ends at i, before "://". more says that the end is only that of what is looked at
// together.
func url(v *view, p, i int) (end int, more bool) {
	if !v.is(i, "://") || !isLetter(v.at(p)) {
		return 0, false
	}
	i += 3
	at, colon := 0, 0
	for j := i; ; j++ {
		c := v.at(j)
		if c == '@' {
			at = j
		}
		if c == ':' && colon == 0 {
			colon = j
		}
		if !isURL(c) || c == '/' || c == '?' || c == '#' || j-i > 256 {
			break
		}
	}
	if at == 0 || colon == 0 || colon+1 >= at || placeholder(v.t[colon+1:at]) {
		return 0, false
	}
	if !isAlnum(v.at(at+1)) && v.at(at+1) != '[' {
		return 0, false
	}
	return urlRest(v, at+1)
}

// mostOpen bounds what of a kind without a bound is looked at together.
const mostOpen = 8 << 10

// urlRest is where a URL ends in which i is. Punctuation at the end is the sentence's.
func urlRest(v *view, i int) (end int, more bool) {
	end = i
	for j := i; ; j++ {
		c := v.at(j)
		switch {
		case !isURL(c):
			return end, false
		case c == '.' || c == ',' || c == ';' || c == ':' || c == '!' || c == '?' || c == ')' || c == ']' || c == '}' || c == '\'' || c == '*':
			if j-end > 8 {
				return end, false
			}
		default:
			end = j + 1
		}
		if j-i >= mostOpen {
			return end, true
		}
	}
}

func isURL(c byte) bool {
	return c > ' ' && c != '"' && c != '<' && c != '>' && c != '`' && c != '\\' && c != '|' && c != 0x7f && c != '^' && c < 0xe2
}

// placeholder reports what stands in documentation in the place of a password.
func placeholder(s []byte) bool {
	switch s[0] {
	case '$', '{', '<', '[', '%':
		return true
	}
	for _, c := range s {
		if c != '*' && c|0x20 != 'x' && c != '.' {
			return false
		}
	}
	return true
}
