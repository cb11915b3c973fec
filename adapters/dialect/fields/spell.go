package fields

import "strings"

// Spell is how a client spells a path that a provider has named as OpenAI or Anthropic do:
// rows have the beginnings of paths in either way, and the first that fits holds. It is
// false, and the path as it was, if none fits.
func Spell(path string, rows [][2]string) (string, bool) {
	for i := range rows {
		if rest, ok := strings.CutPrefix(path, rows[i][0]); ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return rows[i][1] + rest, true
		}
	}
	return path, false
}
