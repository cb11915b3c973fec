package gemini

import (
	"bytes"
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// schema writes a JSON Schema as this API enforces it
// (https://ai.google.dev/api/generate-content#FIELDS.response_json_schema).
func (b *builder) schema(raw chat.Raw, path string) {
	if err := b.doc.Parse(raw); err != nil || b.doc.Root().Kind() != rawjson.Object {
		b.fail(path, "want a JSON Schema, an object")
		return
	}
	b.subschema(b.doc.Root(), path, false)
}

// A keyword is what becomes of a member of a schema.
type keyword uint8

const (
	kwUnknown keyword = iota // not enforced: told to the model in the description
	kwCopy
	kwSchema // one schema, or an array of them
	kwNamed  // an object of schemas
	kwRef
	kwEnum
	kwConst
	kwAllOf // of one schema, which is as good as anyOf
	kwDescription
	kwDrop // says nothing about the answer
)

// keywords are those that are known, by what becomes of them.
var keywords = [...]struct {
	names string
	kind  keyword
}{
	{"type required format title minItems maxItems minimum maximum propertyOrdering $id $anchor", kwCopy},
	{"items prefixItems anyOf oneOf additionalProperties", kwSchema},
	{"properties $defs definitions", kwNamed},
	{"description", kwDescription},
	{"enum", kwEnum},
	{"$ref", kwRef},
	{"const", kwConst},
	{"allOf", kwAllOf},
	{"$schema $comment", kwDrop},
}

// keywordOf is what becomes of a member: enums are of strings and numbers here.
func keywordOf(k, v rawjson.Value) keyword {
	kind, name := kwUnknown, inner(k)
	for i := range keywords {
		if isListed(keywords[i].names, name) {
			kind = keywords[i].kind
			break
		}
	}
	switch {
	case kind == kwConst && !listable(v), kind == kwAllOf && v.Len() != 1:
		return kwUnknown
	case kind == kwEnum:
		for it := v.Cursor(); it.Next(); {
			e := it.Value
			if !listable(e) {
				return kwUnknown
			}
		}
	}
	return kind
}

// isListed reports whether a name is one of those in a list with blanks between them.
func isListed(names string, name []byte) bool {
	for rest := names; rest != ""; {
		var one string
		if one, rest, _ = strings.Cut(rest, " "); one == string(name) {
			return true
		}
	}
	return false
}

func listable(v rawjson.Value) bool { return v.Kind() == rawjson.String || v.Kind() == rawjson.Number }

// subschema writes one schema. What is not enforced is reported as dropped below path,
// and told to the model instead. The tape was made within the reader's bound of depth,
// so recursion is bounded, too.
func (b *builder) subschema(s rawjson.Value, path string, object bool) {
	switch s.Kind() {
	case rawjson.Array:
		b.raw(`[`)
		for it := s.Cursor(); it.Next(); {
			e := it.Value
			b.comma()
			b.subschema(e, path, false)
		}
		b.raw(`]`)
		return
	case rawjson.Object:
	default:
		b.put(s.Raw())
		return
	}
	b.raw(`{`)
	if object {
		b.constant("type", `"object"`)
	}
	ref := s.Get("$ref").Exists() // beside which only keywords with $ may stand
	var about rawjson.Value
	untold := 0
	for it := s.Cursor(); it.Next(); {
		k, v := it.Key, it.Value
		kind := keywordOf(k, v)
		switch {
		case kind == kwDescription:
			about = v
		case kind == kwDrop:
		case ref && kind != kwRef && k.Raw()[1] != '$':
			b.lose(v, path)
		case kind == kwUnknown:
			untold++
			b.lose(v, path)
		default:
			b.keyword(k, v, kind, path)
		}
	}
	if !ref && (about.Exists() || untold > 0) {
		b.describe(s, about, untold)
	}
	b.raw(`}`)
}

//go:noinline
func (b *builder) lose(v rawjson.Value, path string) {
	if path != "" {
		b.drop(path + "." + v.Path())
	}
}

func (b *builder) keyword(k, v rawjson.Value, kind keyword, path string) {
	b.comma()
	switch {
	case k.Is("definitions"):
		b.raw(`"$defs"`)
	case kind == kwAllOf:
		b.raw(`"anyOf"`)
	case kind == kwConst:
		b.raw(`"enum":[`)
		b.put(v.Raw())
		b.raw(`]`)
		return
	default:
		b.put(k.Raw())
	}
	b.raw(`:`)
	switch {
	case kind == kwSchema, kind == kwAllOf:
		b.subschema(v, path, false)
	case kind == kwNamed && v.Kind() == rawjson.Object:
		b.raw(`{`)
		for it := v.Cursor(); it.Next(); {
			name, one := it.Key, it.Value
			b.comma()
			b.put(name.Raw())
			b.raw(`:`)
			b.subschema(one, path, false)
		}
		b.raw(`}`)
	case kind == kwRef && bytes.HasPrefix(v.Raw(), []byte(`"#/definitions/`)):
		b.raw(`"#/$defs/`)
		b.put(v.Raw()[len(`"#/definitions/`):])
	default:
		b.put(v.Raw())
	}
}

// describe writes a description with what else the schema says.
func (b *builder) describe(s, about rawjson.Value, untold int) {
	b.key("description")
	b.raw(`"`)
	b.put(inner(about))
	if untold > 0 {
		if about.Exists() {
			b.raw(`\n\n`)
		}
		mark := `{`
		for it := s.Cursor(); it.Next(); {
			k, v := it.Key, it.Value
			if keywordOf(k, v) == kwUnknown {
				b.raw(mark)
				mark = `, `
				b.put(inner(k))
				b.raw(`: `)
				b.dst = rawjson.AppendEscaped(b.dst, v.Raw())
			}
		}
		b.raw(`}`)
	}
	b.raw(`"`)
}
