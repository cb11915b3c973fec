package redact

// card is where a payment card's number ends; 0 if it is none. Ranges of issuers:
// https://en.wikipedia.org/wiki/Payment_card_number#Issuer_identification_number_(IIN)
func card(v *view, x *number) int {
	if x.plus || x.paren || x.n < 13 {
		return 0
	}
	switch x.size(0) {
	case 1, 4, 8, 13, 14, 15, 16, 19:
	default:
		if !v.speaks(x.start, aboutCard) {
			return 0
		}
	}
	for _, n := range [...]int{16, 15, 14, 13, 19} {
		if x.n < n || !issued(x.digits[:n], n) || !luhn(x.digits[:n]) {
			continue
		}
		g := x.spelled(n, " -./", "4444", "465", "464", "4443", "44443", "88", "4c")
		if g == 0 && v.speaks(x.start, aboutCard) { // any other grouping
			for i := range x.groups {
				if int(x.count[i]) == n {
					g = i + 1
				}
			}
		}
		if g == 0 || !x.closesGroup(v, g-1) {
			continue
		}
		if n == 13 && !v.speaks(x.start, aboutCard) { // 13 digits are mostly article numbers
			continue
		}
		if g == 1 && v.within(x.start, 2, aboutOrder) {
			continue
		}
		return x.end[g-1]
	}
	return 0
}

// issued reports whether an issuer of cards has numbers of n digits that begin so.
func issued(d []byte, n int) bool {
	p2, p3, p4 := value(d[:2]), value(d[:3]), value(d[:4])
	switch n {
	case 13:
		return d[0] == 4
	case 14:
		return p3 >= 300 && p3 <= 305 || p3 == 309 || p2 == 36 || p2 == 38 || p2 == 39
	case 15:
		return p2 == 34 || p2 == 37 || p4 == 1800 || p4 == 2131
	case 16:
		return d[0] == 4 && !same(d) || p2 >= 51 && p2 <= 55 || p4 >= 2221 && p4 <= 2720 || p4 == 6011 || p2 == 65 || p3 >= 644 && p3 <= 649 ||
			p4 >= 3528 && p4 <= 3589 || p2 == 62 || p2 == 81 || p2 == 60 || p2 == 50 || p2 == 56 || p2 == 58 || p2 == 63 || p2 == 67 || p4 >= 2200 && p4 <= 2204
	case 19:
		return d[0] == 4 || p2 == 62 || p2 == 63 || p2 == 67 || p2 == 60 || p2 == 65
	}
	return false
}
