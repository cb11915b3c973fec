package schema

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A Fault is what strict structured output refuses in a schema.
type Fault struct {
	Context []string // the keys that lead to it
	Open    bool     // an object without additionalProperties: false
	Missing string   // a property that is not in required
}

// InContext prints the context as OpenAI does: ('properties', 'a').
func (f Fault) InContext() string {
	quoted := make([]string, len(f.Context))
	for i, c := range f.Context {
		quoted[i] = "'" + c + "'"
	}
	if len(quoted) == 1 {
		return "(" + quoted[0] + ",)"
	}
	return "(" + strings.Join(quoted, ", ") + ")"
}

// Strict returns what keeps a schema from strict structured output: every object
// must be closed and, if all is set, must require each of its properties.
func Strict(schema any, all bool) (Fault, bool) {
	return strict(schema, nil, all)
}

func strict(schema any, at []string, all bool) (Fault, bool) {
	s, ok := schema.(map[string]any)
	if !ok {
		return Fault{}, true
	}
	props, _ := s["properties"].(map[string]any)
	names := slices.Sorted(maps.Keys(props))
	if s["type"] == "object" || props != nil {
		if s["additionalProperties"] != false {
			return Fault{Context: at, Open: true}, false
		}
		required, _ := s["required"].([]any)
		for _, name := range names {
			if all && !slices.Contains(required, any(name)) {
				return Fault{Context: at, Missing: name}, false
			}
		}
	}
	for _, name := range names {
		if f, ok := strict(props[name], append(slices.Clip(at), "properties", name), all); !ok {
			return f, false
		}
	}
	if f, ok := strict(s["items"], append(slices.Clip(at), "items"), all); !ok {
		return f, false
	}
	for _, key := range []string{"anyOf", "oneOf", "allOf"} {
		list, _ := s[key].([]any)
		for i, part := range list {
			if f, ok := strict(part, append(slices.Clip(at), key, strconv.Itoa(i)), all); !ok {
				return f, false
			}
		}
	}
	for _, key := range []string{"$defs", "definitions"} {
		defs, _ := s[key].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(defs)) {
			if f, ok := strict(defs[name], append(slices.Clip(at), key, name), all); !ok {
				return f, false
			}
		}
	}
	return Fault{}, true
}
