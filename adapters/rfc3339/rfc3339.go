// Package rfc3339 reads and writes times as JSON APIs spell them: 2026-11-26T22:13:20Z.
//
// It knows whole seconds since 1970 and nothing of places or leap seconds; what it
// cannot read is no time. The standard library does all that, and more, at ten times
// the size in the module.
package rfc3339

// Append appends a time in UTC. seconds before the year 0 or beyond 9999 are its ends.
func Append(dst []byte, seconds int64) []byte {
	const least, most = -62167219200, 253402300799
	seconds = min(max(seconds, least), most)
	days := seconds / 86400
	if seconds%86400 < 0 {
		days--
	}
	clock := seconds - days*86400
	y, m, d := date(days)
	dst = pad(pad(dst, y/100, 0), y%100, 0)
	dst = pad(dst, m, '-')
	dst = pad(dst, d, '-')
	dst = append(dst, 'T')
	dst = pad(dst, clock/3600, 0)
	dst = pad(dst, clock/60%60, ':')
	dst = pad(dst, clock%60, ':')
	return append(dst, 'Z')
}

// pad appends two digits, behind a separator if there is one.
//
//go:noinline
func pad(dst []byte, n int64, separator byte) []byte {
	if separator != 0 {
		dst = append(dst, separator)
	}
	return append(dst, '0'+byte(n/10), '0'+byte(n%10))
}

// Parse reads a time, whose fraction of a second is left out.
func Parse(t []byte) (seconds int64, ok bool) {
	const form = "0000-00-00T00:00:00"
	if len(t) < len(form)+1 {
		return 0, false
	}
	for i := range len(form) {
		if c := t[i]; form[i] == '0' && c-'0' > 9 || form[i] != '0' && c != form[i] {
			return 0, false
		}
	}
	y, m, d := two(t)*100+two(t[2:]), two(t[5:]), two(t[8:])
	h, min, s := two(t[11:]), two(t[14:]), two(t[17:])
	if m < 1 || m > 12 || d < 1 || d > 31 || h > 23 || min > 59 || s > 60 {
		return 0, false
	}
	rest := t[len(form):]
	if rest[0] == '.' {
		rest = rest[1:]
		for len(rest) > 0 && rest[0]-'0' <= 9 {
			rest = rest[1:]
		}
	}
	offset, ok := zone(rest)
	return days(y, m, d)*86400 + h*3600 + min*60 + s - offset, ok
}

// zone reads Z or +01:30 as seconds.
func zone(t []byte) (int64, bool) {
	if len(t) == 1 && t[0]|0x20 == 'z' {
		return 0, true
	}
	if len(t) != 6 || t[3] != ':' || t[1]-'0' > 9 || t[2]-'0' > 9 || t[4]-'0' > 9 || t[5]-'0' > 9 {
		return 0, false
	}
	n := two(t[1:])*3600 + two(t[4:])*60
	if t[0] == '-' {
		n = -n
	}
	return n, t[0] == '+' || t[0] == '-'
}

//go:noinline
func two(t []byte) int64 { return int64(t[0]-'0')*10 + int64(t[1]-'0') }

// days counts from 1970; a year begins in March, so that its odd day comes last
// (https://howardhinnant.github.io/date_algorithms.html).
func days(y, m, d int64) int64 {
	if m <= 2 {
		y--
	}
	era := floor(y, 400)
	year := y - era*400
	return era*146097 + year*365 + year/4 - year/100 + ((m+9)%12*153+2)/5 + d - 1 - 719468
}

func date(n int64) (y, m, d int64) {
	n += 719468
	era := floor(n, 146097)
	day := n - era*146097
	year := (day - day/1460 + day/36524 - day/146096) / 365
	day -= year*365 + year/4 - year/100
	month := (5*day + 2) / 153
	y, m, d = year+era*400, (month+2)%12+1, day-(153*month+2)/5+1
	if m <= 2 {
		y++
	}
	return y, m, d
}

func floor(n, by int64) int64 {
	if n < 0 {
		return -((by - 1 - n) / by)
	}
	return n / by
}
