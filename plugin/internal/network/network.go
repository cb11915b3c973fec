// Package network reads addresses of IP and tells which network they are in.
//
// An IPv4 address and the IPv6 address that stands for it (::ffff:192.0.2.1) are the
// same address. net/netip does all this and more, and would make the module 110 KB
// larger.
package network

import (
	"strconv"
	"strings"
)

// An Address is of IPv6, or of IPv4 in the form of IPv6. The zero Address is none.
type Address struct{ high, low uint64 }

// mapped begins the lower half of an address that stands for one of IPv4
// (https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2).
const mapped = 0xffff << 32

// None reports whether there is no address.
func (a Address) None() bool { return a == Address{} }

// V4 reports whether it is an address of IPv4.
func (a Address) V4() bool { return a.high == 0 && a.low>>32 == 0xffff }

// Halves are the address as two numbers, for who keys something by it.
func (a Address) Halves() (high, low uint64) { return a.high, a.low }

// String is the address in one spelling; empty for none. Groups of zeros are written.
func (a Address) String() string {
	var b []byte
	switch {
	case a.None():
	case a.V4():
		b = make([]byte, 0, len("255.255.255.255."))
		for shift := 24; shift >= 0; shift -= 8 {
			b = append(appendOctet(b, byte(a.low>>shift)), '.')
		}
	default:
		for _, half := range [...]uint64{a.high, a.low} {
			for shift := 48; shift >= 0; shift -= 16 {
				b = append(strconv.AppendUint(b, half>>shift&0xffff, 16), ':')
			}
		}
	}
	return string(b[:max(0, len(b)-1)])
}

func appendOctet(b []byte, n byte) []byte {
	if n >= 100 {
		b = append(b, '0'+n/100)
	}
	if n >= 10 {
		b = append(b, '0'+n/10%10)
	}
	return append(b, '0'+n%10)
}

// Plain is how many bytes of a text are an address of IPv4 that it begins with and that has nothing
// behind it but a port: as most proxies write most of their clients, and as String does; 0 if it is
// something else. It is asked for each request, and short: leading4 is for all others.
func Plain(s string) int {
	const none = 256
	x, dots := uint(none), 0
	for i := range len(s) {
		c := s[i]
		switch d := uint(c - '0'); {
		case d <= 9 && x == none:
			x = d
		case d <= 9 && x != 0 && x*10+d < none:
			x = x*10 + d
		case c == '.' && x != none && dots < 3:
			x, dots = none, dots+1
		case c == ':' && x != none && dots == 3 && isPort(s[i+1:]):
			return i
		default:
			return 0
		}
	}
	if x == none || dots < 3 {
		return 0
	}
	return len(s)
}

// A Prefix is a network: the addresses that begin with the same bits.
type Prefix struct {
	address Address
	bits    int // 0 to 128
}

// Contains reports whether an address is in the network. None is in none.
func (p Prefix) Contains(a Address) bool { return !a.None() && a.masked(p.bits) == p.address }

// Within is the network of so many bits that the address is in: of an IPv4 address, bits
// of its own 32. It is for who counts the addresses of one client together.
func (a Address) Within(bits4, bits6 int) Address {
	if a.V4() {
		return a.masked(96 + bits4)
	}
	return a.masked(bits6)
}

func (a Address) masked(bits int) Address {
	if bits <= 64 {
		return Address{high: a.high & mask(bits)}
	}
	return Address{a.high, a.low & mask(bits-64)}
}

// mask has so many ones, 0 to 64, and zeros after them.
func mask(bits int) uint64 { return ^uint64(0) << (64 - bits) }

// ParsePrefix reads a network such as 192.0.2.0/24 or 2001:db8::/32, or a single address.
// Bits after the prefix have to be zero: what has some is a mistake.
func ParsePrefix(s string) (Prefix, bool) {
	text, length, slash := strings.Cut(s, "/")
	a, ok := parse(text)
	if !ok {
		return Prefix{}, false
	}
	most, bits := 128, 128
	if !strings.Contains(text, ":") {
		most = 32
	}
	if slash {
		if bits, ok = decimal(length, most); !ok {
			return Prefix{}, false
		}
		bits += 128 - most
	}
	return Prefix{a, bits}, a.masked(bits) == a
}

// Parse reads an address as proxies write it: 192.0.2.1, 192.0.2.1:8080, 2001:db8::1,
// [2001:db8::1]:8080. The unspecified address :: is none.
func Parse(s string) (Address, bool) {
	if n, rest, ok := leading4(s); ok && isEnd(rest) { // as nearly all are
		return Address{low: mapped | uint64(n)}, true
	}
	s = strings.TrimSpace(s)
	var port string
	has := false
	if inner, ok := strings.CutPrefix(s, "["); ok {
		var rest string
		if s, rest, ok = strings.Cut(inner, "]"); !ok || !strings.Contains(s, ":") {
			return Address{}, false
		}
		if port, has = strings.CutPrefix(rest, ":"); !has && rest != "" {
			return Address{}, false
		}
	} else if strings.Count(s, ":") == 1 {
		s, port, has = strings.Cut(s, ":")
	}
	if has && !isPort(port) {
		return Address{}, false
	}
	if text, zone, ok := strings.Cut(s, "%"); ok && zone != "" && strings.Contains(text, ":") {
		s = text // of a link-local address, says which link
	}
	a, ok := parse(s)
	return a, ok && !a.None()
}

func parse(s string) (Address, bool) {
	if !strings.Contains(s, ":") {
		n, ok := parse4(s)
		if !ok {
			return Address{}, false
		}
		return Address{low: mapped | uint64(n)}, true
	}
	return parse6(s)
}

func parse4(s string) (n uint32, ok bool) {
	n, rest, ok := leading4(s)
	return n, ok && rest == ""
}

// leading4 reads the IPv4 address that a text begins with: four numbers without zeros in front,
// which some take for octal.
func leading4(s string) (n uint32, rest string, ok bool) {
	for i := range 4 {
		x, at := uint32(0), 0
		for ; at < len(s) && at < 3 && s[at]-'0' <= 9; at++ {
			x = x*10 + uint32(s[at]-'0')
		}
		if at == 0 || x > 255 || at > 1 && s[0] == '0' {
			return 0, "", false
		}
		if s = s[at:]; i < 3 {
			if s == "" || s[0] != '.' {
				return 0, "", false
			}
			s = s[1:]
		}
		n = n<<8 | x
	}
	return n, s, true
}

// isEnd reports whether a text is what can be behind an address: a port or nothing.
func isEnd(s string) bool { return s == "" || s[0] == ':' && isPort(s[1:]) }

func isPort(s string) bool {
	_, ok := decimal(s, 1<<16-1)
	return ok
}

// parse6 reads what https://www.rfc-editor.org/rfc/rfc4291#section-2.2 describes: groups
// of sixteen bits, of which one run of zeros may be ::, and the last two of which may be
// an IPv4 address.
func parse6(s string) (Address, bool) {
	head, tail, gap := strings.Cut(s, "::")
	var front, back [8]uint16
	n, ok := groups(&front, head, !gap)
	m, fine := groups(&back, tail, true)
	if !ok || !fine || !gap && n != 8 || gap && n+m > 7 {
		return Address{}, false
	}
	for i := range m {
		front[8-m+i] = back[i]
	}
	var a Address
	for i := range 4 {
		a.high, a.low = a.high<<16|uint64(front[i]), a.low<<16|uint64(front[i+4])
	}
	return a, true
}

// groups reads those on one side of ::. Only at the end can there be an IPv4 address.
func groups(dst *[8]uint16, s string, last bool) (n int, ok bool) {
	for more := s != ""; more; {
		var part string
		part, s, more = strings.Cut(s, ":")
		if last && !more && strings.Contains(part, ".") {
			v4, ok := parse4(part)
			if !ok || n > 6 {
				return 0, false
			}
			dst[n], dst[n+1] = uint16(v4>>16), uint16(v4)
			return n + 2, true
		}
		if n == 8 || len(part) > 4 {
			return 0, false
		}
		x, err := strconv.ParseUint(part, 16, 16)
		if err != nil || part[0] == '+' {
			return 0, false
		}
		dst[n] = uint16(x)
		n++
	}
	return n, true
}

// decimal reads a number without sign and without zeros in front, which some take for
// octal.
func decimal(s string, most int) (int, bool) {
	if s == "" || len(s) > 5 || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, n <= most
}

// Forwarded is the address that the n-th proxy from the end has noted in
// x-forwarded-for, n from 1: each has added the one that it was called from. What is
// before that a client can have written itself.
func Forwarded(header string, n int) (Address, bool) {
	for ; n > 1; n-- {
		i := strings.LastIndexByte(header, ',')
		if i < 0 {
			return Address{}, false
		}
		header = header[:i]
	}
	return Parse(header[strings.LastIndexByte(header, ',')+1:])
}
