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
		b.Fail(path, "want a JSON Schema, an object")
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
		b.Raw(`[`)
		for it := s.Cursor(); it.Next(); {
			e := it.Value
			b.Comma()
			b.subschema(e, path, false)
		}
		b.Raw(`]`)
		return
	case rawjson.Object:
	default:
		b.Put(s.Raw())
		return
	}
	b.Raw(`{`)
	if object {
		b.Const("type", `"object"`)
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
	b.Raw(`}`)
}

//go:noinline
func (b *builder) lose(v rawjson.Value, path string) {
	if path != "" {
		b.R.Drop(path + "." + v.Path())
	}
}

func (b *builder) keyword(k, v rawjson.Value, kind keyword, path string) {
	b.Comma()
	switch {
	case k.Is("definitions"):
		b.Raw(`"$defs"`)
	case kind == kwAllOf:
		b.Raw(`"anyOf"`)
	case kind == kwConst:
		b.Raw(`"enum":[`)
		b.Put(v.Raw())
		b.Raw(`]`)
		return
	default:
		b.Put(k.Raw())
	}
	b.Raw(`:`)
	switch {
	case kind == kwSchema, kind == kwAllOf:
		b.subschema(v, path, false)
	case kind == kwNamed && v.Kind() == rawjson.Object:
		b.Raw(`{`)
		for it := v.Cursor(); it.Next(); {
			name, one := it.Key, it.Value
			b.Comma()
			b.Put(name.Raw())
			b.Raw(`:`)
			b.subschema(one, path, false)
		}
		b.Raw(`}`)
	case kind == kwRef && bytes.HasPrefix(v.Raw(), []byte(`"#/definitions/`)):
		b.Raw(`"#/$defs/`)
		b.Put(v.Raw()[len(`"#/definitions/`):])
	default:
		b.Put(v.Raw())
	}
}

// describe writes a description with what else the schema says.
func (b *builder) describe(s, about rawjson.Value, untold int) {
	b.Key("description")
	b.Raw(`"`)
	b.Put(inner(about))
	if untold > 0 {
		if about.Exists() {
			b.Raw(`\n\n`)
		}
		mark := `{`
		for it := s.Cursor(); it.Next(); {
			k, v := it.Key, it.Value
			if keywordOf(k, v) == kwUnknown {
				b.Raw(mark)
				mark = `, `
				b.Put(inner(k))
				b.Raw(`: `)
				b.Dst = rawjson.AppendEscaped(b.Dst, v.Raw())
			}
		}
		b.Raw(`}`)
	}
	b.Raw(`"`)
}
