// Package glob matches names with patterns in which * stands for any characters.
package glob

import "strings"

// Any reports whether any of the patterns matches.
//
//go:noinline
func Any(patterns []string, s string) bool {
	for _, p := range patterns {
		if Match(p, s) {
			return true
		}
	}
	return false
}

// Match matches * in pattern with any characters, in linear time for each star.
func Match(pattern, s string) bool {
	star := strings.IndexByte(pattern, '*')
	if star < 0 {
		return pattern == s
	}
	if len(s) < star || s[:star] != pattern[:star] {
		return false
	}
	s = s[star:]
	rest := pattern[star+1:]
	if rest == "" {
		return true
	}
	for {
		part, more, star := strings.Cut(rest, "*")
		if !star {
			return strings.HasSuffix(s, part)
		}
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s, rest = s[i+len(part):], more
	}
}
