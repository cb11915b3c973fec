package access

import "strings"

// Hours are a part of every week, in minutes since Monday began in UTC: from the first to
// before the last. The last may be in the next week.
type Hours struct{ from, to int16 }

const (
	minutesInDay  = 24 * 60
	minutesInWeek = 7 * minutesInDay
)

// days are the names of the days of the week.
var days = [...]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// Open reports whether a time, in nanoseconds since 1970, is in some of the hours.
func Open(list []Hours, now int64) bool { return open(list, now) }

// open reports whether a time, in nanoseconds since 1970, is in some of the hours.
func open(list []Hours, now int64) bool {
	const firstDay = 3 // 1970 began on a Thursday
	minute := int16((now/60e9 + firstDay*minutesInDay) % minutesInWeek)
	for _, h := range list {
		if h.from <= minute && minute < h.to || minute+minutesInWeek < h.to {
			return true
		}
	}
	return false
}

// ParseHours reads days, times and the time zone, such as "mon-fri 08:00-18:00 +01:00".
// Without days it is every day, without times the whole day, without a zone UTC. Times
// that go past midnight belong to the day on which they begin.
func ParseHours(s string) ([]Hours, bool) {
	week, from, to, east := [7]bool{true, true, true, true, true, true, true}, 0, minutesInDay, 0
	words := strings.Fields(s)
	rest := words
	ok := true
	if len(rest) > 0 && rest[0][0]|0x20 >= 'a' && rest[0] != "UTC" {
		if week, ok = parseDays(strings.ToLower(rest[0])); !ok {
			return nil, false
		}
		rest = rest[1:]
	}
	if len(rest) > 0 && rest[0][0] >= '0' && rest[0][0] <= '9' {
		if from, to, ok = parseTimes(rest[0]); !ok {
			return nil, false
		}
		rest = rest[1:]
	}
	if len(rest) == len(words) { // a zone alone says nothing
		return nil, false
	}
	if len(rest) > 0 {
		if east, ok = parseZone(rest[0]); !ok {
			return nil, false
		}
		rest = rest[1:]
	}
	var list []Hours
	for d, there := range week {
		if there {
			start := (d*minutesInDay + from - east + minutesInWeek) % minutesInWeek
			list = append(list, Hours{int16(start), int16(start + to - from)})
		}
	}
	return list, len(rest) == 0
}

// parseDays reads days and ranges of days between commas. A range may go past Sunday.
func parseDays(s string) (week [7]bool, ok bool) {
	for more := true; more; {
		var part string
		part, s, more = strings.Cut(s, ",")
		first, last, span := strings.Cut(part, "-")
		if !span {
			last = first
		}
		from, to := day(first), day(last)
		if from < 0 || to < 0 {
			return week, false
		}
		for d := from; ; d = (d + 1) % 7 {
			week[d] = true
			if d == to {
				break
			}
		}
	}
	return week, true
}

func day(name string) int {
	for i, d := range days {
		if d == name {
			return i
		}
	}
	return -1
}

// parseTimes reads 08:00-18:00. If the second is not later it is on the next day.
func parseTimes(s string) (from, to int, ok bool) {
	first, last, _ := strings.Cut(s, "-")
	from, ok = clock(first)
	to, fine := clock(last)
	if !ok || !fine || from == to || from == minutesInDay {
		return 0, 0, false
	}
	if to < from {
		to += minutesInDay
	}
	return from, to, true
}

// clock reads a time of day; 24:00 is its end.
func clock(s string) (minute int, ok bool) {
	if len(s) != len("00:00") || s[2] != ':' {
		return 0, false
	}
	for _, i := range [...]int{0, 1, 3, 4} {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	h, m := int(s[0]-'0')*10+int(s[1]-'0'), int(s[3]-'0')*10+int(s[4]-'0')
	minute = h*60 + m
	return minute, m < 60 && minute <= minutesInDay
}

// parseZone reads how far east of Greenwich clocks are set, in minutes.
func parseZone(s string) (east int, ok bool) {
	if s == "UTC" || s == "Z" {
		return 0, true
	}
	const most = 14 * 60
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	if east, ok = clock(s[1:]); s[0] == '-' {
		east = -east
	}
	return east, ok && -most <= east && east <= most
}
