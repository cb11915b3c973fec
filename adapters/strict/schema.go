package strict

import (
	"math"
	"slices"
	"strconv"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

// deepest bounds how far Describe follows declarations that contain themselves.
const deepest = 12

// A schema collects the declarations of one object.
type schema struct {
	run    *run
	depth  int
	fields []declaration
	need   []string
	rules  []string // further schemas that all hold, as JSON
	open   bool     // variants declare more keys of this object
}

type declaration struct {
	key string
	property
}

// A property is what is declared about one key.
type property struct {
	kind, doc, note string
	def             string // as JSON, like what follows
	low, high       string
	pattern         string // without quotes
	items, values   string // schemas of the elements, or of all members
	whole           string // members of a nested object's schema, braces left out
	enum            []string
	secret          bool
}

// bounds sets the bounds of an integer.
func (p *property) bounds(low, high int) {
	if low != NoMin {
		p.low = strconv.Itoa(low)
	}
	if high != NoMax {
		p.high = strconv.Itoa(high)
	}
}

// floatBounds sets the bounds of a number.
func (p *property) floatBounds(low, high float64) {
	if !math.IsInf(low, -1) {
		p.low = string(rawjson.AppendFloat(nil, low))
	}
	if !math.IsInf(high, 1) {
		p.high = string(rawjson.AppendFloat(nil, high))
	}
}

// append writes the property's schema.
func (p *property) append(dst []byte, required bool) []byte {
	var w rawjson.Writer
	w.Object()
	doc := p.doc
	if p.note != "" {
		doc += " (" + p.note + ")"
	}
	if doc != "" {
		w.Key("description").Str(doc)
	}
	if p.kind != "" {
		w.Key("type").Str(p.kind)
	}
	for _, raw := range []struct{ key, value string }{
		{"default", p.def}, {"minimum", p.low}, {"maximum", p.high}, {"items", p.items}, {"additionalProperties", p.values},
	} {
		if raw.value != "" {
			w.Key(raw.key).Raw([]byte(raw.value))
		}
	}
	if p.pattern != "" {
		w.Key("pattern").Raw([]byte(`"` + p.pattern + `"`))
	}
	if len(p.enum) > 0 {
		w.Key("enum").Raw([]byte(stringArray(p.enum)))
	} else if p.kind == "string" && required {
		w.Key("minLength").Int(1)
	}
	if p.secret {
		w.Key("writeOnly").Bool(true)
	}
	dst = append(dst, w.Bytes()...)
	if p.whole != "" {
		if w.Len() > 1 {
			dst = append(dst, ',')
		}
		dst = append(dst, p.whole...)
	}
	return append(dst, '}')
}

//go:noinline
func (s *schema) add(key string, p property) {
	s.fields = append(s.fields, declaration{key, p})
}

func (s *schema) require(keys []string) { s.need = append(s.need, keys...) }

func (s *schema) exactlyOne(keys []string) {
	var w rawjson.Writer
	w.Object().Key("oneOf").Array()
	for _, key := range keys {
		w.Object().Key("required").Array().Str(key).EndArray().EndObject()
	}
	s.rules = append(s.rules, string(w.EndArray().EndObject().Bytes()))
}

func (s *schema) atMostOne(keys []string) {
	for i, a := range keys {
		for _, b := range keys[i+1:] {
			s.rules = append(s.rules, `{"not":{"required":`+stringArray([]string{a, b})+`}}`)
		}
	}
}

// describe runs read on a new object and returns what it declares.
func (s *schema) describe(read func(o *Object)) *schema {
	c := &schema{run: s.run, depth: s.depth + 1}
	if c.depth > deepest {
		c.open = true
		return c
	}
	read(&Object{run: s.run, schema: c})
	return c
}

// section describes an object that is read also where the document has none: so what
// must be in it makes it mandatory itself.
func (s *schema) section(key, doc string, read func(o *Object)) {
	if c := s.object(key, doc, read); len(c.need) > 0 {
		s.need = append(s.need, key)
	}
}

func (s *schema) object(key, doc string, read func(o *Object)) *schema {
	c := s.describe(read)
	s.add(key, property{doc: doc, whole: string(c.members(nil))})
	return c
}

func (s *schema) objects(key, doc string, read func(i int, o *Object)) {
	c := s.describe(func(o *Object) { read(0, o) })
	items := append(c.members([]byte{'{'}), '}')
	s.add(key, property{doc: doc, kind: "array", items: string(items)})
}

// variants describes the key that names a variant, and for each name what follows.
func (s *schema) variants(key, doc, options string, variants []Variant) {
	names := make([]string, len(variants))
	for i := range variants {
		names[i] = variants[i].Name
	}
	s.add(key, property{kind: "string", doc: doc, enum: names})
	s.need = append(s.need, key)
	if options == "" {
		s.open = true
	} else {
		s.add(options, property{kind: "object"})
	}
	for _, v := range variants {
		c := s.describe(v.Read)
		var w rawjson.Writer
		w.Object().Key("if").Object()
		w.Key("properties").Object().Key(key).Object().Key("const").Str(v.Name).EndObject().EndObject()
		w.Key("required").Array().Str(key).EndArray().EndObject()
		w.Key("then")
		if options == "" {
			then := appendMember([]byte{'{'}, "description", v.Doc)
			w.Raw(append(c.content(then), '}'))
		} else {
			w.Object()
			w.Key("properties").Object().Key(options)
			w.Raw((&property{doc: v.Doc, whole: string(c.members(nil))}).append(nil, false))
			w.EndObject()
			if len(c.need) > 0 {
				w.Key("required").Array().Str(options).EndArray()
			}
			w.EndObject()
		}
		s.rules = append(s.rules, string(w.EndObject().Bytes()))
	}
}

// members appends all of the object's schema but its braces.
func (s *schema) members(dst []byte) []byte {
	dst = append(dst, `"type":"object"`...)
	dst = s.content(append(dst, ','))
	if s.depth > deepest {
		return dst
	}
	closed := "additionalProperties"
	if s.open {
		closed = "unevaluatedProperties" // which sees those of the variants
	}
	return append(dst, `,"`+closed+`":false`...)
}

// content appends properties, required keys and rules.
func (s *schema) content(dst []byte) []byte {
	dst = append(dst, `"properties":{`...)
	for i, f := range s.fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = rawjson.AppendKey(dst, f.key)
		dst = f.append(dst, slices.Contains(s.need, f.key))
	}
	dst = append(dst, '}')
	if len(s.need) > 0 {
		dst = append(dst, `,"required":`...)
		dst = append(dst, stringArray(s.need)...)
	}
	for i, rule := range s.rules {
		if i == 0 {
			dst = append(dst, `,"allOf":[`...)
		} else {
			dst = append(dst, ',')
		}
		dst = append(dst, rule...)
	}
	if len(s.rules) > 0 {
		dst = append(dst, ']')
	}
	return dst
}

// appendMember appends a string member and a comma, and nothing for an empty string.
func appendMember(dst []byte, key, value string) []byte {
	if value == "" {
		return dst
	}
	dst = rawjson.AppendKey(dst, key)
	dst = rawjson.AppendString(dst, value)
	return append(dst, ',')
}
