package gemini

import (
	"bytes"

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
	kwConst
	kwAllOf // of one schema, which is as good as anyOf
	kwDescription
	kwDrop // says nothing about the answer
)

// keywordOf is what becomes of a member: enums are of strings and numbers here.
func keywordOf(k, v rawjson.Value) keyword {
	switch string(inner(k)) {
	case "type", "required", "format", "title", "minItems", "maxItems", "minimum", "maximum", "propertyOrdering", "$id", "$anchor":
		return kwCopy
	case "items", "prefixItems", "anyOf", "oneOf", "additionalProperties":
		return kwSchema
	case "properties", "$defs", "definitions":
		return kwNamed
	case "description":
		return kwDescription
	case "$ref":
		return kwRef
	case "$schema", "$comment":
		return kwDrop
	case "const":
		if listable(v) {
			return kwConst
		}
	case "allOf":
		if v.Len() == 1 {
			return kwAllOf
		}
	case "enum":
		for _, e := range v.Elems() {
			if !listable(e) {
				return kwUnknown
			}
		}
		return kwCopy
	}
	return kwUnknown
}

func listable(v rawjson.Value) bool { return v.Kind() == rawjson.String || v.Kind() == rawjson.Number }

// subschema writes one schema. What is not enforced is reported as dropped below path,
// and told to the model instead. The tape was made within the reader's bound of depth,
// so recursion is bounded, too.
func (b *builder) subschema(s rawjson.Value, path string, object bool) {
	switch s.Kind() {
	case rawjson.Array:
		b.raw(`[`)
		for _, e := range s.Elems() {
			b.comma()
			b.subschema(e, path, false)
		}
		b.raw(`]`)
		return
	case rawjson.Object:
	default:
		b.dst = append(b.dst, s.Raw()...)
		return
	}
	b.raw(`{`)
	if object {
		b.constant("type", `"object"`)
	}
	ref := s.Get("$ref").Exists() // beside which only keywords with $ may stand
	var about rawjson.Value
	untold := 0
	for k, v := range s.Fields() {
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

func (b *builder) lose(v rawjson.Value, path string) {
	if path != "" {
		b.r.Drop(path + "." + v.Path())
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
		b.dst = append(append(b.dst, v.Raw()...), ']')
		return
	default:
		b.dst = append(b.dst, k.Raw()...)
	}
	b.raw(`:`)
	switch {
	case kind == kwSchema, kind == kwAllOf:
		b.subschema(v, path, false)
	case kind == kwNamed && v.Kind() == rawjson.Object:
		b.raw(`{`)
		for name, one := range v.Fields() {
			b.comma()
			b.dst = append(append(b.dst, name.Raw()...), ':')
			b.subschema(one, path, false)
		}
		b.raw(`}`)
	case kind == kwRef && bytes.HasPrefix(v.Raw(), []byte(`"#/definitions/`)):
		b.raw(`"#/$defs/`)
		b.dst = append(b.dst, v.Raw()[len(`"#/definitions/`):]...)
	default:
		b.dst = append(b.dst, v.Raw()...)
	}
}

// describe writes a description with what else the schema says.
func (b *builder) describe(s, about rawjson.Value, untold int) {
	b.key("description")
	b.raw(`"`)
	b.dst = append(b.dst, inner(about)...)
	if untold > 0 {
		if about.Exists() {
			b.raw(`\n\n`)
		}
		mark := `{`
		for k, v := range s.Fields() {
			if keywordOf(k, v) == kwUnknown {
				b.raw(mark)
				mark = `, `
				b.dst = append(append(b.dst, inner(k)...), `: `...)
				b.dst = rawjson.AppendEscaped(b.dst, v.Raw())
			}
		}
		b.raw(`}`)
	}
	b.raw(`"`)
}
