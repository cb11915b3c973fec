package custom

import "github.com/postern-gateway/postern/adapters/rawjson"

// Follow is what a path leads to in a document, as JSON; false if it is no path.
func Follow(s, event string, v rawjson.Value) (found []string, ok bool) {
	p, ok := parsePath(s)
	at := place{event: []byte(event)}
	for _, v := range at.all(v, p) {
		found = append(found, string(v.Raw()))
	}
	return found, ok
}
