// Package schema makes an instance that is valid for a JSON Schema, the same one
// each time, as structured output and tool arguments need it.
//
// It knows the part of JSON Schema that the providers' structured outputs allow:
// types, properties, required, items, enum, const, anyOf, oneOf, allOf, $ref to
// $defs or definitions, bounds of numbers, strings and lists, and formats.
package schema

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
)

// maxDepth ends recursive schemas: below it only what is required is filled.
const maxDepth = 6

// Instance returns a value valid for a schema decoded with UseNumber. The text
// becomes the value of strings that no other rule decides.
func Instance(schema any, text string) any {
	m := maker{root: schema, text: text}
	return m.value(schema, "", 0)
}

type maker struct {
	root any
	text string
}

func (m maker) value(schema any, name string, depth int) any {
	s, ok := schema.(map[string]any)
	if !ok || depth > 4*maxDepth {
		return nil
	}
	s = m.resolve(s)
	if c, ok := s["const"]; ok {
		return c
	}
	if list, ok := s["enum"].([]any); ok && len(list) > 0 {
		return list[0]
	}
	for _, key := range []string{"anyOf", "oneOf"} {
		if list, ok := s[key].([]any); ok && len(list) > 0 {
			return m.value(pick(list, depth), name, depth+1)
		}
	}
	switch typeOf(s, depth) {
	case "object":
		return m.object(s, depth)
	case "array":
		return m.array(s, name, depth)
	case "string":
		return m.str(s, name)
	case "integer", "number":
		return number(s)
	case "boolean":
		return true
	default:
		return nil
	}
}

// pick takes the first alternative; deep inside a recursion, the last one, which by custom is the null or the leaf.
func pick(list []any, depth int) any {
	if depth > maxDepth {
		return list[len(list)-1]
	}
	return list[0]
}

func typeOf(s map[string]any, depth int) string {
	switch t := s["type"].(type) {
	case string:
		return t
	case []any:
		if len(t) > 0 {
			name, _ := pick(t, depth).(string)
			return name
		}
	}
	switch {
	case s["properties"] != nil:
		return "object"
	case s["items"] != nil:
		return "array"
	}
	return "string"
}

// resolve follows $ref and folds allOf into one schema.
func (m maker) resolve(s map[string]any) map[string]any {
	for range maxDepth {
		ref, ok := s["$ref"].(string)
		if !ok {
			break
		}
		target, ok := m.lookup(ref).(map[string]any)
		if !ok {
			break
		}
		s = target
	}
	all, ok := s["allOf"].([]any)
	if !ok {
		return s
	}
	out := maps.Clone(s)
	delete(out, "allOf")
	for _, part := range all {
		if p, ok := part.(map[string]any); ok {
			merge(out, m.resolve(p))
		}
	}
	return out
}

func merge(into, from map[string]any) {
	for k, v := range from {
		old, both := into[k].(map[string]any)
		more, isMap := v.(map[string]any)
		oldList, listed := into[k].([]any)
		moreList, isList := v.([]any)
		switch {
		case both && isMap:
			joined := maps.Clone(old)
			maps.Copy(joined, more)
			into[k] = joined
		case k == "required" && listed && isList:
			into[k] = append(slices.Clip(oldList), moreList...)
		default:
			into[k] = v
		}
	}
}

// lookup finds #/a/b in the root schema.
func (m maker) lookup(ref string) any {
	path, ok := strings.CutPrefix(ref, "#")
	if !ok {
		return nil
	}
	at := m.root
	for _, key := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		if key == "" {
			continue
		}
		key = strings.ReplaceAll(strings.ReplaceAll(key, "~1", "/"), "~0", "~")
		obj, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = obj[key]
	}
	return at
}

func (m maker) object(s map[string]any, depth int) any {
	out := map[string]any{}
	props, _ := s["properties"].(map[string]any)
	required, _ := s["required"].([]any)
	for name, prop := range props {
		if depth > maxDepth && !slices.Contains(required, any(name)) {
			continue
		}
		out[name] = m.value(prop, name, depth+1)
	}
	return out
}

func (m maker) array(s map[string]any, name string, depth int) any {
	n := int(bound(s, "minItems", 1))
	if depth > maxDepth {
		n = int(bound(s, "minItems", 0))
	}
	n = min(n, int(bound(s, "maxItems", math.MaxInt32)), 64)
	out := make([]any, 0, n)
	for range n {
		out = append(out, m.value(s["items"], name, depth+1))
	}
	return out
}

func bound(s map[string]any, key string, otherwise float64) float64 {
	if n, ok := s[key].(json.Number); ok {
		if f, err := n.Float64(); err == nil {
			return f
		}
	}
	return otherwise
}

// number returns the smallest allowed value of at least 1, or the largest allowed.
func number(s map[string]any) any {
	lo := max(bound(s, "minimum", math.Inf(-1)), bound(s, "exclusiveMinimum", math.Inf(-1))+1)
	hi := min(bound(s, "maximum", math.Inf(1)), bound(s, "exclusiveMaximum", math.Inf(1))-1)
	f := min(max(1, lo), hi)
	if step := bound(s, "multipleOf", 0); step > 0 {
		f = math.Ceil(f/step) * step
	}
	if typeOf(s, 0) == "integer" {
		return int64(math.Ceil(f))
	}
	return f
}

func (m maker) str(s map[string]any, name string) string {
	if format, ok := s["format"].(string); ok {
		if v := formatted(format); v != "" {
			return v
		}
	}
	v := m.text
	if v == "" {
		v = name
	}
	if v == "" {
		v = "text"
	}
	r := []rune(v)
	if lo := int(bound(s, "minLength", 0)); len(r) < lo {
		r = append(r, []rune(strings.Repeat("x", lo-len(r)))...)
	}
	if hi := int(bound(s, "maxLength", 200)); len(r) > hi {
		r = r[:hi]
	}
	return string(r)
}

func formatted(format string) string {
	switch format {
	case "date-time":
		return "2026-01-02T03:04:05Z"
	case "date":
		return "2026-01-02"
	case "time":
		return "03:04:05Z"
	case "duration":
		return "PT1H"
	case "email":
		return "someone@example.com"
	case "hostname":
		return "example.com"
	case "uri":
		return "https://example.com/"
	case "ipv4":
		return "192.0.2.1"
	case "ipv6":
		return "2001:db8::1"
	case "uuid":
		return "00000000-0000-4000-8000-000000000001"
	default:
		return ""
	}
}
