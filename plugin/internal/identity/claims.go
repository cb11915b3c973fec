package identity

import (
	"strings"
	"unicode/utf8"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

const (
	// maxToken bounds a token; cookies and headers of proxies end far below.
	maxToken = 16 << 10
	maxDepth = 16
	maxNodes = 4096
	// maxName bounds names from outside, and maxNames how many of a kind there are.
	maxName  = 255
	maxNames = 256
)

// at is the member of an object at a path: names with dots between them, where a name may
// have dots itself ("kubernetes.io.namespace"). The shortest names that lead somewhere win.
func at(object rawjson.Value, path string) rawjson.Value {
	if path == "" {
		return rawjson.Value{}
	}
	if v := object.Get(path); v.Exists() {
		return v
	}
	for i := 0; i < len(path); i++ {
		if path[i] != '.' {
			continue
		}
		if v := object.Get(path[:i]); v.Kind() == rawjson.Object {
			if v = at(v, path[i+1:]); v.Exists() {
				return v
			}
		}
	}
	return rawjson.Value{}
}

// scalar is a value as text, for those that are one thing.
func scalar(v rawjson.Value) (string, bool) {
	switch v.Kind() {
	case rawjson.String:
		return v.Str(), true
	case rawjson.Number, rawjson.Bool:
		return string(v.Raw()), true
	}
	return "", false
}

// list is a value as texts: the strings of an array, or what a string has between spaces,
// as OAuth writes scopes. ok is false for anything else.
func list(v rawjson.Value) (texts []string, ok bool) {
	switch v.Kind() {
	case rawjson.String:
		return strings.Fields(v.Str()), true
	case rawjson.Array:
		for it := v.Items(); it.Next(); {
			text, ok := scalar(it.Value)
			if !ok {
				return nil, false
			}
			texts = append(texts, text)
		}
		return texts, true
	}
	return nil, false
}

// IsName reports whether a text from outside can name somebody: printable ASCII, so that
// it can stand in headers and logs and looks like no other name.
func IsName(s string) bool {
	if s == "" || len(s) > maxName || s[0] == ' ' || s[len(s)-1] == ' ' {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// isLabel is IsName for what only is compared with names: it may have letters of any script.
func isLabel(s string) bool {
	if s == "" || len(s) > maxName || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 {
			return false
		}
	}
	return true
}

// areLabels is isLabel for all of a list that is not too long.
//
//go:noinline
func areLabels(texts []string) bool {
	for _, s := range texts {
		if !isLabel(s) {
			return false
		}
	}
	return len(texts) <= maxNames
}
