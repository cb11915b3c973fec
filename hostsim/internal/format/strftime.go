package format

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// strftime compiles a time layout.
func strftime(layout string) (func([]byte, time.Time) []byte, error) {
	var parts []func([]byte, time.Time) []byte
	for layout != "" {
		before, rest, found := strings.Cut(layout, "%")
		if before != "" {
			parts = append(parts, func(b []byte, _ time.Time) []byte { return append(b, before...) })
		}
		if !found {
			break
		}
		if rest == "" {
			return nil, fmt.Errorf("time format ends in a percent sign")
		}
		digits := 9
		if rest[0] >= '1' && rest[0] <= '9' && len(rest) > 1 && rest[1] == 'f' {
			digits, rest = int(rest[0]-'0'), rest[1:]
		}
		p := timePart(rest[0], digits)
		if p == nil {
			return nil, fmt.Errorf("time format %%%c is not supported", rest[0])
		}
		parts = append(parts, p)
		layout = rest[1:]
	}
	return func(b []byte, t time.Time) []byte {
		for _, p := range parts {
			b = p(b, t)
		}
		return b
	}, nil
}

func timePart(c byte, digits int) func([]byte, time.Time) []byte {
	layouts := map[byte]string{
		'Y': "2006", 'm': "01", 'd': "02", 'H': "15", 'M': "04", 'S': "05", 'y': "06", 'b': "Jan", 'B': "January",
		'a': "Mon", 'A': "Monday", 'j': "002", 'e': "_2", 'I': "03", 'p': "PM", 'F': "2006-01-02", 'T': "15:04:05",
		'D': "01/02/06", 'R': "15:04", 'Z': "MST", 'z': "-0700", 'E': "",
	}
	switch c {
	case '%':
		return func(b []byte, _ time.Time) []byte { return append(b, '%') }
	case 's':
		return func(b []byte, t time.Time) []byte { return strconv.AppendInt(b, t.Unix(), 10) }
	case 'f':
		return func(b []byte, t time.Time) []byte {
			return append(b, fmt.Sprintf("%09d", t.Nanosecond())[:digits]...)
		}
	}
	layout := layouts[c]
	if layout == "" {
		return nil
	}
	return func(b []byte, t time.Time) []byte { return t.AppendFormat(b, layout) }
}
