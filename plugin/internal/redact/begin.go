package redact

// What may begin at a place, as bits.
const (
	anyKey = 1 << iota
	anyIBAN
	anyMAC
	anyIPv6
	anyID
	anyNumber
	anyDay // of a date, in digits
	anyMonth
	anySecret
	anything = 1<<iota - 1
)

// Of keys with a form the shortest has shortestKey bytes, and of other secrets shortestSecret.
// Addresses of wallets have shortestWallet at least.
const (
	shortestKey    = 16
	shortestSecret = 20
	shortestWallet = 20
)

// sight is how far ahead mayBegin looks.
const sight = 24

// mayBegin is what may begin at i, in a token that ends at q and has bytes of these
// classes, by a few bytes: calls are dear in a module, and most of what begins anywhere
// begins nothing. It never leaves out what a check would find; near the end of t it leaves
// out nothing.
func mayBegin(t []byte, i, q int, bits uint16) (may uint16) {
	if q+sight > len(t) || i < 2 {
		return anything
	}
	n, after := q-i, t[q]
	open := after == '/' || after == '=' || after == '~' // a secret may go on behind the token
	if n >= shortestKey || open && classes[t[i]]&lower != 0 || after == ':' && n >= 8 {
		may = anyKey
	}
	if n >= shortestSecret || open && isSecret(t, q, i+shortestSecret) {
		may |= anySecret
	}
	w, before := t[i:i+sight:i+sight], t[i-1]
	if classes[w[0]]&hexa != 0 && (before != ':' && before != '-' && before != '.' || classes[t[i-2]]&hexa == 0 || before == ':' && !groupBefore(t, i)) {
		may |= mayBeHardware(w)
	}
	if classes[w[0]]&letter == 0 {
		if classes[w[0]]&digit == 0 {
			return may | anyNumber
		}
		if classes[t[i-2]]&alnum != 0 && (before == '-' || before == '/' || before == '.' && classes[t[i-2]]&digit != 0) {
			return may // the rest of something
		}
		return may | mayBeNumber(w)
	}
	if (after == ' ' || after == '/' || bits&(inner|digit) != 0) && monthBegins[threeOf(w)] {
		may |= anyMonth
	}
	if classes[t[i-2]]&alnum != 0 && (before == '-' || before == '/') {
		return may
	}
	return may | mayBeID(w, n, bits)
}

// isSecret reports whether t has from i to end only bytes of secrets.
func isSecret(t []byte, i, end int) bool {
	for i < end && classes[t[i]]&secret != 0 {
		i++
	}
	return i >= end
}

// mayBeID is for numbers of accounts and persons, in a token of n bytes with these classes,
// that begin with a letter.
func mayBeID(w []byte, n int, bits uint16) (may uint16) {
	digits := func(i int) bool { return classes[w[i]]&digit != 0 }
	separates := func(i int) bool { return w[i] == ' ' || w[i] == '-' || w[i] == '.' }
	if (digits(1) || separates(1) && digits(2)) && digits(3) && digits(4) { // X1234567L
		may = anyID
	}
	if classes[w[1]]&letter == 0 {
		return may
	}
	if digits(2) && (digits(3) || separates(3)) || separates(2) && digits(3) && (digits(4) || separates(4)) { // GB29, QQ 12
		may |= anyIBAN | anyID
	}
	if n >= 10 && bits&digit != 0 && mayBeLetters(w) || n == 6 && w[6] == ' ' && digits(7) || w[3] == ' ' && classes[w[4]]&classes[w[6]]&letter != 0 { // RSS MRA
		may |= anyID
	}
	return may
}

// mayBeLetters is for numbers of persons that begin with five letters and a digit, or with
// six letters and perhaps a sign amidst them.
func mayBeLetters(w []byte) bool {
	if w[3] == '-' || w[3] == '.' {
		return isLetter(w[2]) && isLetter(w[4]) && isLetter(w[5])
	}
	return isLetter(w[2]) && isLetter(w[3]) && isLetter(w[4]) && isAlnum(w[5])
}

// mayBeHardware is for addresses, which begin with hexadecimal digits.
func mayBeHardware(w []byte) (may uint16) {
	n := 1
	for n < 5 && classes[w[n]]&hexa != 0 {
		n++
	}
	if w[n] == ':' && n < 5 {
		may = anyIPv6
	}
	if n == 2 && (w[2] == ':' || w[2] == '-') && w[5] == w[2] || n == 4 && w[4] == '.' {
		may |= anyMAC
	}
	return may
}

// groupBefore reports whether the colon before i follows a group of an address, rather than
// a word.
func groupBefore(t []byte, i int) bool {
	n := 0
	for i-2-n >= 0 && n < 5 && classes[t[i-2-n]]&hexa != 0 {
		n++
	}
	return n <= 4 && (i-2-n < 0 || !isWord(t[i-2-n]))
}

// mayBeNumber is for what begins with a digit. A number that is short has to go on with
// another group of digits, or be a day.
func mayBeNumber(w []byte) (may uint16) {
	n := 1
	for n < 9 && classes[w[n]]&digit != 0 {
		n++
	}
	c, d := w[n], w[n+1]
	sep := c == ' ' || c == '-' || c == '.' || c == '/'
	goesOn := sep && classes[d]&digit != 0
	word := classes[c]&letter != 0
	switch n {
	case 1, 2: // 1 85 05 2A, 12 345 678 Z
		if goesOn && classes[w[3]]&digit != 0 {
			may = anyID
		}
	case 6:
		if goesOn || word {
			may = anyID
		}
	case 8:
		if word || sep && classes[d]&letter != 0 {
			may = anyID
		}
	case 9:
		may = anyID
	}
	if n <= 2 && (word || c >= 0x80 || (sep || c == ',') && (classes[d]&letter != 0 || d >= 0x80 || d == ' ')) || n == 4 && c >= 0x80 {
		may |= anyDay | anyNumber
	}
	if n >= 6 || goesOn || c == '(' || c == ')' || c == '[' || c == ' ' && (d == '(' || d == '-' || d == '.' || d == '/') {
		may |= anyNumber
	}
	return may
}
