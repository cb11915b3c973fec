package strict

import (
	"strconv"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

// items calls read for each element of the list at v.
func (o *Object) items(v rawjson.Value, present bool, want string, read func(e rawjson.Value)) {
	if !present {
		return
	}
	if v.Kind() != rawjson.Array {
		o.wantKind(v, want)
		return
	}
	for it := v.Items(); it.Next(); {
		e := it.Value
		read(e)
	}
}

// Strings reads a list of strings, none of them empty.
func (o *Object) Strings(key, doc string) []string {
	v, present := o.get(key)
	if o.describing() {
		o.schema.add(key, property{doc: doc, kind: "array", items: `{"type":"string","minLength":1}`})
	}
	var list []string
	o.items(v, present, "a list of strings", func(e rawjson.Value) {
		switch {
		case e.Kind() != rawjson.String:
			o.wantKind(e, "a string")
		case e.Is(""):
			o.run.errs.add(e.Path(), "must not be empty")
		default:
			list = append(list, e.Str())
		}
	})
	return list
}

// Enums reads a list of some of values; without the key it is def.
func (o *Object) Enums(key, doc string, def []string, values ...string) []string {
	v, present := o.get(key)
	if o.describing() {
		p := property{doc: doc, kind: "array", items: `{"type":"string","enum":` + stringArray(values) + `}`}
		if len(def) > 0 {
			p.def = stringArray(def)
		}
		o.schema.add(key, p)
	}
	if !present {
		return def
	}
	var list []string
	o.items(v, present, "a list", func(e rawjson.Value) {
		if s, ok := o.enum(e, values); ok {
			list = append(list, s)
		}
	})
	return list
}

// Ints reads a list of whole numbers, each from low to high; without the key it is def.
func (o *Object) Ints(key, doc string, def []int, low, high int) []int {
	v, present := o.get(key)
	if o.describing() {
		p := property{kind: "integer"}
		p.bounds(low, high)
		items := string(p.append(nil, false))
		p = property{doc: doc, kind: "array", items: items}
		if len(def) > 0 {
			p.def = intArray(def)
		}
		o.schema.add(key, p)
	}
	if !present {
		return def
	}
	var list []int
	o.items(v, present, "a list of integers", func(e rawjson.Value) {
		if i, ok := o.integer(e, low, high); ok {
			list = append(list, i)
		}
	})
	return list
}

// A Pair is one member of an object that maps names to strings.
type Pair struct{ Key, Value string }

// Mixed reads a list of some of values and of whole numbers from low to high.
func (o *Object) Mixed(key, doc string, low, high int, values ...string) (words []string, numbers []int) {
	v, present := o.get(key)
	if o.describing() {
		p := property{kind: "integer"}
		p.bounds(low, high)
		items := `{"anyOf":[{"type":"string","enum":` + stringArray(values) + `},` + string(p.append(nil, false)) + `]}`
		o.schema.add(key, property{doc: doc, kind: "array", items: items})
	}
	o.items(v, present, "a list", func(e rawjson.Value) {
		if e.Kind() == rawjson.Number {
			if i, ok := o.integer(e, low, high); ok {
				numbers = append(numbers, i)
			}
		} else if s, ok := o.enum(e, values); ok {
			words = append(words, s)
		}
	})
	return words, numbers
}

// Pairs reads an object of strings with any keys, in the order of the document.
func (o *Object) Pairs(key, doc string) []Pair {
	v, present := o.get(key)
	if o.describing() {
		o.schema.add(key, property{doc: doc, kind: "object", values: `{"type":"string"}`})
	}
	if !present {
		return nil
	}
	if v.Kind() != rawjson.Object {
		o.wantKind(v, "an object of strings")
		return nil
	}
	pairs := make([]Pair, 0, v.Len())
	for it := v.Members(); it.Next(); {
		k, e := it.Key, it.Value
		if e.Kind() != rawjson.String {
			o.wantKind(e, "a string")
			continue
		}
		pairs = append(pairs, Pair{k.Str(), e.Str()})
	}
	return pairs
}

func stringArray(list []string) string {
	var w rawjson.Writer
	w.Array()
	for _, s := range list {
		w.Str(s)
	}
	return string(w.EndArray().Bytes())
}

func intArray(list []int) string {
	b := []byte{'['}
	for i, n := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return string(append(b, ']'))
}
