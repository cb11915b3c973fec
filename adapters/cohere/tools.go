package cohere

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// declares reports whether functions are declared. Where none may be called and the
// answer has a form, which goes with no tools, they are left out.
func (b *builder) declares() bool {
	r := b.R
	return len(r.Tools) > 0 && (r.Choice.Kind != chat.ChoiceNone || r.Format.Kind == chat.FormatText)
}

// tools writes the functions, and whether one must be called. The one that a client
// names is the only one that the model gets to see.
func (b *builder) tools() {
	r := b.R
	named := r.Choice.Kind == chat.ChoiceTool
	if !b.declares() {
		if named || r.Choice.Kind == chat.ChoiceRequired {
			b.Fail("tool_choice", "there are no tools to choose from")
		}
		return
	}
	b.Key("tools")
	b.Raw(`[`)
	strict, found := true, 0
	for i := range r.Tools {
		t := &r.Tools[i]
		if named && !t.Name.Same(r.Choice.Name) {
			continue
		}
		found++
		if len(t.CacheControl) > 0 {
			r.Drop("cache_control")
		}
		strict = strict && t.Strict && b.requires(t)
		b.Function(t)
	}
	b.Raw(`]`)
	switch {
	case named && found == 0:
		b.Fail("tool_choice", "names a tool that is not among the tools")
	case named || r.Choice.Kind == chat.ChoiceRequired:
		b.Const("tool_choice", `"REQUIRED"`)
	case r.Choice.Kind == chat.ChoiceNone:
		b.Const("tool_choice", `"NONE"`)
	}
	if strict {
		b.Const("strict_tools", "true")
		return
	}
	for i := range r.Tools {
		if t := &r.Tools[i]; t.Strict {
			r.Drop(t.At.Path() + b.Said(".function.strict", ".strict"))
		}
	}
}

// requires reports whether a function has a parameter that must be given, which
// strict_tools wants of all
// (https://docs.cohere.com/v2/docs/structured-outputs#structured-outputs-tools).
func (b *builder) requires(t *chat.Tool) bool {
	if len(t.Parameters) == 0 || b.doc.Parse(t.Parameters) != nil {
		return false
	}
	required := b.doc.Root().Get("required")
	return required.Kind() == rawjson.Array && required.Len() > 0
}
