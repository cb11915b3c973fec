package limit

import (
	"time"

	"github.com/postern-gateway/postern/adapters/strict"
)

// A Period is how long a window is: a time, which then begins at multiples of it since
// 1970, or a part of the calendar, in UTC.
type Period struct {
	Length time.Duration // 0 is a calendar month
}

const (
	second = int64(time.Second)
	day    = 24 * 60 * 60 * second
	week   = 7 * day
)

// Month is a calendar month in UTC.
func Month() Period { return Period{} }

// String is the period as a configuration has it: 1m, 30d, month.
func (p Period) String() string {
	if p.Length == 0 {
		return "month"
	}
	return strict.FormatDuration(p.Length)
}

// number is which period a time is in, counted since 1970.
func (p Period) number(now int64) int64 {
	if p.Length == 0 {
		y, m := yearMonth(int64(uint64(now) / uint64(day)))
		return y*12 + m - 1
	}
	return int64(uint64(now+p.shift()) / uint64(p.Length))
}

// begins is when a period begins.
func (p Period) begins(number int64) int64 {
	if p.Length == 0 {
		return firstOf(int64(uint64(number)/12), int64(uint64(number)%12)+1) * day
	}
	return number*int64(p.Length) - p.shift()
}

// nominal is a period's length where one is as good as another.
func (p Period) nominal() int64 {
	if p.Length == 0 {
		return 30 * day
	}
	return int64(p.Length)
}

// shift makes weeks begin on a Monday; 1970 began on a Thursday.
func (p Period) shift() int64 {
	if int64(p.Length) < week || uint64(p.Length)%uint64(week) != 0 {
		return 0
	}
	return 3 * day
}

// yearMonth is the year and the month, from 1, of a day since 1970. It counts years from
// March, so that a leap day is the last of one
// (https://howardhinnant.github.io/date_algorithms.html#civil_from_days).
func yearMonth(days int64) (year, month int64) {
	const inEra = 146097       // days of 400 years
	d := uint64(days) + 719468 // to the first of March of the year 0
	era := d / inEra
	doe := d % inEra
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	y, m := era*400+yoe, (5*doy+2)/153+3
	if m > 12 {
		y, m = y+1, m-12
	}
	return int64(y), int64(m)
}

// firstOf is the day since 1970 that a month begins with.
func firstOf(year, month int64) int64 {
	y, m := uint64(year), uint64(month)
	if m <= 2 {
		y, m = y-1, m+12
	}
	return int64(y/400*146097 + y%400*365 + y%400/4 - y%400/100 + (153*(m-3)+2)/5 - 719468)
}
