package gemini

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

const badName = "want a function's name of at most 128 letters, digits, and _ . : -, with a letter or _ in front"

// isName reports whether a text is a name as functions have them here
// (https://ai.google.dev/api/caching#FunctionDeclaration).
func isName(t chat.Text) bool {
	for i, c := range t {
		letter := c|0x20-'a' < 26 || c == '_'
		if !letter && (i == 0 || c-'0' > 9 && c != '.' && c != ':' && c != '-') {
			return false
		}
	}
	return len(t) > 0 && len(t) <= 128
}

// answerAsk asks for JSON where the model can only be asked.
const answerAsk = "Answer with one JSON object and nothing else: no code fence, no text before or after it."

// chooseFormat decides what the second generation, which has no structured output beside
// functions, gets instead: if none may be called they are left out; any JSON can be
// asked for; a schema cannot be held.
func (b *builder) chooseFormat() {
	f := &b.R.Format
	if f.Kind == chat.FormatText || !b.declares() || b.m.is(toolFormat) {
		return
	}
	if f.Kind == chat.FormatSchema {
		b.Fail("response_format", "the model has no structured output beside tools")
	}
	b.asked = true
	b.R.Drop("response_format")
}

// declares reports whether functions are declared.
//
//go:noinline
func (b *builder) declares() bool {
	r := b.R
	return len(r.Tools) > 0 && (r.Choice.Kind != chat.ChoiceNone || r.Format.Kind == chat.FormatText || b.m.is(toolFormat))
}

// format writes the form of the answer
// (https://ai.google.dev/gemini-api/docs/structured-output).
func (b *builder) format() {
	f := &b.R.Format
	if f.Kind == chat.FormatText || b.asked {
		return
	}
	b.Const("responseMimeType", `"application/json"`)
	if f.Kind == chat.FormatSchema {
		b.Key("responseJsonSchema")
		b.schema(f.Schema, b.Said("response_format.json_schema.schema", "output_config.format.schema"))
	}
}

// tools writes the declarations of functions, and which may or must be called.
func (b *builder) tools() {
	r := b.R
	if !b.declares() {
		if k := r.Choice.Kind; k == chat.ChoiceRequired || k == chat.ChoiceTool {
			b.Fail("tool_choice", "there are no tools to choose from")
		}
		if len(r.ServerTools) > 0 {
			b.Raw(`,"tools":[`)
			b.ownTools()
			b.Raw(`]`)
		}
		return
	}
	b.Raw(`,"tools":[{"functionDeclarations":[`)
	strict, found := false, false
	for i := range r.Tools {
		t := &r.Tools[i]
		path := t.At.Path()
		if !isName(t.Name) {
			b.Fail(path, badName)
		}
		found = found || same(t.Name, r.Choice.Name)
		if len(t.CacheControl) > 0 {
			b.R.Drop("cache_control")
		}
		b.Comma()
		b.Raw(`{`)
		b.Text("name", t.Name)
		if len(t.Description) > 0 {
			b.Text("description", t.Description)
		}
		b.parameters(t, path)
		b.Raw(`}`)
		if strict = strict || t.Strict; t.Strict && !b.m.is(validates) {
			b.R.Drop(path + b.Said(".function.strict", ".strict"))
		}
	}
	b.Raw(`]}`)
	b.ownTools()
	b.Raw(`]`)
	if r.Choice.Kind == chat.ChoiceTool && !found {
		b.Fail("tool_choice", "names a tool that is not among the tools")
	}
	b.mode(strict && b.m.is(validates))
}

// ownTools writes tools that Google runs, as this API's own clients spell them.
func (b *builder) ownTools() {
	for i := range b.R.ServerTools {
		b.Comma()
		b.Put(b.R.ServerTools[i].Raw)
	}
}

// mode writes the mode of calls
// (https://ai.google.dev/gemini-api/docs/function-calling#function_calling_modes). One
// that must be made keeps to its schema; one that may be does so where it is validated.
func (b *builder) mode(strict bool) {
	const config = `,"toolConfig":{"functionCallingConfig":{"mode":`
	switch b.R.Choice.Kind {
	case chat.ChoiceNone:
		b.Raw(config + `"NONE"}}`)
	case chat.ChoiceRequired:
		b.Raw(config + `"ANY"}}`)
	case chat.ChoiceTool:
		b.Raw(config + `"ANY","allowedFunctionNames":[`)
		b.Str(b.R.Choice.Name)
		b.Raw(`]}}`)
	default:
		if strict {
			b.Raw(config + `"VALIDATED"}}`)
		}
	}
}

// parameters writes a function's schema, unless it has none to speak of.
func (b *builder) parameters(t *chat.Tool, path string) {
	if len(t.Parameters) == 0 || string(t.Parameters) == "null" {
		return
	}
	if err := b.doc.Parse(t.Parameters); err != nil {
		b.Fail(path, "want a JSON Schema: "+err.Error())
		return
	}
	root := b.doc.Root()
	if root.Kind() != rawjson.Object {
		b.Fail(path, "want a JSON Schema that is an object")
		return
	}
	if root.Get("properties").Len() == 0 && !root.Get("$ref").Exists() && root.Get("anyOf").Len() == 0 {
		return
	}
	if t.Strict {
		path += b.Said(".function.parameters", ".input_schema")
	} else {
		path = "" // then its schema is only advice
	}
	b.Key("parametersJsonSchema")
	b.subschema(root, path, root.Get("type").Kind() == rawjson.Absent)
}
