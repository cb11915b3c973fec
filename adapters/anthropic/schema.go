package anthropic

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// schema writes a JSON Schema as structured output takes it
// (https://platform.claude.com/docs/en/build-with-claude/structured-outputs): objects
// are closed, oneOf is anyOf, and keywords that are not enforced there are reported
// as dropped and told to the model in the description instead.
func (b *builder) schema(raw chat.Raw, path string) {
	if err := b.doc.Parse(raw); err != nil || b.doc.Root().Kind() != rawjson.Object {
		b.fail(path, "want a JSON Schema, an object")
		return
	}
	b.subschema(b.doc.Root(), path)
}

// A keyword is what becomes of a member of a schema.
type keyword uint8

const (
	kwUnknown keyword = iota // told in the description
	kwCopy
	kwSchema  // one schema
	kwSchemas // an array of schemas
	kwNamed   // an object of schemas
	kwDescription
	kwClosed // additionalProperties
	kwFormat
	kwMinItems
	kwDrop // says nothing about the answer
)

var keywords = [...]struct {
	name string
	kind keyword
}{
	{"type", kwCopy}, {"properties", kwNamed}, {"required", kwCopy}, {"description", kwDescription},
	{"items", kwSchema}, {"enum", kwCopy}, {"const", kwCopy}, {"default", kwCopy}, {"title", kwCopy},
	{"anyOf", kwSchemas}, {"oneOf", kwSchemas}, {"allOf", kwSchemas}, {"$ref", kwCopy}, {"$defs", kwNamed},
	{"definitions", kwNamed}, {"additionalProperties", kwClosed}, {"format", kwFormat}, {"minItems", kwMinItems},
	{"$schema", kwDrop}, {"$id", kwDrop}, {"$comment", kwDrop},
}

func lookUp(key rawjson.Value) keyword {
	for i := range keywords {
		if key.Is(keywords[i].name) {
			return keywords[i].kind
		}
	}
	return kwUnknown
}

// formats are the string formats that are enforced.
var formats = [...]string{"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}

func enforced(kind keyword, v rawjson.Value) bool {
	switch kind {
	case kwFormat:
		for _, f := range formats {
			if v.Is(f) {
				return true
			}
		}
		return false
	case kwMinItems:
		n, ok := v.Int64()
		return ok && n <= 1
	}
	return kind != kwUnknown
}

// subschema writes one schema. The tape was made within the reader's bound of depth,
// so that recursion is bounded, too.
func (b *builder) subschema(s rawjson.Value, path string) {
	if s.Kind() != rawjson.Object {
		b.dst = append(b.dst, s.Raw()...)
		return
	}
	b.raw(`{`)
	start := len(b.dst)
	var about rawjson.Value
	untold := 0
	for it := s.Members(); it.Next(); {
		k, v := it.Key, it.Value
		kind := lookUp(k)
		switch {
		case kind == kwDescription:
			about = v
		case kind == kwClosed:
			b.closed(s, v, path)
		case kind == kwDrop:
		case !enforced(kind, v):
			untold++
			b.r.DropAt(func() string { return path + "." + v.Path() })
		default:
			b.keyword(start, k, v, kind, path)
		}
	}
	if s.Get("type").Is("object") || s.Get("properties").Exists() {
		b.separate(start)
		b.raw(`"additionalProperties":false`)
	}
	if about.Exists() || untold > 0 {
		b.separate(start)
		b.describe(s, about, untold)
	}
	b.raw(`}`)
}

//go:noinline
func (b *builder) separate(start int) {
	if len(b.dst) > start {
		b.raw(`,`)
	}
}

func (b *builder) keyword(start int, k, v rawjson.Value, kind keyword, path string) {
	b.separate(start)
	if k.Is("oneOf") {
		b.raw(`"anyOf"`)
	} else {
		b.dst = append(b.dst, k.Raw()...)
	}
	b.raw(`:`)
	switch {
	case kind == kwSchema:
		b.subschema(v, path)
	case kind == kwSchemas && v.Kind() == rawjson.Array:
		b.raw(`[`)
		for it := v.Items(); it.Next(); {
			i, one := it.Index, it.Value
			if i > 0 {
				b.raw(`,`)
			}
			b.subschema(one, path)
		}
		b.raw(`]`)
	case kind == kwNamed && v.Kind() == rawjson.Object:
		b.raw(`{`)
		first := len(b.dst)
		for it := v.Members(); it.Next(); {
			name, one := it.Key, it.Value
			b.separate(first)
			b.dst = append(append(b.dst, name.Raw()...), ':')
			b.subschema(one, path)
		}
		b.raw(`}`)
	default:
		b.dst = append(b.dst, v.Raw()...)
	}
}

// closed judges additionalProperties, which is false in the end: an object that has
// nothing but free members cannot be had.
func (b *builder) closed(s, v rawjson.Value, path string) {
	if free, ok := v.Bool(); ok && !free {
		return
	}
	if s.Get("properties").Len() == 0 {
		b.fail(path+"."+v.Path(), "structured output has no objects with free members here; name them in properties")
		return
	}
	b.r.DropAt(func() string { return path + "." + v.Path() })
}

// describe writes a description with what else the schema says.
func (b *builder) describe(s, about rawjson.Value, untold int) {
	b.raw(`"description":"`)
	if about.Kind() == rawjson.String {
		raw := about.Raw()
		b.dst = append(b.dst, raw[1:len(raw)-1]...)
		if untold > 0 {
			b.raw(`\n\n`)
		}
	}
	if untold > 0 {
		b.raw(`{`)
		first := len(b.dst)
		for it := s.Members(); it.Next(); {
			k, v := it.Key, it.Value
			if enforced(lookUp(k), v) {
				continue
			}
			if len(b.dst) > first {
				b.raw(`, `)
			}
			raw := k.Raw()
			b.dst = append(b.dst, raw[1:len(raw)-1]...)
			b.raw(`: `)
			b.dst = rawjson.AppendEscaped(b.dst, v.Raw())
		}
		b.raw(`}`)
	}
	b.raw(`"`)
}
