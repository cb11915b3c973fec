package adaptertest

import "strings"

// Cuts calls check with a text cut in three at any two places, and in all its characters
// and bytes.
func Cuts(text string, check func(pieces ...string)) {
	for a := range len(text) + 1 {
		for b := a; b <= len(text); b++ {
			check(text[:a], text[a:b], text[b:])
		}
	}
	check(strings.Split(text, "")...)
	bytes := make([]string, 0, len(text))
	for i := range len(text) {
		bytes = append(bytes, text[i:i+1])
	}
	check(bytes...)
}
