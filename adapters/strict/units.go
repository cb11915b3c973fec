package strict

import (
	"math"
	"strconv"
	"time"
)

// A unit is a name and how much it stands for.
type unit struct {
	name string
	size int64
}

// durations and sizes are from large to small, as values are written.
func durations() [7]unit {
	return [...]unit{
		{"w", int64(7 * 24 * time.Hour)}, {"d", int64(24 * time.Hour)}, {"h", int64(time.Hour)},
		{"m", int64(time.Minute)}, {"s", int64(time.Second)}, {"ms", int64(time.Millisecond)}, {"us", int64(time.Microsecond)},
	}
}

func sizes() [9]unit {
	return [...]unit{
		{"TiB", 1 << 40}, {"TB", 1e12}, {"GiB", 1 << 30}, {"GB", 1e9}, {"MiB", 1 << 20},
		{"MB", 1e6}, {"KiB", 1 << 10}, {"kB", 1e3}, {"B", 1},
	}
}

const (
	durationPattern = `^([0-9]+(\\.[0-9]+)?(w|d|h|m|s|ms|us))+$`
	sizePattern     = `^[0-9]+(\\.[0-9]+)?([TGMK]iB|[TGMk]B|KB|B)$`
)

// ParseDuration reads one or several numbers with units: "10m", "1h30m", "1.5s". A
// day has 24 hours, a week seven days. Zero needs a unit as well.
func ParseDuration(s string) (time.Duration, bool) {
	units := durations()
	var sum float64
	for first := true; first || s != ""; first = false {
		f, rest, ok := leadingNumber(s)
		if !ok {
			return 0, false
		}
		n := 0
		for n < len(rest) && rest[n] >= 'a' && rest[n] <= 'z' {
			n++
		}
		size := find(units[:], rest[:n])
		if size == 0 {
			return 0, false
		}
		sum += f * float64(size)
		s = rest[n:]
	}
	if sum >= math.MaxInt64 {
		return 0, false
	}
	return time.Duration(math.Round(sum)), true
}

// ParseBytes reads a number with a unit: "64MiB", "1.5GB", "512B".
func ParseBytes(s string) (int, bool) {
	f, rest, ok := leadingNumber(s)
	if rest == "KB" {
		rest = "kB"
	}
	units := sizes()
	size := find(units[:], rest)
	if !ok || size == 0 || f*float64(size) >= math.MaxInt64 {
		return 0, false
	}
	return int(f * float64(size)), true
}

func find(units []unit, name string) int64 {
	for _, u := range units {
		if u.name == name {
			return u.size
		}
	}
	return 0
}

// leadingNumber parts s behind its decimal digits.
func leadingNumber(s string) (f float64, rest string, ok bool) {
	n := digits(s)
	if n == 0 {
		return 0, s, false
	}
	if n < len(s) && s[n] == '.' {
		more := digits(s[n+1:])
		if more == 0 {
			return 0, s, false
		}
		n += 1 + more
	}
	f, err := strconv.ParseFloat(s[:n], 64)
	return f, s[n:], err == nil
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// FormatDuration writes d in the largest unit that leaves no rest.
func FormatDuration(d time.Duration) string {
	units := durations()
	if d == 0 {
		return "0s"
	}
	return format(int64(d), units[1:]) // weeks read badly: 30d, not 4w2d
}

// FormatBytes writes n in the largest unit that leaves no rest.
func FormatBytes(n int) string {
	units := sizes()
	if n == 0 {
		return "0B"
	}
	return format(int64(n), units[:])
}

func format(n int64, units []unit) string {
	for _, u := range units {
		if n%u.size == 0 {
			return strconv.FormatInt(n/u.size, 10) + u.name
		}
	}
	last := units[len(units)-1]
	return strconv.FormatFloat(float64(n)/float64(last.size), 'f', -1, 64) + last.name
}
