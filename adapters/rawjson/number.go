package rawjson

import "strconv"

// ParseFloat is the value of a number as JSON spells it. ok is false for one that is too large, whose value is
// infinite, and for what is no number.
//
// Nearly all numbers are an integer of up to 15 digits over a power of ten, both of which a float64 is exactly, so
// that their quotient is what strconv finds as well: with far more code.
//
//go:noinline
func ParseFloat(raw []byte) (f float64, ok bool) {
	const exact = 15
	digits, fraction, point := 0, 0, false
	var n uint64
	for _, c := range raw {
		switch {
		case c >= '0' && c <= '9':
			n, digits = n*10+uint64(c-'0'), digits+1
			if point {
				fraction++
			}
		case c == '.' && !point && digits > 0:
			point = true
		default:
			digits = exact + 1 // a sign, an exponent, or nothing that is known here
		}
		if digits > exact {
			f, err := strconv.ParseFloat(string(raw), 64)
			return f, err == nil
		}
	}
	if digits == 0 || point && fraction == 0 {
		return 0, false
	}
	return float64(n) / powersOfTen[fraction], true
}

var powersOfTen = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}
