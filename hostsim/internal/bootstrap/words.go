package bootstrap

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

func lower(s string) string { return strings.ToLower(s) }

func lowerAll(list []string) []string {
	for i := range list {
		list[i] = lower(list[i])
	}
	return list
}

func contains(list []string, s string) bool { return slices.Contains(list, s) }

// splitList splits at commas.
func splitList(s string) []string {
	var out []string
	for _, w := range strings.Split(s, ",") {
		if w = strings.TrimSpace(w); w != "" {
			out = append(out, w)
		}
	}
	return out
}

func inRange(start, end int) Matcher {
	return func(s string) bool {
		v, err := strconv.Atoi(s)
		return err == nil && v >= start && v < end
	}
}

// goTemplate turns \1 into ${1}.
func goTemplate(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '$':
			b.WriteString("$$")
		case s[i] == '\\' && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9':
			b.WriteString("${" + s[i+1:i+2] + "}")
			i++
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == '\\':
			b.WriteByte('\\')
			i++
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// readMetadata reads metadata.filter_metadata: a structure by name.
func readMetadata(o *object) map[string]any {
	m, ok := o.child("metadata")
	if !ok {
		return nil
	}
	v := map[string]any{}
	if n := m.value("filter_metadata"); n != nil {
		if err := json.Unmarshal(n.json(), &v); err != nil {
			m.failAt("filter_metadata", "want an object, got %s", n.kind)
		}
	}
	m.done()
	return v
}
