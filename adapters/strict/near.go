package strict

import "strings"

const mostCompared = 32 // bytes of a name

// Near is a suggestion, ` (did you mean "attempts"?)`, if one of the names is spelled
// almost like got, and otherwise empty.
func Near(got string, names []string) string {
	plain := fold(got)
	best, bestAt := max(1, len(plain)/3)+1, ""
	for _, name := range names {
		if d := distance(plain, fold(name), best); d < best {
			best, bestAt = d, name
		}
	}
	if bestAt == "" {
		return ""
	}
	return " (did you mean " + Quote(bestAt) + "?)"
}

// fold leaves out what people confuse: case, and how words are joined.
func fold(s string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s))
}

// distance is how many bytes to insert, delete, replace or swap with their neighbour
// make a into b; below bound it is exact.
func distance(a, b string, bound int) int {
	if len(a) > mostCompared || len(b) > mostCompared || len(a)-len(b) >= bound || len(b)-len(a) >= bound {
		return bound
	}
	var older, old, row [mostCompared + 1]int
	for j := range len(b) + 1 {
		old[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replace := old[j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			row[j] = min(replace, old[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
		older, old = old, row
	}
	return old[len(b)]
}
