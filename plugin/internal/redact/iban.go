package redact

// ibans are the countries and how many characters theirs have
// (https://www.swift.com/standards/data-standards/iban-international-bank-account-number).
const ibans = "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30"

func ibanLength(a, b byte) int {
	for i := 0; i < len(ibans); i += 4 {
		if ibans[i] == a && ibans[i+1] == b {
			return int(ibans[i+2]-'0')*10 + int(ibans[i+3]-'0')
		}
	}
	return 0
}

// iban is where an account's number ends that begins at p; 0 if it is none. Groups may be
// of any size, with one space, dash or dot between them.
func iban(v *view, p int) int {
	if !isLetter(v.at(p)) || !opensWord(v, p) {
		return 0
	}
	var b [36]byte
	n, want, i := 0, 4, p
	sep := byte(0)
	for n < want {
		c := v.at(i)
		switch {
		case isAlnum(c):
			if n < 2 && !isLetter(c) || (n == 2 || n == 3) && !isDigit(c) {
				return 0
			}
			b[n] = toUpper(c)
			n++
			if n == 2 {
				if want = ibanLength(b[0], b[1]); want == 0 {
					return 0
				}
			}
		case (c == ' ' || c == '-' || c == '.') && n >= 2 && isAlnum(v.before(i-1)) && (sep == 0 || c == sep):
			sep = c
		default:
			return 0
		}
		i++
	}
	if !closesWord(v, i) || mod97(mod97(0, b[4:n]), b[:4]) != 1 {
		return 0
	}
	return i
}
