package cel

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

type style uint8

const (
	styleGlobal style = 1 << iota // f(a, b)
	styleMember                   // a.f(b)
)

// A function is one that expressions can call, with one number of arguments. What
// stands in front of a member's dot is an argument, too.
type function struct {
	name      string
	style     style
	arguments int
	apply     func(*evaluation, []any) (any, error)
}

// functions are all of them: those of the standard library but the ones that take a
// time zone.
var functions = []function{
	{"size", styleGlobal | styleMember, 1, unary(size)},
	{"startsWith", styleGlobal | styleMember, 2, textual(strings.HasPrefix)},
	{"endsWith", styleGlobal | styleMember, 2, textual(strings.HasSuffix)},
	{"contains", styleGlobal | styleMember, 2, textual(strings.Contains)},
	{"matches", styleGlobal | styleMember, 2, matches},
	{"bool", styleGlobal, 1, unary(toBool)},
	{"int", styleGlobal, 1, unary(toInteger)},
	{"uint", styleGlobal, 1, unary(toUnsigned)},
	{"double", styleGlobal, 1, unary(toFloat)},
	{"string", styleGlobal, 1, unary(toText)},
	{"bytes", styleGlobal, 1, unary(toBytes)},
	{"timestamp", styleGlobal, 1, unary(toTimestamp)},
	{"duration", styleGlobal, 1, unary(toDuration)},
	{"dyn", styleGlobal, 1, unary(func(v any) (any, error) { return v, nil })},
	{"type", styleGlobal, 1, unary(func(v any) (any, error) {
		if t, ok := typeOf(v); ok {
			return t, nil
		}
		return nil, errOverload
	})},
	{"getFullYear", styleMember, 1, calendar(time.Time.Year)},
	{"getMonth", styleMember, 1, calendar(func(t time.Time) int { return int(t.Month()) - 1 })},
	{"getDayOfYear", styleMember, 1, calendar(func(t time.Time) int { return t.YearDay() - 1 })},
	{"getDayOfMonth", styleMember, 1, calendar(func(t time.Time) int { return t.Day() - 1 })},
	{"getDate", styleMember, 1, calendar(time.Time.Day)},
	{"getDayOfWeek", styleMember, 1, calendar(func(t time.Time) int { return int(t.Weekday()) })},
	{"getHours", styleMember, 1, clock(time.Time.Hour, func(d time.Duration) int64 { return int64(d / time.Hour) })},
	{"getMinutes", styleMember, 1, clock(time.Time.Minute, func(d time.Duration) int64 { return int64(d / time.Minute) })},
	{"getSeconds", styleMember, 1, clock(time.Time.Second, func(d time.Duration) int64 { return int64(d / time.Second) })},
	{"getMilliseconds", styleMember, 1, clock(func(t time.Time) int { return t.Nanosecond() / 1e6 },
		func(d time.Duration) int64 { return d.Milliseconds() % 1000 })},
}

func unary(f func(any) (any, error)) func(*evaluation, []any) (any, error) {
	return func(_ *evaluation, a []any) (any, error) { return f(a[0]) }
}

func textual(test func(s, part string) bool) func(*evaluation, []any) (any, error) {
	return func(_ *evaluation, a []any) (any, error) {
		s, ok := a[0].(string)
		part, ok2 := a[1].(string)
		if !ok || !ok2 {
			return nil, errOverload
		}
		return test(s, part), nil
	}
}

// matches looks for a regular expression of RE2 anywhere in a string.
func matches(_ *evaluation, a []any) (any, error) {
	s, ok := a[0].(string)
	pattern, ok2 := a[1].(string)
	if !ok || !ok2 {
		return nil, errOverload
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	return re.MatchString(s), nil
}

// size is that of a string in code points.
func size(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return int64(utf8.RuneCountInString(v)), nil
	case []byte:
		return int64(len(v)), nil
	case []any:
		return int64(len(v)), nil
	case Map:
		return int64(v.Len()), nil
	}
	return nil, errOverload
}

func calendar(part func(time.Time) int) func(*evaluation, []any) (any, error) {
	return func(_ *evaluation, a []any) (any, error) {
		t, ok := a[0].(time.Time)
		if !ok {
			return nil, errOverload
		}
		return int64(part(t.UTC())), nil
	}
}

func clock(of func(time.Time) int, ofDuration func(time.Duration) int64) func(*evaluation, []any) (any, error) {
	return func(e *evaluation, a []any) (any, error) {
		if d, ok := a[0].(time.Duration); ok {
			return ofDuration(d), nil
		}
		return calendar(of)(e, a)
	}
}
