//go:build !wasip1

package strict

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
	return append(s.members(dst), "}\n"...)
}
