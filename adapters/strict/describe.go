//go:build !wasip1

package strict

import (
	"strconv"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

// describing reports that o stands for no document: methods record what they declare
// and return defaults. A module for a proxy never describes, so there it is false
// when it is compiled, and all that only Describe needs is left out.
func (o *Object) describing() bool { return o.schema != nil }

// Describe is the JSON Schema (https://json-schema.org/draft/2020-12) of the documents
// that Decode takes with the same declarations. It names itself id.
func Describe(id, title string, read func(o *Object)) []byte {
	s := (&schema{run: &run{errs: &Errors{}}, depth: -1}).describe(read)
	dst := appendMember([]byte{'{'}, "$schema", "https://json-schema.org/draft/2020-12/schema")
	dst = appendMember(dst, "$id", id)
	dst = appendMember(dst, "title", title)
	return append(shared(append(s.members(dst), '}')), '\n')
}

// leastShared is how long a schema is that is not written twice.
const leastShared = 200

// shared is a schema in which elements of lists that are described a second time refer to
// the first (https://json-schema.org/draft/2020-12/json-schema-core#name-schema-references).
func shared(schema []byte) []byte {
	var doc rawjson.Doc
	if doc.Parse(schema) != nil {
		return schema
	}
	x := sharing{first: map[string]string{}}
	x.visit(doc.Root(), "#")
	return x.patch.Apply(nil, &doc)
}

type sharing struct {
	first map[string]string // where a schema stands
	patch rawjson.Patch
}

func (x *sharing) visit(v rawjson.Value, at string) {
	for it := v.Members(); it.Next(); {
		key, to := it.Key.Str(), at+"/"+it.Key.Str()
		if raw := string(it.Value.Raw()); key == "items" && len(raw) >= leastShared && it.Value.Get("properties").Exists() {
			if first, ok := x.first[raw]; ok {
				x.patch.Replace(it.Value, append(rawjson.AppendString([]byte(`{"$ref":`), first), '}'))
				continue
			}
			x.first[raw] = to
		}
		x.visit(it.Value, to)
	}
	for it := v.Items(); it.Next(); {
		x.visit(it.Value, at+"/"+strconv.Itoa(it.Index))
	}
}
