package mistral

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

const (
	mostName = 64
	badName  = "want a function's name of at most 64 letters, digits, _ and -"
)

// isName reports whether a text is a name as functions have them here.
func isName(t chat.Text) bool {
	for _, c := range t {
		if c|0x20-'a' >= 26 && c-'0' >= 10 && c != '_' && c != '-' {
			return false
		}
	}
	return len(t) > 0 && len(t) <= mostName
}

// tools writes the functions, and which may or must be called.
func (b *builder) tools() {
	r := b.R
	if len(r.Tools) == 0 {
		if k := r.Choice.Kind; k == chat.ChoiceRequired || k == chat.ChoiceTool {
			b.Fail("tool_choice", "there are no tools to choose from")
		}
		return
	}
	b.Raw(`,"tools":[`)
	found := false
	for i := range r.Tools {
		t := &r.Tools[i]
		if !isName(t.Name) {
			path := t.At.Path()
			if b.R.Dialect == dialectName {
				path = rawjson.JoinPath(path, "function")
			}
			b.Fail(rawjson.JoinPath(path, "name"), badName)
			return
		}
		found = found || bytes.Equal(t.Name, r.Choice.Name)
		b.unhint(t.CacheControl)
		b.Comma()
		b.Raw(`{"type":"function","function":{"name":`)
		b.Str(t.Name)
		b.textIf("description", t.Description)
		b.Value("parameters", t.Takes())
		if t.Strict {
			b.Raw(`,"strict":true`)
		}
		b.Raw(`}}`)
	}
	b.Raw(`]`)
	b.choice(found)
	if r.SequentialTools {
		b.Raw(`,"parallel_tool_calls":false`)
	}
}

func (b *builder) choice(found bool) {
	switch b.R.Choice.Kind {
	case chat.ChoiceAuto:
		b.Raw(`,"tool_choice":"auto"`)
	case chat.ChoiceNone:
		b.Raw(`,"tool_choice":"none"`)
	case chat.ChoiceRequired:
		b.Raw(`,"tool_choice":"any"`)
	case chat.ChoiceTool:
		if !found {
			b.Fail("tool_choice", "names a tool that is not among the tools")
		}
		b.Raw(`,"tool_choice":{"type":"function","function":{"name":`)
		b.Str(b.R.Choice.Name)
		b.Raw(`}}`)
	}
}
