package cel

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

var errConvert = errors.New("value cannot be converted")

func toBool(v any) (any, error) {
	switch v := v.(type) {
	case bool:
		return v, nil
	case string:
		switch v {
		case "true", "True", "TRUE", "t", "1":
			return true, nil
		case "false", "False", "FALSE", "f", "0":
			return false, nil
		}
		return nil, errConvert
	}
	return nil, errOverload
}

func toInteger(v any) (any, error) {
	switch v := v.(type) {
	case bool:
		return toInt(v), nil
	case int64:
		return v, nil
	case uint64:
		return ranged(int64(v), v <= math.MaxInt64)
	case float64:
		return ranged(int64(v), fits(v, math.MinInt64, math.MaxInt64))
	case string:
		return value(strconv.ParseInt(decimal(v), 10, 64))
	case time.Time:
		return v.Unix(), nil
	}
	return nil, errOverload
}

// fits reports whether a double lies between two others, the bounds left out.
func fits(v, low, high float64) bool { return v > low && v < high }

func toUnsigned(v any) (any, error) {
	switch v := v.(type) {
	case int64:
		return ranged(uint64(v), v >= 0)
	case uint64:
		return v, nil
	case float64:
		return ranged(uint64(v), v == 0 || fits(v, 0, math.MaxUint64))
	case string:
		return value(strconv.ParseUint(strings.TrimPrefix(decimal(v), "+"), 10, 64))
	}
	return nil, errOverload
}

// decimal removes the spaces around a number.
func decimal(s string) string { return strings.Trim(s, " \t\r\n\v\f") }

func toFloat(v any) (any, error) {
	switch v := v.(type) {
	case int64, uint64, float64:
		return toDouble(v), nil
	case string:
		s := decimal(v)
		if strings.Contains(s, "_") {
			return nil, errConvert
		}
		if strings.ContainsAny(s, "xX") && !strings.ContainsAny(s, "pP") {
			s += "p0" // which only Go wants behind hexadecimal digits
		}
		f, err := strconv.ParseFloat(s, 64)
		if math.IsNaN(f) {
			return math.Float64frombits(0x7ff8 << 48), nil // another NaN than Go's
		}
		if errors.Is(err, strconv.ErrRange) {
			err = nil // infinity
		}
		return f, err
	}
	return nil, errOverload
}

func toText(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case []byte:
		return ranged(string(v), utf8.Valid(v))
	case bool:
		return strconv.FormatBool(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case uint64:
		return strconv.FormatUint(v, 10), nil
	case float64:
		return formatDouble(v), nil
	case time.Duration:
		sign := ""
		if v < 0 {
			sign = "-"
		}
		seconds, rest := v/time.Second, v%time.Second
		return fmt.Sprintf("%s%d%ss", sign, seconds.Abs(), fraction(int64(rest.Abs()))), nil
	case time.Time:
		v = v.UTC()
		return v.Format("2006-01-02T15:04:05") + fraction(int64(v.Nanosecond())) + "Z", nil
	}
	return nil, errOverload
}

// formatDouble writes as few digits as tell the number.
func formatDouble(v float64) string {
	switch {
	case math.IsNaN(v) && math.Signbit(v): // what some processors make of 0/0
		return "-nan(ind)"
	case math.IsNaN(v):
		return "nan"
	case math.IsInf(v, 1):
		return "inf"
	case math.IsInf(v, -1):
		return "-inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// fraction writes nanoseconds with 3, 6 or 9 digits, none if there are none.
func fraction(nanos int64) string {
	switch {
	case nanos == 0:
		return ""
	case nanos%1e6 == 0:
		return fmt.Sprintf(".%03d", nanos/1e6)
	case nanos%1e3 == 0:
		return fmt.Sprintf(".%06d", nanos/1e3)
	}
	return fmt.Sprintf(".%09d", nanos)
}

func toBytes(v any) (any, error) {
	switch v := v.(type) {
	case []byte:
		return v, nil
	case string:
		return []byte(v), nil
	}
	return nil, errOverload
}

func toTimestamp(v any) (any, error) {
	switch v := v.(type) {
	case time.Time:
		return v, nil
	case int64:
		return time.Unix(v, 0).UTC(), nil
	case string:
		return value(time.Parse(time.RFC3339Nano, strings.ToUpper(v)))
	}
	return nil, errOverload
}

func toDuration(v any) (any, error) {
	switch v := v.(type) {
	case time.Duration:
		return v, nil
	case string:
		if strings.ContainsAny(v, "µμ") { // units of Go's only
			return nil, errConvert
		}
		return value(time.ParseDuration(v))
	}
	return nil, errOverload
}
