package geminigenerate

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// mostAllowed bounds the names of functions that may be called: they are looked for
// among the functions.
const mostAllowed = 512

// tool reads one of the tools: declarations of functions, or one that Google runs
// (https://ai.google.dev/api/caching#Tool), which no other provider has.
func (d *reader) tool(v rawjson.Value) {
	for it := v.Cursor(); it.Next(); {
		k, m := it.Key, it.Value
		switch {
		case m.IsNull():
		case is(k, "functionDeclarations"):
			d.each(m, d.declaration)
		default:
			name := chat.Text(camel(k))
			raw := add(rawjson.AppendString(chat.Raw{'{'}, name), ":")
			d.r.ServerTools = append(d.r.ServerTools, chat.ServerTool{Type: name, Name: name, Raw: add(put(raw, m.Raw()), "}"), At: m})
		}
	}
}

// declaration reads a FunctionDeclaration.
func (d *reader) declaration(v rawjson.Value) {
	t := chat.Tool{At: v}
	for it := v.Cursor(); it.Next(); {
		k, m := it.Key, it.Value
		switch name := camel(k); {
		case m.IsNull():
		case name == "name":
			t.Name = d.text(m)
		case name == "description":
			t.Description = d.text(m)
		case name == "parameters":
			if d.is(m, rawjson.Object, "a schema, an object") {
				t.Parameters = appendSchema(nil, m)
			}
		case name == "parametersJsonSchema":
			if d.is(m, rawjson.Object, "a JSON Schema, an object") {
				t.Parameters = m.Raw()
			}
		default:
			d.extra(k, m)
		}
	}
	if len(t.Name) == 0 {
		d.fail(v, "name", "want the function's name")
	}
	d.r.Tools = append(d.r.Tools, t)
}

// toolConfig reads which functions may or must be called
// (https://ai.google.dev/api/caching#FunctionCallingConfig).
func (d *reader) toolConfig(v rawjson.Value) {
	if !d.is(v, rawjson.Object, "an object") {
		return
	}
	for it := v.Cursor(); it.Next(); {
		k, m := it.Key, it.Value
		switch {
		case m.IsNull():
		case is(k, "functionCallingConfig"):
			d.calling(m)
		default:
			d.extra(k, m)
		}
	}
}

func (d *reader) calling(v rawjson.Value) {
	if !d.is(v, rawjson.Object, "an object") {
		return
	}
	c := &d.r.Choice
	if m := get(v, "mode"); m.Exists() {
		switch d.oneOf(m, "MODE_UNSPECIFIED AUTO ANY NONE VALIDATED") {
		case 1:
			c.Kind = chat.ChoiceAuto
		case 2:
			c.Kind = chat.ChoiceRequired
		case 3:
			c.Kind = chat.ChoiceNone
		case 4:
			d.strict = true
		}
	}
	names := get(v, "allowedFunctionNames")
	if !names.Exists() || !d.is(names, rawjson.Array, "an array of strings") || names.Len() == 0 {
		return
	}
	for it := names.Cursor(); it.Next(); {
		n := it.Value
		d.text(n)
	}
	switch {
	case names.Len() > mostAllowed:
		d.failAt(names.Path(), "there are too many names")
	case c.Kind != chat.ChoiceRequired && !d.strict:
		d.failAt(names.Path(), "names can only be given with the modes ANY and VALIDATED")
	}
	d.allowed = names
}

// same reports whether two texts say the same, however they are spelled.
func same(a, b chat.Text) bool {
	return bytes.Equal(a, b) || bytes.IndexByte(a, '\\')&bytes.IndexByte(b, '\\') >= 0 &&
		bytes.Equal(rawjson.AppendUnescaped(nil, a), rawjson.AppendUnescaped(nil, b))
}
