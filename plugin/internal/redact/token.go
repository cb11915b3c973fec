package redact

import "math/bits"

// A hit is what was found and where it begins.
type hit struct {
	entity Entity
	start  int
}

// token looks for what begins in the token [p, q), whose bytes have these classes.
func (s *Scanner) token(p, q int, bits uint16) (h hit, end int, more bool) {
	v := &s.view
	if bits&(digit|sign|at) == 0 && !s.inToken {
		if plain, e, end := s.word(p, q); plain || end > 0 || s.hit {
			return hit{e, p}, end, false
		}
	}
	if s.inToken || q-p == 36 && uuid(v.t[p:q]) {
		return hit{}, 0, false
	}
	if c := v.t[p]; c == '-' || c == 'e' || bits&at != 0 || q+1 >= len(v.t) || v.t[q] == ':' || suspicious[v.t[q]] || v.t[q] == ' ' && suspicious[v.t[q+1]] {
		if h, end, more = s.whole(p, q, bits); end > 0 || s.hit {
			return h, end, more
		}
	}
	if q-p == 1 && maySpace(v.t, q) && (v.before(p-1) != ' ' || v.before(p-3) != ' ' && v.before(p-3) != 0) {
		if e, end := s.spaced(p); end > 0 || s.hit {
			return hit{e, p}, end, false
		}
	}
	if bits&digit == 0 && v.t[p] != '+' && q-p < 20 { // most of code: names, which begin nothing
		switch c := v.at(q); {
		case c == '/' || c == '+' || c == ':' && q-p <= 4:
		case c == ' ' && (isDigit(v.at(q+1)) || q-p == 3 && isUpper(v.t[p])):
		case c == '.' || c == '-' || c >= 0x80:
		default:
			return hit{}, 0, false
		}
	}
	for i := p; ; i++ {
		if i = nextPart(v.t, i, p, q); i == q {
			return hit{}, 0, false
		}
		may := mayBegin(v.t, i, q, bits)
		if may == 0 && q-i < shortestWallet {
			continue
		}
		if e, end := s.part(i, q, may); end > 0 || s.hit {
			return hit{e, i}, end, false
		}
	}
}

// nextPart is the first place from i on in the token [p, q) where something can begin, which
// is not amidst a word or a name. What is behind an escape is in none.
func nextPart(t []byte, i, p, q int) int {
	for ; i < q; i++ {
		if classes[t[i]]&(alnum|plus) == 0 {
			continue
		}
		if i == p || classes[t[i-1]]&(alnum|wide|under) == 0 {
			return i
		}
		if t[i-1] == '_' && i >= 6 && t[i-6] == '\\' && t[i-5] == 'u' {
			return i
		}
	}
	return q
}

// word looks at a token of nothing but letters, which most are. plain says that there is
// nothing to it.
func (s *Scanner) word(p, q int) (plain bool, e Entity, end int) {
	v, n := &s.view, q-p
	if v.t[p] == '-' && n >= 5 {
		return false, None, 0
	}
	switch c := v.at(q); {
	case c == ':':
		if v.is(q, "://") {
			return false, None, 0
		}
		return n > 4, None, 0
	case c == ' ' || c == '(' || c == '[' || c == '{' || c == '<':
		d := v.at(q + 1)
		if s.On.Has(Email) && mayBeSpelled(v, q) {
			if end := spelledEmail(v, p, q); end > 0 || s.hit {
				return false, Email, end
			}
		}
		if c != ' ' || isDigit(d) {
			return c != ' ', None, 0
		}
		spaced := n == 1 && d > ' ' && v.at(q+2) == ' '
		return !spaced && !(n == 3 && isUpper(v.t[p]) && isUpper(d) && isUpper(v.t[q-1])), None, 0
	case c == '/' || c == '=' || c == '+':
		return false, None, 0
	}
	return n < 20, None, 0
}

// mayBeSign reports whether what spells @ or a dot may begin at i, in brackets or not. What
// is near the end of t may.
func mayBeSign(t []byte, i int) bool {
	if i+4 >= len(t) {
		return true
	}
	if c := t[i]; c == '(' || c == '[' || c == '{' || c == '<' {
		if i++; t[i] == ' ' {
			i++
		}
	}
	b, c := t[i+1]|0x20, t[i+2]|0x20
	switch toLower(t[i]) {
	case '@', '.', 0xc3:
		return true
	case 'a':
		return b == 't' && !isLetter(c) || b == 'r' && (c == 'r' || c == 'o')
	case 'd':
		return (b == 'o' || b == '0'|0x20) && c == 't'
	case 'p':
		return b == 'u' && c == 'n' || b == 'o' && (c == 'i' || c == 'n')
	case 'c':
		return b == 'h' && (c == 'e' || c == 'i')
	case 'k':
		return b == 'l' && c == 'a'
	}
	return false
}

// maySpace reports whether characters go on one by one with a space after each, from the
// one before q. What is near the end of t may.
func maySpace(t []byte, q int) bool {
	if q+5 > len(t) {
		return true
	}
	return t[q] == ' ' && t[q+1] > ' ' && t[q+2] == ' ' && t[q+3] > ' ' && t[q+4] == ' '
}

// mayBeSpelled reports whether what is at q may spell @.
func mayBeSpelled(v *view, q int) bool {
	switch c := v.at(q); c {
	case ' ':
		return q+1 >= len(v.t) || suspicious[v.t[q+1]] && mayBeSign(v.t, q+1)
	case '(', '[', '{', '<':
		return mayBeSign(v.t, q)
	}
	return false
}

// whole looks for what a token is as a whole, or begins as one.
func (s *Scanner) whole(p, q int, bits uint16) (h hit, end int, more bool) {
	v, on := &s.view, s.On
	if on.Has(PrivateKey) && v.t[p] == '-' && q-p >= 5 {
		for i := p; i < q && v.t[i] == '-' && i < p+16; i++ {
			if end, more = pem(v, i); end > 0 || v.hit {
				return hit{PrivateKey, i}, end, more
			}
		}
	}
	if on.Has(JWT) && v.t[p] == 'e' && (q-p < 3 || v.t[p+1] == 'y') {
		if end, more = jwt(v, p); end > 0 || v.hit {
			return hit{JWT, p}, end, more
		}
	}
	if on.Has(URLCredentials) && v.at(q) == ':' && v.at(q+1) == '/' {
		if end, more = url(v, p, q); end > 0 || v.hit {
			return hit{URLCredentials, p}, end, more
		}
	}
	if on.Has(Email) && bits&at != 0 {
		if start, end := email(v, p); end > 0 || v.hit {
			return hit{Email, start}, end, false
		}
	}
	if on.Has(Email) && bits&(letter|digit) != 0 && mayBeSpelled(v, q) {
		if end := spelledEmail(v, p, q); end > 0 || v.hit {
			return hit{Email, p}, end, false
		}
	}
	return hit{}, 0, false
}

// uuid reports whether 36 bytes are one: nothing in it is anything else.
func uuid(t []byte) bool {
	for i, c := range t {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if !isHex(c) {
			return false
		}
	}
	return true
}

// part looks for what may begin at i, in a token that ends at q, or as one. Most that begins
// anywhere begins nothing, so each check is only made where a few bytes allow it.
func (s *Scanner) part(i, q int, may uint16) (Entity, int) {
	v, on := &s.view, s.On
	if on.Has(APIKey) && may&anyKey != 0 {
		if e := apiKey(v, i); e > 0 || v.hit {
			return APIKey, e
		}
	}
	if on.Has(Crypto) && q-i >= shortestWallet {
		if e := wallet(v, i); e > 0 || v.hit {
			return Crypto, e
		}
	}
	if on.Has(IBAN) && may&anyIBAN != 0 {
		if e := iban(v, i); e > 0 || v.hit {
			return IBAN, e
		}
	}
	if on.Has(MACAddress) && may&anyMAC != 0 {
		if e := mac(v, i); e > 0 || v.hit {
			return MACAddress, e
		}
	}
	if on.Has(IPAddress) && may&anyIPv6 != 0 {
		if e := ipv6(v, i); e > 0 || v.hit {
			return IPAddress, e
		}
	}
	if may&anyID != 0 {
		if e, end := identifier(v, i, on); end > 0 || v.hit {
			return e, end
		}
	}
	if may&anyNumber != 0 {
		if e, end := s.numeral(i, may&anyDay != 0); end > 0 || v.hit {
			return e, end
		}
	}
	if on.Has(DateOfBirth) && may&anyMonth != 0 {
		if e := birth(v, i, nil); e > 0 || v.hit {
			return DateOfBirth, e
		}
	}
	if on.Has(APIKey) && may&anySecret != 0 {
		if e := secretValue(v, i); e > 0 || v.hit {
			return APIKey, e
		}
	}
	return None, 0
}

// numeral looks for what the number at p is, which may be that of a day.
func (s *Scanner) numeral(p int, day bool) (Entity, int) {
	v, on := &s.view, s.On
	if !opens(v, p) {
		if on.Has(IPAddress) {
			return IPAddress, atHost(v, &s.number, p)
		}
		return None, 0
	}
	if v.before(p-1) == ' ' && isDigit(v.before(p-2)) && !isDigit(v.at(p+1)) && v.at(p) != '+' {
		return None, 0 // within a row of single digits, which is looked at from its beginning
	}
	x := &s.number
	if !x.read(v, p) || v.hit {
		return None, 0
	}
	if x.n >= 6 || x.groups >= 4 {
		if on.Has(CreditCard) && x.n >= 13 {
			if e := card(v, x); e > 0 || v.hit {
				return CreditCard, e
			}
		}
		if on.Has(IPAddress) && x.groups >= 4 {
			if e := ipv4(v, x); e > 0 || v.hit {
				return IPAddress, e
			}
		}
		for kinds := begun[x.size(0)]; kinds != 0; kinds &= kinds - 1 {
			if k := &numerics[bits.TrailingZeros32(kinds)]; on.Has(k.entity) && x.n >= k.n {
				if e := k.match(v, x); e > 0 || v.hit {
					return k.entity, e
				}
			}
		}
	}
	if on.Has(DateOfBirth) && (day || x.groups >= 3 || x.size(0) == 8) {
		if e := birth(v, p, x); e > 0 || v.hit {
			return DateOfBirth, e
		}
	}
	if x.n >= 7 {
		if n := x.size(0); on.Has(KRRRN) && x.n >= 13 && (n == 13 || n == 6 || n == 1) {
			if e := korean(v, x); e > 0 || v.hit {
				return KRRRN, e
			}
		}
		if on.Has(Phone) {
			if e := phone(v, x); e > 0 || v.hit {
				return Phone, e
			}
		}
		if on.Has(USBankNumber) && x.n >= 6 && x.n <= 17 && x.groups == 1 && closes(v, x.end[0]) && v.speaks(p, aboutBank) && v.within(p, 6, aboutAccount) && !v.within(p, 2, aboutOrder) {
			return USBankNumber, x.end[0]
		}
	}
	return None, 0
}

// korean is a resident's number: a day of birth, and seven digits of which the first says
// the century and the sex. Those given since 2020 have no checksum.
func korean(v *view, x *number) int {
	g := x.spelled(13, "-", "67")
	if g == 0 || x.plus || !x.closesGroup(v, g-1) {
		return 0
	}
	d := x.digits[:13]
	if !day(value(d[2:4]), value(d[4:6])) || d[6] < 1 || d[6] > 8 {
		return 0
	}
	checked := (11-weighted(d, "234567892345")%11)%10 == int(d[12])
	if g == 2 && checked || v.speaks(x.start, aboutResident) {
		return x.end[g-1]
	}
	return 0
}

// spaced looks for what is written with a space after each character.
func (s *Scanner) spaced(p int) (Entity, int) {
	v := &s.view
	var b [80]byte
	n := 0
	for n < len(b) && v.at(p+2*n) > ' ' && v.at(p+2*n) < 0x80 {
		b[n] = v.at(p + 2*n)
		n++
		if c := v.at(p + 2*n - 1); c != ' ' {
			if isWord(c) { // the last one begins a word
				n--
			}
			break
		}
	}
	if n < 8 || s.hit {
		return None, 0
	}
	w := view{t: b[:n], last: true}
	if s.On.Has(Email) {
		if start, e := email(&w, 0); e > 0 && start == 0 {
			return Email, p + 2*e - 1
		}
	}
	if s.On.Has(IBAN) {
		if e := iban(&w, 0); e > 0 {
			return IBAN, p + 2*e - 1
		}
	}
	if e, end := identifier(&w, 0, s.On); end > 0 {
		return e, p + 2*end - 1
	}
	return None, 0
}
