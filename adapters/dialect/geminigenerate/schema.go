package geminigenerate

import (
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// mostOrdered bounds the properties that are put in order: each is looked for.
const mostOrdered = 256

// appendSchema writes a schema of this API's own kind
// (https://ai.google.dev/api/caching#Schema), a part of OpenAPI's, as a JSON Schema: types
// in lower case, null as one of them, bounds as numbers, properties in the order that is
// wanted. The tape was made within the parser's bound of depth, so recursion is bounded.
func appendSchema(dst []byte, s rawjson.Value) []byte {
	if s.Kind() != rawjson.Object {
		return put(dst, s.Raw())
	}
	nullable, _ := s.Get("nullable").Bool()
	dst = append(dst, '{')
	for it := s.Cursor(); it.Next(); {
		k, v := it.Key, it.Value
		name := camel(k)
		switch name {
		case "nullable", "example", "propertyOrdering":
			continue // null is a type; an example is of OpenAPI alone; the order is that of the properties
		case "type":
			if v.Is("TYPE_UNSPECIFIED") {
				continue
			}
		}
		if v.IsNull() && name != "default" || !k.Is(name) && s.Get(name).Exists() {
			continue
		}
		dst = add(quoted(comma(dst), "", name), ":")
		dst = appendKeyword(dst, s, name, v, nullable)
	}
	return append(dst, '}')
}

func appendKeyword(dst []byte, s rawjson.Value, name string, v rawjson.Value, nullable bool) []byte {
	switch name {
	case "type":
		return appendType(dst, v, nullable)
	case "properties", "$defs", "defs":
		return appendProperties(dst, v, get(s, "propertyOrdering"))
	case "items", "additionalProperties":
		return appendSchema(dst, v)
	case "anyOf", "oneOf", "allOf", "prefixItems":
		return appendList(dst, v, nullable && name == "anyOf" && !s.Get("type").Exists(), `{"type":"null"}`)
	case "enum":
		return appendList(dst, v, nullable, "null")
	case "minItems", "maxItems", "minProperties", "maxProperties", "minLength", "maxLength":
		if t := inner(v); isNumber(t) { // as 64 bits are spelled
			return put(dst, t)
		}
	}
	return put(dst, v.Raw())
}

func appendType(dst []byte, v rawjson.Value, nullable bool) []byte {
	if v.Kind() != rawjson.String {
		return put(dst, v.Raw())
	}
	name := []byte(v.Str())
	for i, c := range name {
		if c-'A' < 26 {
			name[i] = c | 0x20
		}
	}
	if !nullable || string(name) == "null" {
		return quoted(dst, "", string(name))
	}
	return add(quoted(dst, "[", string(name)), `,"null"]`)
}

// appendList writes an array, with one more element if null is allowed and not in it.
func appendList(dst []byte, v rawjson.Value, null bool, spelled string) []byte {
	if v.Kind() != rawjson.Array {
		return put(dst, v.Raw())
	}
	dst = append(dst, '[')
	for it := v.Cursor(); it.Next(); {
		e := it.Value
		dst = appendSchema(comma(dst), e) // which any other value passes as it is
		null = null && !e.IsNull()
	}
	if null {
		dst = add(comma(dst), spelled)
	}
	return append(dst, ']')
}

// appendProperties writes an object of schemas: first those that an order names.
func appendProperties(dst []byte, v, order rawjson.Value) []byte {
	if v.Kind() != rawjson.Object {
		return put(dst, v.Raw())
	}
	dst = append(dst, '{')
	if order.Kind() != rawjson.Array || order.Len() > mostOrdered || v.Len() > mostOrdered {
		order = rawjson.Value{}
	}
	i := 0
	for it := order.Cursor(); it.Next(); i++ {
		name := it.Value
		if isListed(order, name, i) {
			continue
		}
		for it := v.Cursor(); it.Next(); {
			k, p := it.Key, it.Value
			if same(inner(k), inner(name)) {
				dst = appendProperty(dst, k, p)
			}
		}
	}
	for it := v.Cursor(); it.Next(); {
		k, p := it.Key, it.Value
		if !isListed(order, k, order.Len()) {
			dst = appendProperty(dst, k, p)
		}
	}
	return append(dst, '}')
}

// isListed reports whether a name is one of the first n.
func isListed(list, name rawjson.Value, n int) bool {
	for it := list.Cursor(); it.Next() && n > 0; n-- {
		if same(inner(it.Value), inner(name)) {
			return true
		}
	}
	return false
}

func appendProperty(dst []byte, k, p rawjson.Value) []byte {
	dst = put(comma(dst), k.Raw())
	return appendSchema(append(dst, ':'), p)
}

// comma separates a member or an element from the one before it.
//
//go:noinline
func comma(dst []byte) []byte {
	if c := dst[len(dst)-1]; c != '{' && c != '[' {
		dst = append(dst, ',')
	}
	return dst
}
